// PerksService, what changes nothing: what a member has left, the codes a member's app shows, the
// keys these are checked with, and what a partner serves.
#include "loyalty/v1/perks.pb-c.h"
#include "service/handlers.h"
#include "service/perks.h"
#include "wire/message.h"
#include "wire/perks.h"
#include "wire/replies.h"

static void refuse(struct request *request, enum refusal_reason reason)
{
    struct refusal refusal = {.reason = reason, .field = ""};
    request_refuse(request, &refusal);
}

// Answers with the message that was made, or says why it could not be.
static void answer(struct request *request, enum status status, const void *response)
{
    if (status == STATUS_OK) {
        request_reply(request, response, false);
    } else if (status == STATUS_NOT_FOUND) {
        refuse(request, REFUSAL_NO_PROGRAM);
    } else {
        request_internal(request, status);
    }
}

// Answers where the account is no member's, or not the one meant: a pool has no card.
static bool answer_unreadable(struct request *request, const struct task_result *result)
{
    if (request_answer_end(request, result)) {
        return true;
    }
    if (!request_is_meant(request, result->account)) {
        request_refuse_other(request, result->account);
        return true;
    }
    if (result->account->kind != ACCOUNT_MEMBER) {
        refuse(request, REFUSAL_UNKNOWN_MEMBER);
        return true;
    }
    return false;
}

// --- ListPerks ---

static void on_list(void *context, const struct task_result *result)
{
    struct request *request = context;
    if (answer_unreadable(request, result)) {
        return;
    }
    Loyalty__V1__ListPerksResponse *response = NULL;
    enum status status =
        perks_list_response(&request->arena, result->account, result->programs, &response);
    answer(request, status, response);
}

static void list_resolved(struct request *request)
{
    request_submit(request, NULL, on_list, NULL);
}

void perks_list(struct request *request)
{
    request_resolve(request, commands_find_member(request->message), list_resolved);
}

// --- IssueCode ---

static const struct code_port *codes_of(const struct request *request)
{
    const struct code_port *codes = request->service->options.codes;
    return codes == NULL || codes->key_count == 0 ? NULL : codes;
}

static enum status issue(struct request *request, const struct task_result *result,
                         Loyalty__V1__IssueCodeResponse **ret_response)
{
    const uint32_t *lifetime_s = request->state;
    Loyalty__V1__IssueCodeResponse *response = (Loyalty__V1__IssueCodeResponse *)message_new(
        &loyalty__v1__issue_code_response__descriptor, &request->arena);
    int64_t ends_ms = 0;
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(codes_issue(codes_of(request), span_of_text(result->account->id), result->now_ms,
                    *lifetime_s, &request->arena, &response->code, &ends_ms));
    TRY(replies_instant(&request->arena, ends_ms, &response->expires_at));
    *ret_response = response;
    return STATUS_OK;
}

static void on_issue(void *context, const struct task_result *result)
{
    struct request *request = context;
    if (answer_unreadable(request, result)) {
        return;
    }
    if (account_status(result->account) != MEMBER_ACTIVE) {
        bool lives = account_lives(result->account);
        refuse(request, lives ? REFUSAL_NOT_ACTIVE : REFUSAL_CLOSED);
    } else {
        Loyalty__V1__IssueCodeResponse *response = NULL;
        enum status status = issue(request, result, &response);
        answer(request, status, response);
    }
}

static void issue_resolved(struct request *request)
{
    const Loyalty__V1__IssueCodeRequest *message =
        (const Loyalty__V1__IssueCodeRequest *)request->message;
    uint32_t *lifetime_s = request_state(request, sizeof(*lifetime_s));
    if (lifetime_s == NULL) {
        return;
    }
    enum status status =
        perks_read_lifetime(&request->commands, message->lifetime_seconds, lifetime_s);
    if (status != STATUS_OK) {
        request_bad(request, status);
        request_end(request);
        return;
    }
    request_submit(request, NULL, on_issue, NULL);
}

void perks_issue_code(struct request *request)
{
    if (codes_of(request) == NULL) {
        request_fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "NO_CODE_KEY", "",
                     "This service has no key to sign codes with; use the member's card.");
        request_end(request);
        return;
    }
    request_resolve(request, commands_find_member(request->message), issue_resolved);
}

// --- GetCodeKeys ---

static enum status make_key(struct arena *arena, const struct code_key *key,
                            Loyalty__V1__CodeKey **ret_message)
{
    Loyalty__V1__CodeKey *message =
        (Loyalty__V1__CodeKey *)message_new(&loyalty__v1__code_key__descriptor, arena);
    if (message == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct span copy;
    TRY(codes_key_text(key, arena, &message->key_id));
    TRY(arena_copy(arena, span_of(key->public_key, sizeof key->public_key), &copy));
    message->public_key.data = (uint8_t *)copy.data;
    message->public_key.len = copy.len;
    *ret_message = message;
    return STATUS_OK;
}

static enum status make_keys(struct request *request,
                             Loyalty__V1__GetCodeKeysResponse **ret_response)
{
    const struct code_port *codes = codes_of(request);
    size_t count = codes == NULL ? 0 : codes->key_count;
    Loyalty__V1__GetCodeKeysResponse *response = (Loyalty__V1__GetCodeKeysResponse *)message_new(
        &loyalty__v1__get_code_keys_response__descriptor, &request->arena);
    Loyalty__V1__CodeKey **keys =
        arena_alloc_array(&request->arena, count, sizeof(Loyalty__V1__CodeKey *));
    if (response == NULL || keys == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        TRY(make_key(&request->arena, &codes->keys[i], &keys[i]));
    }
    response->keys = keys;
    response->n_keys = count;
    *ret_response = response;
    return STATUS_OK;
}

void perks_code_keys(struct request *request)
{
    Loyalty__V1__GetCodeKeysResponse *response = NULL;
    enum status status = make_keys(request, &response);
    answer(request, status, response);
    request_end(request);
}

// --- ListServedPerks ---

static void answer_served(struct request *request)
{
    const struct lease *lease = request->service->lease;
    const struct program_version *version = program_set_at(lease_set(lease), lease_now_ms(lease));
    if (version == NULL) {
        refuse(request, REFUSAL_NO_PROGRAM);
        return;
    }
    Loyalty__V1__ListServedPerksResponse *response = NULL;
    enum status status =
        perks_served_response(&request->arena, version->program, perks_partner(request), &response);
    answer(request, status, response);
}

void perks_served(struct request *request)
{
    enum trouble trouble = lease_check(request->service->lease, false);
    if (trouble == TROUBLE_NONE) {
        answer_served(request);
    } else {
        request_trouble(request, trouble);
    }
    request_end(request);
}
