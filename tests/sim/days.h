// Terminals' business days: which request has which receipt, as the store has it, and which
// requests have landed under one in their members' logs. What lands must be covered by a claim,
// counts once, and is what the till would say at its day's end.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/vec.h"
#include "core/record.h"
#include "store/store.h"

struct sim;
struct ask;

struct day_key {
    enum receipt_operation operation;
    uint64_t number;
    uint64_t original; // of reversals: the request taken back; else 0
};

struct day_claim {
    struct day_key key;
    uint64_t request; // who has it
    enum receipt_stage stage;
    int64_t points;
    int64_t amount_minor;
    int64_t not_after_ms;
};

struct day {
    uint32_t till;
    int64_t date; // days since 1970
    char *id;
    struct store_account place;
    // what follows from `full`
    bool exists;
    bool closed;
    uint64_t seq;
    int64_t at_ms;
    uint8_t tail[CHAIN_HASH_BYTES];
    struct receipt_total totals[RECEIPT_OPERATIONS]; // of claims that stand
    VEC(struct day_claim) claims;
    // every record ever appended, and where each append began
    struct buffer full;
    VEC(uint32_t) appends;
};

struct day_place {
    struct day *day;
};

// A request whose record counts under a receipt; it counts while the store has that record.
struct landed {
    struct day *day;
    struct day_key key;
    struct ask *ask;
    int64_t points;
    int64_t amount_minor;
};

enum { DAY_TILLS = 2 };

// "store-1/till-1"
const char *day_till_name(uint32_t till);
// The day of a terminal; made when it is named first.
struct day *day_at(struct sim *sim, uint32_t till, int64_t date);
// NULL when the account is no terminal's day; one that nobody has named is a violation.
struct day *day_find(struct sim *sim, struct span account_id);
void day_fini(struct day *day);

// Takes the next record. `live`: it is being appended now, and not read again after a loss.
void day_take(struct sim *sim, struct day *day, const struct record *record, bool live);
// Takes back the latest append.
void day_take_back(struct sim *sim, struct day *day);
// A record of a member, just appended for its ask: if it counts under a receipt, that is claimed
// for it and nobody else has landed there.
void day_land(struct sim *sim, struct ask *ask, const struct record *record);
// What has landed in a day, by operation.
void day_landed(const struct sim *sim, const struct day *day, struct receipt_total *ret_totals);
// Whether logs may be cut that have what landed in it: then what was claimed is said to stand.
bool day_is_cut(const struct sim *sim, const struct day *day);
// Whether a request other than this has landed under the receipt of an intent.
bool day_is_counted(const struct sim *sim, const struct ask *ask);
