// A face over a whole service before the fake of net/http.h (support/fake_http.h), and requests as
// clients write them.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/log.h"
#include "face/body.h"
#include "face/face.h"
#include "face/face_parts.h"
#include "support/fake_http.h"
#include "support/service_world.h"

enum { FAKE_FIELDS = 16 };

// --- the face and its clients ---

static struct service_world fake_world;

static inline int fake_open(void **state)
{
    (void)state;
    log_set_level(LOG_ERROR);
    service_world_open(&fake_world, 1);
    world_enroll(&fake_world, "anna");
    CHECK(fake_serve(fake_world.daemons[0].service));
    return 0;
}

static inline int fake_close(void **state)
{
    (void)state;
    fake_forget_all();
    service_world_fini(&fake_world);
    face_free(fake_face);
    return 0;
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
    fake_open_request(fake, &request);
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
