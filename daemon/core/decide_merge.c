// Merging: what one member carries away, and how another takes it. Score is carried as what of it
// counts now or will, partners' contributions by their keys and all else together; uses of perks as
// how often each was used on a day.
#include <string.h>

#include "base/check.h"
#include "core/decide_membership.h"
#include "core/decide_parts.h"

// --- score as it will be: what it changes by at instants from now on ---

struct change {
    int64_t at_ms;
    int64_t by;
};

struct score_line {
    struct change *changes; // by instant, the first at now
    size_t count;
};

static void line_add(struct score_line *line, int64_t at_ms, int64_t by)
{
    size_t at = line->count;
    while (at > 0 && line->changes[at - 1].at_ms > at_ms) {
        at--;
    }
    if (at > 0 && line->changes[at - 1].at_ms == at_ms) {
        line->changes[at - 1].by += by;
        return;
    }
    memmove(line->changes + at + 1, line->changes + at, (line->count - at) * sizeof *line->changes);
    line->changes[at] = (struct change){at_ms, by};
    line->count++;
}

// The least that there is in [from, until).
static int64_t line_least(const struct score_line *line, int64_t from_ms, int64_t until_ms)
{
    int64_t score = 0;
    int64_t least = INT64_MAX;
    for (size_t i = 0; i < line->count && line->changes[i].at_ms < until_ms; i++) {
        int64_t before = score;
        score += line->changes[i].by;
        bool begins = line->changes[i].at_ms > from_ms && least == INT64_MAX;
        least = begins && before < least ? before : least;
        least = line->changes[i].at_ms >= from_ms && score < least ? score : least;
    }
    return least == INT64_MAX ? score : least;
}

static bool is_latest(const struct account *account, uint32_t index)
{
    const struct reported *reported = &account->reported.items[index];
    return account_reported(account, reported->key) == reported;
}

// What of a partner's contribution is still to count, from now or its beginning on: what is left of
// it, less what was taken by hand.
static int64_t still_counts(const struct account *account, uint32_t index, int64_t *ret_from_ms)
{
    const struct reported *reported = &account->reported.items[index];
    *ret_from_ms = reported->from_ms > account->now_ms ? reported->from_ms : account->now_ms;
    if (reported->score == 0 || reported->until_ms <= *ret_from_ms || !is_latest(account, index)) {
        return 0;
    }
    int64_t left = account_score_left(account, reported->seq, *ret_from_ms, reported->until_ms);
    return left < reported->score ? left : reported->score;
}

static void add_score(struct carried *carried, int64_t from_ms, int64_t until_ms, int64_t score)
{
    while (score > 0) {
        int64_t part = score < LIMIT_POINTS_A_RECORD ? score : LIMIT_POINTS_A_RECORD;
        carried->scores[carried->score_count++] =
            (struct carried_score){.from_ms = from_ms, .until_ms = until_ms, .score = part};
        score -= part;
    }
}

// Intervals that make up the line: what began first ends first. STATUS_CORRUPT for one that falls
// below nothing.
static enum status carry_line(struct score_line *line, struct carried *carried)
{
    size_t first = 0; // the earliest that has not ended
    for (size_t i = 0; i < line->count; i++) {
        int64_t fall = -line->changes[i].by;
        while (fall > 0) {
            while (first < i && line->changes[first].by <= 0) {
                first++;
            }
            if (first == i) {
                return STATUS_CORRUPT;
            }
            struct change *open = &line->changes[first];
            int64_t part = open->by < fall ? open->by : fall;
            add_score(carried, open->at_ms, line->changes[i].at_ms, part);
            open->by -= part;
            fall -= part;
        }
    }
    for (; first < line->count; first++) {
        add_score(carried, line->changes[first].at_ms, INSTANT_NEVER, line->changes[first].by);
    }
    return STATUS_OK;
}

// A partner's contribution goes over by its key; of the line without it the rest is made up.
static void carry_named(const struct account *account, uint32_t index, struct score_line *line,
                        struct carried *carried)
{
    const struct reported *reported = &account->reported.items[index];
    int64_t from_ms;
    int64_t score = still_counts(account, index, &from_ms);
    int64_t least = line_least(line, from_ms, reported->until_ms);
    score = score < least ? score : least;
    if (score <= 0) {
        return;
    }
    struct carried_score *named = &carried->scores[carried->score_count++];
    *named = (struct carried_score){
        .named = true, .from_ms = from_ms, .until_ms = reported->until_ms, .score = score};
    memcpy(named->key, reported->key, sizeof named->key);
    line_add(line, from_ms, -score);
    if (reported->until_ms != INSTANT_NEVER) {
        line_add(line, reported->until_ms, score);
    }
}

static enum status carry_scores(const struct account *account, struct arena *arena,
                                struct carried *carried)
{
    enum { PARTS = (int)(LIMIT_POINTS_A_BALANCE / LIMIT_POINTS_A_RECORD) + 1 };
    size_t changes = 1 + account->steps.count + 2 * (size_t)account->reported.count;
    size_t most = 2 * changes + account->reported.count + PARTS;
    struct score_line line = {.changes = arena_alloc_array(arena, changes, sizeof *line.changes)};
    carried->scores = arena_alloc_array(arena, most, sizeof *carried->scores);
    if (line.changes == NULL || carried->scores == NULL) {
        return STATUS_NO_MEMORY;
    }
    line_add(&line, account->now_ms, account->score);
    for (uint32_t i = 0; i < account->steps.count; i++) {
        const struct score_step *step = &account->steps.items[i];
        line_add(&line, step->at_ms, step->rise - step->fall);
    }
    for (uint32_t i = 0; i < account->reported.count; i++) {
        carry_named(account, i, &line, carried);
    }
    return carry_line(&line, carried);
}

// --- points and perks ---

static enum status carry_points(const struct account *account, struct arena *arena,
                                struct carried *carried)
{
    carried->lots = arena_alloc_array(arena, account->lots.count, sizeof *carried->lots);
    carried->pending = arena_alloc_array(arena, account->pending.count, sizeof *carried->pending);
    if (carried->lots == NULL || carried->pending == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t i = 0; i < account->lots.count; i++) {
        const struct lot *lot = &account->lots.items[i];
        carried->lots[carried->lot_count++] = (struct lot_move){lot->ends_ms, lot->points};
    }
    for (uint32_t i = 0; i < account->pending.count; i++) {
        const struct pending_lot *lot = &account->pending.items[i];
        carried->pending[carried->pending_count++] =
            (struct carried_pending){lot->spendable_ms, lot->ends_ms, lot->points};
    }
    carried->deficit = account->deficit;
    return STATUS_OK;
}

static struct carried_use *use_of(struct carried *carried, const struct perk_use *use,
                                  bool this_card)
{
    for (size_t i = 0; i < carried->use_count; i++) {
        struct carried_use *found = &carried->uses[i];
        if (found->perk == use->perk && found->day == use->day && found->this_card == this_card) {
            return found;
        }
    }
    struct carried_use *added = &carried->uses[carried->use_count++];
    *added = (struct carried_use){.perk = use->perk, .day = use->day, .this_card = this_card};
    return added;
}

static enum status carry_uses(const struct account *account, struct arena *arena,
                              struct carried *carried)
{
    carried->uses = arena_alloc_array(arena, account->perk_uses.count, sizeof *carried->uses);
    if (carried->uses == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t i = 0; i < account->perk_uses.count; i++) {
        const struct perk_use *use = &account->perk_uses.items[i];
        struct carried_use *sum = use_of(carried, use, use->card >= account->cards.count);
        sum->count = (uint32_t)((int64_t)sum->count + use->count); // a reversal follows its use
    }
    size_t kept = 0;
    for (size_t i = 0; i < carried->use_count; i++) {
        if (carried->uses[i].count > 0) {
            carried->uses[kept++] = carried->uses[i];
        }
    }
    carried->use_count = kept;
    return STATUS_OK;
}

static enum status carry(const struct account *account, struct arena *arena,
                         struct carried *carried)
{
    const struct card *card = account_card(account);
    *carried = (struct carried){
        .tier = card->tier,
        .card_from_ms = card->from_ms,
        .card_until_ms = card->until_ms,
        .suspended = account_status(account) == MEMBER_SUSPENDED,
    };
    TRY(carry_points(account, arena, carried));
    TRY(carry_scores(account, arena, carried));
    return carry_uses(account, arena, carried);
}

// --- the member who is given up ---

enum status decide_merge(const struct decide *decide, const struct merge_command *command,
                         struct decision *ret_decision)
{
    const struct account *account = decide->account;
    const struct program_version *version;
    TRY(decide_open(decide, &version, ret_decision));
    if (version == NULL) {
        return STATUS_OK;
    }
    if (span_is_text(command->into, account->id)) {
        return decide_refuse(ret_decision, REFUSAL_SAME_MEMBER, "into", 0, 0);
    }
    if (command->into_says != REFUSAL_NONE) {
        return decide_refuse(ret_decision, command->into_says, "into", 0, 0);
    }
    if (account->holds.count > 0) {
        return decide_refuse(ret_decision, REFUSAL_HOLDS_OPEN, "member", 0, account->held_points);
    }
    if (account_unfinished(account)) {
        return decide_refuse(ret_decision, REFUSAL_UNFINISHED, "member", 0, 0);
    }
    struct record record;
    TRY(decide_begin(decide, RECORD_MERGED, &record));
    record.merged.into = command->into;
    record.merged.reason = command->reason;
    TRY(carry(account, decide->arena, &record.merged.carried));
    return decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision);
}

// --- the member who takes it ---

// A contribution that a partner reported for both is one, and counts once: as the taker has it.
static bool is_had(const struct account *account, const struct carried_score *score)
{
    const struct reported *had = score->named ? account_reported(account, score->key) : NULL;
    return had != NULL && had->score > 0 && had->until_ms > account->now_ms;
}

// What of the score still counts, from now on at the earliest.
static enum status take_scores(const struct decide *decide, const struct carried *from,
                               struct carried *carried, struct opening_score **ret_scores)
{
    carried->scores = arena_alloc_array(decide->arena, from->score_count, sizeof *carried->scores);
    struct opening_score *scores =
        arena_alloc_array(decide->arena, from->score_count, sizeof *scores);
    if (carried->scores == NULL || scores == NULL) {
        return STATUS_NO_MEMORY;
    }
    int64_t now_ms = decide->account->now_ms;
    carried->score_count = 0;
    for (size_t i = 0; i < from->score_count; i++) {
        struct carried_score score = from->scores[i];
        score.from_ms = score.from_ms > now_ms ? score.from_ms : now_ms;
        int64_t left = score.score < 0 && score.until_ms > now_ms
                           ? account_score_left_of_all(decide->account, score.until_ms)
                           : 0;
        score.score = score.score < -left ? -left : score.score; // the rest was taken by hand
        if (score.until_ms > score.from_ms && score.score != 0 &&
            !is_had(decide->account, &score)) {
            scores[carried->score_count] = (struct opening_score){
                .from_ms = score.from_ms, .until_ms = score.until_ms, .score = score.score};
            carried->scores[carried->score_count++] = score;
        }
    }
    *ret_scores = scores;
    return STATUS_OK;
}

static enum status take_uses(const struct decide *decide, const struct absorb_command *command,
                             struct record *record)
{
    struct carried *carried = &record->absorbed.carried;
    carried->uses = arena_alloc_array(decide->arena, carried->use_count, sizeof *carried->uses);
    if (carried->uses == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < carried->use_count; i++) {
        carried->uses[i] = command->carried->uses[i];
        TRY(ledger_intern(decide->account, decide->arena, record, command->perks[i],
                          &carried->uses[i].perk));
    }
    return ledger_intern(decide->account, decide->arena, record, command->tier, &carried->tier);
}

static bool fits(const struct account *account, const struct carried *carried)
{
    size_t lots = account->lots.count + account->pending.count + account->held_lots.count +
                  carried->lot_count + carried->pending_count;
    int64_t points = lot_moves_points(carried->lots, carried->lot_count) - carried->deficit;
    int64_t score = 0;
    for (size_t i = 0; i < carried->pending_count; i++) {
        points += carried->pending[i].points;
    }
    for (size_t i = 0; i < carried->score_count; i++) {
        score += carried->scores[i].score;
    }
    return lots <= LIMIT_LOTS && decide_in_bounds(account, points, score) &&
           account->perk_uses.count + carried->use_count <= LIMIT_PERK_USES &&
           account->reported.count + carried->score_count <= LIMIT_REPORTED;
}

// Where a deficit may not stand, what cannot be paid is forgiven.
static void forgive(const struct account *account, bool clamp, struct record *record)
{
    struct record_absorbed *absorbed = &record->absorbed;
    int64_t spendable = account->balance + account->deficit;
    int64_t owed = absorbed->carried.deficit - spendable;
    absorbed->forgiven = clamp && owed > 0 ? owed : 0;
}

// The higher card, by the version in force, as it is; then what the score brings.
static enum status take_card(const struct decide *decide, const struct absorb_command *command,
                             const struct opening_score *scores, struct record *record)
{
    const struct account *account = decide->account;
    const struct program_set *programs = decide->writer->programs;
    const struct program_version *version = program_set_at(programs, record->at_ms);
    CHECK(version != NULL);
    struct held_card held = advance_card(account, account_card(account));
    const struct carried *carried = &record->absorbed.carried;
    struct held_card theirs = {.tier = command->tier,
                               .from_ms = carried->card_from_ms,
                               .until_ms = carried->card_until_ms};
    theirs.from_ms = theirs.from_ms < record->at_ms ? theirs.from_ms : record->at_ms;
    if (theirs.until_ms > record->at_ms &&
        advance_takes_place(version->program, advance_latest(programs), &held, &theirs)) {
        TRY(decide_give(decide, record, &theirs, CARD_MERGED));
        held = theirs;
    }
    return decide_cards(decide, scores, carried->score_count, &held, record);
}

static enum status refuse_to_absorb(const struct decide *decide, enum refusal_reason reason,
                                    struct decision *ret_decision)
{
    struct refusal refusal = {.reason = reason, .field = "into"};
    return decide_refuse_recorded(decide, RECORD_ABSORBED, &refusal, ret_decision);
}

enum status decide_absorb(const struct decide *decide, const struct absorb_command *command,
                          struct decision *ret_decision)
{
    struct account *account = decide->account;
    const struct program_version *version;
    *ret_decision = (struct decision){.outcome = OUTCOME_NOTHING};
    if (account->cards.count == 0) {
        return STATUS_OK;
    }
    TRY(decide_open_for(decide, DECIDE_ADVICE, &version, ret_decision));
    if (version == NULL) {
        ret_decision->outcome = OUTCOME_NOTHING; // nothing is known for good without rules
        return STATUS_OK;
    }
    enum refusal_reason reason = decide_may(account, DECIDE_LIVING);
    if (reason != REFUSAL_NONE || span_is_text(command->from, account->id)) {
        reason = reason == REFUSAL_NONE ? REFUSAL_SAME_MEMBER : reason;
        return refuse_to_absorb(decide, reason, ret_decision);
    }
    struct record record;
    struct opening_score *scores;
    TRY(decide_begin(decide, RECORD_ABSORBED, &record));
    record.absorbed.from = command->from;
    record.absorbed.carried = *command->carried;
    TRY(take_scores(decide, command->carried, &record.absorbed.carried, &scores));
    if (!fits(account, &record.absorbed.carried)) {
        return refuse_to_absorb(decide, REFUSAL_ACCOUNT_FULL, ret_decision);
    }
    forgive(account, version->program->clamp_negative, &record);
    TRY(take_uses(decide, command, &record));
    TRY(take_card(decide, command, scores, &record));
    return decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision);
}
