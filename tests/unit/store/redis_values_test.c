// Values, sets and events on a healthy redis-server, where only Redis can get them wrong: names of
// keys, what others have written there, permissions taken away, a rewrite under way.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/redis_fixture.h"

enum { LISTED_MAX = 65536 };

static struct redis_process *const process = &redis_fixture.process;
static struct redis_world *const world = &redis_fixture.world;

#define ASK(...) redis_process_ask(process, __VA_ARGS__)

// --- calls ---

static void on_value(void *context, const struct store_value_reply *reply)
{
    struct store_reply plain = {
        .result = reply->result, .bytes = reply->bytes, .log_bytes = reply->revision};
    port_on_done(context, &plain);
}

static struct store_put profile_of(const char *name, uint64_t expected_revision, const char *text)
{
    return (struct store_put){
        .value = {.partition = 1, .name = span_of_text(name)},
        .expected_revision = expected_revision,
        .bytes = span_of_text(text),
        .leave_set = span_of_text("0101"),
        .enter_set = span_of_text("0229"),
    };
}

static enum store_result put(const struct store_put *asked)
{
    store_put(world->port.store, asked, on_value, port_begin());
    return port_end(&world->port);
}

static enum store_result get(const char *name)
{
    struct store_value value = {.partition = 1, .name = span_of_text(name)};
    store_get(world->port.store, &value, on_value, port_begin());
    return port_end(&world->port);
}

static void on_listed(void *context, const struct store_scan_reply *reply)
{
    struct store_reply plain = {.result = reply->result, .log_bytes = reply->count};
    port_on_done(context, &plain);
}

static enum store_result list_set(const char *set)
{
    store_list_set(world->port.store, 1, span_of_text(set), on_listed, port_begin());
    return port_end(&world->port);
}

static void on_events(void *context, const struct store_events_reply *reply)
{
    struct store_reply plain = {.result = reply->result, .log_bytes = reply->count};
    port_on_done(context, &plain);
}

static enum store_result read_events(void)
{
    const struct store_event_place places[] = {{0, 0}, {1, 0}};
    store_read_events(world->port.store, places, 2, 100, on_events, port_begin());
    return port_end(&world->port);
}

static enum store_result rewrite(void)
{
    store_rewrite(world->port.store, port_on_done, port_begin());
    return port_end(&world->port);
}

static bool is_rewriting(void)
{
    return strstr(ASK("INFO persistence"), "aof_rewrite_in_progress:1") != NULL;
}

// --- names ---

static void keys_are_named_as_designed(void **state)
{
    (void)state;
    struct store_put asked = profile_of("anna", 0, "one");
    assert_int_equal(put(&asked), STORE_OK);
    assert_string_equal(ASK("GETRANGE ly:{1}:p:anna 8 -1"), "one");
    assert_string_equal(ASK("STRLEN ly:{1}:p:anna"), ":11");
    assert_string_equal(ASK("SISMEMBER ly:{1}:b:0229 anna"), ":1");
    assert_string_equal(ASK("EXISTS ly:{1}:b:0101"), ":0");
    struct store_put cursors = {.value = {.meta = true, .name = span_of_text("crm")},
                                .bytes = span_of_text("5")};
    assert_int_equal(put(&cursors), STORE_OK);
    assert_string_equal(ASK("GETRANGE ly:{meta}:c:crm 8 -1"), "5");
    assert_string_equal(ASK("SMEMBERS ly:{meta}:values"), "crm");
    asked = profile_of("anna", 1, "");
    asked.leave_set = asked.enter_set;
    asked.enter_set = (struct span){0};
    assert_int_equal(put(&asked), STORE_OK);
    cursors.expected_revision = 1;
    cursors.bytes = (struct span){0};
    assert_int_equal(put(&cursors), STORE_OK);
    assert_string_equal(ASK("DBSIZE"), ":0"); // no trace
}

// A creation that was cut short may have written the epoch; it is not the second one's to change.
static void an_epoch_is_never_changed(void **state)
{
    struct store_port *port = *state;
    assert_string_equal(ASK("SET ly:{meta}:epoch 1700000000123"), "+OK");
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    assert_string_equal(ASK("GET ly:{meta}:epoch"), "1700000000123");
    assert_string_equal(ASK("FLUSHALL"), "+OK");
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    long long epoch_ms = strtoll(ASK("GET ly:{meta}:epoch"), NULL, 10);
    int64_t age_ms = port->now_ms(port) - epoch_ms;
    assert_true(age_ms > -10000 && age_ms < 60000);
}

// --- what others have written ---

static void a_wrong_type_is_found_before_the_first_write(void **state)
{
    (void)state;
    struct store_put asked = profile_of("anna", 0, "one");
    const char *const spoilt[] = {"ly:{1}:p:anna", "ly:{1}:b:0101", "ly:{1}:b:0229"};
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(ASK("FLUSHALL"), "+OK");
        assert_string_equal(ASK("HSET %s field value", spoilt[i]), ":1");
        assert_int_equal(put(&asked), STORE_FAILED);
        assert_string_equal(ASK("DBSIZE"), ":1");
    }
    assert_int_equal(list_set("0229"), STORE_FAILED);
    assert_true(world->ready);
}

static void a_foreign_value_is_a_definite_error(void **state)
{
    (void)state;
    uint32_t changes = world->changes;
    struct store_put asked = profile_of("anna", 0, "one");
    assert_string_equal(ASK("SET ly:{1}:p:anna 12345678"), "+OK"); // a revision of nothing
    assert_int_equal(get("anna"), STORE_FAILED);
    assert_int_equal(put(&asked), STORE_FAILED);
    assert_string_equal(ASK("SETRANGE ly:{1}:p:anna %d x", 8 + STORE_VALUE_BYTES_MAX), ":16393");
    assert_int_equal(get("anna"), STORE_FAILED);
    assert_int_equal(put(&asked), STORE_FAILED);
    assert_string_equal(ASK("STRLEN ly:{1}:p:anna"), ":16393");
    assert_true(world->ready);
    assert_int_equal(world->changes, changes);
}

static void a_set_that_is_too_large_is_not_listed(void **state)
{
    (void)state;
    assert_string_equal(
        ASK("EVAL \"for i = 0, %d do redis.call('SADD', KEYS[1], i) end return 'ok'\""
            " 1 ly:{1}:b:0229",
            LISTED_MAX),
        "ok");
    assert_int_equal(list_set("0229"), STORE_FAILED);
    assert_string_equal(ASK("SREM ly:{1}:b:0229 5"), ":1");
    assert_int_equal(list_set("0229"), STORE_OK);
    assert_int_equal(port_last.log_bytes, LISTED_MAX);
    assert_true(world->ready);
}

static void foreign_events_are_definite_errors(void **state)
{
    struct store_port *port = *state;
    uint32_t changes = world->changes;
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    assert_int_equal(read_events(), STORE_OK);
    assert_string_equal(ASK("XADD ly:{1}:ev 5-0 e x"), "5-0");
    assert_int_equal(read_events(), STORE_FAILED);
    assert_int_equal(port_last.log_bytes, 0); // of the other partition neither
    assert_string_equal(ASK("DEL ly:{1}:ev"), ":1");
    assert_int_equal(read_events(), STORE_FAILED);
    assert_string_equal(ASK("SET ly:{1}:ev x"), "+OK");
    assert_int_equal(read_events(), STORE_FAILED);
    assert_true(world->ready);
    assert_int_equal(world->changes, changes);
}

// --- a stream that has nothing left ---

static void on_bounds(void *context, const struct store_events_reply *reply)
{
    assert_int_equal(reply->result, STORE_OK);
    struct store_reply plain = {.result = reply->result, .log_bytes = reply->bounds[0].last};
    assert_int_equal(reply->bounds[0].first, reply->bounds[0].last + 1); // none is kept
    port_on_done(context, &plain);
}

static uint64_t last_of_none(void)
{
    const struct store_event_place place = {.partition = 1};
    store_read_events(world->port.store, &place, 1, 5, on_bounds, port_begin());
    assert_int_equal(port_end(&world->port), STORE_OK);
    return port_last.log_bytes;
}

// Numbers go on where they were, though no event is there to say so, in a file that was rewritten.
static void an_empty_stream_remembers_its_number(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = port_picture_of_none(1, "m");
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    port_grow(port, &log, 1, 32);
    port_grow(port, &log, 2, 32);
    store_trim_events(port->store, 1, 0, port_on_done, port_begin());
    assert_int_equal(port_end(port), STORE_OK);
    assert_int_equal(last_of_none(), 2);
    assert_int_equal(rewrite(), STORE_OK);
    for (int turns = 0; is_rewriting(); turns++) {
        assert_true(turns < 100000);
        redis_world_turn(world);
    }
    redis_process_kill(process);
    redis_process_restart(process);
    redis_world_load_again(world, &log.account);
    assert_int_equal(port_bytes().len, 64);
    assert_int_equal(last_of_none(), 2);
    port_grow(port, &log, 3, 32);
    const uint64_t known[] = {2, 3};
    for (size_t i = 0; i < 2; i++) {
        const struct store_event_place place = {.partition = 1, .after = known[i]};
        store_read_events(port->store, &place, 1, 5, on_events, port_begin());
        assert_int_equal(port_end(port), STORE_OK);
        assert_int_equal(port_last.log_bytes, known[i] == 2); // the third one, and no more
    }
}

// --- half done, and at it ---

static void half_a_put_is_unknown(void **state)
{
    (void)state;
    assert_string_equal(ASK("ACL SETUSER loyal on >pw ~ly:* +@all"), "+OK");
    struct redis_options options = {
        .unix_path = process->socket, .user = "loyal", .password = "pw"};
    redis_world_close(world);
    redis_world_open(world, process, &options);
    redis_fixture_wait_for_all(); // one that comes later would be refused, and so all
    assert_string_equal(ASK("ACL SETUSER loyal -sadd"), "+OK");
    struct store_put asked = profile_of("anna", 0, "one");
    assert_int_equal(put(&asked), STORE_UNKNOWN);
    assert_string_equal(ASK("ACL SETUSER loyal +sadd -set"), "+OK");
    asked = profile_of("bert", 0, "one");
    assert_int_equal(put(&asked), STORE_FAILED); // the first write: nothing was done
    assert_string_equal(ASK("EXISTS ly:{1}:p:bert"), ":0");
    assert_string_equal(ASK("ACL DELUSER loyal"), ":1");
}

static unsigned long rewrites(void)
{
    const char *found = strstr(ASK("INFO persistence"), "aof_rewrites:");
    assert_non_null(found);
    return strtoul(found + strlen("aof_rewrites:"), NULL, 10);
}

// What was deleted while a file is being rewritten may stand in it: another one follows by itself.
static void a_rewrite_under_way_is_followed_by_another(void **state)
{
    (void)state;
    struct redis_options options = {.unix_path = process->socket, .recheck_ms = 20};
    redis_world_close(world);
    redis_world_open(world, process, &options);
    redis_fixture_wait_for_all();
    while (is_rewriting()) { // of the test set's
        redis_world_turn(world);
    }
    for (int i = 0; i < 10; i++) {
        assert_string_equal(ASK("SET ly:{1}:p:%d x", i), "+OK");
    }
    unsigned long before = rewrites();
    assert_string_equal(ASK("CONFIG SET rdb-key-save-delay 100000"), "+OK"); // microseconds each
    assert_int_equal(rewrite(), STORE_OK);
    assert_true(is_rewriting());
    assert_int_equal(rewrite(), STORE_OK);
    assert_int_equal(rewrite(), STORE_OK);
    assert_string_equal(ASK("CONFIG SET rdb-key-save-delay 0"), "+OK");
    for (int turns = 0; rewrites() < before + 2 || is_rewriting(); turns++) {
        assert_true(turns < 100000);
        redis_world_turn(world);
    }
    for (int turns = 0; turns < 50; turns++) { // and no more
        redis_world_turn(world);
    }
    assert_int_equal(rewrites(), before + 2);
}

static void a_rewrite_that_is_refused_says_so(void **state)
{
    (void)state;
    redis_fixture_wait_for_all();
    assert_string_equal(ASK("ACL SETUSER default -bgrewriteaof"), "+OK");
    assert_int_equal(rewrite(), STORE_FAILED);
    assert_string_equal(ASK("ACL SETUSER default +@all"), "+OK");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys_are_named_as_designed, redis_fixture_open,
                                        redis_fixture_close),
        cmocka_unit_test_setup_teardown(an_epoch_is_never_changed, redis_fixture_open,
                                        redis_fixture_close),
        cmocka_unit_test_setup_teardown(a_wrong_type_is_found_before_the_first_write,
                                        redis_fixture_open, redis_fixture_close),
        cmocka_unit_test_setup_teardown(a_foreign_value_is_a_definite_error, redis_fixture_open,
                                        redis_fixture_close),
        cmocka_unit_test_setup_teardown(a_set_that_is_too_large_is_not_listed, redis_fixture_open,
                                        redis_fixture_close),
        cmocka_unit_test_setup_teardown(foreign_events_are_definite_errors, redis_fixture_open,
                                        redis_fixture_close),
        cmocka_unit_test_setup_teardown(an_empty_stream_remembers_its_number, redis_fixture_open,
                                        redis_fixture_close),
        cmocka_unit_test_setup_teardown(half_a_put_is_unknown, redis_fixture_open,
                                        redis_fixture_close),
        cmocka_unit_test_setup_teardown(a_rewrite_under_way_is_followed_by_another,
                                        redis_fixture_open, redis_fixture_close),
        cmocka_unit_test_setup_teardown(a_rewrite_that_is_refused_says_so, redis_fixture_open,
                                        redis_fixture_close),
    };
    return cmocka_run_group_tests(tests, redis_fixture_start, redis_fixture_end);
}
