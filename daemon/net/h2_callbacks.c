// nghttp2 has judged each frame before it tells of it; what it refuses it answers by itself, with
// RST_STREAM or GOAWAY. Here requests become exchanges, and what is permitted but a nuisance is
// counted.
#include "net/h2_callbacks.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "net/connection.h"
#include "net/connections.h"
#include "net/h2.h"
#include "net/h2_exchange.h"

enum {
    STATUS_TOO_LARGE_FIELDS = 431,
    UNITS_EARNED_A_FRAME = 4, // each frame of an answer permits so many windows
};

// After the last word nothing more is listened to.
static int go_on(const struct h2 *h2)
{
    bool deaf = h2->ending || h2->connection->state >= CONNECTION_CLOSING;
    return deaf ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

// --- a field section ---

static void drop_block(struct h2 *h2)
{
    if (h2->host->spare_block == NULL) {
        h2->host->spare_block = h2->block;
    } else {
        free(h2->block);
    }
    h2->block = NULL;
}

static bool must_refuse(const struct h2 *h2)
{
    return h2->host->exchanges >= h2->connection->all->limits.http_exchanges ||
           h2_waiting_bytes(h2) > LIMIT_CONNECTION_OUTPUT_BYTES;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct h2 *h2 = context;
    int32_t stream = frame->hd.stream_id;
    drop_block(h2); // of a stream that went bad on the way
    bool request = frame->headers.cat == NGHTTP2_HCAT_REQUEST;
    if (!request || !must_refuse(h2)) {
        h2->block = h2_block_new(&h2->host->spare_block, stream);
    }
    if (request && h2->block == NULL) {
        h2_submitted(h2, nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream,
                                                   NGHTTP2_REFUSED_STREAM));
    }
    return go_on(h2);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *context)
{
    (void)session;
    (void)flags;
    struct h2 *h2 = context;
    if (h2->block != NULL && h2->block->stream == frame->hd.stream_id) {
        h2_block_add(h2->block, span_of(name, name_len), span_of(value, value_len));
    }
    return 0;
}

// --- what is received ---

static void receive_request(struct h2 *h2, int32_t stream, bool whole)
{
    struct h2_exchange *exchange = h2_exchange_new(h2, stream);
    if (exchange == NULL) {
        h2_submitted(h2, nghttp2_submit_rst_stream(h2->session, NGHTTP2_FLAG_NONE, stream,
                                                   NGHTTP2_REFUSED_STREAM));
        return;
    }
    if (h2_block_is_too_large(h2->block)) {
        exchange->whole = whole;
        h2_exchange_answer(exchange, STATUS_TOO_LARGE_FIELDS, NGHTTP2_NO_ERROR);
        return;
    }
    stream_credit(&h2->connection->stream);
    h2_exchange_begin(exchange, h2->block, whole);
}

static void receive_headers(struct h2 *h2, const nghttp2_frame *frame)
{
    bool last = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    struct h2_exchange *exchange = h2_exchange_of(h2, frame->hd.stream_id);
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST && h2->block != NULL) {
        receive_request(h2, frame->hd.stream_id, last);
    } else if (exchange != NULL && last) {
        h2_exchange_whole(exchange); // trailers, whose fields mean nothing here
    }
    drop_block(h2);
}

// Padding counts against windows, but is nothing that the layer above could ask for.
static void receive_data(struct h2 *h2, const nghttp2_frame *frame)
{
    bool last = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    struct h2_exchange *exchange = h2_exchange_of(h2, frame->hd.stream_id);
    if (last && exchange != NULL) {
        h2_exchange_whole(exchange);
    }
    if (!last && frame->hd.length == frame->data.padlen) {
        h2_suffer(h2, H2_EMPTY_DATA, 1);
    }
    if (!last && frame->data.padlen > 0) {
        h2_submitted(h2, nghttp2_submit_window_update(h2->session, NGHTTP2_FLAG_NONE,
                                                      frame->hd.stream_id,
                                                      (int32_t)frame->data.padlen));
    }
}

static void receive_ping(struct h2 *h2, const nghttp2_frame *frame)
{
    if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) {
        bool idle = TAILQ_EMPTY(&h2->exchanges);
        h2_suffer(h2, H2_PINGS, idle ? H2_PING_UNITS : H2_PING_UNITS_WITH_STREAMS);
    } else if (h2->drain == H2_NOTICED) {
        h2_say_last(h2);
    }
}

static void receive_settings(struct h2 *h2, const nghttp2_frame *frame)
{
    if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) {
        h2_suffer(h2, H2_SETTINGS, 1);
    } else {
        h2->settings_since_us = 0;
    }
}

static void receive_goaway(struct h2 *h2, const nghttp2_frame *frame)
{
    if (frame->goaway.error_code != NGHTTP2_NO_ERROR && h2->reason[0] == '\0') {
        (void)snprintf(h2->reason, sizeof(h2->reason), "it went away for %s",
                       nghttp2_http2_strerror(frame->goaway.error_code));
    }
    h2_suffer(h2, H2_OTHERS, 1);
}

static void receive_reset(struct h2 *h2, const nghttp2_frame *frame)
{
    const struct h2_exchange *exchange = h2_exchange_of(h2, frame->hd.stream_id);
    if (exchange != NULL && !exchange->ended && !exchange->over) {
        h2_suffer(h2, H2_RESETS, 1);
    }
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    (void)session;
    struct h2 *h2 = context;
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
        receive_headers(h2, frame);
        break;
    case NGHTTP2_DATA:
        receive_data(h2, frame);
        break;
    case NGHTTP2_PING:
        receive_ping(h2, frame);
        break;
    case NGHTTP2_SETTINGS:
        receive_settings(h2, frame);
        break;
    case NGHTTP2_GOAWAY:
        receive_goaway(h2, frame);
        break;
    case NGHTTP2_RST_STREAM:
        receive_reset(h2, frame);
        break;
    default:
        h2_suffer(h2, H2_OTHERS, 1);
    }
    return go_on(h2);
}

static int on_data_chunk_recv(nghttp2_session *session, uint8_t flags, int32_t stream,
                              const uint8_t *bytes, size_t len, void *context)
{
    (void)flags;
    struct h2 *h2 = context;
    struct h2_exchange *exchange = h2_exchange_of(h2, stream);
    h2_submitted(h2, nghttp2_session_consume_connection(session, len));
    if (exchange != NULL) {
        h2_exchange_body(exchange, span_of(bytes, len));
    }
    return go_on(h2);
}

// --- what is sent ---

// A stream that nghttp2 had to reset is the peer's doing, like one that he resets himself.
static void note_reset(struct h2 *h2, const nghttp2_frame *frame)
{
    const struct h2_exchange *exchange = h2_exchange_of(h2, frame->hd.stream_id);
    bool ours =
        exchange == NULL ? frame->rst_stream.error_code == NGHTTP2_REFUSED_STREAM : exchange->over;
    if (!ours) {
        h2_suffer(h2, H2_RESETS, 1);
    }
}

// The PING behind the notice: nghttp2 lets PINGs overtake what has been submitted before.
static void note_goaway(struct h2 *h2, const nghttp2_frame *frame)
{
    h2->goodbye = h2->ending;
    if (h2->drain == H2_NOTICED) {
        h2_submitted(h2, nghttp2_submit_ping(h2->session, NGHTTP2_FLAG_NONE, NULL));
    }
    if (frame->goaway.error_code != NGHTTP2_NO_ERROR && h2->reason[0] == '\0') {
        const char *text = (const char *)frame->goaway.opaque_data;
        (void)snprintf(h2->reason, sizeof(h2->reason), "%s %.*s",
                       nghttp2_http2_strerror(frame->goaway.error_code),
                       (int)frame->goaway.opaque_data_len, text == NULL ? "" : text);
    }
}

static void note_answer(struct h2 *h2, const nghttp2_frame *frame)
{
    struct h2_exchange *exchange = h2_exchange_of(h2, frame->hd.stream_id);
    h2_limits_credit(&h2->limits, H2_OTHERS, UNITS_EARNED_A_FRAME);
    h2_limits_credit(&h2->limits, H2_PINGS, LIMIT_HTTP_PINGS * H2_PING_UNITS);
    if (exchange != NULL && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
        h2_exchange_left(exchange);
    }
}

static int on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    (void)session;
    struct h2 *h2 = context;
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA:
        note_answer(h2, frame);
        break;
    case NGHTTP2_RST_STREAM:
        note_reset(h2, frame);
        break;
    case NGHTTP2_GOAWAY:
        note_goaway(h2, frame);
        break;
    default:
        break;
    }
    return 0;
}

// Of what is not sent, only fields that are too large for nghttp2 leave their stream open.
static int on_frame_not_send(nghttp2_session *session, const nghttp2_frame *frame, int error,
                             void *context)
{
    (void)session;
    struct h2 *h2 = context;
    struct h2_exchange *exchange = h2_exchange_of(h2, frame->hd.stream_id);
    if (error == NGHTTP2_ERR_FRAME_SIZE_ERROR && exchange != NULL) {
        h2_exchange_reset(exchange, NGHTTP2_INTERNAL_ERROR);
    }
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream, uint32_t code, void *context)
{
    (void)session;
    (void)code;
    struct h2 *h2 = context;
    struct h2_exchange *exchange = h2_exchange_of(h2, stream);
    if (h2->block != NULL && h2->block->stream == stream) {
        drop_block(h2);
    }
    if (exchange != NULL) {
        h2_exchange_gone(exchange);
    }
    return 0;
}

void h2_callbacks_set(nghttp2_session_callbacks *callbacks)
{
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk_recv);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, on_frame_not_send);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
}
