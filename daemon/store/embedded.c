// Supervision: started, watched, started again. The back-off starts anew for a server that had
// lived for a while.
//
//     RUNNING ──it ends──► waiting for the restart timer ──► RUNNING, or the timer again
#include "store/embedded.h"

#include <errno.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "store/embedded_directory.h"
#include "store/embedded_process.h"

enum {
    LOCK_WAIT_MS = 10000,
    STOP_WAIT_MS = 10000,
    BACKOFF_FIRST_MS = 100,
    BACKOFF_LAST_MS = 5000,
    LIVED_MS = 10000, // a server that ran this long had started well
};

struct embedded_redis {
    struct event_base *base;
    struct embedded_directory directory;
    struct embedded_process process;
    struct event *ended;
    struct event *restart_timer;
    embedded_note_fn *on_note;
    void *context;
    int64_t started_ms;
    int64_t backoff_ms;
};

static int64_t now_ms(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

__attribute__((format(printf, 2, 3))) static void note(const struct embedded_redis *redis,
                                                       const char *format, ...)
{
    if (redis->on_note == NULL) {
        return;
    }
    char text[EMBEDDED_PROBLEM_BYTES + 64];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    redis->on_note(redis->context, text);
}

static void restart_later(struct embedded_redis *redis)
{
    struct timeval after = {
        .tv_sec = redis->backoff_ms / 1000,
        .tv_usec = redis->backoff_ms % 1000 * 1000,
    };
    CHECK(evtimer_add(redis->restart_timer, &after) == 0);
    int64_t twice_ms = redis->backoff_ms * 2;
    redis->backoff_ms = twice_ms < BACKOFF_LAST_MS ? twice_ms : BACKOFF_LAST_MS;
}

static void forget_end(struct embedded_redis *redis)
{
    if (redis->ended != NULL) {
        event_free(redis->ended);
        redis->ended = NULL;
    }
}

static void on_ended(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct embedded_redis *redis = context;
    forget_end(redis);
    char how[EMBEDDED_STATUS_BYTES];
    embedded_process_reap(&redis->process, how);
    if (now_ms() - redis->started_ms >= LIVED_MS) {
        redis->backoff_ms = BACKOFF_FIRST_MS;
    }
    note(redis, "exited %s, restarting in %lld ms", how, (long long)redis->backoff_ms);
    restart_later(redis);
}

// A server whose end would not be noticed is ended at once.
static enum status watch_server(struct embedded_redis *redis)
{
    redis->ended = event_new(redis->base, redis->process.pidfd, EV_READ, on_ended, redis);
    if (redis->ended != NULL && event_add(redis->ended, NULL) == 0) {
        return STATUS_OK;
    }
    note(redis, "cannot watch redis-server: no memory");
    forget_end(redis);
    embedded_process_stop(&redis->process, STOP_WAIT_MS);
    return STATUS_NO_MEMORY;
}

// Notes what is wrong when it fails.
static enum status start_server(struct embedded_redis *redis)
{
    char problem[EMBEDDED_PROBLEM_BYTES];
    enum status status = embedded_directory_write_config(&redis->directory, problem);
    if (status != STATUS_OK) {
        note(redis, "%s", problem);
        return status;
    }
    status =
        embedded_process_start(redis->directory.config, redis->directory.lock_fd, &redis->process);
    if (status != STATUS_OK) {
        note(redis, "cannot run redis-server: %s", strerror(errno));
        return status;
    }
    TRY(watch_server(redis));
    redis->started_ms = now_ms();
    note(redis, "started pid=%d", (int)redis->process.pid);
    return STATUS_OK;
}

static void on_restart(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct embedded_redis *redis = context;
    if (start_server(redis) != STATUS_OK) {
        restart_later(redis);
    }
}

static enum status embedded_init(struct embedded_redis *redis, const char *directory)
{
    char problem[EMBEDDED_PROBLEM_BYTES];
    enum status status =
        embedded_directory_open(&redis->directory, directory, LOCK_WAIT_MS, problem);
    if (status != STATUS_OK) {
        note(redis, "%s", problem);
        return status;
    }
    redis->restart_timer = evtimer_new(redis->base, on_restart, redis);
    if (redis->restart_timer == NULL) {
        return STATUS_NO_MEMORY;
    }
    return start_server(redis);
}

enum status embedded_redis_new(struct event_base *base, const char *directory,
                               embedded_note_fn *on_note, void *context,
                               struct embedded_redis **ret_redis)
{
    struct embedded_redis *redis = calloc(1, sizeof(*redis));
    if (redis == NULL) {
        return STATUS_NO_MEMORY;
    }
    redis->base = base;
    redis->on_note = on_note;
    redis->context = context;
    redis->backoff_ms = BACKOFF_FIRST_MS;
    redis->process.pidfd = -1;
    redis->directory.fd = -1;
    redis->directory.lock_fd = -1;
    enum status status = embedded_init(redis, directory);
    if (status != STATUS_OK) {
        embedded_redis_free(redis);
        return status;
    }
    *ret_redis = redis;
    return STATUS_OK;
}

const char *embedded_redis_socket(const struct embedded_redis *redis)
{
    return redis->directory.socket;
}

void embedded_redis_free(struct embedded_redis *redis)
{
    if (redis == NULL) {
        return;
    }
    forget_end(redis);
    if (redis->restart_timer != NULL) {
        event_free(redis->restart_timer);
    }
    embedded_process_stop(&redis->process, STOP_WAIT_MS);
    embedded_directory_close(&redis->directory);
    free(redis);
}
