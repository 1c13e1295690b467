// A sale against the sample program with its base rule alone (1 point a yuan), in Shanghai on a
// Wednesday at ten. A test adds lines and what it is about, then looks at what was earned.
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "core/earn.h"
#include "unit/core/program_sample.h"

enum { ARENA_BYTES = 1 << 20, MEMBER = 0, SILVER = 1, GOLD = 2, LINES = 8 };

#define HOUR_MS INT64_C(3600000)

static const struct zone_step SHANGHAI_STEPS[] = {{0, 8 * 3600 * 1000}};
static const struct zone SHANGHAI = {SHANGHAI_STEPS, 1};

struct fixture {
    struct sample sample;
    struct arena arena;
    struct sale sale;
    struct sale_line lines[LINES];
    struct earn_usage usage[LINES];
    struct earned earned;
};

static inline int64_t instant(int32_t year, int32_t month, int32_t day, int64_t hour)
{
    return zone_day_start(&SHANGHAI, (struct civil_date){year, month, day}) + hour * HOUR_MS;
}

static inline struct fixture *fresh(void **state)
{
    struct fixture *fixture = *state;
    arena_reset(&fixture->arena);
    sample_init(&fixture->sample);
    fixture->sample.program.rule_count = 1;
    memset(fixture->lines, 0, sizeof(fixture->lines));
    memset(fixture->usage, 0, sizeof(fixture->usage));
    fixture->sale = (struct sale){
        .occurred_ms = instant(2026, 6, 10, 10), // a Wednesday
        .lines = fixture->lines,
        .unit = span_of_text("store-0007/till-02"),
        .channel = span_of_text("shop"),
    };
    return fixture;
}

static inline void add_line(struct fixture *fixture, int64_t amount, const char *category)
{
    fixture->lines[fixture->sale.line_count] =
        (struct sale_line){.amount_minor = amount, .category = span_of_text(category)};
    fixture->sale.line_count++;
}

// Makes rule `index` a fresh one of a kind; the caller sets its figure.
static inline struct earn_rule *rule_of(struct fixture *fixture, size_t index, enum earn_kind kind)
{
    static const char *const IDS[] = {"base", "second", "third", "fourth"};
    struct earn_rule *rule = &fixture->sample.rules[index];
    *rule = (struct earn_rule){.id = span_of_text(IDS[index]), .kind = kind};
    if (fixture->sample.program.rule_count <= index) {
        fixture->sample.program.rule_count = index + 1;
    }
    return rule;
}

static inline enum status try_earn(struct fixture *fixture, int rank)
{
    struct program_version version = {
        .number = 1,
        .program = sample_compile(&fixture->sample, &fixture->arena),
        .zone = &SHANGHAI,
    };
    return earn_compute(&version, &fixture->sale, rank, fixture->usage, &fixture->arena,
                        &fixture->earned);
}

static inline void assert_earns(struct fixture *fixture, int rank, int64_t points, int64_t score)
{
    assert_int_equal(try_earn(fixture, rank), STATUS_OK);
    assert_int_equal(fixture->earned.points, points);
    assert_int_equal(fixture->earned.score, score);
    for (size_t i = 0; i < fixture->earned.rule_count; i++) {
        assert_true(fixture->earned.rules[i].points > 0);
        points -= fixture->earned.rules[i].points;
    }
    assert_int_equal(points, 0);
    points = fixture->earned.points;
    for (size_t i = 0; i < fixture->sale.line_count; i++) {
        points -= fixture->earned.lines[i].points;
        score -= fixture->earned.lines[i].score;
    }
    assert_int_equal(points, 0);
    assert_int_equal(score, 0);
}

static inline int set_up(void **state)
{
    static struct fixture fixture;
    arena_init(&fixture.arena, ARENA_BYTES);
    *state = &fixture;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *fixture = *state;
    arena_fini(&fixture->arena);
    return 0;
}
