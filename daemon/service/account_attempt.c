// One attempt of a mutation: search for the id, decide, append on condition, and what each answer
// of the store means for the cached account. Between the decision and the answer the account is
// ahead of its log; the savepoint leads back, except after an open outcome, when only a load tells.
#include <inttypes.h>

#include "base/check.h"
#include "base/log.h"
#include "core/advance.h"
#include "core/ledger.h"
#include "service/accounts_parts.h"
#include "service/bounds.h"
#include "service/event.h"

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

// Somebody else was faster: tries again, after a while if that keeps happening.
static void task_conflict(struct account_task *task)
{
    struct accounts *accounts = task->accounts;
    task->id_clear = false;
    task->want_whole = task->whole_log;
    task->conflicts++;
    if (task->conflicts > LIMIT_CONFLICT_RETRIES) {
        task_trouble(task, TROUBLE_TOO_MANY_CONFLICTS, false);
        return;
    }
    uint64_t longest_ms = task->conflicts < 6 ? UINT64_C(1) << task->conflicts : SERVICE_BACKOFF_MS;
    uint64_t pause_ms = next_random(accounts) % longest_ms;
    if (task->conflicts > 1 && pause_ms > 0) {
        task->entry->busy = true;
        timers_set(accounts->options.timers, &task->timer,
                   timers_now(accounts->options.timers) + (int64_t)pause_ms, on_pause_over);
    }
}

static void take_behind(struct account_task *task, struct span suffix)
{
    struct account_entry *entry = task->entry;
    account_restore(&entry->account, task->savepoint);
    if (entry_fold(task->accounts, entry, suffix) == STATUS_OK) {
        task->verified = true;
        entry->seen_seq = entry->account.seq;
    }
    task_conflict(task);
}

static void take_written(struct account_task *task, const struct store_reply *reply)
{
    struct accounts *accounts = task->accounts;
    struct account_entry *entry = task->entry;
    if (reply->log_bytes != entry->account.log_bytes) {
        entry->compacted_bytes = reply->log_bytes; // it was compacted meanwhile
    }
    entry->account.log_bytes = reply->log_bytes;
    entry->seen_seq = entry->account.seq;
    entry->due_known = true;
    entry->due_ms = task->due_ms;
    struct task_result result = task_result_of(task, TASK_DECIDED);
    result.decision = &task->decision;
    result.record = &task->decision.record;
    result.seq = entry->account.seq;
    struct account_commit commit = {
        .id = span_of(entry->id, entry->id_len),
        .partition = entry->partition,
        .account = &entry->account,
        .compacted_bytes = entry->compacted_bytes,
    };
    task_finish(task, &result, false);
    if (accounts->options.on_commit != NULL) {
        accounts->options.on_commit(accounts->options.commit_context, &commit);
    }
}

static void take_doubt(struct account_task *task)
{
    entry_drop(task->entry);
    struct task_result result = {.end = TASK_IN_DOUBT};
    task_finish(task, &result, false);
}

static void take_failed(struct account_task *task, struct span text)
{
    log_event(LOG_ERROR, "append-refused", "account=%016" PRIx64 " why=\"%.*s\"%.*s",
              task->entry->hash, (int)text.len, (const char *)text.data, (int)task->trace.len,
              (const char *)task->trace.data);
    entry_drop(task->entry);
    task_trouble(task, TROUBLE_STORE_UNAVAILABLE, false);
}

static void take_append(struct account_task *task, const struct store_reply *reply)
{
    switch (reply->result) {
    case STORE_OK:
        take_written(task, reply);
        return;
    case STORE_BEHIND:
        take_behind(task, reply->bytes);
        return;
    case STORE_RELOAD:
    case STORE_TAKEN:
        entry_drop(task->entry);
        task_conflict(task);
        return;
    case STORE_CLOCK:
        lease_kick(task->accounts->options.lease);
        task_trouble(task, TROUBLE_CLOCK_SKEW, true);
        return;
    case STORE_EXPIRED:
        task_trouble(task, TROUBLE_EXPIRED, true);
        return;
    case STORE_UNAVAILABLE:
        task_trouble(task, TROUBLE_STORE_UNAVAILABLE, true);
        return;
    case STORE_UNKNOWN:
        take_doubt(task);
        return;
    case STORE_FAILED:
        take_failed(task, reply->bytes);
        return;
    }
    take_doubt(task);
}

static void on_append(void *context, const struct store_reply *reply)
{
    struct account_task *task = context;
    task->in_doubt = false;
    task_answered(task, reply, take_append);
}

static int64_t not_after_ms(const struct account_task *task)
{
    const struct accounts_options *options = &task->accounts->options;
    int64_t left_ms = task->expires_ms - timers_now(options->timers);
    int64_t own_ms = lease_store_now_ms(options->lease) + left_ms;
    int64_t lease_ms = lease_not_after_ms(options->lease);
    int64_t at_ms = own_ms < lease_ms ? own_ms : lease_ms;
    return task->deadline_ms != 0 && task->deadline_ms < at_ms ? task->deadline_ms : at_ms;
}

// `base` is the account's state that the log still has.
static enum status task_append(struct account_task *task, const uint8_t *tail, uint64_t bytes,
                               uint64_t seq)
{
    struct accounts *accounts = task->accounts;
    struct account_entry *entry = task->entry;
    struct event event = {
        .member_id = span_of(entry->id, entry->id_len),
        .first_seq = seq + 1,
        .records = buffer_span(&accounts->records),
    };
    if (bytes + event.records.len > LIMIT_LOG_BYTES) {
        return STATUS_TOO_LARGE;
    }
    buffer_clear(&accounts->event);
    TRY(event_encode(&event, &accounts->event));
    task->due_ms = advance_due(&entry->account, lease_set(accounts->options.lease));
    struct store_append append = {
        .account = {.partition = entry->partition, .id = event.member_id},
        .expected_bytes = bytes,
        .now_ms = lease_is_sandbox(accounts->options.lease) ? 0 : task->now_ms,
        .not_after_ms = not_after_ms(task),
        .records = event.records,
        .event = buffer_span(&accounts->event),
        .due_changed = !entry->due_known || entry->due_ms != task->due_ms,
        .due_ms = task->due_ms,
    };
    memcpy(append.expected_hash, tail, sizeof(append.expected_hash));
    entry->busy = true;
    task->in_doubt = true;
    store_append(accounts->options.store, &append, on_append, task);
    return STATUS_OK;
}

static void task_faulty(struct account_task *task, enum status status)
{
    if (status == STATUS_NO_MEMORY) {
        task_trouble(task, TROUBLE_NO_MEMORY, true);
        return;
    }
    struct task_result result = task_result_of(task, TASK_FAULTY);
    result.status = status;
    task_finish(task, &result, true);
}

// What leaves no trace is only said of an account that was seen fresh.
static void task_untraced(struct account_task *task, enum status status)
{
    if (!task->verified && status != STATUS_NO_MEMORY) {
        account_restore(&task->entry->account, task->savepoint);
        task->want_check = true;
        return;
    }
    if (status != STATUS_OK) {
        task_faulty(task, status);
        return;
    }
    struct task_result result = task_result_of(task, TASK_DECIDED);
    result.decision = &task->decision;
    result.record = &task->decision.record;
    task_finish(task, &result, true);
}

bool task_must_search(const struct account_task *task)
{
    const struct account *account = &task->entry->account;
    return task->mark.present && !task->id_clear && account_may_know(account, &task->mark);
}

void task_attempt(struct account_task *task, struct span log)
{
    struct accounts *accounts = task->accounts;
    struct account *account = &task->entry->account;
    if (task_must_search(task)) {
        task->want_whole = true;
        return;
    }
    arena_reset(task->arena);
    if (account_save(account, task->arena, &task->savepoint) != STATUS_OK) {
        task_trouble(task, TROUBLE_NO_MEMORY, false);
        return;
    }
    uint8_t tail[CHAIN_HASH_BYTES];
    memcpy(tail, account->tail, sizeof(tail));
    uint64_t bytes = account->log_bytes;
    uint64_t seq = account->seq;
    struct ledger_writer writer = accounts_writer(accounts);
    task->now_ms = lease_now_ms(accounts->options.lease);
    struct decide decide = {
        .account = account,
        .writer = &writer,
        .arena = task->arena,
        .now_ms = task->now_ms,
        .mark = task->mark,
        .actor = task->actor,
        .log = log,
    };
    task->decision = (struct decision){0};
    enum status status = task->decide(task->context, &decide, &task->decision);
    bool written = task->decision.outcome == OUTCOME_APPLIED ||
                   task->decision.outcome == OUTCOME_REFUSED_RECORDED;
    if (status != STATUS_OK || !written) {
        task_untraced(task, status);
        return;
    }
    CHECK(accounts->records.len > 0);
    status = task_append(task, tail, bytes, seq);
    if (status != STATUS_OK) {
        task_untraced(task, status);
    }
}
