// Appends of one turn of the loop go to Redis as one command: each must get its own answer,
// whatever becomes of the others. On a real redis-server.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/redis_batch.h"
#include "store/redis_pipeline.h"
#include "support/redis_fixture.h"

enum { MANY = 100, RECORD_BYTES = 50 };

static struct redis_process *const process = &redis_fixture.process;
static struct redis_world *const world = &redis_fixture.world;

static int setup(void **state)
{
    (void)redis_fixture_open(state);
    assert_int_equal(port_create(&world->port, PORT_PARTITIONS), STORE_OK);
    return 0;
}

static int function_calls(void)
{
    const char *stats = redis_process_ask(process, "INFO commandstats");
    const char *found = strstr(stats, "cmdstat_fcall:calls=");
    return found == NULL ? 0 : atoi(found + strlen("cmdstat_fcall:calls="));
}

static void a_turn_is_few_commands(void **state)
{
    struct store_port *port = *state;
    struct redis_tally tally = {0};
    int before = function_calls();
    for (uint32_t i = 0; i < MANY; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "m%u", i);
        struct port_picture log = port_picture_of_none(i % PORT_PARTITIONS, id);
        struct store_append append = port_next(port, &log, i, RECORD_BYTES);
        append.due_changed = i % 3 == 0;
        append.due_ms = 5;
        store_append(port->store, &append, redis_tally_done, &tally);
    }
    assert_int_equal(tally.answered, 0);
    redis_world_wait_tally(world, &tally, MANY);
    assert_int_equal(tally.results[STORE_OK], MANY);
    int calls = function_calls() - before;
    assert_in_range(calls, 1, MANY / 4);
    for (uint32_t i = 0; i < PORT_PARTITIONS; i++) {
        assert_int_equal(port->event_count(port, i), MANY / PORT_PARTITIONS);
    }
}

// One of each kind, between two that fit.
enum kind { FITS, BEHIND, RELOAD, EXPIRED, CLOCK, NO_PARTITION, WRONG_LOG, WRONG_DUE, LAST, KINDS };

struct asked {
    struct port_picture log;
    struct port_answer answer;
    enum store_result wanted;
};

static struct asked asked[KINDS];
static struct redis_tally mixed;

static void on_mixed(void *context, const struct store_reply *reply)
{
    struct asked *one = context;
    port_on_done(&one->answer, reply);
    redis_tally_done(&mixed, reply);
}

static void ask(struct store_port *port, enum kind kind, uint32_t partition,
                enum store_result wanted)
{
    static const char *const ids[KINDS] = {"fits",  "behind",    "reload",    "expired", "clock",
                                           "alone", "wrong-log", "wrong-due", "last"};
    struct asked *one = &asked[kind];
    *one = (struct asked){.log = port_picture_of_none(partition, ids[kind]), .wanted = wanted};
    if (kind == BEHIND) {
        struct port_picture ahead = one->log;
        port_grow(port, &ahead, 1, RECORD_BYTES);
        one->log = ahead;
        port_grow(port, &ahead, 2, RECORD_BYTES);
    } else if (kind == RELOAD) {
        struct port_picture other = one->log;
        port_grow(port, &other, 3, RECORD_BYTES);
    }
}

static void send_mixed(struct store_port *port)
{
    for (uint32_t kind = 0; kind < KINDS; kind++) {
        struct store_append append = port_next(port, &asked[kind].log, 10 + kind, RECORD_BYTES);
        append.due_changed = kind % 2 == 0 || kind == WRONG_DUE;
        append.due_ms = 7;
        append.not_after_ms = kind == EXPIRED ? port->now_ms(port) - 1 : append.not_after_ms;
        append.now_ms = kind == CLOCK ? port->now_ms(port) + 60000 : append.now_ms;
        store_append(port->store, &append, on_mixed, &asked[kind]);
    }
}

static void each_gets_its_own_answer(void **state)
{
    struct store_port *port = *state;
    mixed = (struct redis_tally){0};
    ask(port, FITS, 0, STORE_OK);
    ask(port, BEHIND, 0, STORE_BEHIND);
    ask(port, RELOAD, 0, STORE_RELOAD);
    ask(port, EXPIRED, 0, STORE_EXPIRED);
    ask(port, CLOCK, 0, STORE_CLOCK);
    ask(port, NO_PARTITION, PORT_PARTITIONS, STORE_FAILED);
    ask(port, WRONG_LOG, 0, STORE_FAILED);
    ask(port, WRONG_DUE, 1, STORE_FAILED);
    ask(port, LAST, 0, STORE_OK);
    assert_string_equal(redis_process_ask(process, "HSET ly:{0}:a:wrong-log f v"), ":1");
    assert_string_equal(redis_process_ask(process, "DEL ly:{1}:due"), ":1");
    assert_string_equal(redis_process_ask(process, "SET ly:{1}:due x"), "+OK");
    uint64_t events = port->event_count(port, 0);
    int before = function_calls();
    send_mixed(port);
    redis_world_wait_tally(world, &mixed, KINDS);
    assert_int_equal(function_calls() - before, 1);
    for (uint32_t kind = 0; kind < KINDS; kind++) {
        assert_int_equal(asked[kind].answer.result, asked[kind].wanted);
        bool landed = asked[kind].wanted == STORE_OK;
        assert_int_equal(asked[kind].answer.log_bytes, landed ? RECORD_BYTES : 0);
    }
    assert_int_equal(asked[BEHIND].answer.bytes.len, RECORD_BYTES);
    assert_int_equal(port->event_count(port, 0), events + 2);
    assert_string_equal(redis_process_ask(process, "EXISTS ly:{1}:a:wrong-due"), ":0");
    assert_string_equal(redis_process_ask(process, "XLEN ly:{1}:ev"), ":0");
    assert_int_equal(port->due_ms(port, &asked[FITS].log.account), 7);
    assert_int_equal(port->due_ms(port, &asked[LAST].log.account), 7);
    for (uint32_t kind = 0; kind < KINDS; kind++) {
        buffer_fini(&asked[kind].answer.bytes);
    }
}

// A read sent behind an append of this turn must see it.
static void what_is_sent_later_comes_later(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = port_picture_of_none(2, "m");
    struct store_append append = port_next(port, &log, 1, RECORD_BYTES);
    struct port_answer first = {0};
    struct port_answer second = {0};
    store_append(port->store, &append, port_on_done, &first);
    store_load(port->store, &log.account, port_on_done, &second);
    port_wait(port, &second);
    assert_int_equal(first.calls, 1);
    assert_int_equal(first.result, STORE_OK);
    assert_int_equal(second.bytes.len, RECORD_BYTES);
    buffer_fini(&first.bytes);
    buffer_fini(&second.bytes);
}

static void what_was_gathered_at_the_end_was_not_sent(void **state)
{
    struct store_port *port = *state;
    struct port_picture log = port_picture_of_none(2, "m");
    struct store_append append = port_next(port, &log, 1, RECORD_BYTES);
    struct port_answer answer = {0};
    store_append(port->store, &append, port_on_done, &answer);
    store_free(port->store);
    port->store = NULL;
    assert_int_equal(answer.calls, 1);
    assert_int_equal(answer.result, STORE_UNAVAILABLE);
    assert_string_equal(redis_process_ask(process, "EXISTS ly:{2}:a:m"), ":0");
    buffer_fini(&answer.bytes);
    struct redis_options options = {.unix_path = process->socket};
    redis_world_close(world);
    redis_world_open(world, process, &options);
}

// --- whose reply is whose, when Redis answers what it should not ---

struct got {
    uint32_t calls;
    enum store_result result;
    int64_t integer;
};

static bool on_item(const struct redis_call *call, const struct redis_answer *answer)
{
    struct got *got = call->context;
    if (answer->value != NULL && answer->value->type == RESP_NIL) {
        return false;
    }
    got->calls++;
    got->result = answer->result;
    got->integer = answer->value == NULL ? 0 : answer->value->integer;
    return true;
}

static void take(const char *reply, uint64_t written_bytes, struct got got[3], bool *ret_broken)
{
    static struct redis_pipeline pipeline;
    pipeline = (struct redis_pipeline){0};
    struct redis_call calls[3];
    for (size_t i = 0; i < 3; i++) {
        got[i] = (struct got){0};
        calls[i] = (struct redis_call){
            .on_answer = on_item, .context = &got[i], .tag = 7, .mutation = true};
    }
    assert_int_equal(redis_pipeline_open(&pipeline), STATUS_OK);
    assert_int_equal(redis_pipeline_reserve(&pipeline, 3), STATUS_OK);
    redis_pipeline_push_batch(&pipeline, calls, 3, 100, 5000);
    redis_pipeline_take(&pipeline, span_of_text(reply));
    *ret_broken = pipeline.broken;
    redis_pipeline_close(&pipeline, written_bytes);
    redis_pipeline_fini(&pipeline);
}

static void assert_got(const struct got got[3], enum store_result a, enum store_result b,
                       enum store_result c)
{
    const enum store_result wanted[] = {a, b, c};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(got[i].calls, 1);
        assert_int_equal(got[i].result, wanted[i]);
    }
}

static void replies_are_taken_apart(void **state)
{
    (void)state;
    struct got got[3];
    bool broken = false;
    take("*4\r\n$1\r\n7\r\n:10\r\n-WRONGTYPE no\r\n:30\r\n", 100, got, &broken);
    assert_got(got, STORE_OK, STORE_FAILED, STORE_OK);
    assert_int_equal(got[0].integer + got[2].integer, 40);
    assert_false(broken);
    take("-OOM command not allowed\r\n", 100, got, &broken);
    assert_got(got, STORE_UNAVAILABLE, STORE_UNAVAILABLE, STORE_UNAVAILABLE);
    assert_false(broken);
    take("*3\r\n$1\r\n7\r\n:10\r\n:20\r\n", 100, got, &broken); // one too few
    assert_got(got, STORE_UNKNOWN, STORE_UNKNOWN, STORE_UNKNOWN);
    assert_true(broken);
    take("*4\r\n$1\r\n8\r\n:10\r\n:20\r\n:30\r\n", 100, got, &broken); // another's
    assert_got(got, STORE_UNKNOWN, STORE_UNKNOWN, STORE_UNKNOWN);
    assert_true(broken);
    take("*4\r\n$1\r\n7\r\n:10\r\n$-1\r\n:30\r\n", 100, got, &broken); // an item of no shape
    assert_got(got, STORE_OK, STORE_UNKNOWN, STORE_UNKNOWN);
    assert_true(broken);
    take("*4\r\n$1\r\n7\r\n:10\r\n:20\r\n", 100, got, &broken); // not whole yet, at the end
    assert_got(got, STORE_UNKNOWN, STORE_UNKNOWN, STORE_UNKNOWN);
    take("", 99, got, &broken); // never wholly sent
    assert_got(got, STORE_UNAVAILABLE, STORE_UNAVAILABLE, STORE_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_turn_is_few_commands, setup, redis_fixture_close),
        cmocka_unit_test_setup_teardown(each_gets_its_own_answer, setup, redis_fixture_close),
        cmocka_unit_test_setup_teardown(what_is_sent_later_comes_later, setup, redis_fixture_close),
        cmocka_unit_test_setup_teardown(what_was_gathered_at_the_end_was_not_sent, setup,
                                        redis_fixture_close),
        cmocka_unit_test(replies_are_taken_apart),
    };
    return cmocka_run_group_tests(tests, redis_fixture_start, redis_fixture_end);
}
