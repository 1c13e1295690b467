// A program: one version of all rules, as plain data. wire/ fills the texts from a document,
// program_compile checks every part, reports every mistake with its path and reason, and fills the
// derived fields. After that it is immutable and shared. Source: domain.md, "Program".
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/span.h"
#include "base/status.h"
#include "core/calendar.h"

enum upgrade { UPGRADE_UNSPECIFIED, UPGRADE_IMMEDIATE, UPGRADE_AT_RESCORE };
enum rounding { ROUNDING_FLOOR, ROUNDING_HALF_UP };
enum score_window { SCORE_UNSPECIFIED, SCORE_IN_FORCE, SCORE_ROLLING, SCORE_CALENDAR };
enum earn_kind { EARN_UNSPECIFIED, EARN_RATE, EARN_MULTIPLIER, EARN_BONUS };

enum { BASIS_POINTS = 10000 };

// Choices of the document that are a bool here: the bit says that the document's number for it is
// none of its enum. A choice kept as an enum or a number is -1 then (as is a weekday or a period of
// a perk), and 0 when it was not given.
enum program_unmapped {
    UNMAPPED_VALIDITY_ON_UPGRADE = 1 << 0,
    UNMAPPED_ON_CARD_END = 1 << 1,
    UNMAPPED_STACKING = 1 << 2,
    UNMAPPED_NEGATIVE_BALANCE = 1 << 3,
};

// Numbers of loyalty.v1.PerkPeriod.
enum perk_period {
    PERK_UNSPECIFIED,
    PERK_CALENDAR_YEAR,
    PERK_CARD,
    PERK_MONTH,
    PERK_LIFETIME,
};

// A name in one language.
struct local_name {
    struct span language; // a language tag, "zh"
    struct span text;
};

struct local_names {
    struct local_name *items;
    size_t count;
};

struct tier {
    struct span id;
    int64_t threshold;
    enum upgrade upgrade;
    uint32_t validity_months;
    uint32_t multiplier_bp; // compiled: never 0
    struct local_names names;
};

struct rate {
    int64_t points;
    int64_t money_minor;
};

struct span_list {
    struct span *items;
    size_t count;
};

struct condition {
    struct span_list stores;
    struct span_list channels;
    struct span_list categories;
    struct span_list tiers;
    int32_t *weekdays; // 1 = Monday .. 7, as given
    size_t weekday_count;
    uint32_t from_hour;
    uint32_t until_hour;
    bool birthday_month;
    int64_t minimum_spend_minor;
    struct span from; // "YYYY-MM-DD" or empty
    struct span until;
    // compiled
    uint8_t weekday_mask; // bit 0 = Monday; 0: every day
    int32_t from_day;     // days since 1970, INT32_MIN when open
    int32_t until_day;    // INT32_MAX when open
};

struct earn_rule {
    struct span id;
    struct condition when;
    enum earn_kind kind;
    struct rate rate;
    uint32_t multiplier_bp;
    int64_t bonus_points;
    int64_t cap_sale; // 0: none
    int64_t cap_day;
    int64_t cap_month;
};

struct rescore_date {
    struct span text; // "MM-DD"
    int32_t month;    // compiled
    int32_t day;
};

struct perk_quota {
    struct span tier_id;
    uint32_t count;
    int32_t per; // enum perk_period; matters only with a count
};

struct perk {
    struct span id;
    struct perk_quota *quotas;
    size_t quota_count;
    struct span_list partners;
    struct local_names names;
};

// Numbers a kind of identifier has: digits, as many as both ends have, both inclusive.
struct number_range {
    struct span from;
    struct span to;
    bool luhn;
};

struct identifier_rule {
    int32_t kind; // loyalty.v1.IdentifierKind; -1: none of them
    bool required;
    bool shared;
    bool no_match;
    struct number_range *ranges;
    size_t range_count;
};

struct notices {
    uint32_t points_days; // 0: not told
    uint32_t card_days;
    bool birthdays;
};

struct referral {
    int64_t referrer_points;
    int64_t referred_points;
    int64_t minimum_spend_minor;
    uint32_t within_days; // 0: whenever
};

struct program {
    struct span id;
    struct span zone_name;
    struct span currency;
    struct rescore_date *rescores;
    size_t rescore_count;
    struct tier *tiers; // rank order
    size_t tier_count;
    bool keep_validity_on_upgrade;
    bool one_down_on_card_end;
    struct earn_rule *rules;
    size_t rule_count;
    bool stack_best;
    enum rounding rounding;
    bool points_paid_earns;
    uint32_t score_share_bp; // compiled: never 0 unless no_score
    bool no_score;
    enum score_window window;
    uint32_t rolling_months;
    enum period calendar_period; // PERIOD_MONTH: not given
    uint32_t expiry_months;      // 0: never
    enum period expiry_period;
    uint32_t pending_days;
    int64_t redeem_minimum; // compiled: at least 1
    int64_t redeem_step;    // compiled: at least 1
    int64_t redeem_a_day;   // 0: no limit
    struct rate redeem_value;
    int64_t offline_floor; // most points a till gives out by itself at a time; 0: none
    uint32_t hold_seconds; // compiled: never 0
    bool clamp_negative;
    uint32_t late_days;
    uint32_t attach_days;
    int64_t guard_sale; // 0: none
    int64_t guard_member_day;
    int64_t guard_terminal_day;
    struct perk *perks;
    size_t perk_count;
    struct identifier_rule *identifiers; // none: every kind may be used
    size_t identifier_count;
    struct notices notices;
    struct referral referral;
    uint32_t unmapped; // of enum program_unmapped: reported by compile
    // compiled
    bool asks_birth_month;    // some rule does
    int64_t rate_denominator; // least common multiple of all rates' money_minor
};

struct program_problem {
    struct span path;   // "tiers[2].threshold"
    struct span reason; // what is wrong, and what would be right
};

struct program_problems {
    struct arena *arena;
    struct program_problem *items;
    size_t count; // at most LIMIT_PROGRAM_PROBLEMS; the last one then says that there are more
};

// Checks and completes in place. Every mistake is added to `problems` (whose arena it uses); the
// program may be used only if none was. STATUS_NO_MEMORY is the only failure.
MUST_CHECK enum status program_compile(struct program *program, struct program_problems *problems);
// What a successor must keep: id, zone, currency, and every tier id in the same order (new ones may
// come between and above; the base tier stays the base tier). Both compiled.
MUST_CHECK enum status program_check_successor(const struct program *old,
                                               const struct program *successor,
                                               struct program_problems *problems);
// Adds one problem; `path` and `reason` live as long as the problems' arena. NULL, which is what
// arena_printf gives when that is full, is STATUS_NO_MEMORY.
MUST_CHECK enum status program_problem_add(struct program_problems *problems, const char *path,
                                           const char *reason);

// Rank of a tier by id, or -1.
int program_tier_rank(const struct program *program, struct span tier_id);
// The highest tier whose threshold is at most `score`; 0 for the base tier.
int program_tier_of_score(const struct program *program, int64_t score);

// A version in force from an instant on.
struct program_version {
    uint32_t number; // 1, 2, ...
    int64_t effective_from_ms;
    const struct program *program;
    const struct zone *zone;
};

// All versions of a program, effective_from rising with the number.
struct program_set {
    const struct program_version *versions;
    size_t count;
};

// The version in force at an instant (the new one at equality); NULL before the first.
const struct program_version *program_set_at(const struct program_set *set, int64_t instant_ms);
// The version of a number; NULL when it is not known.
const struct program_version *program_set_number(const struct program_set *set, uint32_t number);
// The first re-scoring instant after `after_ms` and at most `until_ms`, each date judged by the
// version in force at it; INSTANT_NEVER when there is none.
int64_t program_set_next_rescore(const struct program_set *set, int64_t after_ms, int64_t until_ms);
