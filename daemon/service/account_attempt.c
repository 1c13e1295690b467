// One attempt: the mutation at the head of an account's queue is decided, then those that wait
// behind it, each on what those before it leave; what they write is appended on condition that
// nobody else has written. Who would need anything else first (the store, the log, more room) ends
// the attempt before it and is the head of the next. Reads in between let the others pass: they are
// answered right behind the append, of which they then know.
//
// From here to the answer (account_landing.c) the account is ahead of its log; the first task's
// savepoint leads back, except after an open outcome, when only a load tells.
#include "base/check.h"
#include "core/advance.h"
#include "core/ledger.h"
#include "service/accounts_parts.h"
#include "service/bounds.h"
#include "service/event.h"

struct attempt {
    struct accounts *accounts;
    struct account_entry *entry;
    struct account_task *last; // decided so far, from the head of the queue on
    // the log as it stands, which is what all of it is decided on
    uint8_t tail[CHAIN_HASH_BYTES];
    uint64_t log_bytes;
    uint64_t seq;
    struct told_before before;
    int64_t now_ms;
    struct ledger_writer writer;
};

static struct attempt attempt_of(struct account_entry *entry, struct accounts *accounts)
{
    const struct account *account = &entry->account;
    struct attempt attempt = {
        .accounts = accounts,
        .entry = entry,
        .last = entry->first,
        .log_bytes = account->log_bytes,
        .seq = account->seq,
        .before = told_before(account),
        .now_ms = lease_now_ms(accounts->options.lease),
        .writer = accounts_writer(accounts),
    };
    memcpy(attempt.tail, account->tail, sizeof(attempt.tail));
    return attempt;
}

// --- deciding ---

bool task_writes(const struct account_task *task)
{
    enum outcome outcome = task->decision.outcome;
    return task->same == NULL &&
           (outcome == OUTCOME_APPLIED || outcome == OUTCOME_REFUSED_RECORDED);
}

static enum status attempt_save(const struct attempt *attempt, struct account_task *task)
{
    arena_reset(task->arena);
    return account_save(&attempt->entry->account, task->arena, &task->savepoint);
}

static enum status attempt_decide(struct attempt *attempt, struct account_task *task,
                                  struct span log)
{
    struct account *account = &attempt->entry->account;
    struct decide decide = {
        .account = account,
        .writer = &attempt->writer,
        .arena = task->arena,
        .now_ms = attempt->now_ms,
        .mark = task->mark,
        .actor = task->actor,
        .log = log,
    };
    task->now_ms = attempt->now_ms;
    task->same = NULL;
    task->decision = (struct decision){0};
    TRY(task->decide(task->context, &decide, &task->decision));
    task->seq = account->seq - task->decision.behind;
    size_t bytes = attempt->writer.out->len;
    return task_writes(task) && attempt->log_bytes + bytes > LIMIT_LOG_BYTES ? STATUS_TOO_LARGE
                                                                             : STATUS_OK;
}

// Whether nothing is to be asked before the task is decided on what has not landed yet.
static bool task_may_follow(const struct attempt *attempt, const struct account_task *task)
{
    return task->decide != NULL && !task->dry && !task->whole_log && !task->want_whole &&
           (task->verified || !task->want_check) && task->min_seq <= attempt->seq &&
           task_in_time(task) && !task_must_move(task);
}

// The task of this attempt that was decided under the same id as `task`; or NULL.
static const struct account_task *attempt_find(const struct attempt *attempt,
                                               const struct account_task *task)
{
    const struct account_task *before = attempt->entry->first;
    while (!(task_writes(before) && record_answers(&before->decision.record, &task->mark))) {
        if (before == attempt->last) {
            return NULL;
        }
        before = before->next;
    }
    return before;
}

// Decides the next task on what those before it leave. False: the attempt ends before it, and
// nothing of it is left behind.
static bool attempt_follow(struct attempt *attempt, struct account_task *task)
{
    struct account *account = &attempt->entry->account;
    struct buffer *records = attempt->writer.out;
    size_t bytes = records->len;
    if (!task_may_follow(attempt, task)) {
        return false;
    }
    if (task->mark.present && account_may_know(account, &task->mark)) {
        task->now_ms = attempt->now_ms;
        task->same = attempt_find(attempt, task);
        return task->same != NULL;
    }
    if (attempt_save(attempt, task) != STATUS_OK) {
        return false;
    }
    enum status status = attempt_decide(attempt, task, (struct span){0});
    if (status == STATUS_OK && task_writes(task) && records->len <= LIMIT_ATTEMPT_BYTES) {
        return true;
    }
    account_restore(account, task->savepoint);
    buffer_truncate(records, bytes);
    bool nothing = task->tentative && task->decision.outcome == OUTCOME_NOTHING;
    return status == STATUS_OK && (nothing || task->decision.outcome == OUTCOME_REFUSED);
}

// The task behind `before` becomes the attempt's last. Returns whom to look behind for the next.
static struct account_task *attempt_take(struct attempt *attempt, struct account_task *before)
{
    struct account_task *task = before->next;
    struct account_task *last = attempt->last;
    attempt->last = task;
    if (before == last) {
        return task;
    }
    entry_move(attempt->entry, before, last);
    return before;
}

// Of the tasks behind the first as many as go; how many that makes with it.
static uint32_t attempt_gather(struct attempt *attempt)
{
    struct account_task *before = attempt->entry->first;
    uint32_t count = 1;
    uint32_t passed = 0;
    while (!attempt->entry->first->whole_log && before->next != NULL &&
           count + passed < LIMIT_ATTEMPT_TASKS) {
        if (before->next->decide == NULL) {
            before = before->next;
            passed++;
        } else if (attempt_follow(attempt, before->next)) {
            before = attempt_take(attempt, before);
            count++;
        } else {
            break;
        }
    }
    return count;
}

// --- appending ---

static int64_t task_not_after_ms(const struct account_task *task)
{
    const struct accounts_options *options = &task->accounts->options;
    int64_t left_ms = task->expires_ms - timers_now(options->timers);
    int64_t own_ms = lease_store_now_ms(options->lease) + left_ms;
    int64_t lease_ms = lease_not_after_ms(options->lease);
    int64_t at_ms = own_ms < lease_ms ? own_ms : lease_ms;
    return task->deadline_ms != 0 && task->deadline_ms < at_ms ? task->deadline_ms : at_ms;
}

// From now on the first `count` tasks wait for the answer to one append. The earliest of the
// instants by which they are to land.
static int64_t entry_await_tasks(struct account_entry *entry, uint32_t count)
{
    int64_t earliest_ms = INT64_MAX;
    struct account_task *task = entry->first;
    for (uint32_t i = 0; i < count; i++) {
        task->in_doubt = true;
        task->not_after_ms = task_writes(task) ? task_not_after_ms(task) : INT64_MAX;
        earliest_ms = task->not_after_ms < earliest_ms ? task->not_after_ms : earliest_ms;
        task = task->next;
    }
    entry->attempted = count;
    return earliest_ms;
}

// The event of what was decided, into accounts->event.
static enum status attempt_event(const struct attempt *attempt)
{
    struct accounts *accounts = attempt->accounts;
    struct account_entry *entry = attempt->entry;
    buffer_clear(&accounts->along);
    TRY(told_write(&accounts->told, &attempt->before, &entry->account.names, &accounts->along));
    struct event event = {
        .format = EVENT_RECORDS,
        .member_id = span_of(entry->id, entry->id_len),
        .first_seq = attempt->seq + 1,
        .told = buffer_span(&accounts->along),
        .records = buffer_span(attempt->writer.out),
    };
    CHECK(event.records.len > 0);
    buffer_clear(&accounts->event);
    return event_encode(&event, &accounts->event);
}

// What due instants are right for: the programs' log by its tail.
static uint64_t programs_of(const struct accounts *accounts)
{
    uint64_t programs = 0;
    memcpy(&programs, lease_programs(accounts->options.lease)->tail, sizeof(programs));
    return programs;
}

// Whether the index holds what this daemon last made it hold: when the programs have changed since,
// somebody may have set it right for them.
static bool entry_knows_due(const struct attempt *attempt)
{
    const struct account_entry *entry = attempt->entry;
    return entry->due_known && entry->due_programs == programs_of(attempt->accounts);
}

// When the index is to have it due. History posted at its own time leaves its account behind the
// present; whoever makes durable what time has made meanwhile lets it alone for a good while after
// the last of it, or the next would come out of order. What is due at once, an obligation, is.
static int64_t attempt_due_ms(const struct attempt *attempt)
{
    const struct account_entry *entry = attempt->entry;
    int64_t due_ms = advance_due(&entry->account, lease_set(attempt->accounts->options.lease));
    if (due_ms <= entry->account.now_ms || due_ms > attempt->now_ms) {
        return due_ms;
    }
    int64_t then_ms = attempt->now_ms + SERVICE_HISTORY_QUIET_MS;
    bool far_enough = entry_knows_due(attempt) && entry->due_ms <= then_ms &&
                      entry->due_ms > then_ms - SERVICE_HISTORY_QUIET_MS / 2;
    return far_enough ? entry->due_ms : then_ms;
}

static enum status attempt_append(const struct attempt *attempt, uint32_t count)
{
    struct accounts *accounts = attempt->accounts;
    struct account_entry *entry = attempt->entry;
    TRY(attempt_event(attempt));
    entry->append_due_ms = attempt_due_ms(attempt);
    entry->append_programs = programs_of(accounts);
    entry->append_not_after_ms = entry_await_tasks(entry, count);
    struct store_append append = {
        .account = {.partition = entry->partition, .id = span_of(entry->id, entry->id_len)},
        .expected_bytes = attempt->log_bytes,
        .now_ms = lease_is_sandbox(accounts->options.lease) ? 0 : attempt->now_ms,
        .not_after_ms = entry->append_not_after_ms,
        .records = buffer_span(attempt->writer.out),
        .event = buffer_span(&accounts->event),
        .due_changed = entry->first->passing || !entry_knows_due(attempt) ||
                       entry->due_ms != entry->append_due_ms,
        .due_ms = entry->append_due_ms,
    };
    memcpy(append.expected_hash, attempt->tail, sizeof(append.expected_hash));
    entry_ask(entry);
    store_append(accounts->options.store, &append, task_on_append, entry->first);
    return STATUS_OK;
}

// --- the task at the head ---

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
    bool nothing =
        status == STATUS_OK && task->tentative && task->decision.outcome == OUTCOME_NOTHING;
    if (!task->verified && !nothing && status != STATUS_NO_MEMORY) {
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
    if (task_must_search(task)) {
        task->want_whole = true;
        return;
    }
    struct attempt attempt = attempt_of(task->entry, task->accounts);
    entry_sums_begin(task->entry);
    if (attempt_save(&attempt, task) != STATUS_OK) {
        task_trouble(task, TROUBLE_NO_MEMORY, false);
        return;
    }
    enum status status = attempt_decide(&attempt, task, log);
    if (status == STATUS_OK && task_writes(task)) {
        status = attempt_append(&attempt, attempt_gather(&attempt));
        if (status == STATUS_OK) {
            return;
        }
    }
    task_untraced(task, status);
}
