// A member's points as his book keeps them: lots, what is set aside, what is owed, forgiven and
// expired, by arithmetic of its own. Knows neither records nor programs. A purse can be copied and
// moved ahead in time, to foretell. Source: domain.md, "Figures".
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"
#include "core/record.h"

struct purse_lot {
    int64_t spendable_ms; // 0: now
    int64_t ends_ms;
    int64_t points;
    uint64_t award; // sequence number of what gave it, while it is pending; else 0
};

// Points set aside; which lots they came from stands in the shares of its request.
struct purse_hold {
    uint64_t request; // number of the reservation
    int64_t lapses_ms;
    int64_t points;
    uint32_t version;
    bool counted; // against the limit of `day`
    int64_t day;
};

struct purse_share {
    uint64_t request;
    int64_t ends_ms;
    int64_t points;
};

struct move_list { // a VEC by its form
    struct lot_move *items;
    uint32_t count;
    uint32_t capacity;
};

struct purse {
    int64_t at_ms;
    int64_t deficit;
    int64_t forgiven;
    int64_t expired;
    int64_t day; // whose limited redemptions are counted, and how many
    int64_t day_points;
    VEC(struct purse_lot) lots; // in the order they came
    VEC(struct purse_hold) holds;
    VEC(struct purse_share) shares;
    struct move_list ended; // what has expired, by end
    // what the last change moved: taken, and freed
    struct move_list moved;
    struct move_list freed;
};

void purse_clear(struct purse *purse);
void purse_fini(struct purse *purse);
void purse_copy(struct purse *purse, const struct purse *from);

int64_t purse_spendable(const struct purse *purse); // of lots
int64_t purse_balance(const struct purse *purse);   // that, less what is owed
int64_t purse_pending(const struct purse *purse);
int64_t purse_held(const struct purse *purse);
int64_t purse_ended(const struct purse *purse, int64_t ends_ms);
const struct purse_hold *purse_hold(const struct purse *purse, uint64_t request);

// --- time ---

// Pending points become spendable, and pay what is owed; nothing else that falls due may lie
// between.
void purse_settle(struct purse *purse, int64_t at_ms);
// The first instant after `after_ms` at which points end or a hold lapses; INSTANT_NEVER.
int64_t purse_next(const struct purse *purse, int64_t after_ms);
// The first hold that has lapsed by now, or NULL.
const struct purse_hold *purse_lapsed(const struct purse *purse);
// Points of lots that have ended by now go; says how many.
int64_t purse_expire(struct purse *purse);

// --- commands ---

// New points; spendable ones pay what is owed, what has ended expires at once.
void purse_earn(struct purse *purse, const struct purse_lot *lot);
// Takes what is spendable, the earliest end first, into `moved`; says how many were missing.
int64_t purse_spend(struct purse *purse, int64_t points);
// The same, set aside; all of it must be there.
void purse_set_aside(struct purse *purse, const struct purse_hold *hold);
// Ends a hold: its first `points` are spent (`moved`), the rest is the member's again (`freed`);
// says how many of these expire at once.
int64_t purse_end_hold(struct purse *purse, uint64_t request, int64_t points);
// Puts points back where they came from; says how many expire at once.
int64_t purse_put_back(struct purse *purse, int64_t ends_ms, int64_t points);
// Counts limited redemptions of a civil day, or takes them out of the count.
void purse_count(struct purse *purse, int64_t day, int64_t points);
void purse_uncount(struct purse *purse, int64_t day, int64_t points);

// What an award's reversal takes, and where it finds it. `moved` has the lots, its own first.
struct purse_found {
    int64_t pending;
    int64_t expired;
    int64_t others;
    int64_t missing; // owed or forgiven
};

struct purse_found purse_take_back(struct purse *purse, uint64_t award, int64_t ends_ms,
                                   int64_t points, bool forgive);
