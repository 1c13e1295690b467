// MembersService.Enroll. Identifiers make it several steps: each is looked up first, for one that
// another member holds refuses the enrolment; then the member's log is opened, listing them; then
// each is claimed (service/identifiers.h), and only then is it answered, from the opening record
// and what became of the claims. A retry takes the same way and finishes what was left open.
#include <stddef.h>

#include "base/check.h"
#include "loyalty/v1/members.pb-c.h"
#include "service/handlers.h"
#include "service/identifiers.h"
#include "service/request.h"
#include "wire/replies.h"

struct enrolment {
    struct request *request;
    struct enroll_request wanted;
    struct identifier identifiers[LIMIT_IDENTIFIERS];
    size_t looked; // identifiers looked up so far
    char owner_id[LIMIT_MEMBER_ID_BYTES];
    size_t owner_id_len;
    bool taken;    // one of them is another member's
    bool first;    // this very request opened the log
    bool settling; // obligations are open: not answered yet
    struct identifiers_waiter waiter;
};

static void enrolment_open(struct enrolment *enrolment);
static void enrolment_look(struct enrolment *enrolment);

// --- opening the log ---

static enum status decide_opened(void *context, const struct decide *decide,
                                 struct decision *ret_decision)
{
    const struct request *request = context;
    const struct enrolment *enrolment = request->state;
    if (enrolment->taken && !account_exists(decide->account)) {
        *ret_decision = (struct decision){
            .outcome = OUTCOME_REFUSED,
            .refusal = {.reason = REFUSAL_IDENTIFIER_TAKEN, .field = "identifiers"},
        };
        return STATUS_OK;
    }
    struct enrol_command command = {
        .member_id = request_member(request),
        .partition = accounts_partition(request->service->accounts, request_member(request)),
        .enrolled_ms =
            enrolment->wanted.has_enrolled_at ? enrolment->wanted.enrolled_ms : decide->now_ms,
        .identifiers = enrolment->identifiers,
        .identifier_count = enrolment->wanted.identifier_count,
    };
    return decide_enrol(decide, &command, ret_decision);
}

static void answer_enrolled(struct enrolment *enrolment, const struct task_result *result)
{
    struct request *request = enrolment->request;
    struct replies replies = replies_of_account(result->account, &request->arena);
    Loyalty__V1__EnrollResponse *response = NULL;
    enum status status =
        replies_enroll(&replies, result->account, result->record, result->seq, &response);
    if (status != STATUS_OK) {
        request_in_doubt(request);
        return;
    }
    request_reply(request, &response->base, !enrolment->first);
}

static void on_opened(void *context, const struct task_result *result)
{
    struct request *request = context;
    struct enrolment *enrolment = request->state;
    bool opened = result->end == TASK_REPLAYED ||
                  (result->end == TASK_DECIDED && result->decision->outcome == OUTCOME_APPLIED);
    if (!opened) {
        request_answer_mutation(request, result);
        return;
    }
    enrolment->first = enrolment->first || result->end == TASK_DECIDED;
    request->landed = true;
    enrolment->settling = identifiers_open(result->account) != NULL;
    if (!enrolment->settling) {
        answer_enrolled(enrolment, result);
    }
}

static void on_settled(struct identifiers_waiter *waiter, bool settled)
{
    struct enrolment *enrolment =
        (struct enrolment *)(void *)((char *)waiter - offsetof(struct enrolment, waiter));
    if (settled && !enrolment->request->answered) {
        enrolment_open(enrolment); // finds itself, and all obligations closed
        return;
    }
    request_in_doubt(enrolment->request);
    request_end(enrolment->request);
}

static void on_open_released(void *context)
{
    struct request *request = context;
    struct enrolment *enrolment = request->state;
    if (!enrolment->settling) {
        request_end(request);
        return;
    }
    enrolment->waiter.on_settled = on_settled;
    identifiers_settle(request->service, request_member(request), &enrolment->waiter);
}

static void enrolment_open(struct enrolment *enrolment)
{
    enrolment->settling = false;
    request_submit(enrolment->request, decide_opened, on_opened, on_open_released);
}

// --- looking the identifiers up ---

static void on_owner(void *context, const struct task_result *result)
{
    struct request *request = context;
    struct enrolment *enrolment = request->state;
    if (request_answer_end(request, result)) {
        return;
    }
    enrolment->taken =
        enrolment->taken ||
        identifiers_listed(result->account, &enrolment->identifiers[enrolment->looked]);
    enrolment->looked++;
}

static void on_owner_released(void *context)
{
    struct request *request = context;
    if (request->answered) {
        request_end(request);
        return;
    }
    enrolment_look(request->state);
}

static void on_found(void *context, const struct store_reply *reply)
{
    struct enrolment *enrolment = context;
    struct request *request = enrolment->request;
    bool foreign = reply->bytes.len > 0 && reply->bytes.len <= sizeof(enrolment->owner_id) &&
                   !span_equal(reply->bytes, request_member(request));
    if (reply->result != STORE_OK || request->service->stopping) {
        request_trouble(request, TROUBLE_STORE_UNAVAILABLE);
    }
    if (request->answered) {
        request_end(request);
        return;
    }
    if (!foreign) {
        enrolment->looked++;
        enrolment_look(enrolment);
        return;
    }
    memcpy(enrolment->owner_id, reply->bytes.data, reply->bytes.len);
    enrolment->owner_id_len = reply->bytes.len;
    request->task = (struct account_task){
        .id = span_of(enrolment->owner_id, enrolment->owner_id_len),
        .arena = &request->attempt,
        .expires_ms = request->expires_ms,
        .context = request,
        .on_result = on_owner,
        .on_released = on_owner_released,
    };
    accounts_submit(request->service->accounts, &request->task);
}

static void enrolment_look(struct enrolment *enrolment)
{
    struct service *service = enrolment->request->service;
    if (enrolment->taken || enrolment->looked == enrolment->wanted.identifier_count) {
        enrolment_open(enrolment);
        return;
    }
    struct identifier_place place =
        identifiers_place(service, &enrolment->identifiers[enrolment->looked]);
    store_find(service->options.store, place.partition, identifier_place_key(&place), on_found,
               enrolment);
}

// --- the request ---

// What only the service can judge. False when that was the request's end.
static bool enrolment_judge(struct request *request, const struct enrolment *enrolment)
{
    if (enrolment->wanted.has_enrolled_at && request->role != ROLE_ADMIN) {
        request_fail(request, LOYALTY__V1__CODE__CODE_PERMISSION_DENIED, "ROLE_NOT_ALLOWED",
                     "enrolled_at", "Only an admin may enrol a member in the past.");
    } else if (enrolment->wanted.identifier_count > 0 && !identifiers_usable(request->service)) {
        request_fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "NO_IDENTIFIER_KEY",
                     "identifiers", "This service has no key for identifiers; enrol without them.");
    }
    if (request->answered) {
        request_end(request);
        return false;
    }
    return true;
}

void members_enroll(struct request *request)
{
    struct enrolment *enrolment = request_state(request, sizeof(*enrolment));
    if (enrolment == NULL) {
        return;
    }
    enrolment->request = request;
    enum status status =
        commands_enroll(&request->commands, (const Loyalty__V1__EnrollRequest *)request->message,
                        &request->header, &enrolment->wanted);
    if (status != STATUS_OK) {
        request_bad(request, status);
        request_end(request);
        return;
    }
    if (!enrolment_judge(request, enrolment)) {
        return;
    }
    for (size_t i = 0; i < enrolment->wanted.identifier_count; i++) {
        identifiers_key(request->service, &enrolment->wanted.identifiers[i],
                        &enrolment->identifiers[i]);
    }
    CHECK(enrolment->wanted.member_id.len <= sizeof(request->member_id));
    memcpy(request->member_id, enrolment->wanted.member_id.data, enrolment->wanted.member_id.len);
    request->member_id_len = enrolment->wanted.member_id.len;
    enrolment_look(enrolment);
}
