// Decisions: a command against an account becomes records, or a refusal. The caller has looked for
// the request id (ledger_find) and judged its age; here are the rules. Each decide_ function first
// advances the account to the command's now, then refuses or emits; on any outcome but APPLIED and
// REFUSED_RECORDED, and on every status but OK, the caller restores its savepoint.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "core/account.h"
#include "core/earn.h"
#include "core/ledger.h"
#include "core/program.h"
#include "core/refusal.h"

enum outcome {
    OUTCOME_APPLIED,          // records in the writer, the last one is the command's (`behind`)
    OUTCOME_REFUSED_RECORDED, // the same; the last one is a RECORD_REFUSED
    OUTCOME_REFUSED,          // leaves no trace
    OUTCOME_NOTHING,          // a training sale: `record` is what it would have been
};

struct decision {
    enum outcome outcome;
    struct refusal refusal;
    struct record record; // the command's own record, for its reply
    uint64_t behind;      // records that stand behind it in the writer
};

struct decide {
    struct account *account;
    struct ledger_writer *writer;
    struct arena *arena;
    int64_t now_ms;
    struct mark mark;
    struct span actor; // "pos/store-0007/till-02": role and unit
    struct span log;   // the stored log, whole, as folded: for capture, release and reverse only
};

struct enrol_command {
    bool pool;            // no member but a pool: without card and referrer
    struct span referrer; // who brought the member, another one; empty: nobody
    struct span member_id;
    uint32_t partition;
    int64_t enrolled_ms; // at most now
    const struct identifier *identifiers;
    size_t identifier_count;
};

MUST_CHECK enum status decide_enrol(const struct decide *decide,
                                    const struct enrol_command *command,
                                    struct decision *ret_decision);

// An identifier was claimed, or lost to another member, or (lost, too) let go: closes its
// obligation. OUTCOME_NOTHING when that was closed already.
MUST_CHECK enum status decide_bound(const struct decide *decide, const struct record_bound *bound,
                                    struct decision *ret_decision);

// Who of a pool acts: found before the decision, which alone may say no (a retry is answered before
// that).
struct pool_person {
    bool named;                  // false: it was not said who
    struct span named_id;        // the id asked for; empty: nobody has what was shown
    struct span member_id;       // who that is by now, where it was merged
    enum refusal_reason refusal; // why the person may do nothing, whatever the pool says
};

// `backfill`: now is the sale's time, no late limit, out of order is refused.
struct award_command {
    struct sale sale; // amended in place (occurred_ms)
    struct span currency;
    bool backfill;
    bool quote; // decide only: nothing is emitted, as for training
    struct pool_person person;
};

MUST_CHECK enum status decide_award(const struct decide *decide, struct award_command *command,
                                    struct decision *ret_decision);

struct redeem_command {
    int64_t points;
    struct span unit;
    struct receipt_key receipt;
    struct pool_person person;
};

MUST_CHECK enum status decide_redeem(const struct decide *decide,
                                     const struct redeem_command *command,
                                     struct decision *ret_decision);

// Judged as a redemption; the points are held until captured, released, or lapsed.
struct reserve_command {
    int64_t points;
    struct span unit;
    struct receipt_key receipt;
    int64_t lifetime_ms; // 0, or more than the program's hold_seconds: the program's
};

MUST_CHECK enum status decide_reserve(const struct decide *decide,
                                      const struct reserve_command *command,
                                      struct decision *ret_decision);

struct capture_command {
    uint8_t reservation[REQUEST_ID_BYTES];
    int64_t points; // 0: all that is held
    struct span unit;
    struct receipt_key receipt;
};

MUST_CHECK enum status decide_capture(const struct decide *decide,
                                      const struct capture_command *command,
                                      struct decision *ret_decision);

struct release_command {
    uint8_t reservation[REQUEST_ID_BYTES];
    struct span unit;
};

MUST_CHECK enum status decide_release(const struct decide *decide,
                                      const struct release_command *command,
                                      struct decision *ret_decision);

enum reverse_part { REVERSE_WHOLE, REVERSE_AMOUNT, REVERSE_LINES, REVERSE_POINTS };

struct reverse_command {
    uint8_t original[REQUEST_ID_BYTES];
    int64_t original_created_ms;
    enum reverse_part part;
    int64_t amount_minor;  // REVERSE_AMOUNT: at least 1
    int64_t points;        // REVERSE_POINTS: at least 1
    const uint32_t *lines; // REVERSE_LINES: numbers from 1, at most LIMIT_SALE_LINES of them
    size_t line_count;
    struct span reason; // at most LIMIT_TEXT_BYTES
    struct span unit;
    struct receipt_key receipt;
};

// An advice: what it found is a result of its record (RECORD_REVERSED, or RECORD_TOMBSTONE for an
// original never seen), no refusal.
MUST_CHECK enum status decide_reverse(const struct decide *decide,
                                      const struct reverse_command *command,
                                      struct decision *ret_decision);

struct opening_item {
    int64_t points_or_score;
    bool has_from;
    bool has_until;
    struct civil_date from;
    struct civil_date until;
};

struct opening_command {
    const struct opening_item *lots; // `until` is the day they end on
    size_t lot_count;
    const struct opening_item *scores;
    size_t score_count;
    bool has_card;
    struct span card_tier;
    struct opening_item card;
};

MUST_CHECK enum status decide_opening(const struct decide *decide,
                                      const struct opening_command *command,
                                      struct decision *ret_decision);
