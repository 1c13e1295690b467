// Acts by hand between the wire and the core. Every one has a reason, by code and in words.
#include "wire/acts.h"

#include <inttypes.h>

#include "wire/message.h"
#include "wire/shapes.h"

#define FAULT_NOT_HERE "NOT_HERE"

// --- what is asked ---

static enum status read_why(struct commands *commands, Loyalty__V1__ActReason code,
                            const char *text, enum act_reason *ret_code, struct span *ret_reason)
{
    struct path code_path = shapes_step(NULL, "reason_code");
    struct path path = shapes_step(NULL, "reason");
    if (code == LOYALTY__V1__ACT_REASON__ACT_REASON_UNSPECIFIED) {
        return shapes_fail(commands, FAULT_MISSING, &code_path,
                           "It is not said for what kind of reason this is done; give a code, such "
                           "as CORRECTION.");
    }
    TRY(shapes_text(commands, text, &path, LIMIT_TEXT_BYTES, ret_reason));
    if (ret_reason->len == 0) {
        return shapes_fail(commands, FAULT_MISSING, &path,
                           "The reason is missing; say in a few words why this is done, without "
                           "anything that names a person.");
    }
    *ret_code = (enum act_reason)code;
    return STATUS_OK;
}

// Either way, but not 0.
static enum status read_figure(struct commands *commands, int64_t figure, const char *field,
                               const char *fault, int64_t *ret_figure)
{
    struct path path = shapes_step(NULL, field);
    if (figure != 0 && figure >= -LIMIT_POINTS_A_RECORD && figure <= LIMIT_POINTS_A_RECORD) {
        *ret_figure = figure;
        return STATUS_OK;
    }
    return shapes_fail(commands, fault, &path,
                       arena_printf(commands->arena,
                                    "%" PRId64 " is nothing to give or take; give a number from 1 "
                                    "to %" PRId64 ", or the same below 0 to take.",
                                    figure, LIMIT_POINTS_A_RECORD));
}

// When that ends which is given; what is taken has no end.
static enum status read_end(struct commands *commands, const char *text, const char *field,
                            bool may_never, struct adjust_command *command)
{
    struct path path = shapes_step(NULL, field);
    command->end = ACT_END_AS_EARNED;
    if (*text == '\0') {
        return STATUS_OK;
    }
    if (command->points < 0 || command->score < 0) {
        return shapes_fail(commands, FAULT_NOT_HERE, &path,
                           "Only what is given has an end; leave this out.");
    }
    if (may_never && span_is_text(span_of_text("never"), text)) {
        command->end = ACT_END_NEVER;
        return STATUS_OK;
    }
    command->end = ACT_END_ON;
    return shapes_date(commands, text, &path, &command->ends_on);
}

enum status acts_read_points(struct commands *commands,
                             const Loyalty__V1__AdjustPointsRequest *request,
                             struct adjust_command *ret_command)
{
    TRY(read_figure(commands, request->points, "points", FAULT_POINTS_OUT_OF_BOUNDS,
                    &ret_command->points));
    TRY(read_end(commands, request->expires_on, "expires_on", true, ret_command));
    ret_command->may_owe = request->may_owe;
    return read_why(commands, request->reason_code, request->reason, &ret_command->reason_code,
                    &ret_command->reason);
}

enum status acts_read_score(struct commands *commands,
                            const Loyalty__V1__AdjustScoreRequest *request,
                            struct adjust_command *ret_command)
{
    TRY(read_figure(commands, request->score, "score", FAULT_SCORE_OUT_OF_BOUNDS,
                    &ret_command->score));
    TRY(read_end(commands, request->until, "until", false, ret_command));
    return read_why(commands, request->reason_code, request->reason, &ret_command->reason_code,
                    &ret_command->reason);
}

enum status acts_read_grant(struct commands *commands, const Loyalty__V1__GrantTierRequest *request,
                            struct grant_command *ret_command)
{
    struct path tier_path = shapes_step(NULL, "tier_id");
    struct path until_path = shapes_step(NULL, "until");
    TRY(shapes_text(commands, request->tier_id, &tier_path, LIMIT_NAME_BYTES, &ret_command->tier));
    if (ret_command->tier.len == 0) {
        return shapes_fail(commands, FAULT_MISSING, &tier_path,
                           "It is not said which tier is granted; give its id.");
    }
    TRY(shapes_date(commands, request->until, &until_path, &ret_command->until));
    return read_why(commands, request->reason_code, request->reason, &ret_command->reason_code,
                    &ret_command->reason);
}

enum status acts_read_revoke(struct commands *commands,
                             const Loyalty__V1__RevokeTierRequest *request,
                             struct revoke_command *ret_command)
{
    TRY(commands_text(commands, request->tier_id, "tier_id", LIMIT_NAME_BYTES, &ret_command->tier));
    return read_why(commands, request->reason_code, request->reason, &ret_command->reason_code,
                    &ret_command->reason);
}

// --- what is answered ---

static enum status last_card(const struct replies *replies, const struct record *record,
                             Loyalty__V1__Card **ret_card)
{
    return record->card_count == 0
               ? STATUS_OK
               : replies_card(replies, record, &record->cards[record->card_count - 1], ret_card);
}

enum status acts_adjusted_response(const struct replies *replies, const struct record *record,
                                   uint64_t seq, ProtobufCMessage **ret_response)
{
    Loyalty__V1__AdjustmentResponse *response = (Loyalty__V1__AdjustmentResponse *)message_new(
        &loyalty__v1__adjustment_response__descriptor, replies->arena);
    struct reply_head head;
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(replies_head(replies, record, &head));
    response->member_id = head.member_id;
    response->recorded_at = head.recorded_at;
    response->standing = head.standing;
    response->seq = seq;
    response->points = record->adjusted.points;
    response->score = record->adjusted.score;
    TRY(last_card(replies, record, &response->card));
    *ret_response = &response->base;
    return STATUS_OK;
}

enum status acts_tier_response(const struct replies *replies, const struct record *record,
                               uint64_t seq, ProtobufCMessage **ret_response)
{
    Loyalty__V1__TierResponse *response = (Loyalty__V1__TierResponse *)message_new(
        &loyalty__v1__tier_response__descriptor, replies->arena);
    struct reply_head head;
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(replies_head(replies, record, &head));
    response->member_id = head.member_id;
    response->recorded_at = head.recorded_at;
    response->standing = head.standing;
    response->seq = seq;
    TRY(last_card(replies, record, &response->card));
    *ret_response = &response->base;
    return STATUS_OK;
}
