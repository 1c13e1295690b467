// Score of an account: contributions, and the steps at which what counts of them changes; and the
// points that caps count.
#include "core/account_parts.h"

static enum status step_at(struct account *account, int64_t at_ms, struct score_step **ret_step)
{
    uint32_t at = account->steps.count; // a sale's score mostly ends last
    while (at > 0 && account->steps.items[at - 1].at_ms >= at_ms) {
        at--;
    }
    if (at == account->steps.count || account->steps.items[at].at_ms != at_ms) {
        TRY(vec_reserve_one(&account->steps, LIMIT_CONTRIBUTIONS));
        struct score_step *items = account->steps.items;
        memmove(items + at + 1, items + at, (account->steps.count - at) * sizeof *items);
        items[at] = (struct score_step){.at_ms = at_ms};
        account->steps.count++;
    }
    *ret_step = &account->steps.items[at];
    return STATUS_OK;
}

// Whether score below 0 takes from what starts at the same instant: of a contribution that was
// reduced before it began. Else it is an end.
static bool takes_from_start(const struct account *account, const struct contribution *part)
{
    for (uint32_t i = 0; i < account->contributions.count; i++) {
        const struct contribution *other = &account->contributions.items[i];
        if (other->score > 0 && other->seq == part->seq && other->from_ms == part->from_ms) {
            return true;
        }
    }
    return false;
}

// What starts and ends in the future counts from its step on. Only what rises is gained score.
static enum status add_start(struct account *account, const struct contribution *part)
{
    struct score_step *step;
    TRY(step_at(account, part->from_ms, &step));
    if (part->score > 0 || takes_from_start(account, part)) {
        step->rise += part->score;
    } else {
        step->fall -= part->score;
    }
    return STATUS_OK;
}

enum status account_add_contribution(struct account *account, const struct contribution *part)
{
    TRY(vec_reserve_one(&account->contributions, LIMIT_CONTRIBUTIONS));
    struct contribution *added = &account->contributions.items[account->contributions.count];
    *added = *part;
    added->boundary_from_ms = part->from_ms + (part->from_ms > account->now_ms ? 0 : 1);
    account->contributions.count++;
    if (part->until_ms <= account->now_ms || part->until_ms <= part->from_ms) {
        return STATUS_OK; // counts only in the past, if ever
    }
    if (part->from_ms <= account->now_ms) {
        account->score += part->score;
    } else {
        TRY(add_start(account, part));
    }
    if (part->until_ms != INSTANT_NEVER) {
        struct score_step *step;
        TRY(step_at(account, part->until_ms, &step));
        step->fall += part->score;
    }
    bool bounded =
        account->score >= -LIMIT_POINTS_A_BALANCE && account->score <= LIMIT_POINTS_A_BALANCE;
    return bounded ? STATUS_OK : STATUS_RANGE;
}

static void settle_step(struct account *account)
{
    struct score_step first = account->steps.items[0];
    account->steps.count--;
    memmove(account->steps.items, account->steps.items + 1, account->steps.count * sizeof first);
    account->score += first.rise - first.fall;
}

void account_settle_score(struct account *account, int64_t now_ms)
{
    while (account->steps.count > 0 && account->steps.items[0].at_ms <= now_ms) {
        settle_step(account);
    }
}

// Score of a record at an instant from now on.
static int64_t score_of(const struct account *account, uint64_t seq, int64_t at_ms)
{
    int64_t score = 0;
    for (uint32_t i = 0; i < account->contributions.count; i++) {
        const struct contribution *part = &account->contributions.items[i];
        bool counts = part->seq == seq && part->from_ms <= at_ms && at_ms < part->until_ms;
        score += counts ? part->score : 0;
    }
    return score;
}

// What of it ends at an instant: its parts, and where an earlier end was set.
static int64_t ending_of(const struct account *account, uint64_t seq, int64_t at_ms)
{
    int64_t score = 0;
    for (uint32_t i = 0; i < account->contributions.count; i++) {
        const struct contribution *part = &account->contributions.items[i];
        if (part->seq != seq) {
            continue;
        }
        score += part->until_ms == at_ms ? part->score : 0;
        bool set = part->score < 0 && part->from_ms == at_ms && !takes_from_start(account, part);
        score -= set ? part->score : 0;
    }
    return score;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t account_score_left(const struct account *account, uint64_t seq, int64_t from_ms,
                           int64_t until_ms)
{
    int64_t left = least(ending_of(account, seq, until_ms), score_of(account, seq, from_ms));
    for (uint32_t i = 0; i < account->contributions.count && left > 0; i++) {
        const struct contribution *part = &account->contributions.items[i];
        bool falls = part->seq == seq && part->score < 0 && part->from_ms > from_ms;
        if (falls && part->from_ms < until_ms) {
            left = least(left, score_of(account, seq, part->from_ms));
        }
        bool ends = part->seq == seq && part->score > 0 && part->until_ms > from_ms;
        if (ends && part->until_ms < until_ms) {
            left = least(left, score_of(account, seq, part->until_ms));
        }
    }
    return left > 0 ? left : 0;
}

int64_t account_score_left_of_all(const struct account *account, int64_t until_ms)
{
    int64_t score = account->score;
    int64_t left = score;
    int64_t ending = until_ms == INSTANT_NEVER ? left : 0;
    for (uint32_t i = 0; i < account->steps.count; i++) {
        const struct score_step *step = &account->steps.items[i];
        if (step->at_ms >= until_ms) {
            ending = step->at_ms == until_ms ? step->fall : 0;
            break;
        }
        score += step->rise - step->fall;
        left = least(left, score);
    }
    left = least(left, ending);
    return left > 0 ? left : 0;
}

enum status account_add_use(struct account *account, const struct use *use)
{
    if (use->points > LIMIT_POINTS_A_RECORD || use->points < -LIMIT_POINTS_A_RECORD) {
        return STATUS_RANGE;
    }
    TRY(vec_reserve_one(&account->uses, LIMIT_CONTRIBUTIONS));
    account->uses.items[account->uses.count] = *use;
    account->uses.count++;
    return STATUS_OK;
}
