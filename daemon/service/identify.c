// MembersService: what a member is found by, added, replaced, removed. As an enrolment goes: the
// new identifier is judged and looked up; the change is written down; then it is claimed or let go
// in the store (service/obligations.h), and only then is it answered, from the record and what
// became of the claim. A retry takes the same way and finishes what was left open.
#include <stddef.h>

#include "core/decide_identify.h"
#include "service/handlers.h"
#include "service/identifier_look.h"
#include "service/obligations.h"
#include "service/request.h"
#include "wire/identify.h"

struct change {
    struct request *request;
    struct identifiers_request wanted;
    struct identifiers_command command;
    struct refusal unfit; // by the program
    struct identifier_look look;
    bool first;      // this very request wrote it down
    bool settling;   // obligations are open: not answered yet
    bool unfinished; // somebody else's are: they are looked after
    struct obligations_waiter waiter;
};

static void change_write(struct change *change);

// --- writing it down ---

static enum status decide_change(void *context, const struct decide *decide,
                                 struct decision *ret_decision)
{
    const struct request *request = context;
    const struct change *change = request->state;
    if (!request_is_meant(request, decide->account)) {
        return request_decide_other(request, decide->account, ret_decision);
    }
    if (change->unfit.reason != REFUSAL_NONE) {
        *ret_decision = (struct decision){.outcome = OUTCOME_REFUSED, .refusal = change->unfit};
        return STATUS_OK;
    }
    return decide_identifiers(decide, &change->command, ret_decision);
}

static void answer_refused(struct change *change, const struct task_result *result)
{
    bool decided = result->end == TASK_DECIDED;
    enum refusal_reason reason = decided ? result->decision->refusal.reason : REFUSAL_NONE;
    change->unfinished = reason == REFUSAL_UNFINISHED;
    if (reason == REFUSAL_IDENTIFIER_TAKEN && change->look.replaced) {
        request_fail(change->request, LOYALTY__V1__CODE__CODE_ALREADY_EXISTS, "IDENTIFIER_TAKEN",
                     "identifier",
                     "Another member had this identifier and has replaced it; remove it from that "
                     "member first.");
        return;
    }
    request_answer_mutation(change->request, result);
}

static void on_written(void *context, const struct task_result *result)
{
    struct request *request = context;
    struct change *change = request->state;
    bool written = result->end == TASK_REPLAYED ||
                   (result->end == TASK_DECIDED && result->decision->outcome == OUTCOME_APPLIED);
    if (!written) {
        answer_refused(change, result);
        return;
    }
    change->first = change->first || result->end == TASK_DECIDED;
    change->settling = identifiers_open(result->account) != NULL;
    request->landed = true;
    if (change->settling) {
        return;
    }
    struct replies replies = replies_of_account(result->account, &request->arena);
    Loyalty__V1__ChangeIdentifiersResponse *response = NULL;
    enum status status =
        replies_identifiers(&replies, result->account, result->record, result->seq, &response);
    if (status != STATUS_OK) {
        request_in_doubt(request);
        return;
    }
    request_reply(request, &response->base, !change->first);
}

static void on_settled(struct obligations_waiter *waiter, bool settled)
{
    struct change *change =
        (struct change *)(void *)((char *)waiter - offsetof(struct change, waiter));
    if (settled && !change->request->answered) {
        change_write(change); // finds itself, and all obligations closed
        return;
    }
    request_in_doubt(change->request);
    request_end(change->request);
}

static void on_write_released(void *context)
{
    struct request *request = context;
    struct change *change = request->state;
    if (change->unfinished) {
        obligations_settle(request->service, request_member(request), NULL);
    }
    if (!change->settling) {
        request_end(request);
        return;
    }
    change->waiter.on_settled = on_settled;
    obligations_settle(request->service, request_member(request), &change->waiter);
}

static void change_write(struct change *change)
{
    change->settling = false;
    request_submit(change->request, decide_change, on_written, on_write_released);
}

static void change_looked(struct request *request)
{
    struct change *change = request->state;
    change->command.taken = change->look.taken;
    change_write(change);
}

// --- the request ---

// Reads what is wanted, none of which may be a payment card's number. False: that was its end.
static bool change_read(struct request *request, struct identifiers_request *ret_wanted)
{
    enum status status = commands_identifiers(&request->commands, request->message, ret_wanted);
    if (status != STATUS_OK) {
        request_bad(request, status);
    } else if (!identifiers_usable(request->service)) {
        request_fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "NO_IDENTIFIER_KEY",
                     ret_wanted->has_new ? "identifier" : "old",
                     "This service has no key for identifiers.");
    }
    bool clean =
        !request->answered &&
        (!ret_wanted->has_old || identifier_is_clean(request, &ret_wanted->old, "old")) &&
        (!ret_wanted->has_new || identifier_is_clean(request, &ret_wanted->added, "identifier"));
    if (!clean) {
        request_end(request);
    }
    return clean;
}

static void change_resolved(struct request *request)
{
    struct change *change = request_state(request, sizeof(*change));
    if (change == NULL || !change_read(request, &change->wanted)) {
        return;
    }
    const struct identifiers_request *wanted = &change->wanted;
    change->request = request;
    change->command = (struct identifiers_command){
        .has_new = wanted->has_new, .has_old = wanted->has_old, .reason = wanted->reason};
    if (wanted->has_old) {
        identifiers_key(request->service, &wanted->old, &change->command.old);
        request->changes = &change->command.old; // a merged member's stays in his log
    }
    if (wanted->has_new) {
        identifiers_key(request->service, &wanted->added, &change->command.added);
        change->unfit = identifier_judge(request->service, &wanted->added, "identifier");
    }
    change->look = (struct identifier_look){
        .request = request,
        .identifiers = &change->command.added,
        .count = wanted->has_new ? 1 : 0,
        .go_on = change_looked,
    };
    identifier_look(&change->look);
}

static void change_begin(struct request *request)
{
    struct identifiers_request wanted; // read again when its member is known
    if (change_read(request, &wanted)) {
        request_resolve(request, commands_find_member(request->message), change_resolved);
    }
}

void identify_add(struct request *request)
{
    change_begin(request);
}

void identify_replace(struct request *request)
{
    change_begin(request);
}

void identify_remove(struct request *request)
{
    change_begin(request);
}
