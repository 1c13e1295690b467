// Why this tier. The outlook to the next re-scoring is held against what advance then does, for
// members with random score, cards and rules.
#include "wire/statement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/wire/statement_world.h"

static Loyalty__V1__ExplainTierResponse *explain(struct world *world)
{
    Loyalty__V1__ExplainTierResponse *response = NULL;
    assert_int_equal(statement_tier(&arena, &world->account, &world->programs, &response),
                     STATUS_OK);
    return response;
}

static void a_tier_is_explained(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, day(2026, 1, 10));
    world_award(&world, day(2026, 2, 1) + 1, day(2026, 2, 1), 123456);
    world_award(&world, day(2026, 3, 5) + 1, day(2026, 3, 5), 90000);
    Loyalty__V1__ExplainTierResponse *explained = explain(&world);
    assert_string_equal(explained->member_id, "m-1");
    assert_instant(explained->as_of, day(2026, 3, 5) + 1);
    assert_string_equal(explained->standing->tier_id, "member");
    assert_string_equal(explained->card->tier_id, "member");
    assert_int_equal(explained->n_parts, 2);
    assert_int_equal(explained->parts[0]->seq, 3);
    assert_int_equal(explained->parts[0]->score, 900);
    assert_instant(explained->parts[0]->from, day(2026, 3, 5));
    assert_instant(explained->parts[0]->until, day(2027, 4, 1));
    assert_true(explained->parts[0]->counts_now);
    assert_int_equal(explained->parts[1]->score, 1234);
    assert_instant(explained->next_rescore_at, day(2026, 6, 1));
    assert_int_equal(explained->next_rescore_score, 2134);
    assert_string_equal(explained->next_rescore_tier_id, "silver");
    static const struct {
        const char *id;
        int64_t threshold;
        int64_t missing;
        const char *given;
    } tiers[] = {{"member", 0, 0, ""},
                 {"silver", 2000, 0, "AT_RESCORE"},
                 {"gold", 10000, 7866, "AT_RESCORE"},
                 {"diamond", 50000, 47866, "IMMEDIATE"}};
    assert_int_equal(explained->n_tiers, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(explained->tiers[i]->tier_id, tiers[i].id);
        assert_int_equal(explained->tiers[i]->threshold, tiers[i].threshold);
        assert_int_equal(explained->tiers[i]->missing, tiers[i].missing);
        assert_string_equal(explained->tiers[i]->given, tiers[i].given);
    }
    world_fini(&world);
}

// What counts later is listed and does not count; what is over is left out.
static void parts_are_those_not_over(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, day(2026, 1, 10));
    static const struct opening_item scores[] = {
        {.points_or_score = 10, .has_until = true, .until = {2026, 2, 1}},
        {.points_or_score = 20, .has_from = true, .from = {2026, 4, 1}},
        {.points_or_score = 30}};
    struct opening_command opening = {.scores = scores, .score_count = 3};
    assert_int_equal(world_open(&world, day(2026, 1, 11), &opening), OUTCOME_APPLIED);
    world_advance(&world, day(2026, 2, 1));
    Loyalty__V1__ExplainTierResponse *explained = explain(&world);
    assert_int_equal(explained->standing->score, 30);
    assert_int_equal(explained->n_parts, 2);
    assert_int_equal(explained->parts[0]->score, 30);
    assert_true(explained->parts[0]->counts_now);
    assert_int_equal(explained->parts[1]->score, 20);
    assert_false(explained->parts[1]->counts_now);
    assert_int_equal(explained->next_rescore_score, 50);
    world_fini(&world);
}

static void parts_are_at_most_two_hundred(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, day(2026, 1, 10));
    for (int i = 0; i < 201; i++) {
        int64_t at_ms = day(2026, 2, 1) + i;
        world_award(&world, at_ms, at_ms, INT64_C(100) * (i + 1));
    }
    Loyalty__V1__ExplainTierResponse *explained = explain(&world);
    assert_int_equal(explained->n_parts, 200);
    assert_int_equal(explained->parts[0]->score, 201);
    assert_int_equal(explained->parts[199]->score, 2);
    assert_int_equal(explained->standing->score, 201 * 202 / 2);
    world_fini(&world);
}

static void without_rescorings_there_is_no_outlook(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, day(2026, 1, 10));
    world.sample.program.rescore_count = 0;
    Loyalty__V1__ExplainTierResponse *explained = explain(&world);
    assert_null(explained->next_rescore_at);
    assert_string_equal(explained->next_rescore_tier_id, "");
    world_fini(&world);
}

// --- the outlook against time itself ---

static uint64_t random_state = 88172645463325252;

static uint32_t random_below(uint32_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 20) % bound;
}

static struct civil_date random_day(int32_t months)
{
    struct civil_date first = {2026, 1, 1};
    int32_t ahead = (int32_t)random_below((uint32_t)months * 30);
    return civil_from_days(civil_to_days(first) + ahead);
}

enum { SCORES = 6 };

static void random_opening(struct opening_item *scores, struct opening_command *ret_command)
{
    static const char *const tiers[] = {"silver", "gold", "diamond"};
    for (size_t i = 0; i < SCORES; i++) {
        struct civil_date from = random_day(12);
        scores[i] = (struct opening_item){
            .points_or_score = (int64_t)random_below(40000) + 1,
            .has_from = random_below(4) != 0,
            .from = from,
            .has_until = random_below(2) != 0,
            .until = civil_add_months(from, (int32_t)random_below(10) + 1),
        };
    }
    *ret_command = (struct opening_command){.scores = scores, .score_count = SCORES};
    if (random_below(2) != 0) {
        ret_command->has_card = true;
        ret_command->card_tier = span_of_text(tiers[random_below(3)]);
        ret_command->card = (struct opening_item){
            .has_from = true, .from = {2026, 1, 1}, .has_until = true, .until = random_day(14)};
    }
}

// One member; whether the opening was possible at all.
static bool outlook_holds_once(void)
{
    struct world world;
    world_init(&world, day(2026, 1, 1));
    world.sample.program.one_down_on_card_end = random_below(2) != 0;
    world.sample.program.keep_validity_on_upgrade = random_below(2) != 0;
    world.sample.tiers[1].validity_months = 1 + random_below(24);
    world.sample.tiers[2].validity_months = 1 + random_below(24);
    world.sample.tiers[2].upgrade = random_below(2) != 0 ? UPGRADE_IMMEDIATE : UPGRADE_AT_RESCORE;
    struct opening_item scores[SCORES];
    struct opening_command opening;
    random_opening(scores, &opening);
    int64_t now_ms = zone_day_start(&WORLD_ZONE, random_day(5));
    bool opened = world_open(&world, now_ms, &opening) == OUTCOME_APPLIED;
    for (int i = 0; opened && i < 3; i++) {
        arena_reset(&arena);
        Loyalty__V1__ExplainTierResponse *explained = explain(&world);
        int64_t rescore_ms = explained->next_rescore_at->seconds * 1000;
        world_advance(&world, rescore_ms);
        assert_int_equal(explained->next_rescore_score, world.account.score);
        struct span tier = names_text(&world.account.names, account_card(&world.account)->tier);
        assert_int_equal(tier.len, strlen(explained->next_rescore_tier_id));
        assert_memory_equal(tier.data, explained->next_rescore_tier_id, tier.len);
    }
    world_fini(&world);
    return opened;
}

static void the_outlook_is_what_comes(void **state)
{
    (void)state;
    enum { ROUNDS = 3000 };
    int opened = 0;
    for (int i = 0; i < ROUNDS; i++) {
        opened += outlook_holds_once() ? 1 : 0;
    }
    assert_true(opened > ROUNDS / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tier_is_explained),
        cmocka_unit_test(parts_are_those_not_over),
        cmocka_unit_test(parts_are_at_most_two_hundred),
        cmocka_unit_test(without_rescorings_there_is_no_outlook),
        cmocka_unit_test(the_outlook_is_what_comes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
