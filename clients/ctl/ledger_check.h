// A whole ledger read and proved: every account's log is folded from its first record (or snapshot)
// on, each hash checked, and the account's figures held against each other. And what it comes to:
// counts, sums and a digest, by which two copies are compared. Nobody writes to it meanwhile.
#pragma once

#include <stdint.h>

#include "ctl/ledger_redis.h"

enum { LEDGER_DIGEST_BYTES = 32, LEDGER_FAULTS_SHOWN = 20 };

struct ledger_totals {
    uint64_t partitions;
    uint64_t keys;     // of any kind
    uint64_t accounts; // members, pools, terminals' days, months
    uint64_t members;
    uint64_t records;
    uint64_t log_bytes;
    uint64_t claims; // of identifiers
    uint64_t
        unclaimed;   // identifiers in logs that find nobody: of kinds that are not matched, or lost
    uint64_t taken;  // identifiers in logs that find another member
    int64_t balance; // points of members, less what they owe
    int64_t awarded;
    uint8_t digest[LEDGER_DIGEST_BYTES]; // of all plain values: logs, claims, profiles, jobs
    uint64_t faults;
};

// Each fault is said on stderr, the first ones. False with redis->error when it could not be read
// to its end.
bool ledger_check(struct ledger_redis *redis, struct ledger_totals *ret_totals);
