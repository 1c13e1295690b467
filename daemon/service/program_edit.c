// The attempts at an edit: head, judgement, append; a lost race goes round again, a bounded number
// of times. What landed is answered by the head that shows it.
#include "service/program_edit.h"

#include <stddef.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "service/event.h"
#include "service/programs.h"

#define PROGRAM_LOG_ID "program"

static void edit_attempt(struct request *request);

// Ends the request: it has been answered.
static void edit_end(struct request *request)
{
    CHECK(request->answered);
    request_end(request);
}

static const struct program_log *edit_log(const struct request *request)
{
    return lease_programs(request->service->lease);
}

// Whether this request was applied before. True when it was answered.
static bool answer_known(struct request *request)
{
    const struct program_edit *edit = request->state;
    const struct program_entry *entry = program_log_find(edit_log(request), &request->mark);
    if (entry == NULL) {
        return false;
    }
    const struct mark *mark = &entry->record.mark;
    if (memcmp(mark->digest, request->mark.digest, sizeof(mark->digest)) != 0) {
        struct task_result result = {.end = TASK_ID_CONFLICT};
        (void)request_answer_end(request, &result);
    } else if (edit->kind->answer(request, entry, !edit->landed) != STATUS_OK) {
        request_in_doubt(request);
    }
    return true;
}

// Judges the request by the head just read. True when it was answered.
static bool answer_unfit(struct request *request)
{
    const struct program_edit *edit = request->state;
    char etag[PROGRAM_ETAG_BYTES + 1];
    programs_etag(edit_log(request), etag);
    if (strcmp(etag, edit->kind->etag(request)) != 0) {
        request_fail(request, LOYALTY__V1__CODE__CODE_ABORTED, "ETAG_MISMATCH", "etag",
                     "Somebody else has changed the program meanwhile; read it again.");
        return true;
    }
    return edit->kind->answer_unfit(request);
}

// --- the append ---

static void on_appended(void *context, const struct store_reply *reply)
{
    struct request *request = context;
    struct program_edit *edit = request->state;
    request->task.in_doubt = false;
    switch (reply->result) {
    case STORE_OK:
        edit->landed = true;
        request->landed = true;
        log_event(LOG_INFO, edit->kind->event, "by=\"%.*s\"%.*s", (int)request->actor_len,
                  request->actor, (int)request->trace_len, request->trace);
        edit_attempt(request);
        return;
    case STORE_BEHIND:
    case STORE_RELOAD:
        edit_attempt(request);
        return;
    case STORE_CLOCK:
        request_trouble(request, TROUBLE_CLOCK_SKEW);
        break;
    case STORE_EXPIRED:
        request_trouble(request, TROUBLE_EXPIRED);
        break;
    case STORE_UNKNOWN:
        request_in_doubt(request);
        break;
    default:
        request_trouble(request, TROUBLE_STORE_UNAVAILABLE);
        break;
    }
    edit_end(request);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t edit_not_after_ms(const struct request *request)
{
    const struct program_edit *edit = request->state;
    const struct lease *lease = request->service->lease;
    int64_t left_ms = request->expires_ms - timers_now(request->service->options.timers);
    int64_t at_ms = earlier(lease_not_after_ms(lease), lease_store_now_ms(lease) + left_ms);
    int64_t deadline_ms = request_deadline_ms(request);
    if (deadline_ms != 0) {
        at_ms = earlier(at_ms, deadline_ms);
    }
    // A test clock is not the store's.
    return lease_is_sandbox(lease) ? at_ms : earlier(at_ms, edit->kind->not_after_ms(request));
}

static enum status edit_record(const struct request *request, struct buffer *records)
{
    const struct program_edit *edit = request->state;
    const struct program_log *log = edit_log(request);
    int64_t now_ms = lease_now_ms(request->service->lease);
    struct record record = {
        .at_ms = now_ms > log->last_ms ? now_ms : log->last_ms,
        .mark = request->mark,
    };
    edit->kind->fill(request, &record);
    TRY(record_encode(&record, records));
    uint8_t hash[CHAIN_HASH_BYTES];
    request->service->options.chain_hash(log->tail, buffer_span(records), hash);
    return buffer_append(records, span_of(hash, sizeof(hash)));
}

static enum status edit_append(struct request *request, struct buffer *records,
                               struct buffer *entry)
{
    const struct lease *lease = request->service->lease;
    const struct program_log *log = lease_programs(lease);
    TRY(edit_record(request, records));
    struct event event = {.format = EVENT_RECORDS,
                          .member_id = span_of_text(PROGRAM_LOG_ID),
                          .first_seq = log->records + 1,
                          .records = buffer_span(records)};
    TRY(event_encode(&event, entry));
    struct store_append append = {
        .account = {.meta = true, .id = span_of_text(PROGRAM_LOG_ID)},
        .expected_bytes = log->bytes,
        .now_ms = lease_is_sandbox(lease) ? 0 : lease_now_ms(lease),
        .not_after_ms = edit_not_after_ms(request),
        .records = event.records,
        .event = buffer_span(entry),
    };
    memcpy(append.expected_hash, log->tail, sizeof(append.expected_hash));
    request->task.in_doubt = true;
    store_append(request->service->options.store, &append, on_appended, request);
    return STATUS_OK;
}

static void edit_write(struct request *request)
{
    struct buffer records;
    struct buffer entry;
    buffer_init(&records, LIMIT_FRAME_BYTES);
    buffer_init(&entry, 2 * (size_t)LIMIT_FRAME_BYTES);
    enum status status = edit_append(request, &records, &entry);
    buffer_fini(&records);
    buffer_fini(&entry);
    if (status != STATUS_OK) {
        request_internal(request, status);
        edit_end(request);
    }
}

// --- attempts ---

static void on_head(struct lease_waiter *waiter, bool fresh)
{
    struct request *request =
        (struct request *)(void *)((char *)waiter - offsetof(struct request, waiter));
    const struct program_edit *edit = request->state;
    enum trouble trouble =
        fresh ? lease_check(request->service->lease, true) : TROUBLE_STORE_UNAVAILABLE;
    if (trouble != TROUBLE_NONE) {
        request_trouble(request, trouble);
    } else if (!request->answered && !answer_known(request) && edit->landed) {
        request_in_doubt(request);
    }
    if (request->answered || answer_unfit(request)) {
        edit_end(request);
        return;
    }
    edit_write(request);
}

static void edit_attempt(struct request *request)
{
    struct program_edit *edit = request->state;
    edit->attempts++;
    if (edit->attempts > LIMIT_CONFLICT_RETRIES) {
        request_trouble(request, TROUBLE_TOO_MANY_CONFLICTS);
        edit_end(request);
        return;
    }
    request->waiter.on_head = on_head;
    lease_await(request->service->lease, &request->waiter);
}

void program_edit_begin(struct request *request, const struct program_edit_kind *kind)
{
    struct program_edit *edit = request->state;
    edit->kind = kind;
    edit_attempt(request);
}
