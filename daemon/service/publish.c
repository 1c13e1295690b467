// ProgramsService.PublishProgram: what is judged of a new version, and what is recorded of it; the
// append is program_edit.c's.
#include <stdio.h>

#include "loyalty/v1/programs.pb-c.h"
#include "service/handlers.h"
#include "service/program_edit.h"
#include "service/programs.h"
#include "wire/message.h"
#include "wire/replies.h"

struct publishing {
    struct program_edit edit;
    int64_t effective_from_ms;
    struct span document;
    struct span reason;
};

static const Loyalty__V1__PublishProgramRequest *asked(const struct request *request)
{
    return (const Loyalty__V1__PublishProgramRequest *)request->message;
}

static const char *etag(const struct request *request)
{
    return asked(request)->etag;
}

static enum status answer(struct request *request, const struct program_entry *entry, bool replayed)
{
    Loyalty__V1__PublishProgramResponse response = LOYALTY__V1__PUBLISH_PROGRAM_RESPONSE__INIT;
    char text[PROGRAM_ETAG_BYTES + 1];
    const struct record *record = &entry->record;
    response.version = record->published.number;
    response.etag = programs_hash_text(entry->hash, text);
    TRY(replies_instant(&request->arena, record->published.effective_from_ms,
                        &response.effective_from));
    TRY(replies_instant(&request->arena, record->at_ms, &response.published_at));
    request_reply(request, &response.base, replayed);
    return STATUS_OK;
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

// Whether it is the first of a program that nobody can be a member of yet: it may take effect in
// the past.
static bool is_first(const struct request *request)
{
    return program_log_latest(lease_programs(request->service->lease)) == NULL;
}

// The rules of when. True when it was answered.
static bool answer_bad_time(struct request *request)
{
    const struct publishing *publishing = request->state;
    const struct lease *lease = request->service->lease;
    const struct program_log *log = lease_programs(lease);
    if (is_first(request)) {
        return false;
    }
    if (publishing->effective_from_ms < lease_now_ms(lease) + LIMIT_PUBLISH_LEAD_MS) {
        request_fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "TOO_SOON",
                     "effective_from", "A version takes effect at least a minute from now.");
        return true;
    }
    const struct published *latest = program_log_latest(log);
    if (publishing->effective_from_ms <= latest->entry.record.published.effective_from_ms) {
        request_fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "NOT_THE_LATEST",
                     "effective_from", "A version takes effect later than the ones before it.");
        return true;
    }
    return false;
}

static bool answer_unfit(struct request *request)
{
    if (lease_programs(request->service->lease)->count == LIMIT_PROGRAM_VERSIONS) {
        request_fail(request, LOYALTY__V1__CODE__CODE_RESOURCE_EXHAUSTED, "TOO_MANY_VERSIONS", "",
                     "The program has as many versions as it can have.");
        return true;
    }
    struct program_problems problems = {.arena = &request->attempt};
    arena_reset(&request->attempt);
    enum status status = programs_judge(request->service, asked(request)->program, &problems);
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

// No daemon that does not know the version may act when it takes effect: it must land well before.
static int64_t not_after_ms(const struct request *request)
{
    const struct publishing *publishing = request->state;
    return is_first(request) ? INSTANT_NEVER
                             : publishing->effective_from_ms - LIMIT_PUBLISH_LEAD_MS;
}

static void fill(const struct request *request, struct record *record)
{
    const struct publishing *publishing = request->state;
    record->type = RECORD_PUBLISHED;
    record->published = (struct record_published){
        .number = (uint32_t)lease_programs(request->service->lease)->count + 1,
        .effective_from_ms = publishing->effective_from_ms,
        .document = publishing->document,
        .by = request_actor(request),
        .reason = publishing->reason,
    };
}

static const struct program_edit_kind publish = {
    .event = "program-published",
    .etag = etag,
    .answer_unfit = answer_unfit,
    .not_after_ms = not_after_ms,
    .fill = fill,
    .answer = answer,
};

void programs_publish(struct request *request)
{
    const Loyalty__V1__PublishProgramRequest *message = asked(request);
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
    program_edit_begin(request, &publish);
}
