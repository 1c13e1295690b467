// What a cashier can ask of the till: each puts an intent into the book and into the queue and
// gives its entry; BOOK_NONE when that could not be. The answer comes to cashier_on_answer, perhaps
// before these return: what the answer needs must be set before.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "till/counter.h"

struct sale_wish {
    uint32_t member;
    int64_t paid_minor;   // with points
    uint32_t exchange_of; // the entry of a reversal; or BOOK_NONE
    uint32_t again;       // the entry of a sale whose receipt is scanned once more; or BOOK_NONE
    bool attached;        // made without a card some days ago
    uint64_t receipt;     // that of the redemption which pays for it; 0: a new one
};

// A plain sale to this member.
struct sale_wish ask_plain(uint32_t member);
uint32_t ask_sale(struct counter *counter, const struct sale_wish *wish);
// The very intent of a plain sale handed in again, id and all. False: it cannot be now.
bool ask_same(struct counter *counter, uint32_t sale);
// REDEEM or RESERVE.
uint32_t ask_spend(struct counter *counter, enum loyalty_till_kind kind, uint32_t member,
                   int64_t points);
// CAPTURE (0 points: all) or RELEASE.
uint32_t ask_hold_end(struct counter *counter, enum loyalty_till_kind kind, uint32_t reservation,
                      int64_t points);
uint32_t ask_reverse(struct counter *counter, uint32_t original, enum loyalty_part part);
// A receipt that has counted, scanned at the service desk: asked of the service for the till that
// sold, past the queue, which is the desk's own. The answer comes to cashier_on_scan. False when
// there is no connection.
bool ask_foreign(struct counter *desk, uint32_t sale);
// A read; false when there is no connection.
bool ask_look(struct counter *counter, uint32_t member);
