// PointsService: quotes, awards, redemptions, and what became of a request.
#include "core/ledger.h"
#include "loyalty/v1/points.pb-c.h"
#include "service/handlers.h"
#include "service/request.h"
#include "wire/replies.h"

// --- Award, and Quote, which is the same without effect ---

static enum status decide_sale(void *context, const struct decide *decide,
                               struct decision *ret_decision)
{
    const struct request *request = context;
    if (!request_is_meant(request, decide->account)) {
        return request_decide_unknown(ret_decision);
    }
    struct award_command command = *(const struct award_command *)request->state;
    return decide_award(decide, &command, ret_decision);
}

static void on_awarded(void *context, const struct task_result *result)
{
    struct request *request = context;
    if (result->end != TASK_DECIDED || result->decision->outcome != OUTCOME_NOTHING) {
        request_answer_mutation(request, result);
        return;
    }
    // Training: answered as if real.
    struct replies replies = replies_of_account(result->account, &request->arena);
    Loyalty__V1__AwardResponse *response = NULL;
    enum status status = replies_award(&replies, result->record, 0, &response);
    if (status != STATUS_OK) {
        request_internal(request, status);
        return;
    }
    request_reply(request, &response->base, false);
}

static void on_quoted(void *context, const struct task_result *result)
{
    struct request *request = context;
    if (result->end != TASK_DECIDED || result->decision->outcome != OUTCOME_NOTHING) {
        request_answer_mutation(request, result);
        return;
    }
    struct replies replies = replies_of_account(result->account, &request->arena);
    Loyalty__V1__QuoteResponse *response = NULL;
    enum status status = replies_quote(&replies, result->record, &response);
    if (status != STATUS_OK) {
        request_internal(request, status);
        return;
    }
    request_reply(request, &response->base, false);
}

// Reads the sale into the method's state. False when that was the request's end.
static bool read_sale(struct request *request, const Loyalty__V1__Sale *sale, bool quote)
{
    struct award_command *command = request_state(request, sizeof(*command));
    if (command == NULL) {
        return false;
    }
    enum status status = commands_sale(&request->commands, sale, command);
    if (status != STATUS_OK) {
        request_bad(request, status);
        request_end(request);
        return false;
    }
    command->quote = quote;
    return true;
}

static void award_resolved(struct request *request)
{
    const Loyalty__V1__AwardRequest *message = (const Loyalty__V1__AwardRequest *)request->message;
    if (read_sale(request, message->sale, false)) {
        request_submit(request, decide_sale, on_awarded, NULL);
    }
}

void points_award(struct request *request)
{
    const Loyalty__V1__AwardRequest *message = (const Loyalty__V1__AwardRequest *)request->message;
    request_resolve(request, message->member, award_resolved);
}

static void quote_resolved(struct request *request)
{
    const Loyalty__V1__QuoteRequest *message = (const Loyalty__V1__QuoteRequest *)request->message;
    if (read_sale(request, message->sale, true)) {
        request->task.dry = true;
        request_submit(request, decide_sale, on_quoted, NULL);
    }
}

void points_quote(struct request *request)
{
    const Loyalty__V1__QuoteRequest *message = (const Loyalty__V1__QuoteRequest *)request->message;
    request_resolve(request, message->member, quote_resolved);
}

// --- Redeem ---

static enum status decide_redemption(void *context, const struct decide *decide,
                                     struct decision *ret_decision)
{
    const struct request *request = context;
    if (!request_is_meant(request, decide->account)) {
        return request_decide_unknown(ret_decision);
    }
    return decide_redeem(decide, request->state, ret_decision);
}

static void on_redeemed(void *context, const struct task_result *result)
{
    request_answer_mutation(context, result);
}

static void redeem_resolved(struct request *request)
{
    const Loyalty__V1__RedeemRequest *message =
        (const Loyalty__V1__RedeemRequest *)request->message;
    struct redeem_command *command = request_state(request, sizeof(*command));
    if (command == NULL) {
        return;
    }
    enum status status = commands_redeem(&request->commands, message, command);
    if (status != STATUS_OK) {
        request_bad(request, status);
        request_end(request);
        return;
    }
    request_submit(request, decide_redemption, on_redeemed, NULL);
}

void points_redeem(struct request *request)
{
    const Loyalty__V1__RedeemRequest *message =
        (const Loyalty__V1__RedeemRequest *)request->message;
    request_resolve(request, message->member, redeem_resolved);
}

// --- GetOutcome ---

static enum status find_outcome(struct request *request, const struct task_result *result,
                                Loyalty__V1__GetOutcomeResponse **ret_response)
{
    const struct mark *mark = request->state;
    struct record record;
    uint64_t seq = 0;
    enum status status = STATUS_NOT_FOUND;
    if (request_is_meant(request, result->account)) {
        status = ledger_find(result->log, mark, &request->service->scratch, &record, &seq);
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
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
    request->task.whole_log = true;
    request_submit(request, NULL, on_outcome, NULL);
}

void points_get_outcome(struct request *request)
{
    const Loyalty__V1__GetOutcomeRequest *message =
        (const Loyalty__V1__GetOutcomeRequest *)request->message;
    request_resolve(request, message->member, outcome_resolved);
}
