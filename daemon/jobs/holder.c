// What a census sees of a member.
#include "jobs/holder.h"

#include <string.h>

bool holder_find(const struct account *account, struct holder *ret_holder)
{
    if (account->kind != ACCOUNT_MEMBER || !account_lives(account)) {
        return false;
    }
    struct span tier = names_text(&account->names, account_card(account)->tier);
    *ret_holder = (struct holder){
        .points = account->balance + account->held_points,
        .pending = account->pending_points,
    };
    if (tier.len > 0) { // empty, its data may be NULL
        memcpy(ret_holder->tier, tier.data, tier.len);
    }
    return true;
}
