// What clients may keep here at once: half-come requests of one connection and of all, streams,
// calls.
#include "unit/face/fake_http.h"

#define TILL "pos/store-1/till-1"
#define AWARD "/loyalty.v1.PointsService/Award"
#define WATCH "/grpc.health.v1.Health/Watch"

enum { RESET_REFUSED_STREAM = 7, CHUNK_BYTES = 16 * 1024 };

// A request of which so many bytes have come, but not the last.
static struct fake *half_come(size_t bytes)
{
    static const uint8_t zeros[CHUNK_BYTES];
    struct fake *fake = fake_begin(TILL, CONNECT, AWARD, "");
    for (size_t sent = 0; sent < bytes && !fake_is_over(fake); sent += CHUNK_BYTES) {
        fake_send(fake, span_of(zeros, CHUNK_BYTES), false);
    }
    return fake;
}

static void a_connection_has_its_share(void **state)
{
    (void)state;
    struct fake *first = half_come(LIMIT_HTTP_MESSAGE_BYTES);
    struct fake *second = half_come(LIMIT_HTTP_MESSAGE_BYTES);
    assert_false(fake_is_over(first) || fake_is_over(second));
    struct fake *third = half_come(CHUNK_BYTES);
    assert_true(third->ended);
    assert_int_equal(third->status, 429);
    fake_connection = 2; // another client is not touched
    struct fake *other = half_come(LIMIT_HTTP_MESSAGE_BYTES);
    assert_false(fake_is_over(other));
    fake_connection = 1;
    fake_gone(second);
    third = half_come(CHUNK_BYTES);
    assert_false(fake_is_over(third));
    // What has come whole counts no more.
    fake_send(first, (struct span){0}, true);
    assert_true(first->ended);
    fake_gone(third);
    fake_gone(other);
    assert_int_equal(fake_face->quotas.bytes, 0);
}

static void all_together_have_a_bound(void **state)
{
    (void)state;
    struct fake *last = NULL;
    size_t begun = 0;
    do {
        fake_connection = begun / 2;
        last = half_come(LIMIT_HTTP_MESSAGE_BYTES);
        begun++;
    } while (!fake_is_over(last));
    assert_true(last->was_reset); // nothing of it was done, it may be sent elsewhere at once
    assert_int_equal(last->code, RESET_REFUSED_STREAM);
    assert_int_equal(begun, FACE_BYTES / LIMIT_HTTP_MESSAGE_BYTES + 1);
    fake_send(last, (struct span){0}, true); // too late, no matter
    assert_true(fake_face->quotas.bytes <= FACE_BYTES);
    fake_gone(&fakes[0]);
    fake_connection = 1000;
    assert_false(fake_is_over(half_come(CHUNK_BYTES)));
}

static void streams_are_few(void **state)
{
    (void)state;
    for (int i = 0; i < FACE_STREAMS_A_CONNECTION; i++) {
        assert_false(fake_begin(TILL, GRPC, WATCH, "")->ended);
    }
    struct fake *more = fake_begin(TILL, GRPC, WATCH, "");
    assert_true(more->ended);
    assert_string_equal(fake_field(more->head, "grpc-status"), "8");
    fake_connection = 2;
    assert_false(fake_begin(TILL, GRPC, WATCH, "")->ended);
    fake_connection = 1;
    fake_gone(&fakes[3]);
    assert_false(fake_begin(TILL, GRPC, WATCH, "")->ended);
}

// The answers waiting for a client that takes none are bounded too; it may ask again.
static void answers_nobody_takes_are_given_up(void **state)
{
    (void)state;
    fake_face->quotas.bytes = FACE_BYTES;
    fake_room = 0;
    struct fake *fake = fake_call(TILL, GRPC, "ClockService/GetClock", "{}");
    assert_true(fake->was_reset);
    assert_int_equal(fake->code, 2);
    fake_face->quotas.bytes = 0;
}

static void calls_are_pooled(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        struct fake *several[8];
        for (size_t i = 0; i < 8; i++) {
            several[i] = fake_call(TILL, GRPC, "ClockService/GetClock", "{}");
            assert_true(several[i]->ended);
        }
        for (size_t i = 0; i < 8; i++) {
            fake_gone(several[i]);
        }
    }
    size_t spare = 0;
    for (const struct call *call = fake_face->spare; call != NULL; call = call->next) {
        spare++;
    }
    assert_int_equal(spare, 8);
    assert_int_equal(fake_face->calls, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_open, fake_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_connection_has_its_share),
        TEST(all_together_have_a_bound),
        TEST(streams_are_few),
        TEST(answers_nobody_takes_are_given_up),
        TEST(calls_are_pooled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
