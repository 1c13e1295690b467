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

// What the answers of one group of tests are built in.
static struct arena arena;

static inline int set_up(void **state)
{
    (void)state;
    arena_init(&arena, LIMIT_ARENA_BYTES);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static inline void assert_instant(const Google__Protobuf__Timestamp *timestamp, int64_t instant_ms)
{
    assert_non_null(timestamp);
    assert_int_equal(timestamp->seconds * 1000 + timestamp->nanos / 1000000, instant_ms);
}

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

// The requests that follow are named by their number: `requests` right after they were made.
static inline enum outcome world_reserve(struct world *world, int64_t now_ms, int64_t points)
{
    struct decide decide = world_decide(world, now_ms);
    struct reserve_command command = {.points = points, .unit = span_of_text("store-0007/till-02")};
    struct decision decision;
    assert_int_equal(decide_reserve(&decide, &command, &decision), STATUS_OK);
    return decision.outcome;
}

static inline enum outcome world_capture(struct world *world, int64_t now_ms, uint8_t reservation,
                                         int64_t points)
{
    struct decide decide = world_decide(world, now_ms);
    struct capture_command command = {.points = points, .unit = span_of_text("store-0007/till-02")};
    struct decision decision;
    command.reservation[REQUEST_ID_BYTES - 1] = reservation;
    decide.log = buffer_span(&world->log);
    assert_int_equal(decide_capture(&decide, &command, &decision), STATUS_OK);
    return decision.outcome;
}

static inline enum outcome world_release(struct world *world, int64_t now_ms, uint8_t reservation)
{
    struct decide decide = world_decide(world, now_ms);
    struct release_command command = {.unit = span_of_text("store-0007/till-02")};
    struct decision decision;
    command.reservation[REQUEST_ID_BYTES - 1] = reservation;
    decide.log = buffer_span(&world->log);
    assert_int_equal(decide_release(&decide, &command, &decision), STATUS_OK);
    return decision.outcome;
}

static inline enum outcome world_reverse(struct world *world, int64_t now_ms, uint8_t original,
                                         int64_t amount_minor)
{
    struct decide decide = world_decide(world, now_ms);
    struct reverse_command command = {
        .original_created_ms = now_ms,
        .part = amount_minor == 0 ? REVERSE_WHOLE : REVERSE_AMOUNT,
        .amount_minor = amount_minor,
        .reason = span_of_text("returned"),
        .unit = span_of_text("store-0007/till-02"),
    };
    struct decision decision;
    command.original[REQUEST_ID_BYTES - 1] = original;
    decide.log = buffer_span(&world->log);
    assert_int_equal(decide_reverse(&decide, &command, &decision), STATUS_OK);
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

// --- the log as a statement, oldest first ---

enum { ACTIVITIES_MAX = 64 };

struct listing {
    struct replies replies;
    Loyalty__V1__Activity *items[ACTIVITIES_MAX];
    size_t count;
};

static inline enum status list_one(void *context, uint64_t seq, const struct record *record)
{
    struct listing *listing = context;
    assert_true(listing->count < ACTIVITIES_MAX);
    TRY(statement_activity(&listing->replies, record, seq, false, &listing->items[listing->count]));
    listing->count++;
    return STATUS_OK;
}

static inline void world_list(struct world *world, struct listing *ret_listing)
{
    struct arena scratch;
    arena_init(&scratch, 1 << 20);
    *ret_listing = (struct listing){.replies = replies_of_account(&world->account, &arena)};
    assert_int_equal(ledger_walk(buffer_span(&world->log), &scratch, list_one, ret_listing),
                     STATUS_OK);
    arena_fini(&scratch);
}
