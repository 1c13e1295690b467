// What tests of answers share: a member with a few names, records' parts, and how answers are read.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "wire/message.h"
#include "wire/replies.h"

enum { GOLD = 1, SILVER, BASE_RULE, CNY };

#define AT_MS INT64_C(1780272000123)
#define LOT_ENDS_MS INT64_C(1811779200000)

static struct arena arena;
static struct names names;
static struct replies replies;

static inline int set_up(void **state)
{
    (void)state;
    static const char *const known[] = {"gold", "silver", "base", "CNY"};
    arena_init(&arena, LIMIT_ARENA_BYTES);
    names_init(&names);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        uint32_t ref = 0;
        assert_int_equal(names_add(&names, span_of_text(known[i]), &ref), STATUS_OK);
        assert_int_equal(ref, i + 1);
    }
    replies = (struct replies){.arena = &arena,
                               .names = &names,
                               .member_id = span_of_text("m-1"),
                               .currency = names_text(&names, CNY)};
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    names_fini(&names);
    arena_fini(&arena);
    return 0;
}

static inline struct figures figures(void)
{
    return (struct figures){
        .balance = 2134, .score = 2134, .tier = SILVER, .next_tier = GOLD, .missing = 7866};
}

static struct lot_move taken[] = {{.ends_ms = LOT_ENDS_MS, .points = 300},
                                  {.ends_ms = INSTANT_NEVER, .points = 200}};

static inline void assert_instant(const Google__Protobuf__Timestamp *timestamp, int64_t instant_ms)
{
    assert_non_null(timestamp);
    assert_int_equal(timestamp->seconds * 1000 + timestamp->nanos / 1000000, instant_ms);
}

static inline void assert_lines(size_t count, char **lines, const char *expected)
{
    const char *joined = "";
    for (size_t i = 0; i < count; i++) {
        joined = arena_printf(&arena, "%s%s|", joined, lines[i]);
        assert_non_null(joined);
    }
    assert_string_equal(joined, expected);
}
