// Receipts: what a till does under a receipt number counts once, and is counted in its terminal's
// business day, an account of its own (core/receipts.h; design.md, decision 3). The way of a
// mutation with a receipt:
//
//     decide on the member --> refused, replayed, nothing to count: that is the answer
//           |   ^
//     would give so many points (by what is cached: a no that follows from it is made sure of)
//           |   |
//     claim in the terminal's day --> the guard refuses; another request has it:
//           |                              look into its member's log
//           v                                 |- there: RECEIPT_COUNTED
//     decide on the member again,             |- not there, may still come: RECEIPT_BUSY
//     append by the claim's `not_after`       \- not there for good: claim, taking over
//     (more than claimed: claim again)
//           |
//     answer; then, if it came otherwise than claimed, settle or void the claim, as best may be
//
// A crash anywhere leaves at most an open claim: the same request goes on with it, another one may
// take it over once `not_after` has passed, a reconciliation settles it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/span.h"
#include "core/receipts.h"
#include "service/accounts.h"
#include "service/request.h"

// What a command says of the receipt it is counted under.
struct receipts_intent {
    struct receipt_key receipt; // number 0: none, and the day is not touched
    struct span unit;           // of the terminal
    const char *field;          // "sale.receipt"
    bool sale;                  // a terminal's guard is for sales, and wants their receipts
};

// As request_submit: `decide` and `on_result` get the request as their context. `on_result` is
// called for the last decision only; a method that takes the whole log has said so in the task.
void receipts_submit(struct request *request, const struct receipts_intent *intent,
                     task_decide_fn *decide, task_result_fn *on_result);

// --- shared with reconciliation ---

// The account of a terminal's day: "@20261122/store-0007/till-02", or, for a unit too long for an
// id, "@20261122#" and 32 hexadecimal digits. No member id has an @.
struct terminal_place {
    char id[LIMIT_MEMBER_ID_BYTES + 1];
    size_t id_len;
    uint32_t partition;
};

struct terminal_place receipts_place(const struct service *service, struct span unit,
                                     int32_t business_day);

static inline struct span terminal_place_id(const struct terminal_place *place)
{
    return span_of(place->id, place->id_len);
}

// Fills in the request's task on another account than its member's: without mark, and with the
// request's own time.
void receipts_prepare(struct request *request, struct span id, task_decide_fn *decide,
                      void *context, task_result_fn *on_result, task_released_fn *on_released);

// Whether a request with a claim of this `not_after` can land no more, by the store's clock. To be
// asked before its member's log is read.
bool receipts_is_past(const struct service *service, const struct claim *claim);

// What a member's log, read whole, says of a claim's request.
enum claim_fate {
    CLAIM_ABSENT,  // it is not there
    CLAIM_REFUSED, // it counts for nothing, for good
    CLAIM_APPLIED, // it counts for what `ret_figures` says
};

// A request that is older than what compaction keeps may have been there: it is taken to stand as
// it was claimed, for a day may count too much, never too little.
MUST_CHECK enum status receipts_fate(struct service *service, const struct claim *claim,
                                     struct span log, enum claim_fate *ret_fate,
                                     struct claim_figures *ret_figures);
