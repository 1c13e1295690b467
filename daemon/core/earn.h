// What a sale earns: exact rational arithmetic over the rules, rounded once. Source: domain.md,
// "Figures" (Rounding) and proto/loyalty/v1/program.proto (Earn). Pure figures: knows neither
// accounts nor time beyond the sale's own instant.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/status.h"
#include "core/program.h"

struct sale_line {
    int64_t amount_minor;
    struct span category;
};

struct receipt_key {
    uint64_t number;      // 0: none
    int32_t business_day; // days since 1970
};

// A sale, checked by wire for shapes and bounds; its currency is the program's.
struct sale {
    int64_t occurred_ms; // settled by the decision when only a date was given
    struct sale_line *lines;
    size_t line_count;
    int64_t paid_with_points_minor; // at most the total
    struct span unit;               // "store-0007/till-02"
    struct span channel;
    struct receipt_key receipt;
    bool training;
    bool has_date; // only a civil date was given
    struct civil_date date;
    bool has_occurred; // an instant was given; with neither it is now
    bool exchanged;    // `exchange_of` is the request id of the Reverse that took old goods back
    uint8_t exchange_of[16];
    bool attached;       // claimed afterwards with its receipt: late by the program's attach_days
    int32_t birth_month; // the member's, 1 to 12; 0: not known
};

// Points a capped rule has already given this member in the sale's civil day and month.
struct earn_usage {
    int64_t day;
    int64_t month;
};

struct earned_rule {
    size_t rule;    // index in the program
    int64_t points; // its share of the whole, by largest remainder
};

struct earned_line {
    int64_t points;
    int64_t score;
};

struct earned {
    int64_t points;
    int64_t score;
    struct earned_rule *rules; // in program order, only those that gave points
    size_t rule_count;
    struct earned_line *lines; // one a line of the sale
    int64_t lot_ends_ms;       // INSTANT_NEVER: never
    int64_t spendable_ms;      // the sale's instant when nothing is pending
    int64_t score_until_ms;    // INSTANT_NEVER: in force
};

// When points earned at an instant, in civil day `local_day`, end, and when they can be spent.
void earn_points_instants(const struct program_version *version, int64_t at_ms, int32_t local_day,
                          int64_t *ret_lot_ends_ms, int64_t *ret_spendable_ms);

// The sale's total. STATUS_RANGE past LIMIT_AMOUNT_MINOR_MAX or for a negative line.
MUST_CHECK enum status sale_total(const struct sale *sale, int64_t *ret_total_minor);

// Computes what the sale earns under `version` for a member of tier `rank` at the time. `usage` has
// one entry a rule of the program (zero where the rule has no day or month cap), or NULL.
//
// A sale of nothing, and one paid with points alone where that part does not earn, gives 0 points:
// no bonus either. What is best of its kind (stack_best), and what a multiplier multiplies, is
// judged before caps; caps cut a rule's exact points, the tier's multiplier included, and never the
// score. A line's points follow what each rule gave it: rates and bonuses by amount, multipliers by
// what the rates gave. STATUS_RANGE when an exact product or a result leaves its bounds, or when
// more was paid with points than the total.
MUST_CHECK enum status earn_compute(const struct program_version *version, const struct sale *sale,
                                    int rank, const struct earn_usage *usage, struct arena *arena,
                                    struct earned *ret_earned);

// Where the window of score that begins on a civil date ends; INSTANT_NEVER: in force.
int64_t earn_score_end(const struct program_version *version, struct civil_date date);

// floor(amount x part / whole) for 0 <= part <= whole, whole > 0, in 128 bits: cumulative shares.
int64_t earn_share_floor(int64_t amount, int64_t part, int64_t whole);

// What points are worth by the program's redemption value, floored; 0 when it has none.
// STATUS_RANGE for negative points and past LIMIT_AMOUNT_MINOR_MAX.
MUST_CHECK enum status earn_points_value(const struct program *program, int64_t points,
                                         int64_t *ret_minor);
