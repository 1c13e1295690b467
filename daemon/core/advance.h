// Time: the boundaries an account crosses by itself, in domain.md's order at one instant: pending
// -> spendable; lots end; contributions end; contributions start; holds lapse; card ends;
// re-scoring; the IMMEDIATE test of an instant comes last. Each instant at which something is to be
// said becomes one RECORD_BOUNDARY dated that instant, the same whenever it is written, so lazy and
// eager logs are equal byte for byte. advance(advance(a, t1), t2) == advance(a, t2).
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "core/account.h"
#include "core/ledger.h"
#include "core/program.h"

// Moves the account to `now_ms` (not back), emitting what time made on the way. `arena` is for
// scratch and not reset.
MUST_CHECK enum status advance(struct account *account, struct ledger_writer *writer,
                               struct arena *arena, int64_t now_ms);

// The first instant after the account's now at which advance would write something, by the versions
// known; INSTANT_NEVER when none is foreseen.
int64_t advance_due(const struct account *account, const struct program_set *programs);

// A new card of tier `rank` from an instant on, its end by the version's validity.
struct card advance_new_card(const struct program_version *version, int rank, int64_t from_ms,
                             enum card_cause cause, uint32_t tier_ref);
// The end of a card raised to `rank` from `old`: RESTART, or KEEP where the version says so.
int64_t advance_upgrade_until(const struct program_version *version, const struct card *old,
                              int old_rank, int rank, int64_t from_ms);
// Rank of a tier text in a version; a tier the version does not know counts as the highest known
// one below it in `later` (or 0).
int advance_rank(const struct program *program, const struct program *later, struct span tier);
// The highest tier that may be given now: IMMEDIATE ones alone, or at a re-scoring both kinds.
int advance_reached(const struct program *program, int64_t score, bool at_rescore);

// What late score would have brought: replays re-scorings and card ends in (from, now] with `extra`
// counted too, starting from the card covering `from_ms`. `ret_card` has rank `ret_rank` in the
// version in force at now. Source: domain.md, "Late and offline sales", fine print 3 and 14.
struct late_score {
    const struct opening_score *extra;
    size_t extra_count;
    int64_t from_ms;
};

struct late_card {
    struct span tier; // id, in a program
    int rank;
    int64_t from_ms;
    int64_t until_ms;
};

void advance_replay(const struct account *account, const struct program_set *programs,
                    const struct late_score *late, struct late_card *ret_card);
