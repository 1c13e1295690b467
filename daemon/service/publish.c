// ProgramsService.PublishProgram: one conditional append to the program's own log. Each attempt
// reads the head first, so that the etag, the place in time and a retry are judged by what is there
// now; losing a race shows as another etag on the next reading.
#include <stddef.h>
#include <stdio.h>

#include "base/check.h"
#include "base/log.h"
#include "loyalty/v1/programs.pb-c.h"
#include "service/event.h"
#include "service/handlers.h"
#include "service/programs.h"
#include "wire/message.h"
#include "wire/replies.h"

#define PROGRAM_LOG_ID "program"

struct publishing {
    int64_t effective_from_ms;
    struct span document;
    struct span reason;
    uint32_t attempts;
    bool landed; // by this very request: the next head shows it
};

static void publish_attempt(struct request *request);

// Ends the request: it has been answered.
static void publish_end(struct request *request)
{
    CHECK(request->answered);
    request_end(request);
}

static void publish_answer(struct request *request, const struct record *record, bool replayed)
{
    Loyalty__V1__PublishProgramResponse response = LOYALTY__V1__PUBLISH_PROGRAM_RESPONSE__INIT;
    char etag[PROGRAM_ETAG_BYTES + 1];
    const struct published *item =
        lease_programs(request->service->lease)->items[record->published.number - 1];
    for (size_t i = 0; i < CHAIN_HASH_BYTES; i++) {
        snprintf(etag + 2 * i, 3, "%02x", item->hash[i]);
    }
    response.version = record->published.number;
    response.etag = etag;
    enum status status = replies_instant(&request->arena, record->published.effective_from_ms,
                                         &response.effective_from);
    if (status == STATUS_OK) {
        status = replies_instant(&request->arena, record->at_ms, &response.published_at);
    }
    if (status != STATUS_OK) {
        request_in_doubt(request);
        return;
    }
    request_reply(request, &response.base, replayed);
}

// Whether this request was published before. True when it was answered.
static bool answer_known(struct request *request)
{
    const struct program_log *log = lease_programs(request->service->lease);
    const struct publishing *publishing = request->state;
    for (size_t i = 0; i < log->count; i++) {
        const struct record *record = &log->items[i]->record;
        if (!record->mark.present ||
            memcmp(record->mark.id, request->mark.id, sizeof(record->mark.id)) != 0) {
            continue;
        }
        if (memcmp(record->mark.digest, request->mark.digest, sizeof(record->mark.digest)) == 0) {
            publish_answer(request, record, !publishing->landed);
        } else {
            struct task_result result = {.end = TASK_ID_CONFLICT};
            (void)request_answer_end(request, &result);
        }
        return true;
    }
    return false;
}

// Every mistake in one message, the first one's path as the field.
static void answer_problems(struct request *request, const struct program_problems *problems)
{
    struct buffer text;
    buffer_init(&text, LIMIT_REPLY_BYTES / 2);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < problems->count && status == STATUS_OK; i++) {
        const struct program_problem *problem = &problems->items[i];
        const char *line = arena_printf(&request->arena, "%sprogram%s%.*s %.*s", i == 0 ? "" : "; ",
                                        problem->path.len == 0 ? "" : ".", (int)problem->path.len,
                                        (const char *)problem->path.data, (int)problem->reason.len,
                                        (const char *)problem->reason.data);
        status = line == NULL ? STATUS_NO_MEMORY : buffer_append(&text, span_of_text(line));
    }
    const struct span *path = &problems->items[0].path;
    const char *field = arena_printf(&request->arena, "program%s%.*s", path->len == 0 ? "" : ".",
                                     (int)path->len, (const char *)path->data);
    const char *message =
        arena_printf(&request->arena, "%.*s", (int)text.len, (const char *)text.data);
    buffer_fini(&text);
    if (field == NULL || message == NULL) {
        request_internal(request, STATUS_NO_MEMORY);
        return;
    }
    request_fail(request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "INVALID_PROGRAM", field,
                 message);
}

// The rules of when. True when it was answered.
static bool answer_bad_time(struct request *request)
{
    const struct publishing *publishing = request->state;
    const struct lease *lease = request->service->lease;
    const struct program_log *log = lease_programs(lease);
    if (log->count == 0) {
        return false; // without members: it may take effect in the past
    }
    if (publishing->effective_from_ms < lease_now_ms(lease) + LIMIT_PUBLISH_LEAD_MS) {
        request_fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "TOO_SOON",
                     "effective_from", "A version takes effect at least a minute from now.");
        return true;
    }
    if (publishing->effective_from_ms <= log->versions[log->count - 1].effective_from_ms) {
        request_fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "NOT_THE_LATEST",
                     "effective_from", "A version takes effect later than the ones before it.");
        return true;
    }
    return false;
}

// Judges the request by the head just read. True when it was answered.
static bool answer_unfit(struct request *request)
{
    const Loyalty__V1__PublishProgramRequest *message =
        (const Loyalty__V1__PublishProgramRequest *)request->message;
    const struct program_log *log = lease_programs(request->service->lease);
    char etag[PROGRAM_ETAG_BYTES + 1];
    programs_etag(log, etag);
    if (strcmp(etag, message->etag) != 0) {
        request_fail(request, LOYALTY__V1__CODE__CODE_ABORTED, "ETAG_MISMATCH", "etag",
                     "Somebody else has published meanwhile; read the program again.");
        return true;
    }
    if (log->count == LIMIT_PROGRAM_VERSIONS) {
        request_fail(request, LOYALTY__V1__CODE__CODE_RESOURCE_EXHAUSTED, "TOO_MANY_VERSIONS", "",
                     "The program has as many versions as it can have.");
        return true;
    }
    struct program_problems problems = {.arena = &request->attempt};
    arena_reset(&request->attempt);
    enum status status = programs_judge(request->service, message->program, &problems);
    if (status != STATUS_OK) {
        request_internal(request, status);
        return true;
    }
    if (problems.count > 0) {
        answer_problems(request, &problems);
        return true;
    }
    return answer_bad_time(request);
}

// --- the append ---

static void on_published(void *context, const struct store_reply *reply)
{
    struct request *request = context;
    struct publishing *publishing = request->state;
    request->task.in_doubt = false;
    switch (reply->result) {
    case STORE_OK:
        publishing->landed = true;
        request->landed = true;
        log_event(LOG_INFO, "program-published", "by=\"%.*s\"%.*s", (int)request->actor_len,
                  request->actor, (int)request->trace_len, request->trace);
        publish_attempt(request);
        return;
    case STORE_BEHIND:
    case STORE_RELOAD:
        publish_attempt(request);
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
    publish_end(request);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

// No daemon that does not know the version may act when it takes effect: it must land well before.
static int64_t publish_not_after_ms(const struct request *request)
{
    const struct publishing *publishing = request->state;
    const struct lease *lease = request->service->lease;
    int64_t left_ms = request->expires_ms - timers_now(request->service->options.timers);
    int64_t at_ms = earlier(lease_not_after_ms(lease), lease_store_now_ms(lease) + left_ms);
    int64_t deadline_ms = request_deadline_ms(request);
    if (deadline_ms != 0) {
        at_ms = earlier(at_ms, deadline_ms);
    }
    if (lease_programs(lease)->count == 0 || lease_is_sandbox(lease)) {
        return at_ms;
    }
    return earlier(at_ms, publishing->effective_from_ms - LIMIT_PUBLISH_LEAD_MS);
}

static enum status publish_record(struct request *request, struct buffer *records)
{
    const struct publishing *publishing = request->state;
    const struct program_log *log = lease_programs(request->service->lease);
    int64_t now_ms = lease_now_ms(request->service->lease);
    int64_t last_ms = log->count == 0 ? 0 : log->items[log->count - 1]->record.at_ms;
    struct record record = {
        .type = RECORD_PUBLISHED,
        .at_ms = now_ms > last_ms ? now_ms : last_ms,
        .mark = request->mark,
        .published = {.number = (uint32_t)log->count + 1,
                      .effective_from_ms = publishing->effective_from_ms,
                      .document = publishing->document,
                      .by = request_actor(request),
                      .reason = publishing->reason},
    };
    TRY(record_encode(&record, records));
    uint8_t hash[CHAIN_HASH_BYTES];
    request->service->options.chain_hash(log->tail, buffer_span(records), hash);
    return buffer_append(records, span_of(hash, sizeof(hash)));
}

static enum status publish_append(struct request *request, struct buffer *records,
                                  struct buffer *entry)
{
    const struct lease *lease = request->service->lease;
    const struct program_log *log = lease_programs(lease);
    TRY(publish_record(request, records));
    struct event event = {.format = EVENT_RECORDS,
                          .member_id = span_of_text(PROGRAM_LOG_ID),
                          .first_seq = log->count + 1,
                          .records = buffer_span(records)};
    TRY(event_encode(&event, entry));
    struct store_append append = {
        .account = {.meta = true, .id = span_of_text(PROGRAM_LOG_ID)},
        .expected_bytes = log->bytes,
        .now_ms = lease_is_sandbox(lease) ? 0 : lease_now_ms(lease),
        .not_after_ms = publish_not_after_ms(request),
        .records = event.records,
        .event = buffer_span(entry),
    };
    memcpy(append.expected_hash, log->tail, sizeof(append.expected_hash));
    request->task.in_doubt = true;
    store_append(request->service->options.store, &append, on_published, request);
    return STATUS_OK;
}

static void publish_write(struct request *request)
{
    struct buffer records;
    struct buffer entry;
    buffer_init(&records, LIMIT_FRAME_BYTES);
    buffer_init(&entry, 2 * (size_t)LIMIT_FRAME_BYTES);
    enum status status = publish_append(request, &records, &entry);
    buffer_fini(&records);
    buffer_fini(&entry);
    if (status == STATUS_TOO_LARGE) {
        request_fail(request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "PROGRAM_TOO_LARGE",
                     "program", "The program is too large; shorten its texts or lists.");
    } else if (status != STATUS_OK) {
        request_internal(request, status);
    }
    if (status != STATUS_OK) {
        publish_end(request);
    }
}

static void on_head(struct lease_waiter *waiter, bool fresh)
{
    struct request *request =
        (struct request *)(void *)((char *)waiter - offsetof(struct request, waiter));
    const struct publishing *publishing = request->state;
    enum trouble trouble =
        fresh ? lease_check(request->service->lease, true) : TROUBLE_STORE_UNAVAILABLE;
    if (trouble != TROUBLE_NONE) {
        request_trouble(request, trouble);
    } else if (!request->answered && !answer_known(request) && publishing->landed) {
        request_in_doubt(request);
    }
    if (request->answered || answer_unfit(request)) {
        publish_end(request);
        return;
    }
    publish_write(request);
}

static void publish_attempt(struct request *request)
{
    struct publishing *publishing = request->state;
    publishing->attempts++;
    if (publishing->attempts > LIMIT_CONFLICT_RETRIES) {
        request_trouble(request, TROUBLE_TOO_MANY_CONFLICTS);
        publish_end(request);
        return;
    }
    request->waiter.on_head = on_head;
    lease_await(request->service->lease, &request->waiter);
}

void programs_publish(struct request *request)
{
    const Loyalty__V1__PublishProgramRequest *message =
        (const Loyalty__V1__PublishProgramRequest *)request->message;
    struct publishing *publishing = request_state(request, sizeof(*publishing));
    if (publishing == NULL) {
        return;
    }
    enum status status = commands_instant(&request->commands, message->effective_from,
                                          "effective_from", &publishing->effective_from_ms);
    if (status == STATUS_OK) {
        status = commands_text(&request->commands, message->reason, "reason", LIMIT_TEXT_BYTES,
                               &publishing->reason);
    }
    if (status != STATUS_OK) {
        request_bad(request, status);
    } else if (message->program == NULL) {
        request_fail(request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "MISSING", "program",
                     "There is no program in the request.");
    } else {
        status = message_encode(&message->program->base, &request->arena, &publishing->document);
    }
    if (!request->answered && status != STATUS_OK) {
        request_internal(request, status);
    }
    if (request->answered) {
        request_end(request);
        return;
    }
    publish_attempt(request);
}
