// PerksService: perks used and given back. A partner learns of a member what it must: whether the
// perk is granted. So what it is told where the answer is no depends on nothing that is the
// member's, whether there is such a member included; nor is it told that such a no was asked
// before.
#include "service/perks.h"

#include "core/settlement.h"
#include "loyalty/v1/perks.pb-c.h"
#include "service/handlers.h"
#include "wire/perks.h"
#include "wire/replies.h"

// A use or its reversal: from the message to the answer.
struct call {
    struct span code; // empty: the member is named
    struct code read; // what the code says
    union {
        struct use_perk_command use;
        struct reverse_perk_command reversal;
    };
};

static bool is_reversal(const struct request *request)
{
    return request->message->descriptor == &loyalty__v1__reverse_perk_request__descriptor;
}

struct span perks_partner(const struct request *request)
{
    return settlement_partner(request_actor(request));
}

static bool is_partner(const struct request *request)
{
    return request->role == ROLE_PARTNER;
}

// --- what is asked ---

static enum status read_use(struct request *request, struct call *call)
{
    const Loyalty__V1__UsePerkRequest *message =
        (const Loyalty__V1__UsePerkRequest *)request->message;
    TRY(perks_read_use(&request->commands, message, &call->use));
    call->use.partner = perks_partner(request);
    if (message->by_case == LOYALTY__V1__USE_PERK_REQUEST__BY_CODE) {
        call->code = span_of_text(message->code);
    }
    return STATUS_OK;
}

static enum status read_reversal(struct request *request, struct call *call)
{
    const Loyalty__V1__ReversePerkRequest *message =
        (const Loyalty__V1__ReversePerkRequest *)request->message;
    TRY(perks_read_reversal(&request->commands, message, &call->reversal));
    call->reversal.partner = perks_partner(request);
    if (message->by_case == LOYALTY__V1__REVERSE_PERK_REQUEST__BY_CODE) {
        call->code = span_of_text(message->code);
    }
    return STATUS_OK;
}

static enum status read_call(struct request *request, struct call *call)
{
    return is_reversal(request) ? read_reversal(request, call) : read_use(request, call);
}

// --- what a partner is told ---

static void answer_not_found(struct request *request)
{
    Loyalty__V1__ReversePerkResponse *response = NULL;
    enum status status = perks_not_found(&request->arena, &response);
    if (status == STATUS_OK) {
        request_reply(request, &response->base, false);
    } else {
        request_internal(request, status);
    }
}

// Why a use is refused without a look at the member.
static enum refusal_reason reason_of_place(struct request *request)
{
    const struct lease *lease = request->service->lease;
    const struct program_version *version = program_set_at(lease_set(lease), lease_now_ms(lease));
    struct call call = {0};
    if (version == NULL || read_call(request, &call) != STATUS_OK) {
        return REFUSAL_NONE;
    }
    return perk_place_refusal(version->program, &call.use);
}

static void answer_partner(struct request *request, enum refusal_reason reason, bool replayed)
{
    struct refusal refusal = {.reason = reason, .field = ""};
    Loyalty__V1__Error *error = NULL;
    enum status status = replies_refusal(&request->arena, &refusal, &error);
    if (status == STATUS_OK) {
        request_error(request, error, replayed);
    } else {
        request_internal(request, status);
    }
}

// The no that is the same for whatever is the member's.
static void answer_veiled(struct request *request)
{
    if (is_reversal(request)) {
        answer_not_found(request);
        return;
    }
    enum refusal_reason place = reason_of_place(request);
    answer_partner(request, place == REFUSAL_NONE ? REFUSAL_PERK_NOT_GRANTED : place, false);
}

static bool is_of_member(enum refusal_reason reason)
{
    switch (reason) {
    case REFUSAL_UNKNOWN_MEMBER:
    case REFUSAL_NOT_ACTIVE:
    case REFUSAL_CLOSED:
    case REFUSAL_MERGED:
    case REFUSAL_IDENTIFIER_REPLACED:
    case REFUSAL_REVERSED_BEFORE:
    case REFUSAL_PERK_NOT_IN_TIER:
    case REFUSAL_PERK_USED_UP:
        return true;
    default:
        return false;
    }
}

// A request_refusal_fn.
static bool veil_refusal(struct request *request, const struct refusal *refusal)
{
    if (refusal->reason == REFUSAL_ACCOUNT_FULL) {
        request_trouble(request, TROUBLE_OVERLOADED); // nothing is recorded: it is no definite no
        return true;
    }
    if (!is_of_member(refusal->reason)) {
        return false;
    }
    answer_veiled(request);
    return true;
}

// A refusal that is recorded: the answer to a retry is the same again. Only what was shown as a
// code is surely a member's, and may be told to have been asked before.
static void answer_recorded(struct request *request, enum refusal_reason reason, bool replayed)
{
    bool of_code = reason == REFUSAL_CODE_USED || reason == REFUSAL_CODE_EXPIRED;
    answer_partner(request, is_of_member(reason) ? REFUSAL_PERK_NOT_GRANTED : reason,
                   of_code && replayed);
}

static enum status answer_use(struct request *request, const struct task_result *result,
                              bool replayed)
{
    struct replies replies = replies_of_account(result->account, &request->arena);
    Loyalty__V1__UsePerkResponse *response = NULL;
    TRY(perks_used_response(&replies, result->record, result->seq, &response));
    perks_veil_used(response);
    request_reply(request, &response->base, replayed);
    return STATUS_OK;
}

static enum status answer_reversal(struct request *request, const struct task_result *result,
                                   bool replayed)
{
    if (result->record->perk_reversed.result == REVERSE_ORIGINAL_NOT_FOUND) {
        answer_not_found(request);
        return STATUS_OK;
    }
    struct replies replies = replies_of_account(result->account, &request->arena);
    Loyalty__V1__ReversePerkResponse *response = NULL;
    TRY(perks_reversed_response(&replies, result->record, &response));
    request_reply(request, &response->base, replayed);
    return STATUS_OK;
}

static enum status answer_record(struct request *request, const struct task_result *result)
{
    bool replayed = result->end == TASK_REPLAYED;
    request->landed = true;
    switch (result->record->type) {
    case RECORD_PERK_USED:
        return answer_use(request, result, replayed);
    case RECORD_PERK_REVERSED:
        return answer_reversal(request, result, replayed);
    case RECORD_REFUSED:
        answer_recorded(request, (enum refusal_reason)result->record->refused.reason, replayed);
        return STATUS_OK;
    default:
        return STATUS_CORRUPT;
    }
}

// Whether the record answers a request of this partner's.
static bool is_own(const struct request *request, const struct task_result *result)
{
    struct span actor = names_text(&result->account->names, result->record->actor);
    return span_equal(settlement_partner(actor), perks_partner(request));
}

// An id of another request's, or another partner's, is told of neither.
static void on_partner_call(void *context, const struct task_result *result)
{
    struct request *request = context;
    bool foreign = result->end == TASK_ID_CONFLICT ||
                   (result->end == TASK_REPLAYED && !is_own(request, result));
    if (foreign) {
        answer_veiled(request);
        return;
    }
    if (request_answer_end(request, result)) {
        return;
    }
    if (result->end == TASK_DECIDED && result->decision->outcome == OUTCOME_REFUSED) {
        request_refuse(request, &result->decision->refusal);
        return;
    }
    if (answer_record(request, result) != STATUS_OK) {
        request_in_doubt(request);
    }
}

// --- on its way ---

// What was used of the codes of a member who was merged into another is not known there: they have
// expired.
static struct use_perk_command use_of(const struct call *call, const struct account *account)
{
    struct use_perk_command use = call->use;
    struct span shown = span_of(call->read.member_id, call->read.member_id_len);
    if (use.coded && !span_is_text(shown, account->id)) {
        use.code_ends_ms = 0;
    }
    return use;
}

static enum status decide_call(void *context, const struct decide *decide,
                               struct decision *ret_decision)
{
    const struct request *request = context;
    const struct call *call = request->state;
    if (!request_is_meant(request, decide->account)) {
        return request_decide_other(request, decide->account, ret_decision);
    }
    if (is_reversal(request)) {
        return decide_reverse_perk(decide, &call->reversal, ret_decision);
    }
    struct use_perk_command use = use_of(call, decide->account);
    return decide_use_perk(decide, &use, ret_decision);
}

static void on_shop_call(void *context, const struct task_result *result)
{
    request_answer_mutation(context, result);
}

static void call_submit(struct request *request)
{
    const struct call *call = request->state;
    request->about = is_reversal(request) ? call->reversal.original : NULL;
    request->task.whole_log = is_reversal(request);
    request_submit(request, decide_call, is_partner(request) ? on_partner_call : on_shop_call,
                   NULL);
}

// The member is known by what was shown; what else there is to the call is read once more.
static void call_resolved(struct request *request)
{
    struct call *call = request_state(request, sizeof(*call));
    if (call == NULL) {
        return;
    }
    enum status status = read_call(request, call);
    if (status != STATUS_OK) {
        request_bad(request, status);
        request_end(request);
        return;
    }
    call_submit(request);
}

static void refuse_code(struct request *request, enum status status)
{
    if (status == STATUS_INVALID) {
        struct refusal refusal = {.reason = REFUSAL_BAD_CODE, .field = "code"};
        request_refuse(request, &refusal);
    } else {
        request_internal(request, status);
    }
    request_end(request);
}

static void call_by_code(struct request *request, const struct call *read)
{
    struct call *call = request_state(request, sizeof(*call));
    if (call == NULL) {
        return;
    }
    *call = *read;
    const struct code_port *codes = request->service->options.codes;
    struct code *code = &call->read;
    enum status status = STATUS_INVALID;
    if (codes != NULL) {
        status = codes_read(codes, (const char *)call->code.data, &request->arena, code);
    }
    if (status != STATUS_OK) {
        refuse_code(request, status);
        return;
    }
    if (!is_reversal(request)) {
        call->use.coded = true;
        call->use.code_ends_ms = code->ends_ms;
        memcpy(call->use.code, code->nonce, sizeof call->use.code);
    }
    request_set_member(request, span_of(code->member_id, code->member_id_len));
    call_submit(request);
}

static void call_begin(struct request *request)
{
    struct call call = {0};
    const Loyalty__V1__MemberRef *member = commands_find_member(request->message);
    bool by_id = member != NULL && member->by_case == LOYALTY__V1__MEMBER_REF__BY_MEMBER_ID;
    if (is_partner(request)) {
        request->on_refusal = veil_refusal;
        request->header.min_seq = 0; // it would tell how much a member has done
    }
    enum status status = read_call(request, &call);
    if (status != STATUS_OK) {
        request_bad(request, status);
    } else if (is_partner(request) && by_id) {
        request_fail(request, LOYALTY__V1__CODE__CODE_PERMISSION_DENIED, "MEMBER_ID_NOT_ALLOWED",
                     "member.member_id",
                     "A partner names a member by what the member shows: a card, a code.");
    }
    if (request->answered) {
        request_end(request);
    } else if (call.code.len > 0) {
        call_by_code(request, &call);
    } else {
        request_resolve(request, member, call_resolved);
    }
}

void perks_use(struct request *request)
{
    call_begin(request);
}

void perks_reverse(struct request *request)
{
    call_begin(request);
}
