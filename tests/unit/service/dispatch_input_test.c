// What never reaches a method: bytes that are no message, texts of any length, requests that cannot
// fit. Each gets one answer that says what was wrong.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/log.h"
#include "net/identity.h"
#include "service/bounds.h"
#include "service/dispatch.h"
#include "support/random_club.h"
#include "support/service_world.h"
#include "wire/message.h"

#define TILL "pos/store-1/till-1"

static uint64_t seed;

static const char *end_of_bytes(struct service_world *world, struct span bytes,
                                struct world_answer *answer)
{
    world_ask_bytes(&world->daemons[0], TILL, "/loyalty.v1.PointsService/Award", bytes, 0, answer);
    world_run(world);
    return world_end(answer);
}

static void garbage_is_refused(void **state)
{
    (void)state;
    static const uint8_t unknown_field[] = {0xf8, 0x07, 0x01};
    static const uint8_t truncated[] = {0x0a, 0x20, 0x01};
    static const uint8_t bad_utf8[] = {0x12, 0x04, 0x0a, 0x02, 0xc3, 0x28};
    static const uint8_t varint_without_end[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    struct service_world world;
    struct world_answer answer;
    service_world_open(&world, 1);
    const struct span cases[] = {span_of(unknown_field, sizeof(unknown_field)),
                                 span_of(truncated, sizeof(truncated)),
                                 span_of(bad_utf8, sizeof(bad_utf8)),
                                 span_of(varint_without_end, sizeof(varint_without_end))};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(end_of_bytes(&world, cases[i], &answer), "MALFORMED");
        assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT);
    }
    service_world_fini(&world);
}

// Whatever bytes come: one answer, and nothing written.
static void random_bytes_get_one_answer(void **state)
{
    (void)state;
    struct service_world world;
    service_world_open(&world, 1);
    world_enroll(&world, "anna");
    (void)world_award(&world, "anna", 10000);
    const char *sale = world_award_text(&world, world_id(&world), "anna", 100);
    struct world_answer answer;
    struct random random = random_of(seed, 0);
    struct span good = world_bytes(&world, "PointsService/Award", sale);
    for (int i = 0; i < 3000; i++) {
        uint8_t bytes[256];
        assert_true(good.len <= sizeof(bytes));
        memcpy(bytes, good.data, good.len);
        size_t len = good.len - (size_t)random_below(&random, 3);
        for (int64_t flips = random_below(&random, 4); flips >= 0; flips--) {
            bytes[random_below(&random, (int64_t)len)] = (uint8_t)random_u64(&random);
        }
        (void)end_of_bytes(&world, span_of(bytes, len), &answer);
        assert_int_equal(answer.times, 1);
        assert_true(answer.code != LOYALTY__V1__CODE__CODE_INTERNAL);
    }
    int64_t balance = 0;
    (void)world_verify(&world, "anna", &balance);
    service_world_fini(&world);
}

// Long texts in any field come back neither whole nor as an answer too large to send.
static void long_texts_make_short_answers(void **state)
{
    (void)state;
    struct service_world world;
    struct world_answer answer;
    service_world_open(&world, 1);
    char *text = arena_alloc(&world.arena, 50001);
    memset(text, '\'', 50000);
    const char *const requests[] = {
        world_text(&world, "{\"mutation\": {\"request_id\": \"%s\"}}", text),
        world_award_text(&world, world_id(&world), text, 100),
        world_text(&world,
                   "{%s, \"member\": {\"member_id\": \"anna\"}, \"sale\": {\"currency\": \"%s\"}}",
                   world_mutation(&world, world_id(&world)), text),
        world_text(&world,
                   "{%s, \"member\": {\"member_id\": \"anna\"}, \"sale\": {\"currency\": \"CNY\", "
                   "\"unit\": \"%s\"}}",
                   world_mutation(&world, world_id(&world)), text),
        world_text(&world,
                   "{%s, \"member\": {\"member_id\": \"anna\"}, \"sale\": {\"currency\": \"CNY\", "
                   "\"occurred_date\": \"%s\"}}",
                   world_mutation(&world, world_id(&world)), text),
        world_text(&world,
                   "{%s, \"member\": {\"identifier\": {\"kind\": \"PHONE\", \"value\": \"%s\"}}}",
                   world_mutation(&world, world_id(&world)), text),
    };
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        world_call(&world.daemons[0], TILL, "PointsService/Award", requests[i], &answer);
        assert_int_equal(answer.times, 1);
        assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT);
        assert_true(strlen(answer.message) < 1024);
    }
    service_world_fini(&world);
}

// --- what never fits ---

static struct span long_member_id(struct service_world *world, size_t len)
{
    char *text = arena_alloc(&world->arena, len + 1);
    memset(text, 'a', len);
    Loyalty__V1__MemberRef member = LOYALTY__V1__MEMBER_REF__INIT;
    member.by_case = LOYALTY__V1__MEMBER_REF__BY_MEMBER_ID;
    member.member_id = text;
    Loyalty__V1__GetMemberRequest request = LOYALTY__V1__GET_MEMBER_REQUEST__INIT;
    request.member = &member;
    struct span bytes;
    assert_int_equal(message_encode(&request.base, &world->arena, &bytes), STATUS_OK);
    return bytes;
}

// Few bytes, many objects.
static struct span many_lines(struct service_world *world, size_t count)
{
    Loyalty__V1__SaleLine line = LOYALTY__V1__SALE_LINE__INIT;
    Loyalty__V1__Sale sale = LOYALTY__V1__SALE__INIT;
    sale.n_lines = count;
    sale.lines = arena_alloc_array(&world->arena, count, sizeof(void *));
    for (size_t i = 0; i < count; i++) {
        sale.lines[i] = &line;
    }
    Loyalty__V1__QuoteRequest request = LOYALTY__V1__QUOTE_REQUEST__INIT;
    request.sale = &sale;
    struct span bytes;
    assert_int_equal(message_encode(&request.base, &world->arena, &bytes), STATUS_OK);
    return bytes;
}

// It is not to be tried again: it would take more memory than a request may the next time too.
static void what_never_fits_is_told_so(void **state)
{
    (void)state;
    enum { KIB = 1024, LINES = 16000 };
    static const size_t kibs[] = {60, 65, 300, 900, 1000};
    struct service_world world;
    struct world_answer answer;
    service_world_open(&world, 1);
    for (size_t i = 0; i < sizeof(kibs) / sizeof(kibs[0]); i++) {
        world_ask_bytes(&world.daemons[0], TILL, "/loyalty.v1.MembersService/GetMember",
                        long_member_id(&world, kibs[i] * KIB), 0, &answer);
        assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT);
    }
    world_ask_bytes(&world.daemons[0], TILL, "/loyalty.v1.MembersService/GetMember",
                    long_member_id(&world, LIMIT_HTTP_MESSAGE_BYTES - 16), 0, &answer);
    assert_string_equal(world_end(&answer), "REQUEST_TOO_LARGE");
    assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_RESOURCE_EXHAUSTED);
    struct span lines = many_lines(&world, LINES);
    assert_true(lines.len < LIMIT_FRAME_BYTES);
    world_ask_bytes(&world.daemons[0], TILL, "/loyalty.v1.PointsService/Quote", lines, 0, &answer);
    assert_string_equal(world_end(&answer), "REQUEST_TOO_LARGE");
    // The next one finds all memory again.
    world_ask_bytes(&world.daemons[0], TILL, "/loyalty.v1.MembersService/GetMember",
                    long_member_id(&world, 3), 0, &answer);
    world_run(&world);
    assert_string_equal(world_end(&answer), "UNKNOWN_MEMBER");
    service_world_fini(&world);
}

int main(void)
{
    log_set_level(LOG_ERROR);
    seed = random_seed("dispatch");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(garbage_is_refused),
        cmocka_unit_test(random_bytes_get_one_answer),
        cmocka_unit_test(long_texts_make_short_answers),
        cmocka_unit_test(what_never_fits_is_told_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
