// The handshake: each setting that makes a Redis unfit is named with its right value, and mending
// it is enough; the functions are brought along.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/redis_functions.h"
#include "support/redis_fixture.h"

static struct redis_process *const process = &redis_fixture.process;
static struct redis_world *const world = &redis_fixture.world;

static void open_world(bool relaxed)
{
    struct redis_options options = {.unix_path = process->socket, .relaxed = relaxed};
    redis_world_open(world, process, &options);
}

// --- settings ---

static void assert_unavailable(void)
{
    struct store_account account = port_account(0, "m");
    assert_int_equal(port_load(&world->port, &account), STORE_UNAVAILABLE);
    assert_false(world->ready);
}

// Unfit with `bad`, and told so; fit by itself, without a new store, once it is `good`.
static void assert_needed(const char *name, const char *bad, const char *good, const char *reason)
{
    assert_string_equal(redis_process_ask(process, "CONFIG SET %s %s", name, bad), "+OK");
    open_world(false);
    redis_world_wait_reason(world, reason);
    assert_string_equal(world->reason, reason);
    assert_unavailable();
    assert_string_equal(redis_process_ask(process, "CONFIG SET %s %s", name, good), "+OK");
    redis_world_wait_ready(world);
    struct store_account account = port_account(0, "m");
    assert_int_equal(port_load(&world->port, &account), STORE_OK);
    redis_world_close(world);
}

static void unsafe_settings_are_named(void **state)
{
    (void)state;
    assert_needed("appendonly", "no", "yes", "appendonly is no, must be yes");
    assert_needed("appendfsync", "everysec", "always", "appendfsync is everysec, must be always");
    assert_needed("appendfsync", "no", "always", "appendfsync is no, must be always");
    assert_needed("no-appendfsync-on-rewrite", "yes", "no",
                  "no-appendfsync-on-rewrite is yes, must be no");
    assert_needed("maxmemory-policy", "allkeys-lru", "noeviction",
                  "maxmemory-policy is allkeys-lru, must be noeviction");
    assert_needed("maxmemory-policy", "volatile-ttl", "noeviction",
                  "maxmemory-policy is volatile-ttl, must be noeviction");
    assert_needed("proto-max-bulk-len", "2mb", "512mb",
                  "proto-max-bulk-len is 2097152, must be at least 67108864");
}

static void relaxed_durability_is_a_choice(void **state)
{
    (void)state;
    assert_string_equal(redis_process_ask(process, "CONFIG SET appendfsync everysec"), "+OK");
    assert_string_equal(redis_process_ask(process, "CONFIG SET no-appendfsync-on-rewrite yes"),
                        "+OK");
    open_world(true);
    redis_world_wait_ready(world);
    redis_world_close(world);
    // What has nothing to do with fsync stays required.
    assert_string_equal(redis_process_ask(process, "CONFIG SET maxmemory-policy allkeys-lru"),
                        "+OK");
    open_world(true);
    redis_world_wait_reason(world, "maxmemory-policy is allkeys-lru, must be noeviction");
    assert_string_equal(redis_process_ask(process, "CONFIG SET maxmemory-policy noeviction"),
                        "+OK");
    assert_string_equal(redis_process_ask(process, "CONFIG SET appendfsync always"), "+OK");
    assert_string_equal(redis_process_ask(process, "CONFIG SET no-appendfsync-on-rewrite no"),
                        "+OK");
}

// Set while the connection stands: found without a call having failed.
static void assert_looked_after(const char *name, const char *bad, const char *good,
                                const char *reason)
{
    assert_string_equal(redis_process_ask(process, "CONFIG SET %s %s", name, bad), "+OK");
    redis_world_wait_reason(world, reason);
    assert_string_equal(world->reason, reason);
    assert_unavailable();
    assert_string_equal(redis_process_ask(process, "CONFIG SET %s %s", name, good), "+OK");
    redis_world_wait_ready(world);
    struct store_account account = port_account(0, "m");
    assert_int_equal(port_load(&world->port, &account), STORE_OK);
}

static void settings_are_looked_at_again(void **state)
{
    (void)state;
    struct redis_options options = {.unix_path = process->socket, .recheck_ms = 20};
    redis_world_open(world, process, &options);
    redis_world_wait_ready(world);
    assert_looked_after("appendfsync", "everysec", "always",
                        "appendfsync is everysec, must be always");
    assert_looked_after("appendonly", "no", "yes", "appendonly is no, must be yes");
    assert_string_equal(redis_process_ask(process, "REPLICAOF 127.0.0.1 1"), "+OK");
    redis_world_wait_reason(world, "role is slave, must be master");
    assert_string_equal(redis_process_ask(process, "REPLICAOF NO ONE"), "+OK");
    redis_world_wait_ready(world);
}

// A good answer changes nothing, however often it is asked for.
static void looking_again_disturbs_nobody(void **state)
{
    (void)state;
    struct redis_options options = {.unix_path = process->socket, .recheck_ms = 1};
    redis_world_open(world, process, &options);
    redis_world_wait_ready(world);
    assert_int_equal(port_create(&world->port, PORT_PARTITIONS), STORE_OK);
    uint32_t changes = world->changes;
    struct port_picture log = port_picture_of_none(0, "m");
    for (uint32_t i = 0; i < 200; i++) {
        port_grow(&world->port, &log, i, 50);
    }
    assert_int_equal(world->changes, changes);
    assert_string_equal(redis_process_ask(process, "FLUSHALL"), "+OK");
}

// --- role ---

static void a_replica_is_refused(void **state)
{
    (void)state;
    assert_string_equal(redis_process_ask(process, "REPLICAOF 127.0.0.1 1"), "+OK");
    open_world(false);
    redis_world_wait_reason(world, "role is slave, must be master");
    assert_string_equal(redis_process_ask(process, "REPLICAOF NO ONE"), "+OK");
    redis_world_wait_ready(world);
}

struct stale {
    struct redis_tally appends;
    struct redis_tally loads;
};

// Nothing more is sent on a connection that is no longer trusted.
static void on_stale(void *context, const struct store_reply *reply)
{
    struct stale *stale = context;
    const char *reason = NULL;
    assert_false(store_is_ready(world->port.store, &reason));
    assert_non_null(strstr(reason, "READONLY"));
    struct store_account account = port_account(0, "m");
    store_load(world->port.store, &account, redis_tally_done, &stale->loads);
    redis_tally_done(&stale->appends, reply);
}

// A master that becomes a replica under a standing connection refuses writes: certainly not
// executed. The connection goes once all are answered, and the store comes back with the role.
static void a_lost_role_is_found_by_the_first_write(void **state)
{
    (void)state;
    open_world(false);
    redis_world_wait_ready(world);
    struct port_picture log = port_picture_of_none(0, "m");
    assert_int_equal(port_create(&world->port, PORT_PARTITIONS), STORE_OK);
    assert_string_equal(redis_process_ask(process, "REPLICAOF 127.0.0.1 1"), "+OK");
    struct stale stale = {0};
    for (uint32_t i = 0; i < 10; i++) {
        struct store_append append = port_next(&world->port, &log, 1, 50);
        store_append(world->port.store, &append, on_stale, &stale);
    }
    redis_world_wait_tally(world, &stale.appends, 10);
    redis_world_wait_tally(world, &stale.loads, 10);
    assert_int_equal(stale.appends.results[STORE_UNAVAILABLE], 10);
    assert_int_equal(stale.loads.results[STORE_UNAVAILABLE], 10);
    redis_world_wait_reason(world, "role is slave, must be master");
    assert_string_equal(redis_process_ask(process, "REPLICAOF NO ONE"), "+OK");
    redis_world_wait_ready(world);
    port_grow(&world->port, &log, 1, 50);
    assert_string_equal(redis_process_ask(process, "FLUSHALL"), "+OK");
}

static void a_full_redis_refuses_whole(void **state)
{
    (void)state;
    open_world(false);
    redis_world_wait_ready(world);
    struct port_picture log = port_picture_of_none(0, "m");
    assert_int_equal(port_create(&world->port, PORT_PARTITIONS), STORE_OK);
    assert_string_equal(redis_process_ask(process, "CONFIG SET maxmemory 1mb"), "+OK");
    struct store_append append = port_next(&world->port, &log, 1, 50);
    assert_int_equal(port_append(&world->port, &append), STORE_UNAVAILABLE);
    struct span text = port_bytes();
    assert_true(text.len > 4 && memcmp(text.data, "OOM ", 4) == 0);
    assert_int_equal(port_load(&world->port, &log.account), STORE_OK); // reading goes on
    assert_int_equal(port_bytes().len, 0);
    assert_int_equal(world->port.event_count(&world->port, 0), 0);
    // Of creation some may have been done.
    assert_string_equal(redis_process_ask(process, "DEL ly:{meta}:partitions"), ":1");
    assert_int_equal(port_create(&world->port, PORT_PARTITIONS), STORE_UNKNOWN);
    assert_string_equal(redis_process_ask(process, "CONFIG SET maxmemory 0"), "+OK");
    port_grow(&world->port, &log, 1, 50);
    assert_string_equal(redis_process_ask(process, "FLUSHALL"), "+OK");
}

// --- functions ---

static void the_functions_are_brought_along(void **state)
{
    (void)state;
    struct span code = redis_functions_code();
    assert_true(code.len > 1000);
    assert_memory_equal(code.data, "#!lua name=" REDIS_LIBRARY "\n",
                        strlen("#!lua name=" REDIS_LIBRARY "\n"));
    assert_string_equal(redis_process_ask(process, "FUNCTION FLUSH"), "+OK");
    open_world(false);
    redis_world_wait_ready(world);
    struct port_picture log = port_picture_of_none(0, "m");
    assert_int_equal(port_create(&world->port, PORT_PARTITIONS), STORE_OK);
    port_grow(&world->port, &log, 1, 50);

    // Somebody takes them away: found at the next call, and mended.
    assert_string_equal(redis_process_ask(process, "FUNCTION FLUSH"), "+OK");
    struct store_append append = port_next(&world->port, &log, 2, 50);
    assert_int_equal(port_append(&world->port, &append), STORE_UNAVAILABLE);
    redis_world_wait_reason(world, "Function not found");
    redis_world_wait_ready(world);
    port_grow(&world->port, &log, 2, 50);
    redis_world_close(world);

    // Other code under our name is replaced.
    assert_string_equal(redis_process_ask(process, "FUNCTION FLUSH"), "+OK");
    assert_string_equal(
        redis_process_ask(process, "FUNCTION LOAD \"#!lua name=" REDIS_LIBRARY "\\n"
                                   "redis.register_function('ly1_check', function(keys, args) "
                                   "return {args[1], 'OK'} end)\""),
        REDIS_LIBRARY);
    open_world(false);
    redis_world_wait_ready(world);
    port_grow(&world->port, &log, 3, 50);
    assert_string_equal(redis_process_ask(process, "FLUSHALL"), "+OK");
}

static void a_loading_redis_is_waited_for(void **state)
{
    (void)state;
    // Enough commands, loaded slowly, for the store to meet the server while it is loading: it
    // looks at its clients every 1024.
    assert_string_equal(redis_process_ask(process, "EVAL \"for i = 1, 5000 do "
                                                   "redis.call('SET', 'key:' .. i, 'v') end\" 0"),
                        "");
    redis_process_kill(process);
    process->settings[0] = "key-load-delay"; // microseconds a command
    process->settings[1] = "300";
    open_world(false);
    redis_world_wait_reason(world, "cannot connect to");
    redis_process_launch(process);
    redis_world_wait_reason(world, "Redis is still loading its data");
    redis_world_wait_ready(world);
    assert_string_equal(redis_process_ask(process, "FLUSHALL"), "+OK");
    process->settings[0] = NULL;
}

// --- the append-only file ---

static void assert_files_begun(const char *count)
{
    const char *info = redis_process_ask(process, "INFO persistence");
    const char *field = strstr(info, "aof_rewrites:");
    assert_non_null(field);
    size_t name_len = strlen("aof_rewrites:");
    assert_memory_equal(field + name_len, count, strlen(count));
}

// Behind what a start has found torn nothing is written: once for each start, whoever connects.
static void a_new_file_is_begun_once_a_start(void **state)
{
    (void)state;
    for (int starts = 0; starts < 2; starts++) {
        redis_process_kill(process);
        redis_process_restart(process);
        assert_files_begun("0\r\n");
        for (int stores = 0; stores < 2; stores++) {
            open_world(false);
            redis_world_wait_ready(world);
            assert_files_begun("1\r\n");
            redis_world_close(world);
        }
    }
    open_world(false);
}

static void a_file_that_cannot_be_begun_is_refused(void **state)
{
    (void)state;
    redis_process_kill(process);
    redis_process_restart(process);
    assert_string_equal(
        redis_process_ask(process, "ACL SETUSER clerk on >secret ~* +@all -bgrewriteaof"), "+OK");
    struct redis_options options = {
        .unix_path = process->socket, .user = "clerk", .password = "secret"};
    redis_world_open(world, process, &options);
    redis_world_wait_reason(world, "BGREWRITEAOF must work once after each start of Redis");
    assert_unavailable();
    assert_string_equal(redis_process_ask(process, "ACL SETUSER clerk +bgrewriteaof"), "+OK");
    redis_world_wait_ready(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(unsafe_settings_are_named, redis_fixture_close),
        cmocka_unit_test_teardown(relaxed_durability_is_a_choice, redis_fixture_close),
        cmocka_unit_test_teardown(settings_are_looked_at_again, redis_fixture_close),
        cmocka_unit_test_teardown(looking_again_disturbs_nobody, redis_fixture_close),
        cmocka_unit_test_teardown(a_replica_is_refused, redis_fixture_close),
        cmocka_unit_test_teardown(a_lost_role_is_found_by_the_first_write, redis_fixture_close),
        cmocka_unit_test_teardown(a_full_redis_refuses_whole, redis_fixture_close),
        cmocka_unit_test_teardown(the_functions_are_brought_along, redis_fixture_close),
        cmocka_unit_test_teardown(a_loading_redis_is_waited_for, redis_fixture_close),
        cmocka_unit_test_teardown(a_new_file_is_begun_once_a_start, redis_fixture_close),
        cmocka_unit_test_teardown(a_file_that_cannot_be_begun_is_refused, redis_fixture_close),
    };
    return cmocka_run_group_tests(tests, redis_fixture_start, redis_fixture_end);
}
