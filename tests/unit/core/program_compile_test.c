// Every mistake a program can have, one at a time in a good program: exactly one problem, at its
// path, with a reason that says what would be right. Then defaults, successors, and that a flood of
// problems ends in one saying so.
#include "core/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/core/program_sample.h"

enum { ARENA_BYTES = 1 << 20 };

#define FIELD(member) offsetof(struct sample, member), sizeof(((struct sample *)0)->member)

struct wrong_number {
    size_t offset;
    size_t bytes;
    int64_t value;
    const char *path;
    const char *reason; // a part of it
};

static const struct wrong_number WRONG_NUMBERS[] = {
    {FIELD(program.tier_count), 17, "tiers", "17 entries; must have at most 16"},
    {FIELD(program.rescore_count), 13, "rescore", "at most 12"},
    {FIELD(program.rule_count), 65, "earn.rules", "at most 64"},
    {FIELD(program.perk_count), 65, "perks", "at most 64"},
    {FIELD(perks[0].quota_count), 17, "perks[0].tiers", "at most 16"},
    {FIELD(perks[0].partners.count), 65, "perks[0].partners", "at most 64"},
    {FIELD(rules[2].when.categories.count), 65, "earn.rules[2].when.categories", "at most 64"},
    {FIELD(rules[1].when.weekday_count), 65, "earn.rules[1].when.weekdays", "at most 64"},
    {FIELD(tiers[0].threshold), 1, "tiers[0].threshold", "is 1; must be 0 to 0"},
    {FIELD(tiers[0].threshold), -1, "tiers[0].threshold", "is -1; must be 0 to 0"},
    {FIELD(tiers[2].threshold), 2000, "tiers[2].threshold",
     "above 2000, the threshold of tiers[1]"},
    {FIELD(tiers[3].threshold), LIMIT_POINTS_A_BALANCE + 1, "tiers[3].threshold", "must be 1 to"},
    {FIELD(tiers[0].validity_months), 12, "tiers[0].validity_months", "must be absent"},
    {FIELD(tiers[1].validity_months), 0, "tiers[1].validity_months", "must be 1 to 1200"},
    {FIELD(tiers[1].validity_months), 1201, "tiers[1].validity_months", "must be 1 to 1200"},
    {FIELD(tiers[1].upgrade), 0, "tiers[1].upgrade", "is missing; must be IMMEDIATE or"},
    {FIELD(tiers[1].upgrade), -1, "tiers[1].upgrade", "unknown value; must be IMMEDIATE or"},
    {FIELD(tiers[0].upgrade), -1, "tiers[0].upgrade", "unknown value"},
    {FIELD(tiers[3].multiplier_bp), 1000001, "tiers[3].multiplier_bp", "must be 1 to 1000000"},
    {FIELD(program.unmapped), UNMAPPED_VALIDITY_ON_UPGRADE, "validity_on_upgrade", "RESTART"},
    {FIELD(program.unmapped), UNMAPPED_ON_CARD_END, "on_card_end", "TO_SCORE or ONE_DOWN"},
    {FIELD(program.unmapped), UNMAPPED_STACKING, "earn.stacking", "SUM or BEST"},
    {FIELD(program.unmapped), UNMAPPED_NEGATIVE_BALANCE, "negative_balance", "ALLOW or CLAMP"},
    {FIELD(program.rounding), -1, "earn.rounding", "FLOOR or HALF_UP"},
    {FIELD(program.score_share_bp), 10001, "earn.score_share_bp", "must be 1 to 10000"},
    {FIELD(rules[0].kind), EARN_UNSPECIFIED, "earn.rules[0]", "has no effect"},
    {FIELD(rules[0].kind), -1, "earn.rules[0]", "unknown value"},
    {FIELD(rules[0].rate.points), 0, "earn.rules[0].rate.points", "must be 1 to 1000000"},
    {FIELD(rules[0].rate.points), 1000001, "earn.rules[0].rate.points", "must be 1 to 1000000"},
    {FIELD(rules[0].rate.money_minor), 0, "earn.rules[0].rate.money_minor", "1 to 1000000"},
    {FIELD(rules[0].rate.money_minor), -100, "earn.rules[0].rate.money_minor", "1 to 1000000"},
    {FIELD(rules[0].rate.money_minor), 1000001, "earn.rules[0].rate.money_minor", "1 to 1000000"},
    {FIELD(rules[1].multiplier_bp), 10000, "earn.rules[1].multiplier_bp", "10001 to 1000000"},
    {FIELD(rules[1].multiplier_bp), 1000001, "earn.rules[1].multiplier_bp", "10001 to 1000000"},
    {FIELD(rules[2].bonus_points), 0, "earn.rules[2].bonus_points", "must be 1 to 1000000000000"},
    {FIELD(rules[2].bonus_points), LIMIT_POINTS_A_RECORD + 1, "earn.rules[2].bonus_points", "1 to"},
    {FIELD(rules[0].cap_sale), -1, "earn.rules[0].cap_sale", "is -1; must be 0 to"},
    {FIELD(rules[0].cap_day), -1, "earn.rules[0].cap_day", "is -1; must be 0 to"},
    {FIELD(rules[0].cap_month), INT64_MIN, "earn.rules[0].cap_month", "must be 0 to"},
    {FIELD(weekdays[1]), 6, "earn.rules[1].when.weekdays[1]", "given twice"},
    {FIELD(weekdays[1]), 0, "earn.rules[1].when.weekdays[1]", "unspecified; must be MONDAY to"},
    {FIELD(weekdays[0]), -1, "earn.rules[1].when.weekdays[0]", "unknown value"},
    {FIELD(weekdays[0]), 8, "earn.rules[1].when.weekdays[0]", "unknown value"},
    {FIELD(rules[0].when.from_hour), 1, "earn.rules[0].when.until_hour", "above from_hour"},
    {FIELD(rules[0].when.from_hour), 24, "earn.rules[0].when.until_hour", "above from_hour"},
    {FIELD(rules[0].when.until_hour), 25, "earn.rules[0].when.until_hour", "must be 1 to 24"},
    {FIELD(rules[0].when.minimum_spend_minor), -1, "earn.rules[0].when.minimum_spend_minor",
     "is -1; must be 0 to"},
    {FIELD(rules[0].when.minimum_spend_minor), LIMIT_AMOUNT_MINOR_MAX + 1,
     "earn.rules[0].when.minimum_spend_minor", "must be 0 to 1000000000000"},
    {FIELD(program.window), SCORE_UNSPECIFIED, "score", "in_force, rolling_months or calendar"},
    {FIELD(program.window), -1, "score", "unknown value"},
    {FIELD(program.window), SCORE_CALENDAR, "score.calendar", "unspecified; must be HALF_YEAR"},
    {FIELD(program.rolling_months), 0, "score.rolling_months", "must be 1 to 1200"},
    {FIELD(program.rolling_months), 1201, "score.rolling_months", "must be 1 to 1200"},
    {FIELD(program.expiry_months), 1201, "points.expiry_months", "must be 0 to 1200"},
    {FIELD(program.expiry_period), -1, "points.expiry_to_end_of", "MONTH, HALF_YEAR or YEAR"},
    {FIELD(program.pending_days), 401, "points.pending_days", "must be 0 to 400"},
    {FIELD(program.redeem_minimum), -1, "redeem.minimum_points", "must be 1 to"},
    {FIELD(program.redeem_step), -1, "redeem.step_points", "must be 1 to"},
    {FIELD(program.redeem_a_day), -1, "redeem.maximum_a_day", "must be 0 to"},
    {FIELD(program.redeem_value.points), 0, "redeem.value.points", "must be 1 to 1000000"},
    {FIELD(program.redeem_value.money_minor), 0, "redeem.value.money_minor", "must be 1 to"},
    {FIELD(program.hold_seconds), 400 * 86400 + 1, "redeem.hold_seconds", "must be 1 to 34560000"},
    {FIELD(program.offline_floor), -1, "redeem.offline_floor_points", "must be 0 to"},
    {FIELD(program.late_days), 401, "late_days.days", "must be 0 to 400"},
    {FIELD(program.attach_days), 401, "attach_days.days", "must be 0 to 400"},
    {FIELD(program.guard_sale), -1, "guards.points_a_sale", "must be 0 to"},
    {FIELD(program.guard_member_day), -1, "guards.points_a_member_day", "must be 0 to"},
    {FIELD(program.guard_terminal_day), -1, "guards.points_a_terminal_day", "must be 0 to"},
    {FIELD(quotas[0].per), PERK_UNSPECIFIED, "perks[0].tiers[0].per", "is missing; must be"},
    {FIELD(quotas[0].per), -1, "perks[0].tiers[0].per", "unknown value; must be CALENDAR_YEAR"},
    {FIELD(quotas[1].per), 5, "perks[0].tiers[1].per", "unknown value"},
};

struct wrong_text {
    size_t offset;
    size_t bytes;
    const char *text;
    const char *path;
    const char *reason;
};

#define LONG_ID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" // 65

static const struct wrong_text WRONG_TEXTS[] = {
    {FIELD(program.id), "", "id", "is missing; must be 1 to 64 of a-z 0-9 -"},
    {FIELD(program.id), "VIP", "id", "is not an id; must be 1 to 64 of a-z 0-9 -"},
    {FIELD(program.id), LONG_ID, "id", "is not an id"},
    {FIELD(program.zone_name), "", "zone", "must be one like Asia/Shanghai"},
    {FIELD(program.currency), "CN", "currency", "three capital letters"},
    {FIELD(program.currency), "cny", "currency", "three capital letters"},
    {FIELD(program.currency), "CNYX", "currency", "three capital letters"},
    {FIELD(rescores[0].text), "02-29", "rescore[0]", "must be MM-DD, and not 02-29"},
    {FIELD(rescores[0].text), "6-1", "rescore[0]", "must be MM-DD"},
    {FIELD(rescores[1].text), "06-01", "rescore[1]", "must rise, each date once"},
    {FIELD(rescores[1].text), "05-31", "rescore[1]", "must rise"},
    {FIELD(tiers[1].id), "", "tiers[1].id", "is missing"},
    {FIELD(tiers[1].id), "sil ver", "tiers[1].id", "is not an id"},
    {FIELD(tiers[1].id), "member", "tiers[1].id", "'member' is the id of tiers[0]; must be unique"},
    {FIELD(rules[1].id), "base", "earn.rules[1].id", "'base' is the id of earn.rules[0]"},
    {FIELD(rules[1].id), "Week", "earn.rules[1].id", "is not an id"},
    {FIELD(perks[0].id), "", "perks[0].id", "is missing"},
    {FIELD(category), "", "earn.rules[2].when.categories[0]", "must be 1 to 64 printable"},
    {FIELD(category), "a\tb", "earn.rules[2].when.categories[0]", "must be 1 to 64 printable"},
    {FIELD(rules[0].when.from), "2026-9-1", "earn.rules[0].when.from", "must be YYYY-MM-DD"},
    {FIELD(rules[2].when.until), "2026-09-31", "earn.rules[2].when.until", "must be YYYY-MM-DD"},
    {FIELD(rules[2].when.until), "2026-09-01", "earn.rules[2].when.until", "is not after from"},
    {FIELD(quotas[0].tier_id), "platinum", "perks[0].tiers[0].tier_id", "no tier has this id"},
    {FIELD(quotas[1].tier_id), "gold", "perks[0].tiers[1].tier_id", "is that of tiers[0] too"},
    {FIELD(partner), LONG_ID, "perks[0].partners[0]", "must be 1 to 64 printable"},
};

static bool contains(struct span text, const char *part)
{
    return memmem(text.data, text.len, part, strlen(part)) != NULL;
}

static void assert_only_problem(struct sample *sample, const char *path, const char *reason)
{
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    struct program_problems problems = sample_check(sample, &arena);
    if (problems.count == 0) {
        fail_msg("nothing was reported at %s (%s)", path, reason);
    }
    const struct program_problem *first = &problems.items[0];
    if (!span_is_text(first->path, path) || !contains(first->reason, reason) ||
        problems.count != 1) {
        fail_msg("%zu problems, '%.*s': '%.*s', expected '%s': '%s'", problems.count,
                 (int)first->path.len, (const char *)first->path.data, (int)first->reason.len,
                 (const char *)first->reason.data, path, reason);
    }
    arena_fini(&arena);
}

static void every_wrong_number_is_reported_at_its_path(void **state)
{
    (void)state;
    static struct sample sample;
    for (size_t i = 0; i < sizeof(WRONG_NUMBERS) / sizeof(WRONG_NUMBERS[0]); i++) {
        const struct wrong_number *wrong = &WRONG_NUMBERS[i];
        sample_init(&sample);
        int32_t narrow = (int32_t)wrong->value;
        assert_true(wrong->bytes == 4 || wrong->bytes == 8);
        memcpy((char *)&sample + wrong->offset,
               wrong->bytes == 4 ? (const void *)&narrow : &wrong->value, wrong->bytes);
        assert_only_problem(&sample, wrong->path, wrong->reason);
    }
}

static void every_wrong_text_is_reported_at_its_path(void **state)
{
    (void)state;
    static struct sample sample;
    for (size_t i = 0; i < sizeof(WRONG_TEXTS) / sizeof(WRONG_TEXTS[0]); i++) {
        const struct wrong_text *wrong = &WRONG_TEXTS[i];
        sample_init(&sample);
        struct span text = span_of_text(wrong->text);
        memcpy((char *)&sample + wrong->offset, &text, sizeof(text));
        assert_only_problem(&sample, wrong->path, wrong->reason);
    }
}

static void lists_are_looked_into(void **state)
{
    (void)state;
    static struct sample sample;
    struct condition *when = &sample.rules[0].when;
    sample_init(&sample);
    sample.list[0] = span_of_text("gold");
    sample.list[1] = span_of_text("platinum");
    when->tiers = (struct span_list){sample.list, 2};
    assert_only_problem(&sample, "earn.rules[0].when.tiers[1]", "no tier has this id");
    sample.list[1] = span_of_text("gold");
    assert_only_problem(&sample, "earn.rules[0].when.tiers[1]", "is the same as tiers[0]");
    sample_init(&sample);
    sample.list[0] = span_of_text("store-0007/till-02");
    when->stores = (struct span_list){sample.list, 1};
    assert_only_problem(&sample, "earn.rules[0].when.stores[0]", "without /");
    sample.list[0] = span_of_text("store-0007");
    sample.list[1] = span_of_text("store-0007");
    when->stores.count = 2;
    assert_only_problem(&sample, "earn.rules[0].when.stores[1]", "the same as stores[0]");
    sample_init(&sample);
    sample.list[0] = span_of("we\0b", 4);
    when->channels = (struct span_list){sample.list, 1};
    assert_only_problem(&sample, "earn.rules[0].when.channels[0]", "printable");
    sample_init(&sample);
    when->from_hour = when->until_hour = 9;
    assert_only_problem(&sample, "earn.rules[0].when.until_hour", "is 9; must be above");
}

static void a_program_has_a_base_tier(void **state)
{
    (void)state;
    static struct sample sample;
    sample_init(&sample);
    sample.program.tier_count = 0;
    sample.program.perk_count = 0;
    assert_only_problem(&sample, "tiers", "must have a base tier");
}

static void score_and_no_score_do_not_go_together(void **state)
{
    (void)state;
    static struct sample sample;
    sample_init(&sample);
    sample.program.no_score = true;
    sample.program.score_share_bp = 5000;
    assert_only_problem(&sample, "earn.score_share_bp", "must be absent beside no_score");
}

static void the_rates_have_a_common_denominator(void **state)
{
    (void)state;
    static struct sample sample;
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    sample_init(&sample);
    sample.rules[1].kind = EARN_RATE;
    sample.rules[1].rate = (struct rate){.points = 3, .money_minor = 150};
    assert_int_equal(sample_compile(&sample, &arena)->rate_denominator, 300);
    sample.rules[0].rate.money_minor = 1000000;
    assert_only_problem(&sample, "earn.rules[1].rate.money_minor", "is 3000000; must be at most");
    sample.rules[1].rate.money_minor = 250;
    assert_int_equal(sample_compile(&sample, &arena)->rate_denominator, 1000000);
    sample.program.rule_count = 0;
    assert_int_equal(sample_compile(&sample, &arena)->rate_denominator, 1);
    arena_fini(&arena);
}

static void what_is_left_out_gets_its_default(void **state)
{
    (void)state;
    static struct sample sample;
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    sample_init(&sample);
    for (int times = 0; times < 2; times++) { // the second time nothing changes
        const struct program *program = sample_compile(&sample, &arena);
        assert_int_equal(program->tiers[0].multiplier_bp, 10000);
        assert_int_equal(program->tiers[1].multiplier_bp, 11000);
        assert_int_equal(program->score_share_bp, 10000);
        assert_int_equal(program->redeem_minimum, 1);
        assert_int_equal(program->redeem_step, 1);
        assert_int_equal(program->hold_seconds, 900);
        assert_int_equal(program->rescores[1].month, 12);
        assert_int_equal(program->rescores[1].day, 1);
        assert_int_equal(program->rules[0].when.from_day, INT32_MIN);
        assert_int_equal(program->rules[0].when.until_day, INT32_MAX);
        assert_int_equal(program->rules[0].when.weekday_mask, 0);
        assert_int_equal(program->rules[1].when.weekday_mask, 0x60);
        assert_int_equal(program->rules[2].when.until_day - program->rules[2].when.from_day, 30);
        assert_int_equal(program->perks[0].quotas[1].per, PERK_LIFETIME);
    }
    sample_init(&sample);
    sample.program.no_score = true;
    sample.program.window = SCORE_UNSPECIFIED;
    assert_int_equal(sample_compile(&sample, &arena)->window, SCORE_IN_FORCE);
    assert_int_equal(sample.program.score_share_bp, 0);
    arena_fini(&arena);
}

static void the_edges_of_the_bounds_are_good(void **state)
{
    (void)state;
    static struct sample sample;
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    sample_init(&sample);
    sample.tiers[0].upgrade = UPGRADE_IMMEDIATE;
    sample.tiers[0].multiplier_bp = 1;
    sample.tiers[3].threshold = LIMIT_POINTS_A_BALANCE;
    sample.tiers[3].validity_months = 1200;
    sample.tiers[3].multiplier_bp = 1000000;
    sample.rules[0].rate = (struct rate){.points = 1000000, .money_minor = 1000000};
    sample.rules[0].when.from_hour = 23;
    sample.rules[0].when.until_hour = 24;
    sample.rules[1].multiplier_bp = 10001;
    sample.rules[2].bonus_points = LIMIT_POINTS_A_RECORD;
    sample.program.score_share_bp = 1;
    sample.program.rolling_months = 1200;
    sample.program.expiry_months = 0;
    sample.program.pending_days = sample.program.late_days = sample.program.attach_days = 400;
    sample.program.offline_floor = LIMIT_POINTS_A_RECORD;
    sample.program.hold_seconds = 400 * 86400;
    sample.program.redeem_value = (struct rate){0};
    sample.program.rescore_count = 0;
    sample.program.perk_count = 0;
    sample_compile(&sample, &arena);
    arena_fini(&arena);
}

// Bounds of names and lists: what is just inside is good.
static void the_edges_of_lists_and_names_are_good(void **state)
{
    (void)state;
    static struct sample sample;
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    sample_init(&sample);
    sample.program.id = span_of_text(&LONG_ID[1]);
    sample.program.zone_name = span_of_text(&LONG_ID[1]);
    sample.program.currency = span_of_text("AZA");
    sample.category = span_of_text(&LONG_ID[1]);
    sample.partner = span_of_text("Airport lounge");
    sample.rules[0].id = span_of_text("az-09");
    sample.rescores[1].text = span_of_text("06-15");
    sample.weekdays[0] = 1;
    sample.list[0] = span_of_text("member");
    sample.rules[0].when.tiers = (struct span_list){sample.list, 1};
    sample.quotas[0] = (struct perk_quota){span_of_text("member"), 1, PERK_CALENDAR_YEAR};
    for (size_t i = 4; i < LIMIT_TIERS; i++) {
        sample.tiers[i] = sample.tiers[3];
        sample.tiers[i].threshold += (int64_t)i;
        sample.tiers[i].id = span_of_text(&LONG_ID[i]);
    }
    sample.program.tier_count = LIMIT_TIERS;
    sample_compile(&sample, &arena);
    assert_int_equal(sample.program.rules[1].when.weekday_mask, 0x41);
    arena_fini(&arena);
}

static void a_problem_without_words_is_no_memory(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    struct program_problems problems = {.arena = &arena};
    assert_int_equal(program_problem_add(&problems, NULL, "wrong"), STATUS_NO_MEMORY);
    assert_int_equal(program_problem_add(&problems, "id", NULL), STATUS_NO_MEMORY);
    assert_int_equal(problems.count, 0);
    assert_int_equal(program_problem_add(&problems, "id", "wrong"), STATUS_OK);
    assert_int_equal(problems.count, 1);
    arena_fini(&arena);
}

static void a_flood_of_problems_ends_in_one_that_says_so(void **state)
{
    (void)state;
    static struct sample sample;
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    sample_init(&sample);
    sample.program.rule_count = LIMIT_EARN_RULES;
    memset(sample.rules, 0, sizeof(sample.rules)); // each: no id, no effect
    struct program_problems problems = sample_check(&sample, &arena);
    assert_int_equal(problems.count, LIMIT_PROGRAM_PROBLEMS);
    const struct program_problem *last = &problems.items[LIMIT_PROGRAM_PROBLEMS - 1];
    assert_int_equal(last->path.len, 0);
    assert_true(contains(last->reason, "there are more problems"));
    assert_false(contains(problems.items[LIMIT_PROGRAM_PROBLEMS - 2].reason, "there are more"));
    arena_fini(&arena);
}

static void a_full_arena_is_no_memory(void **state)
{
    (void)state;
    static struct sample sample;
    bool compiled = false;
    for (size_t cap = 0; cap < ARENA_BYTES && !compiled; cap += 64) {
        struct arena arena;
        arena_init(&arena, cap);
        sample_init(&sample);
        sample.program.currency = span_of_text("?");
        struct program_problems problems = {.arena = &arena};
        enum status status = program_compile(&sample.program, &problems);
        assert_true(status == STATUS_OK || status == STATUS_NO_MEMORY);
        compiled = status == STATUS_OK;
        arena_fini(&arena);
    }
    assert_true(compiled);
}

static void assert_successor(struct sample *old, struct sample *new, const char *path,
                             const char *reason)
{
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    struct program_problems problems = {.arena = &arena};
    assert_int_equal(program_check_successor(sample_compile(old, &arena),
                                             sample_compile(new, &arena), &problems),
                     STATUS_OK);
    assert_int_equal(problems.count, path == NULL ? 0 : 1);
    if (path != NULL) {
        assert_true(span_is_text(problems.items[0].path, path));
        assert_true(contains(problems.items[0].reason, reason));
    }
    arena_fini(&arena);
}

static void a_successor_keeps_what_members_hold(void **state)
{
    (void)state;
    static struct sample old;
    static struct sample new;
    sample_init(&old);
    sample_init(&new);
    assert_successor(&old, &new, NULL, NULL);
    new.program.id = span_of_text("vip-club-2");
    assert_successor(&old, &new, "id", "must stay 'vip-club'");
    sample_init(&new);
    new.program.zone_name = span_of_text("Asia/Chongqing");
    assert_successor(&old, &new, "zone", "must stay 'Asia/Shanghai'");
    sample_init(&new);
    new.program.currency = span_of_text("HKD");
    assert_successor(&old, &new, "currency", "must stay 'CNY'");
}

static void a_successor_keeps_tiers_and_their_order(void **state)
{
    (void)state;
    static struct sample old;
    static struct sample new;
    sample_init(&old);
    sample_init(&new);
    new.tiers[4] = new.tiers[3];
    new.tiers[3].id = span_of_text("platinum");
    new.tiers[4].threshold = 60000;
    new.tiers[5] = new.tiers[4];
    new.tiers[5].id = span_of_text("black");
    new.tiers[5].threshold = 70000;
    new.program.tier_count = 6;
    assert_successor(&old, &new, NULL, NULL);
    memcpy(old.tiers, new.tiers, sizeof(new.tiers));
    old.program.tier_count = 5;
    new.tiers[3].id = span_of_text("titanium");
    assert_successor(&old, &new, "tiers", "'platinum' is missing; must stay in every version");
}

static void a_successor_may_not_reorder_tiers(void **state)
{
    (void)state;
    static struct sample old;
    static struct sample new;
    sample_init(&old);
    sample_init(&new);
    new.tiers[1].id = span_of_text("gold");
    new.tiers[2].id = span_of_text("silver");
    assert_successor(&old, &new, "tiers", "'gold' has another place; must stay in the same order");
    sample_init(&new);
    memmove(&new.tiers[1], &new.tiers[0], 4 * sizeof(new.tiers[0]));
    new.tiers[0] = (struct tier){.id = span_of_text("guest")};
    new.tiers[1].threshold = 1;
    new.tiers[1].upgrade = UPGRADE_IMMEDIATE;
    new.tiers[1].validity_months = 12;
    new.program.tier_count = 5;
    assert_successor(&old, &new, "tiers", "'member' is not the first any more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_wrong_number_is_reported_at_its_path),
        cmocka_unit_test(every_wrong_text_is_reported_at_its_path),
        cmocka_unit_test(lists_are_looked_into),
        cmocka_unit_test(a_program_has_a_base_tier),
        cmocka_unit_test(score_and_no_score_do_not_go_together),
        cmocka_unit_test(the_rates_have_a_common_denominator),
        cmocka_unit_test(what_is_left_out_gets_its_default),
        cmocka_unit_test(the_edges_of_the_bounds_are_good),
        cmocka_unit_test(the_edges_of_lists_and_names_are_good),
        cmocka_unit_test(a_problem_without_words_is_no_memory),
        cmocka_unit_test(a_flood_of_problems_ends_in_one_that_says_so),
        cmocka_unit_test(a_full_arena_is_no_memory),
        cmocka_unit_test(a_successor_keeps_what_members_hold),
        cmocka_unit_test(a_successor_keeps_tiers_and_their_order),
        cmocka_unit_test(a_successor_may_not_reorder_tiers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
