// The session's birth and end, its bytes in and out, its timer, its drain. What nghttp2 tells is
// heard in h2_callbacks.c.
#include "net/h2.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "net/connection.h"
#include "net/connections.h"
#include "net/h2_callbacks.h"
#include "net/h2_exchange.h"

enum {
    FILL_BYTES = 4 * STREAM_RECORD_BYTES, // of the outbox: enough for whole records
    STATUS_REQUEST_TIMEOUT = 408,
};

// --- what connections share ---

static void set_options(nghttp2_option *option)
{
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_no_closed_streams(option, 1);
    nghttp2_option_set_max_continuations(option, LIMIT_HTTP_CONTINUATIONS);
    nghttp2_option_set_max_settings(option, LIMIT_HTTP_SETTINGS);
    nghttp2_option_set_max_outbound_ack(option, LIMIT_HTTP_ACKS);
    nghttp2_option_set_stream_reset_rate_limit(option, LIMIT_HTTP_RST_FRAMES,
                                               LIMIT_HTTP_RST_FRAMES_A_SECOND);
}

enum status h2_host_new(const struct server_http *http, struct h2_host **ret_host)
{
    struct h2_host *host = calloc(1, sizeof(*host));
    if (host == NULL) {
        return STATUS_NO_MEMORY;
    }
    host->http = *http;
    if (nghttp2_session_callbacks_new(&host->callbacks) != 0 ||
        nghttp2_option_new(&host->option) != 0) {
        h2_host_free(host);
        return STATUS_NO_MEMORY;
    }
    h2_callbacks_set(host->callbacks);
    set_options(host->option);
    *ret_host = host;
    return STATUS_OK;
}

void h2_host_free(struct h2_host *host)
{
    if (host != NULL) {
        nghttp2_session_callbacks_del(host->callbacks);
        nghttp2_option_del(host->option);
        free(host->spare_block);
        free(host);
    }
}

// --- birth and end ---

static int submit_settings(const struct h2 *h2)
{
    const struct server_limits *limits = &h2->connection->all->limits;
    const nghttp2_settings_entry entries[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits->http_streams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, HTTP_WINDOW_BYTES},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, LIMIT_HTTP_HEADER_BYTES},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    };
    return nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, entries,
                                   sizeof(entries) / sizeof(entries[0]));
}

struct h2 *h2_new(struct connection *connection)
{
    struct h2 *h2 = calloc(1, sizeof(*h2));
    if (h2 == NULL) {
        return NULL;
    }
    h2->connection = connection;
    h2->host = connection->all->h2;
    TAILQ_INIT(&h2->exchanges);
    TAILQ_INIT(&h2->coming);
    h2_limits_init(&h2->limits, connection->all->limits.http_ping_ms);
    h2_memory_init(&h2->memory);
    h2->settings_since_us = h2_now_us();
    if (nghttp2_session_server_new3(&h2->session, h2->host->callbacks, h2, h2->host->option,
                                    &h2->memory.calls) != 0 ||
        submit_settings(h2) != 0) {
        h2_abandon(h2);
        h2_free(h2);
        return NULL;
    }
    return h2;
}

// Sessions that must not be freed: kept, so that this is not taken for a leak.
static struct h2 *torn;

void h2_abandon(struct h2 *h2)
{
    struct h2_exchange *exchange = NULL;
    while (h2 != NULL && (exchange = TAILQ_FIRST(&h2->exchanges)) != NULL) {
        h2_exchange_gone(exchange);
    }
    if (h2 != NULL) {
        if (h2->torn_session == NULL) {
            nghttp2_session_del(h2->session);
        }
        h2->session = NULL;
        free(h2->block);
        h2->block = NULL;
    }
}

void h2_free(struct h2 *h2)
{
    if (h2 != NULL && h2->torn_session != NULL) {
        h2->next_torn = torn;
        torn = h2;
        return;
    }
    free(h2);
}

void h2_end(struct h2 *h2, uint32_t code, const char *reason)
{
    if (h2->ending) {
        return;
    }
    h2->ending = true;
    (void)snprintf(h2->reason, sizeof(h2->reason), "%s", reason);
    h2_submitted(h2, nghttp2_submit_goaway(h2->session, NGHTTP2_FLAG_NONE,
                                           nghttp2_session_get_last_proc_stream_id(h2->session),
                                           code, (const uint8_t *)reason, strlen(reason)));
    connections_wake(h2->connection->all, h2->connection);
}

void h2_submitted(struct h2 *h2, int result)
{
    if (result == NGHTTP2_ERR_NOMEM) {
        connection_break(h2->connection, "no memory for HTTP/2");
    }
}

void h2_suffer(struct h2 *h2, enum h2_nuisance nuisance, uint32_t units)
{
    if (!h2_limits_charge(&h2->limits, nuisance, units)) {
        h2_end(h2, NGHTTP2_ENHANCE_YOUR_CALM, h2_limits_reason(nuisance));
    }
}

bool h2_over(const struct h2 *h2)
{
    return h2->session != NULL && (h2->goodbye || (nghttp2_session_want_read(h2->session) == 0 &&
                                                   nghttp2_session_want_write(h2->session) == 0));
}

const char *h2_reason(const struct h2 *h2)
{
    return h2->reason[0] == '\0' ? NULL : h2->reason;
}

// --- bytes in ---

// Errors after which nghttp2 says nothing by itself.
static void fail(struct h2 *h2, int error)
{
    switch (error) {
    case NGHTTP2_ERR_BAD_CLIENT_MAGIC:
        h2_end(h2, NGHTTP2_PROTOCOL_ERROR, "no preface of HTTP/2");
        break;
    case NGHTTP2_ERR_FLOODED:
        h2_end(h2, NGHTTP2_ENHANCE_YOUR_CALM, "too_many_acknowledgements_waiting");
        break;
    case NGHTTP2_ERR_TOO_MANY_CONTINUATIONS:
        h2_end(h2, NGHTTP2_ENHANCE_YOUR_CALM, "too_many_continuations");
        break;
    default:
        h2_submitted(h2, error);
        h2_end(h2, NGHTTP2_INTERNAL_ERROR, nghttp2_strerror(error));
    }
}

void h2_take(struct h2 *h2, struct span bytes)
{
    if (h2->ending || bytes.len == 0) {
        return;
    }
    ssize_t taken = nghttp2_session_mem_recv(h2->session, bytes.data, bytes.len);
    if (taken < 0) {
        fail(h2, (int)taken);
    }
    h2_time_input(h2);
    connections_wake(h2->connection->all, h2->connection);
}

static void reset_all(struct h2 *h2, bool also_whole_calls)
{
    struct h2_exchange *exchange = NULL;
    TAILQ_FOREACH(exchange, &h2->exchanges, next)
    {
        bool served = exchange->is_call && exchange->whole;
        if (!exchange->over && (also_whole_calls || !served)) {
            h2_exchange_reset(exchange, NGHTTP2_CANCEL);
        }
    }
}

void h2_end_input(struct h2 *h2)
{
    reset_all(h2, false);
}

// --- bytes out ---

size_t h2_waiting_bytes(const struct h2 *h2)
{
    return h2->unsent_bytes + outbox_pending(&h2->connection->outbox);
}

void h2_fill(struct h2 *h2)
{
    struct connection *connection = h2->connection;
    struct outbox *outbox = &connection->outbox;
    if (h2->drain == H2_LAST_SAID && connection->in_flight == 0) {
        reset_all(h2, true);
    }
    while (!h2->goodbye && outbox_pending(outbox) < FILL_BYTES) {
        const uint8_t *bytes = NULL;
        ssize_t len = nghttp2_session_mem_send(h2->session, &bytes);
        if (len > 0 && outbox_append(outbox, span_of(bytes, (size_t)len)) == STATUS_OK) {
            continue;
        }
        if (len != 0) {
            // nghttp2 1.52 frees a DATA frame that finds no room in its queue, and lets the stream
            // keep it: it would be freed once more with the session.
            h2->torn_session = len == NGHTTP2_ERR_NOMEM ? h2->session : NULL;
            connection_break(connection, "no memory for its answers");
        }
        return;
    }
}

bool h2_waits(const struct h2 *h2)
{
    return h2->unsent_bytes > 0;
}

bool h2_has_taken(struct h2 *h2)
{
    bool took = h2->took;
    h2->took = false;
    return took;
}

static size_t queued_frames(const struct h2 *h2)
{
    return h2->session == NULL ? 0 : nghttp2_session_get_outbound_queue_size(h2->session);
}

bool h2_is_crowded(const struct h2 *h2)
{
    return queued_frames(h2) > LIMIT_HTTP_QUEUED_FRAMES;
}

bool h2_has_room(const struct h2 *h2)
{
    return queued_frames(h2) <= LIMIT_HTTP_QUEUED_FRAMES / 2;
}

bool h2_owes_room(const struct h2 *h2)
{
    const struct h2_exchange *exchange = NULL;
    TAILQ_FOREACH(exchange, &h2->exchanges, next)
    {
        if (h2_exchange_is_owed_room(exchange)) {
            return true;
        }
    }
    return false;
}

void h2_tell_room(struct h2 *h2)
{
    struct h2_exchange *exchange = NULL;
    TAILQ_FOREACH(exchange, &h2->exchanges, next)
    {
        if (h2_exchange_is_owed_room(exchange)) {
            exchange->wants_room = false;
            h2->host->http.on_room(h2->host->http.context, &exchange->shared);
        }
    }
}

// --- time ---

static int64_t earlier(int64_t a_us, int64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

// When the oldest of what is timed has begun; INT64_MAX: nothing is.
static int64_t oldest_us(const struct h2 *h2)
{
    int64_t since_us = h2->settings_since_us == 0 ? INT64_MAX : h2->settings_since_us;
    const struct h2_exchange *exchange = TAILQ_FIRST(&h2->coming);
    since_us = h2->block == NULL ? since_us : earlier(since_us, h2->block->begun_us);
    return exchange == NULL ? since_us : earlier(since_us, exchange->begun_us);
}

static int64_t frame_us(const struct h2 *h2)
{
    return (int64_t)h2->connection->all->limits.frame_ms * 1000;
}

// What was timed last may have come meanwhile: then the timer runs out for nothing.
void h2_time_input(struct h2 *h2)
{
    struct connection *connection = h2->connection;
    struct event *timer = &connection->input_timer;
    int64_t since_us = oldest_us(h2);
    if (connection->state != CONNECTION_OPEN) {
        return;
    }
    if (since_us == INT64_MAX || h2->ending) {
        (void)event_del(timer);
    } else if (event_pending(timer, EV_TIMEOUT, NULL) == 0) {
        int64_t left_us = since_us + frame_us(h2) - h2_now_us();
        left_us = left_us < 0 ? 0 : left_us;
        const struct timeval wait = {.tv_sec = left_us / 1000000, .tv_usec = left_us % 1000000};
        connection_await(connection, timer, &wait);
    }
}

void h2_on_input_timer(struct h2 *h2)
{
    int64_t late_us = h2_now_us() - frame_us(h2);
    struct h2_exchange *exchange = NULL;
    if (h2->settings_since_us != 0 && h2->settings_since_us <= late_us) {
        h2_end(h2, NGHTTP2_SETTINGS_TIMEOUT, "its settings took too long");
    }
    if (h2->block != NULL && h2->block->begun_us <= late_us) {
        h2_end(h2, NGHTTP2_ENHANCE_YOUR_CALM, "a field section took too long");
    }
    while ((exchange = TAILQ_FIRST(&h2->coming)) != NULL && exchange->begun_us <= late_us) {
        h2_exchange_answer(exchange, STATUS_REQUEST_TIMEOUT, NGHTTP2_CANCEL);
    }
    h2_time_input(h2);
}

// --- drain ---

void h2_drain(struct h2 *h2)
{
    if (h2->drain != H2_SERVING || h2->ending) {
        return;
    }
    h2->drain = H2_NOTICED;
    h2_submitted(h2, nghttp2_submit_shutdown_notice(h2->session));
    connections_wake(h2->connection->all, h2->connection);
}

void h2_say_last(struct h2 *h2)
{
    if (h2->drain == H2_LAST_SAID || h2->ending) {
        return;
    }
    h2->drain = H2_LAST_SAID;
    h2_submitted(h2, nghttp2_submit_goaway(h2->session, NGHTTP2_FLAG_NONE,
                                           nghttp2_session_get_last_proc_stream_id(h2->session),
                                           NGHTTP2_NO_ERROR, NULL, 0));
    connections_wake(h2->connection->all, h2->connection);
}
