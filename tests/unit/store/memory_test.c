// The memory store: the port's test set, and what only it can do: faults, order, peeking.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/memory.h"
#include "support/store_port.h"

#define NOW_MS INT64_C(1750000000000)

// --- the port's test set ---

static void turn(struct store_port *port)
{
    (void)memory_step(port->store);
}

static int64_t now_ms(struct store_port *port)
{
    (void)port;
    return NOW_MS;
}

static uint64_t event_count(struct store_port *port, uint32_t partition)
{
    return memory_event_count(port->store, partition);
}

static void last_event(struct store_port *port, uint32_t partition, struct buffer *ret_event)
{
    uint64_t count = memory_event_count(port->store, partition);
    buffer_clear(ret_event);
    assert_int_equal(buffer_append(ret_event, memory_event(port->store, partition, count - 1)),
                     STATUS_OK);
}

static int64_t due_ms(struct store_port *port, const struct store_account *account)
{
    return memory_due(port->store, account);
}

static uint64_t archived_bytes(struct store_port *port, uint32_t partition)
{
    return memory_archived_bytes(port->store, partition);
}

static int setup(void **state)
{
    static struct store_port port;
    port = (struct store_port){
        .turn = turn,
        .now_ms = now_ms,
        .event_count = event_count,
        .last_event = last_event,
        .due_ms = due_ms,
        .archived_bytes = archived_bytes,
    };
    assert_int_equal(memory_new(&port.store), STATUS_OK);
    memory_set_now(port.store, NOW_MS);
    *state = &port;
    return 0;
}

static int teardown(void **state)
{
    struct store_port *port = *state;
    store_free(port->store);
    buffer_fini(&port_last.bytes);
    return 0;
}

// --- its own ---

static void the_clock_is_exact(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = port_picture_of_none(0, "m");
    assert_int_equal(port_create(port, 1), STORE_OK);
    struct store_append append = port_next(port, &log, 1, 50);
    append.now_ms = NOW_MS + LIMIT_CLOCK_AHEAD_MS + 1;
    assert_int_equal(port_append(port, &append), STORE_CLOCK);
    append.now_ms = NOW_MS + LIMIT_CLOCK_AHEAD_MS;
    append.not_after_ms = NOW_MS - 1;
    assert_int_equal(port_append(port, &append), STORE_EXPIRED);
    append.not_after_ms = NOW_MS;
    assert_int_equal(port_append(port, &append), STORE_OK);
}

static void nothing_happens_by_itself(void **state)
{
    struct store_port *port = *state;
    struct port_answer answers[2] = {0};
    struct store_account account = port_account(0, "m");
    assert_false(memory_step(port->store));
    store_create_partitions(port->store, 1, port_on_done, &answers[0]);
    store_load(port->store, &account, port_on_done, &answers[1]);
    assert_int_equal(answers[0].calls, 0);
    assert_true(memory_step(port->store));
    assert_int_equal(answers[0].calls, 1);
    assert_int_equal(answers[1].calls, 0);
    memory_run(port->store);
    assert_int_equal(answers[1].calls, 1);
    assert_false(memory_step(port->store));
}

static void faults_are_answered_as_redis_would(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = port_picture_of_none(0, "m");
    assert_int_equal(port_create(port, 1), STORE_OK);
    struct store_append append = port_next(port, &log, 1, 50);
    memory_fail_next(port->store, MEMORY_FAULT_BEFORE);
    assert_int_equal(port_append(port, &append), STORE_UNAVAILABLE);
    assert_int_equal(memory_log(port->store, &log.account).len, 0);
    memory_fail_next(port->store, MEMORY_FAULT_LOST_ASK);
    assert_int_equal(port_append(port, &append), STORE_UNKNOWN);
    assert_int_equal(memory_log(port->store, &log.account).len, 0);
    memory_fail_next(port->store, MEMORY_FAULT_LOST_REPLY);
    assert_int_equal(port_append(port, &append), STORE_UNKNOWN);
    assert_int_equal(memory_log(port->store, &log.account).len, 50);
    assert_int_equal(port_append(port, &append), STORE_RELOAD); // a fault applies once
    memory_fail_next(port->store, MEMORY_FAULT_LOST_REPLY);
    assert_int_equal(port_load(port, &log.account), STORE_UNAVAILABLE); // a read has no outcome
    assert_int_equal(port_load(port, &log.account), STORE_OK);
}

static void on_value(void *context, const struct store_value_reply *reply)
{
    struct store_reply plain = {.result = reply->result, .log_bytes = reply->revision};
    port_on_done(context, &plain);
}

static void on_events(void *context, const struct store_events_reply *reply)
{
    struct store_reply plain = {.result = reply->result, .log_bytes = reply->count};
    port_on_done(context, &plain);
}

static void values_and_events_fail_as_redis_would(void **state)
{
    struct store_port *port = *state;
    struct store_put put = {.value = {.meta = true, .name = span_of_text("crm")},
                            .bytes = span_of_text("5")};
    const struct store_event_place place = {0};
    memory_fail_next(port->store, MEMORY_FAULT_LOST_ASK);
    store_put(port->store, &put, on_value, port_begin());
    assert_int_equal(port_end(port), STORE_UNKNOWN);
    memory_fail_next(port->store, MEMORY_FAULT_LOST_REPLY);
    store_get(port->store, &put.value, on_value, port_begin());
    assert_int_equal(port_end(port), STORE_UNAVAILABLE);
    store_get(port->store, &put.value, on_value, port_begin());
    assert_int_equal(port_end(port), STORE_OK);
    assert_int_equal(port_last.log_bytes, 0);
    memory_fail_next(port->store, MEMORY_FAULT_LOST_REPLY);
    store_put(port->store, &put, on_value, port_begin());
    assert_int_equal(port_end(port), STORE_UNKNOWN);
    store_put(port->store, &put, on_value, port_begin());
    assert_int_equal(port_end(port), STORE_BEHIND); // it was done
    assert_int_equal(port_last.log_bytes, 1);
    memory_fail_next(port->store, MEMORY_FAULT_LOST_REPLY);
    store_read_events(port->store, &place, 1, 5, on_events, port_begin());
    assert_int_equal(port_end(port), STORE_UNAVAILABLE);
    memory_fail_next(port->store, MEMORY_FAULT_LOST_REPLY);
    store_list_values(port->store, port_on_ids, port_begin());
    assert_int_equal(port_end(port), STORE_UNAVAILABLE);
    memory_fail_next(port->store, MEMORY_FAULT_LOST_REPLY);
    store_rewrite(port->store, port_on_done, port_begin());
    assert_int_equal(port_end(port), STORE_UNKNOWN);
    assert_int_equal(memory_rewrites(port->store), 1);
}

static void stores_may_share_data(void **state)
{
    struct store_port *port = *state;
    struct store_port other = *port;
    struct port_picture log = port_picture_of_none(0, "m");
    assert_int_equal(memory_share(port->store, &other.store), STATUS_OK);
    assert_int_equal(port_create(port, 1), STORE_OK);
    port_grow(port, &log, 1, 50);
    struct port_picture old = log;
    port_grow(&other, &log, 2, 50);
    struct store_append append = port_next(port, &old, 3, 60);
    assert_int_equal(port_append(port, &append), STORE_BEHIND);
    assert_int_equal(port_bytes().len, 50);
    // Execution is at the step, not at the asking: the other's later call may come first.
    struct port_answer first = {0};
    append = port_next(port, &log, 4, 60);
    store_append(port->store, &append, port_on_done, &first);
    struct port_picture theirs = log;
    port_grow(&other, &theirs, 5, 50);
    memory_run(port->store);
    assert_int_equal(first.result, STORE_BEHIND);
    buffer_fini(&first.bytes);
    store_free(other.store);
    assert_int_equal(memory_log(port->store, &log.account).len, 150);
}

static void freeing_answers_what_waits(void **state)
{
    (void)state;
    struct store *store = NULL;
    struct port_answer answer = {0};
    struct port_answer others[3] = {0};
    struct store_account account = port_account(0, "m");
    const struct store_value value = {.name = account.id};
    const struct store_event_place place = {0};
    assert_int_equal(memory_new(&store), STATUS_OK);
    store_load(store, &account, port_on_done, &answer);
    store_get(store, &value, on_value, &others[0]);
    store_due(store, &(struct store_due){.until_ms = 5, .count = 5}, port_on_ids, &others[1]);
    store_read_events(store, &place, 1, 5, on_events, &others[2]);
    store_free(store);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(others[i].calls, 1);
        assert_int_equal(others[i].result, STORE_UNAVAILABLE);
    }
    assert_int_equal(answer.calls, 1);
    assert_int_equal(answer.result, STORE_UNAVAILABLE);
    store_free(NULL);
}

static void corruption_can_be_planted(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = port_picture_of_none(0, "m");
    assert_int_equal(port_create(port, 1), STORE_OK);
    port_grow(port, &log, 1, 50);
    memory_plant(port->store, &log.account, span_of_text("not what it was"));
    assert_int_equal(port_load(port, &log.account), STORE_OK);
    assert_true(span_is_text(port_bytes(), "not what it was"));
    const char *reason = NULL;
    assert_true(store_is_ready(port->store, &reason));
    assert_string_equal(reason, "");
}

static void results_have_names(void **state)
{
    (void)state;
    assert_string_equal(store_result_name(STORE_OK), "OK");
    assert_string_equal(store_result_name(STORE_FAILED), "FAILED");
    assert_string_equal(store_result_name((enum store_result)99), "STORE_OUT_OF_RANGE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_PORT_TESTS(setup, teardown),
        cmocka_unit_test_setup_teardown(the_clock_is_exact, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_happens_by_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(faults_are_answered_as_redis_would, setup, teardown),
        cmocka_unit_test_setup_teardown(values_and_events_fail_as_redis_would, setup, teardown),
        cmocka_unit_test_setup_teardown(stores_may_share_data, setup, teardown),
        cmocka_unit_test_setup_teardown(corruption_can_be_planted, setup, teardown),
        cmocka_unit_test(freeing_answers_what_waits),
        cmocka_unit_test(results_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
