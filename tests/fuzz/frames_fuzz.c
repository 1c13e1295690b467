// Bytes of a connection, dealt out in chunks as TLS records would be, through net/inbox and
// wire/frame. A second, plain cutter of the whole stream says which frames there are; an envelope
// that is accepted must come back the same when it is written and read again.
//
// Input: a count of choices, the choices (one a chunk: its size, whether the connection is paused
// after it, whether a run of filler is dealt instead), then the stream.
#include "fuzz/fuzz.h"

#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "loyalty/v1/common.pb-c.h"
#include "net/inbox.h"
#include "wire/frame.h"
#include "wire/message.h"

// The bounds once more, from frame.proto and net/inbox.h, not from the code that is under test.
enum {
    FRAME_BYTES_MAX = 65536,
    RECORD_BYTES_MAX = 16384,
    HELD_BYTES_MAX = 4 + FRAME_BYTES_MAX + RECORD_BYTES_MAX,
    STREAM_BYTES_MAX = 256 * 1024,
    CHUNK_BYTES_MAX = 16384,
    MEMORY_BYTES_MAX = 1 << 20,
};

enum { CHOICE_SIZE = 0x3f, CHOICE_PAUSE = 0x40, CHOICE_FILLER = 0xe0 };

// All that was dealt out so far, and how much of it has come back as frames.
static uint8_t stream[STREAM_BYTES_MAX];
static size_t stream_len;
static size_t taken;

static struct arena arena = {.cap_bytes = LIMIT_ARENA_BYTES}; // as arena_init has it

// --- envelopes ---

static void check_fault(enum status status, const struct message_fault *fault)
{
    CHECK(status == STATUS_INVALID || status == STATUS_TOO_LARGE || status == STATUS_NO_MEMORY);
    if (status != STATUS_NO_MEMORY) {
        CHECK(memchr(fault->path, '\0', sizeof(fault->path)) != NULL);
        CHECK(memchr(fault->reason, '\0', sizeof(fault->reason)) != NULL);
        CHECK(fault->reason[0] != '\0');
    }
}

static void check_request(struct span envelope)
{
    struct frame_request request;
    struct frame_request again;
    struct message_fault fault;
    struct span written;
    memset(&fault, 0xff, sizeof(fault));
    arena_reset(&arena);
    enum status status = frame_decode_request(envelope, &arena, &request, &fault);
    if (status != STATUS_OK) {
        check_fault(status, &fault);
        return;
    }
    CHECK(frame_encode_request(&request, &arena, &written) == STATUS_OK);
    CHECK(written.len <= envelope.len);
    CHECK(frame_decode_request(written, &arena, &again, &fault) == STATUS_OK);
    CHECK(again.correlation_id == request.correlation_id);
    CHECK(again.timeout_ms == request.timeout_ms);
    CHECK(span_equal(again.method, request.method));
    CHECK(span_equal(again.payload, request.payload));
}

static void check_reply(struct span envelope)
{
    struct frame_reply reply;
    struct frame_reply again;
    struct message_fault fault;
    struct span written;
    struct span rewritten;
    memset(&fault, 0xff, sizeof(fault));
    arena_reset(&arena);
    enum status status = frame_decode_reply(envelope, &arena, &reply, &fault);
    if (status != STATUS_OK) {
        check_fault(status, &fault);
        return;
    }
    CHECK(frame_encode_reply(&reply, &arena, &written) == STATUS_OK);
    CHECK(written.len <= envelope.len);
    CHECK(frame_decode_reply(written, &arena, &again, &fault) == STATUS_OK);
    CHECK(again.correlation_id == reply.correlation_id && again.replayed == reply.replayed);
    CHECK((again.error == NULL) == (reply.error == NULL));
    CHECK(span_equal(again.payload, reply.payload));
    CHECK(frame_encode_reply(&again, &arena, &rewritten) == STATUS_OK);
    CHECK(span_equal(written, rewritten));
}

// What no stream of these brings: an envelope over the bound, either way. Once is enough.
static void check_too_large(void)
{
    static bool checked;
    struct message_fault fault = {0};
    struct frame_request request = {.payload = span_of(stream, FRAME_BYTES_MAX)};
    struct frame_reply reply = {.payload = request.payload};
    struct span written;
    if (checked) {
        return;
    }
    checked = true;
    arena_reset(&arena);
    enum status status =
        frame_decode_request(span_of(stream, FRAME_BYTES_MAX + 1), &arena, &request, &fault);
    CHECK(status == STATUS_TOO_LARGE);
    check_fault(status, &fault);
    CHECK(frame_encode_request(&request, &arena, &written) == STATUS_TOO_LARGE);
    CHECK(frame_encode_reply(&reply, &arena, &written) == STATUS_TOO_LARGE);
}

// --- cutting ---

// What stands at the stream's first byte not yet taken.
static enum inbox_result expected_next(struct span *ret_frame)
{
    size_t left = stream_len - taken;
    const uint8_t *at = stream + taken;
    if (left < 4) {
        return INBOX_PARTIAL;
    }
    uint64_t len = frame_prefix_length(at);
    if (len == 0) {
        return INBOX_EMPTY;
    }
    if (len > FRAME_BYTES_MAX) {
        return INBOX_TOO_LONG;
    }
    uint8_t prefix[FRAME_PREFIX_BYTES];
    frame_prefix(len, prefix);
    CHECK(memcmp(prefix, at, sizeof(prefix)) == 0);
    if (left - 4 < len) {
        return INBOX_PARTIAL;
    }
    *ret_frame = span_of(at + 4, len);
    return INBOX_FRAME;
}

// Takes frames until there is none, or only one if paused. False: the connection would end.
static bool take_frames(struct inbox *inbox, bool paused)
{
    for (;;) {
        struct span frame = {0};
        struct span expected = {0};
        enum inbox_result result = inbox_next(inbox, &frame);
        CHECK(result == expected_next(&expected));
        if (result != INBOX_FRAME) {
            return result == INBOX_PARTIAL;
        }
        CHECK(span_equal(frame, expected));
        taken += 4 + frame.len;
        check_request(frame);
        check_reply(frame);
        if (paused) {
            return true;
        }
    }
}

// One round of a connection's input. False: it would end.
static bool deal(struct inbox *inbox, size_t len, bool paused)
{
    size_t held = stream_len - taken;
    enum status status = inbox_offer(inbox, span_of(stream + stream_len, len));
    if (status != STATUS_OK) {
        CHECK(status == STATUS_TOO_LARGE && held > 0 && held + len > HELD_BYTES_MAX);
        return false;
    }
    CHECK(held == 0 || held + len <= HELD_BYTES_MAX);
    stream_len += len;
    bool going = take_frames(inbox, paused);
    status = inbox_settle(inbox);
    CHECK(status == STATUS_OK);
    CHECK(inbox_holds(inbox) == (stream_len > taken));
    CHECK(inbox_holds(inbox) || inbox->held.data == NULL);
    return going;
}

// What is dealt next stands behind the stream already; returns how much it is.
static size_t prepare(struct fuzz_input *input, uint8_t choice)
{
    size_t size = choice & CHOICE_SIZE;
    if ((choice & CHOICE_FILLER) == CHOICE_FILLER) {
        size_t len = (size + 1) * 256; // always the upper half of the sizes, and paused
        memset(stream + stream_len, 'a', len);
        return len;
    }
    struct span chunk = fuzz_bytes(input, size < 32 ? size + 1 : (size - 31) * 64);
    if (chunk.len > 0) {
        memcpy(stream + stream_len, chunk.data, chunk.len);
    }
    return chunk.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz_input input = {.rest = span_of(data, len)};
    struct inbox inbox;
    stream_len = 0;
    taken = 0;
    fuzz_memory_begin(MEMORY_BYTES_MAX);
    check_too_large();
    inbox_init(&inbox);
    struct fuzz_input choices = {.rest = fuzz_bytes(&input, fuzz_byte(&input))};
    bool going = true;
    while (going && choices.rest.len > 0 && stream_len + CHUNK_BYTES_MAX <= STREAM_BYTES_MAX) {
        uint8_t choice = fuzz_byte(&choices);
        size_t chunk = prepare(&input, choice);
        going = deal(&inbox, chunk, (choice & CHOICE_PAUSE) != 0);
    }
    while (going && input.rest.len > 0 && stream_len + CHUNK_BYTES_MAX <= STREAM_BYTES_MAX) {
        going = deal(&inbox, prepare(&input, CHOICE_SIZE), false);
    }
    inbox_fini(&inbox);
    fuzz_memory_end();
    return 0;
}
