// A decoded request on its way through resolving, reading, deciding and answering.
#include "service/operation.h"

#include "base/check.h"
#include "service/receipts.h"

static enum status decide_meant(void *context, const struct decide *decide,
                                struct decision *ret_decision)
{
    const struct request *request = context;
    if (!request_is_meant(request, decide->account)) {
        return request_decide_other(request, decide->account, ret_decision);
    }
    return request->operation->decide(decide, request->state, ret_decision);
}

static void on_decided(void *context, const struct task_result *result)
{
    struct request *request = context;
    if (result->end != TASK_DECIDED || result->decision->outcome != OUTCOME_NOTHING) {
        request_answer_mutation(request, result);
        return;
    }
    CHECK(request->operation->render != NULL);
    struct replies replies = replies_of_account(result->account, &request->arena);
    ProtobufCMessage *response = NULL;
    enum status status = request->operation->render(&replies, result->record, &response);
    if (status != STATUS_OK) {
        request_internal(request, status);
        return;
    }
    request_reply(request, response, false);
}

static void operation_resolved(struct request *request)
{
    const struct operation *operation = request->operation;
    void *command = request_state(request, operation->command_bytes);
    if (command == NULL) {
        return;
    }
    enum status status = operation->read(&request->commands, request->message, command);
    if (status != STATUS_OK) {
        request_bad(request, status);
        request_end(request);
        return;
    }
    if (operation->complete != NULL) {
        operation->complete(request, command);
    }
    request->about = operation->about == NULL ? NULL : operation->about(command);
    request->task.whole_log = operation->whole_log;
    request->task.dry = operation->dry;
    struct receipts_intent intent = {0};
    if (operation->receipt != NULL) {
        operation->receipt(command, &intent);
    }
    receipts_submit(request, &intent, decide_meant, on_decided);
}

enum status operation_decide_sale(const struct decide *decide, const void *command,
                                  struct decision *ret_decision)
{
    struct award_command amended = *(const struct award_command *)command;
    return decide_award(decide, &amended, ret_decision);
}

void operation_begin(struct request *request, const struct operation *operation)
{
    request->operation = operation;
    request_resolve(request, commands_find_member(request->message), operation_resolved);
}
