// The fixture, of which a program has one.
#include "support/redis_fixture.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "store/redis_calls.h"

enum { TURNS_MAX = 2000 };

struct redis_fixture redis_fixture;

int redis_fixture_start(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    redis_process_start(&redis_fixture.process, NULL);
    return 0;
}

int redis_fixture_end(void **state)
{
    (void)state;
    redis_process_end(&redis_fixture.process);
    return 0;
}

int redis_fixture_open(void **state)
{
    assert_string_equal(redis_process_ask(&redis_fixture.process, "FLUSHALL"), "+OK");
    redis_world_open_ready(&redis_fixture.world, &redis_fixture.process);
    *state = &redis_fixture.world.port;
    return 0;
}

int redis_fixture_close(void **state)
{
    (void)state;
    redis_world_close(&redis_fixture.world);
    buffer_fini(&port_last.bytes);
    return 0;
}

int redis_fixture_close_and_end(void **state)
{
    (void)redis_fixture_close(state);
    return redis_fixture_end(state);
}

void redis_fixture_wait_for_all(void)
{
    const struct redis_pool *pool = &redis_of(redis_fixture.world.port.store)->pool;
    for (size_t i = 0; i < REDIS_CONNECTIONS; i++) {
        const char *reason = NULL;
        for (int turns = 0; redis_link_state(pool->links[i], &reason) != REDIS_LINK_READY;
             turns++) {
            assert_true(turns < TURNS_MAX);
            redis_world_turn(&redis_fixture.world);
        }
    }
}
