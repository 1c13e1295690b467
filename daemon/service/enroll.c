// MembersService.Enroll. Identifiers make it several steps: each is looked up first, for one that
// another member holds refuses the enrolment; then the member's log is opened, listing them; then
// each is claimed (service/identifiers.h), and only then is it answered, from the opening record
// and what became of the claims. A retry takes the same way and finishes what was left open.
#include <stddef.h>

#include "base/check.h"
#include "loyalty/v1/members.pb-c.h"
#include "service/enroll.h"
#include "service/handlers.h"
#include "service/identifier_look.h"
#include "service/identifiers.h"
#include "service/obligations.h"
#include "service/persons.h"
#include "service/profiles.h"
#include "service/request.h"
#include "wire/replies.h"

struct enrolment {
    struct request *request;
    struct enroll_request wanted;
    struct identifier identifiers[LIMIT_IDENTIFIERS];
    struct person referrer;
    enum refusal_reason referral; // why nobody can be said to have brought the member
    struct refusal unfit;         // by the program, if it is not enrolled already
    struct identifier_look look;
    bool first;    // this very request opened the log
    bool settling; // obligations are open: not answered yet
    struct obligations_waiter waiter;
    const Loyalty__V1__Profile *profile; // still to be kept; NULL: none is, or it was
    bool kept;                           // by this very request
    bool stale;                          // and the person was forgotten meanwhile
    struct profile_work keeping;
};

static void enrolment_open(struct enrolment *enrolment);

// --- opening the log ---

static enum status decide_opened(void *context, const struct decide *decide,
                                 struct decision *ret_decision)
{
    const struct request *request = context;
    const struct enrolment *enrolment = request->state;
    struct refusal refusal = enrolment->unfit;
    if (refusal.reason == REFUSAL_NONE && enrolment->look.taken) {
        refusal = (struct refusal){.reason = REFUSAL_IDENTIFIER_TAKEN, .field = "identifiers"};
    }
    if (refusal.reason != REFUSAL_NONE && !account_exists(decide->account)) {
        *ret_decision = (struct decision){.outcome = OUTCOME_REFUSED, .refusal = refusal};
        return STATUS_OK;
    }
    if (enrolment->referral != REFUSAL_NONE && !account_exists(decide->account)) {
        *ret_decision = (struct decision){
            .outcome = OUTCOME_REFUSED,
            .refusal = {.reason = enrolment->referral, .field = "referred_by"},
        };
        return STATUS_OK;
    }
    struct enrol_command command = {
        .pool = enrolment->wanted.pool,
        .referrer = person_id(&enrolment->referrer),
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
    ProtobufCMessage *response = NULL;
    Loyalty__V1__Error *error = NULL;
    enum status status =
        replies_record(&replies, result->account, result->record, result->seq, &response, &error);
    if (status != STATUS_OK) {
        request_in_doubt(request);
        return;
    }
    request_reply(request, response, !enrolment->first);
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
    if (!account_lives(result->account)) {
        enrolment->profile = NULL; // forgotten since
    }
    enrolment->stale = enrolment->kept && account_status(result->account) == MEMBER_ERASED;
    if (!enrolment->settling && enrolment->profile == NULL && !enrolment->stale) {
        answer_enrolled(enrolment, result);
    }
}

// Finds itself, with so much more done; else a retry has to.
static void enrolment_go_on(struct enrolment *enrolment, bool done)
{
    if (done) {
        enrolment_open(enrolment);
        return;
    }
    request_in_doubt(enrolment->request);
    request_end(enrolment->request);
}

static void on_settled(struct obligations_waiter *waiter, bool settled)
{
    struct enrolment *enrolment =
        (struct enrolment *)(void *)((char *)waiter - offsetof(struct enrolment, waiter));
    enrolment_go_on(enrolment, settled);
}

// One that stands already is this one, of an earlier try, or a later one.
static void on_kept(struct profile_work *work)
{
    struct enrolment *enrolment = work->context;
    enrolment->kept = work->end == PROFILE_DONE;
    enrolment->profile = NULL;
    enrolment_go_on(enrolment, enrolment->kept || work->end == PROFILE_CHANGED);
}

static void on_unkept(void *context, bool deleted)
{
    enrolment_go_on(context, deleted);
}

static void enrolment_keep(struct enrolment *enrolment)
{
    enrolment->keeping = (struct profile_work){
        .service = enrolment->request->service,
        .arena = &enrolment->request->arena,
        .member_id = request_member(enrolment->request),
        .context = enrolment,
        .done = on_kept,
    };
    profiles_put(&enrolment->keeping, enrolment->profile, (struct span){0});
}

static void on_open_released(void *context)
{
    struct request *request = context;
    struct enrolment *enrolment = request->state;
    if (request->answered) {
        request_end(request);
        return;
    }
    if (enrolment->stale) {
        enrolment->kept = false;
        profile_delete(request->service, request_member(request), on_unkept, enrolment);
        return;
    }
    if (!enrolment->settling) {
        enrolment_keep(enrolment);
        return;
    }
    enrolment->waiter.on_settled = on_settled;
    obligations_settle(request->service, request_member(request), &enrolment->waiter);
}

static void enrolment_open(struct enrolment *enrolment)
{
    enrolment->settling = false;
    request_submit(enrolment->request, decide_opened, on_opened, on_open_released);
}

// --- the request ---

static void enrolment_looked(struct request *request)
{
    enrolment_open(request->state);
}

// What the program says of the identifiers; but what may not even be hashed ends the request:
// false.
static bool enrolment_fits(struct request *request, struct enrolment *enrolment)
{
    const struct enroll_request *wanted = &enrolment->wanted;
    struct identifier_value own = {.value = wanted->member_id}; // kept as it is: all the worse
    uint32_t kinds = 0;
    if (!identifier_is_clean(request, &own, "member_id")) {
        return false;
    }
    for (size_t i = 0; i < wanted->identifier_count; i++) {
        const char *path = arena_printf(&request->arena, "identifiers[%zu]", i);
        const char *field = path == NULL ? "identifiers" : path;
        if (!identifier_is_clean(request, &wanted->identifiers[i], field)) {
            return false;
        }
        if (enrolment->unfit.reason == REFUSAL_NONE) {
            enrolment->unfit = identifier_judge(request->service, &wanted->identifiers[i], field);
        }
        kinds |= UINT32_C(1) << wanted->identifiers[i].kind;
    }
    if (enrolment->unfit.reason == REFUSAL_NONE && !wanted->pool) {
        enrolment->unfit = identifier_judge_kinds(request->service, kinds);
    }
    return true;
}

// What only the service can judge. False when that was the request's end.
static bool enrolment_judge(struct request *request, struct enrolment *enrolment)
{
    if (enrolment->wanted.has_enrolled_at && request->role != ROLE_ADMIN) {
        request_fail(request, LOYALTY__V1__CODE__CODE_PERMISSION_DENIED, "ROLE_NOT_ALLOWED",
                     "enrolled_at", "Only an admin may enrol a member in the past.");
    } else if (enrolment->wanted.identifier_count > 0 && !identifiers_usable(request->service)) {
        request_fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "NO_IDENTIFIER_KEY",
                     "identifiers", "This service has no key for identifiers; enrol without them.");
    } else if (enrolment->profile != NULL && !profiles_usable(request->service)) {
        request_fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "NO_PROFILE_KEY",
                     "profile", "This service has no key for profiles; enrol without one.");
    }
    if (request->answered || !enrolment_fits(request, enrolment)) {
        request_end(request);
        return false;
    }
    return true;
}

// Nobody brings himself, and only who is a member brings others.
static enum refusal_reason judge_referrer(const struct request *request,
                                          const struct enrolment *enrolment)
{
    const struct person *person = &enrolment->referrer;
    bool self = span_equal(person_id(person), request_member(request));
    for (size_t i = 0; person->by_identifier && i < enrolment->wanted.identifier_count; i++) {
        const struct identifier *own = &enrolment->identifiers[i];
        self = self || (own->kind == person->identifier.kind &&
                        memcmp(own->key, person->identifier.key, sizeof(own->key)) == 0);
    }
    if (self) {
        return REFUSAL_SELF_REFERRAL;
    }
    if (person->replaced) {
        return REFUSAL_IDENTIFIER_REPLACED;
    }
    return person->found && person->lives ? REFUSAL_NONE : REFUSAL_UNKNOWN_REFERRER;
}

static void referrer_found(struct request *request)
{
    struct enrolment *enrolment = request->state;
    enrolment->referral = judge_referrer(request, enrolment);
    identifier_look(&enrolment->look);
}

void enroll_begin(struct request *request, const struct enroll_request *wanted,
                  const Loyalty__V1__MemberRef *referred_by)
{
    struct enrolment *enrolment = request_state(request, sizeof(*enrolment));
    if (enrolment == NULL) {
        return;
    }
    enrolment->request = request;
    enrolment->wanted = *wanted;
    enrolment->profile = wanted->profile;
    if (!enrolment_judge(request, enrolment)) {
        return;
    }
    for (size_t i = 0; i < enrolment->wanted.identifier_count; i++) {
        identifiers_key(request->service, &enrolment->wanted.identifiers[i],
                        &enrolment->identifiers[i]);
    }
    request_set_member(request, enrolment->wanted.member_id);
    enrolment->look = (struct identifier_look){
        .request = request,
        .identifiers = enrolment->identifiers,
        .count = enrolment->wanted.identifier_count,
        .go_on = enrolment_looked,
    };
    if (referred_by == NULL) {
        identifier_look(&enrolment->look);
        return;
    }
    persons_find(request, referred_by, "referred_by", &enrolment->referrer, referrer_found);
}

void members_enroll(struct request *request)
{
    const Loyalty__V1__EnrollRequest *message =
        (const Loyalty__V1__EnrollRequest *)request->message;
    struct enroll_request wanted;
    enum status status = commands_enroll(&request->commands, message, &request->header, &wanted);
    if (status != STATUS_OK) {
        request_bad(request, status);
        request_end(request);
        return;
    }
    enroll_begin(request, &wanted, message->referred_by);
}
