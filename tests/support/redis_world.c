// The loop, and peeking by plain commands on another connection.
#include "support/redis_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include <cmocka.h>

enum { TICK_US = 5000, WAIT_SECONDS = 20, KEY_BYTES = 160 };

// --- the loop ---

static void on_state(void *context, bool ready, const char *reason)
{
    struct redis_world *world = context;
    world->ready = ready;
    world->changes++;
    (void)snprintf(world->reason, sizeof(world->reason), "%s", reason);
    assert_int_equal(reason[0] == '\0', ready);
    const char *told = NULL;
    assert_int_equal(store_is_ready(world->port.store, &told), ready);
    assert_string_equal(told, reason);
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    (void)context;
}

void redis_world_turn(struct redis_world *world)
{
    assert_int_equal(event_base_loop(world->base, EVLOOP_ONCE), 0);
}

void redis_world_wait_ready(struct redis_world *world)
{
    time_t end = time(NULL) + WAIT_SECONDS;
    while (!world->ready) {
        if (time(NULL) >= end) {
            fail_msg("not ready: %s", world->reason);
        }
        redis_world_turn(world);
    }
}

void redis_world_wait_reason(struct redis_world *world, const char *part)
{
    time_t end = time(NULL) + WAIT_SECONDS;
    while (strstr(world->reason, part) == NULL) {
        if (time(NULL) >= end) {
            fail_msg("not \"%s\": %s", part, world->reason);
        }
        redis_world_turn(world);
    }
}

void redis_world_load_again(struct redis_world *world, const struct store_account *account)
{
    time_t end = time(NULL) + WAIT_SECONDS;
    while (port_load(&world->port, account) != STORE_OK) {
        assert_int_equal(port_last.result, STORE_UNAVAILABLE);
        assert_true(time(NULL) < end);
        redis_world_turn(world);
    }
}

void redis_tally_done(void *context, const struct store_reply *reply)
{
    struct redis_tally *tally = context;
    tally->answered++;
    tally->results[reply->result]++;
}

void redis_world_wait_tally(struct redis_world *world, const struct redis_tally *tally,
                            uint32_t answered)
{
    time_t end = time(NULL) + WAIT_SECONDS;
    while (tally->answered < answered) {
        if (time(NULL) >= end) {
            fail_msg("%u of %u answers", tally->answered, answered);
        }
        redis_world_turn(world);
    }
}

// --- the fixture of the port's tests ---

static void port_turn(struct store_port *port)
{
    redis_world_turn(port->world);
}

static int64_t port_now_ms(struct store_port *port)
{
    (void)port;
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const char *key_of(char key[KEY_BYTES], uint32_t partition, const char *name)
{
    if (partition == LIMIT_PARTITIONS) {
        (void)snprintf(key, KEY_BYTES, "ly:{meta}:%s", name);
    } else {
        (void)snprintf(key, KEY_BYTES, "ly:{%u}:%s", partition, name);
    }
    return key;
}

static uint64_t port_event_count(struct store_port *port, uint32_t partition)
{
    struct redis_world *world = port->world;
    char key[KEY_BYTES];
    char last_id[64];
    const char *reply = redis_process_ask(world->process, "XLEN %s", key_of(key, partition, "ev"));
    assert_int_equal(reply[0], ':');
    uint64_t count = strtoull(reply + 1, NULL, 10);
    if (count > 0) {
        (void)snprintf(last_id, sizeof(last_id), "0-%llu", (unsigned long long)count);
        reply = redis_process_ask(
            world->process, "EVAL \"return redis.call('XREVRANGE','%s','+','-')[1][1]\" 0", key);
        assert_string_equal(reply, last_id);
    }
    return count;
}

static void port_last_event(struct store_port *port, uint32_t partition, struct buffer *ret_event)
{
    struct redis_world *world = port->world;
    char key[KEY_BYTES];
    (void)key_of(key, partition, "ev");
    const char *reply = redis_process_ask(
        world->process, "EVAL \"return redis.call('XREVRANGE','%s','+','-')[1][2][1]\" 0", key);
    assert_string_equal(reply, "e");
    reply = redis_process_ask(
        world->process, "EVAL \"return redis.call('XREVRANGE','%s','+','-')[1][2][2]\" 0", key);
    buffer_clear(ret_event);
    assert_int_equal(buffer_append(ret_event, span_of_text(reply)), STATUS_OK);
}

static int64_t port_due_ms(struct store_port *port, const struct store_account *account)
{
    struct redis_world *world = port->world;
    char key[KEY_BYTES];
    uint32_t partition = account->meta ? (uint32_t)LIMIT_PARTITIONS : account->partition;
    const char *reply =
        redis_process_ask(world->process, "ZSCORE %s %.*s", key_of(key, partition, "due"),
                          (int)account->id.len, (const char *)account->id.data);
    return strcmp(reply, "inf") == 0 ? INSTANT_NEVER : strtoll(reply, NULL, 10);
}

// Of entries with the fields a and p, all of p's bytes.
static uint64_t port_archived_bytes(struct store_port *port, uint32_t partition)
{
    struct redis_world *world = port->world;
    char key[KEY_BYTES];
    const char *reply = redis_process_ask(
        world->process,
        "EVAL \"local n = 0 for _, entry in ipairs(redis.call('XRANGE','%s','-','+')) do "
        "local f = entry[2] assert(f[1] == 'a' and #f[2] > 0 and f[3] == 'p' and #f == 4) "
        "n = n + #f[4] end return n\" 0",
        key_of(key, partition, "arch"));
    assert_int_equal(reply[0], ':');
    return strtoull(reply + 1, NULL, 10);
}

// --- lifetime ---

void redis_world_open(struct redis_world *world, struct redis_process *process,
                      const struct redis_options *options)
{
    *world = (struct redis_world){.process = process};
    world->base = event_base_new();
    assert_non_null(world->base);
    world->tick = event_new(world->base, -1, EV_PERSIST, on_tick, NULL);
    assert_non_null(world->tick);
    struct timeval tick = {.tv_usec = TICK_US};
    assert_int_equal(event_add(world->tick, &tick), 0);
    world->port = (struct store_port){
        .world = world,
        .turn = port_turn,
        .now_ms = port_now_ms,
        .event_count = port_event_count,
        .last_event = port_last_event,
        .due_ms = port_due_ms,
        .archived_bytes = port_archived_bytes,
    };
    assert_int_equal(redis_new(world->base, options, on_state, world, &world->port.store),
                     STATUS_OK);
}

void redis_world_open_ready(struct redis_world *world, struct redis_process *process)
{
    struct redis_options options = {.unix_path = process->socket};
    redis_world_open(world, process, &options);
    redis_world_wait_ready(world);
}

void redis_world_close(struct redis_world *world)
{
    store_free(world->port.store);
    if (world->tick != NULL) {
        event_free(world->tick);
    }
    if (world->base != NULL) {
        event_base_free(world->base);
    }
    *world = (struct redis_world){0};
}
