// The connection. Invariants: `bev` is there and the pipeline open exactly in CONNECTING, CHECKING
// and READY; a closed bufferevent is freed on the next turn of the loop, not inside its own
// callback. Whoever finds the connection unfit breaks the pipeline, which only marks it: the loop's
// callbacks below close it when they are done (link_settle).
#include "store/redis_link.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/check.h"
#include "base/limits.h"
#include "store/redis_address.h"
#include "store/redis_facts.h"
#include "store/redis_figures.h"
#include "store/redis_link_parts.h"

enum {
    BACKOFF_FIRST_MS = 50,
    BACKOFF_LAST_MS = 2000,
    BACKOFF_DOUBLINGS_MAX = 6,
    SALVAGE_BYTES = 16 * 1024,            // read at a time from a connection about to be closed
    LATE_ROOM = LIMIT_STORE_CALLS + 1024, // the callers' and the store's own
};

static_assert(BACKOFF_FIRST_MS << BACKOFF_DOUBLINGS_MAX >= BACKOFF_LAST_MS, "the last is reached");

int64_t redis_link_now_ms(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC_COARSE, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void timer_set(struct event *timer, int64_t after_ms)
{
    struct timeval after = {.tv_sec = after_ms / 1000, .tv_usec = after_ms % 1000 * 1000};
    CHECK(evtimer_add(timer, &after) == 0);
}

void redis_link_turn_soon(struct redis_link *link)
{
    if (!link->turn_armed) {
        link->turn_armed = true;
        timer_set(link->turn_timer, 0);
    }
}

void redis_link_learn(struct redis_link *link, struct span info)
{
    if (link->facts != NULL) {
        redis_facts_take(link->facts, info, redis_link_now_ms());
    }
}

enum redis_link_state redis_link_state(const struct redis_link *link, const char **ret_reason)
{
    *ret_reason = link->state == LINK_READY ? link->pipeline.reason : link->reason;
    if (link->state != LINK_READY || link->pipeline.broken) {
        return REDIS_LINK_COMING;
    }
    return link->pipeline.stale ? REDIS_LINK_STALE : REDIS_LINK_READY;
}

struct redis_load redis_link_load(const struct redis_link *link)
{
    struct evbuffer *output = link->bev == NULL ? NULL : bufferevent_get_output(link->bev);
    return (struct redis_load){
        .calls = link->pipeline.in_flight.count + link->batch.count,
        .open_bytes = redis_pipeline_open_bytes(&link->pipeline) + redis_batch_bytes(&link->batch),
        .unsent_bytes =
            (output == NULL ? 0 : evbuffer_get_length(output)) + redis_batch_bytes(&link->batch),
    };
}

// --- what is heard of Redis ---

void redis_link_refuse(struct redis_link *link, const char *reason)
{
    redis_pipeline_break(&link->pipeline, "%s", reason);
    link->on_verdict(link->context, false, reason);
}

void redis_link_ask_anew(struct redis_link *link, const char *reason)
{
    redis_pipeline_spoil(&link->pipeline, reason);
    link->verdict_told = true;
    redis_link_turn_soon(link);
}

// An error reply may have told that the handshake does not hold any more.
static void link_tell_stale(struct redis_link *link)
{
    if (link->state == LINK_READY && link->pipeline.stale && !link->verdict_told) {
        link->verdict_told = true;
        link->on_verdict(link->context, false, link->pipeline.reason);
    }
}

void redis_link_ready(struct redis_link *link)
{
    CHECK(link->state == LINK_CHECKING);
    link->state = LINK_READY;
    link->doublings = 0;
    link->verdict_told = false;
    link->on_verdict(link->context, true, "");
    redis_link_turn_soon(link);
}

// --- deadlines ---

// The earliest of what the connection waits for; INT64_MAX when it waits for nothing.
static int64_t link_deadline(const struct redis_link *link)
{
    int64_t deadline_ms = redis_pipeline_deadline(&link->pipeline);
    bool opening = link->state == LINK_CONNECTING || link->state == LINK_CHECKING;
    return opening && link->open_deadline_ms < deadline_ms ? link->open_deadline_ms : deadline_ms;
}

// One timer for all: deadlines are first in, first out, so that of the oldest call is enough.
void redis_link_arm_deadline(struct redis_link *link)
{
    if (link->deadline_armed) {
        return;
    }
    int64_t deadline_ms = link_deadline(link);
    if (deadline_ms == INT64_MAX) {
        return;
    }
    int64_t after_ms = deadline_ms - redis_link_now_ms();
    timer_set(link->deadline_timer, after_ms > 0 ? after_ms : 1);
    link->deadline_armed = true;
}

// --- input ---

static void link_take_input(struct redis_link *link)
{
    struct evbuffer *input = bufferevent_get_input(link->bev);
    size_t len = evbuffer_get_contiguous_space(input);
    while (len > 0 && !link->pipeline.broken) {
        const uint8_t *bytes = evbuffer_pullup(input, (ev_ssize_t)len);
        redis_pipeline_take(&link->pipeline, span_of(bytes, len));
        CHECK(evbuffer_drain(input, len) == 0);
        len = evbuffer_get_contiguous_space(input);
    }
    link_tell_stale(link);
}

// What has arrived but was not read yet: its answers are definite even when the connection is
// broken or this process was too slow to look.
static void link_salvage(struct redis_link *link)
{
    link_take_input(link);
    while (!link->pipeline.broken) {
        uint8_t bytes[SALVAGE_BYTES];
        ssize_t len = recv(bufferevent_getfd(link->bev), bytes, sizeof(bytes), MSG_DONTWAIT);
        if (len <= 0) {
            return;
        }
        redis_pipeline_take(&link->pipeline, span_of(bytes, (size_t)len));
    }
}

// --- closing ---

static void link_retry_later(struct redis_link *link)
{
    int64_t full_ms = (int64_t)BACKOFF_FIRST_MS << link->doublings;
    full_ms = full_ms < BACKOFF_LAST_MS ? full_ms : BACKOFF_LAST_MS;
    uint32_t random = 0;
    evutil_secure_rng_get_bytes(&random, sizeof(random));
    timer_set(link->retry_timer, full_ms / 2 + (int64_t)random % (full_ms / 2 + 1));
    link->doublings += link->doublings < BACKOFF_DOUBLINGS_MAX;
}

static void link_close(struct redis_link *link)
{
    redis_link_drop_batch(link);
    CHECK(link->bev != NULL && link->dying == NULL);
    size_t unsent_bytes = evbuffer_get_length(bufferevent_get_output(link->bev));
    CHECK(unsent_bytes <= link->pipeline.output_bytes);
    (void)shutdown(bufferevent_getfd(link->bev), SHUT_RDWR);
    bufferevent_setcb(link->bev, NULL, NULL, NULL, NULL);
    (void)bufferevent_disable(link->bev, EV_READ | EV_WRITE);
    link->dying = link->bev;
    link->bev = NULL;
    link->state = LINK_WAITING;
    memcpy(link->reason, link->pipeline.reason, sizeof(link->reason));
    link_retry_later(link);
    redis_link_turn_soon(link);
    redis_pipeline_close(&link->pipeline, link->pipeline.output_bytes - unsent_bytes);
}

static void link_reap(struct redis_link *link)
{
    if (link->dying != NULL) {
        bufferevent_free(link->dying);
        link->dying = NULL;
    }
}

// At the end of every callback of the loop.
static void link_settle(struct redis_link *link)
{
    const struct redis_pipeline *pipeline = &link->pipeline;
    if (!pipeline->open || !redis_pipeline_is_spent(pipeline)) {
        return;
    }
    redis_link_turn_soon(link); // the state may have to be told
    if (pipeline->broken || pipeline->in_flight.count == 0) {
        link_close(link);
    }
}

// --- the loop's callbacks ---

static void on_readable(struct bufferevent *bev, void *context)
{
    (void)bev;
    struct redis_link *link = context;
    link_take_input(link);
    link_settle(link);
}

// The socket has taken all: from now on the turn's end writes again.
static void on_written(struct bufferevent *bev, void *context)
{
    (void)context;
    (void)bufferevent_disable(bev, EV_WRITE);
}

static void on_event(struct bufferevent *bev, short what, void *context)
{
    struct redis_link *link = context;
    int error = errno;
    if ((what & BEV_EVENT_CONNECTED) != 0) {
        link->state = LINK_CHECKING;
        (void)bufferevent_disable(bev, EV_WRITE);
        link->on_open(link);
    } else if (link->state == LINK_CONNECTING) {
        redis_pipeline_break(&link->pipeline, "cannot connect to %s: %s", link->address.text,
                             strerror(error));
    } else {
        link_salvage(link);
        redis_pipeline_break(&link->pipeline, "the connection to %s has ended", link->address.text);
    }
    link_settle(link);
}

static void on_deadline(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct redis_link *link = context;
    link->deadline_armed = false;
    if (link->state >= LINK_CHECKING && link_deadline(link) <= redis_link_now_ms()) {
        link_salvage(link);
    }
    if (link_deadline(link) <= redis_link_now_ms()) {
        char reason[REDIS_REASON_BYTES];
        (void)snprintf(reason, sizeof(reason), "no answer from %s within %lld ms",
                       link->address.text, (long long)link->options.command_ms);
        redis_link_refuse(link, reason); // what hangs here hangs for all
    }
    link_settle(link);
    redis_link_arm_deadline(link);
}

static void on_turn(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct redis_link *link = context;
    link->turn_armed = false;
    link_reap(link);
    link_settle(link);
    link->on_turn(link->context);
    (void)redis_link_tell_late(link);
}

static void on_turn_end(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    redis_link_end_turn(context);
}

// A connecting bufferevent and an open pipeline; 0, or errno and neither.
static int link_open(struct redis_link *link)
{
    link->bev = redis_address_connect(&link->address, link->base);
    if (link->bev == NULL) {
        return errno;
    }
    if (redis_pipeline_open(&link->pipeline) != STATUS_OK) {
        bufferevent_free(link->bev);
        link->bev = NULL;
        return ENOMEM;
    }
    return 0;
}

static void on_retry(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct redis_link *link = context;
    CHECK(link->state == LINK_WAITING && link->bev == NULL);
    link_reap(link);
    int error = link_open(link);
    if (error != 0) {
        (void)snprintf(link->reason, sizeof(link->reason), "cannot connect to %s: %s",
                       link->address.text, strerror(error));
        redis_link_turn_soon(link);
        link_retry_later(link);
        return;
    }
    link->state = LINK_CONNECTING;
    if (link->pipeline.figures != NULL) {
        link->pipeline.figures->connects++;
    }
    link->open_deadline_ms = redis_link_now_ms() + link->options.command_ms;
    bufferevent_setcb(link->bev, on_readable, on_written, on_event, link);
    redis_link_arm_deadline(link);
}

// --- lifetime ---

static enum status copy_text(const char *text, const char **ret_copy)
{
    *ret_copy = text == NULL ? NULL : strdup(text);
    return text != NULL && *ret_copy == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

static enum status link_init(struct redis_link *link, struct event_base *base,
                             const struct redis_link_options *options)
{
    const struct redis_options *redis = options->redis;
    link->base = base;
    link->on_open = options->on_open;
    link->on_turn = options->on_turn;
    link->on_verdict = options->on_verdict;
    link->context = options->context;
    link->facts = options->facts;
    link->pipeline.figures = options->figures;
    link->options.relaxed = redis->relaxed;
    link->options.command_ms =
        redis->command_ms > 0 ? redis->command_ms : (int64_t)LIMIT_STORE_COMMAND_MS;
    TRY(copy_text(redis->user, &link->options.user));
    TRY(copy_text(redis->password, &link->options.password));
    TRY(redis_address_init(&link->address, redis));
    (void)snprintf(link->reason, sizeof(link->reason), "connecting to %s", link->address.text);
    resp_writer_init(&link->writer);
    redis_batch_init(&link->batch);
    TRY(redis_queue_reserve(&link->late, LATE_ROOM));
    link->retry_timer = evtimer_new(base, on_retry, link);
    link->deadline_timer = evtimer_new(base, on_deadline, link);
    link->turn_timer = evtimer_new(base, on_turn, link);
    link->turn_end = event_new(base, -1, 0, on_turn_end, link);
    if (link->retry_timer == NULL || link->deadline_timer == NULL || link->turn_timer == NULL ||
        link->turn_end == NULL) {
        return STATUS_NO_MEMORY;
    }
    timer_set(link->retry_timer, 0);
    redis_link_turn_soon(link);
    return STATUS_OK;
}

enum status redis_link_new(struct event_base *base, const struct redis_link_options *options,
                           struct redis_link **ret_link)
{
    struct redis_link *link = calloc(1, sizeof(*link));
    if (link == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status status = link_init(link, base, options);
    if (status != STATUS_OK) {
        redis_link_free(link);
        return status;
    }
    *ret_link = link;
    return STATUS_OK;
}

void redis_link_shut(struct redis_link *link)
{
    if (link == NULL || link->bev == NULL) {
        return;
    }
    CHECK(!link->pipeline.answering);
    link_reap(link);
    redis_pipeline_break(&link->pipeline, "the store is being closed");
    link_close(link);
}

void redis_link_free(struct redis_link *link)
{
    if (link == NULL) {
        return;
    }
    CHECK(link->bev == NULL && link->late.count == 0);
    link_reap(link);
    struct event *const events[] = {link->retry_timer, link->deadline_timer, link->turn_timer,
                                    link->turn_end};
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        if (events[i] != NULL) {
            event_free(events[i]);
        }
    }
    redis_pipeline_fini(&link->pipeline);
    redis_queue_fini(&link->late);
    resp_writer_fini(&link->writer);
    redis_batch_fini(&link->batch);
    free((char *)link->options.user);
    free((char *)link->options.password);
    free(link);
}
