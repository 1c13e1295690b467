// A member of the sample program in Shanghai, moved by real decisions, for the tests of what reads
// answer. Every step asserts that it was applied.
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/hash.h"
#include "core/advance.h"
#include "core/decide.h"
#include "unit/core/program_sample.h"
#include "wire/statement.h"

struct world {
    struct sample sample;
    struct program_version version;
    struct program_set programs;
    struct account account;
    struct buffer log;
    struct ledger_writer writer;
    struct arena rules;   // what the compiled program needs
    struct arena records; // of decisions; reset by no one, for answers point into it
    uint8_t requests;
};

static const struct zone_step WORLD_STEPS[] = {{0, 8 * 3600 * 1000}};
static const struct zone WORLD_ZONE = {WORLD_STEPS, 1};

static inline int64_t day(int32_t year, int32_t month, int32_t day_of_month)
{
    return zone_day_start(&WORLD_ZONE, (struct civil_date){year, month, day_of_month});
}

static inline void world_hash(const uint8_t *previous, struct span record, uint8_t *ret_hash)
{
    uint64_t both[2] = {hash_fnv1a(span_of(previous, CHAIN_HASH_BYTES)), hash_fnv1a(record)};
    memcpy(ret_hash, both, sizeof(both));
}

static inline struct decide world_decide(struct world *world, int64_t now_ms)
{
    struct decide decide = {.account = &world->account,
                            .writer = &world->writer,
                            .arena = &world->records,
                            .now_ms = now_ms,
                            .mark = {.present = true},
                            .actor = span_of_text("pos/store-0007/till-02")};
    world->requests++;
    decide.mark.id[15] = world->requests;
    return decide;
}

// Enrols the member at `now_ms`.
static inline void world_init(struct world *world, int64_t now_ms)
{
    *world = (struct world){0};
    arena_init(&world->rules, 1 << 20);
    arena_init(&world->records, 64 << 20);
    buffer_init(&world->log, 0);
    account_init(&world->account);
    sample_init(&world->sample);
    world->sample.program.rule_count = 1;
    world->version =
        (struct program_version){.number = 1,
                                 .effective_from_ms = day(2020, 1, 1),
                                 .program = sample_compile(&world->sample, &world->rules),
                                 .zone = &WORLD_ZONE};
    world->programs = (struct program_set){.versions = &world->version, .count = 1};
    world->writer = (struct ledger_writer){
        .out = &world->log, .hash = world_hash, .programs = &world->programs};
    struct decide decide = world_decide(world, now_ms);
    struct enrol_command command = {.member_id = span_of_text("m-1"), .enrolled_ms = now_ms};
    struct decision decision;
    assert_int_equal(decide_enrol(&decide, &command, &decision), STATUS_OK);
    assert_int_equal(decision.outcome, OUTCOME_APPLIED);
}

static inline void world_fini(struct world *world)
{
    account_fini(&world->account);
    buffer_fini(&world->log);
    arena_fini(&world->records);
    arena_fini(&world->rules);
}

static inline void world_award(struct world *world, int64_t now_ms, int64_t occurred_ms,
                               int64_t amount_minor)
{
    struct decide decide = world_decide(world, now_ms);
    struct sale_line line = {.amount_minor = amount_minor};
    struct award_command command = {.sale = {.lines = &line,
                                             .line_count = 1,
                                             .occurred_ms = occurred_ms,
                                             .has_occurred = true,
                                             .unit = span_of_text("store-0007/till-02")},
                                    .currency = span_of_text("CNY")};
    struct decision decision;
    assert_int_equal(decide_award(&decide, &command, &decision), STATUS_OK);
    assert_int_equal(decision.outcome, OUTCOME_APPLIED);
}

static inline enum outcome world_redeem(struct world *world, int64_t now_ms, int64_t points)
{
    struct decide decide = world_decide(world, now_ms);
    struct redeem_command command = {.points = points, .unit = span_of_text("store-0007/till-02")};
    struct decision decision;
    assert_int_equal(decide_redeem(&decide, &command, &decision), STATUS_OK);
    return decision.outcome;
}

static inline enum outcome world_open(struct world *world, int64_t now_ms,
                                      const struct opening_command *command)
{
    struct decide decide = world_decide(world, now_ms);
    struct decision decision;
    assert_int_equal(decide_opening(&decide, command, &decision), STATUS_OK);
    return decision.outcome;
}

static inline void world_advance(struct world *world, int64_t now_ms)
{
    assert_int_equal(advance(&world->account, &world->writer, &world->records, now_ms), STATUS_OK);
}
