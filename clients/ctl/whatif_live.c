// A live account: it is moved on from where it stands under each side's versions, without sales,
// and is brought back in between.
#include "core/advance.h"
#include "ctl/whatif_parts.h"

// As it stands now, by the versions in force: both sides have the same up to here.
static enum status bring_to_now(struct whatif *whatif, struct account *account)
{
    struct ledger_writer writer = whatif_writer(whatif, WHATIF_OLD);
    arena_reset(&whatif->arena);
    enum status status = advance(account, &writer, &whatif->arena, whatif->end_ms);
    buffer_clear(&whatif->out);
    return status;
}

enum status whatif_live(struct whatif *whatif, struct account *account, struct span log)
{
    bool meant = account->kind == ACCOUNT_MEMBER || account->kind == ACCOUNT_POOL;
    if (!meant || !account_lives(account)) {
        whatif->ended += meant;
        return STATUS_OK;
    }
    struct whatif_outcome outcomes[WHATIF_SIDES] = {0};
    struct account_savepoint *savepoint = NULL;
    TRY(bring_to_now(whatif, account));
    TRY(whatif_judge(whatif, account, log, outcomes));
    arena_reset(&whatif->kept);
    TRY(account_save(account, &whatif->kept, &savepoint));
    for (int which = 0; which < WHATIF_SIDES; which++) {
        TRY(whatif_finish(whatif, (enum whatif_which)which, account, account->cards.count,
                          account->expired, &outcomes[which]));
        account_restore(account, savepoint);
    }
    whatif->members += account->kind == ACCOUNT_MEMBER;
    whatif->pools += account->kind == ACCOUNT_POOL;
    whatif_compare(whatif, span_of_text(account->id), outcomes);
    return STATUS_OK;
}
