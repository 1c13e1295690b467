// PoolsService: group members.
#include "service/pools.h"
#include "core/decide_pools.h"
#include "service/enroll.h"
#include "service/handlers.h"
#include "service/operation.h"
#include "service/persons.h"
#include "wire/pools.h"

// --- CreatePool: an enrolment without a card ---

void pools_create(struct request *request)
{
    struct enroll_request wanted;
    enum status status = commands_create_pool(
        &request->commands, (const Loyalty__V1__CreatePoolRequest *)request->message,
        &request->header, &wanted);
    if (status != STATUS_OK) {
        request_bad(request, status);
        request_end(request);
        return;
    }
    enroll_begin(request, &wanted, NULL);
}

// --- who of a pool is meant ---

static void person_found(struct request *request)
{
    operation_begin(request, request->operation);
}

void pools_begin(struct request *request, const Loyalty__V1__MemberRef *pool_member,
                 const struct operation *operation)
{
    if (pool_member == NULL) {
        operation_begin(request, operation);
        return;
    }
    request->person = arena_alloc(&request->arena, sizeof(*request->person));
    if (request->person == NULL) {
        request_internal(request, STATUS_NO_MEMORY);
        request_end(request);
        return;
    }
    request->operation = operation;
    persons_find(request, pool_member, "pool_member", request->person, person_found);
}

struct pool_person pools_person(const struct request *request)
{
    const struct person *person = request->person;
    if (person == NULL) {
        return (struct pool_person){0};
    }
    struct pool_person acting = {.named = true};
    if (person->replaced) {
        acting.refusal = REFUSAL_IDENTIFIER_REPLACED;
    } else if (!person->found) {
        acting.refusal = REFUSAL_NOT_IN_POOL;
    } else if (!person->active) {
        acting.refusal = REFUSAL_POOL_MAY_NOT;
    } else {
        acting.named_id = person_named_id(person);
        acting.member_id = person_id(person);
    }
    return acting;
}

// --- SetPoolMember ---

static enum status read_member(struct commands *commands, const ProtobufCMessage *message,
                               void *ret_command)
{
    return commands_pool_member(commands, (const Loyalty__V1__SetPoolMemberRequest *)message,
                                ret_command);
}

static void complete_member(const struct request *request, void *command)
{
    struct pool_member_command *change = command;
    change->named = person_named_id(request->person);
    change->lives = request->person->lives;
    if (request->person->found) {
        change->member_id = person_id(request->person);
    }
}

static enum status decide_member(const struct decide *decide, const void *command,
                                 struct decision *ret_decision)
{
    return decide_pool_member(decide, command, ret_decision);
}

void pools_set_member(struct request *request)
{
    static const struct operation set_member = {
        .command_bytes = sizeof(struct pool_member_command),
        .read = read_member,
        .complete = complete_member,
        .decide = decide_member,
    };
    const Loyalty__V1__SetPoolMemberRequest *message =
        (const Loyalty__V1__SetPoolMemberRequest *)request->message;
    if (message->pool_member == NULL) {
        request_fail(request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "MISSING", "pool_member",
                     "It is not said who comes to the pool; give a member_id or an identifier.");
        request_end(request);
        return;
    }
    pools_begin(request, message->pool_member, &set_member);
}

// --- ListPoolMembers ---

static enum status list(struct request *request, const struct task_result *result,
                        Loyalty__V1__ListPoolMembersResponse **ret_response)
{
    const struct account *account = result->account;
    const struct program_version *version = program_set_at(result->programs, account->now_ms);
    if (version == NULL) {
        return STATUS_NOT_FOUND;
    }
    struct civil_date today = zone_date(version->zone, account->now_ms);
    int32_t from_day = civil_to_days(today) - (today.day - 1);
    int32_t until_day = from_day + civil_days_in_month(today.year, today.month);
    return replies_pool_members(&request->arena, account, from_day, until_day, ret_response);
}

static void on_members(void *context, const struct task_result *result)
{
    struct request *request = context;
    if (request_answer_end(request, result)) {
        return;
    }
    if (!request_is_meant(request, result->account)) {
        request_refuse_other(request, result->account);
        return;
    }
    struct refusal refusal = {.field = "member"};
    Loyalty__V1__ListPoolMembersResponse *response = NULL;
    enum status status = STATUS_OK;
    if (result->account->kind != ACCOUNT_POOL) {
        refusal.reason = REFUSAL_NOT_A_POOL;
    } else {
        status = list(request, result, &response);
        refusal.reason = status == STATUS_NOT_FOUND ? REFUSAL_NO_PROGRAM : REFUSAL_NONE;
    }
    if (refusal.reason != REFUSAL_NONE) {
        request_refuse(request, &refusal);
    } else if (status != STATUS_OK) {
        request_internal(request, status);
    } else {
        request_reply(request, &response->base, false);
    }
}

static void list_resolved(struct request *request)
{
    request_submit(request, NULL, on_members, NULL);
}

void pools_list_members(struct request *request)
{
    const Loyalty__V1__ListPoolMembersRequest *message =
        (const Loyalty__V1__ListPoolMembersRequest *)request->message;
    request_resolve(request, message->member, list_resolved);
}
