// What tests of the readers of requests share: a till of store-0007, and faults by reason and
// field.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "wire/commands.h"

#define FIXTURE_ID "0b6f2f1e-5d0e-4a8e-9a57-6b7a3c1d2e4f"

static struct arena arena;

static inline int fixture_set_up(void **state)
{
    (void)state;
    arena_init(&arena, LIMIT_ARENA_BYTES);
    return 0;
}

static inline int fixture_tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static inline struct commands till(void)
{
    arena_reset(&arena);
    return (struct commands){.arena = &arena, .unit = span_of_text("store-0007")};
}

static inline char *text(const char *borrowed)
{
    return (char *)borrowed;
}

static inline void assert_fault(enum status status, const struct commands *commands,
                                const char *reason, const char *field)
{
    assert_int_equal(status, STATUS_INVALID);
    assert_string_equal(commands->fault.reason, reason);
    assert_string_equal(commands->fault.field, field);
    assert_true(strlen(commands->fault.message) > 20);
}

static inline void assert_span(struct span span, const char *expected)
{
    assert_int_equal(span.len, strlen(expected));
    assert_memory_equal(span.data, expected, span.len);
}

// The id FIXTURE_ID.
static inline void assert_id(const uint8_t *id)
{
    static const uint8_t expected[] = {0x0b, 0x6f, 0x2f, 0x1e, 0x5d, 0x0e, 0x4a, 0x8e,
                                       0x9a, 0x57, 0x6b, 0x7a, 0x3c, 0x1d, 0x2e, 0x4f};
    assert_memory_equal(id, expected, sizeof(expected));
}
