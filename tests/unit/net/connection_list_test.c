// The list of live connections: newest first, whole over several pages, with what each has asked;
// who has gone is not in it.
#include "net/connection_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/server_world.h"

enum { MANY = 300 }; // more than the list finds in one look

struct seen {
    uint64_t ids[MANY + 10];
    size_t count;
    size_t wanted;
    struct server_connection newest;
    char newest_unit[LIMIT_UNIT_BYTES + 1];
};

static struct world *world;

static int start(void **state)
{
    (void)state;
    world = world_new();
    world_start(world, &(struct server_limits){0});
    return 0;
}

static int stop(void **state)
{
    (void)state;
    world_free(world);
    return 0;
}

static bool on_connection(void *context, const struct server_connection *connection)
{
    struct seen *seen = context;
    if (seen->count == 0) {
        seen->newest = *connection;
        (void)snprintf(seen->newest_unit, sizeof(seen->newest_unit), "%s", connection->peer->unit);
    }
    assert_true(seen->count < sizeof(seen->ids) / sizeof(seen->ids[0]));
    seen->ids[seen->count++] = connection->id;
    return seen->count < seen->wanted;
}

static struct seen look(uint64_t below, size_t wanted)
{
    struct seen seen = {.wanted = wanted};
    server_each_connection(world->server, below, on_connection, &seen);
    for (size_t i = 1; i < seen.count; i++) {
        assert_true(seen.ids[i] < seen.ids[i - 1]);
    }
    return seen;
}

static void ask(struct tls_client *client, const char *text)
{
    tls_client_send_frame(client, span_of_text(text));
}

static void it_says_who_asked_what(void **state)
{
    (void)state;
    assert_int_equal(look(0, MANY).count, 0);
    struct tls_client *client = world_till(world);
    struct span frame = {0};
    ask(client, "first");
    WORLD_UNTIL(world, tls_client_take(client, &frame));
    world->keep = true;
    ask(client, "second");
    ask(client, "third");
    WORLD_UNTIL(world, world->kept_count == 2);
    struct seen seen = look(0, MANY);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.newest.requests, 3);
    assert_int_equal(seen.newest.in_flight, 2);
    assert_string_equal(seen.newest.protocol, "loyalty/1");
    assert_string_equal(seen.newest_unit, "store-0007/till-02");
    int64_t now_ms = (int64_t)time(NULL) * 1000;
    assert_in_range(seen.newest.since_ms, now_ms - 120000, now_ms + 120000);
    assert_true(seen.newest.certificate_not_after_ms > now_ms);
    world_drop(world, client);
    world->keep = false;
}

static void a_handshake_has_no_name_yet(void **state)
{
    (void)state;
    (void)world_till(world); // has not said anything when it is accepted
    WORLD_UNTIL(world, server_connections(world->server) == 1);
    struct seen seen = look(0, MANY);
    assert_int_equal(seen.count, 1);
    if (seen.newest.protocol[0] == '\0') {
        assert_string_equal(seen.newest_unit, "");
        assert_int_equal(seen.newest.certificate_not_after_ms, 0);
    }
}

static void many_are_all_there(void **state)
{
    (void)state;
    struct tls_client *clients[MANY];
    for (size_t i = 0; i < MANY; i++) {
        clients[i] = world_till(world);
        ask(clients[i], "hello");
    }
    WORLD_UNTIL(world, world->frames == MANY);
    struct seen all = look(0, MANY + 1);
    assert_int_equal(all.count, MANY);
    struct seen few = look(0, 7);
    assert_int_equal(few.count, 7);
    struct seen rest = look(few.ids[6], MANY + 1);
    assert_int_equal(rest.count, MANY - 7);
    assert_memory_equal(rest.ids, all.ids + 7, rest.count * sizeof(rest.ids[0]));
    world_drop(world, clients[11]);
    WORLD_UNTIL(world, server_connections(world->server) == MANY - 1);
    assert_int_equal(look(0, MANY + 1).count, MANY - 1);
}

static void dates_are_those_of_the_files(void **state)
{
    (void)state;
    struct server_dates dates = server_dates(world->server);
    assert_true(dates.certificate_not_after_ms > (int64_t)time(NULL) * 1000);
    assert_int_equal(dates.crl_next_update_ms, 0);
}

#define LIST_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIST_TEST(it_says_who_asked_what),
        LIST_TEST(a_handshake_has_no_name_yet),
        LIST_TEST(many_are_all_there),
        LIST_TEST(dates_are_those_of_the_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
