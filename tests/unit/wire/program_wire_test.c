// The message of a program as core's plain struct: every field, every default, every number that no
// enum knows.
#include "wire/program_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/document.h"

static const char *const full_text =
    "id: club\n"
    "zone: Asia/Shanghai\n"
    "currency: CNY\n"
    "rescore: [06-01, 12-01]\n"
    "tiers:\n"
    "  - {id: base, upgrade: IMMEDIATE, validity_months: 7, multiplier_bp: 8}\n"
    "  - {id: top, threshold: 9, upgrade: AT_RESCORE}\n"
    "validity_on_upgrade: KEEP\n"
    "on_card_end: ONE_DOWN\n"
    "earn:\n"
    "  rules:\n"
    "    - {id: r0, rate: {points: 1, money_minor: 2}, cap_sale: 3, cap_day: 4, cap_month: 5}\n"
    "    - {id: r1, multiplier_bp: 20000}\n"
    "    - {id: r2, bonus_points: 6}\n"
    "    - id: r3\n"
    "      when:\n"
    "        stores: [s1, s2]\n"
    "        channels: [shop]\n"
    "        categories: [food, wine, tea]\n"
    "        weekdays: [SUNDAY, MONDAY]\n"
    "        from_hour: 10\n"
    "        until_hour: 12\n"
    "        tiers: [top]\n"
    "        birthday_month: true\n"
    "        minimum_spend_minor: 11\n"
    "        from: 2026-01-01\n"
    "        until: 2027-01-01\n"
    "  stacking: BEST\n"
    "  rounding: HALF_UP\n"
    "  points_paid_earns: true\n"
    "  score_share_bp: 13\n"
    "  no_score: true\n"
    "score: {calendar: HALF_YEAR}\n"
    "points: {expiry_months: 14, expiry_to_end_of: YEAR, pending_days: 15}\n"
    "redeem: {minimum_points: 16, step_points: 17, maximum_a_day: 18, hold_seconds: 19,\n"
    "         value: {points: 20, money_minor: 21}, offline_floor_points: 26}\n"
    "negative_balance: CLAMP\n"
    "late_days: {days: 0}\n"
    "attach_days: {days: 27}\n"
    "guards: {points_a_sale: 22, points_a_member_day: 23, points_a_terminal_day: 24}\n"
    "perks:\n"
    "  - {id: lounge, partners: [p1, p2], tiers: [{tier_id: top, count: 25, per: CARD}]}\n";

struct conversion {
    struct arena arena;
    Loyalty__V1__Program *message;
    struct program program;
};

static void convert(struct conversion *conversion, const char *text)
{
    arena_init(&conversion->arena, 1 << 20);
    struct problems problems = {.arena = &conversion->arena};
    ProtobufCMessage *message = NULL;
    assert_int_equal(
        document_read(span_of_text(text), &loyalty__v1__program__descriptor, &problems, &message),
        STATUS_OK);
    assert_int_equal(problems.count, 0);
    conversion->message = (Loyalty__V1__Program *)message;
    assert_int_equal(
        program_from_message(conversion->message, &conversion->arena, &conversion->program),
        STATUS_OK);
}

static void again(struct conversion *conversion)
{
    assert_int_equal(
        program_from_message(conversion->message, &conversion->arena, &conversion->program),
        STATUS_OK);
}

static void check_condition(const struct condition *when)
{
    assert_int_equal(when->stores.count, 2);
    assert_true(span_is_text(when->stores.items[1], "s2"));
    assert_int_equal(when->channels.count, 1);
    assert_int_equal(when->categories.count, 3);
    assert_true(span_is_text(when->categories.items[2], "tea"));
    assert_int_equal(when->tiers.count, 1);
    assert_int_equal(when->weekday_count, 2);
    assert_int_equal(when->weekdays[0], 7);
    assert_int_equal(when->weekdays[1], 1);
    assert_int_equal(when->from_hour, 10);
    assert_int_equal(when->until_hour, 12);
    assert_true(when->birthday_month);
    assert_int_equal(when->minimum_spend_minor, 11);
    assert_true(span_is_text(when->from, "2026-01-01"));
    assert_true(span_is_text(when->until, "2027-01-01"));
}

static void check_earn(const struct program *program)
{
    assert_int_equal(program->rule_count, 4);
    const struct earn_rule *rules = program->rules;
    assert_true(span_is_text(rules[0].id, "r0"));
    assert_int_equal(rules[0].kind, EARN_RATE);
    assert_int_equal(rules[0].rate.points, 1);
    assert_int_equal(rules[0].rate.money_minor, 2);
    assert_int_equal(rules[0].cap_sale, 3);
    assert_int_equal(rules[0].cap_day, 4);
    assert_int_equal(rules[0].cap_month, 5);
    assert_int_equal(rules[0].when.stores.count, 0);
    assert_int_equal(rules[1].kind, EARN_MULTIPLIER);
    assert_int_equal(rules[1].multiplier_bp, 20000);
    assert_int_equal(rules[2].kind, EARN_BONUS);
    assert_int_equal(rules[2].bonus_points, 6);
    assert_int_equal(rules[3].kind, EARN_UNSPECIFIED);
    check_condition(&rules[3].when);
    assert_true(program->stack_best);
    assert_int_equal(program->rounding, ROUNDING_HALF_UP);
    assert_true(program->points_paid_earns);
    assert_int_equal(program->score_share_bp, 13);
    assert_true(program->no_score);
}

static void every_field_arrives(void **state)
{
    (void)state;
    struct conversion conversion;
    convert(&conversion, full_text);
    const struct program *program = &conversion.program;
    assert_true(span_is_text(program->id, "club"));
    assert_true(span_is_text(program->zone_name, "Asia/Shanghai"));
    assert_true(span_is_text(program->currency, "CNY"));
    assert_int_equal(program->rescore_count, 2);
    assert_true(span_is_text(program->rescores[1].text, "12-01"));
    assert_int_equal(program->tier_count, 2);
    assert_true(span_is_text(program->tiers[0].id, "base"));
    assert_int_equal(program->tiers[0].upgrade, UPGRADE_IMMEDIATE);
    assert_int_equal(program->tiers[0].validity_months, 7);
    assert_int_equal(program->tiers[0].multiplier_bp, 8);
    assert_int_equal(program->tiers[1].threshold, 9);
    assert_int_equal(program->tiers[1].upgrade, UPGRADE_AT_RESCORE);
    assert_true(program->keep_validity_on_upgrade && program->one_down_on_card_end);
    check_earn(program);
    assert_int_equal(program->window, SCORE_CALENDAR);
    assert_int_equal(program->calendar_period, PERIOD_HALF_YEAR);
    assert_int_equal(program->expiry_months, 14);
    assert_int_equal(program->expiry_period, PERIOD_YEAR);
    assert_int_equal(program->pending_days, 15);
    assert_int_equal(program->redeem_minimum, 16);
    assert_int_equal(program->redeem_step, 17);
    assert_int_equal(program->redeem_a_day, 18);
    assert_int_equal(program->hold_seconds, 19);
    assert_int_equal(program->offline_floor, 26);
    assert_int_equal(program->redeem_value.points, 20);
    assert_int_equal(program->redeem_value.money_minor, 21);
    assert_true(program->clamp_negative);
    assert_int_equal(program->late_days, 0);
    assert_int_equal(program->attach_days, 27);
    assert_int_equal(program->guard_sale, 22);
    assert_int_equal(program->guard_member_day, 23);
    assert_int_equal(program->guard_terminal_day, 24);
    assert_int_equal(program->perk_count, 1);
    assert_true(span_is_text(program->perks[0].id, "lounge"));
    assert_int_equal(program->perks[0].partners.count, 2);
    assert_int_equal(program->perks[0].quota_count, 1);
    assert_true(span_is_text(program->perks[0].quotas[0].tier_id, "top"));
    assert_int_equal(program->perks[0].quotas[0].count, 25);
    assert_int_equal(program->perks[0].quotas[0].per, PERK_CARD);
    assert_int_equal(program->unmapped, 0);
    arena_fini(&conversion.arena);
}

static void what_is_absent_has_its_default(void **state)
{
    (void)state;
    struct conversion conversion;
    convert(&conversion, "{}");
    const struct program *program = &conversion.program;
    assert_int_equal(program->id.len, 0);
    assert_int_equal(program->late_days, 45);
    assert_int_equal(program->attach_days, 45);
    assert_int_equal(program->offline_floor, 0);
    assert_int_equal(program->rounding, ROUNDING_FLOOR);
    assert_int_equal(program->expiry_period, PERIOD_MONTH);
    assert_int_equal(program->window, SCORE_UNSPECIFIED);
    assert_int_equal(program->tier_count + program->rule_count + program->perk_count, 0);
    assert_false(program->keep_validity_on_upgrade || program->one_down_on_card_end ||
                 program->stack_best || program->clamp_negative);
    arena_fini(&conversion.arena);
    convert(&conversion, "score: {}\nlate_days: {}\nearn: {rules: [{rate: {}}]}\n");
    assert_int_equal(program->window, SCORE_UNSPECIFIED);
    assert_int_equal(program->late_days, 0);
    assert_int_equal(program->attach_days, 0); // as late_days where it is absent
    assert_int_equal(program->rules[0].kind, EARN_RATE);
    arena_fini(&conversion.arena);
    convert(&conversion, "score: {rolling_months: 0}");
    assert_int_equal(program->window, SCORE_ROLLING);
    arena_fini(&conversion.arena);
    convert(&conversion, "score: {in_force: {}}");
    assert_int_equal(program->window, SCORE_IN_FORCE);
    arena_fini(&conversion.arena);
    convert(&conversion, "score: {calendar: UNSPECIFIED}");
    assert_int_equal(program->window, SCORE_CALENDAR);
    assert_int_equal(program->calendar_period, PERIOD_MONTH);
    arena_fini(&conversion.arena);
}

// Messages that were decoded have none, one built in memory may.
static void unknown_numbers_are_told_apart(void **state)
{
    (void)state;
    struct conversion conversion;
    convert(&conversion, full_text);
    Loyalty__V1__Program *message = conversion.message;
    const struct program *program = &conversion.program;
    message->tiers[0]->upgrade = (Loyalty__V1__UpgradeTiming)3;
    message->earn->rounding = (Loyalty__V1__Rounding)-7;
    message->points->expiry_to_end_of = (Loyalty__V1__ExpiryRounding)4;
    message->score->calendar = (Loyalty__V1__CalendarPeriod)3;
    message->earn->rules[3]->when->weekdays[0] = (Loyalty__V1__Weekday)8;
    message->perks[0]->tiers[0]->per = (Loyalty__V1__PerkPeriod)5;
    again(&conversion);
    assert_int_equal(program->tiers[0].upgrade, (enum upgrade) - 1);
    assert_int_equal(program->rounding, (enum rounding) - 1);
    assert_int_equal(program->expiry_period, (enum period) - 1);
    assert_int_equal(program->calendar_period, (enum period) - 1);
    assert_int_equal(program->rules[3].when.weekdays[0], -1);
    assert_int_equal(program->perks[0].quotas[0].per, -1);
    assert_int_equal(program->unmapped, 0);
    message->validity_on_upgrade = (Loyalty__V1__ValidityOnUpgrade)3;
    again(&conversion);
    assert_int_equal(program->unmapped, UNMAPPED_VALIDITY_ON_UPGRADE);
    message->on_card_end = (Loyalty__V1__OnCardEnd)3;
    message->earn->stacking = (Loyalty__V1__Stacking)3;
    message->negative_balance = (Loyalty__V1__NegativeBalance)3;
    again(&conversion);
    assert_int_equal(program->unmapped, UNMAPPED_VALIDITY_ON_UPGRADE | UNMAPPED_ON_CARD_END |
                                            UNMAPPED_STACKING | UNMAPPED_NEGATIVE_BALANCE);
    arena_fini(&conversion.arena);
}

static void a_small_arena_is_no_memory(void **state)
{
    (void)state;
    struct conversion conversion;
    convert(&conversion, full_text);
    enum status status = STATUS_NO_MEMORY;
    size_t cap = 0;
    for (; status != STATUS_OK; cap += 16) {
        assert_int_equal(status, STATUS_NO_MEMORY);
        struct arena small;
        struct program program;
        arena_init(&small, cap);
        status = program_from_message(conversion.message, &small, &program);
        arena_fini(&small);
    }
    assert_true(cap > 1000);
    arena_fini(&conversion.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_arrives),
        cmocka_unit_test(what_is_absent_has_its_default),
        cmocka_unit_test(unknown_numbers_are_told_apart),
        cmocka_unit_test(a_small_arena_is_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
