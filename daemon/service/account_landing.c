// What each answer of the store to an append means for the cached account and for the tasks that
// were decided for it: they are the first of the entry's queue, `attempted` of them. Either all of
// them have landed, in the order they came, or none; in doubt are then all.
#include <inttypes.h>

#include "base/log.h"
#include "service/accounts_parts.h"
#include "service/bounds.h"

// --- the tasks of an append ---

static void tasks_each(const struct account_entry *entry, void (*visit)(struct account_task *task))
{
    struct account_task *task = entry->first;
    for (uint32_t i = 0; i < entry->attempted; i++) {
        visit(task);
        task = task->next;
    }
}

static struct task_result landed_result(const struct account_task *task)
{
    const struct account_task *decided = task->same == NULL ? task : task->same;
    const struct record *record = &decided->decision.record;
    bool known = decided != task;
    struct task_result result =
        task_result_of(task, known ? task_end_known(task, record) : TASK_DECIDED);
    result.decision = &decided->decision;
    result.record = record;
    result.seq = decided->seq;
    return result;
}

// Ends them: as `all` says, or, when that is NULL, each as it was decided. All are told before any
// is released, for one may be answered by another's record.
static void tasks_end(struct account_entry *entry, const struct task_result *all)
{
    uint32_t count = entry->attempted;
    struct account_task *task = entry->first;
    entry->attempted = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct task_result result = all == NULL ? landed_result(task) : *all;
        task_tell(task, &result);
        task = task->next;
    }
    for (uint32_t i = 0; i < count; i++) {
        task_release(entry->first);
    }
}

static void tasks_trouble(struct account_entry *entry, enum trouble trouble)
{
    struct task_result result = {.end = TASK_TROUBLE, .trouble = trouble};
    tasks_end(entry, &result);
}

// The account is what its log says again.
static void entry_undo(struct account_entry *entry)
{
    account_restore(&entry->account, entry->first->savepoint);
}

// --- somebody else was faster ---

static uint64_t next_random(struct accounts *accounts)
{
    uint64_t x = accounts->random; // xorshift64
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    accounts->random = x;
    return x;
}

static void on_pause_over(struct timer *timer)
{
    struct account_task *task =
        (struct account_task *)(void *)((char *)timer - offsetof(struct account_task, timer));
    entry_go_on(task->entry, task->accounts);
}

// Before the first task tries again, when that keeps happening to it.
static void entry_pause(struct account_entry *entry, struct accounts *accounts)
{
    struct account_task *task = entry->first;
    if (task == NULL || task->conflicts <= 1) {
        return;
    }
    uint64_t longest_ms = task->conflicts < 6 ? UINT64_C(1) << task->conflicts : SERVICE_BACKOFF_MS;
    uint64_t pause_ms = next_random(accounts) % longest_ms;
    if (pause_ms > 0) {
        entry->busy = true;
        timers_set(accounts->options.timers, &task->timer,
                   timers_now(accounts->options.timers) + (int64_t)pause_ms, on_pause_over);
    }
}

static void note_conflict(struct account_task *task)
{
    task->id_clear = false;
    task->want_whole = task->whole_log;
    task->conflicts++;
}

// All are decided anew. Who came earlier has tried no less often, so those for whom it is enough
// are the first.
static void take_conflict(struct account_entry *entry, struct accounts *accounts)
{
    accounts_count(accounts, entry->partition)->conflicts++;
    tasks_each(entry, note_conflict);
    entry->attempted = 0;
    while (entry->first != NULL && entry->first->conflicts > LIMIT_CONFLICT_RETRIES) {
        task_trouble(entry->first, TROUBLE_TOO_MANY_CONFLICTS, false);
    }
    entry_pause(entry, accounts);
}

static void take_behind(struct account_entry *entry, struct accounts *accounts, struct span suffix)
{
    entry_undo(entry);
    if (entry_fold(accounts, entry, suffix) == STATUS_OK) {
        entry->seen_seq = entry->account.seq;
        entry_note_fresh(entry);
    }
    take_conflict(entry, accounts);
}

// --- the other answers ---

static void take_written(struct account_entry *entry, struct accounts *accounts,
                         const struct store_reply *reply)
{
    if (reply->log_bytes != entry->account.log_bytes) {
        entry->compacted_bytes = reply->log_bytes; // it was compacted meanwhile
    }
    entry->account.log_bytes = reply->log_bytes;
    accounts_count(accounts, entry->partition)->appends++;
    entry_sums_landed(entry, accounts);
    entry->seen_seq = entry->account.seq;
    entry_note_fresh(entry);
    entry->due_known = true;
    entry->due_ms = entry->append_due_ms;
    entry->due_programs = entry->append_programs;
    struct account_commit commit = {
        .id = span_of(entry->id, entry->id_len),
        .partition = entry->partition,
        .account = &entry->account,
        .compacted_bytes = entry->compacted_bytes,
    };
    tasks_end(entry, NULL);
    if (accounts->options.on_commit != NULL) {
        accounts->options.on_commit(accounts->options.commit_context, &commit);
    }
}

static void note_late(struct account_task *task)
{
    task->late = task->not_after_ms == task->entry->append_not_after_ms;
}

// It was too late for whoever had to land first; the others try again without.
static void take_expired(struct account_entry *entry)
{
    entry_undo(entry);
    tasks_each(entry, note_late);
    entry->attempted = 0;
}

static void take_doubt(struct account_entry *entry)
{
    entry_drop(entry);
    struct task_result result = {.end = TASK_IN_DOUBT};
    tasks_end(entry, &result);
}

static void take_failed(struct account_entry *entry, const struct accounts *accounts,
                        struct span text)
{
    struct span trace = entry->first->trace;
    log_event(LOG_ERROR, "append-refused", "member_hash=%s why=\"%s\"%.*s",
              entry_name(accounts, entry).text, log_text_of(text).text, (int)trace.len,
              (const char *)trace.data);
    entry_drop(entry);
    tasks_trouble(entry, TROUBLE_STORE_UNAVAILABLE);
}

static void take_append(struct account_task *task, const struct store_reply *reply)
{
    struct accounts *accounts = task->accounts;
    struct account_entry *entry = task->entry;
    switch (reply->result) {
    case STORE_OK:
        take_written(entry, accounts, reply);
        return;
    case STORE_BEHIND:
        take_behind(entry, accounts, reply->bytes);
        return;
    case STORE_RELOAD:
    case STORE_TAKEN:
        entry_drop(entry);
        take_conflict(entry, accounts);
        return;
    case STORE_CLOCK: // all were decided at the same instant
        lease_kick(accounts->options.lease);
        entry_undo(entry);
        tasks_trouble(entry, TROUBLE_CLOCK_SKEW);
        return;
    case STORE_EXPIRED:
        take_expired(entry);
        return;
    case STORE_UNAVAILABLE:
        entry_undo(entry);
        tasks_trouble(entry, TROUBLE_STORE_UNAVAILABLE);
        return;
    case STORE_UNKNOWN:
        take_doubt(entry);
        return;
    case STORE_FAILED:
        take_failed(entry, accounts, reply->bytes);
        return;
    }
    take_doubt(entry);
}

static void note_answered(struct account_task *task)
{
    task->in_doubt = false;
}

void task_on_append(void *context, const struct store_reply *reply)
{
    struct account_task *task = context;
    tasks_each(task->entry, note_answered);
    task_answered(task, reply, take_append);
}
