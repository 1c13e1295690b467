// An account older than every version of the program, as when the program's log was lost and
// published anew: time comes to an end there instead of standing still.
#include "core/advance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/core/program_sample.h"

#define START_MS INT64_C(1577836800000) // 2020-01-01

static const struct zone_step step = {.offset_ms = 8 * 3600 * 1000};
static const struct zone zone = {.steps = &step, .count = 1};

struct world {
    struct arena arena;
    struct sample sample;
    struct program_version version;
    struct program_set programs;
    struct account account;
    struct buffer out;
};

static void weak_hash(const uint8_t *previous, struct span record, uint8_t *ret_hash)
{
    memset(ret_hash, (int)(previous[0] + record.len), CHAIN_HASH_BYTES);
}

// A member whose card ends a year before the only version takes effect.
static int setup(void **state)
{
    static struct world world;
    static struct span name = {(const uint8_t *)"silver", 6};
    struct record record = {
        .type = RECORD_OPENED,
        .at_ms = START_MS,
        .names = &name,
        .name_count = 1,
        .cards = {{.tier = 1, .from_ms = START_MS, .until_ms = START_MS + DAY_MS, .cause = 1}},
        .card_count = 1,
        .opened = {.kind = ACCOUNT_MEMBER, .id = span_of_text("anna")},
    };
    world = (struct world){0};
    arena_init(&world.arena, LIMIT_ARENA_BYTES);
    buffer_init(&world.out, 0);
    sample_init(&world.sample);
    world.version = (struct program_version){
        .number = 1,
        .effective_from_ms = START_MS + 366 * DAY_MS,
        .program = sample_compile(&world.sample, &world.arena),
        .zone = &zone,
    };
    world.programs = (struct program_set){.versions = &world.version, .count = 1};
    account_init(&world.account);
    assert_int_equal(account_apply(&world.account, &record), STATUS_OK);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    account_fini(&world->account);
    buffer_fini(&world->out);
    arena_fini(&world->arena);
    return 0;
}

static enum status advance_to(struct world *world, int64_t now_ms)
{
    struct ledger_writer writer = {
        .out = &world->out, .hash = weak_hash, .programs = &world->programs};
    return advance(&world->account, &writer, &world->arena, now_ms);
}

static void nobody_says_what_follows_a_card(void **state)
{
    struct world *world = *state;
    assert_int_equal(advance_to(world, START_MS + DAY_MS - 1), STATUS_OK);
    assert_int_equal(advance_to(world, START_MS + DAY_MS), STATUS_NOT_FOUND);
    assert_int_equal(advance_to(world, START_MS + 400 * DAY_MS), STATUS_NOT_FOUND);
    assert_int_equal(world->out.len, 0);
}

static void a_replay_from_then_ends(void **state)
{
    struct world *world = *state;
    struct opening_score score = {.from_ms = START_MS, .until_ms = INSTANT_NEVER, .score = 1};
    struct late_score late = {.extra = &score, .extra_count = 1};
    assert_int_equal(account_settle(&world->account, START_MS + 370 * DAY_MS), STATUS_OK);
    struct held_card card = advance_replay(&world->account, &world->programs, &late);
    assert_int_equal(card.until_ms, START_MS + DAY_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nobody_says_what_follows_a_card, setup, teardown),
        cmocka_unit_test_setup_teardown(a_replay_from_then_ends, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
