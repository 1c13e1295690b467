// A redis-server and a store on it, for test programs of the Redis store: the server of all tests
// of a program, or of one, and a store that is opened for each.
#pragma once

#include "support/redis_process.h"
#include "support/redis_world.h"

struct redis_fixture {
    struct redis_process process;
    struct redis_world world;
};

extern struct redis_fixture redis_fixture;

// Set-ups and teardowns of cmocka: the server; a ready store in which nothing stands, whose port is
// then the test's state.
int redis_fixture_start(void **state);
int redis_fixture_end(void **state);
int redis_fixture_open(void **state);
int redis_fixture_close(void **state);
// Both teardowns, for a server of one test.
int redis_fixture_close_and_end(void **state);

// Until all connections of the store are ready, so that none is still to be judged.
void redis_fixture_wait_for_all(void);
