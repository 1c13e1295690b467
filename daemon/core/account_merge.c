// Merges in the fold: what goes over from one member to another.
#include "core/account_parts.h"

enum status account_apply_merged(struct account *account, const struct record *record)
{
    (void)account;
    (void)record;
    return STATUS_UNKNOWN_TYPE;
}

enum status account_apply_absorbed(struct account *account, const struct record *record)
{
    (void)account;
    (void)record;
    return STATUS_UNKNOWN_TYPE;
}
