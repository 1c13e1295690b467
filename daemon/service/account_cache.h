// Folded accounts by member id: a table with a bound on their memory, and on their number. Over it
// those that were not looked up for longest go, about (a clock with a second chance). An entry with
// tasks is in use and never goes. What a cached account says is trusted only after a tail check or
// a successful append (service/accounts.c).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/span.h"
#include "base/status.h"
#include "core/account.h"

// Totals ever, as the account has them.
struct account_sums {
    int64_t awarded;
    int64_t opened;
    int64_t redeemed;
    int64_t given_back;
    int64_t taken_back;
    int64_t expired;
    int64_t adjusted;
};

struct account_task;

// By who needs what, not by sizes. NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
struct account_entry {
    // the cache's
    bool idle;
    size_t bytes; // accounted for
    // the owner's
    char id[LIMIT_MEMBER_ID_BYTES + 1];
    size_t id_len;
    uint32_t partition;
    struct account account;
    bool loaded;
    bool passing;               // it came with a task that leaves no trace: goes when it is idle
    bool due_known;             // `due_ms` is what the due index holds, by all this daemon knows
    int64_t due_ms;             // and what is right ...
    uint64_t due_programs;      // ... for these programs: others may have moved it
    uint64_t seen_seq;          // the highest sequence number known to have been there
    uint64_t compacted_bytes;   // the log's length after its last compaction; 0: none known
    struct account_task *first; // waiting tasks, the first one is at work
    struct account_task *last;
    uint32_t queued;
    uint32_t asked; // of them, from the first one on, were there when the store was last asked
    bool busy;      // the first one waits for the store or a timer
    bool running;   // entry_run is on the stack for this entry
    // the append under way
    struct account_sums before;  // the account's totals, without it
    uint32_t attempted;          // so many tasks, from the first one on, were decided for it
    int64_t append_due_ms;       // what the due index will hold
    uint64_t append_programs;    // for these programs
    int64_t append_not_after_ms; // the earliest of the tasks'
};

struct account_slot;

struct account_cache {
    struct account_slot *slots;
    size_t slot_count; // a power of two, more than `count`
    size_t hand;       // of the clock: the slot looked at next
    size_t count;
    size_t idle_count;
    size_t bytes; // held: entries, their arrays, and the table
    size_t count_max;
    size_t bytes_max;
    // ever
    uint64_t hits;
    uint64_t misses;
    uint64_t evicted;
};

MUST_CHECK enum status account_cache_init(struct account_cache *cache, size_t count_max,
                                          size_t bytes_max);
void account_cache_fini(struct account_cache *cache);

// The entry, which gets its second chance anew; or NULL.
struct account_entry *account_cache_find(struct account_cache *cache, struct span id);
// The same, but it gets no chance by it.
struct account_entry *account_cache_peek(struct account_cache *cache, struct span id);
// A new entry in use, not loaded; NULL when out of memory. The id must not be there yet.
struct account_entry *account_cache_add(struct account_cache *cache, struct span id,
                                        uint32_t partition);
// Takes an idle entry into use; nothing if it is.
void account_cache_use(struct account_cache *cache, struct account_entry *entry);
// The entry is idle now: it goes if it is passing, else its memory is counted anew, and idle ones
// go while the cache is over its bounds (perhaps this very one).
void account_cache_release(struct account_cache *cache, struct account_entry *entry);
// All entries, in no order: the next one from `*place` on, which begins at 0; NULL at the end. One
// that goes meanwhile may move others.
struct account_entry *account_cache_next(const struct account_cache *cache, size_t *place);
