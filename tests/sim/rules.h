// The programs that are published here, in plain numbers, and what follows from them by arithmetic
// of our own: nothing of the daemon's core is asked. Simple on purpose: one earning rate, tiers
// with thresholds and multipliers, one zone without summer time.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "loyalty/v1/program.pb-c.h"
#include "support/random_club.h"

// Tiers by their order in every program that has them; a later program may know more of them.
enum rules_tier {
    TIER_MEMBER,
    TIER_BRONZE,
    TIER_SILVER,
    TIER_GOLD,
    TIER_PLATINUM,
    TIER_DIAMOND,
    TIER_COUNT,
};

extern const char *const tier_names[TIER_COUNT];

struct tier_rule {
    bool known;
    int64_t threshold;
    bool immediate;
    int32_t months; // of validity
    int32_t multiplier_bp;
};

struct rules {
    uint32_t number;  // 0 until published
    size_t entry;     // of the program's log, from 0: where it was published ...
    size_t withdrawn; // ... and where withdrawn; RULES_STAND: nowhere
    int64_t effective_ms;
    int64_t rate_points;
    int64_t rate_money;
    struct tier_rule tiers[TIER_COUNT];
    bool keep;
    bool one_down;
    int32_t rolling_months;
    int32_t expiry_months;
    int32_t pending_days;
    int32_t late_days;
    int32_t attach_days;
    int64_t redeem_minimum;
    int64_t redeem_step;
    int64_t day_limit;   // of redemptions; 0: none
    int64_t value_minor; // of 100 points
    int64_t hold_seconds;
    int64_t terminal_guard; // points a terminal gives a day; 0: no limit
    bool clamp;             // what cannot be taken back is forgiven
};

// A program that may follow `before`; NULL: the first one.
void rules_make(struct random *random, const struct rules *before, struct rules *ret_rules);
Loyalty__V1__Program *rules_message(struct arena *arena, const struct rules *rules);

#define RULES_STAND SIZE_MAX

// The versions published so far, withdrawn ones too.
struct rules_set {
    const struct rules **items;
    size_t count;
    size_t entries; // of the program's log
};

// Whether a version is there, and not withdrawn, by the first `known` entries of the program's log.
bool rules_stand(const struct rules *rules, size_t known);
// Of those that stand by these: the one in force at an instant, and the last one; NULL when there
// is none.
const struct rules *rules_at(const struct rules_set *set, size_t known, int64_t at_ms);
const struct rules *rules_latest(const struct rules_set *set, size_t known);

// floor(amount x rate), and that times the tier's multiplier, rounded once.
int64_t rules_score(const struct rules *rules, int64_t amount_minor);
int64_t rules_points(const struct rules *rules, int64_t amount_minor, enum rules_tier tier);
int64_t rules_value(const struct rules *rules, int64_t points);
// The tier itself where the version knows it, else the highest below that it knows.
enum rules_tier rules_known(const struct rules *rules, enum rules_tier tier);
// The highest tier whose threshold is reached; `only_immediate`: of those given at once.
enum rules_tier rules_reached(const struct rules *rules, int64_t score, bool only_immediate);
// One below by the version's ranks; the base tier stays.
enum rules_tier rules_below(const struct rules *rules, enum rules_tier tier);
// The tier above, TIER_COUNT at the top.
enum rules_tier rules_next(const struct rules *rules, enum rules_tier tier);
// TIER_COUNT for a name that is none.
enum rules_tier tier_of_name(const char *name, size_t len);

// --- the calendar of China, which has been eight hours ahead since 1991 ---

int64_t china_day(int64_t at_ms);
int64_t china_midnight(int64_t day);
// The same time of day, months later, clamped to the month's end.
int64_t china_add_months(int64_t at_ms, int32_t months);
// 00:00 of the first day after the month that (the day of `at_ms`) + months is in.
int64_t china_month_end_after(int64_t at_ms, int32_t months);
// The first 1 June or 1 December, 00:00, after an instant.
int64_t china_next_rescore(int64_t after_ms);
// "YYYY-MM-DD".
char *china_date(struct arena *arena, int64_t day);
