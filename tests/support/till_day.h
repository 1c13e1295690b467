// A terminal's day driven through core alone, as the service drives it. After every step its log,
// folded anew, must be the account; and each step is taken twice, the first time undone.
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "core/receipts.h"
#include "support/club.h"

#define TILL_DAY_ID "@20260110/store-1/till-1"

enum { TILL_DAY_PARTITION = 7, TILL_DAY_BUSINESS_DAY = 20463 };

struct till_day {
    const struct club *club; // borrowed
    struct account account;
    struct buffer log;
    struct buffer out; // what the last step wrote
    struct arena arena;
    struct arena fold_arena;
    int64_t now_ms;
};

void till_day_init(struct till_day *day, const struct club *club);
void till_day_fini(struct till_day *day);

// A claim of request `request` for receipt `number`: numbers from 0 are spread over operations, and
// of returns over two originals.
struct claiming {
    struct claim_command command;
    struct claim_verdict verdict;
    uint8_t request[REQUEST_ID_BYTES];
};

struct claim_key till_day_key(int64_t number);
struct claiming till_day_claiming(int64_t number, int64_t request, int64_t points);

struct decision till_day_claim(struct till_day *day, struct claiming *claiming);
struct decision till_day_end(struct till_day *day, struct claim_end *end);
struct decision till_day_close(struct till_day *day);

// The whole log's snapshot; it must fold to the account. To be freed by the caller.
void till_day_snapshot(struct till_day *day, struct buffer *ret_snapshot);
