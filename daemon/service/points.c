// PointsService: quotes, awards, redemptions, and what became of a request.
#include "core/ledger.h"
#include "loyalty/v1/points.pb-c.h"
#include "service/handlers.h"
#include "service/operation.h"
#include "service/pools.h"
#include "service/receipts.h"

// --- Award, and Quote, which is the same without effect ---

static enum status read_award(struct commands *commands, const ProtobufCMessage *message,
                              void *ret_command)
{
    return commands_sale(commands, ((const Loyalty__V1__AwardRequest *)message)->sale, ret_command);
}

static enum status read_quote(struct commands *commands, const ProtobufCMessage *message,
                              void *ret_command)
{
    struct award_command *command = ret_command;
    TRY(commands_sale(commands, ((const Loyalty__V1__QuoteRequest *)message)->sale, command));
    command->quote = true;
    return STATUS_OK;
}

// Training: answered as if real.
static enum status render_award(const struct replies *replies, const struct record *record,
                                ProtobufCMessage **ret_response)
{
    Loyalty__V1__AwardResponse *response = NULL;
    TRY(replies_award(replies, record, 0, &response));
    *ret_response = &response->base;
    return STATUS_OK;
}

static enum status render_quote(const struct replies *replies, const struct record *record,
                                ProtobufCMessage **ret_response)
{
    Loyalty__V1__QuoteResponse *response = NULL;
    TRY(replies_quote(replies, record, &response));
    *ret_response = &response->base;
    return STATUS_OK;
}

// Training is counted nowhere.
static void award_receipt(const void *command, struct receipts_intent *ret_intent)
{
    const struct sale *sale = &((const struct award_command *)command)->sale;
    if (!sale->training) {
        *ret_intent = (struct receipts_intent){
            .receipt = sale->receipt, .unit = sale->unit, .field = "sale.receipt", .sale = true};
    }
}

static void complete_award(const struct request *request, void *command)
{
    ((struct award_command *)command)->person = pools_person(request);
}

void points_award(struct request *request)
{
    static const struct operation award = {
        .command_bytes = sizeof(struct award_command),
        .read = read_award,
        .sale = true,
        .complete = complete_award,
        .decide = operation_decide_sale,
        .receipt = award_receipt,
        .render = render_award,
    };
    pools_begin(request, ((const Loyalty__V1__AwardRequest *)request->message)->pool_member,
                &award);
}

void points_quote(struct request *request)
{
    static const struct operation quote = {
        .command_bytes = sizeof(struct award_command),
        .read = read_quote,
        .sale = true,
        .decide = operation_decide_sale,
        .dry = true,
        .render = render_quote,
    };
    operation_begin(request, &quote);
}

// --- Redeem ---

static enum status read_redeem(struct commands *commands, const ProtobufCMessage *message,
                               void *ret_command)
{
    return commands_redeem(commands, (const Loyalty__V1__RedeemRequest *)message, ret_command);
}

static enum status decide_redemption(const struct decide *decide, const void *command,
                                     struct decision *ret_decision)
{
    return decide_redeem(decide, command, ret_decision);
}

static void redeem_receipt(const void *command, struct receipts_intent *ret_intent)
{
    const struct redeem_command *redeem = command;
    *ret_intent = (struct receipts_intent){
        .receipt = redeem->receipt, .unit = redeem->unit, .field = "receipt"};
}

static void complete_redeem(const struct request *request, void *command)
{
    ((struct redeem_command *)command)->person = pools_person(request);
}

void points_redeem(struct request *request)
{
    static const struct operation redeem = {
        .command_bytes = sizeof(struct redeem_command),
        .read = read_redeem,
        .complete = complete_redeem,
        .decide = decide_redemption,
        .receipt = redeem_receipt,
    };
    pools_begin(request, ((const Loyalty__V1__RedeemRequest *)request->message)->pool_member,
                &redeem);
}

// --- GetOutcome ---

static enum status find_outcome(struct request *request, const struct task_result *result,
                                Loyalty__V1__GetOutcomeResponse **ret_response)
{
    const struct mark *mark = request->state;
    struct record record;
    uint64_t seq = 0;
    enum status status = STATUS_NOT_FOUND;
    if (request_was_meant(request, result->account)) {
        status = ledger_find(result->log, mark, &request->service->scratch, &record, &seq);
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    if (status == STATUS_OK && record_buries(&record, mark)) {
        struct refusal refusal = {.reason = REFUSAL_REVERSED_BEFORE, .field = ""};
        return replies_outcome_refused(&request->arena, &refusal, ret_response);
    }
    struct replies replies = replies_of_account(result->account, &request->arena);
    return replies_outcome(&replies, result->account, status == STATUS_OK ? &record : NULL, seq,
                           ret_response);
}

static void on_outcome(void *context, const struct task_result *result)
{
    struct request *request = context;
    if (request_answer_end(request, result)) {
        return;
    }
    Loyalty__V1__GetOutcomeResponse *response = NULL;
    enum status status = find_outcome(request, result, &response);
    if (status == STATUS_OK) {
        request_reply(request, &response->base, false);
    } else {
        request_internal(request, status);
    }
    arena_reset(&request->service->scratch);
}

static void outcome_resolved(struct request *request)
{
    const Loyalty__V1__GetOutcomeRequest *message =
        (const Loyalty__V1__GetOutcomeRequest *)request->message;
    struct mark *mark = request_state(request, sizeof(*mark));
    if (mark == NULL) {
        return;
    }
    enum status status =
        commands_request_id(&request->commands, message->request_id, "request_id", mark->id);
    if (status != STATUS_OK) {
        request_bad(request, status);
        request_end(request);
        return;
    }
    mark->present = true;
    request->about = mark->id; // a merged member's log answers what it knows
    request->task.whole_log = true;
    request_submit(request, NULL, on_outcome, NULL);
}

void points_get_outcome(struct request *request)
{
    const Loyalty__V1__GetOutcomeRequest *message =
        (const Loyalty__V1__GetOutcomeRequest *)request->message;
    request_resolve(request, message->member, outcome_resolved);
}
