// A world's program edited: requests written, made, and what is published read again.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "loyalty/v1/programs.pb-c.h"
#include "support/service_world.h"

#define ADMIN "admin/head-office"
#define PUBLISH "ProgramsService/PublishProgram"
#define WITHDRAW "ProgramsService/WithdrawProgram"

// The only one of a test.
static struct service_world world;

static inline int open_world(void **state)
{
    (void)state;
    service_world_open(&world, 2);
    return 0;
}

static inline int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

static inline const char *publish_text(const char *id, const char *program, const char *etag,
                                       int64_t from_ms, const char *reason)
{
    return world_text(&world,
                      "{%s, \"program\": %s, \"etag\": \"%s\", \"effective_from\": \"%s\", "
                      "\"reason\": \"%s\"}",
                      world_mutation(&world, id), program, etag, world_instant(&world, from_ms),
                      reason);
}

static inline const char *edit(size_t daemon, const char *method, const char *text,
                               struct world_answer *answer)
{
    world_call(&world.daemons[daemon], ADMIN, method, text, answer);
    return world_end(answer);
}

static inline const char *publish(size_t daemon, const char *text, struct world_answer *answer)
{
    return edit(daemon, PUBLISH, text, answer);
}

static inline const Loyalty__V1__GetProgramResponse *get(size_t daemon, uint32_t version)
{
    struct world_answer answer;
    world_call(&world.daemons[daemon], ADMIN, "ProgramsService/GetProgram",
               world_text(&world, "{\"version\": %u}", version), &answer);
    assert_string_equal(world_end(&answer), "OK");
    return (const Loyalty__V1__GetProgramResponse *)answer.reply;
}

static inline const char *plain(void)
{
    return service_world_program(&world, "");
}

static inline int64_t soon(void)
{
    return world.now_ms + INT64_C(2) * LIMIT_PUBLISH_LEAD_MS;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
