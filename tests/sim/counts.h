// What has happened, over all episodes: for the report, and to see that nothing was never tried.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sim/faults.h"

enum {
    COUNTS_COMMANDS = 64,
    COUNTS_REASONS = 64,
    COUNTS_RECORDS = 72,
    COUNTS_CASES = 40,
    COUNTS_RESULTS = 12
};

struct named_count {
    char name[40];
    uint64_t count;
};

struct counts {
    uint64_t episodes;
    uint64_t operations;
    uint64_t retries;
    uint64_t deliveries;
    uint64_t replays;
    uint64_t executions; // calls the store executed
    uint64_t results[COUNTS_RESULTS];
    uint64_t appends;
    uint64_t together; // requests that landed with an earlier one's append
    uint64_t compactions;
    uint64_t swept;         // accounts that a sweeper has written to
    uint64_t due_corrected; // or set the due instant of right
    uint64_t publishes;
    uint64_t rolled_back; // answers that say so
    uint64_t asked_again; // lost by a failover, asked again and applied
    uint64_t folds;       // logs folded and compared
    uint64_t kinds[16];   // episodes of each kind
    uint64_t asked[COUNTS_COMMANDS];
    uint64_t succeeded[COUNTS_COMMANDS];
    uint64_t records[COUNTS_RECORDS];
    uint64_t faults[FAULT_COUNT];
    struct named_count reasons[COUNTS_REASONS];
    struct named_count cases[COUNTS_CASES]; // of rules, by what they came to
    uint64_t hash;                          // over all traces
};

void counts_reason(struct counts *counts, const char *reason);
// A rule came to this case, if it did.
void counts_case(struct counts *counts, const char *name, bool so);
void counts_tell(const struct counts *counts, double seconds);
// Names on stderr what never happened; false if there was anything.
bool counts_complete(const struct counts *counts);
