// TillsService: a reconciliation as it was asked for, and the answers. As in wire/commands.h and
// wire/replies.h: shapes and bounds are judged here, what is built is in the given arena.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "core/account.h"
#include "core/program.h"
#include "loyalty/v1/tills.pb-c.h"
#include "wire/commands.h"

// Request ids of a till's book. Zeroed: none were given.
struct till_ids {
    const uint8_t (*items)[REQUEST_ID_BYTES]; // in the order they came
    const uint8_t **sorted;
    size_t count;
};

struct reconcile_request {
    struct span unit; // of the terminal
    int32_t business_day;
    struct receipt_total totals[RECEIPT_OPERATIONS]; // by operation
    struct till_ids ids;
    uint64_t listed; // differences that earlier pages have shown
};

// STATUS_OK, STATUS_INVALID with `fault` set, or STATUS_NO_MEMORY.
MUST_CHECK enum status commands_reconcile(struct commands *commands,
                                          const Loyalty__V1__ReconcileRequest *request,
                                          struct reconcile_request *ret_request);

// The place of an id among `items`, or `count`.
size_t till_ids_find(const struct till_ids *ids, const uint8_t *id);

// What a till has to know of the version in force at `now_ms`.
MUST_CHECK enum status tills_terms(struct arena *arena, const struct program_version *version,
                                   int64_t now_ms, Loyalty__V1__GetTermsResponse **ret_response);

// A day that is in balance, hence closed. Rendered from totals alone, so a retry is answered alike.
MUST_CHECK enum status tills_balanced(struct arena *arena, const struct receipt_total *totals,
                                      Loyalty__V1__ReconcileResponse **ret_response);

// One that is not: the account's totals and one page of the differences, claims in the order of
// their last steps, then ids that are not known here. The account may not exist.
MUST_CHECK enum status tills_differences(struct arena *arena, const struct account *account,
                                         const struct reconcile_request *wanted,
                                         Loyalty__V1__ReconcileResponse **ret_response);
