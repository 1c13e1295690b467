// Requests that wait for what they oblige to.
#include "service/settling.h"

#include <stddef.h>

static bool is_written(const struct task_result *result)
{
    return result->end == TASK_REPLAYED ||
           (result->end == TASK_DECIDED && result->decision->outcome == OUTCOME_APPLIED);
}

static void on_result(void *context, const struct task_result *result)
{
    struct request *request = context;
    struct settling *settling = request->state;
    settling->waits = false;
    if (!is_written(result)) {
        request_answer_mutation(request, result);
        return;
    }
    settling->first = settling->first || result->end == TASK_DECIDED;
    request->landed = true;
    bool open = account_obligation(result->account, result->seq) != NULL;
    settling->waits = open && !settling->given_up;
    if (!open) {
        settling->on_settled(request, result);
    } else if (!settling->waits) {
        request_in_doubt(request);
    }
}

static void on_settled(struct obligations_waiter *waiter, bool settled)
{
    struct settling *settling =
        (struct settling *)(void *)((char *)waiter - offsetof(struct settling, waiter));
    struct request *request = settling->request;
    if (request->answered) {
        request_end(request);
        return;
    }
    settling->given_up = !settled;
    settling_submit(settling); // finds itself, and mostly its obligation closed
}

static void on_released(void *context)
{
    struct request *request = context;
    struct settling *settling = request->state;
    if (!settling->waits) {
        request_end(request);
        return;
    }
    settling->waiter.on_settled = on_settled;
    obligations_settle(request->service, request_member(request), &settling->waiter);
}

void settling_submit(struct settling *settling)
{
    request_submit(settling->request, settling->decide, on_result, on_released);
}

void settling_answer(struct request *request, const struct task_result *result)
{
    const struct settling *settling = request->state;
    struct replies replies = replies_of_account(result->account, &request->arena);
    ProtobufCMessage *response = NULL;
    Loyalty__V1__Error *error = NULL;
    enum status status =
        replies_record(&replies, result->account, result->record, result->seq, &response, &error);
    if (status != STATUS_OK) {
        request_in_doubt(request);
    } else if (error != NULL) {
        request_error(request, error, !settling->first);
    } else {
        request_reply(request, response, !settling->first);
    }
}

// --- a whole operation ---

struct settled {
    struct settling settling; // first
    void *command;
};

static enum status decide_meant(void *context, const struct decide *decide,
                                struct decision *ret_decision)
{
    const struct request *request = context;
    const struct settled *settled = request->state;
    if (!request_is_meant(request, decide->account)) {
        return request_decide_other(request, decide->account, ret_decision);
    }
    return request->operation->decide(decide, settled->command, ret_decision);
}

static void on_answer(void *context, const struct task_result *result)
{
    settling_answer(context, result);
}

static enum status read_command(struct request *request, struct settled *settled)
{
    const struct operation *operation = request->operation;
    settled->command = arena_alloc(&request->arena, operation->command_bytes);
    if (settled->command == NULL) {
        return STATUS_NO_MEMORY;
    }
    return operation->read(&request->commands, request->message, settled->command);
}

static void on_resolved(struct request *request)
{
    struct settled *settled = request_state(request, sizeof(*settled));
    if (settled == NULL) {
        return;
    }
    settled->settling =
        (struct settling){.request = request, .decide = decide_meant, .on_settled = on_answer};
    enum status status = read_command(request, settled);
    if (status != STATUS_OK) {
        request_bad(request, status);
        request_end(request);
        return;
    }
    settling_submit(&settled->settling);
}

void settling_begin(struct request *request, const struct operation *operation)
{
    request->operation = operation;
    request_resolve(request, commands_find_member(request->message), on_resolved);
}
