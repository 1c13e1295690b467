// What the parts of service/accounts.h share: the queue (accounts.c), loads and reads
// (account_load.c), attempts (account_attempt.c) and what becomes of their appends
// (account_landing.c). Nobody else includes this.
#pragma once

#include "base/buffer.h"
#include "service/account_cache.h"
#include "service/accounts.h"

struct accounts {
    struct accounts_options options;
    struct account_cache cache;
    struct arena scratch;   // of folds
    struct buffer records;  // what is being written, copied by the store
    struct told_marks told; // what the records refer to
    struct buffer along;
    struct buffer event;
    uint64_t random;
    struct account_tally *tallies; // owned, of each partition; NULL: nothing is counted yet
    uint32_t tally_count;
    struct account_sums moved; // by what was written here
    bool stopping;
};

// How log lines name it; empty where there are no names.
struct entry_name {
    char text[LOG_MEMBER_BYTES];
};
struct entry_name entry_name(const struct accounts *accounts, const struct account_entry *entry);

// Takes the next step of the task at the head of its entry.
void task_step(struct account_task *task);
// Tells the owner how it ended; then releases it, the first one of its entry: out of the queue,
// on_released.
void task_tell(struct account_task *task, const struct task_result *result);
void task_release(struct account_task *task);
// Both, and in between back to the savepoint if `restore`.
void task_finish(struct account_task *task, const struct task_result *result, bool restore);
void task_trouble(struct account_task *task, enum trouble trouble, bool restore);
// Whether the next step may be taken: the lease holds, and there is time left. False: it has ended.
bool task_may_step(struct account_task *task);
bool task_in_time(const struct account_task *task);
// A timer has fired: the entry's tasks go on.
void entry_go_on(struct account_entry *entry, struct accounts *accounts);
// The store has answered the task at the head of its entry: `take` does what that brings, then the
// entry's tasks go on.
typedef void task_take_fn(struct account_task *task, const struct store_reply *reply);
void task_answered(struct account_task *task, const struct store_reply *reply, task_take_fn *take);

// Loads the whole log, or what was added since; then the entry goes on.
void task_load(struct account_task *task);
void task_check_tail(struct account_task *task);
// Ends a read of a fresh account; `log` where the whole was asked for.
void task_read(struct account_task *task, struct span log);
// Ends it: the account is older than what was seen of it.
void task_rolled_back(struct account_task *task, uint64_t seen_seq);

// What an append of this entry will have moved is counted from here on; and it has landed.
void entry_sums_begin(struct account_entry *entry);
void entry_sums_landed(const struct account_entry *entry, struct accounts *accounts);
// That of its partition, to be counted on.
struct account_tally *accounts_count(struct accounts *accounts, uint32_t partition);

// Moves the task behind `before` to behind `place`, which comes earlier.
void entry_move(struct account_entry *entry, struct account_task *before,
                struct account_task *place);
// The store is asked for the first task.
void entry_ask(struct account_entry *entry);
// What it has answered is folded: of all tasks that were there when it was asked, the account is
// seen fresh.
void entry_note_fresh(const struct account_entry *entry);
// Forgets the folded account.
void entry_drop(struct account_entry *entry);
// Folds bytes onto the account; on failure it is dropped.
enum status entry_fold(struct accounts *accounts, struct account_entry *entry, struct span bytes);
// The result's part that every end with an account has.
struct task_result task_result_of(const struct account_task *task, enum task_end end);
// Where decisions write to.
struct ledger_writer accounts_writer(struct accounts *accounts);

// Whether the task is another member's to answer, as far as is known: its account was merged. And
// moves it there, once the account is known to be fresh and not to know the id.
bool task_must_move(const struct account_task *task);
void task_move(struct account_task *task);
// Whoever ends what the account is obliged to is told that something is open.
void entry_nudge(const struct account_entry *entry, struct accounts *accounts);
// Takes the first one of its entry out of the queue, its owner's not yet; and puts it into that of
// its account, or turns it away.
void task_leave(struct account_task *task);
void task_queue(struct account_task *task);

// Whether the id may be in the log and was not looked for in it yet.
bool task_must_search(const struct account_task *task);
// What it means that this record has the task's id.
enum task_end task_end_known(const struct account_task *task, const struct record *record);
// Decides on the account as folded, with the mutations that wait behind it, and appends. `log` is
// the whole of it where the task needs that: borrowed, only during the call.
void task_attempt(struct account_task *task, struct span log);
// Whether what was decided for the task is records of its own.
bool task_writes(const struct account_task *task);
// The answer to an append: the context is the first one of its tasks.
void task_on_append(void *context, const struct store_reply *reply);
