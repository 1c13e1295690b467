// Partners' contributions in the fold. What is left of each stands in `reported`, by its key; the
// score itself is contributions of the account like any other: one when it is reported, and one
// below 0 for each part that was taken away, from the instant it counts no more to where it would
// have ended. All of them carry the number of the record that reported it.
#include "core/account_parts.h"

enum status account_add_reported(struct account *account, const struct reported *reported)
{
    TRY(vec_reserve_one(&account->reported, LIMIT_REPORTED));
    account->reported.items[account->reported.count] = *reported;
    account->reported.count++;
    return STATUS_OK;
}

enum status account_apply_contributed(struct account *account, const struct record *record)
{
    const struct record_contributed *contributed = &record->contributed;
    struct opening_score score = {.from_ms = contributed->from_ms,
                                  .until_ms = contributed->until_ms,
                                  .score = contributed->score};
    if (account->kind != ACCOUNT_MEMBER || score.score < 1 || score.from_ms >= score.until_ms ||
        account_reported(account, contributed->key) != NULL) {
        return STATUS_CORRUPT;
    }
    TRY(account_give_score(account, &score));
    struct reported reported = {.from_ms = score.from_ms,
                                .until_ms = score.until_ms,
                                .score = score.score,
                                .seq = account->seq + 1};
    memcpy(reported.key, contributed->key, sizeof reported.key);
    return account_add_reported(account, &reported);
}

// Whether a record takes from what is there, in its interval, and leaves what it says: a shorter
// interval, or less score in the same. Of what was taken by hand before it takes nothing.
static bool fits(const struct account *account, const struct record_contribution_reduced *reduced,
                 const struct reported *was)
{
    int64_t left = account_score_left(account, was->seq, reduced->from_ms, reduced->until_ms);
    bool inside = reduced->until_ms == was->until_ms && reduced->from_ms >= was->from_ms &&
                  reduced->from_ms <= was->until_ms && reduced->score <= was->score &&
                  (reduced->score == 0 || reduced->score <= left);
    bool all = reduced->score == was->score || reduced->score == left;
    bool ended =
        reduced->left_until_ms == reduced->from_ms && all && reduced->left_score <= was->score;
    int64_t cut_score = was->score - reduced->left_score;
    bool cut = reduced->left_until_ms == was->until_ms && cut_score >= 0 &&
               (reduced->score == cut_score || (all && reduced->score < cut_score));
    return inside && reduced->left_from_ms == was->from_ms && (ended || cut);
}

// Nothing is taken from the past.
static enum status take_away(struct account *account,
                             const struct record_contribution_reduced *reduced, uint64_t seq)
{
    if (reduced->score == 0) {
        return STATUS_OK;
    }
    if (reduced->from_ms < account->now_ms || reduced->from_ms >= reduced->until_ms) {
        return STATUS_CORRUPT;
    }
    return account_add_contribution(account, &(struct contribution){.from_ms = reduced->from_ms,
                                                                    .until_ms = reduced->until_ms,
                                                                    .score = -reduced->score,
                                                                    .seq = seq});
}

enum status account_apply_contribution_reduced(struct account *account, const struct record *record)
{
    const struct record_contribution_reduced *reduced = &record->contribution_reduced;
    const struct reported *was = account_reported(account, reduced->key);
    if (was == NULL || !fits(account, reduced, was)) {
        return STATUS_CORRUPT;
    }
    struct reported left = *was;
    left.until_ms = reduced->left_until_ms;
    left.score = reduced->left_score;
    TRY(take_away(account, reduced, left.seq));
    return account_add_reported(account, &left);
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
