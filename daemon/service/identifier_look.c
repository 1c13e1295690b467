// One identifier after the other: found in the store, then its owner's log is asked whether that
// lists it.
#include "service/identifier_look.h"

#include "core/identify.h"

// --- the program's word ---

static const struct program_version *in_force(const struct service *service)
{
    return program_set_at(lease_set(service->lease), lease_now_ms(service->lease));
}

bool identifier_is_clean(struct request *request, const struct identifier_value *value,
                         const char *field)
{
    if (!identify_is_foreign_card(lease_set(request->service->lease), value->value)) {
        return true;
    }
    struct refusal refusal = {.reason = REFUSAL_PAYMENT_CARD_NUMBER, .field = field};
    request_refuse(request, &refusal);
    return false;
}

struct refusal identifier_judge(const struct service *service, const struct identifier_value *value,
                                const char *field)
{
    const struct program_version *version = in_force(service);
    enum refusal_reason reason =
        version == NULL ? REFUSAL_NONE
                        : identify_judge_new(version->program, value->kind, value->value);
    return (struct refusal){.reason = reason, .field = field, .asked = value->kind};
}

struct refusal identifier_judge_kinds(const struct service *service, uint32_t kinds)
{
    const struct program_version *version = in_force(service);
    uint32_t missing = version == NULL ? 0 : identify_missing(version->program, kinds);
    enum refusal_reason reason = missing == 0 ? REFUSAL_NONE : REFUSAL_IDENTIFIER_REQUIRED;
    return (struct refusal){.reason = reason, .field = "identifiers", .asked = missing};
}

bool identifier_is_matched(const struct service *service, uint32_t kind)
{
    const struct program_version *version = in_force(service);
    return version == NULL || identify_is_matched(version->program, kind);
}

// --- who has it ---

static void on_owner(void *context, const struct task_result *result)
{
    struct identifier_look *look = context;
    if (request_answer_end(look->request, result)) {
        return;
    }
    const struct identifier *identifier = &look->identifiers[look->looked];
    if (identifiers_held(result->account, identifier)) {
        look->taken = true;
        look->replaced =
            account_identifier(result->account, identifier)->stage == IDENTIFIER_REPLACED;
    }
    look->looked++;
}

static void on_owner_released(void *context)
{
    struct identifier_look *look = context;
    if (look->request->answered) {
        request_end(look->request);
        return;
    }
    identifier_look(look);
}

static void ask_owner(struct identifier_look *look, struct span owner_id)
{
    struct request *request = look->request;
    memcpy(look->owner_id, owner_id.data, owner_id.len);
    look->owner_id_len = owner_id.len;
    request->task = (struct account_task){
        .id = span_of(look->owner_id, look->owner_id_len),
        .arena = &request->attempt,
        .expires_ms = request->expires_ms,
        .context = look,
        .on_result = on_owner,
        .on_released = on_owner_released,
    };
    accounts_submit(request->service->accounts, &request->task);
}

static void on_found(void *context, const struct store_reply *reply)
{
    struct identifier_look *look = context;
    struct request *request = look->request;
    bool foreign = reply->bytes.len > 0 && reply->bytes.len <= sizeof(look->owner_id) &&
                   !span_equal(reply->bytes, request_member(request));
    if (reply->result != STORE_OK || request->service->stopping) {
        request_trouble(request, TROUBLE_STORE_UNAVAILABLE);
    }
    if (request->answered) {
        request_end(request);
        return;
    }
    if (foreign) {
        ask_owner(look, reply->bytes);
        return;
    }
    look->looked++;
    identifier_look(look);
}

void identifier_look(struct identifier_look *look)
{
    struct service *service = look->request->service;
    while (look->looked < look->count &&
           !identifier_is_matched(service, look->identifiers[look->looked].kind)) {
        look->looked++;
    }
    if (look->taken || look->looked == look->count) {
        look->go_on(look->request);
        return;
    }
    struct identifier_place place = identifiers_place(service, &look->identifiers[look->looked]);
    store_find(service->options.store, place.partition, identifier_place_key(&place), on_found,
               look);
}
