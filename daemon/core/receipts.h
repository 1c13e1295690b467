// A terminal's business day: an account of its own whose records (RECORD_RECEIPT) say which request
// has which receipt. A receipt is claimed here before its request is decided on its member, with
// the most points that the decision may give. So one receipt counts once, and what a terminal gives
// a day is known before it is given: the totals may count too much for a while, never too little.
//
//     (free) --> CLAIMED, again for a retry or for more points --> CHANGED: settled, its request
//        ^          |    |                                         stands in its member's log
//        |          |    v
//        |          |   TAKEN_OVER by another request: from then on as CLAIMED
//        |          v
//        +------ VOIDED
//
// An open claim (CLAIMED, TAKEN_OVER) is voided or taken over only where its request can land no
// more: its member's log does not have it, read when the store's clock was past `not_after`; or the
// request was told no and nobody but the one who was told has claimed for it. To know that is the
// caller's (service/receipts.c); here it is checked that the claim still is the one he looked at.
//
// What is reversed under one return's receipt is told apart by what it takes back: one receipt may
// return two sales. A redemption and the sale it pays for may have one receipt too.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "core/account.h"
#include "core/codec.h"
#include "core/decide.h"

// A receipt at its terminal's day.
struct claim_key {
    enum receipt_operation operation;
    uint64_t number;
    uint8_t original[REQUEST_ID_BYTES]; // of reversals, else zero
};

// What a request's record counts for.
struct claim_figures {
    struct claim_key key;
    int64_t points;
    int64_t amount_minor; // of a sale its total, of its return what was returned; else 0
};

// False for a record that counts for nothing: it has no receipt, or it moves no points to or from a
// sale or a redemption (a refusal, a reservation, a reversal that found nothing).
bool receipts_of_record(const struct record *record, struct claim_figures *ret_figures);

// The step a key stands at, counted from 1; 0: nobody has ever claimed it.
uint32_t receipts_find(const struct account *account, const struct claim_key *key);
bool claim_is_open(const struct claim *claim);    // CLAIMED or TAKEN_OVER
bool claim_is_counted(const struct claim *claim); // open, or settled
bool claim_is_of(const struct claim *claim, const uint8_t *request, struct span member_id);

// Whether each step is the last one of its key: `ret_last` has room for as many as there are.
void receipts_mark_last(const struct account *account, bool *ret_last);

// --- decisions; the account exists or is opened by them ---

struct claim_command {
    // whose day; used where it is opened
    struct span account_id;
    uint32_t partition;
    struct span unit;
    int32_t day;
    // the claim
    struct claim_figures figures;
    const uint8_t *request;
    struct span member_id;
    int64_t not_after_ms;
    uint32_t over; // the step that is known to land no more, and may be taken over; 0: none
};

struct claim_verdict {
    bool granted;  // the receipt is this request's: a step was emitted, or it is settled already
    uint32_t step; // else the one it stands at, of another request
    struct claim held; // that one, or the request's own
};

// APPLIED: claimed. NOTHING: as the verdict says. REFUSED: GUARD_TERMINAL_DAY, NO_PROGRAM.
// STATUS_CORRUPT when the account is of another terminal or day.
MUST_CHECK enum status decide_claim(const struct decide *decide,
                                    const struct claim_command *command,
                                    struct claim_verdict *ret_verdict,
                                    struct decision *ret_decision);

// What became of a claim's request, for one step that was open when it was looked at.
struct claim_end {
    uint32_t step;
    bool applied; // else the claim is voided
    int64_t points;
    int64_t amount_minor;
};

// Emits what still is news. OUTCOME_NOTHING when none is: somebody else was there before.
MUST_CHECK enum status decide_claim_ends(const struct decide *decide, const struct claim_end *ends,
                                         size_t count, struct decision *ret_decision);

// Closes the day under the command's mark: the till's book says what its totals say. The account
// must exist.
MUST_CHECK enum status decide_close_day(const struct decide *decide, struct decision *ret_decision);

// --- for the account and its snapshot ---

MUST_CHECK enum status receipts_apply(struct account *account, const struct record *record);
MUST_CHECK enum status receipts_layout(struct codec *codec, struct account *account);
MUST_CHECK enum status receipts_check(const struct account *account, const char **ret_what);
bool receipts_equal(const struct account *a, const struct account *b);
