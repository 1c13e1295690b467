// MonitorService: how the daemon is, which options it has, what it took longest for. The service
// says what it knows itself, the port what only the daemon around it does.
#include "service/monitor.h"

#include "core/program.h"
#include "loyalty/v1/monitor.pb-c.h"
#include "service/bounds.h"
#include "service/handlers.h"
#include "service/monitor_parts.h"
#include "wire/message.h"
#include "wire/replies.h"

enum { OPTIONS_MAX = 128 };

// --- GetStatus ---

struct reasons {
    struct arena *arena;
    enum status status;
    size_t count;
    char *items[SERVICE_MONITOR_REASONS];
};

static bool on_reason(void *context, const char *sentence)
{
    struct reasons *reasons = context;
    if (reasons->count == SERVICE_MONITOR_REASONS) {
        return false;
    }
    reasons->status = monitor_text(reasons->arena, sentence, &reasons->items[reasons->count]);
    reasons->count += reasons->status == STATUS_OK ? 1 : 0;
    return reasons->status == STATUS_OK;
}

static void tell_reasons(const struct service *service, struct reasons *reasons)
{
    const struct monitor_port *port = service->monitor;
    if (port != NULL && port->reasons != NULL) {
        port->reasons(port->context, on_reason, reasons);
    } else {
        monitor_reasons(service, on_reason, reasons);
    }
}

// The version in force, and the next that was published.
static enum status tell_program(struct request *request, int64_t now_ms,
                                Loyalty__V1__GetStatusResponse *response)
{
    const struct program_set *set = lease_set(request->service->lease);
    const struct program_version *present = program_set_at(set, now_ms);
    if (present != NULL) {
        response->program_version = present->number;
        TRY(replies_text(&request->arena, present->program->id, &response->program_id));
    }
    for (size_t i = 0; i < set->count; i++) {
        if (set->versions[i].effective_from_ms > now_ms) {
            response->next_program_version = set->versions[i].number;
            return monitor_instant(&request->arena, set->versions[i].effective_from_ms,
                                   &response->next_program_effective_from);
        }
    }
    return STATUS_OK;
}

// While no head is known there is no time that all daemons share: then it is this machine's.
static enum status tell_service(struct request *request, Loyalty__V1__GetStatusResponse *response)
{
    const struct service *service = request->service;
    const struct lease *lease = service->lease;
    bool known = lease_check(lease, false) == TROUBLE_NONE;
    int64_t now_ms = known ? lease_shared_now_ms(lease) : lease_now_ms(lease);
    response->sandbox = lease_is_sandbox(lease);
    response->draining = service->draining;
    response->partitions = lease_partitions(lease);
    response->requests_in_hand = (uint32_t)service_in_hand(service);
    TRY(monitor_instant(&request->arena, now_ms, &response->now));
    return tell_program(request, now_ms, response);
}

static enum status tell_daemon(struct request *request, Loyalty__V1__GetStatusResponse *response)
{
    struct arena *arena = &request->arena;
    const struct monitor_port *port = request->service->monitor;
    struct monitor_status status = {0};
    if (port == NULL || port->status == NULL) {
        return STATUS_OK;
    }
    port->status(port->context, &status);
    response->process_id = status.process_id;
    response->connections = status.connections;
    response->draining = response->draining || status.draining;
    TRY(monitor_text(arena, status.version, &response->version));
    TRY(monitor_text(arena, status.host, &response->host));
    TRY(monitor_text(arena, status.durability, &response->durability));
    TRY(monitor_text(arena, status.store_address, &response->store_address));
    TRY(monitor_text(arena, status.store_version, &response->store_version));
    TRY(monitor_text(arena, status.reload_error, &response->reload_error));
    TRY(monitor_instant(arena, status.started_ms, &response->started_at));
    TRY(monitor_instant(arena, status.reloaded_ms, &response->reloaded_at));
    TRY(monitor_instant(arena, status.crl_next_update_ms, &response->crl_next_update));
    return monitor_instant(arena, status.certificate_not_after_ms,
                           &response->certificate_not_after);
}

void monitor_get_status(struct request *request)
{
    Loyalty__V1__GetStatusResponse response = LOYALTY__V1__GET_STATUS_RESPONSE__INIT;
    struct reasons *reasons = request_state(request, sizeof(*reasons));
    if (reasons == NULL) {
        return;
    }
    reasons->arena = &request->arena;
    tell_reasons(request->service, reasons);
    enum status status = reasons->status;
    if (status == STATUS_OK) {
        status = tell_service(request, &response);
    }
    if (status == STATUS_OK) {
        status = tell_daemon(request, &response);
    }
    response.ready = reasons->count == 0;
    response.reasons = reasons->items;
    response.n_reasons = reasons->count;
    monitor_end(request, status, &response.base);
}

// --- GetConfig ---

struct configuration {
    struct arena *arena;
    enum status status;
    Loyalty__V1__GetConfigResponse response;
};

static enum status copy_option(struct arena *arena, const struct monitor_option *option,
                               Loyalty__V1__ConfigOption *copy)
{
    copy->reloadable = option->reloadable;
    TRY(monitor_text(arena, option->name, &copy->name));
    TRY(monitor_text(arena, option->value, &copy->value));
    return monitor_text(arena, option->source, &copy->source);
}

static bool on_option(void *context, const struct monitor_option *option)
{
    struct configuration *configuration = context;
    Loyalty__V1__GetConfigResponse *response = &configuration->response;
    Loyalty__V1__ConfigOption *copy = (Loyalty__V1__ConfigOption *)message_new(
        &loyalty__v1__config_option__descriptor, configuration->arena);
    configuration->status =
        copy == NULL ? STATUS_NO_MEMORY : copy_option(configuration->arena, option, copy);
    if (configuration->status != STATUS_OK) {
        return false;
    }
    response->options[response->n_options++] = copy;
    return response->n_options < OPTIONS_MAX;
}

void monitor_get_config(struct request *request)
{
    const struct monitor_port *port = request->service->monitor;
    struct configuration configuration = {
        .arena = &request->arena,
        .response = LOYALTY__V1__GET_CONFIG_RESPONSE__INIT,
    };
    configuration.response.options =
        arena_alloc_array(&request->arena, OPTIONS_MAX, sizeof(Loyalty__V1__ConfigOption *));
    if (configuration.response.options == NULL) {
        configuration.status = STATUS_NO_MEMORY;
    } else if (port != NULL && port->options != NULL) {
        port->options(port->context, on_option, &configuration);
    }
    monitor_end(request, configuration.status, &configuration.response.base);
}
