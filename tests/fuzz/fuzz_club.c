// The versions differ in what moves boundaries: the second has one tier more, other dates of
// re-scoring, and cards that go one down.
#include "fuzz/fuzz_club.h"

#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "core/calendar.h"

#define TEXT(text)                                                                                 \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }

// Berlin about: summer time from March to October of some years.
static const struct zone_step steps[] = {
    {0, 3600000},
    {INT64_C(1585443600000), 7200000}, // 2020-03-29
    {INT64_C(1603587600000), 3600000}, // 2020-10-25
    {INT64_C(1774746000000), 7200000}, // 2026-03-29
    {INT64_C(1792890000000), 3600000}, // 2026-10-25
};
static const struct zone zone = {.steps = steps, .count = sizeof(steps) / sizeof(steps[0])};

static struct tier first_tiers[] = {
    {.id = TEXT("member")},
    {TEXT("silver"), 2000, UPGRADE_AT_RESCORE, 24, 11000, {0}},
    {TEXT("gold"), 10000, UPGRADE_AT_RESCORE, 24, 12500, {0}},
    {TEXT("diamond"), 50000, UPGRADE_IMMEDIATE, 24, 15000, {0}},
};
static struct tier second_tiers[] = {
    {.id = TEXT("member")},
    {TEXT("silver"), 2000, UPGRADE_IMMEDIATE, 1, 11000, {0}},
    {TEXT("gold"), 10000, UPGRADE_AT_RESCORE, 12, 12500, {0}},
    {TEXT("platinum"), 20000, UPGRADE_IMMEDIATE, 6, 13000, {0}},
    {TEXT("diamond"), 50000, UPGRADE_IMMEDIATE, 24, 15000, {0}},
};
static struct rescore_date first_rescores[] = {{.text = TEXT("06-01")}, {.text = TEXT("12-01")}};
static struct rescore_date second_rescores[] = {{.text = TEXT("03-31")}};

static int32_t weekdays[] = {6, 7};
static struct span wine = TEXT("wine");
static struct earn_rule first_rules[] = {
    {.id = TEXT("base"), .kind = EARN_RATE, .rate = {1, 100}, .cap_day = 100000},
    {.id = TEXT("weekend"),
     .kind = EARN_MULTIPLIER,
     .multiplier_bp = 20000,
     .when = {.weekdays = weekdays, .weekday_count = 2},
     .cap_month = 5000},
    {.id = TEXT("wine"),
     .kind = EARN_BONUS,
     .bonus_points = 50,
     .when = {.categories = {&wine, 1}},
     .cap_sale = 50},
};
static struct earn_rule second_rules[] = {
    {.id = TEXT("base"), .kind = EARN_RATE, .rate = {2, 150}},
};

static struct program first = {
    .id = TEXT("fuzz"),
    .zone_name = TEXT("Europe/Berlin"),
    .currency = TEXT("CNY"),
    .rescores = first_rescores,
    .rescore_count = 2,
    .tiers = first_tiers,
    .tier_count = 4,
    .rules = first_rules,
    .rule_count = 3,
    .window = SCORE_ROLLING,
    .rolling_months = 12,
    .expiry_months = 12,
    .expiry_period = PERIOD_MONTH,
    .pending_days = 3,
    .redeem_a_day = 100000,
    .redeem_value = {100, 100},
    .late_days = 45,
    .guard_member_day = 10000000,
};
static struct program second = {
    .id = TEXT("fuzz"),
    .zone_name = TEXT("Europe/Berlin"),
    .currency = TEXT("CNY"),
    .rescores = second_rescores,
    .rescore_count = 1,
    .tiers = second_tiers,
    .tier_count = 5,
    .keep_validity_on_upgrade = true,
    .one_down_on_card_end = true,
    .rules = second_rules,
    .rule_count = 1,
    .stack_best = true,
    .rounding = ROUNDING_HALF_UP,
    .window = SCORE_CALENDAR,
    .calendar_period = PERIOD_YEAR,
    .late_days = 45,
};

static struct program_version versions[] = {
    {1, FUZZ_CLUB_FROM_MS, &first, &zone},
    {2, INT64_C(1777593600000), &second, &zone}, // 2026-05-01
};

static void compile(struct program *program)
{
    struct arena arena; // of the problems, and there must be none
    arena_init(&arena, LIMIT_ARENA_BYTES);
    struct program_problems problems = {.arena = &arena};
    CHECK(program_compile(program, &problems) == STATUS_OK && problems.count == 0);
    arena_fini(&arena);
}

const struct program_set *fuzz_club(void)
{
    static struct program_set set;
    if (set.count == 0) {
        compile(&first);
        compile(&second);
        set = (struct program_set){.versions = versions, .count = 2};
    }
    return &set;
}

enum status fuzz_zone_load(const char *name, struct zone *ret_zone)
{
    static const struct zone_step shanghai = {.offset_ms = 8 * 3600 * 1000};
    if (strcmp(name, "Asia/Shanghai") == 0) {
        *ret_zone = (struct zone){.steps = &shanghai, .count = 1};
        return STATUS_OK;
    }
    *ret_zone = zone;
    return strcmp(name, "Europe/Berlin") == 0 ? STATUS_OK : STATUS_NOT_FOUND;
}

void fuzz_zone_free(struct zone *freed)
{
    *freed = (struct zone){0};
}

void fuzz_chain_hash(const uint8_t *previous, struct span record, uint8_t *ret_hash)
{
    uint64_t low = hash_fnv1a(record);
    uint64_t high;
    memcpy(&high, previous, sizeof(high));
    low ^= hash_fnv1a(span_of(previous, CHAIN_HASH_BYTES)) * UINT64_C(0x9e3779b97f4a7c15);
    high = (high ^ low) * UINT64_C(0xff51afd7ed558ccd);
    memcpy(ret_hash, &low, sizeof(low));
    memcpy(ret_hash + sizeof(low), &high, sizeof(high));
}
