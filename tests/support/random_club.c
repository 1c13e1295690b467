// Random programs: every choice a program has, in small numbers so that boundaries meet.
#include "support/random_club.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/check.h"

static const char *const ZONES[] = {
    "Asia/Shanghai", "Europe/Berlin",       "America/New_York",  "America/Sao_Paulo",
    "Asia/Kolkata",  "Australia/Lord_Howe", "Africa/Casablanca", "UTC"};

uint64_t random_seed(const char *test)
{
    uint64_t seed = 0;
    const char *given = getenv("LOYALTY_SEED");
    if (given != NULL) {
        seed = strtoull(given, NULL, 10);
    } else {
        CHECK(getrandom(&seed, sizeof seed, 0) == (ssize_t)sizeof seed);
        seed %= UINT64_C(1000000000);
    }
    printf("%s: LOYALTY_SEED=%" PRIu64 "\n", test, seed);
    (void)fflush(stdout);
    return seed;
}

struct random random_of(uint64_t seed, uint64_t round)
{
    return (struct random){.state = seed * UINT64_C(0x9e3779b97f4a7c15) + round};
}

// SplitMix64.
uint64_t random_u64(struct random *random)
{
    random->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = random->state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

int64_t random_below(struct random *random, int64_t below)
{
    return (int64_t)(random_u64(random) % (uint64_t)below);
}

bool random_once_in(struct random *random, int64_t times)
{
    return random_below(random, times) == 0;
}

// An id in the club's arena: prefix, and numbers.
static struct span name(struct club *club, const char *prefix, int64_t a, int64_t b)
{
    char *printed = arena_printf(&club->arena, "%s%d-%d", prefix, (int)a, (int)b);
    CHECK(printed != NULL);
    return span_of_text(printed);
}

static void *room(struct club *club, size_t count, size_t bytes)
{
    void *items = arena_alloc_array(&club->arena, count, bytes);
    CHECK(items != NULL);
    return items;
}

// Tiers t0, t10, t20, ...; a later version has those of the one before and sometimes one between.
static void make_tiers(struct random *random, struct club *club, struct program *program,
                       const struct program *before)
{
    static const uint32_t MONTHS[] = {1, 2, 6, 12, 24};
    size_t count = before == NULL ? 2 + (size_t)random_below(random, 4) : before->tier_count;
    bool insert = before != NULL && random_once_in(random, 2);
    size_t at = insert ? 1 + (size_t)random_below(random, (int64_t)count) : SIZE_MAX;
    program->tier_count = count + (insert ? 1 : 0);
    program->tiers = room(club, program->tier_count, sizeof *program->tiers);
    int64_t threshold = 0;
    for (size_t i = 0; i < program->tier_count; i++) {
        struct tier *tier = &program->tiers[i];
        tier->id = name(club, "t", (int64_t)i, 0);
        if (before != NULL) {
            tier->id = i == at ? name(club, "n", (int64_t)i, random_below(random, 1000000))
                               : before->tiers[i > at ? i - 1 : i].id;
        }
        tier->multiplier_bp = random_once_in(random, 2) ? 0 : 10000 + (uint32_t)i * 1250;
        if (i > 0) {
            threshold += 1 + random_below(random, 3000);
            tier->threshold = threshold;
            tier->upgrade = random_once_in(random, 2) ? UPGRADE_IMMEDIATE : UPGRADE_AT_RESCORE;
            tier->validity_months = MONTHS[random_below(random, 5)];
        }
    }
}

static void make_rescores(struct random *random, struct club *club, struct program *program)
{
    program->rescore_count = (size_t)random_below(random, 5);
    program->rescores = room(club, 5, sizeof *program->rescores);
    for (size_t i = 0; i < program->rescore_count; i++) {
        int64_t day = random_once_in(random, 2) ? 1 : 1 + random_below(random, 28);
        char *date = arena_printf(&club->arena, "%02d-%02d", (int)i * 2 + 1, (int)day);
        CHECK(date != NULL);
        program->rescores[i].text = span_of_text(date);
    }
}

static void make_rule(struct random *random, struct club *club, struct earn_rule *rule, size_t i)
{
    static const char *const CATEGORIES[] = {"wine", "bread"};
    rule->id = name(club, "rule", (int64_t)i, 0);
    if (i == 0) {
        rule->kind = EARN_RATE;
        rule->rate = (struct rate){.points = 1 + random_below(random, 3),
                                   .money_minor = random_once_in(random, 2) ? 100 : 30};
        return;
    }
    rule->kind = random_once_in(random, 2) ? EARN_MULTIPLIER : EARN_BONUS;
    rule->multiplier_bp = rule->kind == EARN_MULTIPLIER ? 12345 : 0;
    rule->bonus_points = rule->kind == EARN_BONUS ? 1 + random_below(random, 50) : 0;
    if (random_once_in(random, 2)) {
        rule->when.categories.items = room(club, 1, sizeof *rule->when.categories.items);
        rule->when.categories.items[0] = span_of_text(CATEGORIES[random_below(random, 2)]);
        rule->when.categories.count = 1;
    }
    rule->when.minimum_spend_minor = random_once_in(random, 3) ? 5000 : 0;
    rule->cap_sale = random_once_in(random, 4) ? 20 : 0;
    rule->cap_day = random_once_in(random, 4) ? 30 : 0;
    rule->cap_month = random_once_in(random, 4) ? 100 : 0;
}

static void make_earning(struct random *random, struct club *club, struct program *program)
{
    program->rule_count = 1 + (size_t)random_below(random, 3);
    program->rules = room(club, program->rule_count, sizeof *program->rules);
    for (size_t i = 0; i < program->rule_count; i++) {
        make_rule(random, club, &program->rules[i], i);
    }
    program->stack_best = random_once_in(random, 3);
    program->rounding = random_once_in(random, 3) ? ROUNDING_HALF_UP : ROUNDING_FLOOR;
    program->points_paid_earns = random_once_in(random, 3);
    program->score_share_bp = random_once_in(random, 4) ? 5000 : 0;
    program->no_score = program->score_share_bp == 0 && random_once_in(random, 10);
    program->window = SCORE_IN_FORCE + (enum score_window)random_below(random, 3);
    if (program->window == SCORE_ROLLING) {
        program->rolling_months = 1 + (uint32_t)random_below(random, 13);
    }
    if (program->window == SCORE_CALENDAR) {
        program->calendar_period = random_once_in(random, 2) ? PERIOD_HALF_YEAR : PERIOD_YEAR;
    }
    program->expiry_months = (uint32_t)random_below(random, 4) * 6;
    program->expiry_months += random_once_in(random, 3) ? 1 : 0;
    program->expiry_period = (enum period)random_below(random, 3);
    program->pending_days = random_once_in(random, 2) ? 0 : (uint32_t)random_below(random, 40);
}

static void make_notices(struct random *random, struct program *program)
{
    static const uint32_t DAYS[] = {1, 7, 30, 31, 60};
    program->notices.points_days = random_once_in(random, 2) ? 0 : DAYS[random_below(random, 5)];
    program->notices.card_days = random_once_in(random, 2) ? 0 : DAYS[random_below(random, 5)];
}

static struct program *make_program(struct random *random, struct club *club, const char *zone,
                                    const struct program *before)
{
    static const uint32_t LATE[] = {0, 1, 45, 400};
    static const uint32_t HOLDS[] = {1, 60, 900, 86400, 40 * 86400};
    struct program *program = room(club, 1, sizeof *program);
    program->id = span_of_text("random");
    program->zone_name = span_of_text(zone);
    program->currency = span_of_text("CNY");
    make_tiers(random, club, program, before);
    make_rescores(random, club, program);
    make_earning(random, club, program);
    program->keep_validity_on_upgrade = random_once_in(random, 2);
    program->one_down_on_card_end = random_once_in(random, 2);
    program->redeem_minimum = random_once_in(random, 2) ? 0 : 10;
    program->redeem_step = random_once_in(random, 2) ? 0 : 5;
    program->redeem_a_day = random_once_in(random, 3) ? 500 : 0;
    program->redeem_value = (struct rate){.points = 10, .money_minor = 1 + random_below(random, 9)};
    program->hold_seconds = HOLDS[random_below(random, 5)];
    program->clamp_negative = random_once_in(random, 2);
    program->late_days = LATE[random_below(random, 4)];
    program->attach_days = LATE[random_below(random, 4)];
    program->guard_sale = random_once_in(random, 5) ? 5000 : 0;
    program->guard_member_day = random_once_in(random, 5) ? 8000 : 0;
    make_notices(random, program);
    const char *wrong = club_compile(club, program);
    if (wrong != NULL) {
        printf("a random program is wrong: %s\n", wrong);
    }
    CHECK(wrong == NULL);
    return program;
}

// A version takes effect on an instant of no meaning, at a midnight, or exactly at a re-scoring.
static int64_t version_start(struct random *random, struct club *club,
                             const struct program *program, int64_t after_ms)
{
    int64_t at_ms = after_ms + DAY_MS + random_below(random, 400 * DAY_MS);
    struct civil_date date = zone_date(&club->zone, at_ms);
    if (random_once_in(random, 3)) {
        return at_ms;
    }
    if (random_once_in(random, 2) && program->rescore_count > 0) {
        date.month = program->rescores[0].month;
        date.day = program->rescores[0].day;
        date.year++;
    }
    int64_t start_ms = zone_day_start(&club->zone, date);
    return start_ms > after_ms ? start_ms : at_ms;
}

void history_init(struct history *history, uint64_t seed, uint64_t round)
{
    *history = (struct history){.random = random_of(seed, round)};
    struct random *random = &history->random;
    struct club *club = &history->club;
    club_init(club);
    const char *zone = ZONES[random_below(random, sizeof ZONES / sizeof ZONES[0])];
    history->start_ms = INT64_C(1672531200000) + random_below(random, 400 * DAY_MS); // 2023
    int64_t from_ms = history->start_ms;
    const struct program *before = NULL;
    int64_t versions = 1 + random_below(random, 4);
    for (int64_t i = 0; i < versions; i++) {
        struct program *program = make_program(random, club, zone, before);
        from_ms = i == 0 ? from_ms : version_start(random, club, program, from_ms);
        CHECK(club_add(club, program, from_ms) == NULL);
        before = program;
    }
    int64_t most_days = random_once_in(random, 3) ? 900 : 100;
    history->now_ms = history->start_ms + random_below(random, most_days * DAY_MS);
}

void history_fini(struct history *history)
{
    club_fini(&history->club);
}
