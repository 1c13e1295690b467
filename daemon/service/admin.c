// AdminService, what writes: a balance brought over, and past sales posted at their own time.
#include "loyalty/v1/admin.pb-c.h"
#include "service/handlers.h"
#include "service/request.h"
#include "wire/replies.h"

static void on_written(void *context, const struct task_result *result)
{
    struct request *request = context;
    bool training = result->end == TASK_DECIDED && result->decision->outcome == OUTCOME_NOTHING;
    if (!training) {
        request_answer_mutation(request, result);
        return;
    }
    struct replies replies = replies_of_account(result->account, &request->arena);
    Loyalty__V1__BackfillResponse *response = NULL;
    enum status status = replies_backfill(&replies, result->record, 0, &response);
    if (status != STATUS_OK) {
        request_internal(request, status);
        return;
    }
    request_reply(request, &response->base, false);
}

// --- OpeningBalance ---

static enum status decide_balance(void *context, const struct decide *decide,
                                  struct decision *ret_decision)
{
    const struct request *request = context;
    if (!request_is_meant(request, decide->account)) {
        return request_decide_unknown(ret_decision);
    }
    return decide_opening(decide, request->state, ret_decision);
}

static void opening_resolved(struct request *request)
{
    const Loyalty__V1__OpeningBalanceRequest *message =
        (const Loyalty__V1__OpeningBalanceRequest *)request->message;
    struct opening_command *command = request_state(request, sizeof(*command));
    if (command == NULL) {
        return;
    }
    enum status status = commands_opening(&request->commands, message, command);
    if (status != STATUS_OK) {
        request_bad(request, status);
        request_end(request);
        return;
    }
    request_submit(request, decide_balance, on_written, NULL);
}

void admin_opening_balance(struct request *request)
{
    const Loyalty__V1__OpeningBalanceRequest *message =
        (const Loyalty__V1__OpeningBalanceRequest *)request->message;
    request_resolve(request, message->member, opening_resolved);
}

// --- Backfill ---

static enum status decide_backfill(void *context, const struct decide *decide,
                                   struct decision *ret_decision)
{
    const struct request *request = context;
    if (!request_is_meant(request, decide->account)) {
        return request_decide_unknown(ret_decision);
    }
    struct award_command command = *(const struct award_command *)request->state;
    return decide_award(decide, &command, ret_decision);
}

static void backfill_resolved(struct request *request)
{
    const Loyalty__V1__BackfillRequest *message =
        (const Loyalty__V1__BackfillRequest *)request->message;
    struct award_command *command = request_state(request, sizeof(*command));
    if (command == NULL) {
        return;
    }
    enum status status = commands_sale(&request->commands, message->sale, command);
    if (status != STATUS_OK) {
        request_bad(request, status);
        request_end(request);
        return;
    }
    command->backfill = true;
    request_submit(request, decide_backfill, on_written, NULL);
}

void admin_backfill(struct request *request)
{
    const Loyalty__V1__BackfillRequest *message =
        (const Loyalty__V1__BackfillRequest *)request->message;
    request_resolve(request, message->member, backfill_resolved);
}
