// AdminService.ListAudit: what was done by hand in a month, in the order it was listed. One walk
// over the month's log, with what the program's log tells of that month in between.
#include "service/audit.h"

#include <stdlib.h>

#include "core/ledger.h"
#include "service/bounds.h"
#include "service/handlers.h"
#include "service/programs.h"
#include "service/request.h"
#include "wire/audit.h"
#include "wire/message.h"
#include "wire/replies.h"

// A record of the program's log in the month.
struct edit {
    int64_t at_ms;
    const struct record *record;
};

struct audit_list {
    struct request *request;
    struct audit_ask ask;
    char account[LIMIT_MEMBER_ID_BYTES + 1];
    struct edit edits[2 * LIMIT_PROGRAM_VERSIONS];
    uint32_t edit_count;
    uint32_t edits_passed;
    uint64_t records_passed; // of the month's log
    size_t bytes;
    bool full;
    Loyalty__V1__ListAuditResponse *response;
};

// --- the program's log ---

static void add_edit(struct audit_list *list, const struct program_entry *entry, int64_t from_ms,
                     int64_t until_ms)
{
    const struct record *record = &entry->record;
    if (record->at_ms >= from_ms && record->at_ms < until_ms) {
        list->edits[list->edit_count++] = (struct edit){.at_ms = record->at_ms, .record = record};
    }
}

static int compare_edits(const void *left, const void *right)
{
    const struct edit *a = left;
    const struct edit *b = right;
    if (a->at_ms != b->at_ms) {
        return a->at_ms < b->at_ms ? -1 : 1;
    }
    return (int)a->record->type - (int)b->record->type; // published first
}

static int64_t month_start(const struct zone *zone, int32_t year, int32_t month)
{
    return zone_day_start(zone, (struct civil_date){.year = year, .month = month, .day = 1});
}

static void find_edits(struct audit_list *list, const struct zone *zone)
{
    const struct program_log *log = lease_programs(list->request->service->lease);
    const struct audit_ask *ask = &list->ask;
    bool last = ask->month == 12;
    int64_t from_ms = month_start(zone, ask->year, ask->month);
    int64_t until_ms = month_start(zone, ask->year + last, last ? 1 : ask->month + 1);
    for (size_t i = 0; i < log->count; i++) {
        const struct published *item = log->items[i];
        add_edit(list, &item->entry, from_ms, until_ms);
        if (item->withdrawal != NULL) {
            add_edit(list, item->withdrawal, from_ms, until_ms);
        }
    }
    qsort(list->edits, list->edit_count, sizeof(list->edits[0]), compare_edits);
}

// --- the page ---

// False when the page is full.
static bool add(struct audit_list *list, Loyalty__V1__AuditEntry *entry)
{
    Loyalty__V1__ListAuditResponse *response = list->response;
    size_t bytes = protobuf_c_message_get_packed_size(&entry->base) + 8;
    if (response->n_entries == list->ask.size || list->bytes + bytes > SERVICE_AUDIT_BYTES) {
        list->full = true;
        return false;
    }
    response->entries[response->n_entries++] = entry;
    list->bytes += bytes;
    return true;
}

static enum status add_edits(struct audit_list *list, int64_t before_ms)
{
    while (!list->full && list->edits_passed < list->edit_count &&
           list->edits[list->edits_passed].at_ms <= before_ms) {
        Loyalty__V1__AuditEntry *entry = NULL;
        TRY(audit_program_entry(&list->request->arena, list->edits[list->edits_passed].record,
                                &entry));
        list->edits_passed += add(list, entry);
    }
    return STATUS_OK;
}

static enum status visit(void *context, uint64_t seq, const struct record *record)
{
    struct audit_list *list = context;
    if (record->type != RECORD_AUDITED || seq <= list->ask.after_records || list->full) {
        return STATUS_OK;
    }
    TRY(add_edits(list, record->at_ms));
    Loyalty__V1__AuditEntry *entry = NULL;
    if (!list->full) {
        TRY(audit_entry(&list->request->arena, &record->audited, &entry));
        list->records_passed = add(list, entry) ? seq : list->records_passed;
    }
    return STATUS_OK;
}

static enum status describe_chain(struct audit_list *list, const struct account *account)
{
    char month[sizeof("YYYY-MM")];
    *civil_write_month(list->ask.year, list->ask.month, month) = '\0';
    TRY(replies_text(&list->request->arena, span_of_text(month), &list->response->month));
    if (!account_exists(account)) {
        return STATUS_OK;
    }
    char text[PROGRAM_ETAG_BYTES + 1];
    list->response->records = account->seq;
    return replies_text(&list->request->arena,
                        span_of_text(programs_hash_text(account->tail, text)),
                        &list->response->chain);
}

static enum status read_list(struct audit_list *list, const struct task_result *result)
{
    struct request *request = list->request;
    list->response = (Loyalty__V1__ListAuditResponse *)message_new(
        &loyalty__v1__list_audit_response__descriptor, &request->arena);
    if (list->response == NULL) {
        return STATUS_NO_MEMORY;
    }
    list->response->entries =
        arena_alloc_array(&request->arena, list->ask.size, sizeof(Loyalty__V1__AuditEntry *));
    if (list->response->entries == NULL) {
        return STATUS_NO_MEMORY;
    }
    list->edits_passed = list->ask.after_program;
    list->records_passed = list->ask.after_records;
    TRY(ledger_walk(result->log, &request->service->scratch, visit, list));
    TRY(add_edits(list, INSTANT_NEVER));
    TRY(describe_chain(list, result->account));
    if (list->full) {
        list->response->next_page_token =
            audit_page_token(&request->arena, list->records_passed, list->edits_passed);
        return list->response->next_page_token == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    }
    return STATUS_OK;
}

static void on_log(void *context, const struct task_result *result)
{
    struct request *request = context;
    struct audit_list *list = request->state;
    if (request_answer_end(request, result)) {
        return;
    }
    enum status status = read_list(list, result);
    arena_reset(&request->service->scratch);
    if (status == STATUS_OK) {
        request_reply(request, &list->response->base, false);
    } else {
        request_internal(request, status);
    }
}

// --- what is asked ---

static enum status find_month(struct audit_list *list)
{
    const struct lease *lease = list->request->service->lease;
    const struct program_version *version = audit_version(lease_set(lease), lease_now_ms(lease));
    if (version == NULL) {
        return STATUS_NOT_FOUND;
    }
    if (!list->ask.has_month) {
        struct civil_date today = zone_date(version->zone, lease_now_ms(lease));
        list->ask.year = today.year;
        list->ask.month = today.month;
    }
    find_edits(list, version->zone);
    return audit_account(list->ask.year, list->ask.month, list->account);
}

static void list_begin(struct request *request, struct audit_list *list)
{
    struct refusal refusal = {.reason = REFUSAL_NO_PROGRAM, .field = ""};
    enum trouble trouble = lease_check(request->service->lease, false);
    enum status status = audit_read(
        &request->commands, (const Loyalty__V1__ListAuditRequest *)request->message, &list->ask);
    if (trouble != TROUBLE_NONE) {
        request_trouble(request, trouble);
    } else if (status != STATUS_OK) {
        request_bad(request, status);
    } else {
        status = find_month(list);
        if (status == STATUS_NOT_FOUND) {
            request_refuse(request, &refusal);
        } else if (status != STATUS_OK) {
            request_internal(request, status);
        }
    }
    if (request->answered) {
        request_end(request);
        return;
    }
    request_prepare(request, NULL, on_log, NULL);
    request->task.id = span_of_text(list->account);
    request->task.whole_log = true;
    accounts_submit(request->service->accounts, &request->task);
}

void admin_list_audit(struct request *request)
{
    struct audit_list *list = request_state(request, sizeof(*list));
    if (list != NULL) {
        list->request = request;
        list_begin(request, list);
    }
}
