// An account: the fold of its log, and nothing else. Knows no program: account_apply takes recorded
// outcomes. Silent boundaries (pending points becoming spendable, score starting and ending) need
// no record, for they follow from instants already recorded; account_settle passes them.
//
// Invariants (account_check): lots rise strictly by end, each above 0; no points but held ones are
// there after their end; no hold after its lapse; a deficit means no spendable lot; balance = sum
// of lots - deficit; score = sum of contributions in force; points are conserved: lots + pending +
// held - deficit = awarded + opened - taken back + forgiven - redeemed + given back - expired +
// moved in - moved out + adjusted; a member's last card covers now, unless the membership has
// ended.
//
// Owned arrays are of two kinds: small ones that change in place (lots, pending, holds, what ended,
// steps, obligations), saved whole by a savepoint, and append-only ones (contributions, cards,
// uses, names, ids), saved by length. So an attempt can be undone in time that does not grow with
// history.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/vec.h"
#include "core/lot_list.h"
#include "core/names.h"
#include "core/record.h"

struct pending_lot {
    int64_t spendable_ms;
    int64_t ends_ms;
    int64_t points;
    uint64_t seq; // of the award
};

// Points set aside: their lots stand in held_lots, those of the first hold first, each hold's in
// the order they were taken.
struct hold {
    uint8_t reservation[REQUEST_ID_BYTES]; // the request id of the Reserve
    uint64_t seq;                          // of its record
    int64_t lapses_ms;
    int64_t points;
    uint32_t version; // of the program, whose value the points have
    bool counted;     // against the limit of civil day `day`
    int32_t day;
    uint32_t lot_count;
};

// Score with one interval. Append-only: a reduction is a negative one from the moment it was known.
// Boundaries of an instant come before its commands: what was sold or reported exactly at a
// boundary does not count in it, what was announced earlier to start there does.
struct contribution {
    int64_t from_ms;
    int64_t until_ms;
    int64_t boundary_from_ms; // from_ms when announced before, else a millisecond later
    int64_t score;
    uint64_t seq; // of the record that gave it; of a reversal's, that of the award
};

// A future change of the score: what ends and what starts at one instant.
struct score_step {
    int64_t at_ms;
    int64_t fall;
    int64_t rise;
};

// Points counted against a cap: of a rule, or of the member's day (rule 0). Below 0: taken back.
struct use {
    uint32_t rule;
    int32_t day;
    int64_t points;
};

enum identifier_stage {
    IDENTIFIER_CLAIMING, // the obligation to claim it is open
    IDENTIFIER_BOUND,
    IDENTIFIER_LOST,      // another member was first
    IDENTIFIER_REPLACED,  // still points here, so that who shows it is told
    IDENTIFIER_RELEASING, // the obligation to let it go is open; RECORD_BOUND, lost, forgets it
};

struct identifier_state {
    struct identifier identifier;
    enum identifier_stage stage;
};

// A step in the life of a claim on a receipt: the last one of its key (operation, number, and of a
// reversal its original) says how that stands. Append-only.
struct claim {
    enum receipt_stage stage; // none is DAY_CLOSED
    enum receipt_operation operation;
    uint64_t number;
    uint8_t original[REQUEST_ID_BYTES];
    uint8_t request[REQUEST_ID_BYTES];
    char member_id[LIMIT_MEMBER_ID_BYTES + 1];
    int64_t points;
    int64_t amount_minor;
    int64_t not_after_ms;
    uint32_t times;  // how often this request has claimed it since it had it
    uint32_t before; // the step that this one replaces, counted from 1; 0: none
};

struct terminal_day {
    uint32_t unit; // reference
    int32_t day;
    bool closed;                                     // and nothing has come since
    struct receipt_total totals[RECEIPT_OPERATIONS]; // of the claims that stand
};

// A use of a perk; a reversal is another one with `count` below 0. Append-only.
struct perk_use {
    uint32_t perk; // reference
    int32_t day;
    uint32_t card; // cards the account had then: which of them it was made under
    int32_t count; // of one merged in: several
    uint64_t seq;  // of the use, also in its reversal; of one merged in that of the merge
    uint8_t code[PERK_CODE_BYTES]; // zeros: none
};

// What is left of a partner's contribution: the last one of a key says it. Append-only.
struct reported {
    uint8_t key[IDENTIFIER_KEY_BYTES];
    int64_t from_ms;
    int64_t until_ms;
    int64_t score;
    uint64_t seq; // of the record that reported it, or brought it along
};

// Something that this account still has to bring about elsewhere; closed by RECORD_DONE.
struct obligation {
    uint64_t seq; // of the record that made it
    enum record_type type;
};

// Who may use a pool: the last one of a member says it. Append-only.
struct pool_member {
    char member_id[LIMIT_MEMBER_ID_BYTES + 1];
    bool may_award;
    bool may_redeem;
    int64_t redeem_a_month;
};

// A member that was merged into this one. Append-only.
struct absorbed {
    char member_id[LIMIT_MEMBER_ID_BYTES + 1];
};

// What was spent of a pool by a member. Append-only.
struct pool_use {
    uint32_t member; // index into pool_members of the member's first entry
    int32_t day;
    int64_t points;
};

// A set of 64-bit prints of request ids; a hit means "look in the log", a miss is certain.
struct id_set {
    VEC(uint64_t) prints; // in order of recording
    uint32_t *slots;      // index + 1 into prints; capacity a power of two
    uint32_t slot_count;
};

struct account {
    // identity, from the first record
    enum account_kind kind;
    char id[LIMIT_MEMBER_ID_BYTES + 1];
    uint32_t partition;
    uint32_t program;  // reference
    uint32_t currency; // reference
    int64_t enrolled_ms;
    // version
    uint64_t seq;       // records since the beginning, compacted ones too
    uint64_t log_bytes; // as stored now
    uint8_t tail[CHAIN_HASH_BYTES];
    // state at now_ms
    int64_t now_ms;
    int64_t balance;
    int64_t pending_points;
    int64_t held_points;
    int64_t deficit;
    int64_t score;
    // totals ever
    int64_t awarded;
    int64_t opened;
    int64_t taken_back; // all points of awards that were reversed
    int64_t forgiven;   // could not be taken back, less what paid that since
    int64_t redeemed;   // captured points too
    int64_t given_back; // all points of redemptions that were reversed
    int64_t expired;    // less what was taken back of it
    int64_t adjusted;   // by hand: given less taken
    int64_t score_given;
    // redemptions of the civil day, and what is held of it
    int32_t redeem_day;
    int64_t redeem_day_points;

    struct lot_list lots;
    VEC(struct pending_lot) pending; // by spendable_ms
    VEC(struct hold) holds;          // open ones, in order of recording
    struct lot_list held_lots;       // not by end: hold by hold
    struct lot_list ended;        // what has expired, by end; the oldest are forgotten at a bound
    VEC(struct score_step) steps; // by at_ms, all later than now_ms
    VEC(struct contribution) contributions;
    VEC(struct card) cards; // in order of recording; the last is the one held
    VEC(struct use) uses;
    VEC(struct identifier_state) identifiers;
    struct names names;
    struct id_set ids;
    // a terminal's day only (core/receipts.h)
    struct terminal_day terminal;
    VEC(struct claim) claims;
    struct id_set claim_keys; // one print a step
    // a membership's life
    enum member_status status; // 0: active, and never was otherwise
    char merged_into[LIMIT_MEMBER_ID_BYTES + 1];
    int64_t moved_in;          // points that merged members brought, less their deficits
    int64_t moved_out;         // the same, gone to another member
    int64_t points_noticed_ms; // lots ending up to here were told
    int64_t card_noticed_ms;   // the end of the card that was told
    char referrer[LIMIT_MEMBER_ID_BYTES + 1]; // who brought this member; empty: nobody, or done
    VEC(struct obligation) obligations;       // open ones, in order of recording
    VEC(struct perk_use) perk_uses;
    VEC(struct reported) reported;
    VEC(struct pool_member) pool_members;
    VEC(struct pool_use) pool_uses;
    VEC(struct absorbed) absorbed;
};

struct account_savepoint; // in the arena it was made with

void account_init(struct account *account);
void account_fini(struct account *account);
bool account_exists(const struct account *account);

// Remembers the state; account_restore brings it back, any number of times, as long as the arena
// lives and the account is not settled by a commit in between.
MUST_CHECK enum status account_save(const struct account *account, struct arena *arena,
                                    struct account_savepoint **ret_savepoint);
void account_restore(struct account *account, const struct account_savepoint *savepoint);

// Passes silent boundaries up to and including `now_ms`; never back.
MUST_CHECK enum status account_settle(struct account *account, int64_t now_ms);
// Applies one record: settles to its instant, then takes its outcomes. STATUS_CORRUPT when they do
// not fit the account (a lot that is not there, a card of the past), STATUS_RANGE past a bound.
MUST_CHECK enum status account_apply(struct account *account, const struct record *record);

// The card held now.
const struct card *account_card(const struct account *account);
// The last card up to this one that was not complimentary: what that one covers, or itself.
const struct card *account_card_covered(const struct account *account, const struct card *card);
// The card covering a past instant, as known now.
const struct card *account_card_at(const struct account *account, int64_t instant_ms);
// Score counting at any instant, by all that is known now.
int64_t account_score_at(const struct account *account, int64_t instant_ms);
// The same as a boundary at that instant sees it (domain.md, fine print 2).
int64_t account_score_at_boundary(const struct account *account, int64_t instant_ms);
// What may still be taken in [from, until) of the score that the record of this number gave, so
// that it is never below 0 and nothing rises when what was taken would have ended.
int64_t account_score_left(const struct account *account, uint64_t seq, int64_t from_ms,
                           int64_t until_ms);
// The same of all score, in [now, until).
int64_t account_score_left_of_all(const struct account *account, int64_t until_ms);
// Points a rule (reference; 0: all, where the member's day is guarded) has given in a civil day,
// and in its month.
int64_t account_used_day(const struct account *account, uint32_t rule, int32_t day);
int64_t account_used_month(const struct account *account, uint32_t rule, int32_t day);

// The membership's status, never 0; and whether it goes on (ACTIVE or SUSPENDED): an ended one is
// left alone by time.
enum member_status account_status(const struct account *account);
bool account_lives(const struct account *account);
// Whether points that come back to it are nobody's: it was closed or erased.
bool account_forfeits(const struct account *account);
// Whether it still has something to bring about elsewhere, an identifier's claim or release
// included; and whether that is its own merge, which may still fail.
bool account_unfinished(const struct account *account);
bool account_is_merging(const struct account *account);
// The open obligation that the record of this number made; NULL when there is none.
const struct obligation *account_obligation(const struct account *account, uint64_t seq);
// Its points but held ones, spendable and pending.
int64_t account_left(const struct account *account);
// How an identifier stands with the account; NULL: it is none of its.
const struct identifier_state *account_identifier(const struct account *account,
                                                  const struct identifier *identifier);
bool identifier_equal(const struct identifier *a, const struct identifier *b);
// What the last entry of a key, or a member, says; NULL when there is none.
const struct reported *account_reported(const struct account *account, const uint8_t *key);
const struct pool_member *account_pool_member(const struct account *account, struct span member_id);
const struct pool_member *account_pool_member_first(const struct account *account,
                                                    struct span member_id);
// How often a perk was used in civil days [from, until); and under the card held, or any after the
// account had `cards` of them.
int64_t account_perk_uses(const struct account *account, uint32_t perk, int32_t from_day,
                          int32_t until_day);
int64_t account_perk_uses_of_card(const struct account *account, uint32_t perk, uint32_t card);
// The use that the record of this number made; NULL when it made none, or that was reversed.
const struct perk_use *account_perk_use(const struct account *account, uint64_t seq);
// Whether a perk was used with the code of this nonce, reversed since or not.
bool account_knows_code(const struct account *account, const uint8_t *code);
// What a member has spent of the pool in civil days [from, until).
int64_t account_pool_spent(const struct account *account, struct span member_id, int32_t from_day,
                           int32_t until_day);

// Whether a request id may be in the log.
bool account_may_know(const struct account *account, const struct mark *mark);

// STATUS_CORRUPT with a sentence when an invariant does not hold.
MUST_CHECK enum status account_check(const struct account *account, const char **ret_what);
// Whether two accounts are in the same state (for tests: lazy = eager, fold = state).
bool account_equal(const struct account *a, const struct account *b, const char **ret_what);

// The open hold of a reservation, or NULL. Its lots: account_hold_lots.
const struct hold *account_hold(const struct account *account, const uint8_t *reservation);
const struct lot *account_hold_lots(const struct account *account, const struct hold *hold);
// What is left of a hold when its first `taken` points are spent; in the arena.
MUST_CHECK enum status account_freed(const struct account *account, const struct hold *hold,
                                     int64_t taken, struct arena *arena,
                                     struct points_freed *ret_freed);
// Spendable points of the lot of an end; and what has expired of it.
int64_t account_in_lot(const struct account *account, int64_t ends_ms);
int64_t account_ended(const struct account *account, int64_t ends_ms);
// What is still pending of an award.
int64_t account_pending_of(const struct account *account, uint64_t seq);
// What pending points will pay of a deficit that is left of those before them, and of which it is
// taken; nothing when they end first.
int64_t account_pending_pays(const struct pending_lot *pending, int64_t *deficit);
// Whether so many more points may be given (fine print 15: pending and held ones count too).
bool account_in_bounds(const struct account *account, int64_t points);

uint64_t mark_print(const struct mark *mark);
MUST_CHECK enum status id_set_add(struct id_set *ids, uint64_t print);
bool id_set_has(const struct id_set *ids, uint64_t print);
void id_set_truncate(struct id_set *ids, uint32_t count);
void id_set_fini(struct id_set *ids);
