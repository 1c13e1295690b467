// The connections of one store: filled in order, a partition's calls together, one lost connection
// costs only what was on it, and what Redis says to one is true for all.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/redis_calls.h"
#include "support/redis_fixture.h"

enum { PARTITIONS = 500, CALLS = 1000 };

static struct redis_process *const process = &redis_fixture.process;
static struct redis_world *const world = &redis_fixture.world;

static int setup(void **state)
{
    (void)redis_fixture_start(state);
    (void)redis_fixture_open(state);
    assert_int_equal(port_create(&world->port, PARTITIONS), STORE_OK);
    return 0;
}

static struct redis_pool *pool_of_world(void)
{
    return &redis_of(world->port.store)->pool;
}

static uint32_t connections_in_use(void)
{
    uint32_t count = 0;
    for (size_t i = 0; i < REDIS_CONNECTIONS; i++) {
        count += redis_link_load(pool_of_world()->links[i]).calls > 0 ? 1 : 0;
    }
    return count;
}

// One append to an account of its own in each of `count` calls, over the partitions in turn.
static void append_many(struct redis_tally *tally, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "m%u", i);
        struct port_picture log = port_picture_of_none(i % PARTITIONS, id);
        struct store_append append = port_next(&world->port, &log, i, 100);
        store_append(world->port.store, &append, redis_tally_done, tally);
    }
}

static void few_calls_share_one_connection(void **state)
{
    (void)state;
    struct redis_tally tally = {0};
    redis_fixture_wait_for_all();
    append_many(&tally, 30);
    assert_int_equal(connections_in_use(), 1);
    redis_world_wait_tally(world, &tally, 30);
    assert_int_equal(tally.results[STORE_OK], 30);
    assert_int_equal(connections_in_use(), 0);
}

static void many_calls_fill_them_all(void **state)
{
    (void)state;
    struct redis_tally tally = {0};
    struct redis_pool *pool = pool_of_world();
    redis_fixture_wait_for_all();
    append_many(&tally, CALLS);
    assert_int_equal(connections_in_use(), REDIS_CONNECTIONS);
    // Of a partition all are together, and each connection has about its share.
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        assert_true(pool->routes[i].in_flight >= CALLS / PARTITIONS);
    }
    for (size_t i = 0; i < REDIS_CONNECTIONS; i++) {
        assert_true(redis_link_load(pool->links[i]).calls < CALLS / 2);
    }
    redis_world_wait_tally(world, &tally, CALLS);
    assert_int_equal(tally.results[STORE_OK], CALLS);
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        assert_int_equal(pool->routes[i].in_flight, 0);
    }
}

static void one_lost_connection_is_no_outage(void **state)
{
    (void)state;
    struct redis_tally tally = {0};
    redis_fixture_wait_for_all();
    uint32_t changes = world->changes;
    // The oldest is the one that few calls would take.
    const char *list = redis_process_ask(process, "CLIENT LIST TYPE normal");
    char command[64];
    assert_int_equal(strncmp(list, "id=", 3), 0);
    (void)snprintf(command, sizeof(command), "CLIENT KILL ID %lu", strtoul(list + 3, NULL, 10));
    assert_string_equal(redis_process_ask(process, "%s", command), ":1");
    for (int i = 0; i < 10; i++) {
        redis_world_turn(world);
    }
    append_many(&tally, CALLS);
    redis_world_wait_tally(world, &tally, CALLS);
    assert_int_equal(tally.results[STORE_OK], CALLS);
    redis_fixture_wait_for_all();
    assert_int_equal(world->changes, changes); // never told as not ready
}

static void a_refusal_is_for_all(void **state)
{
    (void)state;
    redis_fixture_wait_for_all();
    assert_string_equal(redis_process_ask(process, "FUNCTION FLUSH"), "+OK");
    struct redis_tally tally = {0};
    append_many(&tally, 1);
    redis_world_wait_tally(world, &tally, 1);
    assert_int_equal(tally.results[STORE_UNAVAILABLE], 1);
    // One has learned it; the others must not have to.
    assert_string_equal(redis_process_ask(process, "CONFIG SET appendfsync no"), "+OK");
    redis_world_wait_reason(world, "appendfsync is no");
    append_many(&tally, CALLS);
    redis_world_wait_tally(world, &tally, 1 + CALLS);
    assert_int_equal(tally.results[STORE_UNAVAILABLE], 1 + CALLS);
    assert_string_equal(redis_process_ask(process, "CONFIG SET appendfsync always"), "+OK");
    redis_world_wait_ready(world);
    redis_fixture_wait_for_all();
    append_many(&tally, 1);
    redis_world_wait_tally(world, &tally, 2 + CALLS);
    assert_int_equal(tally.results[STORE_OK], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(few_calls_share_one_connection, setup,
                                        redis_fixture_close_and_end),
        cmocka_unit_test_setup_teardown(many_calls_fill_them_all, setup,
                                        redis_fixture_close_and_end),
        cmocka_unit_test_setup_teardown(one_lost_connection_is_no_outage, setup,
                                        redis_fixture_close_and_end),
        cmocka_unit_test_setup_teardown(a_refusal_is_for_all, setup, redis_fixture_close_and_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
