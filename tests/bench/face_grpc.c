// The gRPC face: calls over nghttp2, many at once on a connection. What a turn has to send is
// gathered and leaves in one SSL_write. A call lives from its submission until its stream is
// closed, and its memory serves the next one. Sources: gRPC over HTTP2; google/rpc/status.proto.
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "bench/bench.h"
#include "bench/face.h"
#include "bench/wire.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "wire/base64.h"

enum {
    PREFIX_BYTES = 5, // before a message: not compressed, its length
    READ_BYTES = 65536,
    REPLY_BYTES_MAX = 1 << 20,
    DETAILS_BYTES_MAX = 16384,
    WINDOW_BYTES = 1 << 20,
    ERROR_BYTES = 256,
};

struct call {
    struct bench_link *link;
    void *slot;
    struct buffer request;
    size_t sent_bytes;
    struct buffer reply;
    bool answered; // a status has come
    bool good;     // it was 0
    char error[ERROR_BYTES];
    struct call *next; // of the spare ones
};

struct bench_link {
    struct bench_wire wire;
    nghttp2_session *session;
    bench_done_fn *done;
    const char *authority;
    struct call *spare;
};

// --- what is sent ---

static void write_prefix(size_t bytes, uint8_t ret_prefix[PREFIX_BYTES])
{
    ret_prefix[0] = 0;
    for (size_t i = 1; i < PREFIX_BYTES; i++) {
        ret_prefix[i] = (uint8_t)(bytes >> (8 * (PREFIX_BYTES - 1 - i)));
    }
}

static struct call *take_call(struct bench_link *link)
{
    struct call *call = link->spare;
    if (call != NULL) {
        link->spare = call->next;
        buffer_clear(&call->request);
        buffer_clear(&call->reply);
        return call;
    }
    call = calloc(1, sizeof *call);
    bench_must(call != NULL, "no memory for a call");
    call->link = link;
    buffer_init(&call->request, 0);
    buffer_init(&call->reply, REPLY_BYTES_MAX);
    return call;
}

static ssize_t on_read(nghttp2_session *session, int32_t stream, uint8_t *place, size_t room,
                       uint32_t *flags, nghttp2_data_source *source, void *context)
{
    (void)session;
    (void)stream;
    (void)context;
    struct call *call = source->ptr;
    size_t left = call->request.len - call->sent_bytes;
    size_t bytes = left < room ? left : room;
    memcpy(place, call->request.data + call->sent_bytes, bytes);
    call->sent_bytes += bytes;
    if (bytes == left) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return (ssize_t)bytes;
}

static nghttp2_nv field(const char *name, const char *value)
{
    return (nghttp2_nv){.name = (uint8_t *)name,
                        .value = (uint8_t *)value,
                        .namelen = strlen(name),
                        .valuelen = strlen(value),
                        .flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

static void grpc_submit(struct bench_link *link, const char *path, struct span request, void *slot)
{
    const nghttp2_nv fields[] = {
        field(":method", "POST"),
        field(":scheme", "https"),
        field(":path", path),
        field(":authority", link->authority),
        field("te", "trailers"),
        field("content-type", "application/grpc"),
        field("user-agent", "loyalty-bench"),
    };
    struct call *call = take_call(link);
    uint8_t prefix[PREFIX_BYTES];
    write_prefix(request.len, prefix);
    bench_must(buffer_append(&call->request, span_of(prefix, sizeof prefix)) == STATUS_OK &&
                   buffer_append(&call->request, request) == STATUS_OK,
               "no memory for a request");
    call->slot = slot;
    call->sent_bytes = 0;
    call->answered = false;
    call->good = false;
    call->error[0] = '\0';
    const nghttp2_data_provider body = {.source = {.ptr = call}, .read_callback = on_read};
    bench_must(nghttp2_submit_request(link->session, NULL, fields,
                                      sizeof(fields) / sizeof(fields[0]), &body, call) > 0,
               "a call was not accepted");
}

// --- what comes ---

static void set_error(struct call *call, struct span text)
{
    (void)snprintf(call->error, sizeof call->error, "%.*s", (int)text.len, (const char *)text.data);
}

// The reason of the ErrorInfo that stands first, as loyaltyd writes it; false when there is none.
static bool take_reason(struct call *call, struct span status_bytes)
{
    Google__Rpc__Status *status =
        google__rpc__status__unpack(NULL, status_bytes.len, status_bytes.data);
    Google__Rpc__ErrorInfo *info = NULL;
    if (status != NULL && status->n_details > 0) {
        ProtobufCBinaryData first = status->details[0]->value;
        info = google__rpc__error_info__unpack(NULL, first.len, first.data);
    }
    bool found = info != NULL && info->reason[0] != '\0';
    if (found) {
        set_error(call, span_of_text(info->reason));
    }
    google__rpc__error_info__free_unpacked(info, NULL);
    google__rpc__status__free_unpacked(status, NULL);
    return found;
}

static void take_details(struct call *call, struct span base64)
{
    struct arena arena;
    struct span bytes;
    arena_init(&arena, DETAILS_BYTES_MAX);
    if (base64_decode(base64, &arena, &bytes) == STATUS_OK) {
        (void)take_reason(call, bytes);
    }
    arena_fini(&arena);
}

// Of what is said of a refusal the reason is worth most; details come last. Of a good answer
// grpc-js says "OK".
static void take_field(struct call *call, struct span name, struct span value)
{
    if (span_is_text(name, "grpc-status")) {
        call->answered = true;
        call->good = span_is_text(value, "0");
        if (!call->good && call->error[0] == '\0') {
            set_error(call, value);
        }
    } else if (span_is_text(name, "grpc-message") && value.len > 0) {
        set_error(call, value);
    } else if (span_is_text(name, "grpc-status-details-bin")) {
        take_details(call, value);
    }
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_bytes, const uint8_t *value, size_t value_bytes, uint8_t flags,
                     void *context)
{
    (void)flags;
    (void)context;
    if (name_bytes < sizeof("grpc-") || memcmp(name, "grpc-", sizeof("grpc-") - 1) != 0) {
        return 0;
    }
    struct call *call = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (call != NULL) {
        take_field(call, span_of(name, name_bytes), span_of(value, value_bytes));
    }
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *bytes,
                   size_t len, void *context)
{
    (void)flags;
    (void)context;
    struct call *call = nghttp2_session_get_stream_user_data(session, stream);
    if (call != NULL) {
        bench_must(buffer_append(&call->reply, span_of(bytes, len)) == STATUS_OK,
                   "a reply is too large");
    }
    return 0;
}

// Exactly one message, as its prefix says.
static bool is_whole(const struct call *call)
{
    uint8_t prefix[PREFIX_BYTES];
    if (call->reply.len < PREFIX_BYTES) {
        return false;
    }
    write_prefix(call->reply.len - PREFIX_BYTES, prefix);
    return memcmp(prefix, call->reply.data, PREFIX_BYTES) == 0;
}

// What the call came to, once its stream is closed.
static struct bench_reply judge(struct call *call, uint32_t code)
{
    if (!call->answered) {
        set_error(call, span_of_text(nghttp2_http2_strerror(code)));
    } else if (call->good && is_whole(call)) {
        return (struct bench_reply){.bytes = span_from(buffer_span(&call->reply), PREFIX_BYTES)};
    } else if (call->good) {
        set_error(call, span_of_text("answered well, but not with one message"));
    }
    return (struct bench_reply){.error = call->error};
}

static int on_close(nghttp2_session *session, int32_t stream, uint32_t code, void *context)
{
    struct bench_link *link = context;
    struct call *call = nghttp2_session_get_stream_user_data(session, stream);
    struct bench_reply reply = judge(call, code);
    link->done(call->slot, &reply);
    call->next = link->spare;
    link->spare = call;
    return 0;
}

// --- a connection ---

static void start_session(struct bench_link *link)
{
    static const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *option;
    bench_must(nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&option) == 0,
               "no memory for a session");
    nghttp2_option_set_no_http_messaging(option, 1); // what is wrong in fields, no load looks at
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    bench_must(nghttp2_session_client_new2(&link->session, callbacks, link, option) == 0 &&
                   nghttp2_submit_settings(link->session, NGHTTP2_FLAG_NONE, settings,
                                           sizeof(settings) / sizeof(settings[0])) == 0 &&
                   nghttp2_session_set_local_window_size(link->session, NGHTTP2_FLAG_NONE, 0,
                                                         WINDOW_BYTES) == 0,
               "no memory for a session");
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
}

static struct bench_link *grpc_open(const struct bench_options *options, bench_done_fn *done)
{
    struct bench_link *link = calloc(1, sizeof *link);
    bench_must(link != NULL, "no memory for a connection");
    link->done = done;
    link->authority = options->server;
    bench_wire_open(&link->wire, options, "h2");
    start_session(link);
    return link;
}

static void grpc_close(struct bench_link *link)
{
    nghttp2_session_del(link->session);
    bench_wire_close(&link->wire);
    while (link->spare != NULL) {
        struct call *call = link->spare;
        link->spare = call->next;
        buffer_fini(&call->request);
        buffer_fini(&call->reply);
        free(call);
    }
    free(link);
}

static int grpc_interest(struct bench_link *link, short *ret_events)
{
    return bench_wire_interest(&link->wire, ret_events);
}

static void read_all(struct bench_link *link)
{
    uint8_t bytes[READ_BYTES];
    size_t count;
    while ((count = bench_wire_read(&link->wire, bytes, sizeof bytes)) > 0) {
        bench_must(nghttp2_session_mem_recv(link->session, bytes, count) == (ssize_t)count,
                   "the server sent what is no HTTP/2");
    }
}

static void write_all(struct bench_link *link)
{
    const uint8_t *bytes;
    ssize_t count;
    while ((count = nghttp2_session_mem_send(link->session, &bytes)) > 0) {
        bench_must(buffer_append(&link->wire.output, span_of(bytes, (size_t)count)) == STATUS_OK,
                   "no room for what is to be sent");
    }
    bench_must(count == 0, "the session is broken");
    bench_wire_write(&link->wire);
}

static void grpc_turn(struct bench_link *link, short revents)
{
    if ((revents & ~POLLOUT) != 0) {
        read_all(link);
    }
    write_all(link);
}

const struct bench_face bench_face_grpc = {
    .name = "grpc",
    .json = false,
    .open = grpc_open,
    .submit = grpc_submit,
    .interest = grpc_interest,
    .turn = grpc_turn,
    .close = grpc_close,
};
