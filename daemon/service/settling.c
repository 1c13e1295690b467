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
