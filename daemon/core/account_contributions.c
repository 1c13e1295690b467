// Partners' contributions in the fold.
#include "core/account_parts.h"

enum status account_apply_contributed(struct account *account, const struct record *record)
{
    (void)account;
    (void)record;
    return STATUS_UNKNOWN_TYPE;
}

enum status account_apply_contribution_reduced(struct account *account, const struct record *record)
{
    (void)account;
    (void)record;
    return STATUS_UNKNOWN_TYPE;
}

const struct reported *account_reported(const struct account *account, const uint8_t *key)
{
    for (uint32_t i = account->reported.count; i > 0; i--) {
        const struct reported *reported = &account->reported.items[i - 1];
        if (memcmp(reported->key, key, sizeof reported->key) == 0) {
            return reported;
        }
    }
    return NULL;
}
