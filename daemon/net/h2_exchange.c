// The lists and counts: `exchanges` and the host's count hold every one from new to gone; `coming`
// holds calls from begin to whole, reset or gone; in_flight counts calls from begin to gone.
#include "net/h2_exchange.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "net/connection.h"
#include "net/connections.h"

static void wake(const struct h2_exchange *exchange)
{
    struct connection *connection = exchange->h2->connection;
    connections_wake(connection->all, connection);
}

static void break_for_memory(const struct h2_exchange *exchange)
{
    connection_break(exchange->h2->connection, "no memory for its answers");
}

// --- its life ---

struct h2_exchange *h2_exchange_new(struct h2 *h2, int32_t stream)
{
    struct h2_exchange *exchange = calloc(1, sizeof(*exchange));
    if (exchange == NULL) {
        return NULL;
    }
    exchange->shared = (struct http_exchange){
        .connection = h2->connection->id, .stream = stream, .peer = &h2->connection->peer};
    exchange->h2 = h2;
    outbox_init(&exchange->body);
    if (nghttp2_session_set_stream_user_data(h2->session, stream, exchange) != 0) {
        free(exchange);
        return NULL;
    }
    TAILQ_INSERT_TAIL(&h2->exchanges, exchange, next);
    h2->host->exchanges++;
    return exchange;
}

struct h2_exchange *h2_exchange_of(const struct h2 *h2, int32_t stream)
{
    return h2->session == NULL ? NULL : nghttp2_session_get_stream_user_data(h2->session, stream);
}

static void stop_coming(struct h2_exchange *exchange)
{
    if (exchange->coming) {
        TAILQ_REMOVE(&exchange->h2->coming, exchange, next_coming);
        exchange->coming = false;
    }
}

static void count_call(struct h2_exchange *exchange)
{
    struct connection *connection = exchange->h2->connection;
    exchange->is_call = true;
    connection->in_flight++;
    connection->requests++;
    connection->all->in_flight++;
    if (!exchange->whole && !exchange->over) {
        exchange->coming = true;
        TAILQ_INSERT_TAIL(&exchange->h2->coming, exchange, next_coming);
    }
}

void h2_exchange_begin(struct h2_exchange *exchange, const struct h2_block *block, bool whole)
{
    const struct server_http *http = &exchange->h2->host->http;
    const struct http_request request = {
        .method = block->method,
        .path = block->path,
        .fields = block->fields,
        .field_count = block->count,
    };
    exchange->begun_us = block->begun_us;
    exchange->whole = whole;
    exchange->told = true;
    if (http->on_request(http->context, &exchange->shared, &request)) {
        count_call(exchange);
    }
    if (whole) {
        h2_exchange_whole(exchange);
    }
}

static void hand_on(struct h2_exchange *exchange, struct span bytes, bool last)
{
    const struct server_http *http = &exchange->h2->host->http;
    if (exchange->told && !exchange->over) {
        http->on_body(http->context, &exchange->shared, bytes, last);
    }
}

void h2_exchange_body(struct h2_exchange *exchange, struct span bytes)
{
    hand_on(exchange, bytes, false);
}

void h2_exchange_whole(struct h2_exchange *exchange)
{
    exchange->whole = true;
    stop_coming(exchange);
    hand_on(exchange, span_of(NULL, 0), true);
}

void h2_exchange_gone(struct h2_exchange *exchange)
{
    struct h2 *h2 = exchange->h2;
    struct connection *connection = h2->connection;
    exchange->over = true;
    (void)nghttp2_session_set_stream_user_data(h2->session, exchange->shared.stream, NULL);
    stop_coming(exchange);
    TAILQ_REMOVE(&h2->exchanges, exchange, next);
    h2->host->exchanges--;
    h2->unsent_bytes -= outbox_pending(&exchange->body);
    if (exchange->is_call) {
        connection->in_flight--;
        connection->all->in_flight--;
    }
    if (exchange->told) {
        h2->host->http.on_gone(h2->host->http.context, &exchange->shared);
    }
    free(exchange->head);
    free(exchange->trailers);
    outbox_fini(&exchange->body);
    free(exchange);
}

// --- the answer ---

static ssize_t on_read(nghttp2_session *session, int32_t stream, uint8_t *into, size_t bytes,
                       uint32_t *ret_flags, nghttp2_data_source *source, void *context)
{
    struct h2 *h2 = context;
    struct h2_exchange *exchange = source->ptr;
    size_t taken = outbox_take(&exchange->body, into, bytes);
    h2->unsent_bytes -= taken;
    h2->took = h2->took || taken > 0;
    if (!exchange->ended || outbox_pending(&exchange->body) > 0) {
        return taken > 0 ? (ssize_t)taken : NGHTTP2_ERR_DEFERRED;
    }
    *ret_flags |= NGHTTP2_DATA_FLAG_EOF;
    if (exchange->trailers != NULL) {
        *ret_flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        h2_submitted(h2, nghttp2_submit_trailer(session, stream, exchange->trailers->items,
                                                exchange->trailers->count));
    }
    return (ssize_t)taken;
}

// The head leaves, alone or as the beginning of more.
static void start_answer(struct h2_exchange *exchange, bool more)
{
    struct h2 *h2 = exchange->h2;
    const nghttp2_data_provider body = {.source.ptr = exchange, .read_callback = on_read};
    exchange->started = true;
    h2_submitted(h2, nghttp2_submit_response(h2->session, exchange->shared.stream,
                                             exchange->head->items, exchange->head->count,
                                             more ? &body : NULL));
    free(exchange->head);
    exchange->head = NULL;
}

static void continue_answer(struct h2_exchange *exchange, bool more)
{
    if (exchange->started) {
        int result = nghttp2_session_resume_data(exchange->h2->session, exchange->shared.stream);
        h2_submitted(exchange->h2, result);
    } else {
        start_answer(exchange, more);
    }
    wake(exchange);
}

static void give_head(struct h2_exchange *exchange, uint32_t status,
                      const struct http_field *fields, size_t count)
{
    CHECK(!exchange->headed);
    exchange->head = h2_fields_new(status, fields, count);
    if (exchange->head == NULL) {
        exchange->over = true;
        break_for_memory(exchange);
        return;
    }
    exchange->headed = true;
}

static void give_end(struct h2_exchange *exchange, const struct http_field *trailers, size_t count)
{
    CHECK(exchange->headed && !exchange->ended);
    exchange->trailers = count == 0 ? NULL : h2_fields_new(0, trailers, count);
    if (count > 0 && exchange->trailers == NULL) {
        exchange->over = true;
        break_for_memory(exchange);
        return;
    }
    exchange->ended = true;
    continue_answer(exchange, count > 0);
}

void h2_exchange_reset(struct h2_exchange *exchange, uint32_t code)
{
    struct h2 *h2 = exchange->h2;
    exchange->over = true;
    stop_coming(exchange);
    h2_submitted(h2, nghttp2_submit_rst_stream(h2->session, NGHTTP2_FLAG_NONE,
                                               exchange->shared.stream, code));
    wake(exchange);
}

void h2_exchange_answer(struct h2_exchange *exchange, uint32_t status, uint32_t code)
{
    stop_coming(exchange);
    if (exchange->ended || exchange->over) {
        return; // what resets it is under way
    }
    if (exchange->headed) {
        h2_exchange_reset(exchange, code);
        return;
    }
    exchange->code_after = code;
    give_head(exchange, status, NULL, 0);
    if (exchange->headed) {
        give_end(exchange, NULL, 0);
    }
    exchange->over = true;
}

void h2_exchange_left(struct h2_exchange *exchange)
{
    if (!exchange->whole) {
        h2_exchange_reset(exchange, exchange->code_after);
    }
}

bool h2_exchange_is_owed_room(const struct h2_exchange *exchange)
{
    return exchange->wants_room && !exchange->over && !exchange->ended &&
           outbox_pending(&exchange->body) <= HTTP_ROOM_BYTES / 2 &&
           h2_waiting_bytes(exchange->h2) <= LIMIT_CONNECTION_OUTPUT_BYTES / 2;
}

// --- what the layer above asks for ---

static struct h2_exchange *behind(struct http_exchange *exchange)
{
    return (struct h2_exchange *)exchange;
}

void http_want(struct server *server, struct http_exchange *exchange, size_t bytes)
{
    (void)server;
    struct h2_exchange *own = behind(exchange);
    CHECK(bytes <= INT32_MAX);
    if (own->over || own->whole) {
        return;
    }
    h2_submitted(own->h2, nghttp2_submit_window_update(own->h2->session, NGHTTP2_FLAG_NONE,
                                                       exchange->stream, (int32_t)bytes));
    wake(own);
}

void http_head(struct server *server, struct http_exchange *exchange, uint32_t status,
               const struct http_field *fields, size_t count)
{
    (void)server;
    struct h2_exchange *own = behind(exchange);
    if (!own->over) {
        give_head(own, status, fields, count);
    }
}

bool http_body(struct server *server, struct http_exchange *exchange, struct span bytes)
{
    (void)server;
    struct h2_exchange *own = behind(exchange);
    struct h2 *h2 = own->h2;
    if (own->over) {
        return true;
    }
    CHECK(own->headed && !own->ended);
    if (h2_waiting_bytes(h2) > LIMIT_CONNECTION_OUTPUT_BYTES) {
        own->wants_room = true;
        return false;
    }
    if (outbox_append(&own->body, bytes) != STATUS_OK) {
        own->over = true;
        break_for_memory(own);
        return true;
    }
    h2->unsent_bytes += bytes.len;
    own->wants_room = outbox_pending(&own->body) > HTTP_ROOM_BYTES / 2;
    continue_answer(own, true);
    return true;
}

void http_end(struct server *server, struct http_exchange *exchange,
              const struct http_field *trailers, size_t count)
{
    (void)server;
    struct h2_exchange *own = behind(exchange);
    if (!own->over) {
        give_end(own, trailers, count);
    }
}

void http_reset(struct server *server, struct http_exchange *exchange, uint32_t code)
{
    (void)server;
    if (!behind(exchange)->over) {
        h2_exchange_reset(behind(exchange), code);
    }
}

size_t http_unsent(const struct http_exchange *exchange)
{
    return outbox_pending(&((const struct h2_exchange *)exchange)->body);
}
