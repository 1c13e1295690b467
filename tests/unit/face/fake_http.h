// net/http.h without a net: it keeps what the face says of each exchange and takes as many bytes as
// the test lets it. Chosen by linking: what is defined here is not looked for in net. With it goes
// a face over a whole service, and requests as clients write them.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/log.h"
#include "face/body.h"
#include "face/face.h"
#include "face/face_parts.h"
#include "net/http.h"
#include "support/service_world.h"

enum { FAKE_EXCHANGES = 512, FAKE_FIELDS = 16, FAKE_TEXT_BYTES = 4096 };

struct fake {
    struct http_exchange shared; // first
    size_t wanted;
    struct buffer body; // of the answer
    uint32_t status;    // 0: no head yet
    uint32_t code;      // of the reset
    bool open;          // on_gone has not come
    bool is_call;
    bool half_closed;
    bool ended;
    bool was_reset;
    char head[FAKE_TEXT_BYTES];
    char trailers[FAKE_TEXT_BYTES];
    struct identity peer;
};

static struct fake fakes[FAKE_EXCHANGES];
static size_t fake_count;
static size_t fake_room = SIZE_MAX; // bytes that are still taken, of all exchanges
static uint64_t fake_connection = 1;

// --- net's functions ---

static inline struct fake *fake_of(struct http_exchange *exchange)
{
    struct fake *fake = (struct fake *)exchange;
    CHECK(fake->open);
    return fake;
}

static inline bool fake_is_over(const struct fake *fake)
{
    return fake->ended || fake->was_reset;
}

struct http_exchange *http_find(struct server *server, uint64_t connection, int32_t stream)
{
    CHECK(server != NULL);
    for (size_t i = 0; i < fake_count; i++) {
        if (fakes[i].open && fakes[i].shared.connection == connection &&
            fakes[i].shared.stream == stream) {
            return &fakes[i].shared;
        }
    }
    return NULL;
}

void http_want(struct server *server, struct http_exchange *exchange, size_t bytes)
{
    (void)server;
    fake_of(exchange)->wanted += bytes;
}

static inline void fake_write_fields(char *out, const struct http_field *fields, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        len += (size_t)snprintf(out + len, FAKE_TEXT_BYTES - len, "%.*s: %.*s\n",
                                (int)fields[i].name.len, (const char *)fields[i].name.data,
                                (int)fields[i].value.len, (const char *)fields[i].value.data);
        CHECK(len < FAKE_TEXT_BYTES);
    }
}

void http_head(struct server *server, struct http_exchange *exchange, uint32_t status,
               const struct http_field *fields, size_t count)
{
    (void)server;
    struct fake *fake = fake_of(exchange);
    CHECK(fake->status == 0 && !fake_is_over(fake));
    fake->status = status;
    fake_write_fields(fake->head, fields, count);
}

bool http_body(struct server *server, struct http_exchange *exchange, struct span bytes)
{
    (void)server;
    struct fake *fake = fake_of(exchange);
    CHECK(fake->status != 0 && !fake_is_over(fake));
    if (bytes.len > fake_room) {
        return false;
    }
    fake_room -= fake_room == SIZE_MAX ? 0 : bytes.len;
    CHECK(buffer_append(&fake->body, bytes) == STATUS_OK);
    return true;
}

void http_end(struct server *server, struct http_exchange *exchange,
              const struct http_field *trailers, size_t count)
{
    (void)server;
    struct fake *fake = fake_of(exchange);
    CHECK(fake->status != 0 && !fake_is_over(fake));
    fake->ended = true;
    fake_write_fields(fake->trailers, trailers, count);
}

void http_reset(struct server *server, struct http_exchange *exchange, uint32_t code)
{
    (void)server;
    struct fake *fake = fake_of(exchange);
    CHECK(!fake_is_over(fake));
    fake->was_reset = true;
    fake->code = code;
}

size_t http_unsent(const struct http_exchange *exchange)
{
    (void)exchange;
    return 0;
}

// --- the face and its clients ---

static struct service_world fake_world;
static struct face *fake_face;

static inline int fake_open(void **state)
{
    (void)state;
    log_set_level(LOG_ERROR);
    service_world_open(&fake_world, 1);
    world_enroll(&fake_world, "anna");
    CHECK(face_new(fake_world.daemons[0].service, &fake_face) == STATUS_OK);
    face_set_server(fake_face, (struct server *)(void *)&fakes);
    return 0;
}

static inline const struct server_http *fake_handlers(void)
{
    return face_http(fake_face);
}

static inline void fake_gone(struct fake *fake)
{
    if (fake->open) {
        fake_handlers()->on_gone(fake_handlers()->context, &fake->shared);
        fake->open = false;
        CHECK(fake->shared.owner == NULL);
    }
}

// The latest one, for tests with more of them than there is room for.
static inline void fake_forget(struct fake *fake)
{
    CHECK(fake == &fakes[fake_count - 1]);
    fake_gone(fake);
    buffer_fini(&fake->body);
    fake_count--;
}

static inline int fake_close(void **state)
{
    (void)state;
    for (size_t i = 0; i < fake_count; i++) {
        fake_gone(&fakes[i]);
        buffer_fini(&fakes[i].body);
    }
    service_world_fini(&fake_world);
    face_free(fake_face);
    memset(fakes, 0, sizeof(fakes));
    fake_count = 0;
    fake_room = SIZE_MAX;
    fake_connection = 1;
    return 0;
}

// An exchange of a peer, "pos/store-1/till-1", on the present connection.
static inline struct fake *fake_exchange(const char *peer)
{
    CHECK(fake_count < FAKE_EXCHANGES);
    struct fake *fake = &fakes[fake_count++];
    *fake = (struct fake){.open = true};
    const char *slash = strchr(peer, '/');
    CHECK(slash != NULL);
    snprintf(fake->peer.role, sizeof(fake->peer.role), "%.*s", (int)(slash - peer), peer);
    snprintf(fake->peer.unit, sizeof(fake->peer.unit), "%s", slash + 1);
    fake->shared = (struct http_exchange){
        .connection = fake_connection,
        .stream = (int32_t)(2 * fake_count - 1),
        .peer = &fake->peer,
    };
    buffer_init(&fake->body, 0);
    return fake;
}

// `fields` are "name: value" lines.
static inline void fake_request(struct fake *fake, const char *method, const char *path,
                                const char *fields)
{
    struct http_field items[FAKE_FIELDS];
    struct http_request request = {
        .method = span_of_text(method), .path = span_of_text(path), .fields = items};
    while (*fields != '\0') {
        const char *colon = strstr(fields, ": ");
        const char *end = strchr(fields, '\n');
        CHECK(colon != NULL && end != NULL && request.field_count < FAKE_FIELDS);
        items[request.field_count++] =
            (struct http_field){span_of(fields, (size_t)(colon - fields)),
                                span_of(colon + 2, (size_t)(end - colon - 2))};
        fields = end + 1;
    }
    fake->is_call = fake_handlers()->on_request(fake_handlers()->context, &fake->shared, &request);
}

static inline void fake_send(struct fake *fake, struct span bytes, bool last)
{
    fake_handlers()->on_body(fake_handlers()->context, &fake->shared, bytes, last);
    fake->half_closed = last;
}

static inline void fake_make_room(size_t bytes)
{
    fake_room = bytes;
    for (size_t i = 0; i < fake_count; i++) {
        if (fakes[i].open && !fake_is_over(&fakes[i])) {
            fake_handlers()->on_room(fake_handlers()->context, &fakes[i].shared);
        }
    }
}

// --- what a client of each protocol does ---

enum fake_protocol { GRPC, GRPC_JSON, WEB, WEB_JSON, CONNECT, CONNECT_JSON, FAKE_PROTOCOLS };

static inline const char *fake_type(enum fake_protocol protocol)
{
    static const char *const types[FAKE_PROTOCOLS] = {
        "application/grpc",          "application/grpc+json", "application/grpc-web+proto",
        "application/grpc-web+json", "application/proto",     "application/json",
    };
    return types[protocol];
}

static inline bool fake_is_json(enum fake_protocol protocol)
{
    return protocol == GRPC_JSON || protocol == WEB_JSON || protocol == CONNECT_JSON;
}

static inline bool fake_is_framed(enum fake_protocol protocol)
{
    return protocol != CONNECT && protocol != CONNECT_JSON;
}

// A message as it stands in a body.
static inline struct span fake_framed(enum fake_protocol protocol, struct span message)
{
    if (!fake_is_framed(protocol)) {
        return message;
    }
    uint8_t *bytes = arena_alloc(&fake_world.arena, message.len + BODY_PREFIX_BYTES);
    body_prefix(0, message.len, bytes);
    if (message.len > 0) {
        memcpy(bytes + BODY_PREFIX_BYTES, message.data, message.len);
    }
    return span_of(bytes, message.len + BODY_PREFIX_BYTES);
}

// A request written as JSON, in the form the protocol has; "PointsService/Award".
static inline struct span fake_message(enum fake_protocol protocol, const char *method,
                                       const char *json)
{
    struct span bytes =
        fake_is_json(protocol) ? span_of_text(json) : world_bytes(&fake_world, method, json);
    return fake_framed(protocol, bytes);
}

// Opens a call; `more` are further fields.
static inline struct fake *fake_begin(const char *peer, enum fake_protocol protocol,
                                      const char *path, const char *more)
{
    struct fake *fake = fake_exchange(peer);
    fake_request(fake, "POST", path,
                 world_text(&fake_world, "content-type: %s\n%s", fake_type(protocol), more));
    return fake;
}

// A whole call of a method of the contract, run to its end.
static inline struct fake *fake_call(const char *peer, enum fake_protocol protocol,
                                     const char *method, const char *json)
{
    struct fake *fake =
        fake_begin(peer, protocol, world_text(&fake_world, "/loyalty.v1.%s", method), "");
    if (!fake_is_over(fake)) {
        fake_send(fake, fake_message(protocol, method, json), true);
    }
    world_run(&fake_world);
    return fake;
}

// --- looking at answers ---

// The value of a field in lines of them; "" when there is none.
static inline const char *fake_field(const char *lines, const char *name)
{
    const char *start = world_text(&fake_world, "%s: ", name);
    for (const char *line = lines; *line != '\0'; line = strchr(line, '\n') + 1) {
        if (strncmp(line, start, strlen(start)) == 0) {
            return world_text(&fake_world, "%.*s",
                              (int)(strchr(line, '\n') - line - (ptrdiff_t)strlen(start)),
                              line + strlen(start));
        }
    }
    return "";
}

// The message at `index` of a framed body and its flag; false when there are not so many.
static inline bool fake_part(const struct fake *fake, size_t index, uint8_t *ret_flag,
                             struct span *ret_message)
{
    struct span rest = buffer_span(&fake->body);
    for (size_t i = 0; rest.len > 0; i++) {
        CHECK(rest.len >= BODY_PREFIX_BYTES);
        size_t len = (size_t)rest.data[1] << 24 | (size_t)rest.data[2] << 16 |
                     (size_t)rest.data[3] << 8 | rest.data[4];
        CHECK(rest.len - BODY_PREFIX_BYTES >= len);
        if (i == index) {
            *ret_flag = rest.data[0];
            *ret_message = span_of(rest.data + BODY_PREFIX_BYTES, len);
            return true;
        }
        rest = span_from(rest, BODY_PREFIX_BYTES + len);
    }
    return false;
}

// The first message of the answer, of whatever protocol.
static inline struct span fake_answer(const struct fake *fake, enum fake_protocol protocol)
{
    uint8_t flag = 0xff;
    struct span message = buffer_span(&fake->body);
    if (fake_is_framed(protocol) && (!fake_part(fake, 0, &flag, &message) || flag != 0)) {
        fail_msg("no message in the answer: %s%s", fake->head, fake->trailers);
    }
    return message;
}

// The fields that tell how a gRPC or gRPC-Web call ended.
static inline const char *fake_status_fields(const struct fake *fake, enum fake_protocol protocol)
{
    uint8_t flag = 0;
    struct span part;
    if (fake->body.len == 0) {
        return fake->head; // Trailers-Only
    }
    if (protocol == GRPC || protocol == GRPC_JSON) {
        return fake->trailers;
    }
    for (size_t i = 0; fake_part(fake, i, &flag, &part); i++) {
        if (flag == 0x80) {
            char *text = arena_alloc(&fake_world.arena, part.len + 1);
            for (size_t from = 0, to = 0; from < part.len; from++) {
                if (part.data[from] != '\r') {
                    text[to++] = (char)part.data[from];
                }
            }
            return text;
        }
    }
    fail_msg("no trailers in the body");
    return NULL;
}
