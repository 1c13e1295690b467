// MonitorService: what the service and the daemon around it tell an operator.
#include "service/monitor.h"

#include "service/handlers.h"
#include "service/meter.h"
#include "service/request.h"

static void not_yet(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNKNOWN_METHOD", "",
                 "There is no such method.");
    request_end(request);
}

void monitor_get_status(struct request *request)
{
    not_yet(request);
}

void monitor_get_metrics(struct request *request)
{
    not_yet(request);
}

void monitor_list_slow(struct request *request)
{
    not_yet(request);
}

void monitor_list_connections(struct request *request)
{
    not_yet(request);
}

void monitor_list_partitions(struct request *request)
{
    not_yet(request);
}

void monitor_get_config(struct request *request)
{
    not_yet(request);
}

void monitor_reasons(const struct service *service, monitor_reason_fn *each, void *to)
{
    (void)service;
    (void)each;
    (void)to;
}

void monitor_metrics(const struct service *service, const struct metrics_out *out)
{
    meter_tell(service->meter, out);
}
