// Partners' contributions: shapes and bounds of what they report, and what they are answered.
#include "wire/contributions.h"

#include <inttypes.h>

#include "base/check.h"
#include "wire/message.h"
#include "wire/shapes.h"

// --- requests ---

static enum status read_id(struct commands *commands, const char *text, struct span *ret_id)
{
    struct path path = shapes_step(NULL, "contribution_id");
    struct span id = span_of_text(text);
    if (id.len == 0) {
        return shapes_fail(commands, FAULT_MISSING, &path,
                           "The contribution's id is missing; give the partner's own.");
    }
    if (!shapes_is_printable(id)) {
        return shapes_fail(commands, FAULT_BAD_CONTRIBUTION_ID, &path,
                           "A contribution's id has 1 to 64 printable ASCII characters, no "
                           "spaces.");
    }
    *ret_id = id;
    return STATUS_OK;
}

static enum status read_score(struct commands *commands, int64_t score)
{
    if (score >= 1 && score <= LIMIT_POINTS_A_RECORD) {
        return STATUS_OK;
    }
    struct path path = shapes_step(NULL, "score");
    return shapes_fail(commands, FAULT_SCORE_OUT_OF_BOUNDS, &path,
                       arena_printf(commands->arena,
                                    "The score of %" PRId64 " must be from 1 to %" PRId64 ".",
                                    score, LIMIT_POINTS_A_RECORD));
}

enum status commands_contribution(struct commands *commands,
                                  const Loyalty__V1__ReportContributionRequest *request,
                                  struct contribution_request *ret_request)
{
    struct contribution_request read = {.command = {.score = request->score}};
    struct contribution_command *command = &read.command;
    TRY(read_id(commands, request->contribution_id, &read.id));
    TRY(read_score(commands, request->score));
    TRY(shapes_date_or_none(commands, request->from, "from", NULL, &command->has_from,
                            &command->from));
    TRY(shapes_date_or_none(commands, request->until, "until", NULL, &command->has_until,
                            &command->until));
    *ret_request = read;
    return STATUS_OK;
}

enum status commands_reduction(struct commands *commands,
                               const Loyalty__V1__ReduceContributionRequest *request,
                               struct reduction_request *ret_request)
{
    struct reduction_request read = {.command = {.score = request->score}};
    TRY(read_id(commands, request->contribution_id, &read.id));
    TRY(read_score(commands, request->score));
    *ret_request = read;
    return STATUS_OK;
}

enum status commands_contribution_end(struct commands *commands,
                                      const Loyalty__V1__EndContributionRequest *request,
                                      struct contribution_end_request *ret_request)
{
    bool matured = request->cause == LOYALTY__V1__CONTRIBUTION_END__CONTRIBUTION_END_MATURED;
    struct contribution_end_request read = {
        .command = {.change = matured ? CONTRIBUTION_MATURED : CONTRIBUTION_SURRENDERED}};
    TRY(read_id(commands, request->contribution_id, &read.id));
    TRY(shapes_date_or_none(commands, request->on, "on", NULL, &read.command.has_on,
                            &read.command.on));
    *ret_request = read;
    return STATUS_OK;
}

// --- answers ---

// What is left of it.
static struct opening_score left_of(const struct record *record)
{
    if (record->type == RECORD_CONTRIBUTED) {
        return (struct opening_score){.from_ms = record->contributed.from_ms,
                                      .until_ms = record->contributed.until_ms,
                                      .score = record->contributed.score};
    }
    CHECK(record->type == RECORD_CONTRIBUTION_REDUCED);
    return (struct opening_score){.from_ms = record->contribution_reduced.left_from_ms,
                                  .until_ms = record->contribution_reduced.left_until_ms,
                                  .score = record->contribution_reduced.left_score};
}

static bool by_partner(const struct replies *replies, const struct record *record)
{
    struct span partner = span_of_text("partner/");
    struct span actor = replies_name(replies, record, record->actor);
    return actor.len >= partner.len && span_equal(span_of(actor.data, partner.len), partner);
}

enum status replies_contribution(const struct replies *replies, const struct record *record,
                                 uint64_t seq, Loyalty__V1__ContributionResponse **ret_response)
{
    Loyalty__V1__ContributionResponse *response = (Loyalty__V1__ContributionResponse *)message_new(
        &loyalty__v1__contribution_response__descriptor, replies->arena);
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct opening_score left = left_of(record);
    struct reply_head head;
    TRY(replies_head(replies, record, &head));
    response->recorded_at = head.recorded_at;
    response->score = left.score;
    TRY(replies_instant(replies->arena, left.from_ms, &response->from));
    TRY(replies_instant(replies->arena, left.until_ms, &response->until));
    *ret_response = response;
    if (by_partner(replies, record)) {
        return STATUS_OK;
    }
    response->member_id = head.member_id;
    response->seq = seq;
    response->standing = head.standing;
    if (record->card_count > 0) {
        return replies_card(replies, record, &record->cards[record->card_count - 1],
                            &response->new_card);
    }
    return STATUS_OK;
}
