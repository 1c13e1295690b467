// What the service tells the daemon around it: whether it can serve, and what it counts.
#include "service/accounts.h"
#include "service/dispatch.h"
#include "service/meter.h"
#include "service/monitor.h"
#include "service/service.h"
#include "service/subscriptions.h"

void monitor_reasons(const struct service *service, monitor_reason_fn *each, void *to)
{
    enum trouble trouble = lease_check(service->lease, true);
    if (trouble != TROUBLE_NONE) {
        each(to, trouble_message(trouble));
    }
}

void monitor_metrics(const struct service *service, const struct metrics_out *out)
{
    static const struct metric_family in_hand = {"loyaltyd_requests_in_hand",
                                                 "Requests not answered yet.", METRIC_GAUGE};
    static const struct metric_family skew = {"loyaltyd_clock_skew_seconds",
                                              "This machine's clock less that of the store.",
                                              METRIC_GAUGE};
    meter_tell(service->meter, out);
    metrics_tell(out, &in_hand, (int64_t)service_in_hand(service));
    accounts_metrics(service->accounts, out);
    subscriptions_metrics(service->subscriptions, out);
    if (lease_check(service->lease, false) == TROUBLE_NONE) {
        int64_t ahead_ms = service->options.wall_ms(service->options.wall_context) -
                           lease_store_now_ms(service->lease);
        out->family(out->context, &skew);
        out->micros(out->context, NULL, 0, ahead_ms * 1000);
    }
}
