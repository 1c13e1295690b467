// What the decisions share.
#include "core/decide_parts.h"

#include "base/check.h"

enum status decide_refuse(struct decision *ret_decision, enum refusal_reason reason,
                          const char *field, int64_t asked, int64_t limit)
{
    *ret_decision = (struct decision){
        .outcome = OUTCOME_REFUSED,
        .refusal = {.reason = reason, .field = field, .asked = asked, .limit = limit},
    };
    return STATUS_OK;
}

enum status decide_refuse_recorded(const struct decide *decide, enum record_type method,
                                   const struct refusal *refusal, struct decision *ret_decision)
{
    struct record record;
    TRY(decide_begin(decide, RECORD_REFUSED, &record));
    record.refused = (struct record_refused){.method = (uint32_t)method,
                                             .reason = (uint32_t)refusal->reason,
                                             .asked = refusal->asked,
                                             .limit = refusal->limit};
    TRY(decide_emit(decide, &record, OUTCOME_REFUSED_RECORDED, ret_decision));
    ret_decision->refusal = *refusal;
    return STATUS_OK;
}

enum refusal_reason decide_may(const struct account *account, enum decide_act act)
{
    enum member_status status = account_status(account);
    if (status == MEMBER_ACTIVE || act == DECIDE_ADVICE) {
        return REFUSAL_NONE;
    }
    if (status == MEMBER_SUSPENDED) {
        return act == DECIDE_ACTIVE ? REFUSAL_NOT_ACTIVE : REFUSAL_NONE;
    }
    return status == MEMBER_MERGED ? REFUSAL_MERGED : REFUSAL_CLOSED;
}

enum status decide_open_for(const struct decide *decide, enum decide_act act,
                            const struct program_version **ret_version,
                            struct decision *ret_decision)
{
    *ret_version = NULL;
    if (decide->account->kind != ACCOUNT_MEMBER) {
        return decide_refuse(ret_decision, REFUSAL_UNKNOWN_MEMBER, "member", 0, 0);
    }
    return decide_open_any(decide, act, ret_version, ret_decision);
}

enum status decide_open_any(const struct decide *decide, enum decide_act act,
                            const struct program_version **ret_version,
                            struct decision *ret_decision)
{
    *ret_version = NULL;
    if (!decide_is_meant(decide->account)) {
        return decide_refuse(ret_decision, REFUSAL_UNKNOWN_MEMBER, "member", 0, 0);
    }
    enum refusal_reason reason = decide_may(decide->account, act);
    if (reason != REFUSAL_NONE) {
        return decide_refuse(ret_decision, reason, "member", 0, 0);
    }
    TRY(advance(decide->account, decide->writer, decide->arena, decide_now(decide)));
    *ret_version = program_set_at(decide->writer->programs, decide->account->now_ms);
    return *ret_version != NULL ? STATUS_OK
                                : decide_refuse(ret_decision, REFUSAL_NO_PROGRAM, "", 0, 0);
}

enum status decide_open(const struct decide *decide, const struct program_version **ret_version,
                        struct decision *ret_decision)
{
    return decide_open_for(decide, DECIDE_LIVING, ret_version, ret_decision);
}

bool decide_is_meant(const struct account *account)
{
    return account->kind == ACCOUNT_MEMBER || account->kind == ACCOUNT_POOL;
}

int64_t decide_now(const struct decide *decide)
{
    int64_t account_now_ms = decide->account->now_ms;
    return decide->now_ms > account_now_ms ? decide->now_ms : account_now_ms;
}

enum status decide_begin(const struct decide *decide, enum record_type type,
                         struct record *ret_record)
{
    *ret_record = (struct record){
        .type = type, .at_ms = decide_now(decide), .mark = decide->mark, .has_figures = true};
    return ledger_intern(decide->account, decide->arena, ret_record, decide->actor,
                         &ret_record->actor);
}

enum status decide_begin_plain(const struct decide *decide, enum record_type type,
                               struct record *ret_record)
{
    TRY(decide_begin(decide, type, ret_record));
    ret_record->has_figures = false;
    return STATUS_OK;
}

enum status decide_open_list(const struct decide *decide, enum account_kind kind, struct span id,
                             uint32_t partition)
{
    struct record record;
    struct decision decision;
    const struct program_version *version =
        program_set_at(decide->writer->programs, decide->now_ms);
    if (version == NULL) {
        return STATUS_NOT_FOUND;
    }
    TRY(decide_begin_plain(decide, RECORD_OPENED, &record));
    record.mark.present = false;
    record.opened = (struct record_opened){.kind = kind, .partition = partition, .id = id};
    TRY(ledger_intern(decide->account, decide->arena, &record, version->program->id,
                      &record.opened.program));
    TRY(ledger_intern(decide->account, decide->arena, &record, version->program->currency,
                      &record.opened.currency));
    return decide_emit(decide, &record, OUTCOME_APPLIED, &decision);
}

enum status decide_unit(const struct decide *decide, struct record *record, struct span unit,
                        uint32_t *ret_ref)
{
    struct span actor = decide->actor;
    if (actor.len > unit.len && actor.data[actor.len - unit.len - 1] == '/' &&
        span_equal(span_from(actor, actor.len - unit.len), unit)) {
        *ret_ref = 0;
        return STATUS_OK;
    }
    return ledger_intern(decide->account, decide->arena, record, unit, ret_ref);
}

enum status decide_emit(const struct decide *decide, struct record *record, enum outcome outcome,
                        struct decision *ret_decision)
{
    TRY(ledger_emit(decide->writer, decide->account, decide->arena, record));
    ret_decision->outcome = outcome;
    ret_decision->refusal = (struct refusal){0};
    ret_decision->record = *record;
    return STATUS_OK;
}

bool decide_in_bounds(const struct account *account, int64_t points, int64_t score)
{
    return account_in_bounds(account, points) &&
           account->score_given + score <= LIMIT_POINTS_A_BALANCE;
}

enum status decide_give(const struct decide *decide, struct record *record,
                        const struct held_card *card, enum card_cause cause)
{
    CHECK(record->card_count < RECORD_CARDS_MAX);
    struct card *given = &record->cards[record->card_count];
    *given = (struct card){.from_ms = card->from_ms, .until_ms = card->until_ms, .cause = cause};
    TRY(ledger_intern(decide->account, decide->arena, record, card->tier, &given->tier));
    record->card_count++;
    return STATUS_OK;
}

static bool began_before(const struct opening_score *scores, size_t count, int64_t now_ms)
{
    for (size_t i = 0; i < count; i++) {
        if (scores[i].from_ms < now_ms) {
            return true;
        }
    }
    return false;
}

static int64_t score_now(const struct opening_score *scores, size_t count, int64_t now_ms)
{
    int64_t score = 0;
    for (size_t i = 0; i < count; i++) {
        score += scores[i].from_ms <= now_ms && now_ms < scores[i].until_ms ? scores[i].score : 0;
    }
    return score;
}

enum status decide_cards(const struct decide *decide, const struct opening_score *scores,
                         size_t score_count, const struct held_card *card, struct record *record)
{
    if (score_count == 0) {
        return STATUS_OK;
    }
    const struct account *account = decide->account;
    const struct program_set *programs = decide->writer->programs;
    const struct program_version *version = program_set_at(programs, record->at_ms);
    CHECK(version != NULL);
    const struct program *latest = advance_latest(programs);
    struct holding holding = advance_holding(account);
    if (card != NULL) {
        advance_hold(&holding, card);
    }
    if (card == NULL && began_before(scores, score_count, record->at_ms)) {
        struct late_score late = {.extra = scores, .extra_count = score_count};
        struct held_card replayed = advance_replay(account, programs, &late);
        if (!replayed.complimentary &&
            advance_takes_place(version->program, latest, &holding.card, &replayed)) {
            TRY(decide_give(decide, record, &replayed, CARD_LATE_SCORE));
            advance_hold(&holding, &replayed);
        }
    }
    int64_t gained = score_now(scores, score_count, record->at_ms);
    struct card_test test = {.at_ms = record->at_ms, .score = account->score + gained};
    if (gained > 0 && advance_raise(version, latest, &test, &holding)) {
        return decide_give(decide, record, &holding.card, CARD_IMMEDIATE);
    }
    return STATUS_OK;
}

enum status decide_take_lots(const struct decide *decide, const struct lot *lots, size_t count,
                             int64_t points, struct record_redeemed *taken)
{
    taken->lots = arena_alloc_array(decide->arena, count, sizeof *taken->lots);
    if (taken->lots == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; points > 0; i++) {
        int64_t part = points < lots[i].points ? points : lots[i].points;
        taken->lots[taken->lot_count++] =
            (struct lot_move){.ends_ms = lots[i].ends_ms, .points = part};
        points -= part;
    }
    return STATUS_OK;
}

struct receipt_ref decide_receipt(const struct receipt_key *receipt)
{
    return (struct receipt_ref){.number = receipt->number, .business_day = receipt->business_day};
}
