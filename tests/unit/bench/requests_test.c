// bench/requests.h: what is set in a template decodes as what was meant, in both encodings alike.
#include "bench/requests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench/face.h"
#include "face/codec.h"
#include "loyalty/v1/members.pb-c.h"
#include "loyalty/v1/points.pb-c.h"
#include "wire/message.h"

enum { ARENA_BYTES = 1 << 20, IDS = 500 };

static const struct bench_face packed = {.name = "packed"};
static const struct bench_face json = {.name = "json", .json = true};
static const struct bench_face *const faces[] = {&packed, &json};

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

// Decoded as the service does it; in the arena.
static const void *decode(const struct bench_options *options, struct span bytes,
                          const ProtobufCMessageDescriptor *type)
{
    struct message_fault fault;
    ProtobufCMessage *message;
    enum codec codec = options->face->json ? CODEC_JSON : CODEC_PROTO;
    assert_int_equal(codec_read(codec, bytes, type, &arena, &bytes, &fault), STATUS_OK);
    assert_int_equal(message_decode(type, bytes, &arena, &message, &fault), STATUS_OK);
    return message;
}

static const Loyalty__V1__AwardRequest *award(struct bench_requests *requests,
                                              const struct bench_options *options, uint32_t member,
                                              uint32_t operation)
{
    const struct bench_request request = {
        .kind = BENCH_REQUEST_AWARD, .member = member, .operation = operation};
    return decode(options, bench_request_write(requests, &request),
                  &loyalty__v1__award_request__descriptor);
}

static void check_award(const struct bench_options *options)
{
    struct bench_requests *requests = bench_requests_new(options);
    static const uint32_t operations[] = {0, 1, 9, 49999, 50000, 1234567, 7000000};
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        uint32_t operation = operations[i];
        const Loyalty__V1__AwardRequest *request = award(requests, options, 77, operation);
        assert_string_equal(request->member->member_id, "bench-0000177");
        assert_string_equal(request->sale->currency, "CNY");
        assert_int_equal(request->sale->n_lines, 1);
        assert_int_equal(request->sale->lines[0]->amount_minor, bench_amount(operation));
        assert_int_equal(request->sale->receipt != NULL, options->receipts);
        if (options->receipts) {
            assert_int_equal(request->sale->receipt->number, (1 << 21) + operation);
            const char *unit = request->sale->unit;
            assert_memory_equal(unit, "store-0007/till-02/", strlen("store-0007/till-02/"));
            assert_string_equal(unit + strlen(unit) - 5, "-0077");
        }
        arena_reset(&arena);
    }
    bench_requests_free(requests);
}

static void test_awards(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(faces) / sizeof(faces[0]); i++) {
        for (int receipts = 0; receipts <= 1; receipts++) {
            const struct bench_options options = {
                .face = faces[i], .first = 100, .operations = 1, .receipts = receipts != 0};
            check_award(&options);
        }
    }
}

// One operation, one id; another run has others.
static void test_ids(void **state)
{
    (void)state;
    const struct bench_options options = {.face = &packed};
    struct bench_requests *runs[] = {bench_requests_new(&options), bench_requests_new(&options)};
    static const char *ids[2 * IDS];
    for (uint32_t i = 0; i < 2 * IDS; i++) {
        ids[i] = award(runs[i / IDS], &options, 0, i % IDS)->mutation->request_id;
        for (uint32_t j = 0; j < i; j++) {
            assert_string_not_equal(ids[i], ids[j]);
        }
    }
    assert_string_equal(award(runs[0], &options, 5, 7)->mutation->request_id, ids[7]);
    bench_requests_free(runs[0]);
    bench_requests_free(runs[1]);
}

static void check_others(const struct bench_options *options)
{
    struct bench_requests *requests = bench_requests_new(options);
    struct bench_request request = {.kind = BENCH_REQUEST_LOOKUP, .member = 3, .operation = 8};
    const Loyalty__V1__GetMemberRequest *lookup =
        decode(options, bench_request_write(requests, &request),
               &loyalty__v1__get_member_request__descriptor);
    assert_string_equal(lookup->member->member_id, "bench-0000003");
    request.kind = BENCH_REQUEST_ENROL;
    const Loyalty__V1__EnrollRequest *enrol = decode(
        options, bench_request_write(requests, &request), &loyalty__v1__enroll_request__descriptor);
    assert_string_equal(enrol->member_id, "bench-0000003");
    request.kind = BENCH_REQUEST_REDEEM;
    const Loyalty__V1__RedeemRequest *redeem = decode(
        options, bench_request_write(requests, &request), &loyalty__v1__redeem_request__descriptor);
    assert_string_equal(redeem->member->member_id, "bench-0000003");
    assert_int_equal(redeem->points, 1);
    assert_string_equal(redeem->mutation->request_id, enrol->mutation->request_id);
    bench_requests_free(requests);
}

static void test_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(faces) / sizeof(faces[0]); i++) {
        const struct bench_options options = {.face = faces[i]};
        check_others(&options);
    }
}

// The length of a sale is the same for all, so that loads differ in nothing but their server.
static void test_amounts(void **state)
{
    (void)state;
    for (uint32_t operation = 0; operation < 200000; operation++) {
        int64_t amount = bench_amount(operation);
        assert_true(amount >= 20000 && amount < 70000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_awards, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ids, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_others, set_up, tear_down),
        cmocka_unit_test(test_amounts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
