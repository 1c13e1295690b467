// The figures of a reversal.
#include "core/reversal.h"

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

// What a share of `whole` grows by when of `of` not `before` is returned but `after`.
static int64_t share_between(int64_t whole, int64_t before, int64_t after, int64_t of)
{
    return earn_share_floor(whole, after, of) - earn_share_floor(whole, before, of);
}

// --- how much of a sale ---

// What this reversal takes, still without where from.
struct taken {
    int64_t amount_minor;
    int64_t points;
    int64_t score;
};

static void take_rest(const struct original *original, struct taken *taken)
{
    const struct record_awarded *awarded = &original->awarded;
    *taken = (struct taken){.amount_minor = awarded->amount_minor - original->amount_minor,
                            .points = awarded->points - original->points,
                            .score = awarded->score - original->score};
}

// An amount belongs to no line: the total becomes at least its share of the whole.
static void take_amount(const struct original *original, int64_t amount_minor, struct taken *taken)
{
    const struct record_awarded *awarded = &original->awarded;
    int64_t returned = original->amount_minor + amount_minor;
    int64_t points = earn_share_floor(awarded->points, returned, awarded->amount_minor);
    int64_t score = earn_share_floor(awarded->score, returned, awarded->amount_minor);
    *taken = (struct taken){
        .amount_minor = amount_minor,
        .points = points > original->points ? points - original->points : 0,
        .score = score > original->score ? score - original->score : 0,
    };
}

// The first time that a line is named; a sale of one line has none on record.
static bool is_news(const struct original *original, const struct reversed_sale *sale,
                    uint32_t number)
{
    for (size_t i = 0; i < sale->line_count; i++) {
        if (sale->lines[i] == number) {
            return false;
        }
    }
    return original->awarded.line_count == 0 || !original->lines_returned[number - 1];
}

static enum status take_lines(const struct original *original,
                              const struct reverse_command *command, struct arena *arena,
                              struct reversed_sale *sale, struct taken *taken)
{
    const struct record_awarded *awarded = &original->awarded;
    sale->lines = arena_alloc_array(arena, command->line_count, sizeof *sale->lines);
    if (sale->lines == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct line_share all = {awarded->amount_minor, awarded->points, awarded->score};
    struct taken left;
    take_rest(original, &left);
    for (size_t i = 0; i < command->line_count; i++) {
        uint32_t number = command->lines[i];
        if (!is_news(original, sale, number)) {
            continue;
        }
        sale->lines[sale->line_count++] = number;
        const struct line_share *line =
            awarded->line_count == 0 ? &all : &awarded->lines[number - 1];
        taken->amount_minor += least(line->amount_minor, left.amount_minor - taken->amount_minor);
        taken->points += least(line->points, left.points - taken->points);
        taken->score += least(line->score, left.score - taken->score);
    }
    return STATUS_OK;
}

// STATUS_NOT_FOUND when nothing that was asked for is left.
static enum status take_part(const struct original *original, const struct reverse_command *command,
                             struct arena *arena, struct reversed_sale *sale, struct taken *taken)
{
    int64_t left_minor = original->awarded.amount_minor - original->amount_minor;
    if (left_minor == 0 && original->reversals > 0) {
        return STATUS_NOT_FOUND;
    }
    if (command->part == REVERSE_AMOUNT && command->amount_minor < left_minor) {
        take_amount(original, command->amount_minor, taken);
        return STATUS_OK;
    }
    if (command->part == REVERSE_LINES) {
        TRY(take_lines(original, command, arena, sale, taken));
        if (sale->line_count == 0) {
            return STATUS_NOT_FOUND;
        }
        if (taken->amount_minor < left_minor) {
            return STATUS_OK;
        }
    }
    take_rest(original, taken); // the last return takes everything left
    return STATUS_OK;
}

// --- where a sale's points come from ---

static void take_from(struct record_reversed *reversed, const struct lot *lot, int64_t *left)
{
    int64_t points = least(*left, lot->points);
    if (points > 0) {
        reversed->lots[reversed->lot_count++] =
            (struct lot_move){.ends_ms = lot->ends_ms, .points = points};
        *left -= points;
    }
}

// Its own pending points, its own lot, what has expired of that, other lots as a redemption would;
// what then is missing is owed or forgiven.
static enum status find_points(const struct account *account, const struct original *original,
                               bool clamp, struct arena *arena, struct record_reversed *reversed)
{
    struct reversed_sale *sale = &reversed->sale;
    reversed->lots = arena_alloc_array(arena, account->lots.count, sizeof *reversed->lots);
    if (reversed->lots == NULL) {
        return STATUS_NO_MEMORY;
    }
    int64_t left = reversed->points;
    sale->pending = least(left, account_pending_of(account, original->seq));
    left -= sale->pending;
    struct lot own = {sale->lot_ends_ms, account_in_lot(account, sale->lot_ends_ms)};
    take_from(reversed, &own, &left);
    reversed->expired = least(left, account_ended(account, sale->lot_ends_ms));
    left -= reversed->expired;
    int64_t used = left;
    for (uint32_t i = 0; i < account->lots.count; i++) {
        if (account->lots.items[i].ends_ms != sale->lot_ends_ms) {
            take_from(reversed, &account->lots.items[i], &left);
        }
    }
    sale->deficit = clamp ? 0 : left;
    reversed->forgiven = clamp ? left : 0;
    reversed->result = used > 0 ? REVERSE_FURTHER_ACTIVITY : REVERSE_REVERSED;
    return STATUS_OK;
}

// What capped rules, and the member's day, have given less: shares of all that was taken back.
static enum status free_caps(const struct original *original, struct arena *arena,
                             struct record_reversed *reversed)
{
    const struct record_awarded *awarded = &original->awarded;
    struct reversed_sale *sale = &reversed->sale;
    if (!awarded->counted || reversed->points == 0) {
        return STATUS_OK;
    }
    sale->uses = arena_alloc_array(arena, awarded->rule_count + 1, sizeof *sale->uses);
    if (sale->uses == NULL) {
        return STATUS_NO_MEMORY;
    }
    sale->day = awarded->day;
    int64_t after = original->points + reversed->points;
    for (size_t i = 0; i < awarded->rule_count; i++) {
        const struct rule_points *rule = &awarded->rules[i];
        int64_t points = rule->counted
                             ? share_between(rule->points, original->points, after, awarded->points)
                             : 0;
        if (points > 0) {
            sale->uses[sale->use_count++] =
                (struct rule_points){.rule = rule->rule, .points = points};
        }
    }
    if (awarded->day_counted) {
        sale->uses[sale->use_count++] = (struct rule_points){.points = reversed->points};
    }
    return STATUS_OK;
}

enum status reversal_of_sale(const struct account *account, const struct original *original,
                             const struct reverse_command *command, bool clamp, struct arena *arena,
                             struct record_reversed *reversed)
{
    const struct record_awarded *awarded = &original->awarded;
    struct reversed_sale *sale = &reversed->sale;
    struct taken taken = {0};
    enum status status = take_part(original, command, arena, sale, &taken);
    if (status == STATUS_NOT_FOUND) {
        reversed->result = REVERSE_PREVIOUSLY_REVERSED;
        return STATUS_OK;
    }
    TRY(status);
    sale->amount_minor = taken.amount_minor;
    sale->refund_points_minor =
        taken.amount_minor == 0
            ? 0
            : share_between(awarded->paid_with_points_minor, original->amount_minor,
                            original->amount_minor + taken.amount_minor, awarded->amount_minor);
    sale->score_until_ms = awarded->score_until_ms;
    if (awarded->score_until_ms > account->now_ms) { // but for what was taken by hand
        sale->score = least(taken.score, account_score_left(account, original->seq, account->now_ms,
                                                            awarded->score_until_ms));
    }
    sale->lot_ends_ms = awarded->lot_ends_ms;
    reversed->points = taken.points;
    TRY(find_points(account, original, clamp, arena, reversed));
    return free_caps(original, arena, reversed);
}

// --- spending ---

// From the end of the lots that were taken: what was consumed last comes back first.
static enum status find_lots(const struct original *original, struct arena *arena,
                             struct record_reversed *reversed)
{
    const struct record_redeemed *spent = &original->spent;
    reversed->lots = arena_alloc_array(arena, spent->lot_count, sizeof *reversed->lots);
    if (reversed->lots == NULL) {
        return STATUS_NO_MEMORY;
    }
    int64_t back = original->points; // came back before
    int64_t left = reversed->points;
    for (size_t i = spent->lot_count; i-- > 0 && left > 0;) {
        struct lot lot = {spent->lots[i].ends_ms, spent->lots[i].points};
        int64_t before = least(back, lot.points);
        back -= before;
        lot.points -= before;
        take_from(reversed, &lot, &left);
    }
    return left == 0 ? STATUS_OK : STATUS_CORRUPT;
}

// Of what comes back behind the points that pay what was forgiven.
static int64_t ended_again(const struct account *account, const struct record_reversed *reversed)
{
    int64_t paying = reversed->forgiven;
    int64_t expired = 0;
    for (size_t i = 0; i < reversed->lot_count; i++) {
        const struct lot_move *move = &reversed->lots[i];
        int64_t paid = least(paying, move->points);
        paying -= paid;
        bool ended = move->ends_ms <= account->now_ms || account_forfeits(account);
        expired += ended ? move->points - paid : 0;
    }
    return expired;
}

enum status reversal_of_spending(const struct account *account, const struct original *original,
                                 const struct reverse_command *command, struct arena *arena,
                                 struct record_reversed *reversed)
{
    const struct record_redeemed *spent = &original->spent;
    int64_t left = spent->points - original->points;
    if (left == 0) {
        reversed->result = REVERSE_PREVIOUSLY_REVERSED;
        return STATUS_OK;
    }
    reversed->points = command->part == REVERSE_POINTS ? least(command->points, left) : left;
    reversed->result = REVERSE_REVERSED;
    TRY(find_lots(original, arena, reversed));
    reversed->forgiven = least(account->forgiven, reversed->points);
    reversed->expired = ended_again(account, reversed);
    reversed->value_minor = share_between(spent->value_minor, original->points,
                                          original->points + reversed->points, spent->points);
    bool counted = spent->counted && spent->day == account->redeem_day;
    reversed->uncounted = counted ? reversed->points : 0;
    return STATUS_OK;
}

enum status reversal_of_hold(const struct account *account, const struct hold *hold,
                             struct arena *arena, struct record_reversed *reversed)
{
    struct points_freed freed;
    TRY(account_freed(account, hold, 0, arena, &freed));
    reversed->result = REVERSE_REVERSED;
    reversed->points = hold->points;
    reversed->lots = freed.lots;
    reversed->lot_count = freed.lot_count;
    reversed->expired = lot_moves_ended(freed.lots, freed.lot_count, account->now_ms);
    return STATUS_OK;
}
