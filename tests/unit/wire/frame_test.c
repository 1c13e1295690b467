// Envelopes there and back, and those that are none.
#include "wire/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/limits.h"
#include "loyalty/v1/common.pb-c.h"
#include "loyalty/v1/frame.pb-c.h"
#include "wire/message.h"

struct fixture {
    struct arena arena;
    struct message_fault fault;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    arena_init(&fixture.arena, LIMIT_ARENA_BYTES);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    arena_fini(&fixture->arena);
    return 0;
}

static void requests_come_back(void **state)
{
    struct fixture *fixture = *state;
    struct frame_request request = {
        .correlation_id = UINT64_MAX,
        .method = span_of("/loyalty.v1.PointsService/Award and more", 31),
        .timeout_ms = 2500,
        .payload = span_of("\x00\xff\x01", 3),
        .traceparent = span_of_text("00-ab"),
    };
    struct span envelope = {0};
    struct frame_request back = {0};
    assert_int_equal(frame_encode_request(&request, &fixture->arena, &envelope), STATUS_OK);
    assert_int_equal(frame_decode_request(envelope, &fixture->arena, &back, &fixture->fault),
                     STATUS_OK);
    assert_true(back.correlation_id == UINT64_MAX);
    assert_true(span_is_text(back.method, "/loyalty.v1.PointsService/Award"));
    assert_int_equal(back.timeout_ms, 2500);
    assert_true(span_equal(back.payload, request.payload));
    assert_true(span_is_text(back.traceparent, "00-ab"));
}

// What the message layer reads out of an envelope.
static struct frame_request read_by_library(struct fixture *fixture, struct span envelope,
                                            enum status *ret_status)
{
    ProtobufCMessage *message = NULL;
    *ret_status = message_decode(&loyalty__v1__request_envelope__descriptor, envelope,
                                 &fixture->arena, &message, &fixture->fault);
    if (*ret_status != STATUS_OK) {
        return (struct frame_request){0};
    }
    const Loyalty__V1__RequestEnvelope *request = (Loyalty__V1__RequestEnvelope *)message;
    return (struct frame_request){
        .correlation_id = request->correlation_id,
        .method = span_of_text(request->method),
        .timeout_ms = request->timeout_ms,
        .payload = span_of(request->payload.data, request->payload.len),
        .traceparent = span_of_text(request->traceparent),
    };
}

// Usual envelopes and others: cut, changed in a byte, twice in a row. All are read as the library
// reads them.
static void requests_are_read_as_the_library_reads_them(void **state)
{
    struct fixture *fixture = *state;
    uint32_t random = 1;
    for (int i = 0; i < 200000; i++) {
        uint8_t bytes[64] = "\x08\x96\x01\x12\x02/A\x18\x05\x22\x03\x08\x01\x00\x2a\x02-0";
        size_t len = 18;
        random = random * 1664525 + 1013904223;
        bytes[(random >> 8) % len] = (uint8_t)(random >> 24);
        if (i % 3 == 1) {
            len -= (random >> 13) % 8;
        } else if (i % 3 == 2) {
            size_t from = (random >> 13) % 18;
            memcpy(bytes + len, bytes + from, 18 - from);
            len += 18 - from;
        }
        enum status expected = STATUS_OK;
        struct frame_request back = {0};
        struct span envelope = span_of(bytes, len);
        arena_reset(&fixture->arena);
        struct frame_request known = read_by_library(fixture, envelope, &expected);
        assert_int_equal(frame_decode_request(envelope, &fixture->arena, &back, &fixture->fault),
                         expected);
        assert_true(back.correlation_id == known.correlation_id);
        assert_true(span_equal(back.method, known.method));
        assert_int_equal(back.timeout_ms, known.timeout_ms);
        assert_true(span_equal(back.payload, known.payload));
        assert_true(span_equal(back.traceparent, known.traceparent));
    }
}

static void replies_are_written_as_the_library_writes_them(void **state)
{
    struct fixture *fixture = *state;
    static const uint64_t ids[] = {0, 1, 127, 128, UINT64_MAX};
    static const uint8_t bytes[300];
    for (int i = 0; i < 5 * 300 * 2; i++) {
        arena_reset(&fixture->arena);
        struct frame_reply reply = {.correlation_id = ids[i % 5],
                                    .payload = span_of(bytes, (size_t)(i / 10)),
                                    .replayed = i / 5 % 2 == 1};
        Loyalty__V1__ReplyEnvelope known = LOYALTY__V1__REPLY_ENVELOPE__INIT;
        known.correlation_id = reply.correlation_id;
        known.replayed = reply.replayed;
        known.result_case = LOYALTY__V1__REPLY_ENVELOPE__RESULT_PAYLOAD;
        known.payload = (ProtobufCBinaryData){.data = (uint8_t *)bytes, .len = reply.payload.len};
        struct span envelope = {0};
        struct span expected = {0};
        assert_int_equal(message_encode(&known.base, &fixture->arena, &expected), STATUS_OK);
        assert_int_equal(frame_encode_reply(&reply, &fixture->arena, &envelope), STATUS_OK);
        assert_true(span_equal(envelope, expected));
    }
}

static void a_reply_fits_a_frame(void **state)
{
    struct fixture *fixture = *state;
    uint8_t *zeros = arena_alloc(&fixture->arena, LIMIT_FRAME_BYTES + 1);
    struct frame_reply reply = {.correlation_id = 1};
    struct span envelope = {0};
    reply.payload = span_of(zeros, LIMIT_FRAME_BYTES - 6);
    assert_int_equal(frame_encode_reply(&reply, &fixture->arena, &envelope), STATUS_OK);
    assert_int_equal(envelope.len, LIMIT_FRAME_BYTES);
    reply.payload.len++;
    assert_int_equal(frame_encode_reply(&reply, &fixture->arena, &envelope), STATUS_TOO_LARGE);
    reply.payload.len = LIMIT_FRAME_BYTES + 1;
    assert_int_equal(frame_encode_reply(&reply, &fixture->arena, &envelope), STATUS_TOO_LARGE);
}

static void a_goaway_comes_back(void **state)
{
    struct fixture *fixture = *state;
    struct span envelope = {0};
    struct frame_reply back = {.correlation_id = 1};
    assert_int_equal(frame_encode_goaway(&fixture->arena, &envelope), STATUS_OK);
    assert_int_equal(frame_decode_reply(envelope, &fixture->arena, &back, &fixture->fault),
                     STATUS_OK);
    assert_true(back.goaway);
    assert_int_equal(back.correlation_id, 0);
}

static void an_empty_envelope_is_a_request(void **state)
{
    struct fixture *fixture = *state;
    struct frame_request back = {.correlation_id = 1, .timeout_ms = 1};
    assert_int_equal(
        frame_decode_request((struct span){0}, &fixture->arena, &back, &fixture->fault), STATUS_OK);
    assert_int_equal(back.correlation_id, 0);
    assert_int_equal(back.method.len, 0);
    assert_int_equal(back.payload.len, 0);
}

static void replies_come_back(void **state)
{
    struct fixture *fixture = *state;
    static const char *const payloads[] = {"answer", ""};
    for (int i = 0; i < 2; i++) {
        struct frame_reply reply = {
            .correlation_id = 7, .payload = span_of_text(payloads[i]), .replayed = i == 0};
        struct span envelope = {0};
        struct frame_reply back = {0};
        assert_int_equal(frame_encode_reply(&reply, &fixture->arena, &envelope), STATUS_OK);
        assert_int_equal(frame_decode_reply(envelope, &fixture->arena, &back, &fixture->fault),
                         STATUS_OK);
        assert_int_equal(back.correlation_id, 7);
        assert_int_equal(back.replayed, i == 0);
        assert_null(back.error);
        assert_true(span_equal(back.payload, reply.payload));
    }
}

static void errors_come_back(void **state)
{
    struct fixture *fixture = *state;
    Loyalty__V1__Error error = LOYALTY__V1__ERROR__INIT;
    error.code = LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION;
    error.reason = (char *)"INSUFFICIENT_POINTS";
    struct frame_reply reply = {.correlation_id = 7, .error = &error};
    struct span envelope = {0};
    struct frame_reply back = {0};
    assert_int_equal(frame_encode_reply(&reply, &fixture->arena, &envelope), STATUS_OK);
    assert_int_equal(frame_decode_reply(envelope, &fixture->arena, &back, &fixture->fault),
                     STATUS_OK);
    assert_non_null(back.error);
    assert_int_equal(back.error->code, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION);
    assert_string_equal(back.error->reason, "INSUFFICIENT_POINTS");
}

static void what_is_no_envelope_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct frame_request request = {.correlation_id = 5};
    struct frame_reply reply = {.correlation_id = 5};
    struct message_fault *fault = &fixture->fault;
    assert_int_equal(
        frame_decode_request(span_of("\x12\x01\xff", 3), &fixture->arena, &request, fault),
        STATUS_INVALID);
    assert_string_equal(fault->path, "method");
    assert_int_equal(frame_decode_request(span_of("\x3a\x00", 2), &fixture->arena, &request, fault),
                     STATUS_INVALID);
    assert_string_equal(fault->reason, "unknown field number 7");
    assert_int_equal(frame_decode_reply(span_of("\x08\x01", 2), &fixture->arena, &reply, fault),
                     STATUS_INVALID);
    assert_string_equal(fault->reason, "neither payload nor error nor goaway is given");
    assert_int_equal(
        frame_decode_reply(span_of("\x12\x00\x1a\x00", 4), &fixture->arena, &reply, fault),
        STATUS_INVALID);
    assert_string_equal(fault->path, "error");
    assert_int_equal(request.correlation_id, 5);
    assert_int_equal(reply.correlation_id, 5);
}

static void an_envelope_fits_a_frame(void **state)
{
    struct fixture *fixture = *state;
    uint8_t *zeros = arena_alloc(&fixture->arena, LIMIT_FRAME_BYTES + 1);
    struct frame_request request = {.correlation_id = 1};
    struct span envelope = {0};
    struct frame_request back = {0};
    // Two bytes of correlation, four of the payload's head.
    request.payload = span_of(zeros, LIMIT_FRAME_BYTES - 6);
    assert_int_equal(frame_encode_request(&request, &fixture->arena, &envelope), STATUS_OK);
    assert_int_equal(envelope.len, LIMIT_FRAME_BYTES);
    assert_int_equal(frame_decode_request(envelope, &fixture->arena, &back, &fixture->fault),
                     STATUS_OK);
    request.payload.len++;
    assert_int_equal(frame_encode_request(&request, &fixture->arena, &envelope), STATUS_TOO_LARGE);
    assert_int_equal(frame_decode_request(span_of(zeros, LIMIT_FRAME_BYTES + 1), &fixture->arena,
                                          &back, &fixture->fault),
                     STATUS_TOO_LARGE);
    assert_string_equal(fixture->fault.reason, "65537 bytes; at most 65536");
}

static void the_prefix_is_big_endian(void **state)
{
    (void)state;
    uint8_t prefix[FRAME_PREFIX_BYTES];
    frame_prefix(LIMIT_FRAME_BYTES, prefix);
    assert_memory_equal(prefix, "\x00\x01\x00\x00", FRAME_PREFIX_BYTES);
    assert_int_equal(frame_prefix_length(prefix), LIMIT_FRAME_BYTES);
    assert_true(frame_prefix_length((const uint8_t *)"\xff\xfe\xfd\xfc") == 0xfffefdfcU);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(requests_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(requests_are_read_as_the_library_reads_them, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(replies_are_written_as_the_library_writes_them, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_reply_fits_a_frame, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_goaway_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_envelope_is_a_request, set_up, tear_down),
        cmocka_unit_test_setup_teardown(replies_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(errors_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_envelope_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_envelope_fits_a_frame, set_up, tear_down),
        cmocka_unit_test(the_prefix_is_big_endian),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
