// Sales with receipts in a service world, and terminals' days as the store has them.
#pragma once

#include "core/account.h"
#include "support/service_world.h"

// A world that is open, under the retail program with `extra` put in before its end.
void receipts_world_open(struct service_world *world, size_t daemons, const char *extra);

// Whole requests under a receipt of 2026-01-10: a sale, points spent, a sale's return.
const char *receipts_award(struct service_world *world, const char *request_id, const char *member,
                           int64_t amount_minor, uint64_t number);
const char *receipts_redeem(struct service_world *world, const char *request_id, const char *member,
                            int64_t points, uint64_t number);
const char *receipts_return(struct service_world *world, const char *request_id, const char *member,
                            const char *original, int64_t amount_minor, uint64_t number);
// A reconciliation of that day by the terminal itself; `more` is its totals and the like.
const char *receipts_reconcile(struct service_world *world, const char *request_id,
                               const char *more);

// That day of terminal store-1/till-1, folded and checked; all zero where it has never begun. To be
// freed with account_fini.
void receipts_fold(struct service_world *world, struct account *ret_day);
struct receipt_total receipts_total(struct service_world *world, enum receipt_operation operation);

// Calls as that terminal and runs the daemon; how it ended (world_end).
const char *receipts_call(struct service_world *world, struct world_daemon *daemon,
                          const char *method, const char *json);
int64_t receipts_balance(struct service_world *world, const char *member);
// The day's number of records; 0: it has never begun.
uint64_t receipts_records(struct service_world *world);
// Fails the test unless that is the day's total.
void receipts_stand(struct service_world *world, enum receipt_operation operation, uint64_t count,
                    int64_t points, int64_t amount_minor);
