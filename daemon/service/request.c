// What methods share on their way from a decoded request to its answer: the member meant, the task
// on its account, and the answers to all ends a task can have.
#include "service/request.h"

#include "base/check.h"
#include "service/identifier_look.h"
#include "service/identifiers.h"
#include "wire/replies.h"

void *request_state(struct request *request, size_t bytes)
{
    request->state = arena_alloc(&request->arena, bytes);
    if (request->state == NULL) {
        request_internal(request, STATUS_NO_MEMORY);
        request_end(request);
    }
    return request->state;
}

// --- the member meant ---

struct resolving {
    method_fn *go_on;
};

bool request_was_meant(const struct request *request, const struct account *account)
{
    return account_exists(account) &&
           (!request->by_identifier || request_merged_from(request).len > 0 ||
            identifiers_listed(account, &request->identifier));
}

// `account` is NULL when nobody was found.
static struct refusal judge_meant(const struct request *request, const struct account *account)
{
    struct refusal refusal = {.field = "member"};
    const struct identifier_state *state = account == NULL || !request->by_identifier
                                               ? NULL
                                               : account_identifier(account, &request->identifier);
    if (request->by_identifier &&
        !identifier_is_matched(request->service, request->identifier.kind)) {
        refusal.reason = REFUSAL_IDENTIFIER_KIND;
        refusal.asked = request->identifier.kind;
    } else if (account == NULL || !request_was_meant(request, account)) {
        refusal.reason = REFUSAL_UNKNOWN_MEMBER;
    } else if (state != NULL && state->stage == IDENTIFIER_REPLACED) {
        refusal.reason = REFUSAL_IDENTIFIER_REPLACED;
    }
    return refusal;
}

bool request_is_meant(const struct request *request, const struct account *account)
{
    return judge_meant(request, account).reason == REFUSAL_NONE;
}

enum status request_decide_other(const struct request *request, const struct account *account,
                                 struct decision *ret_decision)
{
    *ret_decision =
        (struct decision){.outcome = OUTCOME_REFUSED, .refusal = judge_meant(request, account)};
    return STATUS_OK;
}

void request_refuse_other(struct request *request, const struct account *account)
{
    struct refusal refusal = judge_meant(request, account);
    request_refuse(request, &refusal);
}

void request_set_member(struct request *request, struct span id)
{
    CHECK(id.len > 0 && id.len <= sizeof(request->member_id));
    memcpy(request->member_id, id.data, id.len);
    request->member_id_len = id.len;
    memcpy(request->asked_id, id.data, id.len);
    request->asked_id_len = id.len;
}

struct span request_merged_from(const struct request *request)
{
    struct span asked = span_of(request->asked_id, request->asked_id_len);
    return span_equal(asked, request_member(request)) ? (struct span){0} : asked;
}

static void on_found(void *context, const struct store_reply *reply)
{
    struct request *request = context;
    method_fn *go_on = ((struct resolving *)request->state)->go_on;
    if (reply->result != STORE_OK) {
        request_trouble(request, TROUBLE_STORE_UNAVAILABLE);
    } else if (reply->bytes.len == 0 || reply->bytes.len > sizeof(request->member_id)) {
        request_refuse_other(request, NULL);
    }
    if (request->answered) {
        request_end(request);
        return;
    }
    request_set_member(request, reply->bytes);
    go_on(request);
}

static void resolve_identifier(struct request *request, const struct identifier_value *value,
                               method_fn *go_on)
{
    struct service *service = request->service;
    enum trouble trouble =
        service->stopping ? TROUBLE_STORE_UNAVAILABLE : lease_check(service->lease, false);
    if (trouble != TROUBLE_NONE) {
        request_trouble(request, trouble);
    } else if (!identifiers_usable(service)) {
        request_fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "NO_IDENTIFIER_KEY",
                     "member.identifier",
                     "This service has no key for identifiers; use the member_id.");
    }
    if (request->answered || !identifier_is_clean(request, value, "member.identifier")) {
        request_end(request);
        return;
    }
    struct resolving *resolving = request_state(request, sizeof(*resolving));
    if (resolving == NULL) {
        return;
    }
    resolving->go_on = go_on;
    request->by_identifier = true;
    identifiers_key(service, value, &request->identifier);
    struct identifier_place place = identifiers_place(service, &request->identifier);
    store_find(service->options.store, place.partition, identifier_place_key(&place), on_found,
               request);
}

void request_resolve(struct request *request, const Loyalty__V1__MemberRef *member,
                     method_fn *go_on)
{
    struct member_ref ref;
    enum status status = commands_member(&request->commands, member, &ref);
    if (status != STATUS_OK) {
        request_bad(request, status);
        request_end(request);
        return;
    }
    if (ref.by_identifier) {
        resolve_identifier(request, &ref.identifier, go_on);
        return;
    }
    request_set_member(request, ref.member_id);
    go_on(request);
}

// --- the task ---

int64_t request_deadline_ms(const struct request *request)
{
    bool real = request->header.has_deadline && !lease_is_sandbox(request->service->lease);
    return real ? request->header.deadline_ms : 0;
}

static void end_released(void *context)
{
    request_end(context);
}

void request_prepare(struct request *request, task_decide_fn *decide, task_result_fn *on_result,
                     task_released_fn *on_released)
{
    struct account_task *task = &request->task;
    task->id = request_member(request);
    task->arena = &request->attempt;
    task->expires_ms = request->expires_ms;
    task->deadline_ms = request_deadline_ms(request);
    task->min_seq = request->header.min_seq;
    task->decide = decide;
    task->mark = request->mark;
    task->moves = (struct task_moves){
        .id = request->member_id,
        .len = &request->member_id_len,
        .about = request->about,
        .changes = request->changes,
        .shown = request->by_identifier ? &request->identifier : NULL,
    };
    task->actor = request_actor(request);
    task->trace = request_trace(request);
    task->context = request;
    task->on_result = on_result;
    task->on_released = on_released == NULL ? end_released : on_released;
}

void request_submit(struct request *request, task_decide_fn *decide, task_result_fn *on_result,
                    task_released_fn *on_released)
{
    request_prepare(request, decide, on_result, on_released);
    accounts_submit(request->service->accounts, &request->task);
}

// --- its ends ---

bool request_answer_end(struct request *request, const struct task_result *result)
{
    switch (result->end) {
    case TASK_READ:
    case TASK_DECIDED:
    case TASK_REPLAYED:
        return false;
    case TASK_ID_CONFLICT:
        request_fail(request, LOYALTY__V1__CODE__CODE_ALREADY_EXISTS, "ID_CONFLICT",
                     "mutation.request_id",
                     "This request_id was used for another request; every intent needs its own.");
        return true;
    case TASK_REVERSED_BEFORE: {
        struct refusal refusal = {.reason = REFUSAL_REVERSED_BEFORE, .field = ""};
        request_refuse(request, &refusal);
        return true;
    }
    case TASK_ROLLED_BACK:
        request_fail(request, LOYALTY__V1__CODE__CODE_DATA_LOSS, "ROLLED_BACK", "",
                     "The account has lost records that were seen before; it is frozen.");
        return true;
    case TASK_CORRUPT:
        request_fail(request, LOYALTY__V1__CODE__CODE_DATA_LOSS, "LOG_BROKEN", "",
                     "The account's ledger does not hold together; nothing was done.");
        return true;
    case TASK_TROUBLE:
        request_trouble(request, result->trouble);
        return true;
    case TASK_IN_DOUBT:
        request_in_doubt(request);
        return true;
    case TASK_FAULTY:
        break;
    }
    if (result->status == STATUS_RANGE || result->status == STATUS_TOO_LARGE) {
        struct refusal refusal = {.reason = result->status == STATUS_RANGE
                                                ? REFUSAL_FIGURE_OUT_OF_BOUNDS
                                                : REFUSAL_ACCOUNT_FULL,
                                  .field = ""};
        request_refuse(request, &refusal);
        return true;
    }
    request_internal(request, result->status);
    return true;
}

void request_answer_mutation(struct request *request, const struct task_result *result)
{
    if (request_answer_end(request, result)) {
        return;
    }
    CHECK(result->end != TASK_READ);
    bool replayed = result->end == TASK_REPLAYED;
    if (!replayed && result->decision->outcome == OUTCOME_REFUSED) {
        request_refuse(request, &result->decision->refusal);
        return;
    }
    request->landed = true;
    struct replies replies = replies_of_account(result->account, &request->arena);
    ProtobufCMessage *response = NULL;
    Loyalty__V1__Error *error = NULL;
    enum status status =
        replies_record(&replies, result->account, result->record, result->seq, &response, &error);
    if (status != STATUS_OK) {
        request_in_doubt(request); // a retry may have more memory
    } else if (error != NULL) {
        request_error(request, error, replayed);
    } else {
        request_reply(request, response, replayed);
    }
}
