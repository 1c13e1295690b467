// Merges in the fold: what goes over from one member to another, and what comes back when the other
// could not take it. Points leave by moved_out and come by moved_in, so both sides' books are whole
// at any time. The score of a merged member stays told in its log, and counts for nothing.
#include "core/account_parts.h"

int64_t account_left(const struct account *account)
{
    return account->balance + account->deficit + account->pending_points;
}

void account_empty(struct account *account)
{
    account->lots.count = 0;
    account->pending.count = 0;
    account->pending_points = 0;
    account->deficit = 0;
    account->balance = 0;
}

// Above 0, and the sum of all within what any account can have.
static bool add_up(const struct carried *carried, int64_t *ret_points)
{
    const int64_t most = LIMIT_POINTS_A_BALANCE * 100;
    int64_t sum = 0;
    for (size_t i = 0; i < carried->lot_count; i++) {
        int64_t points = carried->lots[i].points;
        if (points <= 0 || points > most - sum) {
            return false;
        }
        sum += points;
    }
    for (size_t i = 0; i < carried->pending_count; i++) {
        int64_t points = carried->pending[i].points;
        if (points <= 0 || points > most - sum) {
            return false;
        }
        sum += points;
    }
    *ret_points = sum - carried->deficit;
    return carried->deficit <= most;
}

static bool has_lots(const struct account *account, const struct carried *carried)
{
    if (carried->lot_count != account->lots.count ||
        carried->pending_count != account->pending.count || carried->deficit != account->deficit) {
        return false;
    }
    for (uint32_t i = 0; i < account->lots.count; i++) {
        const struct lot *lot = &account->lots.items[i];
        if (lot->ends_ms != carried->lots[i].ends_ms || lot->points != carried->lots[i].points) {
            return false;
        }
    }
    for (uint32_t i = 0; i < account->pending.count; i++) {
        const struct pending_lot *mine = &account->pending.items[i];
        const struct carried_pending *theirs = &carried->pending[i];
        if (mine->spendable_ms != theirs->spendable_ms || mine->ends_ms != theirs->ends_ms ||
            mine->points != theirs->points) {
            return false;
        }
    }
    return true;
}

static bool is_other(const struct account *account, struct span id)
{
    return id.len > 0 && id.len <= LIMIT_MEMBER_ID_BYTES && memchr(id.data, '\0', id.len) == NULL &&
           !span_is_text(id, account->id);
}

enum status account_apply_merged(struct account *account, const struct record *record)
{
    const struct record_merged *merged = &record->merged;
    int64_t points;
    if (account->cards.count == 0 || !account_lives(account) || account->holds.count > 0 ||
        !is_other(account, merged->into) || !add_up(&merged->carried, &points) ||
        !has_lots(account, &merged->carried) ||
        merged->carried.suspended != (account_status(account) == MEMBER_SUSPENDED)) {
        return STATUS_CORRUPT;
    }
    account->status = MEMBER_MERGED;
    memcpy(account->merged_into, merged->into.data, merged->into.len);
    account->merged_into[merged->into.len] = '\0';
    account->moved_out += points;
    account_empty(account);
    return account_oblige(account, RECORD_MERGED);
}

// The record's own effect is all there is: a merged member has nothing else.
enum status account_pass_on(struct account *account, const struct record *record)
{
    const struct reversed_sale *sale = &record->reversed.sale;
    int64_t left = account_left(account);
    bool score = record->reversed.method == RECORD_AWARDED && sale->score > 0;
    if (record->reversed.result > REVERSE_FURTHER_ACTIVITY ||
        (left == 0 && account->deficit == 0 && !score)) {
        return STATUS_OK;
    }
    account->moved_out += left - account->deficit;
    account_empty(account);
    return account_oblige(account, RECORD_REVERSED);
}

// Spendable points pay it, earliest expiry first; the rest is owed.
static enum status owe(struct account *account, int64_t points)
{
    while (points > 0 && account->lots.count > 0) {
        struct lot_move move = {account->lots.items[0].ends_ms, account->lots.items[0].points};
        move.points = move.points < points ? move.points : points;
        TRY(account_take_from_lot(account, &move));
        points -= move.points;
    }
    account->deficit += points;
    account->balance -= points;
    return STATUS_OK;
}

static enum status take_pending(struct account *account, const struct carried_pending *carried)
{
    if (carried->ends_ms <= account->now_ms || carried->spendable_ms <= account->now_ms) {
        int64_t expired;
        struct lot_move move = {carried->ends_ms, carried->points};
        return account_put_back(account, &move, &expired);
    }
    return account_add_pending(account, &(struct pending_lot){.spendable_ms = carried->spendable_ms,
                                                              .ends_ms = carried->ends_ms,
                                                              .points = carried->points,
                                                              .seq = account->seq + 1});
}

// Points and a deficit, by their instants; lots that ended meanwhile expire at once.
static enum status take_points(struct account *account, const struct carried *carried,
                               int64_t deficit)
{
    TRY(owe(account, deficit));
    for (size_t i = 0; i < carried->lot_count; i++) {
        int64_t expired;
        TRY(account_put_back(account, &carried->lots[i], &expired));
    }
    for (size_t i = 0; i < carried->pending_count; i++) {
        TRY(take_pending(account, &carried->pending[i]));
    }
    return STATUS_OK;
}

enum status account_take_back_merge(struct account *account, const struct carried *carried)
{
    int64_t points;
    if (account->status != MEMBER_MERGED || !add_up(carried, &points)) {
        return STATUS_CORRUPT;
    }
    account->status = carried->suspended ? MEMBER_SUSPENDED : MEMBER_ACTIVE;
    account->merged_into[0] = '\0';
    account->moved_out -= points;
    return take_points(account, carried, carried->deficit);
}

static enum status take_score(struct account *account, const struct carried_score *score)
{
    struct opening_score given = {
        .from_ms = score->from_ms, .until_ms = score->until_ms, .score = score->score};
    if (score->score == 0 || score->until_ms <= account->now_ms ||
        score->from_ms < account->now_ms) {
        return STATUS_CORRUPT;
    }
    if (score->score < 0) {
        bool taken = !score->named && -score->score <= account->score;
        return !taken ? STATUS_CORRUPT
                      : account_add_contribution(account,
                                                 &(struct contribution){.from_ms = score->from_ms,
                                                                        .until_ms = score->until_ms,
                                                                        .score = score->score,
                                                                        .seq = account->seq + 1});
    }
    TRY(account_give_score(account, &given));
    if (!score->named) {
        return STATUS_OK;
    }
    struct reported reported = {.from_ms = score->from_ms,
                                .until_ms = score->until_ms,
                                .score = score->score,
                                .seq = account->seq + 1};
    memcpy(reported.key, score->key, sizeof reported.key);
    return account_add_reported(account, &reported);
}

// What was done under the card that goes over, or the one held, counts for the one held now; all
// else under no card there will be again.
static enum status take_use(struct account *account, const struct record *record,
                            const struct carried_use *carried)
{
    bool brought = record->card_count > 0 && record->cards[0].cause == CARD_MERGED;
    TRY(vec_reserve_one(&account->perk_uses, LIMIT_PERK_USES));
    account->perk_uses.items[account->perk_uses.count] = (struct perk_use){
        .perk = carried->perk,
        .day = carried->day,
        .card = carried->this_card ? account->cards.count + (brought ? 1 : 0) : 0,
        .count = (int32_t)carried->count,
        .seq = account->seq + 1,
    };
    account->perk_uses.count++;
    return STATUS_OK;
}

static enum status note_absorbed(struct account *account, struct span from)
{
    for (uint32_t i = 0; i < account->absorbed.count; i++) {
        if (span_is_text(from, account->absorbed.items[i].member_id)) {
            return STATUS_OK;
        }
    }
    TRY(vec_reserve_one(&account->absorbed, LIMIT_ABSORBED));
    struct absorbed *absorbed = &account->absorbed.items[account->absorbed.count++];
    *absorbed = (struct absorbed){0};
    memcpy(absorbed->member_id, from.data, from.len);
    return STATUS_OK;
}

enum status account_apply_absorbed(struct account *account, const struct record *record)
{
    const struct carried *carried = &record->absorbed.carried;
    int64_t forgiven = record->absorbed.forgiven;
    int64_t points;
    if (account->cards.count == 0 || !account_lives(account) || forgiven > carried->deficit ||
        !is_other(account, record->absorbed.from) || !add_up(carried, &points)) {
        return STATUS_CORRUPT;
    }
    if (!account_in_bounds(account, points)) {
        return STATUS_RANGE;
    }
    account->moved_in += points;
    account->forgiven += forgiven;
    TRY(note_absorbed(account, record->absorbed.from));
    TRY(take_points(account, carried, carried->deficit - forgiven));
    for (size_t i = 0; i < carried->score_count; i++) {
        TRY(take_score(account, &carried->scores[i]));
    }
    for (size_t i = 0; i < carried->use_count; i++) {
        TRY(take_use(account, record, &carried->uses[i]));
    }
    return STATUS_OK;
}
