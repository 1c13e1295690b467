// What another program would do: the daemon's own core decides and moves accounts in memory, under
// the old program and under the new one, and here is added up what each makes of them. Members are
// independent, so one is taken after the other. Knows no files, no server and no output: the same
// members in any order give the same figures.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/limits.h"
#include "base/status.h"
#include "core/account.h"
#include "core/ledger.h"
#include "core/program.h"
#include "core/refusal.h"
#include "ctl/sales_file.h"

enum {
    WHATIF_MONTHS_MAX = 600,      // looked at; of a longer time every second one, or third
    WHATIF_AHEAD_MONTHS_MAX = 24, // without sales
    WHATIF_LIVE_MONTHS = 12,      // back, whose sales are judged again
};

enum whatif_which { WHATIF_OLD, WHATIF_NEW, WHATIF_SIDES };

// Where everybody stands at an instant.
struct whatif_standing {
    int64_t outstanding; // points: spendable, pending and held
    int64_t owed;        // by members: deficits
    int64_t expired;     // until then; of live accounts from now on
    int64_t score;       // that counts then
    int64_t tiers[LIMIT_TIERS];
};

// What one program makes of all.
struct whatif_side {
    struct program_set programs;
    const struct program *program; // the one in force in the end: its point has the value
    int64_t sales;                 // that gave something, or nothing, but were not refused
    int64_t issued;                // points
    int64_t score_given;
    int64_t refused[REFUSAL_COUNT];
    int64_t raised; // cards given: to a higher tier, the same again, a lower one
    int64_t renewed;
    int64_t lowered;
    struct whatif_standing end;
    struct whatif_standing until;
    int64_t sizes[WHATIF_MONTHS_MAX][LIMIT_TIERS]; // members by tier as a month begins
};

struct whatif_change {
    int64_t gain; // members who have more by the new program
    int64_t lose;
    int64_t same;
};

// Tiers of those who have one, old (first) x new, and who rises or falls.
struct whatif_matrix {
    int64_t members[LIMIT_TIERS][LIMIT_TIERS];
    struct whatif_change change;
};

// How one account fares by one program.
struct whatif_outcome {
    bool carded; // it has a tier
    int rank_end;
    int rank_until;
    int64_t points; // issued to it
};

struct whatif {
    bool live;
    // Told of each account that fares otherwise by the new program; NULL: nobody is.
    void (*on_change)(void *context, struct span id, const struct whatif_outcome *old,
                      const struct whatif_outcome *new);
    void *context;
    const struct program *ranks; // the new program, which has all tiers there are
    const struct zone *zone;
    int64_t begin_ms; // of the first sale's day; live: now
    int64_t end_ms;   // of the data: what comes after is without sales; live: now
    int64_t until_ms;
    int64_t months[WHATIF_MONTHS_MAX];
    size_t month_count;
    struct whatif_side sides[WHATIF_SIDES];
    int64_t members;
    int64_t pools; // live ones: points without a tier
    int64_t ended; // live: memberships that have ended, which are left out
    struct whatif_matrix at_end;
    struct whatif_matrix at_until;
    struct whatif_change points;
    // live: sales that the log does not tell enough of; their points are in both sides as they were
    int64_t not_judged;
    int64_t not_judged_points;
    // memory for one account at a time
    struct arena arena;
    struct arena kept;
    struct buffer out;
};

// Of two programs' versions; the new one's last has all tiers of the old. Sides, months and figures
// are set; NULL when memory is short. The instants rise: begin <= end <= until.
struct whatif_times {
    int64_t begin_ms;
    int64_t end_ms;
    int64_t until_ms;
};

struct whatif *whatif_new(const struct program_set *old, const struct program_set *new,
                          const struct whatif_times *times, bool live);
void whatif_free(struct whatif *whatif);

// One member's sales, in order of time: enrolled as the first one's day begins, each sale decided
// as a backfill at its own time. Any other status than STATUS_OK says that the programs do not fit
// (NOT_FOUND), or that memory is short.
MUST_CHECK enum status whatif_replay(struct whatif *whatif, struct span id,
                                     const struct sale_row *rows, size_t count);
// One live account, folded from its log, which stands at `end_ms` or before. It is changed.
MUST_CHECK enum status whatif_live(struct whatif *whatif, struct account *account, struct span log);

// Where it cannot matter any more what was sold by `end_ms`: the last instant at which its score or
// the longest card ends by either program, at most WHATIF_AHEAD_MONTHS_MAX on.
int64_t whatif_default_until(const struct program_set *old, const struct program_set *new,
                             int64_t end_ms);
// Points in money at the program's value of a point, floored; 0 where it has none.
int64_t whatif_value(const struct program *program, int64_t points);
