// Acts by hand in the fold: points and score adjusted, a complimentary card, a card revoked, and
// the month's list of such acts. Every act but the list obliges its account to be listed there.
#include "core/account_parts.h"

// Points given are spendable at once.
static enum status give_points(struct account *account, const struct record_adjusted *adjusted)
{
    if (adjusted->points > LIMIT_POINTS_A_RECORD || adjusted->lot_ends_ms <= account->now_ms) {
        return STATUS_CORRUPT;
    }
    TRY(account_make_room(account, adjusted->points));
    account->adjusted += adjusted->points;
    return account_add_spendable(account, adjusted->lot_ends_ms, adjusted->points);
}

// Nothing is owed while there are spendable points.
static enum status take_points(struct account *account, const struct record_adjusted *adjusted)
{
    int64_t deficit = adjusted->deficit;
    if (adjusted->points < -LIMIT_POINTS_A_RECORD || deficit > -adjusted->points ||
        lot_moves_points(adjusted->lots, adjusted->lot_count) != -adjusted->points - deficit) {
        return STATUS_CORRUPT;
    }
    for (size_t i = 0; i < adjusted->lot_count; i++) {
        TRY(account_take_from_lot(account, &adjusted->lots[i]));
    }
    if (deficit > 0 && account->lots.count > 0) {
        return STATUS_CORRUPT;
    }
    account->adjusted += adjusted->points;
    account->deficit += deficit;
    account->balance -= deficit;
    return account->balance >= -LIMIT_POINTS_A_BALANCE ? STATUS_OK : STATUS_RANGE;
}

static enum status give_score(struct account *account, const struct record_adjusted *adjusted)
{
    const struct adjusted_score *part = adjusted->scores;
    if (adjusted->score_count != 1 || part->score != adjusted->score || part->seq != 0 ||
        part->until_ms <= account->now_ms) {
        return STATUS_CORRUPT;
    }
    return account_give_score(account, &(struct opening_score){.from_ms = account->now_ms,
                                                               .until_ms = part->until_ms,
                                                               .score = part->score});
}

static enum status take_score(struct account *account, const struct record_adjusted *adjusted)
{
    int64_t sum = 0;
    if (adjusted->score < -LIMIT_POINTS_A_RECORD) {
        return STATUS_CORRUPT;
    }
    for (size_t i = 0; i < adjusted->score_count; i++) {
        const struct adjusted_score *part = &adjusted->scores[i];
        if (part->score >= 0 || part->seq == 0 || part->until_ms <= account->now_ms ||
            part->score < adjusted->score - sum ||
            account_score_left(account, part->seq, account->now_ms, part->until_ms) <
                -part->score) {
            return STATUS_CORRUPT;
        }
        sum += part->score;
        TRY(account_add_contribution(account, &(struct contribution){.from_ms = account->now_ms,
                                                                     .until_ms = part->until_ms,
                                                                     .score = part->score,
                                                                     .seq = part->seq}));
    }
    return sum == adjusted->score ? STATUS_OK : STATUS_CORRUPT;
}

enum status account_apply_adjusted(struct account *account, const struct record *record)
{
    const struct record_adjusted *adjusted = &record->adjusted;
    bool points = adjusted->points != 0 && adjusted->score == 0 && adjusted->score_count == 0;
    bool score = adjusted->score != 0 && adjusted->points == 0 && adjusted->lot_count == 0;
    if (account->cards.count == 0 || !account_lives(account) || (!points && !score)) {
        return STATUS_CORRUPT;
    }
    if (points) {
        TRY(adjusted->points > 0 ? give_points(account, adjusted) : take_points(account, adjusted));
    } else {
        TRY(adjusted->score > 0 ? give_score(account, adjusted) : take_score(account, adjusted));
    }
    return account_oblige(account, record->type);
}

enum status account_apply_card_by_hand(struct account *account, const struct record *record)
{
    bool granted = record->type == RECORD_CARD_GRANTED;
    const struct card *card = &record->cards[0];
    if (account->cards.count == 0 || !account_lives(account) || record->card_count != 1 ||
        card->cause != (granted ? CARD_GRANTED : CARD_REVOKED) || card->from_ms != record->at_ms ||
        (granted && card->until_ms == INSTANT_NEVER)) {
        return STATUS_CORRUPT;
    }
    return account_oblige(account, record->type);
}

// The list is read from the log; here only the ids stay, against repeats.
enum status account_apply_audited(struct account *account, const struct record *record)
{
    const struct record_audited *audited = &record->audited;
    bool whole = record->mark.present && audited->subject.len > 0;
    return account->kind == ACCOUNT_AUDIT && whole ? STATUS_OK : STATUS_CORRUPT;
}
