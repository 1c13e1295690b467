// ProgramsService.WithdrawProgram: a version that is not in force yet will not come into force. It
// must land as long before as a publish must, so that no daemon acts by it when its time comes.
#include "loyalty/v1/programs.pb-c.h"
#include "service/handlers.h"
#include "service/program_edit.h"
#include "service/programs.h"
#include "wire/replies.h"

struct withdrawing {
    struct program_edit edit;
    struct span reason;
};

static const Loyalty__V1__WithdrawProgramRequest *asked(const struct request *request)
{
    return (const Loyalty__V1__WithdrawProgramRequest *)request->message;
}

static const char *etag(const struct request *request)
{
    return asked(request)->etag;
}

static const struct published *wanted(const struct request *request)
{
    return program_log_number(lease_programs(request->service->lease), asked(request)->version);
}

static enum status answer(struct request *request, const struct program_entry *entry, bool replayed)
{
    Loyalty__V1__WithdrawProgramResponse response = LOYALTY__V1__WITHDRAW_PROGRAM_RESPONSE__INIT;
    char text[PROGRAM_ETAG_BYTES + 1];
    response.version = entry->record.withdrawn.number;
    response.etag = programs_hash_text(entry->hash, text);
    TRY(replies_instant(&request->arena, entry->record.at_ms, &response.withdrawn_at));
    request_reply(request, &response.base, replayed);
    return STATUS_OK;
}

// The last instant at which it may be withdrawn.
static int64_t not_after_ms(const struct request *request)
{
    const struct published *item = wanted(request);
    return item->entry.record.published.effective_from_ms - LIMIT_PUBLISH_LEAD_MS;
}

static bool answer_unfit(struct request *request)
{
    const struct published *item = wanted(request);
    if (item == NULL) {
        programs_answer_unknown(request);
    } else if (item->withdrawal != NULL) {
        request_fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "WITHDRAWN", "version",
                     "The version has been withdrawn already.");
    } else if (lease_now_ms(request->service->lease) > not_after_ms(request)) {
        request_fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "TOO_LATE", "version",
                     "The version is in force, or will be in less than a minute; publish the rules "
                     "that are to follow it.");
    }
    return request->answered;
}

static void fill(const struct request *request, struct record *record)
{
    const struct withdrawing *withdrawing = request->state;
    record->type = RECORD_WITHDRAWN;
    record->withdrawn = (struct record_withdrawn){
        .number = asked(request)->version,
        .by = request_actor(request),
        .reason = withdrawing->reason,
    };
}

static const struct program_edit_kind withdraw = {
    .event = "program-withdrawn",
    .etag = etag,
    .answer_unfit = answer_unfit,
    .not_after_ms = not_after_ms,
    .fill = fill,
    .answer = answer,
};

void programs_withdraw(struct request *request)
{
    struct withdrawing *withdrawing = request_state(request, sizeof(*withdrawing));
    if (withdrawing == NULL) {
        return;
    }
    enum status status = commands_text(&request->commands, asked(request)->reason, "reason",
                                       LIMIT_TEXT_BYTES, &withdrawing->reason);
    if (status != STATUS_OK) {
        request_bad(request, status);
        request_end(request);
        return;
    }
    program_edit_begin(request, &withdraw);
}
