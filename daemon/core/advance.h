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

// Rank of a tier by id. One that the version does not know (it came with a later version, `later`)
// counts as the highest below it that it knows; 0 when there is none.
int advance_rank(const struct program *program, const struct program *later, struct span tier);
// The last version's program; NULL when there is none.
const struct program *advance_latest(const struct program_set *programs);

// --- cards (advance_cards.c) ---

// A tier held, by id rather than by an account's reference: what rules compute with.
struct held_card {
    struct span tier;
    int64_t from_ms;
    int64_t until_ms;
    bool complimentary; // given by hand
};

// The card held, and the last one before it that was not complimentary (the same when it is not): a
// complimentary card never costs one that was earned. While it is held, tests reach a tier that is
// at least its own, with a new validity. At its end the card that it covered goes on to its own
// end, if that is to come and its tier is at least the score's of that instant.
struct holding {
    struct held_card card;
    struct held_card covered;
};

struct held_card advance_card(const struct account *account, const struct card *card);
struct holding advance_holding(const struct account *account);
// As of a card of the account.
struct holding advance_holding_of(const struct account *account, const struct card *card);
// A card takes the place of the one held.
void advance_hold(struct holding *holding, const struct held_card *card);

// The card of `rank` given at an instant: validity from there on, none for the base tier.
struct held_card advance_new_card(const struct program_version *version, int rank, int64_t from_ms);

struct card_test {
    int64_t at_ms;
    int64_t score;
    bool rescore; // gives both kinds, else IMMEDIATE tiers alone
};

// Whether another card would take the place of the one held, for its tier.
bool advance_takes_place(const struct program *program, const struct program *latest,
                         const struct held_card *held, const struct held_card *other);
// The tier that a test gives in place of the card held; 0: none.
int advance_raised(const struct program *program, const struct program *latest,
                   const struct held_card *held, const struct card_test *test);
// The same, given: RESTART, or KEEP where the version says so. False when there is none.
bool advance_raise(const struct program_version *version, const struct program *latest,
                   const struct card_test *test, struct holding *holding);
// The card held has ended: CARD_RESUMED, or CARD_END with the tier set anew.
enum card_cause advance_end_card(const struct program_version *version,
                                 const struct program *latest, const struct card_test *test,
                                 struct holding *holding);

// What late score would have brought: replays re-scorings and card ends in (from, now] with `extra`
// counted too, starting from the card covering the earliest extra score. The result covers now.
// Source: domain.md, "Late and offline sales", fine print 3 and 14.
struct late_score {
    const struct opening_score *extra; // at least one
    size_t extra_count;
};

struct held_card advance_replay(const struct account *account, const struct program_set *programs,
                                const struct late_score *late);
