// The Redis store when Redis dies, hangs, or was never there: every call is answered exactly once,
// no answer that looks definite is wrong, and the store comes back by itself.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "support/redis_fixture.h"

enum { CALLS = 5000, SHORT_MS = 800, LONG_MS = 60000 };

static struct redis_process *const process = &redis_fixture.process;
static struct redis_world *const world = &redis_fixture.world;

static void open_with_deadline(int64_t command_ms)
{
    struct redis_options options = {.unix_path = process->socket, .command_ms = command_ms};
    redis_world_open(world, process, &options);
    redis_world_wait_ready(world);
    assert_int_equal(port_create(&world->port, PORT_PARTITIONS), STORE_OK);
}

static int64_t monotonic_ms(void)
{
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// --- many appends, each to an account of its own, and what was said of each ---

static struct member {
    struct redis_tally *tally;
    char id[16];
    uint32_t answers;
    enum store_result result;
} members[CALLS];

static void on_member(void *context, const struct store_reply *reply)
{
    struct member *member = context;
    member->answers++;
    member->result = reply->result;
    redis_tally_done(member->tally, reply);
}

static void append_to_members(struct redis_tally *tally)
{
    for (uint32_t i = 0; i < CALLS; i++) {
        members[i] = (struct member){.tally = tally};
        (void)snprintf(members[i].id, sizeof(members[i].id), "m%u", i);
        struct port_picture log = port_picture_of_none(i % PORT_PARTITIONS, members[i].id);
        struct store_append append = port_next(&world->port, &log, i, 100);
        store_append(world->port.store, &append, on_member, &members[i]);
    }
}

// After Redis is back: what was OK stands, what was UNAVAILABLE does not.
static void assert_answers_were_true(void)
{
    for (uint32_t i = 0; i < CALLS; i++) {
        assert_int_equal(members[i].answers, 1);
        struct store_account account = port_account(i % PORT_PARTITIONS, members[i].id);
        assert_int_equal(port_load(&world->port, &account), STORE_OK);
        if (members[i].result == STORE_OK) {
            assert_int_equal(port_bytes().len, 100);
        } else if (members[i].result == STORE_UNAVAILABLE) {
            assert_int_equal(port_bytes().len, 0);
        } else {
            assert_int_equal(members[i].result, STORE_UNKNOWN);
            assert_true(port_bytes().len == 0 || port_bytes().len == 100);
        }
    }
}

static void killed_while_answering(void **state)
{
    (void)state;
    struct redis_tally tally = {0};
    open_with_deadline(LONG_MS);
    append_to_members(&tally);
    redis_world_wait_tally(world, &tally, 1);
    redis_process_kill(process);
    redis_world_wait_tally(world, &tally, CALLS);
    assert_true(tally.results[STORE_OK] > 0);
    assert_int_equal(tally.results[STORE_OK] + tally.results[STORE_UNKNOWN] +
                         tally.results[STORE_UNAVAILABLE],
                     CALLS);
    redis_world_wait_reason(world, "cannot connect to");
    redis_process_restart(process);
    redis_world_wait_ready(world);
    assert_answers_were_true();
}

static void killed_before_it_read(void **state)
{
    (void)state;
    struct redis_tally tally = {0};
    open_with_deadline(LONG_MS);
    redis_process_signal(process, SIGSTOP);
    append_to_members(&tally);
    for (int i = 0; i < 20; i++) { // as much leaves as the socket takes
        redis_world_turn(world);
    }
    assert_int_equal(tally.answered, 0);
    redis_process_kill(process);
    redis_world_wait_tally(world, &tally, CALLS);
    assert_int_equal(tally.results[STORE_OK], 0);
    // Not all fits into the socket, so some have certainly not been executed, and that is said.
    assert_true(tally.results[STORE_UNKNOWN] > 100);
    assert_true(tally.results[STORE_UNAVAILABLE] > 100);
    redis_world_wait_reason(world, "cannot connect to");
    redis_process_restart(process);
    redis_world_wait_ready(world);
    assert_answers_were_true();
}

// --- a Redis that hangs ---

static void a_hanging_redis_ends_the_deadline(void **state)
{
    (void)state;
    struct redis_tally writes = {0};
    struct redis_tally reads = {0};
    struct port_picture log = port_picture_of_none(0, "m");
    open_with_deadline(SHORT_MS);
    redis_process_signal(process, SIGSTOP);
    int64_t start_ms = monotonic_ms();
    struct store_append append = port_next(&world->port, &log, 1, 50);
    append.not_after_ms = world->port.now_ms(&world->port) + SHORT_MS / 2;
    store_append(world->port.store, &append, redis_tally_done, &writes);
    store_load(world->port.store, &log.account, redis_tally_done, &reads);
    redis_world_wait_tally(world, &writes, 1);
    redis_world_wait_tally(world, &reads, 1);
    assert_int_equal(writes.results[STORE_UNKNOWN], 1);
    assert_int_equal(reads.results[STORE_UNAVAILABLE], 1);
    int64_t took_ms = monotonic_ms() - start_ms;
    assert_true(took_ms >= SHORT_MS - 20 && took_ms < INT64_C(10) * SHORT_MS);
    redis_world_wait_reason(world, "no answer from");
    assert_int_equal(port_load(&world->port, &log.account), STORE_UNAVAILABLE);

    // It wakes up and executes what it had received; but the deadline inside has passed.
    redis_process_signal(process, SIGCONT);
    redis_world_wait_ready(world);
    assert_int_equal(port_load(&world->port, &log.account), STORE_OK);
    assert_int_equal(port_bytes().len, 0);
    port_grow(&world->port, &log, 1, 50);
}

static void a_redis_that_hangs_at_first_is_left_too(void **state)
{
    (void)state;
    redis_process_signal(process, SIGSTOP);
    struct redis_options options = {.unix_path = process->socket, .command_ms = SHORT_MS};
    redis_world_open(world, process, &options);
    redis_world_wait_reason(world, "no answer from");
    redis_process_signal(process, SIGCONT);
    redis_world_wait_ready(world);
}

// This process slept past its own deadline: what Redis has answered meanwhile still counts.
static void a_slow_daemon_takes_answers_that_are_there(void **state)
{
    (void)state;
    struct port_answer answer = {0};
    struct redis_tally reads = {0};
    struct port_picture there = port_picture_of_none(0, "there");
    struct port_picture log = port_picture_of_none(0, "m");
    open_with_deadline(SHORT_MS);
    port_grow(&world->port, &there, 1, 50);
    for (int i = 0; i < 500; i++) { // more than is read at once
        store_load(world->port.store, &there.account, redis_tally_done, &reads);
    }
    struct store_append append = port_next(&world->port, &log, 1, 50);
    store_append(world->port.store, &append, port_on_done, &answer);
    for (int i = 0; i < 100 && answer.calls == 0 &&
                    strcmp(redis_process_ask(process, "EXISTS ly:{0}:a:m"), ":1") != 0;
         i++) {
        redis_world_turn(world);
    }
    struct timespec pause = {.tv_nsec = (long)(SHORT_MS + 50) * 1000000L};
    (void)nanosleep(&pause, NULL);
    port_wait(&world->port, &answer);
    assert_int_equal(answer.result, STORE_OK);
    assert_int_equal(reads.results[STORE_OK], 500);
    assert_true(world->ready);
    buffer_fini(&answer.bytes);
}

// --- connections that end ---

static void closed_connections_are_opened_again(void **state)
{
    (void)state;
    open_with_deadline(LONG_MS);
    struct port_picture log = port_picture_of_none(0, "m");
    for (uint32_t round = 0; round < 5; round++) {
        port_grow(&world->port, &log, round, 50);
        (void)redis_process_ask(process, "CLIENT KILL TYPE normal SKIPME yes");
        redis_world_load_again(world, &log.account);
        assert_int_equal(port_bytes().len, log.bytes);
    }
}

static void nobody_there_is_unavailable(void **state)
{
    (void)state;
    redis_process_kill(process);
    struct redis_options options = {.unix_path = process->socket};
    redis_world_open(world, process, &options);
    struct store *store = world->port.store;
    const char *reason = NULL;
    assert_false(store_is_ready(store, &reason));
    assert_non_null(strstr(reason, "connecting to"));
    struct store_account account = port_account(0, "m");
    assert_int_equal(port_load(&world->port, &account), STORE_UNAVAILABLE);
    assert_int_equal(port_create(&world->port, 4), STORE_UNAVAILABLE);
    assert_int_equal(port_set_clock(&world->port, 1), STORE_UNAVAILABLE);
    redis_world_wait_reason(world, "cannot connect to");
}

static void creation_is_finished_by_asking_again(void **state)
{
    (void)state;
    redis_world_open_ready(world, process);
    struct redis_tally tally = {0};
    store_create_partitions(world->port.store, 8192, redis_tally_done, &tally);
    for (int i = 0; i < 1000; i++) {
        if (strcmp(redis_process_ask(process, "EXISTS ly:{1000}:ev"), ":1") == 0) {
            break;
        }
        redis_world_turn(world);
    }
    redis_process_kill(process);
    redis_world_wait_tally(world, &tally, 1);
    assert_int_equal(tally.results[STORE_UNKNOWN], 1);
    redis_world_wait_reason(world, "cannot connect to");
    redis_process_restart(process);
    redis_world_wait_ready(world);
    assert_string_equal(redis_process_ask(process, "EXISTS ly:{meta}:partitions"), ":0");
    assert_int_equal(port_create(&world->port, 8192), STORE_OK);
    struct port_picture log = port_picture_of_none(8191, "m");
    port_grow(&world->port, &log, 1, 50);
}

// --- the end ---

struct again {
    struct redis_tally tally;
    uint32_t left;
};

static void on_again(void *context, const struct store_reply *reply)
{
    struct again *again = context;
    redis_tally_done(&again->tally, reply);
    if (again->left > 0) {
        again->left--;
        struct store_account account = port_account(0, "m");
        store_load(world->port.store, &account, on_again, again);
    }
}

static void freeing_answers_what_is_open(void **state)
{
    (void)state;
    struct redis_tally writes = {0};
    struct redis_tally creation = {0};
    struct again again = {.left = 5};
    struct port_picture log = port_picture_of_none(0, "m");
    open_with_deadline(LONG_MS);
    redis_process_signal(process, SIGSTOP);
    struct store_append append = port_next(&world->port, &log, 1, 50);
    store_append(world->port.store, &append, redis_tally_done, &writes);
    store_load(world->port.store, &log.account, on_again, &again);
    store_create_partitions(world->port.store, 4, redis_tally_done, &creation);
    for (int i = 0; i < 5; i++) {
        redis_world_turn(world);
    }
    store_append(world->port.store, &append, redis_tally_done, &writes); // never leaves
    redis_world_close(world);
    assert_int_equal(writes.results[STORE_UNKNOWN], 1);
    assert_int_equal(writes.results[STORE_UNAVAILABLE], 1);
    assert_int_equal(creation.results[STORE_UNAVAILABLE], 1); // it had only been looking
    assert_int_equal(again.tally.results[STORE_UNAVAILABLE], 6);
    redis_process_signal(process, SIGCONT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(killed_while_answering, redis_fixture_start,
                                        redis_fixture_close_and_end),
        cmocka_unit_test_setup_teardown(killed_before_it_read, redis_fixture_start,
                                        redis_fixture_close_and_end),
        cmocka_unit_test_setup_teardown(a_hanging_redis_ends_the_deadline, redis_fixture_start,
                                        redis_fixture_close_and_end),
        cmocka_unit_test_setup_teardown(a_redis_that_hangs_at_first_is_left_too,
                                        redis_fixture_start, redis_fixture_close_and_end),
        cmocka_unit_test_setup_teardown(a_slow_daemon_takes_answers_that_are_there,
                                        redis_fixture_start, redis_fixture_close_and_end),
        cmocka_unit_test_setup_teardown(closed_connections_are_opened_again, redis_fixture_start,
                                        redis_fixture_close_and_end),
        cmocka_unit_test_setup_teardown(nobody_there_is_unavailable, redis_fixture_start,
                                        redis_fixture_close_and_end),
        cmocka_unit_test_setup_teardown(creation_is_finished_by_asking_again, redis_fixture_start,
                                        redis_fixture_close_and_end),
        cmocka_unit_test_setup_teardown(freeing_answers_what_is_open, redis_fixture_start,
                                        redis_fixture_close_and_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
