// Counts of connections by their ends.
#include "net/server_figures.h"

#include <stdio.h>
#include <string.h>

#include "net/connections.h"
#include "net/server_parts.h"

static struct server_reason *find_reason(struct server_figures *figures, bool refused,
                                         const char *text)
{
    for (uint32_t i = 0; i < figures->reason_count; i++) {
        struct server_reason *one = &figures->reasons[i];
        if (one->refused == refused && strncmp(one->text, text, sizeof one->text - 1) == 0) {
            return one;
        }
    }
    return NULL;
}

void server_figures_admitted(struct server_figures *figures, int64_t took_ms)
{
    figures->admitted++;
    histogram_note(&figures->handshake, took_ms * 1000);
}

void server_figures_end(struct server_figures *figures, bool refused, const char *reason)
{
    struct server_reason *one = find_reason(figures, refused, reason);
    bool full = figures->reason_count >= SERVER_REASONS - 2; // "other" of both kinds
    if (one == NULL && full) {
        reason = "other";
        one = find_reason(figures, refused, reason);
    }
    if (one == NULL) {
        one = &figures->reasons[figures->reason_count++];
        (void)snprintf(one->text, sizeof one->text, "%s", reason);
        one->refused = refused;
    }
    one->count++;
}

static void tell_reasons(const struct server_figures *figures, bool refused,
                         const struct metrics_out *out)
{
    for (uint32_t i = 0; i < figures->reason_count; i++) {
        const struct server_reason *one = &figures->reasons[i];
        struct metric_label label = {"reason", one->text};
        if (one->refused == refused) {
            out->whole(out->context, &label, 1, (int64_t)one->count);
        }
    }
}

void server_metrics(const struct server *server, const struct metrics_out *out)
{
    static const struct metric_family open = {
        "loyaltyd_connections", "Open connections, those in their handshake too.", METRIC_GAUGE};
    static const struct metric_family limit = {
        "loyaltyd_connections_max", "Connections that may be open at a time.", METRIC_GAUGE};
    static const struct metric_family accepted = {"loyaltyd_connections_accepted_total",
                                                  "Connections accepted.", METRIC_COUNTER};
    static const struct metric_family admitted = {"loyaltyd_handshakes_total",
                                                  "Handshakes that ended well.", METRIC_COUNTER};
    static const struct metric_family refused = {
        "loyaltyd_connections_refused_total", "Connections refused at their handshake, by reason.",
        METRIC_COUNTER};
    static const struct metric_family broken = {"loyaltyd_connections_broken_total",
                                                "Connections ended by us later, by reason.",
                                                METRIC_COUNTER};
    static const struct metric_family handshake = {
        "loyaltyd_handshake_seconds", "From the accept to the admission.", METRIC_HISTOGRAM};
    static const struct metric_family in_flight = {
        "loyaltyd_connection_requests", "Requests and calls of all connections under way.",
        METRIC_GAUGE};
    const struct connections *all = &server->all;
    metrics_tell(out, &open, (int64_t)connections_count(all));
    metrics_tell(out, &limit, all->limits.connections);
    metrics_tell(out, &in_flight, (int64_t)all->in_flight);
    metrics_tell(out, &accepted, (int64_t)all->figures.accepted);
    metrics_tell(out, &admitted, (int64_t)all->figures.admitted);
    out->family(out->context, &refused);
    tell_reasons(&all->figures, true, out);
    out->family(out->context, &broken);
    tell_reasons(&all->figures, false, out);
    out->family(out->context, &handshake);
    out->histogram(out->context, NULL, 0, &all->figures.handshake);
}
