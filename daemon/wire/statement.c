// Where a member stands, and records as lines of a statement.
#include "wire/statement.h"

#include "core/advance.h"
#include "core/ledger.h"
#include "wire/commands.h"
#include "wire/message.h"
#include "wire/uuid.h"

enum status statement_standing(struct arena *arena, const struct account *account,
                               const struct program_set *programs,
                               Loyalty__V1__Standing **ret_standing)
{
    struct ledger_standing place;
    TRY(ledger_standing(account, programs, &place));
    Loyalty__V1__Standing *standing =
        (Loyalty__V1__Standing *)message_new(&loyalty__v1__standing__descriptor, arena);
    if (standing == NULL) {
        return STATUS_NO_MEMORY;
    }
    standing->balance = account->balance;
    standing->pending = account->pending_points;
    standing->held = account->held_points;
    standing->score = account->score;
    standing->missing_to_next = place.missing;
    TRY(replies_text(arena, place.tier, &standing->tier_id));
    TRY(replies_text(arena, place.next_tier, &standing->next_tier_id));
    *ret_standing = standing;
    return STATUS_OK;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

// What time will write, and what it changes without a word: pending points, score.
static int64_t next_change(const struct account *account, const struct program_set *programs)
{
    int64_t at_ms = advance_due(account, programs);
    if (account->pending.count > 0) {
        at_ms = earlier(at_ms, account->pending.items[0].spendable_ms);
    }
    if (account->steps.count > 0) {
        at_ms = earlier(at_ms, account->steps.items[0].at_ms);
    }
    return at_ms;
}

static enum status fill_lots(struct arena *arena, const struct account *account,
                             Loyalty__V1__GetMemberResponse *response)
{
    uint32_t count = account->lots.count;
    count = count < LIMIT_LOTS_SHOWN ? count : LIMIT_LOTS_SHOWN;
    response->lots = arena_alloc_array(arena, count, sizeof(Loyalty__V1__Lot *));
    if (response->lots == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct lot *lot = &account->lots.items[i];
        TRY(replies_lot(arena, lot->points, lot->ends_ms, &response->lots[i]));
    }
    response->n_lots = count;
    return STATUS_OK;
}

enum status statement_member(struct arena *arena, const struct account *account,
                             const struct program_set *programs, uint64_t written_seq,
                             Loyalty__V1__GetMemberResponse **ret_response)
{
    const struct program_version *version = program_set_at(programs, account->now_ms);
    if (version == NULL) {
        return STATUS_NOT_FOUND;
    }
    Loyalty__V1__GetMemberResponse *response = (Loyalty__V1__GetMemberResponse *)message_new(
        &loyalty__v1__get_member_response__descriptor, arena);
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct replies replies = replies_of_account(account, arena);
    response->seq = written_seq;
    response->program_version = version->number;
    TRY(replies_text(arena, replies.member_id, &response->member_id));
    TRY(replies_instant(arena, account->now_ms, &response->as_of));
    TRY(replies_instant(arena, account->enrolled_ms, &response->enrolled_at));
    TRY(statement_standing(arena, account, programs, &response->standing));
    TRY(replies_card(&replies, NULL, account_card(account), &response->card));
    TRY(fill_lots(arena, account, response));
    TRY(replies_instant(arena, next_change(account, programs), &response->next_change_at));
    *ret_response = response;
    return STATUS_OK;
}

static int64_t sum_moves(const struct lot_move *moves, size_t count)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += moves[i].points;
    }
    return sum;
}

static enum status fill_awarded(const struct replies *replies, const struct record *record,
                                Loyalty__V1__Activity *activity)
{
    const struct record_awarded *awarded = &record->awarded;
    struct lot_move lot = {.ends_ms = awarded->lot_ends_ms, .points = awarded->points};
    activity->kind = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_AWARDED;
    activity->score = awarded->score;
    // Points that had ended when the sale arrived were earned and expired at once: no change.
    activity->points = awarded->lot_ends_ms > record->at_ms ? awarded->points : 0;
    TRY(replies_instant(replies->arena, awarded->occurred_ms, &activity->occurred_at));
    TRY(replies_by_rule(replies, record, &activity->n_by_rule, &activity->by_rule));
    return replies_lots(replies->arena, &lot, awarded->points > 0 ? 1 : 0, &activity->n_lots,
                        &activity->lots);
}

static enum status fill_redeemed(const struct replies *replies, const struct record *record,
                                 Loyalty__V1__Activity *activity)
{
    activity->kind = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_REDEEMED;
    activity->points = -record->redeemed.points;
    return replies_lots(replies->arena, record->redeemed.lots, record->redeemed.lot_count,
                        &activity->n_lots, &activity->lots);
}

static enum status fill_boundary(const struct replies *replies, const struct record *record,
                                 Loyalty__V1__Activity *activity)
{
    const struct record_boundary *boundary = &record->boundary;
    activity->kind = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_TIME_PASSED;
    activity->points = -sum_moves(boundary->expired, boundary->expired_count);
    return replies_lots(replies->arena, boundary->expired, boundary->expired_count,
                        &activity->n_lots, &activity->lots);
}

static enum status fill_opening(const struct replies *replies, const struct record *record,
                                Loyalty__V1__Activity *activity)
{
    const struct record_opening *opening = &record->opening;
    activity->kind = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_OPENING_BALANCE;
    activity->points = sum_moves(opening->lots, opening->lot_count);
    for (size_t i = 0; i < opening->score_count; i++) {
        activity->score += opening->scores[i].score;
    }
    return replies_lots(replies->arena, opening->lots, opening->lot_count, &activity->n_lots,
                        &activity->lots);
}

static enum status fill_reason(struct arena *arena, uint32_t reason,
                               Loyalty__V1__Activity *activity)
{
    return replies_text(arena, span_of_text(refusal_describe(reason)->name), &activity->reason);
}

static enum status fill_kind(const struct replies *replies, const struct record *record,
                             Loyalty__V1__Activity *activity)
{
    switch (record->type) {
    case RECORD_OPENED:
        activity->kind = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_ENROLLED;
        return STATUS_OK;
    case RECORD_AWARDED:
        return fill_awarded(replies, record, activity);
    case RECORD_REDEEMED:
        return fill_redeemed(replies, record, activity);
    case RECORD_REFUSED:
        activity->kind = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_REFUSED;
        return fill_reason(replies->arena, record->refused.reason, activity);
    case RECORD_BOUNDARY:
        return fill_boundary(replies, record, activity);
    case RECORD_OPENING:
        return fill_opening(replies, record, activity);
    case RECORD_BOUND:
        activity->kind = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_IDENTIFIER_BOUND;
        return record->bound.lost ? fill_reason(replies->arena, REFUSAL_IDENTIFIER_TAKEN, activity)
                                  : STATUS_OK;
    case RECORD_SNAPSHOT:
        activity->kind = LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_COMPACTED;
        return STATUS_OK;
    default:
        return STATUS_OK; // of a kind this contract has no word for
    }
}

// A client's ids alone: those the service derives mean nothing outside.
static enum status fill_request_id(struct arena *arena, const struct mark *mark,
                                   Loyalty__V1__Activity *activity)
{
    if (!mark->present || mark->system) {
        return STATUS_OK;
    }
    char text[UUID_TEXT_BYTES + 1];
    uuid_format(mark->id, text);
    return replies_text(arena, span_of_text(text), &activity->request_id);
}

// An actor is role and unit, "pos/store-0007/till-02"; the role stands in where there is no unit.
static struct span unit_of_actor(struct span actor)
{
    const uint8_t *slash = actor.len == 0 ? NULL : memchr(actor.data, '/', actor.len);
    return slash == NULL ? actor : span_from(actor, (size_t)(slash - actor.data) + 1);
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
    struct span actor = replies_name(replies, record, record->actor);
    TRY(replies_text(replies->arena, unit_of_actor(actor), &activity->unit));
    TRY(replies_instant(replies->arena, record->at_ms, &activity->at));
    TRY(fill_request_id(replies->arena, &record->mark, activity));
    TRY(fill_kind(replies, record, activity));
    if (record->card_count > 0) {
        TRY(replies_card(replies, record, &record->cards[record->card_count - 1],
                         &activity->new_card));
    }
    *ret_activity = activity;
    return STATUS_OK;
}

enum status statement_page(struct arena *arena, Loyalty__V1__Activity **activities, size_t count,
                           bool more, Loyalty__V1__ListActivityResponse **ret_response)
{
    Loyalty__V1__ListActivityResponse *response = (Loyalty__V1__ListActivityResponse *)message_new(
        &loyalty__v1__list_activity_response__descriptor, arena);
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    response->activities = activities;
    response->n_activities = count;
    if (more && count > 0) {
        response->next_page_token = commands_page_token(arena, activities[count - 1]->seq);
        if (response->next_page_token == NULL) {
            return STATUS_NO_MEMORY;
        }
    }
    *ret_response = response;
    return STATUS_OK;
}
