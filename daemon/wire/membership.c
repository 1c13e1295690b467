// The life of a membership between the wire and the core.
#include "wire/membership.h"

#include "wire/message.h"
#include "wire/shapes.h"

// --- what is asked ---

#define FAULT_BAD_STATUS "BAD_STATUS"

static enum status read_reason(struct commands *commands, const char *text, struct span *ret_reason)
{
    return commands_text(commands, text, "reason", LIMIT_TEXT_BYTES, ret_reason);
}

enum status membership_read_status(struct commands *commands,
                                   const Loyalty__V1__SetStatusRequest *request,
                                   struct status_command *ret_command)
{
    switch (request->status) {
    case LOYALTY__V1__MEMBER_STATUS__MEMBER_STATUS_ACTIVE:
        ret_command->status = MEMBER_ACTIVE;
        break;
    case LOYALTY__V1__MEMBER_STATUS__MEMBER_STATUS_SUSPENDED:
        ret_command->status = MEMBER_SUSPENDED;
        break;
    case LOYALTY__V1__MEMBER_STATUS__MEMBER_STATUS_CLOSED:
        ret_command->status = MEMBER_CLOSED;
        break;
    default: {
        struct path path = shapes_step(NULL, "status");
        return shapes_fail(commands, FAULT_BAD_STATUS, &path,
                           "The status must be ACTIVE, SUSPENDED or CLOSED; merging and erasing "
                           "are requests of their own.");
    }
    }
    return read_reason(commands, request->reason, &ret_command->reason);
}

enum status membership_read_merge(struct commands *commands,
                                  const Loyalty__V1__MergeRequest *request,
                                  struct merge_command *ret_command)
{
    return read_reason(commands, request->reason, &ret_command->reason);
}

enum status membership_read_erase(struct commands *commands,
                                  const Loyalty__V1__EraseRequest *request,
                                  struct status_command *ret_command)
{
    ret_command->status = MEMBER_ERASED;
    return read_reason(commands, request->reason, &ret_command->reason);
}

// --- what is answered ---

static enum status erased(const struct replies *replies, const struct record *record, uint64_t seq,
                          ProtobufCMessage **ret_response)
{
    Loyalty__V1__EraseResponse *response = (Loyalty__V1__EraseResponse *)message_new(
        &loyalty__v1__erase_response__descriptor, replies->arena);
    struct reply_head head;
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(replies_head(replies, record, &head));
    response->member_id = head.member_id;
    response->recorded_at = head.recorded_at;
    response->seq = seq;
    response->forfeited = record->status_changed.forfeited;
    *ret_response = &response->base;
    return STATUS_OK;
}

enum status membership_status_response(const struct replies *replies, const struct record *record,
                                       uint64_t seq, ProtobufCMessage **ret_response)
{
    const struct record_status_changed *changed = &record->status_changed;
    if (changed->status == MEMBER_ERASED) {
        return erased(replies, record, seq, ret_response);
    }
    Loyalty__V1__SetStatusResponse *response = (Loyalty__V1__SetStatusResponse *)message_new(
        &loyalty__v1__set_status_response__descriptor, replies->arena);
    struct reply_head head;
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(replies_head(replies, record, &head));
    response->member_id = head.member_id;
    response->recorded_at = head.recorded_at;
    response->seq = seq;
    response->status = (Loyalty__V1__MemberStatus)changed->status;
    response->forfeited = changed->forfeited;
    response->forgiven = changed->forgiven;
    *ret_response = &response->base;
    return STATUS_OK;
}

// Score that counted right then.
static int64_t carried_now(const struct record *record)
{
    const struct carried *carried = &record->merged.carried;
    int64_t score = 0;
    for (size_t i = 0; i < carried->score_count; i++) {
        score += carried->scores[i].from_ms <= record->at_ms ? carried->scores[i].score : 0;
    }
    return score;
}

enum status membership_merge_response(const struct replies *replies, const struct record *record,
                                      uint64_t seq, ProtobufCMessage **ret_response)
{
    const struct carried *carried = &record->merged.carried;
    Loyalty__V1__MergeResponse *response = (Loyalty__V1__MergeResponse *)message_new(
        &loyalty__v1__merge_response__descriptor, replies->arena);
    struct reply_head head;
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(replies_head(replies, record, &head));
    TRY(replies_text(replies->arena, record->merged.into, &response->into));
    response->member_id = head.member_id;
    response->recorded_at = head.recorded_at;
    response->seq = seq;
    response->points = lot_moves_points(carried->lots, carried->lot_count) - carried->deficit;
    for (size_t i = 0; i < carried->pending_count; i++) {
        response->points += carried->pending[i].points;
    }
    response->score = carried_now(record);
    *ret_response = &response->base;
    return STATUS_OK;
}
