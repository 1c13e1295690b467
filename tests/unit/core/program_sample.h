// A program with something of everything, for the tests of the core: four tiers as in the worked
// examples of the rules (1 point a yuan; 0 / 2,000 / 10,000 / 50,000; multipliers 1.00, 1.10, 1.25,
// 1.50), one rule of each kind, a perk. A test changes the storage before it compiles.
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "core/program.h"

struct sample {
    struct program program;
    struct rescore_date rescores[13];
    struct tier tiers[17];
    struct earn_rule rules[65];
    struct span list[65];
    struct span category;
    struct span partner;
    int32_t weekdays[2];
    struct perk perks[65];
    struct perk_quota quotas[17];
    char ids[65][8];
};

static inline void sample_tiers(struct sample *sample)
{
    static const struct tier TIERS[] = {
        {.id = {(const uint8_t *)"member", 6}},
        {.id = {(const uint8_t *)"silver", 6},
         .threshold = 2000,
         .upgrade = UPGRADE_AT_RESCORE,
         .validity_months = 24,
         .multiplier_bp = 11000},
        {.id = {(const uint8_t *)"gold", 4},
         .threshold = 10000,
         .upgrade = UPGRADE_AT_RESCORE,
         .validity_months = 24,
         .multiplier_bp = 12500},
        {.id = {(const uint8_t *)"diamond", 7},
         .threshold = 50000,
         .upgrade = UPGRADE_IMMEDIATE,
         .validity_months = 24,
         .multiplier_bp = 15000},
    };
    memcpy(sample->tiers, TIERS, sizeof(TIERS));
    sample->program.tiers = sample->tiers;
    sample->program.tier_count = 4;
}

static inline void sample_rules(struct sample *sample)
{
    sample->category = span_of_text("grocery");
    sample->rules[0] = (struct earn_rule){
        .id = span_of_text("base"), .kind = EARN_RATE, .rate = {.points = 1, .money_minor = 100}};
    sample->rules[1] =
        (struct earn_rule){.id = span_of_text("weekend"),
                           .kind = EARN_MULTIPLIER,
                           .multiplier_bp = 20000,
                           .when = {.weekdays = sample->weekdays, .weekday_count = 2}};
    sample->weekdays[0] = 6;
    sample->weekdays[1] = 7;
    sample->rules[2] = (struct earn_rule){.id = span_of_text("opening"),
                                          .kind = EARN_BONUS,
                                          .bonus_points = 50,
                                          .when = {.categories = {&sample->category, 1},
                                                   .from = span_of_text("2026-09-01"),
                                                   .until = span_of_text("2026-10-01")}};
    sample->program.rules = sample->rules;
    sample->program.rule_count = 3;
}

static inline void sample_perks(struct sample *sample)
{
    sample->partner = span_of_text("lounge");
    sample->quotas[0] = (struct perk_quota){span_of_text("gold"), 1, PERK_CARD};
    sample->quotas[1] = (struct perk_quota){span_of_text("diamond"), 0, PERK_UNSPECIFIED};
    sample->perks[0] = (struct perk){
        .id = span_of_text("airport-lounge"),
        .quotas = sample->quotas,
        .quota_count = 2,
        .partners = {&sample->partner, 1},
    };
    sample->program.perks = sample->perks;
    sample->program.perk_count = 1;
}

// A good program, not compiled.
static inline void sample_init(struct sample *sample)
{
    *sample = (struct sample){0};
    sample->program = (struct program){
        .id = span_of_text("vip-club"),
        .zone_name = span_of_text("Asia/Shanghai"),
        .currency = span_of_text("CNY"),
        .rescores = sample->rescores,
        .rescore_count = 2,
        .rounding = ROUNDING_FLOOR,
        .window = SCORE_ROLLING,
        .rolling_months = 12,
        .expiry_months = 12,
        .expiry_period = PERIOD_MONTH,
        .late_days = 45,
        .redeem_value = {.points = 100, .money_minor = 100},
    };
    sample->rescores[0].text = span_of_text("06-01");
    sample->rescores[1].text = span_of_text("12-01");
    sample_tiers(sample);
    sample_rules(sample);
    sample_perks(sample);
}

// Compiles; the problems are in `arena`.
static inline struct program_problems sample_check(struct sample *sample, struct arena *arena)
{
    struct program_problems problems = {.arena = arena};
    assert_int_equal(program_compile(&sample->program, &problems), STATUS_OK);
    return problems;
}

// Compiles what must be good.
static inline const struct program *sample_compile(struct sample *sample, struct arena *arena)
{
    struct program_problems problems = sample_check(sample, arena);
    if (problems.count > 0) {
        fail_msg("%.*s: %.*s", (int)problems.items[0].path.len,
                 (const char *)problems.items[0].path.data, (int)problems.items[0].reason.len,
                 (const char *)problems.items[0].reason.data);
    }
    return &sample->program;
}
