// Accounts at work. Every read and mutation of an account is a task; the tasks of one account run
// one after the other, in the order they came, but for mutations that pass reads which wait (all of
// them are under way: either order is as good). A mutation decides on the cached account without
// asking and appends on condition that nobody else did; who loses that folds what the others wrote
// and decides anew. A read checks the tail first; whatever the store says of the account, an append
// that landed included, is that check for all tasks that waited when it was asked.
//
//     submit -> queue -> [load] -> [tail check] -> read ----------------------> result
//                          ^            ^      \-> id check -> decide -> append -> result
//                          \------------+---------------------------- BEHIND, RELOAD
//
// Mutations that wait when an attempt is made go along with it: each is decided on what those
// before it leave, and what they all write is one append. Each keeps its own record and is answered
// when that append has landed, in the order they came.
//
// What is asked of a member that was merged is asked of whom it was merged into (account_move.c).
//
// A mutation that needs the whole log (what it takes back is told there) loads it for every attempt
// and decides, alone, before the store's reply is gone.
//
// A task is embedded in its owner, who keeps it, its id and its arena alive until on_released.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/metrics.h"
#include "base/span.h"
#include "base/status.h"
#include "core/account.h"
#include "core/chain.h"
#include "core/decide.h"
#include "core/record.h"
#include "service/lease.h"
#include "service/log_member.h"
#include "service/timers.h"
#include "service/trouble.h"
#include "store/store.h"

struct accounts;
struct account_task;

enum task_end {
    TASK_READ,            // reads: `account` as of `now_ms`
    TASK_DECIDED,         // mutations: `decision`, written down if it is to be
    TASK_REPLAYED,        // mutations: had been decided before; `record` is what was written then
    TASK_ID_CONFLICT,     // the id is another request's
    TASK_REVERSED_BEFORE, // mutations: a reversal of it came first, it is never to be done
    TASK_ROLLED_BACK,     // the account is older than what has been seen of it
    TASK_CORRUPT,         // the log does not hold together
    TASK_TROUBLE,         // `trouble`: nothing was written, and will not be
    TASK_IN_DOUBT,        // may or may not have been written
    TASK_FAULTY,          // a decision that ended in a status: `status`; nothing was written
};

// Valid during on_result only.
struct task_result {
    enum task_end end;
    enum trouble trouble;
    enum status status;
    int64_t now_ms;
    const struct program_set *programs;
    // READ, DECIDED and REPLAYED: the account, advanced; empty when it does not exist
    const struct account *account;
    // DECIDED, and the command's record if there is one (also REPLAYED)
    const struct decision *decision;
    const struct record *record;
    uint64_t seq; // of `record`
    // READ
    uint64_t written_seq;  // before time was let pass in memory
    struct span unwritten; // the records that time has made since, as they will be stored
    struct span log;       // the stored log, when asked for
};

// As the decide_ functions of core/decide.h; may be called several times, each on a fresher state.
typedef enum status task_decide_fn(void *context, const struct decide *decide,
                                   struct decision *ret_decision);
// Called once. The task is not free yet: nothing may be released, no task of this account
// submitted.
typedef void task_result_fn(void *context, const struct task_result *result);
// Called once, after on_result: the task is its owner's again.
typedef void task_released_fn(void *context);

// How a task goes on where its account is a member that was merged into another: with that one,
// unless the merged log knows the task's id (then that is the answer), or what the task is about.
// What no log of a member knows is looked for in those of members that were merged into him.
struct task_moves {
    char *id; // the owner's, of LIMIT_MEMBER_ID_BYTES: who it is then; NULL: the task stays
    size_t *len;
    const uint8_t *about;             // another request: taken back, or asked for; NULL: none
    const struct identifier *changes; // replaced or removed: who lists it decides; or NULL
    const struct identifier *shown;   // moves only if the merged member lists it; NULL: always
    bool merging;                     // is decided by a member whose own merge may still fail
};

struct account_task {
    // the owner's, set before submitting
    struct span id;         // member id
    struct arena *arena;    // reset by each attempt
    int64_t expires_ms;     // monotonic; past it nothing is begun any more
    int64_t deadline_ms;    // by the store's clock; past it nothing is written; 0: none
    bool whole_log;         // reads: wanted in the result; mutations: in `decide`
    uint64_t min_seq;       // 0: none
    task_decide_fn *decide; // NULL: a read
    bool dry;               // decides without ever writing: a quote
    bool passing;           // comes by everybody: who was not cached before is not after it
    bool tentative;   // OUTCOME_NOTHING is no answer yet: the account need not be fresh for it
    struct mark mark; // mutations; reads that look for it in the log
    struct task_moves moves;
    struct span actor;
    struct span trace; // what log lines about it end in; may be empty
    void *context;
    task_result_fn *on_result;
    task_released_fn *on_released;
    // to be read by the owner: an append is out and its answer has not come
    bool in_doubt;
    // private
    struct account_task *next;
    struct accounts *accounts;
    struct account_entry *entry;
    struct timer timer;
    struct account_savepoint *savepoint;
    struct decision decision;
    const struct account_task *same; // decided before it in this attempt, under the same id
    uint64_t seq;                    // of the decision's record
    int64_t now_ms;
    int64_t not_after_ms; // what it writes lands by then; INT64_MAX: it writes nothing
    uint32_t conflicts;
    uint32_t moved;
    uint32_t looked; // members merged into this one that were asked what they know
    bool late;       // it can land no more
    bool verified;   // the account was seen fresh in this task
    bool want_check; // a tail check comes first
    bool want_whole; // the whole log is to be read, for the id check or the owner
    bool id_clear;   // the log as folded was searched: the id is not in it
};

// Something was written: for what follows from it (compaction, open obligations).
struct account_commit {
    struct span id;
    uint32_t partition;
    const struct account *account;
    uint64_t compacted_bytes; // the log's length after its last compaction; 0: none known
};

typedef void account_name_fn(const void *context, struct span id, char ret_text[LOG_MEMBER_BYTES]);
typedef void account_commit_fn(void *context, const struct account_commit *commit);

struct accounts_options {
    struct store *store;   // outlives the accounts
    struct lease *lease;   // outlives the accounts
    struct timers *timers; // outlives the accounts
    chain_hash_fn *hash;
    size_t cache_accounts;
    size_t cache_bytes;
    uint64_t seed;                // of the pauses after conflicts
    account_commit_fn *on_commit; // may be NULL
    account_name_fn *name;        // of members in log lines; NULL: they have none
    const void *name_context;
    void *commit_context;
};

MUST_CHECK enum status accounts_new(const struct accounts_options *options,
                                    struct accounts **ret_accounts);
// From here on every task ends at its next step, with STORE_UNAVAILABLE or in doubt; those that
// pause end at once. Then the store is freed, then the accounts.
void accounts_stop(struct accounts *accounts);
void accounts_free(struct accounts *accounts);

// Queues a task; it may end before this returns.
void accounts_submit(struct accounts *accounts, struct account_task *task);
// The account's log was compacted: its first `cut_bytes` are `snapshot_bytes` now.
void accounts_compacted(struct accounts *accounts, struct span id, uint64_t cut_bytes,
                        uint64_t snapshot_bytes, uint64_t log_bytes);
// What a log's last compaction made of its prefix: the bytes of the snapshot it begins with; 0 when
// it was never compacted.
uint64_t accounts_snapshot_bytes(struct span log);
// Drops what is cached of every idle account (for tests: the next task of each loads).
void accounts_forget(struct accounts *accounts);
// The partition a member belongs to. Needs a lease.
uint32_t accounts_partition(const struct accounts *accounts, struct span id);
size_t accounts_cached(const struct accounts *accounts);

// What became of appends to a partition's accounts since the start.
struct account_tally {
    uint64_t appends;   // that were written
    uint64_t conflicts; // in which another daemon was faster
};

// All that is counted: of the cache, of appends, of points.
void accounts_metrics(const struct accounts *accounts, const struct metrics_out *out);
struct account_tally accounts_tally(const struct accounts *accounts, uint32_t partition);
