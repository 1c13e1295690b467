// Time: the boundaries an account crosses by itself, in domain.md's order at one instant: pending
// -> spendable; lots end; contributions end; contributions start; holds lapse; card ends;
// re-scoring; the IMMEDIATE test of an instant; notices. Each instant at which something is to be
// said becomes one RECORD_BOUNDARY dated that instant, behind one RECORD_LAPSED for each hold that
// lapses there and before the RECORD_NOTICEDs (core/notice.h); they are the same whenever they are
// written, so lazy and eager logs are equal byte for byte.
// advance(advance(a, t1), t2) == advance(a, t2).
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "core/account.h"
#include "core/ledger.h"
#include "core/program.h"

// Moves the account to `now_ms` (not back), emitting what time made on the way. `arena` is for
// scratch and not reset. STATUS_NOT_FOUND when a card ends and no version is in force to say what
// follows: the account is of another program, or the program's log was lost.
MUST_CHECK enum status advance(struct account *account, struct ledger_writer *writer,
                               struct arena *arena, int64_t now_ms);

// The first instant after the account's now at which advance would write something, by the versions
// known; INSTANT_NEVER when none is foreseen, as for a membership that has ended. The account's now
// while it has something to bring about elsewhere (account_unfinished).
int64_t advance_due(const struct account *account, const struct program_set *programs);

// The highest tier that may be given for a score: IMMEDIATE ones, and at a re-scoring both kinds; 0
// when none is reached.
int advance_reached(const struct program *program, int64_t score, bool at_rescore);
// The tier set anew at a card's end: the score's, or where the version says ONE_DOWN that or one
// below the old, whichever is higher.
int advance_rank_after_end(const struct program_version *version, int64_t score, int old_rank);
// Rank of a tier by id. One that the version does not know (it came with a later version, `later`)
// counts as the highest below it that it knows; 0 when there is none.
int advance_rank(const struct program *program, const struct program *later, struct span tier);

// A tier held, by id rather than by an account's reference: what rules compute with.
struct held_card {
    struct span tier;
    int64_t from_ms;
    int64_t until_ms;
};

// The card of `rank` given at an instant: validity from there on, none for the base tier.
struct held_card advance_new_card(const struct program_version *version, int rank, int64_t from_ms);
// The same for an upgrade of `old`: RESTART, or KEEP where the version says so.
struct held_card advance_upgraded(const struct program_version *version,
                                  const struct held_card *old, int rank, int64_t from_ms);

// What late score would have brought: replays re-scorings and card ends in (from, now] with `extra`
// counted too, starting from the card covering the earliest extra score. The result covers now.
// Source: domain.md, "Late and offline sales", fine print 3 and 14.
struct late_score {
    const struct opening_score *extra; // at least one
    size_t extra_count;
};

struct held_card advance_replay(const struct account *account, const struct program_set *programs,
                                const struct late_score *late);
