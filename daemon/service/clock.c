// ClockService: the service's now, and setting the test clock of a sandbox.
#include "loyalty/v1/clock.pb-c.h"
#include "service/handlers.h"
#include "service/request.h"
#include "wire/message.h"
#include "wire/replies.h"

static void answer_now(struct request *request)
{
    const struct lease *lease = request->service->lease;
    Google__Protobuf__Timestamp *now = NULL;
    enum status status = replies_instant(&request->arena, lease_now_ms(lease), &now);
    if (status != STATUS_OK) {
        request_internal(request, status);
    } else if (request->method->request == &loyalty__v1__get_clock_request__descriptor) {
        Loyalty__V1__GetClockResponse response = LOYALTY__V1__GET_CLOCK_RESPONSE__INIT;
        response.now = now;
        response.sandbox = lease_is_sandbox(lease);
        request_reply(request, &response.base, false);
    } else {
        Loyalty__V1__SetClockResponse response = LOYALTY__V1__SET_CLOCK_RESPONSE__INIT;
        response.now = now;
        request_reply(request, &response.base, false);
    }
    request_end(request);
}

void clock_get(struct request *request)
{
    answer_now(request);
}

static void on_head_again(struct lease_waiter *waiter, bool fresh)
{
    (void)fresh; // it is set; at worst the answer shows the clock as it was
    struct request *request =
        (struct request *)(void *)((char *)waiter - offsetof(struct request, waiter));
    answer_now(request);
}

static void on_set(void *context, const struct store_reply *reply)
{
    struct request *request = context;
    request->task.in_doubt = false;
    switch (reply->result) {
    case STORE_OK:
        request->waiter.on_head = on_head_again;
        lease_await(request->service->lease, &request->waiter);
        return;
    case STORE_FAILED:
        request_fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "CLOCK_BACKWARDS", "now",
                     "The test clock only goes forward.");
        break;
    case STORE_UNKNOWN:
        request_in_doubt(request);
        break;
    default:
        request_trouble(request, TROUBLE_STORE_UNAVAILABLE);
        break;
    }
    request_end(request);
}

void clock_set(struct request *request)
{
    const Loyalty__V1__SetClockRequest *message =
        (const Loyalty__V1__SetClockRequest *)request->message;
    int64_t now_ms = 0;
    enum status status = commands_instant(&request->commands, message->now, "now", &now_ms);
    if (status != STATUS_OK) {
        request_bad(request, status);
    } else if (!lease_is_sandbox(request->service->lease)) {
        request_fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "NOT_A_SANDBOX", "",
                     "Only a sandbox has a clock that can be set.");
    } else {
        request->task.in_doubt = true;
        store_set_sandbox_clock(request->service->options.store, now_ms, on_set, request);
        return;
    }
    request_end(request);
}
