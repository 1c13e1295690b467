// The frames of ALPN loyalty/1, written and read as proto/PROTOCOL.md has them: a request is its
// length, correlation id, method and payload; of a reply are read its id and what it came to.
#include "bench/face.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/varint.h"
#include "bench/answers.h"
#include "bench/bench.h"
#include "bench/wire.h"
#include "wire/frame.h"

enum {
    READ_BYTES = 32768, // room for this much is there before each read
    ERROR_BYTES = 256,
    OVERHEAD_BYTES = 64, // of an envelope, besides method and payload
};

// Numbers of fields (frame.proto, common.proto).
enum {
    ENVELOPE_ID = 1,
    REQUEST_METHOD = 2,
    REQUEST_PAYLOAD = 4,
    REPLY_PAYLOAD = 2,
    REPLY_ERROR = 3,
    REPLY_GOAWAY = 5,
    ERROR_REASON = 2,
    ERROR_MESSAGE = 4,
};

struct bench_link {
    struct bench_wire wire;
    bench_done_fn *done;
    struct buffer input; // read and not yet delivered
    void **waiting;      // by correlation id, from 1; NULL: the id is free
    uint32_t *spare;     // free ids
    uint32_t spare_count;
    uint32_t id_count;
};

static struct bench_link *frames_open(const struct bench_options *options, bench_done_fn *done)
{
    struct bench_link *link = bench_alloc(1, sizeof *link);
    link->done = done;
    buffer_init(&link->input, 0);
    bench_wire_open(&link->wire, options, "loyalty/1");
    return link;
}

static void frames_close(struct bench_link *link)
{
    bench_wire_close(&link->wire);
    buffer_fini(&link->input);
    free(link->waiting);
    free(link->spare);
    free(link);
}

static void add_ids(struct bench_link *link)
{
    uint32_t count = link->id_count == 0 ? 16 : 2 * link->id_count;
    link->waiting = reallocarray(link->waiting, count + 1, sizeof *link->waiting);
    link->spare = reallocarray(link->spare, count, sizeof *link->spare);
    bench_must(link->waiting != NULL && link->spare != NULL, "no memory");
    for (uint32_t id = count; id > link->id_count; id--) {
        link->waiting[id] = NULL;
        link->spare[link->spare_count++] = id;
    }
    link->id_count = count;
}

static uint8_t *put_sized(uint8_t *at, uint32_t field, struct span bytes)
{
    *at++ = (uint8_t)(field << 3 | 2);
    at += varint_write(at, bytes.len);
    memcpy(at, bytes.data, bytes.len);
    return at + bytes.len;
}

static void frames_submit(struct bench_link *link, const char *path, struct span request,
                          void *slot)
{
    if (link->spare_count == 0) {
        add_ids(link);
    }
    uint32_t id = link->spare[--link->spare_count];
    link->waiting[id] = slot;
    struct buffer *output = &link->wire.output;
    struct span method = span_of_text(path);
    bench_must(buffer_reserve(output, OVERHEAD_BYTES + method.len + request.len) == STATUS_OK,
               "no memory");
    uint8_t *frame = output->data + output->len;
    uint8_t *at = frame + FRAME_PREFIX_BYTES;
    *at++ = ENVELOPE_ID << 3;
    at += varint_write(at, id);
    at = put_sized(at, REQUEST_METHOD, method);
    at = put_sized(at, REQUEST_PAYLOAD, request);
    frame_prefix((size_t)(at - frame) - FRAME_PREFIX_BYTES, frame);
    output->len += (size_t)(at - frame);
}

static int frames_interest(struct bench_link *link, short *ret_events)
{
    return bench_wire_interest(&link->wire, ret_events);
}

// "REASON message".
static void describe(struct span error, char ret_text[ERROR_BYTES])
{
    struct reader reader = {error};
    struct bench_field field;
    struct span reason = {0};
    struct span message = {0};
    while (bench_field_next(&reader, &field)) {
        if (field.number == ERROR_REASON) {
            reason = field.bytes;
        } else if (field.number == ERROR_MESSAGE) {
            message = field.bytes;
        }
    }
    snprintf(ret_text, ERROR_BYTES, "%.*s %.*s", (int)reason.len, (const char *)reason.data,
             (int)message.len, (const char *)message.data);
}

static void deliver(struct bench_link *link, struct span envelope)
{
    struct reader reader = {envelope};
    struct bench_field field;
    struct bench_reply reply = {0};
    char error[ERROR_BYTES];
    uint64_t id = 0;
    while (bench_field_next(&reader, &field)) {
        if (field.number == ENVELOPE_ID) {
            id = field.value;
        } else if (field.number == REPLY_PAYLOAD) {
            reply.bytes = field.bytes;
        } else if (field.number == REPLY_ERROR) {
            describe(field.bytes, error);
            reply.error = error;
        }
        bench_must(field.number != REPLY_GOAWAY, "the server says goodbye");
    }
    bench_must(id > 0 && id <= link->id_count && link->waiting[id] != NULL,
               "the server answered what it was not asked");
    void *slot = link->waiting[id];
    link->waiting[id] = NULL;
    link->spare[link->spare_count++] = (uint32_t)id;
    link->done(slot, &reply);
}

static void deliver_all(struct bench_link *link)
{
    struct span rest = buffer_span(&link->input);
    while (rest.len >= FRAME_PREFIX_BYTES) {
        size_t bytes = frame_prefix_length(rest.data);
        if (rest.len < FRAME_PREFIX_BYTES + bytes) {
            break;
        }
        deliver(link, span_of(rest.data + FRAME_PREFIX_BYTES, bytes));
        rest = span_from(rest, FRAME_PREFIX_BYTES + bytes);
    }
    if (rest.len > 0 && rest.data != NULL) {
        memmove(link->input.data, rest.data, rest.len);
    }
    buffer_truncate(&link->input, rest.len);
}

static void frames_turn(struct bench_link *link, short revents)
{
    struct buffer *input = &link->input;
    size_t bytes = revents == 0 ? 0 : 1;
    while (bytes > 0) {
        bench_must(buffer_reserve(input, READ_BYTES) == STATUS_OK, "no memory");
        bytes = bench_wire_read(&link->wire, input->data + input->len, READ_BYTES);
        input->len += bytes;
        deliver_all(link);
    }
    bench_wire_write(&link->wire);
}

const struct bench_face bench_face_frames = {
    .name = "frames",
    .open = frames_open,
    .submit = frames_submit,
    .interest = frames_interest,
    .turn = frames_turn,
    .close = frames_close,
};
