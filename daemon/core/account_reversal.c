// What a reversal does to an account. The record says where every point came from or went, and each
// is checked against what is there.
#include "core/account_parts.h"

// Whether the parts of what was taken are none below 0 and add up.
static bool is_sum(const struct record_reversed *reversed)
{
    const struct reversed_sale *sale = &reversed->sale;
    const int64_t parts[] = {sale->pending, lot_moves_points(reversed->lots, reversed->lot_count),
                             reversed->expired, sale->deficit, reversed->forgiven};
    int64_t sum = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i] < 0 || parts[i] > LIMIT_POINTS_A_RECORD) {
            return false;
        }
        sum += parts[i];
    }
    return sum == reversed->points && sum <= LIMIT_POINTS_A_RECORD;
}

// From the account, in the order of the record's figures.
static enum status take_points(struct account *account, const struct record_reversed *reversed)
{
    const struct reversed_sale *sale = &reversed->sale;
    if (sale->pending > 0) {
        TRY(account_take_pending(account, reversed->original_seq, sale->lot_ends_ms,
                                 sale->pending));
    }
    for (size_t i = 0; i < reversed->lot_count; i++) {
        TRY(account_take_from_lot(account, &reversed->lots[i]));
    }
    if (reversed->expired > 0) {
        TRY(account_take_ended(account, sale->lot_ends_ms, reversed->expired));
    }
    bool owes = sale->deficit > 0 || reversed->forgiven > 0;
    if (owes && account->lots.count > 0) {
        return STATUS_CORRUPT;
    }
    account->deficit += sale->deficit;
    account->balance -= sale->deficit;
    account->forgiven += reversed->forgiven;
    account->taken_back += reversed->points;
    return STATUS_OK;
}

static enum status take_score(struct account *account, const struct record_reversed *reversed)
{
    const struct reversed_sale *sale = &reversed->sale;
    if (sale->score == 0) {
        return STATUS_OK;
    }
    if (sale->score_until_ms <= account->now_ms ||
        sale->score > account_score_left(account, reversed->original_seq, account->now_ms,
                                         sale->score_until_ms)) {
        return STATUS_CORRUPT;
    }
    return account_add_contribution(account,
                                    &(struct contribution){.from_ms = account->now_ms,
                                                           .until_ms = sale->score_until_ms,
                                                           .score = -sale->score,
                                                           .seq = reversed->original_seq});
}

static enum status take_uses(struct account *account, const struct reversed_sale *sale)
{
    for (size_t i = 0; i < sale->use_count; i++) {
        const struct rule_points *use = &sale->uses[i];
        if (!account_has_name(account, use->rule)) {
            return STATUS_CORRUPT;
        }
        TRY(account_add_use(
            account, &(struct use){.rule = use->rule, .day = sale->day, .points = -use->points}));
    }
    return STATUS_OK;
}

static enum status apply_sale(struct account *account, const struct record_reversed *reversed)
{
    if (!is_sum(reversed)) {
        return STATUS_CORRUPT;
    }
    TRY(take_points(account, reversed));
    TRY(take_score(account, reversed));
    return take_uses(account, &reversed->sale);
}

// The points that come back first pay what was forgiven (domain.md, fine print 17).
static enum status give_back(struct account *account, const struct record_reversed *reversed,
                             int64_t *ret_expired)
{
    int64_t paying = reversed->forgiven;
    *ret_expired = 0;
    for (size_t i = 0; i < reversed->lot_count; i++) {
        struct lot_move move = reversed->lots[i];
        if (move.points <= 0) {
            return STATUS_CORRUPT;
        }
        int64_t paid = paying < move.points ? paying : move.points;
        paying -= paid;
        move.points -= paid;
        int64_t expired;
        TRY(account_put_back(account, &move, &expired));
        *ret_expired += expired;
    }
    return STATUS_OK;
}

static enum status apply_redemption(struct account *account, const struct record_reversed *reversed)
{
    int64_t spent = account->redeemed - account->given_back;
    if (reversed->points != lot_moves_points(reversed->lots, reversed->lot_count) ||
        reversed->points > spent || reversed->forgiven > reversed->points ||
        reversed->forgiven > account->forgiven) {
        return STATUS_CORRUPT;
    }
    int64_t expired;
    TRY(give_back(account, reversed, &expired));
    account->forgiven -= reversed->forgiven;
    account->given_back += reversed->points;
    if (expired != reversed->expired) {
        return STATUS_CORRUPT;
    }
    return account_uncount_redeemed(account, account->redeem_day, reversed->uncounted);
}

static enum status apply_hold(struct account *account, const struct record_reversed *reversed)
{
    struct points_freed freed = {.lots = reversed->lots, .lot_count = reversed->lot_count};
    int64_t expired;
    TRY(account_free_hold(account, reversed->advice.original, &freed, &expired));
    bool same = reversed->points == lot_moves_points(freed.lots, freed.lot_count) &&
                reversed->expired == expired;
    return same ? STATUS_OK : STATUS_CORRUPT;
}

enum status account_apply_reversed(struct account *account, const struct record *record)
{
    const struct record_reversed *reversed = &record->reversed;
    if (reversed->original_seq > account->seq) {
        return STATUS_CORRUPT;
    }
    if (reversed->result > REVERSE_FURTHER_ACTIVITY) {
        return STATUS_OK; // nothing was done
    }
    switch (reversed->method) {
    case RECORD_AWARDED:
        return apply_sale(account, reversed);
    case RECORD_REDEEMED:
    case RECORD_CAPTURED:
        return apply_redemption(account, reversed);
    case RECORD_HELD:
        return apply_hold(account, reversed);
    default:
        return STATUS_CORRUPT;
    }
}
