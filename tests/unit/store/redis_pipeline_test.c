// Whose reply is whose: order, tags, what breaks a connection, and what is open when it ends.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "store/redis_error.h"
#include "store/redis_pipeline.h"

enum { CALLS_MAX = 8 };

static struct redis_pipeline pipeline;

// What each call got, by the index that is its context.
static struct {
    uint32_t calls;
    enum store_result result;
    bool has_value;
    char text[64];
} got[CALLS_MAX];
static size_t indices[CALLS_MAX];

static bool on_answer(const struct redis_call *call, const struct redis_answer *answer)
{
    size_t index = *(const size_t *)call->context;
    const struct resp_value *value = answer->value;
    if (value != NULL && value->type == RESP_INTEGER) {
        return false; // a shape these calls cannot get
    }
    got[index].calls++;
    got[index].result = answer->result;
    got[index].has_value = value != NULL;
    (void)snprintf(got[index].text, sizeof(got[index].text), "%.*s", (int)answer->text.len,
                   (const char *)answer->text.data);
    return true;
}

static int setup(void **state)
{
    (void)state;
    memset(got, 0, sizeof(got));
    pipeline = (struct redis_pipeline){0};
    assert_int_equal(redis_pipeline_open(&pipeline), STATUS_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (pipeline.open) {
        redis_pipeline_close(&pipeline, 0);
    }
    redis_pipeline_fini(&pipeline);
    return 0;
}

static void push(size_t index, uint64_t tag, bool mutation)
{
    indices[index] = index;
    struct redis_call call = {
        .on_answer = on_answer, .context = &indices[index], .tag = tag, .mutation = mutation};
    assert_int_equal(redis_pipeline_reserve(&pipeline, 1), STATUS_OK);
    redis_pipeline_push(&pipeline, &call, 100, 5000 + (int64_t)index);
}

static void take(const char *bytes)
{
    redis_pipeline_take(&pipeline, span_of_text(bytes));
}

static void replies_go_in_order(void **state)
{
    (void)state;
    push(0, 0, false);
    push(1, 17, true);
    push(2, 0, false);
    assert_int_equal(redis_pipeline_deadline(&pipeline), 5000);
    take("$1\r\nx\r\n*2\r\n$2\r\n17\r\n$2\r\nOK");
    assert_int_equal(got[0].calls, 1);
    assert_true(got[0].has_value);
    assert_int_equal(got[1].calls, 0);
    assert_int_equal(redis_pipeline_deadline(&pipeline), 5001);
    take("\r\n-WRONGTYPE no\r\n");
    assert_int_equal(got[1].result, STORE_OK);
    assert_int_equal(got[2].result, STORE_FAILED);
    assert_string_equal(got[2].text, "WRONGTYPE no");
    assert_true(redis_pipeline_deadline(&pipeline) == INT64_MAX);
    assert_false(redis_pipeline_is_spent(&pipeline));
}

// A wrong tag, and everything behind it is in doubt.
static void another_calls_tag_breaks_it(void **state)
{
    (void)state;
    const char *const replies[] = {
        "*2\r\n$2\r\n18\r\n$2\r\nOK\r\n", // another's
        "*2\r\n:17\r\n$2\r\nOK\r\n",      // no string
        "*1\r\n$2\r\n17\r\n",             // nothing but the tag
        "$2\r\n17\r\n",
    };
    for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        memset(got, 0, sizeof(got));
        push(0, 17, true);
        push(1, 18, true);
        push(2, 19, false);
        take(replies[i]);
        assert_true(pipeline.broken);
        assert_string_equal(pipeline.reason, "Redis sent a reply to another call");
        assert_int_equal(got[0].result, STORE_UNKNOWN);
        assert_int_equal(got[1].calls, 0);
        redis_pipeline_close(&pipeline, 300);
        assert_int_equal(got[0].calls, 1);
        assert_int_equal(got[1].result, STORE_UNKNOWN);
        assert_int_equal(got[2].result, STORE_UNAVAILABLE);
        assert_int_equal(redis_pipeline_open(&pipeline), STATUS_OK);
    }
}

static void a_wrong_shape_breaks_it(void **state)
{
    (void)state;
    push(0, 0, true);
    push(1, 0, true);
    take(":5\r\n$1\r\nx\r\n");
    assert_true(pipeline.broken);
    assert_int_equal(got[0].calls, 1);
    assert_int_equal(got[0].result, STORE_UNKNOWN);
    assert_int_equal(got[1].calls, 0); // its reply is not trusted any more
}

static void unasked_replies_and_garbage_break_it(void **state)
{
    (void)state;
    take("+OK\r\n");
    assert_true(pipeline.broken);
    redis_pipeline_close(&pipeline, 0);
    assert_int_equal(redis_pipeline_open(&pipeline), STATUS_OK);
    assert_false(pipeline.broken);
    push(0, 0, false);
    take("what?\r\n");
    assert_true(pipeline.broken);
    assert_int_equal(got[0].calls, 0);
    redis_pipeline_close(&pipeline, 100);
    assert_int_equal(got[0].result, STORE_UNAVAILABLE);
}

// Only whole commands are executed: what has not wholly left is certainly not.
static void what_is_open_at_the_end(void **state)
{
    (void)state;
    push(0, 0, true);
    push(1, 0, false);
    push(2, 0, true);
    push(3, 0, true);
    redis_pipeline_close(&pipeline, 399); // a byte is missing of the last
    assert_int_equal(got[0].result, STORE_UNKNOWN);
    assert_int_equal(got[1].result, STORE_UNAVAILABLE);
    assert_int_equal(got[2].result, STORE_UNKNOWN);
    assert_int_equal(got[3].result, STORE_UNAVAILABLE);
    // Offsets begin anew with the next connection.
    assert_int_equal(redis_pipeline_open(&pipeline), STATUS_OK);
    push(4, 0, true);
    redis_pipeline_close(&pipeline, 99);
    assert_int_equal(got[4].result, STORE_UNAVAILABLE);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(got[i].calls, 1);
    }
}

static void a_stale_connection_answers_the_rest(void **state)
{
    (void)state;
    push(0, 0, true);
    push(1, 0, false);
    take("-READONLY You can't write against a read only replica.\r\n");
    assert_true(pipeline.stale);
    assert_false(pipeline.broken);
    assert_true(redis_pipeline_is_spent(&pipeline));
    assert_non_null(strstr(pipeline.reason, "READONLY"));
    assert_int_equal(got[0].result, STORE_UNAVAILABLE);
    take("$1\r\nx\r\n");
    assert_int_equal(got[1].result, STORE_OK);
}

static void errors_are_judged_by_their_first_word(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum store_result result;
        bool reconnect;
    } cases[] = {
        {"LOADING Redis is loading the dataset in memory", STORE_UNAVAILABLE, true},
        {"READONLY You can't write against a read only replica.", STORE_UNAVAILABLE, true},
        {"NOAUTH Authentication required.", STORE_UNAVAILABLE, true},
        {"ERR Function not found", STORE_UNAVAILABLE, true},
        {"MISCONF Errors writing to the AOF file: No space left", STORE_UNAVAILABLE, false},
        {"OOM command not allowed", STORE_UNAVAILABLE, false},
        {"BUSY Redis is busy running a script.", STORE_UNAVAILABLE, false},
        {"TRYAGAIN Multiple keys request during rehashing of slot", STORE_UNAVAILABLE, false},
        {"MOVED 1 127.0.0.1:7000", STORE_UNAVAILABLE, false},
        {"WRONGTYPE Operation against a key", STORE_FAILED, false},
        {"ERR value is not an integer", STORE_FAILED, false},
        {"NOPERM this user has no permissions", STORE_FAILED, false},
        {"OOMPH", STORE_FAILED, false},
        {"", STORE_FAILED, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct redis_error error = redis_error_judge(span_of_text(cases[i].text));
        assert_int_equal(error.result, cases[i].result);
        assert_int_equal(error.reconnect, cases[i].reconnect);
    }
}

static void the_queue_is_a_ring_with_a_bound(void **state)
{
    (void)state;
    struct redis_queue queue = {0};
    int64_t pushed = 0;
    int64_t popped = 0;
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 7 + round; i++) {
            struct redis_waiting waiting = {.deadline_ms = pushed++};
            assert_int_equal(redis_queue_push(&queue, &waiting, 4096), STATUS_OK);
        }
        for (int i = 0; i < 5; i++) {
            assert_int_equal(redis_queue_front(&queue)->deadline_ms, popped);
            assert_int_equal(redis_queue_pop(&queue).deadline_ms, popped++);
        }
    }
    struct redis_waiting more = {.deadline_ms = pushed};
    assert_int_equal(redis_queue_push(&queue, &more, queue.count), STATUS_TOO_LARGE);
    while (queue.count > 0) {
        assert_int_equal(redis_queue_pop(&queue).deadline_ms, popped++);
    }
    assert_int_equal(popped, pushed);
    assert_null(redis_queue_front(&queue));
    assert_int_equal(redis_queue_reserve(&queue, queue.capacity + 1), STATUS_OK);
    const struct redis_waiting *ring = queue.ring;
    for (uint32_t i = 0; i < queue.capacity; i++) {
        assert_int_equal(redis_queue_push(&queue, &more, queue.capacity), STATUS_OK);
    }
    assert_ptr_equal(queue.ring, ring);
    redis_queue_fini(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(replies_go_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(another_calls_tag_breaks_it, setup, teardown),
        cmocka_unit_test_setup_teardown(a_wrong_shape_breaks_it, setup, teardown),
        cmocka_unit_test_setup_teardown(unasked_replies_and_garbage_break_it, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_open_at_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stale_connection_answers_the_rest, setup, teardown),
        cmocka_unit_test(errors_are_judged_by_their_first_word),
        cmocka_unit_test(the_queue_is_a_ring_with_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
