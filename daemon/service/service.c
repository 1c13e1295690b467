// Puts the parts together, and takes them apart in the order their answers need.
#include "service/service.h"

#include <stdlib.h>

#include "base/check.h"
#include "service/birthdays.h"
#include "service/bounds.h"
#include "service/dispatch.h"
#include "service/meter.h"
#include "service/obligations.h"
#include "service/slow.h"
#include "service/subscriptions.h"

// Whoever writes to a member finishes what was left open there.
static void on_commit(void *context, const struct account_commit *commit)
{
    struct service *service = context;
    if (service->stopping) {
        return;
    }
    if (account_unfinished(commit->account)) {
        obligations_settle(service, commit->id, NULL);
    }
    subscriptions_committed(service->subscriptions, commit->partition);
    if (service->on_commit != NULL) {
        service->on_commit(service->commit_context, commit);
    }
}

static enum status make_lease(struct service *service)
{
    const struct service_options *options = &service->options;
    struct lease_options lease = {
        .store = options->store,
        .timers = options->timers,
        .wall_ms = options->wall_ms,
        .wall_context = options->wall_context,
        .hash = options->chain_hash,
        .zones = options->zones,
        .partitions = options->partitions,
        .sandbox = options->sandbox,
    };
    return lease_new(&lease, &service->lease);
}

static void name_account(const void *context, struct span id, char ret_text[LOG_MEMBER_BYTES])
{
    log_member(context, id, ret_text);
}

static enum status make_accounts(struct service *service)
{
    const struct service_options *options = &service->options;
    struct accounts_options accounts = {
        .store = options->store,
        .lease = service->lease,
        .timers = options->timers,
        .hash = options->chain_hash,
        .cache_accounts = options->cache_accounts == 0 ? SIZE_MAX : options->cache_accounts,
        .cache_bytes = options->cache_bytes == 0 ? SERVICE_CACHE_BYTES : options->cache_bytes,
        .seed = options->seed,
        .on_commit = on_commit,
        .name = name_account,
        .name_context = service,
        .commit_context = service,
    };
    return accounts_new(&accounts, &service->accounts);
}

static enum status make_parts(struct service *service)
{
    TRY(make_lease(service));
    TRY(make_accounts(service));
    TRY(obligations_new(service, &service->obligations));
    TRY(subscriptions_new(service, &service->subscriptions));
    TRY(birthdays_new(service, &service->birthdays));
    TRY(meter_new(&service->meter));
    TRY(slow_new(service->options.slow_ms, &service->slow));
    return dispatch_new(service, &service->dispatch);
}

enum status service_new(const struct service_options *options, struct service **ret_service)
{
    struct service *service = calloc(1, sizeof(*service));
    if (service == NULL) {
        return STATUS_NO_MEMORY;
    }
    service->options = *options;
    arena_init(&service->scratch, SERVICE_FOLD_ARENA_BYTES);
    enum status status = make_parts(service);
    if (status != STATUS_OK) {
        service_free(service);
        return status;
    }
    *ret_service = service;
    return STATUS_OK;
}

void service_kick(struct service *service)
{
    if (!service->stopping) {
        lease_kick(service->lease);
    }
}

void service_on_commit(struct service *service, account_commit_fn *commit, void *context)
{
    service->on_commit = commit;
    service->commit_context = context;
}

void service_on_job(struct service *service, void (*on_job)(void *context), void *context)
{
    service->on_job = on_job;
    service->job_context = context;
}

void service_tell_job(struct service *service)
{
    if (service->on_job != NULL && !service->stopping) {
        service->on_job(service->job_context);
    }
}

void service_set_monitor(struct service *service, const struct monitor_port *port)
{
    service->monitor = port;
}

int64_t service_precise_us(const struct service *service)
{
    const struct service_options *options = &service->options;
    return options->precise_us != NULL ? options->precise_us(options->precise_context)
                                       : timers_now(options->timers) * 1000;
}

void service_stop(struct service *service)
{
    service->stopping = true;
    lease_stop(service->lease);
    accounts_stop(service->accounts);
    subscriptions_stop(service->subscriptions);
}

void service_free(struct service *service)
{
    if (service == NULL) {
        return;
    }
    dispatch_free(service->dispatch);
    subscriptions_free(service->subscriptions);
    birthdays_free(service->birthdays);
    meter_free(service->meter);
    slow_free(service->slow);
    obligations_free(service->obligations);
    accounts_free(service->accounts);
    lease_free(service->lease);
    arena_fini(&service->scratch);
    free(service);
}

size_t service_in_hand(const struct service *service)
{
    return dispatch_unanswered(service->dispatch);
}
