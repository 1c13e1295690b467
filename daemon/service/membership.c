// The life of a membership: its status, merging two, forgetting one. All are answered when they are
// done everywhere, and listed in the audit.
#include "wire/membership.h"

#include "service/handlers.h"
#include "service/operation.h"
#include "service/persons.h"
#include "service/settling.h"

// --- SetStatus and Erase ---

static enum status decide_new_status(const struct decide *decide, const void *command,
                                     struct decision *ret_decision)
{
    return decide_status(decide, command, ret_decision);
}

static enum status read_status(struct commands *commands, const ProtobufCMessage *message,
                               void *ret_command)
{
    return membership_read_status(commands, (const Loyalty__V1__SetStatusRequest *)message,
                                  ret_command);
}

void membership_set_status(struct request *request)
{
    static const struct operation set_status = {
        .command_bytes = sizeof(struct status_command),
        .read = read_status,
        .decide = decide_new_status,
    };
    settling_begin(request, &set_status);
}

static enum status read_erase(struct commands *commands, const ProtobufCMessage *message,
                              void *ret_command)
{
    return membership_read_erase(commands, (const Loyalty__V1__EraseRequest *)message, ret_command);
}

void membership_erase(struct request *request)
{
    static const struct operation erase = {
        .command_bytes = sizeof(struct status_command),
        .read = read_erase,
        .decide = decide_new_status,
    };
    settling_begin(request, &erase);
}

// --- Merge ---

struct change {
    struct settling settling; // first
    struct merge_command merge;
};

static enum status decide_merged(void *context, const struct decide *decide,
                                 struct decision *ret_decision)
{
    const struct request *request = context;
    const struct change *change = request->state;
    if (!request_is_meant(request, decide->account)) {
        return request_decide_other(request, decide->account, ret_decision);
    }
    return decide_merge(decide, &change->merge, ret_decision);
}

// A merge that the other member could not take has been given up.
static void on_merged(void *context, const struct task_result *result)
{
    struct request *request = context;
    const struct account *account = result->account;
    bool stands = result->record->type == RECORD_MERGED &&
                  span_is_text(result->record->merged.into, account->merged_into);
    if (stands || result->record->type != RECORD_MERGED) {
        settling_answer(request, result);
        return;
    }
    struct refusal refusal = {.reason = REFUSAL_CLOSED, .field = "into"};
    request_refuse(request, &refusal);
}

static enum refusal_reason judge_into(const struct person *into)
{
    if (into->replaced) {
        return REFUSAL_IDENTIFIER_REPLACED;
    }
    if (!into->found) {
        return REFUSAL_UNKNOWN_MEMBER;
    }
    return into->lives ? REFUSAL_NONE : REFUSAL_CLOSED;
}

static void merge_resolved(struct request *request)
{
    struct change *change = request_state(request, sizeof(*change));
    if (change == NULL) {
        return;
    }
    change->settling =
        (struct settling){.request = request, .decide = decide_merged, .on_settled = on_merged};
    change->merge.into = person_id(request->person);
    change->merge.into_says = judge_into(request->person);
    enum status status = membership_read_merge(
        &request->commands, (const Loyalty__V1__MergeRequest *)request->message, &change->merge);
    if (status != STATUS_OK) {
        request_bad(request, status);
        request_end(request);
        return;
    }
    settling_submit(&change->settling);
}

static void into_found(struct request *request)
{
    request_resolve(request, ((const Loyalty__V1__MergeRequest *)request->message)->member,
                    merge_resolved);
}

void membership_merge(struct request *request)
{
    const Loyalty__V1__MergeRequest *message = (const Loyalty__V1__MergeRequest *)request->message;
    request->person = request_state(request, sizeof(*request->person));
    if (request->person != NULL) {
        persons_find(request, message->into, "into", request->person, into_found);
    }
}
