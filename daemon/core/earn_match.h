// Whether a rule's condition holds: for the sale as a whole, and for one of its lines. Source:
// proto/loyalty/v1/program.proto (Condition).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "core/earn.h"
#include "core/program.h"

// What conditions look at: the sale where and when it occurred, and the member's tier then.
struct situation {
    struct span store; // the first element of the selling unit
    struct span channel;
    struct span tier;
    int64_t total_minor;
    int32_t day;      // local, days since 1970
    int32_t weekday;  // 1 = Monday .. 7
    int32_t hour;     // local, 0 to 23
    bool birth_month; // it is in the month of the member's birthday
};

// `local` is the sale's own instant.
void situation_init(struct situation *situation, const struct program *program,
                    const struct sale *sale, struct day_time local, int64_t total_minor, int rank);
// Every part but the categories, which are the lines'.
bool condition_holds(const struct condition *condition, const struct situation *situation);
bool condition_takes_line(const struct condition *condition, const struct sale_line *line);
