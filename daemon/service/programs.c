// ProgramsService, what only reads: checking a document, and the versions there are.
#include "service/programs.h"

#include <stdio.h>

#include "loyalty/v1/programs.pb-c.h"
#include "service/handlers.h"
#include "wire/message.h"
#include "wire/replies.h"

char *programs_hash_text(const uint8_t *hash, char out[PROGRAM_ETAG_BYTES + 1])
{
    for (size_t i = 0; i < CHAIN_HASH_BYTES; i++) {
        snprintf(out + 2 * i, 3, "%02x", hash[i]);
    }
    return out;
}

void programs_etag(const struct program_log *log, char ret_etag[PROGRAM_ETAG_BYTES + 1])
{
    ret_etag[0] = '\0';
    if (log->bytes > 0) {
        (void)programs_hash_text(log->tail, ret_etag);
    }
}

enum status programs_judge(const struct service *service, const Loyalty__V1__Program *document,
                           struct program_problems *problems)
{
    const struct program_log *log = lease_programs(service->lease);
    struct program program;
    struct zone zone = {0};
    size_t bytes = protobuf_c_message_get_packed_size(&document->base);
    if (bytes > LIMIT_PROGRAM_BYTES) {
        return program_problem_add(problems, "",
                                   arena_printf(problems->arena,
                                                "has %zu bytes as it is sent; must have at most %d",
                                                bytes, LIMIT_PROGRAM_BYTES));
    }
    TRY(program_log_compile(log, document, problems, &program, &zone));
    service->options.zones.free(&zone);
    const struct published *latest = program_log_latest(log);
    return latest == NULL ? STATUS_OK
                          : program_check_successor(&latest->program, &program, problems);
}

// --- CheckProgram ---

static enum status list_problems(struct arena *arena, const struct program_problems *problems,
                                 Loyalty__V1__CheckProgramResponse *response)
{
    response->problems = arena_alloc_array(arena, problems->count, sizeof(Loyalty__V1__Problem *));
    if (response->problems == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < problems->count; i++) {
        Loyalty__V1__Problem *problem =
            (Loyalty__V1__Problem *)message_new(&loyalty__v1__problem__descriptor, arena);
        if (problem == NULL) {
            return STATUS_NO_MEMORY;
        }
        TRY(replies_text(arena, problems->items[i].path, &problem->path));
        TRY(replies_text(arena, problems->items[i].reason, &problem->reason));
        response->problems[i] = problem;
        response->n_problems++;
    }
    return STATUS_OK;
}

void programs_check(struct request *request)
{
    const Loyalty__V1__CheckProgramRequest *message =
        (const Loyalty__V1__CheckProgramRequest *)request->message;
    struct program_problems problems = {.arena = &request->arena};
    Loyalty__V1__CheckProgramResponse response = LOYALTY__V1__CHECK_PROGRAM_RESPONSE__INIT;
    if (message->program == NULL) {
        request_fail(request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "MISSING", "program",
                     "There is no program in the request.");
        request_end(request);
        return;
    }
    enum trouble trouble = lease_check(request->service->lease, false);
    enum status status = STATUS_OK;
    if (trouble == TROUBLE_NONE) {
        status = programs_judge(request->service, message->program, &problems);
    }
    if (status == STATUS_OK) {
        status = list_problems(&request->arena, &problems, &response);
    }
    if (trouble != TROUBLE_NONE) {
        request_trouble(request, trouble);
    } else if (status != STATUS_OK) {
        request_internal(request, status);
    } else {
        request_reply(request, &response.base, false);
    }
    request_end(request);
}

// --- GetProgram ---

static enum status describe_withdrawal(struct arena *arena, const struct record *record,
                                       Loyalty__V1__ProgramVersion *version)
{
    const struct record_withdrawn *withdrawn = &record->withdrawn;
    TRY(replies_instant(arena, record->at_ms, &version->withdrawn_at));
    TRY(replies_text(arena, withdrawn->by, &version->withdrawn_by));
    return replies_text(arena, withdrawn->reason, &version->withdraw_reason);
}

static enum status describe_version(struct arena *arena, const struct published *item,
                                    Loyalty__V1__ProgramVersion **ret_version)
{
    const struct record *record = &item->entry.record;
    const struct record_published *published = &record->published;
    Loyalty__V1__ProgramVersion *version = (Loyalty__V1__ProgramVersion *)message_new(
        &loyalty__v1__program_version__descriptor, arena);
    if (version == NULL) {
        return STATUS_NO_MEMORY;
    }
    version->version = published->number;
    TRY(replies_instant(arena, published->effective_from_ms, &version->effective_from));
    TRY(replies_instant(arena, record->at_ms, &version->published_at));
    TRY(replies_text(arena, published->by, &version->published_by));
    TRY(replies_text(arena, published->reason, &version->reason));
    if (item->withdrawal != NULL) {
        TRY(describe_withdrawal(arena, &item->withdrawal->record, version));
    }
    *ret_version = version;
    return STATUS_OK;
}

static enum status get_version(struct arena *arena, const struct published *item,
                               Loyalty__V1__GetProgramResponse *response)
{
    const struct record_published *published = &item->entry.record.published;
    response->program = item->document;
    response->version = published->number;
    return replies_instant(arena, published->effective_from_ms, &response->effective_from);
}

// In order; the latest of them where not all fit beside the largest program.
static enum status list_versions(struct arena *arena, const struct program_log *log,
                                 Loyalty__V1__GetProgramResponse *response)
{
    enum { FIELD_BYTES = 4, ENVELOPE_BYTES = 512 };
    Loyalty__V1__ProgramVersion **versions =
        arena_alloc_array(arena, log->count, sizeof(Loyalty__V1__ProgramVersion *));
    response->etag = arena_alloc(arena, PROGRAM_ETAG_BYTES + 1);
    if (versions == NULL || response->etag == NULL) {
        return STATUS_NO_MEMORY;
    }
    programs_etag(log, response->etag);
    size_t bytes = ENVELOPE_BYTES + LIMIT_PROGRAM_BYTES;
    size_t from = log->count;
    while (from > 0) {
        Loyalty__V1__ProgramVersion *version = NULL;
        TRY(describe_version(arena, log->items[from - 1], &version));
        bytes += FIELD_BYTES + protobuf_c_message_get_packed_size(&version->base);
        if (bytes > LIMIT_REPLY_BYTES) {
            break;
        }
        from--;
        versions[from] = version;
    }
    response->versions = versions + from;
    response->n_versions = log->count - from;
    return STATUS_OK;
}

// By its number, withdrawn ones too; 0: the one in force.
static const struct published *wanted_version(const struct lease *lease, uint32_t number)
{
    if (number == 0) {
        const struct program_version *version =
            program_set_at(lease_set(lease), lease_now_ms(lease));
        number = version == NULL ? 0 : version->number;
    }
    return program_log_number(lease_programs(lease), number);
}

void programs_answer_unknown(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_NOT_FOUND, "UNKNOWN_VERSION", "version",
                 "There is no such version of the program.");
}

void programs_get(struct request *request)
{
    const Loyalty__V1__GetProgramRequest *message =
        (const Loyalty__V1__GetProgramRequest *)request->message;
    const struct lease *lease = request->service->lease;
    enum trouble trouble = lease_check(lease, false);
    if (trouble != TROUBLE_NONE) {
        request_trouble(request, trouble);
        request_end(request);
        return;
    }
    const struct published *version = wanted_version(lease, message->version);
    Loyalty__V1__GetProgramResponse response = LOYALTY__V1__GET_PROGRAM_RESPONSE__INIT;
    enum status status = list_versions(&request->arena, lease_programs(lease), &response);
    if (status == STATUS_OK && version != NULL) {
        status = get_version(&request->arena, version, &response);
    }
    if (status != STATUS_OK) {
        request_internal(request, status);
    } else if (version == NULL && message->version != 0) {
        programs_answer_unknown(request);
    } else {
        request_reply(request, &response.base, false);
    }
    request_end(request);
}
