// What a snapshot says of an account, looked over before it is believed: its checksum only tells
// that it is what somebody wrote. Every figure is within the bounds that the fold keeps, every
// reference leads to a name, and what follows from something else (the score and its steps from the
// contributions, the rest by account_check) is the same when it is worked out anew.
#include "core/snapshot.h"

#include <string.h>

#include "core/account_parts.h"

// Totals ever have no bound of their own, nor has a balance that reversals took below nothing; with
// this one no sum of nine overflows.
#define TOTAL_MAX (INT64_MAX / 16)

static bool within(int64_t value, int64_t least, int64_t most)
{
    return value >= least && value <= most;
}

static bool check_totals(const struct account *account)
{
    const int64_t totals[] = {
        account->awarded,     account->opened,      account->taken_back,        account->forgiven,
        account->redeemed,    account->given_back,  account->expired,           account->deficit,
        account->score_given, account->held_points, account->redeem_day_points,
    };
    for (size_t i = 0; i < sizeof totals / sizeof totals[0]; i++) {
        if (!within(totals[i], 0, TOTAL_MAX)) {
            return false;
        }
    }
    return within(account->moved_in, -TOTAL_MAX, TOTAL_MAX) &&
           within(account->moved_out, -TOTAL_MAX, TOTAL_MAX) &&
           within(account->adjusted, -TOTAL_MAX, TOTAL_MAX) &&
           within(account->enrolled_ms, LIMIT_INSTANT_MIN_MS, account->now_ms) &&
           account->now_ms < LIMIT_INSTANT_MAX_MS && account->seq <= INT64_MAX &&
           within(account->balance, -TOTAL_MAX, TOTAL_MAX) &&
           account->given_back <= account->redeemed && account->taken_back <= account->awarded;
}

// Lots of which none is empty, and whose sum does not overflow.
static bool check_sum(const struct lot *lots, uint32_t count)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!within(lots[i].points, 1, TOTAL_MAX - sum)) {
            return false;
        }
        sum += lots[i].points;
    }
    return true;
}

static bool check_holds(const struct account *account)
{
    uint64_t lots = 0;
    for (uint32_t i = 0; i < account->holds.count; i++) {
        const struct hold *hold = &account->holds.items[i];
        lots += hold->lot_count;
        bool ordered = i == 0 || hold[-1].seq < hold->seq;
        if (!ordered || hold->seq > account->seq || hold->lot_count == 0 || hold->version == 0) {
            return false;
        }
    }
    return lots == account->held_lots.count;
}

static bool check_lots(const struct account *account)
{
    if (!check_sum(account->lots.items, account->lots.count) ||
        !check_sum(account->ended.items, account->ended.count) ||
        !check_sum(account->held_lots.items, account->held_lots.count) || !check_holds(account)) {
        return false;
    }
    for (uint32_t i = 0; i < account->pending.count; i++) {
        const struct pending_lot *pending = &account->pending.items[i];
        if (!within(pending->points, 1, LIMIT_POINTS_A_RECORD) ||
            pending->spendable_ms <= account->now_ms || pending->seq > account->seq ||
            (i > 0 && pending[-1].spendable_ms > pending->spendable_ms)) {
            return false;
        }
    }
    return true;
}

static bool check_references(const struct account *account)
{
    uint32_t names = account->names.places.count;
    for (uint32_t i = 0; i < account->cards.count; i++) {
        const struct card *card = &account->cards.items[i];
        if (card->tier == 0 || card->tier > names || card->cause < CARD_ENROLLED ||
            card->cause > CARD_CAUSE_LAST) {
            return false;
        }
    }
    for (uint32_t i = 0; i < account->uses.count; i++) {
        const struct use *use = &account->uses.items[i];
        if (use->rule > names ||
            !within(use->points, -LIMIT_POINTS_A_RECORD, LIMIT_POINTS_A_RECORD)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < account->identifiers.count; i++) {
        if (account->identifiers.items[i].stage > IDENTIFIER_RELEASING) {
            return false;
        }
    }
    return account->program <= names && account->currency <= names &&
           account->terminal.unit <= names;
}

// Score and steps, from the contributions alone.
static enum status work_out_score(const struct account *account, struct account *scored)
{
    scored->now_ms = account->now_ms;
    for (uint32_t i = 0; i < account->contributions.count; i++) {
        const struct contribution *part = &account->contributions.items[i];
        if (!within(part->score, -LIMIT_POINTS_A_RECORD, LIMIT_POINTS_A_RECORD) ||
            part->seq > account->seq) {
            return STATUS_CORRUPT;
        }
        TRY(account_add_contribution(scored, part));
    }
    return STATUS_OK;
}

static bool same_score(const struct account *a, const struct account *b)
{
    return a->score == b->score && a->steps.count == b->steps.count &&
           (a->steps.count == 0 ||
            memcmp(a->steps.items, b->steps.items, a->steps.count * sizeof *a->steps.items) == 0);
}

// Reductions take away what was there: at no time is less than nothing left.
static bool never_below_nothing(const struct account *account)
{
    int64_t score = account->score;
    for (uint32_t i = 0; i < account->steps.count && score >= 0; i++) {
        score += account->steps.items[i].rise - account->steps.items[i].fall;
    }
    return score >= 0;
}

static enum status check_score(const struct account *account)
{
    struct account scored;
    account_init(&scored);
    enum status status = work_out_score(account, &scored);
    bool same = status == STATUS_OK && same_score(account, &scored);
    account_fini(&scored);
    if (status == STATUS_NO_MEMORY) {
        return status;
    }
    return same && never_below_nothing(account) ? STATUS_OK : STATUS_CORRUPT;
}

enum status snapshot_check(const struct account *account)
{
    const char *what;
    if (!check_totals(account) || !check_lots(account) || !check_references(account)) {
        return STATUS_CORRUPT;
    }
    TRY(check_score(account));
    return account_check(account, &what);
}
