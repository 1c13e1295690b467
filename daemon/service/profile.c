// MembersService: what is known of a person, kept encrypted and apart from the ledger. The account
// is read first: whether the member is there, who answers for it, and whether it still lives.
#include "wire/profile.h"
#include "service/error.h"
#include "service/handlers.h"
#include "service/profiles.h"
#include "service/request.h"

struct profile_call {
    struct profile_work work;
    uint64_t asked_revision;
    uint32_t parts;
    bool forgotten; // the person, since
    Loyalty__V1__Profile wanted;
};

// --- answers ---

static void refuse_changed(struct request *request, uint64_t asked, uint64_t revision)
{
    struct refusal refusal = {.reason = REFUSAL_REVISION_CHANGED,
                              .field = "profile.revision",
                              .asked = (int64_t)asked,
                              .limit = (int64_t)revision};
    request_refuse(request, &refusal);
}

// Every end but DONE.
static void answer_end(struct request *request, const struct profile_call *call)
{
    switch (call->work.end) {
    case PROFILE_CHANGED:
        refuse_changed(request, call->asked_revision, call->work.revision);
        return;
    case PROFILE_UNKNOWN:
        request_in_doubt(request);
        return;
    case PROFILE_BROKEN:
        request_fail(request, LOYALTY__V1__CODE__CODE_DATA_LOSS, "PROFILE_UNREADABLE", "",
                     "The profile cannot be read with the keys this service has.");
        return;
    default:
        request_trouble(request, TROUBLE_STORE_UNAVAILABLE);
    }
}

static void on_profile(struct profile_work *work)
{
    struct request *request = work->context;
    if (work->end == PROFILE_DONE) {
        request_reply(request, &work->profile->base, false);
    } else {
        answer_end(request, request->state);
    }
    request_end(request);
}

// --- changing ---

static void refuse_closed(struct request *request)
{
    struct refusal refusal = {.reason = REFUSAL_CLOSED, .field = "member"};
    request_refuse(request, &refusal);
}

static void on_forgotten(void *context, bool deleted)
{
    struct request *request = context;
    if (deleted) {
        refuse_closed(request);
    } else {
        request_in_doubt(request);
    }
    request_end(request);
}

static void on_checked(void *context, const struct task_result *result)
{
    struct request *request = context;
    struct profile_call *call = request->state;
    if (!request_answer_end(request, result)) {
        call->forgotten = account_status(result->account) == MEMBER_ERASED;
    }
}

static void on_checked_released(void *context)
{
    struct request *request = context;
    struct profile_call *call = request->state;
    if (call->forgotten) {
        profile_delete(request->service, call->work.member_id, on_forgotten, request);
    } else {
        on_profile(&call->work);
    }
}

// A person forgotten while this was under way stays so: it may have been put behind the deletion.
static void on_changed(struct profile_work *work)
{
    struct request *request = work->context;
    if (work->end != PROFILE_DONE) {
        on_profile(work);
        return;
    }
    work->profile->revision = work->revision;
    request->landed = true;
    request_submit(request, NULL, on_checked, on_checked_released);
}

static void on_old_profile(struct profile_work *work)
{
    struct request *request = work->context;
    struct profile_call *call = request->state;
    if (work->end != PROFILE_DONE) {
        answer_end(request, call);
    } else if (work->revision != call->asked_revision) {
        refuse_changed(request, call->asked_revision, work->revision);
    }
    if (request->answered) {
        request_end(request);
        return;
    }
    struct span old_day = profile_birth_day(work->profile);
    profile_take(work->profile, &call->wanted, call->parts);
    work->done = on_changed;
    profiles_put(work, work->profile, old_day);
}

// --- the request ---

static bool is_update(const struct request *request)
{
    return request->method->request == &loyalty__v1__update_profile_request__descriptor;
}

static void on_read(void *context, const struct task_result *result)
{
    struct request *request = context;
    if (request_answer_end(request, result)) {
        return;
    }
    if (!request_is_meant(request, result->account)) {
        request_refuse_other(request, result->account);
    } else if (is_update(request) && !account_lives(result->account)) {
        refuse_closed(request);
    }
}

static void on_read_released(void *context)
{
    struct request *request = context;
    struct profile_call *call = request->state;
    if (request->answered) {
        request_end(request);
        return;
    }
    call->work = (struct profile_work){
        .service = request->service,
        .arena = &request->arena,
        .member_id = request_member(request),
        .context = request,
        .done = is_update(request) ? on_old_profile : on_profile,
    };
    profiles_get(&call->work);
}

static void profile_resolved(struct request *request)
{
    struct profile_call *call = request_state(request, sizeof(*call));
    if (call == NULL) {
        return;
    }
    if (is_update(request)) {
        const Loyalty__V1__UpdateProfileRequest *message =
            (const Loyalty__V1__UpdateProfileRequest *)request->message;
        enum status status = commands_profile(&request->commands, message->profile);
        if (status == STATUS_OK) {
            status = commands_profile_mask(&request->commands, message, &call->parts);
        }
        if (status != STATUS_OK) {
            request_bad(request, status);
            request_end(request);
            return;
        }
        call->wanted = *message->profile;
        call->asked_revision = message->profile->revision;
    }
    request_submit(request, NULL, on_read, on_read_released);
}

static void profile_begin(struct request *request)
{
    if (!profiles_usable(request->service)) {
        request_fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "NO_PROFILE_KEY", "",
                     "This service has no key for profiles, and keeps none.");
        request_end(request);
        return;
    }
    request_resolve(request, commands_find_member(request->message), profile_resolved);
}

void profile_get(struct request *request)
{
    profile_begin(request);
}

void profile_update(struct request *request)
{
    profile_begin(request);
}
