// The queue of each account, and the steps of the task at its head. Invariants: of an entry only
// the first task has anything out at the store or a timer set (`busy`), an append for those right
// behind it too (`attempted`); the account of an entry is the fold of a prefix of its log, except
// between an attempt and the answer to its append.
#include "service/accounts.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/hash.h"
#include "service/accounts_parts.h"
#include "service/bounds.h"
#include "service/event.h"

enum status accounts_new(const struct accounts_options *options, struct accounts **ret_accounts)
{
    struct accounts *accounts = calloc(1, sizeof(*accounts));
    if (accounts == NULL) {
        return STATUS_NO_MEMORY;
    }
    accounts->options = *options;
    accounts->random = options->seed | 1;
    arena_init(&accounts->scratch, SERVICE_FOLD_ARENA_BYTES);
    buffer_init(&accounts->records, LIMIT_LOG_BYTES);
    buffer_init(&accounts->along, EVENT_TOLD_BYTES_MAX);
    buffer_init(&accounts->event, LIMIT_LOG_BYTES + LIMIT_FRAME_BYTES);
    enum status status =
        account_cache_init(&accounts->cache, options->cache_accounts, options->cache_bytes);
    if (status != STATUS_OK) {
        accounts_free(accounts);
        return status;
    }
    *ret_accounts = accounts;
    return STATUS_OK;
}

void accounts_free(struct accounts *accounts)
{
    if (accounts == NULL) {
        return;
    }
    account_cache_fini(&accounts->cache);
    buffer_fini(&accounts->records);
    buffer_fini(&accounts->along);
    buffer_fini(&accounts->event);
    arena_fini(&accounts->scratch);
    free(accounts->tallies);
    free(accounts);
}

// --- what is counted ---

struct account_tally accounts_tally(const struct accounts *accounts, uint32_t partition)
{
    return partition < accounts->tally_count ? accounts->tallies[partition]
                                             : (struct account_tally){0};
}

// How many partitions there are is known by the time of the first append, and stays. Without memory
// nothing is counted.
struct account_tally *accounts_count(struct accounts *accounts, uint32_t partition)
{
    static struct account_tally nowhere;
    if (accounts->tallies == NULL) {
        uint32_t count = lease_partitions(accounts->options.lease);
        accounts->tallies = calloc(count, sizeof(*accounts->tallies));
        accounts->tally_count = accounts->tallies == NULL ? 0 : count;
    }
    return partition < accounts->tally_count ? &accounts->tallies[partition] : &nowhere;
}

// --- the queue ---

static void entry_run(struct account_entry *entry, struct accounts *accounts)
{
    if (entry->running) {
        return;
    }
    entry->running = true;
    while (entry->first != NULL && !entry->busy) {
        task_step(entry->first);
    }
    entry->running = false;
    if (entry->first == NULL) {
        account_cache_release(&accounts->cache, entry);
    }
}

void entry_go_on(struct account_entry *entry, struct accounts *accounts)
{
    entry->busy = false;
    entry_run(entry, accounts);
}

void task_answered(struct account_task *task, const struct store_reply *reply, task_take_fn *take)
{
    struct accounts *accounts = task->accounts;
    struct account_entry *entry = task->entry;
    entry->busy = false;
    entry->running = true;
    take(task, reply);
    entry->running = false;
    if (!entry->busy) {
        entry_go_on(entry, accounts);
    }
}

// So many at a time that other accounts have their turn.
void entry_ask(struct account_entry *entry)
{
    entry->busy = true;
    entry->asked =
        entry->queued < LIMIT_ATTEMPT_TASKS ? entry->queued : (uint32_t)LIMIT_ATTEMPT_TASKS;
}

void entry_note_fresh(const struct account_entry *entry)
{
    struct account_task *task = entry->first;
    for (uint32_t i = 0; i < entry->asked; i++) {
        task->verified = true;
        task = task->next;
    }
}

static void entry_push(struct account_entry *entry, struct account_task *task)
{
    *(entry->last == NULL ? &entry->first : &entry->last->next) = task;
    entry->last = task;
    entry->queued++;
}

void entry_move(struct account_entry *entry, struct account_task *before,
                struct account_task *place)
{
    struct account_task *task = before->next;
    before->next = task->next;
    if (entry->last == task) {
        entry->last = before;
    }
    task->next = place->next;
    place->next = task;
}

static void entry_pop(struct account_entry *entry)
{
    entry->first = entry->first->next;
    if (entry->first == NULL) {
        entry->last = NULL;
    }
    entry->queued--;
}

struct task_result task_result_of(const struct account_task *task, enum task_end end)
{
    return (struct task_result){
        .end = end,
        .now_ms = task->now_ms,
        .programs = lease_set(task->accounts->options.lease),
        .account = &task->entry->account,
    };
}

void task_tell(struct account_task *task, const struct task_result *result)
{
    task->in_doubt = result->end == TASK_IN_DOUBT;
    task->on_result(task->context, result);
}

void task_leave(struct account_task *task)
{
    struct account_entry *entry = task->entry;
    CHECK(entry != NULL && entry->first == task && !entry->busy && entry->attempted == 0);
    entry_pop(entry);
    task->entry = NULL;
}

void task_release(struct account_task *task)
{
    task_leave(task);
    task->on_released(task->context);
}

void task_finish(struct account_task *task, const struct task_result *result, bool restore)
{
    task_tell(task, result);
    if (restore) {
        account_restore(&task->entry->account, task->savepoint);
    }
    task_release(task);
}

void task_trouble(struct account_task *task, enum trouble trouble, bool restore)
{
    struct task_result result = {.end = TASK_TROUBLE, .trouble = trouble};
    task_finish(task, &result, restore);
}

static enum trouble task_lease(const struct accounts *accounts, const struct account_task *task)
{
    if (accounts->stopping) {
        return TROUBLE_STORE_UNAVAILABLE;
    }
    return lease_check(accounts->options.lease, task->decide != NULL && !task->dry);
}

// Ends a task that never got into a queue.
static void task_turn_away(struct account_task *task, enum trouble trouble)
{
    struct task_result result = {.end = TASK_TROUBLE, .trouble = trouble};
    task->on_result(task->context, &result);
    task->on_released(task->context);
}

// The entry of its account, a new one where there is none; NULL when out of memory.
static struct account_entry *task_find_entry(const struct account_task *task)
{
    struct accounts *accounts = task->accounts;
    struct account_cache *cache = &accounts->cache;
    struct account_entry *entry =
        task->passing ? account_cache_peek(cache, task->id) : account_cache_find(cache, task->id);
    if (entry == NULL) {
        entry = account_cache_add(cache, task->id, accounts_partition(accounts, task->id));
        if (entry != NULL) {
            entry->passing = task->passing;
        }
    }
    if (entry != NULL && !task->passing) {
        entry->passing = false;
    }
    return entry;
}

void task_queue(struct account_task *task)
{
    struct accounts *accounts = task->accounts;
    task->in_doubt = false;
    task->next = NULL;
    task->conflicts = 0;
    task->verified = false;
    task->want_check = task->decide == NULL || task->dry;
    task->want_whole = task->whole_log;
    task->id_clear = false;
    task->late = false;
    enum trouble trouble = task_lease(accounts, task);
    if (trouble != TROUBLE_NONE) {
        task_turn_away(task, trouble);
        return;
    }
    struct account_entry *entry = task_find_entry(task);
    if (entry == NULL || entry->queued >= LIMIT_ACCOUNT_QUEUE) {
        task_turn_away(task, entry == NULL ? TROUBLE_NO_MEMORY : TROUBLE_OVERLOADED);
        return;
    }
    account_cache_use(&accounts->cache, entry);
    task->entry = entry;
    entry_push(entry, task);
    entry_run(entry, accounts);
}

void accounts_submit(struct accounts *accounts, struct account_task *task)
{
    task->accounts = accounts;
    task->moved = 0;
    task->looked = 0;
    task_queue(task);
}

// --- steps ---

bool task_in_time(const struct account_task *task)
{
    return !task->late && timers_now(task->accounts->options.timers) < task->expires_ms;
}

bool task_may_step(struct account_task *task)
{
    const struct accounts *accounts = task->accounts;
    enum trouble trouble = task_lease(accounts, task);
    if (!task_in_time(task)) {
        trouble = TROUBLE_EXPIRED;
    }
    if (trouble != TROUBLE_NONE) {
        task_trouble(task, trouble, false);
    }
    return trouble == TROUBLE_NONE;
}

void task_step(struct account_task *task)
{
    CHECK(task->entry != NULL && task->entry->first == task);
    if (!task_may_step(task)) {
        return;
    }
    bool unsure = !task->verified && (task->want_check || task->entry->account.seq < task->min_seq);
    if (!task->entry->loaded || task->want_whole) {
        task_load(task);
    } else if (unsure) {
        task_check_tail(task);
    } else if (task->entry->account.seq < task->min_seq) {
        task_rolled_back(task, task->min_seq);
    } else if (task_must_move(task)) {
        task_move(task);
    } else if (task->decide == NULL) {
        task_read(task, (struct span){0});
    } else {
        task_attempt(task, (struct span){0});
    }
}

// --- the rest ---

void accounts_compacted(struct accounts *accounts, struct span id, uint64_t cut_bytes,
                        uint64_t snapshot_bytes, uint64_t log_bytes)
{
    struct account_entry *entry = account_cache_find(&accounts->cache, id);
    if (entry == NULL) {
        return;
    }
    entry->compacted_bytes = log_bytes;
    // What follows the cut has moved, the tail is the same. An append that is out corrects the
    // length itself; where it fails, a wrong length costs a reload and nothing else.
    if (entry->loaded && entry->account.log_bytes >= cut_bytes) {
        entry->account.log_bytes = entry->account.log_bytes - cut_bytes + snapshot_bytes;
    }
}

void accounts_forget(struct accounts *accounts)
{
    size_t place = 0;
    struct account_entry *entry = account_cache_next(&accounts->cache, &place);
    while (entry != NULL) {
        if (entry->idle) {
            entry_drop(entry);
            entry->seen_seq = 0;
        }
        entry = account_cache_next(&accounts->cache, &place);
    }
}

uint32_t accounts_partition(const struct accounts *accounts, struct span id)
{
    return (uint32_t)(hash_fnv1a(id) % lease_partitions(accounts->options.lease));
}

size_t accounts_cached(const struct accounts *accounts)
{
    return accounts->cache.count;
}

// The next entry whose first task pauses after a conflict.
static struct account_entry *next_pausing(const struct accounts *accounts, size_t *place)
{
    struct account_entry *entry = account_cache_next(&accounts->cache, place);
    while (entry != NULL && (entry->first == NULL || entry->first->timer.place == 0)) {
        entry = account_cache_next(&accounts->cache, place);
    }
    return entry;
}

void accounts_stop(struct accounts *accounts)
{
    accounts->stopping = true;
    size_t ended = 0;
    do { // again, for what goes meanwhile may have moved one past the place
        size_t place = 0;
        ended = 0;
        struct account_entry *entry = next_pausing(accounts, &place);
        while (entry != NULL) {
            timers_clear(accounts->options.timers, &entry->first->timer);
            entry_go_on(entry, accounts);
            ended++;
            entry = next_pausing(accounts, &place);
        }
    } while (ended > 0);
}

struct ledger_writer accounts_writer(struct accounts *accounts)
{
    buffer_clear(&accounts->records);
    accounts->told = (struct told_marks){0};
    return (struct ledger_writer){
        .out = &accounts->records,
        .hash = accounts->options.hash,
        .programs = lease_set(accounts->options.lease),
        .told = &accounts->told,
    };
}
