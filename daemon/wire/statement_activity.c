// Records as lines of a statement.
#include "wire/commands.h"
#include "wire/message.h"
#include "wire/statement.h"
#include "wire/uuid.h"

static Loyalty__V1__ActivityKind kind_of(enum record_type type)
{
    static const Loyalty__V1__ActivityKind kinds[] = {
        [RECORD_OPENED] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_ENROLLED,
        [RECORD_AWARDED] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_AWARDED,
        [RECORD_REDEEMED] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_REDEEMED,
        [RECORD_REFUSED] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_REFUSED,
        [RECORD_BOUNDARY] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_TIME_PASSED,
        [RECORD_OPENING] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_OPENING_BALANCE,
        [RECORD_BOUND] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_IDENTIFIER_BOUND,
        [RECORD_SNAPSHOT] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_COMPACTED,
        [RECORD_HELD] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_RESERVED,
        [RECORD_CAPTURED] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_CAPTURED,
        [RECORD_RELEASED] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_RELEASED,
        [RECORD_LAPSED] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_LAPSED,
        [RECORD_PERK_USED] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_PERK_USED,
        [RECORD_PERK_REVERSED] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_PERK_REVERSED,
        [RECORD_CONTRIBUTED] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_CONTRIBUTED,
        [RECORD_CONTRIBUTION_REDUCED] =
            LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_CONTRIBUTION_REDUCED,
        [RECORD_NOTICED] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_NOTICED,
        [RECORD_STATUS_CHANGED] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_STATUS_CHANGED,
        [RECORD_IDENTIFIERS_CHANGED] =
            LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_IDENTIFIERS_CHANGED,
        [RECORD_DONE] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_SETTLED,
        [RECORD_MERGED] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_MERGED,
        [RECORD_ABSORBED] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_ABSORBED,
        [RECORD_BONUS] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_BONUS,
        [RECORD_REFERRED] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_REFERRED,
        [RECORD_POOL_MEMBER] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_POOL_CHANGED,
        [RECORD_POOL_SPENT] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_POOL_SPENT,
        [RECORD_ADJUSTED] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_ADJUSTED,
        [RECORD_CARD_GRANTED] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_TIER_GRANTED,
        [RECORD_CARD_REVOKED] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_TIER_REVOKED,
        [RECORD_REVERSED] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_REVERSED,
        [RECORD_TOMBSTONE] = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_TOMBSTONE,
    };
    // UNSPECIFIED: of a kind this contract has no word for
    return (size_t)type < sizeof(kinds) / sizeof(kinds[0]) ? kinds[type] : 0;
}

static int64_t freed_and_ended(const struct points_freed *freed, int64_t at_ms)
{
    return lot_moves_ended(freed->lots, freed->lot_count, at_ms);
}

static int64_t points_reversed(const struct record_reversed *reversed)
{
    switch (reversed->method) {
    case RECORD_AWARDED:
        return -(reversed->points - reversed->expired - reversed->forgiven);
    case RECORD_HELD: // they were the member's all the time
        return -reversed->expired - reversed->forgiven;
    default:
        return reversed->points - reversed->expired - reversed->forgiven;
    }
}

static int64_t points_carried(const struct carried *carried)
{
    int64_t points = lot_moves_points(carried->lots, carried->lot_count) - carried->deficit;
    for (size_t i = 0; i < carried->pending_count; i++) {
        points += carried->pending[i].points;
    }
    return points;
}

// What had ended when it came over expired at once.
static int64_t points_absorbed(const struct carried *carried, int64_t at_ms)
{
    int64_t points = points_carried(carried);
    points -= lot_moves_ended(carried->lots, carried->lot_count, at_ms);
    for (size_t i = 0; i < carried->pending_count; i++) {
        points -= carried->pending[i].ends_ms <= at_ms ? carried->pending[i].points : 0;
    }
    return points;
}

// The same of what a member does besides buying.
static int64_t points_of_member(const struct record *record)
{
    switch (record->type) {
    case RECORD_STATUS_CHANGED:
        return record->status_changed.forgiven - record->status_changed.forfeited;
    case RECORD_MERGED:
        return -points_carried(&record->merged.carried);
    case RECORD_ABSORBED:
        return points_absorbed(&record->absorbed.carried, record->at_ms) +
               record->absorbed.forgiven;
    case RECORD_BONUS:
        return record->bonus.lot_ends_ms > record->at_ms ? record->bonus.points : 0;
    case RECORD_ADJUSTED:
        return record->adjusted.points;
    default:
        return 0;
    }
}

// What the record changed of spendable, pending and held points together.
static int64_t points_changed(const struct record *record)
{
    switch (record->type) {
    case RECORD_AWARDED:
        // Points that had ended when the sale arrived were earned and expired at once: no change.
        return record->awarded.lot_ends_ms > record->at_ms ? record->awarded.points : 0;
    case RECORD_REDEEMED:
        return -record->redeemed.points;
    case RECORD_CAPTURED:
        return -record->captured.taken.points -
               freed_and_ended(&record->captured.freed, record->at_ms);
    case RECORD_RELEASED:
        return -freed_and_ended(&record->released.freed, record->at_ms);
    case RECORD_LAPSED:
        return -freed_and_ended(&record->lapsed.freed, record->at_ms);
    case RECORD_REVERSED:
        return points_reversed(&record->reversed);
    case RECORD_BOUNDARY:
        return -lot_moves_points(record->boundary.expired, record->boundary.expired_count);
    case RECORD_OPENING:
        return lot_moves_points(record->opening.lots, record->opening.lot_count);
    default:
        return points_of_member(record);
    }
}

static int64_t score_carried(const struct carried *carried)
{
    int64_t score = 0;
    for (size_t i = 0; i < carried->score_count; i++) {
        score += carried->scores[i].score;
    }
    return score;
}

static int64_t score_changed(const struct record *record)
{
    int64_t score = 0;
    switch (record->type) {
    case RECORD_AWARDED:
        return record->awarded.score;
    case RECORD_REVERSED:
        return -record->reversed.sale.score;
    case RECORD_OPENING:
        for (size_t i = 0; i < record->opening.score_count; i++) {
            score += record->opening.scores[i].score;
        }
        return score;
    case RECORD_CONTRIBUTED:
        return record->contributed.score;
    case RECORD_CONTRIBUTION_REDUCED:
        return -record->contribution_reduced.score;
    case RECORD_MERGED:
        return -score_carried(&record->merged.carried);
    case RECORD_ABSORBED:
        return score_carried(&record->absorbed.carried);
    case RECORD_ADJUSTED:
        return record->adjusted.score;
    default:
        return 0;
    }
}

const struct lot_move *statement_lots(const struct record *record, size_t *ret_count)
{
    switch (record->type) {
    case RECORD_REDEEMED:
        *ret_count = record->redeemed.lot_count;
        return record->redeemed.lots;
    case RECORD_HELD:
        *ret_count = record->held.taken.lot_count;
        return record->held.taken.lots;
    case RECORD_CAPTURED:
        *ret_count = record->captured.taken.lot_count;
        return record->captured.taken.lots;
    case RECORD_RELEASED:
        *ret_count = record->released.freed.lot_count;
        return record->released.freed.lots;
    case RECORD_LAPSED:
        *ret_count = record->lapsed.freed.lot_count;
        return record->lapsed.freed.lots;
    case RECORD_REVERSED:
        *ret_count = record->reversed.lot_count;
        return record->reversed.lots;
    case RECORD_BOUNDARY:
        *ret_count = record->boundary.expired_count;
        return record->boundary.expired;
    case RECORD_OPENING:
        *ret_count = record->opening.lot_count;
        return record->opening.lots;
    case RECORD_MERGED:
        *ret_count = record->merged.carried.lot_count;
        return record->merged.carried.lots;
    case RECORD_ABSORBED:
        *ret_count = record->absorbed.carried.lot_count;
        return record->absorbed.carried.lots;
    case RECORD_ADJUSTED:
        *ret_count = record->adjusted.lot_count;
        return record->adjusted.lots;
    default:
        *ret_count = 0;
        return NULL;
    }
}

static enum status fill_lots(const struct replies *replies, const struct record *record,
                             Loyalty__V1__Activity *activity)
{
    const struct record_awarded *awarded = &record->awarded;
    struct lot_move own = {0};
    size_t count = 0;
    const struct lot_move *lots = statement_lots(record, &count);
    if (record->type == RECORD_AWARDED) {
        own = (struct lot_move){.ends_ms = awarded->lot_ends_ms, .points = awarded->points};
    } else if (record->type == RECORD_BONUS) {
        own =
            (struct lot_move){.ends_ms = record->bonus.lot_ends_ms, .points = record->bonus.points};
    } else if (record->type == RECORD_ADJUSTED) {
        own = (struct lot_move){.ends_ms = record->adjusted.lot_ends_ms,
                                .points = record->adjusted.points};
    }
    if (own.points > 0) {
        lots = &own;
        count = 1;
    }
    return replies_lots(replies->arena, lots, count, &activity->n_lots, &activity->lots);
}

static enum status fill_reason(const struct replies *replies, const struct record *record,
                               Loyalty__V1__Activity *activity)
{
    struct span reason = {0};
    switch (record->type) {
    case RECORD_REFUSED:
        reason = span_of_text(refusal_describe(record->refused.reason)->name);
        break;
    case RECORD_BOUND:
        reason = span_of_text(record->bound.lost ? refusal_describe(REFUSAL_IDENTIFIER_TAKEN)->name
                                                 : "");
        break;
    case RECORD_REVERSED:
        reason = record->reversed.advice.reason;
        break;
    case RECORD_TOMBSTONE:
        reason = record->tombstone.advice.reason;
        break;
    case RECORD_PERK_REVERSED:
        reason = record->perk_reversed.reason;
        break;
    case RECORD_STATUS_CHANGED:
        reason = record->status_changed.reason;
        break;
    case RECORD_IDENTIFIERS_CHANGED:
        reason = record->identifiers_changed.reason;
        break;
    case RECORD_MERGED:
        reason = record->merged.reason;
        break;
    case RECORD_ADJUSTED:
        reason = record->adjusted.reason;
        break;
    case RECORD_CARD_GRANTED:
        reason = record->granted.reason;
        break;
    case RECORD_CARD_REVOKED:
        reason = record->revoked.reason;
        break;
    default:
        return STATUS_OK;
    }
    return replies_text(replies->arena, reason, &activity->reason);
}

static enum status fill_uuid(struct arena *arena, const uint8_t *id, char **ret_text)
{
    char text[UUID_TEXT_BYTES + 1];
    uuid_format(id, text);
    return replies_text(arena, span_of_text(text), ret_text);
}

// A client's ids alone: those the service derives mean nothing outside.
static enum status fill_request_id(struct arena *arena, const struct mark *mark,
                                   Loyalty__V1__Activity *activity)
{
    if (!mark->present || mark->system) {
        return STATUS_OK;
    }
    return fill_uuid(arena, mark->id, &activity->request_id);
}

// The request that this record follows from.
static enum status fill_related(struct arena *arena, const struct record *record,
                                Loyalty__V1__Activity *activity)
{
    const uint8_t *id = NULL;
    switch (record->type) {
    case RECORD_AWARDED:
        id = record->awarded.exchanged ? record->awarded.exchange_of : NULL;
        break;
    case RECORD_CAPTURED:
        id = record->captured.reservation;
        break;
    case RECORD_RELEASED:
        id = record->released.reservation;
        break;
    case RECORD_LAPSED:
        id = record->lapsed.reservation;
        break;
    case RECORD_REVERSED:
        id = record->reversed.advice.original;
        break;
    case RECORD_TOMBSTONE:
        id = record->tombstone.advice.original;
        break;
    case RECORD_PERK_REVERSED:
        id = record->perk_reversed.original;
        break;
    default:
        break;
    }
    return id == NULL ? STATUS_OK : fill_uuid(arena, id, &activity->related_request_id);
}

// An actor is role and unit, "pos/store-0007/till-02"; the role stands in where there is no unit.
static struct span unit_of_actor(struct span actor)
{
    const uint8_t *slash = actor.len == 0 ? NULL : memchr(actor.data, '/', actor.len);
    return slash == NULL ? actor : span_from(actor, (size_t)(slash - actor.data) + 1);
}

// The other account of what concerns two.
static struct span other_member(const struct record *record)
{
    switch (record->type) {
    case RECORD_MERGED:
        return record->merged.into;
    case RECORD_ABSORBED:
        return record->absorbed.from;
    case RECORD_BONUS:
        return record->bonus.other;
    case RECORD_REFERRED:
        return record->referred.by;
    case RECORD_POOL_MEMBER:
        return record->pool_member.member_id;
    case RECORD_POOL_SPENT:
        return record->pool_spent.member_id;
    default:
        return (struct span){0};
    }
}

static uint32_t perk_of(const struct record *record)
{
    switch (record->type) {
    case RECORD_PERK_USED:
        return record->perk_used.perk;
    case RECORD_PERK_REVERSED:
        return record->perk_reversed.perk;
    default:
        return 0;
    }
}

static Loyalty__V1__MemberStatus status_of(const struct record *record)
{
    if (record->type == RECORD_MERGED) {
        return LOYALTY__V1__MEMBER_STATUS__MEMBER_STATUS_MERGED;
    }
    return record->type == RECORD_STATUS_CHANGED
               ? (Loyalty__V1__MemberStatus)record->status_changed.status
               : LOYALTY__V1__MEMBER_STATUS__MEMBER_STATUS_UNSPECIFIED;
}

static enum status fill_parts(const struct replies *replies, const struct record *record,
                              Loyalty__V1__Activity *activity)
{
    struct span actor = replies_name(replies, record, record->actor);
    TRY(replies_text(replies->arena, unit_of_actor(actor), &activity->unit));
    TRY(replies_instant(replies->arena, record->at_ms, &activity->at));
    TRY(fill_request_id(replies->arena, &record->mark, activity));
    TRY(fill_related(replies->arena, record, activity));
    if (record->type == RECORD_AWARDED) {
        TRY(replies_instant(replies->arena, record->awarded.occurred_ms, &activity->occurred_at));
        TRY(replies_by_rule(replies, record, &activity->n_by_rule, &activity->by_rule));
    }
    activity->new_status = status_of(record);
    TRY(replies_text(replies->arena, other_member(record), &activity->other_member_id));
    TRY(replies_text(replies->arena, replies_name(replies, record, perk_of(record)),
                     &activity->perk_id));
    TRY(fill_lots(replies, record, activity));
    TRY(fill_reason(replies, record, activity));
    return record->card_count == 0
               ? STATUS_OK
               : replies_card(replies, record, &record->cards[record->card_count - 1],
                              &activity->new_card);
}

enum status statement_activity(const struct replies *replies, const struct record *record,
                               uint64_t seq, bool unwritten, Loyalty__V1__Activity **ret_activity)
{
    Loyalty__V1__Activity *activity =
        (Loyalty__V1__Activity *)message_new(&loyalty__v1__activity__descriptor, replies->arena);
    if (activity == NULL) {
        return STATUS_NO_MEMORY;
    }
    activity->seq = seq;
    activity->unwritten = unwritten;
    activity->kind = kind_of(record->type);
    activity->points = points_changed(record);
    activity->score = score_changed(record);
    TRY(fill_parts(replies, record, activity));
    *ret_activity = activity;
    return STATUS_OK;
}
