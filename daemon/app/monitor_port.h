// What MonitorService is told of the daemon around the service (service/monitor.h), put together
// from the server, the options and the store.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "app/findings.h"
#include "app/options.h"
#include "app/reload.h"
#include "service/monitor.h"

struct embedded_redis;
struct metrics_sources;
struct service;

enum { MONITOR_HOST_BYTES = 256, MONITOR_ADDRESS_BYTES = 256 };

struct monitor_around {
    struct monitor_port port; // to be given to the service
    const struct service *service;
    struct findings_about about;           // options, server and store, for the other calls too
    int64_t started_ms;                    // by this machine's clock
    int64_t reloaded_ms;                   // 0: not since the start
    const struct metrics_sources *sources; // NULL: not yet, or no more
    bool draining;
    char host[MONITOR_HOST_BYTES];
    char store_address[MONITOR_ADDRESS_BYTES];
};

// Tells the service of it. All of it lives as long as the service; what is not there yet, the
// server, is set in `about` when it is. `embedded` NULL: the store is not ours.
void monitor_around_init(struct monitor_around *around, const struct options *options,
                         const struct store *store, const struct embedded_redis *embedded,
                         struct service *service);
// Options have been read again, or refused. `reload` outlives the next of these calls.
void monitor_around_reloaded(struct monitor_around *around, const struct reload *reload);
