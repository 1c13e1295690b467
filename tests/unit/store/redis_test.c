// The Redis store on a healthy redis-server: the port's test set, and what only Redis can get
// wrong: foreign keys of a wrong type, permissions, passwords, many calls at once.
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/redis_fixture.h"

enum { PIPELINED = 10000 };

static struct redis_process *const process = &redis_fixture.process;
static struct redis_world *const world = &redis_fixture.world;

static bool says(const char *part)
{
    struct span bytes = port_bytes();
    return memmem(bytes.data, bytes.len, part, strlen(part)) != NULL;
}

// --- nothing half done ---

static void keys_are_named_as_designed(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = port_picture_of_none(17, "m1");
    assert_int_equal(port_create(port, 18), STORE_OK);
    port_grow(port, &log, 1, 50);
    assert_int_equal(port_claim(port, 9, "c0ffee", "m1", ""), STORE_OK);
    assert_int_equal(port_set_clock(port, 1700000000000), STORE_OK);
    const char *const keys[] = {
        "ly:{17}:a:m1",    "ly:{17}:ev",           "ly:{17}:due",     "ly:{17}:arch",
        "ly:{0}:ev",       "ly:{meta}:ev",         "ly:{meta}:due",   "ly:{meta}:arch",
        "ly:{meta}:clock", "ly:{meta}:partitions", "ly:{9}:i:c0ffee",
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        assert_string_equal(redis_process_ask(process, "EXISTS %s", keys[i]), ":1");
    }
    assert_string_equal(redis_process_ask(process, "EXISTS ly:{18}:ev"), ":0");
    assert_string_equal(redis_process_ask(process, "ZSCORE ly:{3}:due !"), "inf");
    assert_string_equal(redis_process_ask(process, "XLEN ly:{3}:ev"), ":0");
    assert_string_equal(redis_process_ask(process, "GET ly:{meta}:partitions"), "18");
}

static void a_wrong_type_is_found_before_the_first_write(void **state)
{
    struct store_port *port = *state;
    const char *const spoilt[] = {"ly:{1}:a:m", "ly:{1}:ev", "ly:{1}:due"};
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(redis_process_ask(process, "FLUSHALL"), "+OK");
        assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
        (void)redis_process_ask(process, "DEL %s", spoilt[i]);
        assert_string_equal(redis_process_ask(process, "HSET %s field value", spoilt[i]), ":1");
        struct port_picture log = port_picture_of_none(1, "m");
        struct store_append append = port_next(port, &log, 1, 50);
        append.due_changed = true;
        append.due_ms = 5;
        assert_int_equal(port_append(port, &append), STORE_FAILED);
        assert_true(says("WRONGTYPE"));
        if (i != 0) {
            assert_string_equal(redis_process_ask(process, "EXISTS ly:{1}:a:m"), ":0");
        }
        if (i != 1) {
            assert_string_equal(redis_process_ask(process, "XLEN ly:{1}:ev"), ":0");
        }
        if (i != 2) {
            assert_string_equal(redis_process_ask(process, "ZCARD ly:{1}:due"), ":1");
        }
    }
}

static void a_spent_stream_takes_nothing(void **state)
{
    struct store_port *port = *state;
    const char *const last_ids[] = {"0-18446744073709551615", "1-0"};
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(redis_process_ask(process, "FLUSHALL"), "+OK");
        assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
        assert_string_equal(redis_process_ask(process, "XADD ly:{1}:ev %s e x", last_ids[i]),
                            last_ids[i]);
        struct port_picture log = port_picture_of_none(1, "m");
        struct store_append append = port_next(port, &log, 1, 50);
        append.due_changed = true;
        append.due_ms = 5;
        assert_int_equal(port_append(port, &append), STORE_FAILED);
        assert_string_equal(redis_process_ask(process, "EXISTS ly:{1}:a:m"), ":0");
        assert_string_equal(redis_process_ask(process, "ZCARD ly:{1}:due"), ":1");
    }
}

static void a_spoilt_archive_stops_compaction(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = port_picture_of_none(1, "m");
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    port_grow(port, &log, 1, 50);
    uint8_t snapshot[30] = {0};
    memcpy(snapshot + 14, log.hash, STORE_HASH_BYTES);
    struct store_compact compact = {
        .account = log.account, .cut_bytes = 50, .snapshot = span_of(snapshot, 30)};
    memcpy(compact.cut_hash, log.hash, STORE_HASH_BYTES);
    (void)redis_process_ask(process, "DEL ly:{1}:arch");
    assert_int_equal(port_compact(port, &compact), STORE_FAILED);
    assert_true(says("not been created"));
    (void)redis_process_ask(process, "SET ly:{1}:arch x");
    assert_int_equal(port_compact(port, &compact), STORE_FAILED);
    assert_true(says("WRONGTYPE"));
    assert_string_equal(redis_process_ask(process, "STRLEN ly:{1}:a:m"), ":50");
}

static void compaction_keeps_the_bound(void **state)
{
    struct store_port *port = *state;
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    assert_string_equal(
        redis_process_ask(process, "SETRANGE ly:{1}:a:big %d x", LIMIT_LOG_BYTES - 1), ":16777216");
    const uint8_t zeros[33] = {0};
    struct store_compact compact = {
        .account = port_account(1, "big"), .cut_bytes = 32, .snapshot = span_of(zeros, 33)};
    assert_int_equal(port_compact(port, &compact), STORE_FAILED);
    assert_true(says("exceed its bound"));
    assert_string_equal(redis_process_ask(process, "XLEN ly:{1}:arch"), ":0");
    compact.snapshot.len = 32;
    assert_int_equal(port_compact(port, &compact), STORE_OK);
    assert_int_equal(port_last.log_bytes, LIMIT_LOG_BYTES);
}

static void foreign_values_are_definite_errors(void **state)
{
    struct store_port *port = *state;
    uint32_t changes = world->changes;
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    assert_string_equal(redis_process_ask(process, "HSET ly:{1}:a:m f v"), ":1");
    struct store_account account = port_account(1, "m");
    assert_int_equal(port_load(port, &account), STORE_FAILED);
    assert_string_equal(redis_process_ask(process, "HSET ly:{1}:i:key f v"), ":1");
    assert_int_equal(port_find(port, 1, "key"), STORE_FAILED);
    assert_int_equal(port_claim(port, 1, "key", "m", ""), STORE_FAILED);
    // A log that nobody but an administrator can have written: too long, by one byte.
    assert_string_equal(redis_process_ask(process, "SETRANGE ly:{1}:a:big %d x", LIMIT_LOG_BYTES),
                        ":16777217");
    account = port_account(1, "big");
    assert_int_equal(port_load(port, &account), STORE_FAILED);
    assert_true(says("exceeds its bound"));
    assert_string_equal(redis_process_ask(process, "DEL ly:{1}:a:big"), ":1");
    assert_string_equal(
        redis_process_ask(process, "SETRANGE ly:{1}:a:big %d x", LIMIT_LOG_BYTES - 1), ":16777216");
    assert_int_equal(port_load(port, &account), STORE_OK);
    assert_int_equal(port_bytes().len, LIMIT_LOG_BYTES);
    // A partition's key that cannot be created says which.
    assert_string_equal(redis_process_ask(process, "DEL ly:{meta}:partitions ly:{2}:due"), ":2");
    assert_string_equal(redis_process_ask(process, "SET ly:{2}:due x"), "+OK");
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_FAILED);
    assert_true(says("ly:{2}:due is a string"));
    assert_true(world->ready); // none of this is the connection's fault
    assert_int_equal(world->changes, changes);
}

// --- many at once ---

struct place {
    struct redis_tally *tally;
    uint32_t index;
};

static void on_placed(void *context, const struct store_reply *reply)
{
    const struct place *place = context;
    assert_int_equal(place->index, place->tally->answered);
    assert_int_equal(reply->bytes.len, place->index % 7 == 0 ? 0 : 50);
    redis_tally_done(place->tally, reply);
}

static void ten_thousand_keep_their_order(void **state)
{
    struct store_port *port = *state;
    static struct place places[PIPELINED];
    struct redis_tally tally = {0};
    struct port_picture log = port_picture_of_none(1, "there");
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    port_grow(port, &log, 1, 50);
    struct store_account absent = port_account(1, "absent");
    for (uint32_t i = 0; i < PIPELINED; i++) {
        places[i] = (struct place){&tally, i};
        store_load(port->store, i % 7 == 0 ? &absent : &log.account, on_placed, &places[i]);
    }
    assert_int_equal(tally.answered, 0);
    redis_world_wait_tally(world, &tally, PIPELINED);
    assert_int_equal(tally.results[STORE_OK], PIPELINED);
}

static void what_is_too_much_is_unavailable(void **state)
{
    struct store_port *port = *state;
    struct redis_tally tally = {0};
    struct store_account account = port_account(1, "m");
    for (uint32_t i = 0; i < LIMIT_STORE_IN_FLIGHT + 100; i++) {
        store_load(port->store, &account, redis_tally_done, &tally);
        tally.asked++;
    }
    redis_world_wait_tally(world, &tally, tally.asked);
    // Connections that are still being opened have commands of their own in flight.
    assert_in_range(tally.results[STORE_OK], LIMIT_STORE_IN_FLIGHT - 100, LIMIT_STORE_IN_FLIGHT);
    assert_int_equal(tally.results[STORE_OK] + tally.results[STORE_UNAVAILABLE], tally.asked);

    // Five times 15 MiB do not fit into 64 MiB of output.
    static uint8_t snapshot[15 << 20];
    struct redis_tally large = {0};
    struct store_compact compact = {
        .account = account, .cut_bytes = 16, .snapshot = span_of(snapshot, sizeof(snapshot))};
    for (uint32_t i = 0; i < 5; i++) {
        store_compact(port->store, &compact, redis_tally_done, &large);
    }
    redis_world_wait_tally(world, &large, 5);
    assert_int_equal(large.results[STORE_RELOAD], 4);
    assert_int_equal(large.results[STORE_UNAVAILABLE], 1);
    assert_int_equal(port_load(port, &account), STORE_OK);
}

// --- who we are ---

static void assert_works(struct store_port *port)
{
    struct port_picture log = port_picture_of_none(1, "m");
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    port_grow(port, &log, 1, 50);
}

static void reopen(const struct redis_options *options)
{
    redis_world_close(world);
    redis_world_open(world, process, options);
}

static void a_password_is_said(void **state)
{
    (void)state;
    struct redis_options options = {.unix_path = process->socket, .password = "se cret"};
    // The store opened by the set-up keeps its connection; only new ones need the password.
    assert_string_equal(redis_process_ask(process, "CONFIG SET requirepass \"se cret\""), "+OK");
    struct redis_options wrong = options;
    wrong.password = "secret";
    reopen(&wrong);
    redis_world_wait_reason(world, "WRONGPASS");
    struct redis_options none = {.unix_path = process->socket};
    reopen(&none);
    redis_world_wait_reason(world, "NOAUTH");
    reopen(&options);
    redis_world_wait_ready(world);
    struct redis_tally tally = {0};
    struct store_account account = port_account(1, "m");
    store_load(world->port.store, &account, redis_tally_done, &tally);
    redis_world_wait_tally(world, &tally, 1);
    assert_int_equal(tally.results[STORE_OK], 1);
    redis_process_kill(process); // back to a server without a password
    redis_process_restart(process);
}

static void an_acl_user_needs_every_command(void **state)
{
    (void)state;
    assert_string_equal(redis_process_ask(process, "ACL SETUSER loyal on >pw ~ly:* +@all"), "+OK");
    struct redis_options options = {
        .unix_path = process->socket, .user = "loyal", .password = "pw"};
    reopen(&options);
    redis_world_wait_ready(world);
    assert_works(&world->port);

    const char *const lacking[] = {
        "append", "xadd",   "zcard", "getrange",     "xgroup",   "del",
        "zcount", "zrange", "sadd",  "srem",         "smembers", "scard",
        "xinfo",  "xrange", "xtrim", "bgrewriteaof", "xlen",     "memory",
    };
    for (size_t i = 0; i < sizeof(lacking) / sizeof(lacking[0]); i++) {
        char reason[64] = "no permission for ";
        size_t len = strlen(reason);
        for (size_t c = 0; lacking[i][c] != '\0'; c++) {
            reason[len + c] = (char)(lacking[i][c] - 'a' + 'A');
        }
        assert_string_equal(redis_process_ask(process, "ACL SETUSER loyal +@all -%s", lacking[i]),
                            "+OK");
        reopen(&options);
        redis_world_wait_reason(world, reason);
    }
    assert_string_equal(redis_process_ask(process, "ACL SETUSER loyal resetkeys ~other:* +@all"),
                        "+OK");
    reopen(&options);
    redis_world_wait_reason(world, "no permission for");
    assert_string_equal(redis_process_ask(process, "ACL SETUSER loyal ~ly:* -config"), "+OK");
    reopen(&options);
    redis_world_wait_reason(world, "CONFIG GET");
    assert_string_equal(redis_process_ask(process, "ACL DELUSER loyal"), ":1");
}

// A permission taken away under a standing connection stops a function half way: that is not an
// answer that looks definite.
static void half_a_commit_is_unknown(void **state)
{
    (void)state;
    assert_string_equal(redis_process_ask(process, "ACL SETUSER loyal on >pw ~ly:* +@all"), "+OK");
    struct redis_options options = {
        .unix_path = process->socket, .user = "loyal", .password = "pw"};
    reopen(&options);
    redis_fixture_wait_for_all(); // one that comes later would be refused, and so all
    struct store_port *port = &world->port;
    struct port_picture log = port_picture_of_none(1, "m");
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    const char *const taken[] = {"append", "zadd"};
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(redis_process_ask(process, "ACL SETUSER loyal +@all -%s", taken[i]),
                            "+OK");
        struct store_append append = port_next(port, &log, 1, 50);
        append.due_changed = true;
        append.due_ms = 5;
        assert_int_equal(port_append(port, &append), STORE_UNKNOWN);
        assert_true(says("can't run this command"));
    }
    assert_string_equal(redis_process_ask(process, "ACL SETUSER loyal +@all -xadd"), "+OK");
    struct port_picture other = port_picture_of_none(1, "other");
    struct store_append append = port_next(port, &other, 1, 50);
    assert_int_equal(port_append(port, &append), STORE_FAILED); // the first write: nothing was done
    assert_string_equal(redis_process_ask(process, "EXISTS ly:{1}:a:other"), ":0");
    assert_string_equal(redis_process_ask(process, "ACL DELUSER loyal"), ":1");
}

// A port that nobody listens on.
static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(close(fd), 0);
    return ntohs(address.sin_port);
}

static void tcp_works_too(void **state)
{
    (void)state;
    struct redis_process tcp;
    char port[8];
    (void)snprintf(port, sizeof(port), "%u", (unsigned)free_port());
    const char *const settings[] = {"port", port, "bind", "127.0.0.1", NULL};
    redis_process_start(&tcp, settings);
    struct redis_options options = {.host = "127.0.0.1", .port = (uint16_t)strtoul(port, NULL, 10)};
    redis_world_close(world);
    redis_world_open(world, &tcp, &options);
    redis_world_wait_ready(world);
    assert_works(&world->port);
    redis_process_end(&tcp);
    redis_world_wait_reason(world, "Connection refused");
}

static void options_are_judged(void **state)
{
    (void)state;
    struct store *store = NULL;
    char long_path[200] = {0};
    memset(long_path, 'p', sizeof(long_path) - 1);
    const struct {
        struct redis_options options;
        enum status expected;
    } cases[] = {
        {{0}, STATUS_INVALID},
        {{.unix_path = ""}, STATUS_INVALID},
        {{.unix_path = long_path}, STATUS_TOO_LARGE},
        {{.host = "redis.example", .port = 6379}, STATUS_INVALID},
        {{.host = "127.0.0.1"}, STATUS_INVALID},
        {{.unix_path = "/tmp/s", .user = "loyal"}, STATUS_INVALID},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(redis_new(world->base, &cases[i].options, NULL, NULL, &store),
                         cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_PORT_TESTS(redis_fixture_open, redis_fixture_close),
        cmocka_unit_test_setup_teardown(keys_are_named_as_designed, redis_fixture_open,
                                        redis_fixture_close),
        cmocka_unit_test_setup_teardown(a_wrong_type_is_found_before_the_first_write,
                                        redis_fixture_open, redis_fixture_close),
        cmocka_unit_test_setup_teardown(a_spent_stream_takes_nothing, redis_fixture_open,
                                        redis_fixture_close),
        cmocka_unit_test_setup_teardown(a_spoilt_archive_stops_compaction, redis_fixture_open,
                                        redis_fixture_close),
        cmocka_unit_test_setup_teardown(compaction_keeps_the_bound, redis_fixture_open,
                                        redis_fixture_close),
        cmocka_unit_test_setup_teardown(foreign_values_are_definite_errors, redis_fixture_open,
                                        redis_fixture_close),
        cmocka_unit_test_setup_teardown(ten_thousand_keep_their_order, redis_fixture_open,
                                        redis_fixture_close),
        cmocka_unit_test_setup_teardown(what_is_too_much_is_unavailable, redis_fixture_open,
                                        redis_fixture_close),
        cmocka_unit_test_setup_teardown(a_password_is_said, redis_fixture_open,
                                        redis_fixture_close),
        cmocka_unit_test_setup_teardown(an_acl_user_needs_every_command, redis_fixture_open,
                                        redis_fixture_close),
        cmocka_unit_test_setup_teardown(half_a_commit_is_unknown, redis_fixture_open,
                                        redis_fixture_close),
        cmocka_unit_test_setup_teardown(tcp_works_too, redis_fixture_open, redis_fixture_close),
        cmocka_unit_test_setup_teardown(options_are_judged, redis_fixture_open,
                                        redis_fixture_close),
    };
    return cmocka_run_group_tests(tests, redis_fixture_start, redis_fixture_end);
}
