// Deciding what an admin does by hand.
#include "core/decide_acts.h"

#include "base/check.h"
#include "core/decide_parts.h"

// Moves the account on and sees that one more obligation has room. NULL when the decision is a
// refusal already.
static enum status open_act(const struct decide *decide, const struct program_version **ret_version,
                            struct decision *ret_decision)
{
    TRY(decide_open(decide, ret_version, ret_decision));
    if (*ret_version != NULL && decide->account->obligations.count >= LIMIT_OBLIGATIONS) {
        *ret_version = NULL;
        return decide_refuse(ret_decision, REFUSAL_UNFINISHED, "member", 0, LIMIT_OBLIGATIONS);
    }
    return STATUS_OK;
}

// --- points ---

static int64_t points_end(const struct program_version *version, int64_t now_ms,
                          const struct adjust_command *command)
{
    int64_t ends_ms = INSTANT_NEVER;
    int64_t spendable_ms;
    if (command->end == ACT_END_AS_EARNED) {
        earn_points_instants(version, now_ms, zone_day(version->zone, now_ms), &ends_ms,
                             &spendable_ms);
    } else if (command->end == ACT_END_ON) {
        ends_ms = zone_day_start(version->zone, command->ends_on);
    }
    return ends_ms;
}

static enum status take_points(const struct decide *decide, const struct adjust_command *command,
                               struct record_adjusted *adjusted)
{
    const struct account *account = decide->account;
    int64_t wanted = -command->points;
    int64_t there = account->balance + account->deficit;
    struct record_redeemed taken = {0};
    adjusted->deficit = wanted > there ? wanted - there : 0;
    TRY(decide_take_lots(decide, account->lots.items, account->lots.count,
                         wanted - adjusted->deficit, &taken));
    adjusted->lots = taken.lots;
    adjusted->lot_count = taken.lot_count;
    return STATUS_OK;
}

static enum status adjust_points(const struct decide *decide, const struct program_version *version,
                                 const struct adjust_command *command, struct record *record,
                                 struct decision *ret_decision)
{
    const struct account *account = decide->account;
    struct record_adjusted *adjusted = &record->adjusted;
    int64_t there = account->balance > 0 ? account->balance : 0;
    if (command->points < 0 && -command->points > there && !command->may_owe) {
        return decide_refuse(ret_decision, REFUSAL_INSUFFICIENT_POINTS, "points", -command->points,
                             account->balance);
    }
    if (!decide_in_bounds(account, command->points, 0) ||
        account->balance + command->points < -LIMIT_POINTS_A_BALANCE) {
        return decide_refuse(ret_decision, REFUSAL_FIGURE_OUT_OF_BOUNDS, "points", command->points,
                             LIMIT_POINTS_A_BALANCE);
    }
    adjusted->points = command->points;
    if (command->points < 0) {
        TRY(take_points(decide, command, adjusted));
        return decide_emit(decide, record, OUTCOME_APPLIED, ret_decision);
    }
    adjusted->lot_ends_ms = points_end(version, record->at_ms, command);
    if (adjusted->lot_ends_ms <= record->at_ms) {
        return decide_refuse(ret_decision, REFUSAL_BAD_INTERVAL, "expires_on", 0, 0);
    }
    return decide_emit(decide, record, OUTCOME_APPLIED, ret_decision);
}

// --- score ---

// What counts now and ends at one instant, of one record.
struct ending {
    int64_t until_ms;
    uint64_t seq;
};

static bool is_before(const struct ending *a, const struct ending *b)
{
    return a->until_ms < b->until_ms || (a->until_ms == b->until_ms && a->seq < b->seq);
}

// On to the next one, by end; false when there is none. A part below 0 that is still to
// begin sets an earlier end.
static bool next_ending(const struct account *account, struct ending *ending)
{
    bool found = false;
    struct ending next = {0};
    for (uint32_t i = 0; i < account->contributions.count; i++) {
        const struct contribution *part = &account->contributions.items[i];
        bool counts = part->score > 0 && part->from_ms <= account->now_ms;
        bool cut = part->score < 0 && part->from_ms > account->now_ms;
        struct ending one = {cut ? part->from_ms : part->until_ms, part->seq};
        if ((counts || cut) && one.until_ms > account->now_ms && is_before(ending, &one) &&
            (!found || is_before(&one, &next))) {
            next = one;
            found = true;
        }
    }
    *ending = next;
    return found;
}

// Whether a part below 0 that is still to begin ends something that counts now.
static bool cuts(const struct account *account, const struct contribution *part)
{
    for (uint32_t i = 0; i < account->contributions.count && part->score < 0; i++) {
        const struct contribution *other = &account->contributions.items[i];
        if (other->seq == part->seq && other->score > 0 && other->from_ms <= account->now_ms &&
            other->until_ms > account->now_ms) {
            return part->from_ms > account->now_ms;
        }
    }
    return false;
}

// How much counts now and ends there.
static int64_t ending_score(const struct account *account, const struct ending *ending)
{
    int64_t score = 0;
    for (uint32_t i = 0; i < account->contributions.count; i++) {
        const struct contribution *part = &account->contributions.items[i];
        if (part->seq != ending->seq) {
            continue;
        }
        bool cut = cuts(account, part);
        bool counts = part->from_ms <= account->now_ms || cut;
        score += counts && part->until_ms == ending->until_ms ? part->score : 0;
        score -= cut && part->from_ms == ending->until_ms ? part->score : 0;
    }
    int64_t left = account_score_left(account, ending->seq, account->now_ms, ending->until_ms);
    return score < left ? score : left;
}

// Says how much of it was found; `room` for that many parts.
static int64_t find_score(const struct account *account, int64_t wanted, size_t room,
                          struct record_adjusted *adjusted)
{
    int64_t left = wanted;
    struct ending ending = {0};
    while (left > 0 && adjusted->score_count < room && next_ending(account, &ending)) {
        int64_t score = ending_score(account, &ending);
        score = score < left ? score : left;
        if (score > 0) {
            adjusted->scores[adjusted->score_count++] = (struct adjusted_score){
                .seq = ending.seq, .until_ms = ending.until_ms, .score = -score};
            left -= score;
        }
    }
    return wanted - left;
}

static enum status take_score(const struct decide *decide, const struct adjust_command *command,
                              struct record *record, struct decision *ret_decision)
{
    const struct account *account = decide->account;
    struct record_adjusted *adjusted = &record->adjusted;
    size_t parts = account->contributions.count;
    size_t room = parts < ADJUSTED_SCORES_MAX ? parts : ADJUSTED_SCORES_MAX;
    adjusted->scores = arena_alloc_array(decide->arena, room, sizeof *adjusted->scores);
    if (adjusted->scores == NULL) {
        return STATUS_NO_MEMORY;
    }
    int64_t wanted = -command->score;
    int64_t found = wanted <= account->score ? find_score(account, wanted, room, adjusted) : 0;
    if (found < wanted) {
        bool many = adjusted->score_count == ADJUSTED_SCORES_MAX;
        return many ? decide_refuse(ret_decision, REFUSAL_FIGURE_OUT_OF_BOUNDS, "score", wanted,
                                    found)
                    : decide_refuse(ret_decision, REFUSAL_REDUCED_TOO_FAR, "score", wanted,
                                    account->score);
    }
    adjusted->score = command->score;
    return decide_emit(decide, record, OUTCOME_APPLIED, ret_decision);
}

static enum status give_score(const struct decide *decide, const struct program_version *version,
                              const struct adjust_command *command, struct record *record,
                              struct decision *ret_decision)
{
    struct opening_score score = {.from_ms = record->at_ms, .score = command->score};
    score.until_ms = command->end == ACT_END_ON
                         ? zone_day_start(version->zone, command->ends_on)
                         : earn_score_end(version, zone_date(version->zone, record->at_ms));
    if (score.until_ms <= record->at_ms) {
        return decide_refuse(ret_decision, REFUSAL_BAD_INTERVAL, "until", 0, 0);
    }
    if (!decide_in_bounds(decide->account, 0, command->score)) {
        return decide_refuse(ret_decision, REFUSAL_FIGURE_OUT_OF_BOUNDS, "score", command->score,
                             LIMIT_POINTS_A_BALANCE);
    }
    struct adjusted_score *part = arena_alloc(decide->arena, sizeof *part);
    if (part == NULL) {
        return STATUS_NO_MEMORY;
    }
    *part = (struct adjusted_score){.until_ms = score.until_ms, .score = score.score};
    record->adjusted.score = command->score;
    record->adjusted.scores = part;
    record->adjusted.score_count = 1;
    TRY(decide_cards(decide, &score, 1, NULL, record));
    return decide_emit(decide, record, OUTCOME_APPLIED, ret_decision);
}

enum status decide_adjust(const struct decide *decide, const struct adjust_command *command,
                          struct decision *ret_decision)
{
    CHECK((command->points == 0) != (command->score == 0));
    CHECK(command->end != ACT_END_NEVER || command->score == 0);
    int64_t figure = command->points != 0 ? command->points : command->score;
    const struct program_version *version;
    TRY(open_act(decide, &version, ret_decision));
    if (version == NULL) {
        return STATUS_OK;
    }
    if (figure > LIMIT_POINTS_A_RECORD || figure < -LIMIT_POINTS_A_RECORD) {
        return decide_refuse(ret_decision, REFUSAL_FIGURE_OUT_OF_BOUNDS,
                             command->points != 0 ? "points" : "score", figure,
                             LIMIT_POINTS_A_RECORD);
    }
    struct record record;
    TRY(decide_begin(decide, RECORD_ADJUSTED, &record));
    record.adjusted.reason_code = command->reason_code;
    record.adjusted.reason = command->reason;
    if (command->points != 0) {
        return adjust_points(decide, version, command, &record, ret_decision);
    }
    return command->score < 0 ? take_score(decide, command, &record, ret_decision)
                              : give_score(decide, version, command, &record, ret_decision);
}

// --- cards ---

static int held_rank(const struct decide *decide, const struct program_version *version)
{
    const struct holding held = advance_holding(decide->account);
    return advance_rank(version->program, advance_latest(decide->writer->programs), held.card.tier);
}

static bool is_within_years(const struct program_version *version, int64_t now_ms,
                            struct civil_date until)
{
    struct civil_date last = civil_add_months(zone_date(version->zone, now_ms), GRANT_MONTHS_MAX);
    return zone_day_start(version->zone, until) > now_ms &&
           civil_to_days(until) <= civil_to_days(last);
}

enum status decide_grant(const struct decide *decide, const struct grant_command *command,
                         struct decision *ret_decision)
{
    const struct program_version *version;
    TRY(open_act(decide, &version, ret_decision));
    if (version == NULL) {
        return STATUS_OK;
    }
    int rank = program_tier_rank(version->program, command->tier);
    if (rank < 0) {
        return decide_refuse(ret_decision, REFUSAL_UNKNOWN_TIER, "tier_id", 0, 0);
    }
    if (!is_within_years(version, decide->account->now_ms, command->until)) {
        return decide_refuse(ret_decision, REFUSAL_BAD_INTERVAL, "until", 0, 0);
    }
    if (rank <= held_rank(decide, version)) {
        return decide_refuse(ret_decision, REFUSAL_TIER_NOT_HIGHER, "tier_id", 0, 0);
    }
    struct record record;
    TRY(decide_begin(decide, RECORD_CARD_GRANTED, &record));
    record.granted =
        (struct record_by_hand){.reason_code = command->reason_code, .reason = command->reason};
    struct held_card card = {.tier = version->program->tiers[rank].id,
                             .from_ms = record.at_ms,
                             .until_ms = zone_day_start(version->zone, command->until)};
    TRY(decide_give(decide, &record, &card, CARD_GRANTED));
    return decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision);
}

enum status decide_revoke(const struct decide *decide, const struct revoke_command *command,
                          struct decision *ret_decision)
{
    const struct program_version *version;
    TRY(open_act(decide, &version, ret_decision));
    if (version == NULL) {
        return STATUS_OK;
    }
    int rank = command->tier.len == 0 ? 0 : program_tier_rank(version->program, command->tier);
    if (rank < 0) {
        return decide_refuse(ret_decision, REFUSAL_UNKNOWN_TIER, "tier_id", 0, 0);
    }
    if (rank >= held_rank(decide, version)) {
        return decide_refuse(ret_decision, REFUSAL_TIER_NOT_LOWER, "tier_id", 0, 0);
    }
    struct record record;
    TRY(decide_begin(decide, RECORD_CARD_REVOKED, &record));
    record.revoked =
        (struct record_by_hand){.reason_code = command->reason_code, .reason = command->reason};
    struct held_card card = advance_new_card(version, rank, record.at_ms);
    TRY(decide_give(decide, &record, &card, CARD_REVOKED));
    return decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision);
}

// --- the audit ---

enum status decide_audited(const struct decide *decide, const struct audited_command *command,
                           struct decision *ret_decision)
{
    const struct account *account = decide->account;
    if (!account_exists(account)) {
        TRY(decide_open_list(decide, ACCOUNT_AUDIT, command->account_id, command->partition));
    }
    if (account->kind != ACCOUNT_AUDIT) {
        return STATUS_CORRUPT;
    }
    struct record record;
    TRY(decide_begin_plain(decide, RECORD_AUDITED, &record));
    record.audited = command->audited;
    return decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision);
}
