// MonitorService.ListSlowRequests.
#include "loyalty/v1/monitor.pb-c.h"
#include "service/handlers.h"
#include "service/log_member.h"
#include "service/method.h"
#include "service/monitor_parts.h"
#include "service/slow.h"
#include "wire/message.h"

static enum status describe(struct request *request, const struct slow_request *from,
                            Loyalty__V1__SlowRequest **ret_to)
{
    struct arena *arena = &request->arena;
    char hash[LOG_MEMBER_BYTES];
    Loyalty__V1__SlowRequest *to =
        (Loyalty__V1__SlowRequest *)message_new(&loyalty__v1__slow_request__descriptor, arena);
    if (to == NULL) {
        return STATUS_NO_MEMORY;
    }
    log_member(request->service, span_of_text(from->member_id), hash);
    TRY(monitor_instant(arena, from->at_ms, &to->at));
    TRY(monitor_text(arena, from->method->path, &to->method));
    TRY(monitor_text(arena, from->member_id, &to->member_id));
    TRY(monitor_text(arena, hash, &to->member_hash));
    TRY(monitor_text(arena, from->outcome, &to->outcome));
    TRY(monitor_text(arena, from->caller, &to->caller));
    TRY(monitor_text(arena, from->traceparent, &to->traceparent));
    to->micros = (uint64_t)from->micros;
    *ret_to = to;
    return STATUS_OK;
}

static enum status list(struct request *request, Loyalty__V1__ListSlowRequestsResponse *response)
{
    const struct service *service = request->service;
    struct slow_request items[SLOW_KEPT];
    int64_t now_ms = service->options.wall_ms(service->options.wall_context);
    size_t count = slow_list(service->slow, now_ms, items);
    response->requests = arena_alloc_array(&request->arena, count, sizeof(*response->requests));
    if (response->requests == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        TRY(describe(request, &items[i], &response->requests[i]));
        response->n_requests++;
    }
    return STATUS_OK;
}

void monitor_list_slow(struct request *request)
{
    Loyalty__V1__ListSlowRequestsResponse response = LOYALTY__V1__LIST_SLOW_REQUESTS_RESPONSE__INIT;
    enum status status = list(request, &response);
    monitor_end(request, status, &response.base);
}
