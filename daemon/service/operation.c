// A decoded request on its way through resolving, reading, deciding and answering.
#include "service/operation.h"

#include "base/check.h"
#include "service/profiles.h"
#include "service/receipts.h"
#include "wire/profile.h"

static enum status decide_meant(void *context, const struct decide *decide,
                                struct decision *ret_decision)
{
    const struct request *request = context;
    if (!request_is_meant(request, decide->account)) {
        return request_decide_other(request, decide->account, ret_decision);
    }
    return request->operation->decide(decide, request->state, ret_decision);
}

static void on_decided(void *context, const struct task_result *result)
{
    struct request *request = context;
    if (result->end != TASK_DECIDED || result->decision->outcome != OUTCOME_NOTHING) {
        request_answer_mutation(request, result);
        return;
    }
    CHECK(request->operation->render != NULL);
    struct replies replies = replies_of_account(result->account, &request->arena);
    ProtobufCMessage *response = NULL;
    enum status status = request->operation->render(&replies, result->record, &response);
    if (status != STATUS_OK) {
        request_internal(request, status);
        return;
    }
    request_reply(request, response, false);
}

static void operation_submit(struct request *request)
{
    const struct operation *operation = request->operation;
    request->about = operation->about == NULL ? NULL : operation->about(request->state);
    request->task.whole_log = operation->whole_log;
    request->task.dry = operation->dry;
    struct receipts_intent intent = {0};
    if (operation->receipt != NULL) {
        operation->receipt(request->state, &intent);
    }
    receipts_submit(request, &intent, decide_meant, on_decided);
}

// --- the month of the birthday ---

// By any version: which one the sale is judged by is not known yet.
static bool asks_birth_month(const struct service *service)
{
    const struct program_set *programs = lease_set(service->lease);
    bool asks = false;
    for (size_t i = 0; i < programs->count && !asks; i++) {
        asks = programs->versions[i].program->asks_birth_month;
    }
    return asks && profiles_usable(service);
}

// A profile that cannot be read stops no sale.
static void on_profile(struct profile_work *work)
{
    struct request *request = work->context;
    struct award_command *command = request->state;
    if (work->end == PROFILE_UNAVAILABLE) {
        request_trouble(request, TROUBLE_STORE_UNAVAILABLE);
    }
    if (request->answered) {
        request_end(request);
        return;
    }
    if (work->end == PROFILE_DONE) {
        command->sale.birth_month = profile_birth_month(work->profile);
    }
    operation_submit(request);
}

static void find_birth_month(struct request *request)
{
    enum trouble trouble = request->service->stopping ? TROUBLE_STORE_UNAVAILABLE
                                                      : lease_check(request->service->lease, false);
    struct profile_work *work = arena_alloc(&request->arena, sizeof(*work));
    if (trouble != TROUBLE_NONE || work == NULL) {
        request_trouble(request, work == NULL ? TROUBLE_NO_MEMORY : trouble);
        request_end(request);
        return;
    }
    *work = (struct profile_work){
        .service = request->service,
        .arena = &request->arena,
        .member_id = request_member(request),
        .context = request,
        .done = on_profile,
    };
    profiles_get(work);
}

// --- reading ---

static void operation_resolved(struct request *request)
{
    const struct operation *operation = request->operation;
    void *command = request_state(request, operation->command_bytes);
    if (command == NULL) {
        return;
    }
    enum status status = operation->read(&request->commands, request->message, command);
    if (status != STATUS_OK) {
        request_bad(request, status);
        request_end(request);
        return;
    }
    if (operation->complete != NULL) {
        operation->complete(request, command);
    }
    if (operation->sale && asks_birth_month(request->service)) {
        find_birth_month(request);
    } else {
        operation_submit(request);
    }
}

enum status operation_decide_sale(const struct decide *decide, const void *command,
                                  struct decision *ret_decision)
{
    struct award_command amended = *(const struct award_command *)command;
    return decide_award(decide, &amended, ret_decision);
}

void operation_begin(struct request *request, const struct operation *operation)
{
    request->operation = operation;
    request_resolve(request, commands_find_member(request->message), operation_resolved);
}
