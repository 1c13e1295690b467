// See the header. Streams a client opens are odd: 1, 3, 5, ...
#include "support/h2_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

static size_t index_of(int32_t stream)
{
    size_t index = (size_t)stream / 2;
    CHECK(stream % 2 == 1 && index < H2_CLIENT_STREAMS);
    return index;
}

struct h2_reply *h2_client_reply(const struct h2_client *client, int32_t stream)
{
    struct h2_reply *reply = client->replies[index_of(stream)];
    CHECK(reply != NULL);
    return reply;
}

static void add_text(char *text, struct span name, struct span value)
{
    size_t used = strlen(text);
    (void)snprintf(text + used, H2_CLIENT_TEXT_BYTES - used, "%.*s: %.*s\n", (int)name.len,
                   (const char *)name.data, (int)value.len, (const char *)value.data);
}

// --- what nghttp2 tells ---

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *context)
{
    (void)session;
    (void)flags;
    struct h2_reply *reply = h2_client_reply(context, frame->hd.stream_id);
    struct span name_span = span_of(name, name_len);
    struct span value_span = span_of(value, value_len);
    if (span_is_text(name_span, ":status")) {
        reply->status = (uint32_t)strtoul((const char *)value, NULL, 10);
    } else if (frame->headers.cat == NGHTTP2_HCAT_RESPONSE) {
        add_text(reply->head, name_span, value_span);
    } else {
        add_text(reply->trailers, name_span, value_span);
    }
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *bytes,
                   size_t len, void *context)
{
    (void)session;
    (void)flags;
    struct h2_reply *reply = h2_client_reply(context, stream);
    CHECK(buffer_append(&reply->body, span_of(bytes, len)) == STATUS_OK);
    return 0;
}

static void note_goaway(struct h2_client *client, const nghttp2_frame *frame)
{
    client->goaways++;
    client->goaway_code = frame->goaway.error_code;
    client->goaway_last = frame->goaway.last_stream_id;
    (void)snprintf(client->goaway_text, sizeof(client->goaway_text), "%.*s",
                   (int)frame->goaway.opaque_data_len, (const char *)frame->goaway.opaque_data);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    (void)session;
    struct h2_client *client = context;
    bool stream_frame = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (stream_frame && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
        h2_client_reply(client, frame->hd.stream_id)->ended = true;
    }
    if (frame->hd.type == NGHTTP2_DATA) {
        h2_client_reply(client, frame->hd.stream_id)->data_frames++;
    } else if (frame->hd.type == NGHTTP2_GOAWAY) {
        note_goaway(client, frame);
    } else if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) {
        client->pongs++;
    }
    return 0;
}

static int on_close(nghttp2_session *session, int32_t stream, uint32_t code, void *context)
{
    (void)session;
    struct h2_reply *reply = h2_client_reply(context, stream);
    reply->closed = true;
    reply->code = code;
    return 0;
}

static ssize_t on_read(nghttp2_session *session, int32_t stream, uint8_t *into, size_t bytes,
                       uint32_t *ret_flags, nghttp2_data_source *source, void *context)
{
    (void)session;
    (void)stream;
    (void)context;
    struct h2_reply *reply = source->ptr;
    size_t left = reply->request.len - reply->sent;
    size_t taken = left < bytes ? left : bytes;
    if (taken > 0) {
        memcpy(into, reply->request.data + reply->sent, taken);
        reply->sent += taken;
    }
    if (reply->request_ended && reply->sent == reply->request.len) {
        *ret_flags |= NGHTTP2_DATA_FLAG_EOF;
        return (ssize_t)taken;
    }
    return taken > 0 ? (ssize_t)taken : NGHTTP2_ERR_DEFERRED;
}

// --- the client ---

static nghttp2_session_callbacks *make_callbacks(void)
{
    nghttp2_session_callbacks *callbacks = NULL;
    CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    return callbacks;
}

struct h2_client *h2_client_new(struct tls_client *tls, const struct h2_client_spec *spec)
{
    struct h2_client *client = calloc(1, sizeof(*client));
    CHECK(client != NULL);
    client->tls = tls;
    nghttp2_session_callbacks *callbacks = make_callbacks();
    nghttp2_option *option = NULL;
    CHECK(nghttp2_option_new(&option) == 0);
    nghttp2_option_set_no_auto_window_update(option, spec->holds_windows);
    nghttp2_option_set_peer_max_concurrent_streams(option, spec->minds_no_settings ? 4096 : 100);
    CHECK(nghttp2_session_client_new2(&client->session, callbacks, client, option) == 0);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    const nghttp2_settings_entry window = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, spec->window};
    CHECK(nghttp2_submit_settings(client->session, NGHTTP2_FLAG_NONE, &window,
                                  spec->window == 0 ? 0 : 1) == 0);
    return client;
}

void h2_client_free(struct h2_client *client)
{
    nghttp2_session_del(client->session);
    for (size_t i = 0; i < H2_CLIENT_STREAMS; i++) {
        if (client->replies[i] != NULL) {
            buffer_fini(&client->replies[i]->body);
            buffer_fini(&client->replies[i]->request);
            free(client->replies[i]);
        }
    }
    free(client);
}

static void take_input(struct h2_client *client)
{
    struct span fresh = span_from(buffer_span(&client->tls->input), client->fed);
    if (client->failed == 0 && fresh.len > 0) {
        ssize_t taken = nghttp2_session_mem_recv(client->session, fresh.data, fresh.len);
        client->failed = taken < 0 ? (int)taken : 0;
        client->fed += fresh.len;
    }
}

void h2_client_pump(struct h2_client *client)
{
    take_input(client);
    const uint8_t *bytes = NULL;
    ssize_t len = 0;
    while ((len = nghttp2_session_mem_send(client->session, &bytes)) > 0) {
        tls_client_send(client->tls, span_of(bytes, (size_t)len));
    }
    CHECK(len == 0);
}

static nghttp2_nv item(const char *name, const char *value)
{
    return (nghttp2_nv){.name = (uint8_t *)name,
                        .namelen = strlen(name),
                        .value = (uint8_t *)value,
                        .valuelen = strlen(value)};
}

int32_t h2_client_request(struct h2_client *client, const char *method, const char *path,
                          const char *const *fields, struct span body, bool last)
{
    struct h2_reply *reply = calloc(1, sizeof(*reply));
    CHECK(reply != NULL);
    buffer_init(&reply->body, 0);
    buffer_init(&reply->request, 0);
    CHECK(buffer_append(&reply->request, body) == STATUS_OK);
    reply->request_ended = last;
    nghttp2_nv items[64] = {item(":method", method), item(":scheme", "https"),
                            item(":authority", "till"), item(":path", path)};
    size_t count = 4;
    for (; fields != NULL && *fields != NULL; fields += 2) {
        CHECK(count < 64);
        items[count++] = item(fields[0], fields[1]);
    }
    const nghttp2_data_provider provider = {.source.ptr = reply, .read_callback = on_read};
    reply->stream = nghttp2_submit_request(client->session, NULL, items, count,
                                           body.len == 0 && last ? NULL : &provider, NULL);
    CHECK(reply->stream > 0 && client->replies[index_of(reply->stream)] == NULL);
    client->replies[index_of(reply->stream)] = reply;
    return reply->stream;
}

int32_t h2_client_post(struct h2_client *client, const char *path, struct span body, bool last)
{
    return h2_client_request(client, "POST", path, NULL, body, last);
}

void h2_client_send(struct h2_client *client, int32_t stream, struct span bytes, bool last)
{
    struct h2_reply *reply = h2_client_reply(client, stream);
    CHECK(buffer_append(&reply->request, bytes) == STATUS_OK);
    reply->request_ended = last;
    (void)nghttp2_session_resume_data(client->session, stream);
}

void h2_client_reset(struct h2_client *client, int32_t stream, uint32_t code)
{
    CHECK(nghttp2_submit_rst_stream(client->session, NGHTTP2_FLAG_NONE, stream, code) == 0);
}

void h2_client_give(struct h2_client *client, int32_t stream, int32_t bytes)
{
    CHECK(nghttp2_submit_window_update(client->session, NGHTTP2_FLAG_NONE, stream, bytes) == 0);
}

// --- raw ---

struct span h2_raw_preface(void)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
    return span_of(preface, sizeof(preface) - 1);
}

void h2_raw_send(struct tls_client *tls, uint8_t type, uint8_t flags, int32_t stream,
                 struct span payload)
{
    const uint8_t head[H2_FRAME_HEAD_BYTES] = {(uint8_t)(payload.len >> 16),
                                               (uint8_t)(payload.len >> 8),
                                               (uint8_t)payload.len,
                                               type,
                                               flags,
                                               (uint8_t)(stream >> 24),
                                               (uint8_t)(stream >> 16),
                                               (uint8_t)(stream >> 8),
                                               (uint8_t)stream};
    tls_client_send(tls, span_of(head, sizeof(head)));
    tls_client_send(tls, payload);
}

void h2_raw_request(struct tls_client *tls, int32_t stream, uint8_t flags, const char *path)
{
    // :method POST and :scheme https of the static table; :authority and :path literal.
    struct span text = span_of_text(path);
    uint8_t block[128] = {0x83, 0x87, 0x01, 1, 'x', 0x04, (uint8_t)text.len};
    enum { PATH_AT = 7 };
    CHECK(text.len < 100);
    memcpy(block + PATH_AT, text.data, text.len);
    h2_raw_send(tls, NGHTTP2_HEADERS, flags, stream, span_of(block, PATH_AT + text.len));
}

bool h2_raw_take(struct tls_client *tls, struct h2_raw_frame *ret_frame)
{
    struct span rest = span_from(buffer_span(&tls->input), tls->taken);
    if (rest.data == NULL || rest.len < H2_FRAME_HEAD_BYTES) {
        return false;
    }
    const uint8_t *at = rest.data;
    size_t len = (size_t)at[0] << 16 | (size_t)at[1] << 8 | at[2];
    if (rest.len - H2_FRAME_HEAD_BYTES < len) {
        return false;
    }
    *ret_frame = (struct h2_raw_frame){
        .type = at[3],
        .flags = at[4],
        .payload = span_of(at + H2_FRAME_HEAD_BYTES, len),
    };
    const struct h2_raw_frame head = {.payload = span_of(at + 5, 4)};
    ret_frame->stream = (int32_t)h2_raw_number(&head, 0);
    tls->taken += H2_FRAME_HEAD_BYTES + len;
    return true;
}

uint32_t h2_raw_number(const struct h2_raw_frame *frame, size_t at)
{
    CHECK(at + 4 <= frame->payload.len);
    const uint8_t *bytes = frame->payload.data + at;
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}
