// A membership's life in the fold: status, identifiers, notices, obligations.
#include "core/account_parts.h"

enum status account_apply_status(struct account *account, const struct record *record)
{
    (void)account;
    (void)record;
    return STATUS_UNKNOWN_TYPE;
}

enum status account_apply_done(struct account *account, const struct record *record)
{
    (void)account;
    (void)record;
    return STATUS_UNKNOWN_TYPE;
}

enum status account_apply_noticed(struct account *account, const struct record *record)
{
    (void)account;
    (void)record;
    return STATUS_UNKNOWN_TYPE;
}

enum status account_oblige(struct account *account, enum record_type type)
{
    TRY(vec_reserve_one(&account->obligations, LIMIT_OBLIGATIONS));
    account->obligations.items[account->obligations.count] =
        (struct obligation){.seq = account->seq + 1, .type = type};
    account->obligations.count++;
    return STATUS_OK;
}

enum member_status account_status(const struct account *account)
{
    return account->status == 0 ? MEMBER_ACTIVE : account->status;
}

bool account_lives(const struct account *account)
{
    return account_status(account) <= MEMBER_SUSPENDED;
}
