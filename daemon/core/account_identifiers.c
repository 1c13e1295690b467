// Identifiers in the fold: which ones the member is found by, and what is still to be done about
// each in the store.
//
//     added -> CLAIMING -> BOUND -> REPLACED           (the index still points here)
//                 ^   \-> LOST                         (another member was first)
//                 \------ any but RELEASING            (added once more: claimed once more)
//     let go:   any but CLAIMING -> RELEASING -> forgotten
#include "core/account_parts.h"

bool identifier_equal(const struct identifier *a, const struct identifier *b)
{
    return a->kind == b->kind && memcmp(a->key, b->key, sizeof a->key) == 0;
}

static struct identifier_state *find(const struct account *account,
                                     const struct identifier *identifier)
{
    for (uint32_t i = 0; i < account->identifiers.count; i++) {
        struct identifier_state *state = &account->identifiers.items[i];
        if (identifier_equal(&state->identifier, identifier)) {
            return state;
        }
    }
    return NULL;
}

const struct identifier_state *account_identifier(const struct account *account,
                                                  const struct identifier *identifier)
{
    return find(account, identifier);
}

static enum status apply_old(struct account *account, const struct identifier *old, bool replaced)
{
    struct identifier_state *state = find(account, old);
    if (state == NULL || state->stage == IDENTIFIER_CLAIMING ||
        state->stage == IDENTIFIER_RELEASING || (replaced && state->stage != IDENTIFIER_BOUND)) {
        return STATUS_CORRUPT;
    }
    state->stage = replaced ? IDENTIFIER_REPLACED : IDENTIFIER_RELEASING;
    return STATUS_OK;
}

static enum status apply_added(struct account *account, const struct identifier *added)
{
    struct identifier_state *state = find(account, added);
    if (state != NULL) {
        enum status status = state->stage == IDENTIFIER_RELEASING ? STATUS_CORRUPT : STATUS_OK;
        state->stage = IDENTIFIER_CLAIMING;
        return status;
    }
    TRY(vec_reserve_one(&account->identifiers, LIMIT_IDENTIFIERS));
    account->identifiers.items[account->identifiers.count] =
        (struct identifier_state){.identifier = *added};
    account->identifiers.count++;
    return STATUS_OK;
}

enum status account_apply_identifiers(struct account *account, const struct record *record)
{
    const struct record_identifiers_changed *changed = &record->identifiers_changed;
    bool same =
        changed->has_new && changed->has_old && identifier_equal(&changed->added, &changed->old);
    if (same || (changed->replaced ? !changed->has_old || !changed->has_new
                                   : changed->has_old == changed->has_new)) {
        return STATUS_CORRUPT;
    }
    if (changed->has_old) {
        TRY(apply_old(account, &changed->old, changed->replaced));
    }
    return changed->has_new ? apply_added(account, &changed->added) : STATUS_OK;
}

static void forget(struct account *account, const struct identifier_state *state)
{
    uint32_t index = (uint32_t)(state - account->identifiers.items);
    account->identifiers.count--;
    for (; index < account->identifiers.count; index++) {
        account->identifiers.items[index] = account->identifiers.items[index + 1];
    }
}

enum status account_apply_bound(struct account *account, const struct record *record)
{
    const struct record_bound *bound = &record->bound;
    struct identifier_state *state = find(account, &bound->identifier);
    if (state != NULL && state->stage == IDENTIFIER_CLAIMING) {
        state->stage = bound->lost ? IDENTIFIER_LOST : IDENTIFIER_BOUND;
        return STATUS_OK;
    }
    if (state != NULL && state->stage == IDENTIFIER_RELEASING && bound->lost) {
        forget(account, state);
        return STATUS_OK;
    }
    return STATUS_CORRUPT;
}
