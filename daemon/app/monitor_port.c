// The port's calls, each from the part that knows.
#include "app/monitor_port.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/clocks.h"
#include "app/metrics.h"
#include "base/limits.h"
#include "net/server.h"
#include "service/service.h"
#include "store/embedded.h"
#include "store/redis.h"
#include "store/redis_facts.h"

// --- status ---

static void tell_status(void *context, struct monitor_status *ret_status)
{
    const struct monitor_around *around = context;
    const struct server *server = around->about.server;
    *ret_status = (struct monitor_status){
        .version = LOYALTY_VERSION,
        .host = around->host,
        .durability = around->about.options->durability == OPTION_RELAXED ? "relaxed" : "strict",
        .store_address = around->store_address,
        .store_version = redis_facts(around->about.store)->version,
        .process_id = (uint32_t)getpid(),
        .started_ms = around->started_ms,
        .reloaded_ms = around->reloaded_ms,
        .reload_error = around->about.reload_error,
        .draining = around->draining,
    };
    if (server != NULL) {
        struct server_dates dates = server_dates(server);
        ret_status->connections = (uint32_t)server_connections(server);
        ret_status->certificate_not_after_ms = dates.certificate_not_after_ms;
        ret_status->crl_next_update_ms = dates.crl_next_update_ms;
    }
}

// --- figures ---

static void tell_metrics(void *context, const struct metrics_out *out)
{
    const struct monitor_around *around = context;
    if (around->sources != NULL) {
        metrics_collect(around->sources, out);
    }
}

// --- connections ---

struct telling {
    monitor_connection_fn *each;
    void *to;
};

static bool on_connection(void *context, const struct server_connection *from)
{
    const struct telling *telling = context;
    const struct monitor_connection connection = {
        .id = from->id,
        .address = from->address,
        .role = from->peer->role,
        .unit = from->peer->unit,
        .protocol = from->protocol,
        .since_ms = from->since_ms,
        .requests = from->requests,
        .in_flight = from->in_flight,
        .certificate_not_after_ms = from->certificate_not_after_ms,
    };
    return telling->each(telling->to, &connection);
}

static void tell_connections(void *context, uint64_t below, monitor_connection_fn *each, void *to)
{
    const struct monitor_around *around = context;
    struct telling telling = {.each = each, .to = to};
    if (around->about.server != NULL) {
        server_each_connection(around->about.server, below, on_connection, &telling);
    }
}

// --- why it is not ready ---

// The service knows that the store is away, the store knows why.
static bool tell_store(const struct store *store, monitor_reason_fn *each, void *to)
{
    const char *reason = "";
    char sentence[LIMIT_TEXT_BYTES];
    if (store_is_ready(store, &reason)) {
        return true;
    }
    (void)snprintf(sentence, sizeof(sentence), "The store is not ready: %s.", reason);
    return each(to, sentence);
}

static void tell_reasons(void *context, monitor_reason_fn *each, void *to)
{
    const struct monitor_around *around = context;
    if (around->draining && !each(to, "The daemon is ending: it answers what it has in hand.")) {
        return;
    }
    if (tell_store(around->about.store, each, to)) {
        monitor_reasons(around->service, each, to);
    }
}

// --- options ---

static void tell_options(void *context, monitor_option_fn *each, void *to)
{
    const struct monitor_around *around = context;
    options_each(around->about.options, each, to);
}

void monitor_around_reloaded(struct monitor_around *around, const struct reload *reload)
{
    around->about.options = reload->present;
    around->about.reload_error = reload->error;
    around->reloaded_ms = reload->reloaded_ms;
}

// --- findings ---

static void tell_findings(void *context, monitor_finding_fn *each, void *to)
{
    const struct monitor_around *around = context;
    findings_tell(&around->about, each, to);
}

// --- the object ---

static void name_store(const struct options *options, char out[MONITOR_ADDRESS_BYTES])
{
    if (options->embedded != NULL) {
        (void)snprintf(out, MONITOR_ADDRESS_BYTES, "embedded:%s", options->embedded);
    } else if (options->redis.path != NULL) {
        (void)snprintf(out, MONITOR_ADDRESS_BYTES, "unix:%s", options->redis.path);
    } else {
        bool brackets = strchr(options->redis.at.host, ':') != NULL;
        (void)snprintf(out, MONITOR_ADDRESS_BYTES, "%s%s%s:%" PRIu16, brackets ? "[" : "",
                       options->redis.at.host, brackets ? "]" : "", options->redis.at.port);
    }
}

void monitor_around_init(struct monitor_around *around, const struct options *options,
                         const struct store *store, const struct embedded_redis *embedded,
                         struct service *service)
{
    *around = (struct monitor_around){
        .port = {.status = tell_status,
                 .metrics = tell_metrics,
                 .connections = tell_connections,
                 .options = tell_options,
                 .findings = tell_findings,
                 .reasons = tell_reasons,
                 .context = around},
        .about = {.options = options,
                  .store = store,
                  .redis_path =
                      embedded == NULL ? options->redis.path : embedded_redis_socket(embedded)},
        .service = service,
        .started_ms = clocks_wall_ms(),
    };
    if (gethostname(around->host, sizeof(around->host) - 1) != 0) {
        around->host[0] = '\0';
    }
    name_store(options, around->store_address);
    service_set_monitor(service, &around->port);
}
