// How a task comes to a fresh account: the whole log, or what was added since; and reads, which are
// that and no more. What is folded here is checked to the last hash, and against what was seen
// before.
#include <inttypes.h>

#include "base/log.h"
#include "core/advance.h"
#include "core/ledger.h"
#include "service/accounts_parts.h"

// --- folding ---

void entry_drop(struct account_entry *entry)
{
    account_fini(&entry->account);
    account_init(&entry->account);
    entry->loaded = false;
    entry->due_known = false;
}

enum status entry_fold(struct accounts *accounts, struct account_entry *entry, struct span bytes)
{
    struct ledger_fault fault = {0};
    entry->due_known = entry->due_known && bytes.len == 0;
    enum status status =
        ledger_fold(&entry->account, bytes, span_of(entry->id, entry->id_len), entry->partition,
                    accounts->options.hash, &accounts->scratch, &fault);
    arena_reset(&accounts->scratch);
    if (status != STATUS_OK) {
        entry_drop(entry);
    }
    if (status == STATUS_CORRUPT) {
        log_event(LOG_ERROR, "account-log-broken",
                  "member_hash=%s record=%" PRIu64 " offset=%" PRIu64 " what=\"%s\"",
                  entry_name(accounts, entry).text, fault.record, fault.offset,
                  fault.what == NULL ? "" : fault.what);
    }
    return status;
}

// --- the whole log ---

uint64_t accounts_snapshot_bytes(struct span log)
{
    struct record_cursor cursor = {.rest = log};
    struct record_place place;
    if (record_next(&cursor, &place) != STATUS_OK || place.body.data[0] != RECORD_SNAPSHOT) {
        return 0;
    }
    return log.len - cursor.rest.len;
}

// Folding has failed: says so.
static void task_fold_failed(struct account_task *task, enum status status)
{
    if (status == STATUS_CORRUPT) {
        struct task_result result = {.end = TASK_CORRUPT};
        task_finish(task, &result, false);
    } else {
        task_trouble(task,
                     status == STATUS_UNKNOWN_TYPE ? TROUBLE_UNKNOWN_FORMAT : TROUBLE_NO_MEMORY,
                     false);
    }
}

void task_rolled_back(struct account_task *task, uint64_t seen_seq)
{
    log_event(LOG_ERROR, "account-rolled-back",
              "member_hash=%s seq=%" PRIu64 " seen=%" PRIu64 "%.*s",
              entry_name(task->accounts, task->entry).text, task->entry->account.seq, seen_seq,
              (int)task->trace.len, (const char *)task->trace.data);
    struct task_result result = {.end = TASK_ROLLED_BACK};
    task_finish(task, &result, false);
}

// The account is fresh. False when it is older than what was seen of it: the task has ended.
static bool task_seen_fresh(struct account_task *task)
{
    struct account_entry *entry = task->entry;
    entry->loaded = true;
    entry_note_fresh(entry);
    task->want_check = false;
    uint64_t seen = entry->seen_seq > task->min_seq ? entry->seen_seq : task->min_seq;
    if (entry->account.seq < seen) {
        // Looked at anew each time, for what was lost may come back.
        task_rolled_back(task, seen);
        entry_drop(entry);
        return false;
    }
    entry->seen_seq = entry->account.seq;
    return true;
}

void task_read(struct account_task *task, struct span log)
{
    struct accounts *accounts = task->accounts;
    struct account *account = &task->entry->account;
    arena_reset(task->arena);
    enum status status = account_save(account, task->arena, &task->savepoint);
    if (status != STATUS_OK) {
        task_trouble(task, TROUBLE_NO_MEMORY, false);
        return;
    }
    struct ledger_writer writer = accounts_writer(accounts);
    uint64_t written_seq = account->seq;
    task->now_ms = lease_now_ms(accounts->options.lease);
    if (account_exists(account)) {
        status = advance(account, &writer, task->arena, task->now_ms);
    }
    struct task_result result = task_result_of(task, status == STATUS_OK ? TASK_READ : TASK_FAULTY);
    result.status = status;
    result.written_seq = written_seq;
    result.unwritten = buffer_span(&accounts->records);
    result.log = log;
    task_finish(task, &result, true);
}

enum task_end task_end_known(const struct account_task *task, const struct record *record)
{
    if (record_buries(record, &task->mark)) {
        return TASK_REVERSED_BEFORE;
    }
    bool same = memcmp(record->mark.digest, task->mark.digest, REQUEST_DIGEST_BYTES) == 0;
    return same ? TASK_REPLAYED : TASK_ID_CONFLICT;
}

// Looks for the request in the whole log. False when that was its end.
static bool task_search(struct account_task *task, struct span log)
{
    struct record record;
    uint64_t seq = 0;
    arena_reset(task->arena);
    enum status status = ledger_find(log, &task->mark, task->arena, &record, &seq);
    if (status == STATUS_NOT_FOUND) {
        task->id_clear = true;
        return true;
    }
    if (status != STATUS_OK) {
        task_fold_failed(task, status);
        return false;
    }
    task->now_ms = lease_now_ms(task->accounts->options.lease);
    struct task_result result = task_result_of(task, task_end_known(task, &record));
    result.record = &record;
    result.seq = seq;
    if (account_unfinished(&task->entry->account)) {
        entry_nudge(task->entry, task->accounts); // a retry ends what its first time left open
    }
    task_finish(task, &result, false);
    return false;
}

// The account is the fold of `log`, which was read whole. An attempt that needs it is made at once,
// while it is here.
static void task_take_whole(struct account_task *task, struct span log)
{
    if (task->decide != NULL && task_must_search(task) && !task_search(task, log)) {
        return;
    }
    if (task_must_move(task)) {
        task_move(task);
        return;
    }
    if (task->decide == NULL) {
        task_read(task, log);
        return;
    }
    if (task->whole_log && task_may_step(task)) {
        task_attempt(task, log);
    }
}

static void take_load(struct account_task *task, const struct store_reply *reply)
{
    struct account_entry *entry = task->entry;
    if (reply->result != STORE_OK) {
        task_trouble(task, TROUBLE_STORE_UNAVAILABLE, false);
        return;
    }
    entry_drop(entry);
    enum status status = entry_fold(task->accounts, entry, reply->bytes);
    if (status != STATUS_OK) {
        task_fold_failed(task, status);
        return;
    }
    entry->compacted_bytes = accounts_snapshot_bytes(reply->bytes);
    if (!task_seen_fresh(task)) {
        return;
    }
    if (task->want_whole) {
        task->want_whole = false;
        task_take_whole(task, reply->bytes);
    }
}

static void on_load(void *context, const struct store_reply *reply)
{
    task_answered(context, reply, take_load);
}

static struct store_account entry_place(const struct account_entry *entry)
{
    return (struct store_account){.partition = entry->partition,
                                  .id = span_of(entry->id, entry->id_len)};
}

void task_load(struct account_task *task)
{
    struct store_account place = entry_place(task->entry);
    entry_ask(task->entry);
    store_load(task->accounts->options.store, &place, on_load, task);
}

// --- the tail check ---

// Whether a delta says what follows the account's tail: it begins with the tail's hash and was not
// cut off.
static bool delta_fits(const struct account *account, struct span bytes)
{
    return bytes.len >= CHAIN_HASH_BYTES && bytes.len < LIMIT_SUFFIX_BYTES &&
           memcmp(bytes.data, account->tail, CHAIN_HASH_BYTES) == 0;
}

static void take_delta(struct account_task *task, const struct store_reply *reply)
{
    struct account_entry *entry = task->entry;
    if (reply->result != STORE_OK) {
        task_trouble(task, TROUBLE_STORE_UNAVAILABLE, false);
        return;
    }
    if (!delta_fits(&entry->account, reply->bytes)) {
        entry_drop(entry);
        return;
    }
    struct span news = span_from(reply->bytes, CHAIN_HASH_BYTES);
    task->id_clear = task->id_clear && news.len == 0;
    if (entry_fold(task->accounts, entry, news) == STATUS_OK) {
        (void)task_seen_fresh(task);
    }
    // Else it is dropped: a full load will say what is wrong.
}

static void on_delta(void *context, const struct store_reply *reply)
{
    task_answered(context, reply, take_delta);
}

void task_check_tail(struct account_task *task)
{
    struct account_entry *entry = task->entry;
    if (entry->account.log_bytes < CHAIN_HASH_BYTES) {
        task_load(task);
        return;
    }
    struct store_account place = entry_place(entry);
    entry_ask(entry);
    store_load_from(task->accounts->options.store, &place,
                    entry->account.log_bytes - CHAIN_HASH_BYTES, on_delta, task);
}
