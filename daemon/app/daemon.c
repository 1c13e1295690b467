// Wiring. Everything is made in order and unmade in reverse; the order of the end matters: the
// service stops, then the store answers what is open, then the rest goes.
#include "app/daemon.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "app/clocks.h"
#include "app/config_check.h"
#include "app/digests.h"
#include "app/inherited.h"
#include "app/journal.h"
#include "app/keys.h"
#include "app/loop.h"
#include "app/metrics.h"
#include "app/monitor_http.h"
#include "app/monitor_port.h"
#include "app/notify.h"
#include "app/opening.h"
#include "app/port_file.h"
#include "app/reload.h"
#include "app/secrets.h"
#include "app/watch.h"
#include "app/zone_tzdata.h"
#include "base/check.h"
#include "base/log.h"
#include "face/face.h"
#include "face/frames.h"
#include "jobs/compact.h"
#include "jobs/runner.h"
#include "jobs/sweep.h"
#include "net/listen.h"
#include "net/server.h"
#include "service/birthdays.h"
#include "service/bounds.h"
#include "service/service.h"
#include "service/slow.h"
#include "service/subscriptions.h"
#include "store/embedded.h"
#include "store/redis.h"

enum {
    DRAIN_STEP_US = 10000,
    PATH_BYTES = 4096,
    SIGNALS = 3,
};

struct daemon {
    const struct options *options;
    struct event_base *base;
    struct event *signals[SIGNALS];
    struct event *tick; // of the service's timers
    struct event *drain;
    int64_t drain_until_ms;
    struct notify notify;
    struct watch *watch;
    struct opening opening;
    struct timers timers;
    struct embedded_redis *embedded;
    struct store *store;
    struct service *service;
    struct compact *compact; // NULL: off
    struct sweep *sweep;     // NULL: off
    struct runner *runner;   // NULL: off
    struct frames frames;
    struct face *face;
    struct server *server;
    struct keys keys;
    struct reload reload;
    struct monitor_around around; // what MonitorService is told of all this
    struct metrics_sources sources;
    struct monitor_http *monitor; // NULL: off
    int exit_code;
};

// --- clocks ---

static int64_t wall_ms(void *context)
{
    const struct daemon *daemon = context;
    return clocks_wall_ms() + daemon->options->clock_offset_ms;
}

static int64_t precise_us(void *context)
{
    (void)context;
    return watch_now_us();
}

static void tick_at(struct daemon *daemon, int64_t at_ms)
{
    int64_t wait_ms = at_ms - clocks_monotonic_ms(NULL);
    wait_ms = wait_ms < 0 ? 0 : wait_ms;
    struct timeval wait = {.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};
    CHECK(event_add(daemon->tick, &wait) == 0); // never for want of memory: app/loop.h
}

static void on_sooner(void *context, int64_t at_ms)
{
    tick_at(context, at_ms);
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct daemon *daemon = context;
    timers_run(&daemon->timers);
    if (timers_next(&daemon->timers) != INSTANT_NEVER) {
        tick_at(daemon, timers_next(&daemon->timers));
    }
}

// --- the end ---

static void on_drain(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct daemon *daemon = context;
    size_t requests = service_in_hand(daemon->service) + server_in_flight(daemon->server);
    size_t connections = server_connections(daemon->server);
    bool idle =
        requests + connections == 0 && (daemon->runner == NULL || runner_is_idle(daemon->runner));
    if (idle || clocks_monotonic_ms(NULL) >= daemon->drain_until_ms) {
        log_event(LOG_INFO, "ended", "requests_left=%zu connections_left=%zu", requests,
                  connections);
        notify_closing(&daemon->notify);
        event_base_loopbreak(daemon->base); // takes no memory, unlike loopexit
        return;
    }
    notify_draining(&daemon->notify, requests, connections);
    CHECK(event_add(daemon->drain, &(struct timeval){.tv_usec = DRAIN_STEP_US}) == 0);
}

// Health says so first, then every client is asked to go; whoever keeps the listening socket
// besides us loses no client that is waiting in it.
static void start_drain(struct daemon *daemon)
{
    struct span goaway = {0};
    daemon->around.draining = true;
    opening_fini(&daemon->opening);
    face_drain(daemon->face);
    server_stop_accepting(daemon->server);
    if (frames_goaway(&daemon->frames, &goaway) != STATUS_OK ||
        server_drain(daemon->server, goaway) != STATUS_OK) {
        log_event(LOG_ERROR, "drain-failed", "why=\"no memory\"");
        daemon->drain_until_ms = clocks_monotonic_ms(NULL);
    }
}

static void on_end_signal(evutil_socket_t signal_number, short what, void *context)
{
    (void)what;
    struct daemon *daemon = context;
    if (daemon->drain_until_ms != 0) {
        return;
    }
    log_event(LOG_INFO, "ending", "signal=%d in_hand=%zu", (int)signal_number,
              service_in_hand(daemon->service));
    daemon->drain_until_ms = clocks_monotonic_ms(NULL) + daemon->reload.present->drain_ms;
    start_drain(daemon);
    event_active(daemon->drain, 0, 0);
}

static void on_reload_signal(evutil_socket_t signal_number, short what, void *context)
{
    (void)signal_number;
    (void)what;
    struct daemon *daemon = context;
    notify_reloading(&daemon->notify);
    (void)reload_run(&daemon->reload, daemon->server, wall_ms(daemon)); // says how it went
    slow_set_ms(daemon->service->slow, daemon->reload.present->slow_ms);
    monitor_around_reloaded(&daemon->around, &daemon->reload);
    notify_reloaded(&daemon->notify);
}

// --- parts ---

static void on_redis_state(void *context, bool ready, const char *reason)
{
    struct daemon *daemon = context;
    if (ready) {
        log_event(LOG_INFO, "store-ready", "durability=%s",
                  daemon->options->durability == OPTION_RELAXED ? "relaxed" : "strict");
        service_kick(daemon->service);
    } else {
        log_event(LOG_WARNING, "store-not-ready", "why=\"%s\"",
                  log_text_of(span_of_text(reason)).text);
    }
    notify_store(&daemon->notify, ready, reason);
    if (daemon->face != NULL) {
        face_refresh(daemon->face);
    }
}

static void on_embedded_note(void *context, const char *text)
{
    (void)context;
    log_event(LOG_INFO, "embedded-redis", "note=\"%s\"", log_text_of(span_of_text(text)).text);
}

static enum status say(enum status status, const char *what, const char *why)
{
    if (status != STATUS_OK) {
        log_event(LOG_ERROR, "cannot-start", "what=%s status=%s why=\"%s\"", what,
                  status_name(status), log_text_of(span_of_text(why)).text);
    }
    return status;
}

static enum status start_loop(struct daemon *daemon)
{
    TRY(say(loop_new(&daemon->base), "event-loop", ""));
    TRY(say(watch_new(daemon->base, &daemon->watch), "watchdog",
            "WATCHDOG_USEC and WATCHDOG_PID are numbers"));
    daemon->tick = evtimer_new(daemon->base, on_tick, daemon);
    daemon->drain = evtimer_new(daemon->base, on_drain, daemon);
    daemon->signals[0] = evsignal_new(daemon->base, SIGTERM, on_end_signal, daemon);
    daemon->signals[1] = evsignal_new(daemon->base, SIGINT, on_end_signal, daemon);
    daemon->signals[2] = evsignal_new(daemon->base, SIGHUP, on_reload_signal, daemon);
    for (size_t i = 0; i < SIGNALS; i++) {
        if (daemon->signals[i] == NULL || event_add(daemon->signals[i], NULL) != 0) {
            return say(STATUS_NO_MEMORY, "signals", "");
        }
    }
    if (daemon->tick == NULL || daemon->drain == NULL) {
        return say(STATUS_NO_MEMORY, "event-loop", "");
    }
    TRY(say(timers_init(&daemon->timers, SERVICE_TIMERS, clocks_monotonic_ms, NULL), "timers", ""));
    daemon->timers.on_sooner = on_sooner;
    daemon->timers.sooner_context = daemon;
    return STATUS_OK;
}

static enum status start_store(struct daemon *daemon)
{
    const struct options *options = daemon->options;
    struct redis_options redis = {
        .unix_path = options->redis.path,
        .host = options->redis.at.host[0] == '\0' ? NULL : options->redis.at.host,
        .port = options->redis.at.port,
        .user = options->redis_user,
        .relaxed = options->durability == OPTION_RELAXED,
    };
    if (options->embedded != NULL) {
        TRY(say(embedded_redis_new(daemon->base, options->embedded, on_embedded_note, daemon,
                                   &daemon->embedded),
                "embedded-redis", options->embedded));
        redis.unix_path = embedded_redis_socket(daemon->embedded);
    }
    char password[SECRETS_PASSWORD_BYTES];
    if (options->redis_password_file != NULL) {
        enum status read = secrets_password(options->redis_password_file, password);
        TRY(say(read, "redis-password-file",
                read == STATUS_IO ? strerror(errno) : "its first line is the password"));
        redis.password = password;
    }
    enum status status = redis_new(daemon->base, &redis, on_redis_state, daemon, &daemon->store);
    secrets_wipe(password, sizeof password);
    return say(status, "redis", "its address is unix:PATH or a numeric HOST:PORT");
}

static enum status start_jobs(struct daemon *daemon, uint64_t seed)
{
    const struct options *options = daemon->options;
    if (options->compact_bytes > 0) {
        struct compact_options compact = {.service = daemon->service,
                                          .bytes = options->compact_bytes};
        TRY(say(compact_new(&compact, &daemon->compact), "compact", ""));
    }
    if (options->jobs) {
        struct runner_options runner = {
            .service = daemon->service,
            .pace = options->jobs_pace,
            .census_ms = (int64_t)options->census_hours * 3600 * 1000,
        };
        TRY(say(runner_new(&runner, &daemon->runner), "jobs", ""));
    }
    if (!options->sweep) {
        return STATUS_OK;
    }
    struct sweep_options sweep = {
        .service = daemon->service,
        .pace = options->sweep_pace,
        .seed = seed,
        .turns = {events_trim_turn, birthdays_turn},
    };
    return say(sweep_new(&sweep, &daemon->sweep), "sweep", "");
}

static enum status start_service(struct daemon *daemon)
{
    const struct options *options = daemon->options;
    const char *what;
    const char *why;
    enum status read = keys_read(&daemon->keys, options, &what, &why);
    TRY(say(read, what, why));
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed) {
        return say(STATUS_IO, "random", strerror(errno));
    }
    struct service_options service = {
        .store = daemon->store,
        .timers = &daemon->timers,
        .wall_ms = wall_ms,
        .wall_context = daemon,
        .precise_us = precise_us,
        .chain_hash = digests_chain,
        .digest_hash = digests_request,
        .identifier_hash = daemon->keys.has_identifier ? digests_identifier : NULL,
        .identifier_context = daemon->keys.identifier,
        .codes = &daemon->keys.codes.port,
        .profiles = daemon->keys.profiles.count > 0 ? &daemon->keys.profiles.port : NULL,
        .zones = {.load = zone_tzdata_load, .free = zone_tzdata_free},
        .partitions = options->partitions,
        .sandbox = options->sandbox,
        .cache_accounts = options->cache_accounts,
        .cache_bytes = (size_t)options->cache_mib << 20,
        .slow_ms = options->slow_ms,
        .event_retention = options->event_retention,
        .seed = seed,
    };
    TRY(say(service_new(&service, &daemon->service), "service", ""));
    monitor_around_init(&daemon->around, options, daemon->store, daemon->embedded, daemon->service);
    return start_jobs(daemon, seed);
}

static enum status serve_http(struct daemon *daemon)
{
    TRY(say(face_new(daemon->service, &daemon->face), "face", ""));
    face_set_server(daemon->face, daemon->server);
    return say(server_serve_http(daemon->server, face_http(daemon->face)), "http", "");
}

// The socket handed over by whoever started us, else one of our own.
static enum status find_socket(const struct options *options, int *ret_fd, uint16_t *ret_port)
{
    int fd = -1;
    TRY(say(inherited_socket(&fd), "inherited-socket", "LISTEN_FDS may hand over one socket"));
    if (fd >= 0) {
        *ret_fd = fd;
        return say(listen_take(fd, ret_port), "inherited-socket", "it is no TCP socket");
    }
    return say(listen_bind(options->listen.host, options->listen.port, ret_fd, ret_port), "listen",
               strerror(errno));
}

static enum status start_listener(struct daemon *daemon)
{
    const struct options *options = daemon->options;
    int fd;
    uint16_t port;
    TRY(find_socket(options, &fd, &port));
    const struct server_tls_options tls = config_tls(options);
    frames_init(&daemon->frames, daemon->service);
    const struct server_limits limits = config_limits(options);
    char error[LIMIT_TEXT_BYTES] = "";
    enum status status = server_new(daemon->base, fd, &tls, &limits, frames_on_frame,
                                    &daemon->frames, error, sizeof error, &daemon->server);
    if (status != STATUS_OK) {
        close(fd);
    }
    TRY(say(status, "tls", error));
    daemon->around.about.server = daemon->server;
    frames_set_server(&daemon->frames, daemon->server);
    TRY(serve_http(daemon));
    if (options->port_file != NULL) {
        TRY(say(port_file_write(options->port_file, port), "port-file", strerror(errno)));
    }
    log_event(LOG_INFO, "ready", "address=%s port=%" PRIu16 " sandbox=%d", options->listen.host,
              port, options->sandbox);
    return STATUS_OK;
}

// Who watches may ask as soon as there is something to be told.
static enum status start_monitor(struct daemon *daemon)
{
    const struct options *options = daemon->options;
    const struct monitor_http_options http = {
        .base = daemon->base,
        .address = &options->monitor,
        .sources = &daemon->sources,
        .port = &daemon->around.port,
    };
    uint16_t port = 0;
    daemon->sources = (struct metrics_sources){
        .service = daemon->service,
        .store = daemon->store,
        .server = daemon->server,
        .sweep = daemon->sweep,
        .runner = daemon->runner,
        .watch = daemon->watch,
        .reload = &daemon->reload,
        .around = &daemon->around,
    };
    daemon->around.sources = &daemon->sources;
    if (options->monitor.host[0] == '\0') {
        return STATUS_OK;
    }
    TRY(say(monitor_http_new(&http, &port, &daemon->monitor), "monitor-listen", strerror(errno)));
    return options->monitor_port_file == NULL
               ? STATUS_OK
               : say(port_file_write(options->monitor_port_file, port), "monitor-port-file",
                     strerror(errno));
}

static void on_open(void *context)
{
    struct daemon *daemon = context;
    notify_ready(&daemon->notify);
}

static enum status start(struct daemon *daemon)
{
    TRY(start_loop(daemon));
    TRY(start_store(daemon));
    TRY(start_service(daemon));
    TRY(start_listener(daemon));
    TRY(start_monitor(daemon));
    daemon->opening.on_open = on_open;
    daemon->opening.context = daemon;
    return say(opening_start(&daemon->opening, daemon->base, daemon->face, daemon->server),
               "opening", "");
}

static void finish(struct daemon *daemon)
{
    if (daemon->service != NULL) {
        service_stop(daemon->service);
    }
    monitor_http_free(daemon->monitor);
    daemon->around.sources = NULL;
    store_free(daemon->store);
    compact_free(daemon->compact);
    sweep_free(daemon->sweep);
    runner_free(daemon->runner);
    service_free(daemon->service);
    server_free(daemon->server);
    if (daemon->server != NULL) {
        frames_fini(&daemon->frames);
    }
    face_free(daemon->face);
    embedded_redis_free(daemon->embedded);
    timers_fini(&daemon->timers);
    watch_free(daemon->watch);
    opening_fini(&daemon->opening);
    for (size_t i = 0; i < SIGNALS; i++) {
        if (daemon->signals[i] != NULL) {
            event_free(daemon->signals[i]);
        }
    }
    if (daemon->tick != NULL) {
        event_free(daemon->tick);
    }
    if (daemon->drain != NULL) {
        event_free(daemon->drain);
    }
    if (daemon->base != NULL) {
        event_base_free(daemon->base);
    }
    keys_fini(&daemon->keys);
    reload_fini(&daemon->reload);
}

int daemon_run(int argc, char **argv, const struct options *options)
{
    struct daemon daemon = {.options = options, .exit_code = EXIT_FAILURE};
    reload_init(&daemon.reload, argc, argv, options);
    signal(SIGPIPE, SIG_IGN);
    keys_init(&daemon.keys);
    log_set_level((enum log_level)options->log_level);
    log_set_rate(options->log_rate);
    journal_set_target((enum option_log_target)options->log_target);
    if (start(&daemon) == STATUS_OK) {
        daemon.exit_code = event_base_dispatch(daemon.base) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    finish(&daemon);
    return daemon.exit_code;
}
