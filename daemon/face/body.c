// Messages cut out of a body. Sources: gRPC over HTTP2, "Length-Prefixed-Message"; the Connect
// protocol, "Unary-Request".
#include "face/body.h"

#include <string.h>

#include "base/check.h"
#include "base/limits.h"

enum { FLAG_COMPRESSED = 1 };

void body_init(struct body *body)
{
    *body = (struct body){0};
    buffer_init(&body->message, LIMIT_HTTP_MESSAGE_BYTES);
}

void body_fini(struct body *body)
{
    buffer_fini(&body->message);
}

void body_next(struct body *body)
{
    body->prefix_bytes = 0;
    buffer_clear(&body->message);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static enum body_step append(struct body *body, struct span *rest, size_t bytes)
{
    switch (buffer_append(&body->message, span_of(rest->data, bytes))) {
    case STATUS_OK:
        *rest = span_from(*rest, bytes);
        return BODY_MORE;
    case STATUS_TOO_LARGE:
        return BODY_TOO_LARGE;
    default:
        return BODY_NO_MEMORY;
    }
}

static size_t framed_bytes(const struct body *body)
{
    size_t bytes = 0;
    for (size_t i = 1; i < BODY_PREFIX_BYTES; i++) {
        bytes = bytes << 8 | body->prefix[i];
    }
    return bytes;
}

enum body_step body_take_framed(struct body *body, struct span *rest)
{
    size_t missing = smaller(BODY_PREFIX_BYTES - (size_t)body->prefix_bytes, rest->len);
    if (missing > 0) {
        memcpy(body->prefix + body->prefix_bytes, rest->data, missing);
        body->prefix_bytes = (uint8_t)(body->prefix_bytes + missing);
        *rest = span_from(*rest, missing);
    }
    if (body->prefix_bytes < BODY_PREFIX_BYTES) {
        return BODY_MORE;
    }
    size_t bytes = framed_bytes(body);
    if (body->prefix[0] != 0) {
        return body->prefix[0] == FLAG_COMPRESSED ? BODY_COMPRESSED : BODY_BAD_FLAG;
    }
    if (bytes > LIMIT_HTTP_MESSAGE_BYTES) {
        return BODY_TOO_LARGE;
    }
    enum body_step step = append(body, rest, smaller(bytes - body->message.len, rest->len));
    return step == BODY_MORE && body->message.len == bytes ? BODY_MESSAGE : step;
}

enum body_step body_take_bare(struct body *body, struct span *rest)
{
    return append(body, rest, rest->len);
}

enum body_step body_finish_framed(const struct body *body)
{
    return body->prefix_bytes == 0 ? BODY_END : BODY_CUT_SHORT;
}

enum body_step body_finish_bare(const struct body *body)
{
    (void)body;
    return BODY_MESSAGE;
}

void body_prefix(uint8_t flag, size_t message_bytes, uint8_t ret_prefix[BODY_PREFIX_BYTES])
{
    CHECK(message_bytes <= UINT32_MAX);
    ret_prefix[0] = flag;
    for (size_t i = 1; i < BODY_PREFIX_BYTES; i++) {
        ret_prefix[i] = (uint8_t)(message_bytes >> (8 * (BODY_PREFIX_BYTES - 1 - i)));
    }
}
