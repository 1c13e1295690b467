// What MonitorService tells that only the daemon around the service knows: a port that app fills
// in. Texts given are borrowed for the call. A service without one (in tests) tells what it knows
// itself.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/metrics.h"
#include "base/span.h"

// Of GetStatus; 0 or NULL is unset.
struct monitor_status {
    const char *version;
    const char *host;
    const char *durability;
    const char *store_address;
    const char *store_version;
    const char *reload_error;
    uint32_t process_id;
    uint32_t connections;
    int64_t started_ms;
    int64_t reloaded_ms;
    int64_t certificate_not_after_ms;
    int64_t crl_next_update_ms;
    bool draining;
};

struct monitor_connection {
    uint64_t id;
    const char *address;
    const char *role; // empty during the handshake
    const char *unit;
    const char *protocol;
    int64_t since_ms;
    uint64_t requests;
    uint32_t in_flight;
    int64_t certificate_not_after_ms;
};

struct monitor_option {
    const char *name;
    const char *value;
    const char *source;
    bool reloadable;
};

enum finding_level { FINDING_GOOD = 1, FINDING_WARNING, FINDING_FAULT };

struct finding {
    enum finding_level level;
    const char *code;
    const char *what;
    const char *advice; // empty: nothing to do
};

// Each returns whether it wants more.
typedef bool monitor_connection_fn(void *context, const struct monitor_connection *connection);
typedef bool monitor_option_fn(void *context, const struct monitor_option *option);
typedef bool monitor_finding_fn(void *context, const struct finding *finding);
typedef bool monitor_reason_fn(void *context, const char *sentence);

struct monitor_port {
    void (*status)(void *context, struct monitor_status *ret_status);
    // All that the daemon counts, the service's own too.
    void (*metrics)(void *context, const struct metrics_out *out);
    // Newest first, those with an id below `below` (0: all).
    void (*connections)(void *context, uint64_t below, monitor_connection_fn *each, void *to);
    void (*options)(void *context, monitor_option_fn *each, void *to);
    // What the daemon finds of itself: its certificates, its options, its store's settings.
    void (*findings)(void *context, monitor_finding_fn *each, void *to);
    // Why it is not ready; not called back when it is.
    void (*reasons)(void *context, monitor_reason_fn *each, void *to);
    void *context;
};

struct service;

// The service's part of the port's matters, for app: why it is not ready, and what it counts.
void monitor_reasons(const struct service *service, monitor_reason_fn *each, void *to);
void monitor_metrics(const struct service *service, const struct metrics_out *out);
