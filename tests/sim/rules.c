// Programs and what they mean.
#include "sim/rules.h"

#include <string.h>

#include "base/check.h"
#include "wire/message.h"

enum { BP = 10000, VALUE_POINTS = 100 };

const char *const tier_names[TIER_COUNT] = {
    [TIER_MEMBER] = "member", [TIER_BRONZE] = "bronze",     [TIER_SILVER] = "silver",
    [TIER_GOLD] = "gold",     [TIER_PLATINUM] = "platinum", [TIER_DIAMOND] = "diamond",
};

// --- making ---

static void make_tiers(struct random *random, const struct rules *before, struct rules *rules)
{
    static const int64_t THRESHOLDS[TIER_COUNT] = {0, 1500, 4000, 12000, 25000, 40000};
    static const int32_t MONTHS[] = {6, 12, 24};
    for (int i = 0; i < TIER_COUNT; i++) {
        struct tier_rule *tier = &rules->tiers[i];
        bool middle = i == TIER_BRONZE || i == TIER_PLATINUM;
        bool known_before = before != NULL && before->tiers[i].known;
        tier->known = !middle || known_before || random_once_in(random, 3);
        tier->threshold = THRESHOLDS[i] * (80 + random_below(random, 40)) / 100;
        tier->immediate = i == TIER_DIAMOND || random_once_in(random, 4);
        tier->months = MONTHS[random_below(random, 3)];
        tier->multiplier_bp = BP + i * 1250;
    }
}

void rules_make(struct random *random, const struct rules *before, struct rules *ret_rules)
{
    static const int64_t MONEY[] = {100, 100, 30, 700};
    static const int32_t LATE[] = {45, 45, 7, 120};
    static const int32_t EXPIRY[] = {0, 1, 1, 1, 3, 12};
    static const int32_t HOLD[] = {3, 60, 900, 40 * 86400, 60 * 86400, 90 * 86400};
    *ret_rules = (struct rules){
        .rate_points = 1 + random_below(random, 3),
        .rate_money = MONEY[random_below(random, 4)],
        .keep = random_once_in(random, 3),
        .one_down = random_once_in(random, 3),
        .rolling_months = 3 + (int32_t)random_below(random, 12),
        .expiry_months = EXPIRY[random_below(random, 6)],
        .pending_days = random_once_in(random, 2) ? 0 : 1 + (int32_t)random_below(random, 20),
        .late_days = LATE[random_below(random, 4)],
        .attach_days = 1 + (int32_t)random_below(random, 60),
        .redeem_minimum = random_once_in(random, 2) ? 1 : 50,
        .redeem_step = random_once_in(random, 2) ? 1 : 10,
        .day_limit = random_once_in(random, 3) ? 500 + random_below(random, 3000) : 0,
        .value_minor = 50 + random_below(random, 50),
        .hold_seconds = HOLD[random_below(random, 6)],
        .clamp = random_once_in(random, 2),
        .terminal_guard = random_once_in(random, 6) ? 2000 + random_below(random, 20000) : 0,
    };
    make_tiers(random, before, ret_rules);
}

static void *fresh(struct arena *arena, const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = message_new(type, arena);
    CHECK(message != NULL);
    return message;
}

static void *list(struct arena *arena, size_t count)
{
    void *items = arena_alloc_array(arena, count, sizeof(void *));
    CHECK(items != NULL);
    return items;
}

static Loyalty__V1__Tier *tier_message(struct arena *arena, const struct rules *rules, int i)
{
    const struct tier_rule *rule = &rules->tiers[i];
    Loyalty__V1__Tier *tier = fresh(arena, &loyalty__v1__tier__descriptor);
    tier->id = (char *)tier_names[i];
    tier->multiplier_bp = (uint32_t)rule->multiplier_bp;
    if (i > 0) {
        tier->threshold = rule->threshold;
        tier->upgrade = rule->immediate ? LOYALTY__V1__UPGRADE_TIMING__UPGRADE_TIMING_IMMEDIATE
                                        : LOYALTY__V1__UPGRADE_TIMING__UPGRADE_TIMING_AT_RESCORE;
        tier->validity_months = (uint32_t)rule->months;
    }
    return tier;
}

static void put_tiers(struct arena *arena, const struct rules *rules, Loyalty__V1__Program *program)
{
    program->tiers = list(arena, TIER_COUNT);
    for (int i = 0; i < TIER_COUNT; i++) {
        if (rules->tiers[i].known) {
            program->tiers[program->n_tiers++] = tier_message(arena, rules, i);
        }
    }
}

static Loyalty__V1__Rate *rate_message(struct arena *arena, int64_t points, int64_t minor)
{
    Loyalty__V1__Rate *rate = fresh(arena, &loyalty__v1__rate__descriptor);
    rate->points = points;
    rate->money_minor = minor;
    return rate;
}

static void put_earn(struct arena *arena, const struct rules *rules, Loyalty__V1__Program *program)
{
    Loyalty__V1__EarnRule *rule = fresh(arena, &loyalty__v1__earn_rule__descriptor);
    rule->id = (char *)"base";
    rule->effect_case = LOYALTY__V1__EARN_RULE__EFFECT_RATE;
    rule->rate = rate_message(arena, rules->rate_points, rules->rate_money);
    program->earn = fresh(arena, &loyalty__v1__earn__descriptor);
    program->earn->rules = list(arena, 1);
    program->earn->rules[0] = rule;
    program->earn->n_rules = 1;
    program->score = fresh(arena, &loyalty__v1__score__descriptor);
    program->score->window_case = LOYALTY__V1__SCORE__WINDOW_ROLLING_MONTHS;
    program->score->rolling_months = (uint32_t)rules->rolling_months;
}

static Loyalty__V1__Days *days_message(struct arena *arena, int32_t days)
{
    Loyalty__V1__Days *message = fresh(arena, &loyalty__v1__days__descriptor);
    message->days = (uint32_t)days;
    return message;
}

Loyalty__V1__Program *rules_message(struct arena *arena, const struct rules *rules)
{
    Loyalty__V1__Program *program = fresh(arena, &loyalty__v1__program__descriptor);
    program->id = (char *)"club";
    program->zone = (char *)"Asia/Shanghai";
    program->currency = (char *)"CNY";
    program->rescore = list(arena, 2);
    program->rescore[0] = (char *)"06-01";
    program->rescore[1] = (char *)"12-01";
    program->n_rescore = 2;
    put_tiers(arena, rules, program);
    put_earn(arena, rules, program);
    program->validity_on_upgrade =
        rules->keep ? LOYALTY__V1__VALIDITY_ON_UPGRADE__VALIDITY_ON_UPGRADE_KEEP
                    : LOYALTY__V1__VALIDITY_ON_UPGRADE__VALIDITY_ON_UPGRADE_RESTART;
    program->on_card_end = rules->one_down ? LOYALTY__V1__ON_CARD_END__ON_CARD_END_ONE_DOWN
                                           : LOYALTY__V1__ON_CARD_END__ON_CARD_END_TO_SCORE;
    program->points = fresh(arena, &loyalty__v1__points__descriptor);
    program->points->expiry_months = (uint32_t)rules->expiry_months;
    program->points->expiry_to_end_of = LOYALTY__V1__EXPIRY_ROUNDING__EXPIRY_ROUNDING_MONTH;
    program->points->pending_days = (uint32_t)rules->pending_days;
    program->redeem = fresh(arena, &loyalty__v1__redemption__descriptor);
    program->redeem->minimum_points = rules->redeem_minimum;
    program->redeem->step_points = rules->redeem_step;
    program->redeem->maximum_a_day = rules->day_limit;
    program->redeem->hold_seconds = (uint32_t)rules->hold_seconds;
    program->redeem->value = rate_message(arena, VALUE_POINTS, rules->value_minor);
    program->negative_balance = rules->clamp
                                    ? LOYALTY__V1__NEGATIVE_BALANCE__NEGATIVE_BALANCE_CLAMP
                                    : LOYALTY__V1__NEGATIVE_BALANCE__NEGATIVE_BALANCE_ALLOW;
    program->guards = fresh(arena, &loyalty__v1__guards__descriptor);
    program->guards->points_a_terminal_day = rules->terminal_guard;
    program->late_days = days_message(arena, rules->late_days);
    program->attach_days = days_message(arena, rules->attach_days);
    return program;
}

// --- what follows from them ---

bool rules_stand(const struct rules *rules, size_t known)
{
    return rules->entry < known && rules->withdrawn >= known;
}

const struct rules *rules_at(const struct rules_set *set, size_t known, int64_t at_ms)
{
    const struct rules *found = NULL;
    for (size_t i = 0; i < set->count; i++) {
        const struct rules *rules = set->items[i];
        if (rules_stand(rules, known) && rules->effective_ms <= at_ms) {
            found = rules;
        }
    }
    return found;
}

const struct rules *rules_latest(const struct rules_set *set, size_t known)
{
    return rules_at(set, known, INT64_MAX);
}

__extension__ typedef __int128 wide;

int64_t rules_score(const struct rules *rules, int64_t amount_minor)
{
    return (int64_t)((wide)amount_minor * rules->rate_points / rules->rate_money);
}

int64_t rules_points(const struct rules *rules, int64_t amount_minor, enum rules_tier tier)
{
    wide exact = (wide)amount_minor * rules->rate_points * rules->tiers[tier].multiplier_bp;
    return (int64_t)(exact / ((wide)rules->rate_money * BP));
}

int64_t rules_value(const struct rules *rules, int64_t points)
{
    return points * rules->value_minor / VALUE_POINTS;
}

enum rules_tier rules_known(const struct rules *rules, enum rules_tier tier)
{
    while (!rules->tiers[tier].known) {
        tier--;
    }
    return tier;
}

enum rules_tier rules_reached(const struct rules *rules, int64_t score, bool only_immediate)
{
    for (int i = TIER_COUNT - 1; i > 0; i--) {
        const struct tier_rule *tier = &rules->tiers[i];
        if (tier->known && score >= tier->threshold && (!only_immediate || tier->immediate)) {
            return (enum rules_tier)i;
        }
    }
    return TIER_MEMBER;
}

enum rules_tier rules_below(const struct rules *rules, enum rules_tier tier)
{
    return tier == TIER_MEMBER ? tier : rules_known(rules, (enum rules_tier)(tier - 1));
}

enum rules_tier rules_next(const struct rules *rules, enum rules_tier tier)
{
    int next = (int)tier + 1;
    while (next < TIER_COUNT && !rules->tiers[next].known) {
        next++;
    }
    return (enum rules_tier)next;
}

enum rules_tier tier_of_name(const char *name, size_t len)
{
    for (int i = 0; i < TIER_COUNT; i++) {
        if (strlen(tier_names[i]) == len && memcmp(tier_names[i], name, len) == 0) {
            return (enum rules_tier)i;
        }
    }
    return TIER_COUNT;
}
