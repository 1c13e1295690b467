// Finding another member than the one meant:
//
//     identifier -> (nobody has it: done) -> its member's account -> does not list it: done
//     id ------------------------------------^     (merged: that of the other member)
#include "service/persons.h"

#include <string.h>

#include "service/identifier_look.h"
#include "service/identifiers.h"
#include "service/request.h"

static void person_done(struct person *person)
{
    struct request *request = person->request;
    if (request->answered) {
        request_end(request);
        return;
    }
    request->task = (struct account_task){0};
    person->go_on(request);
}

// Whether the account is the one named; that it once had what was shown is noted.
static bool is_named(struct person *person, const struct account *account)
{
    if (!account_exists(account) || account->kind != ACCOUNT_MEMBER) {
        return false;
    }
    bool merged = !span_equal(person_id(person), person_named_id(person));
    if (!person->by_identifier || merged) {
        return true;
    }
    const struct identifier_state *state = account_identifier(account, &person->identifier);
    person->replaced = state != NULL && state->stage == IDENTIFIER_REPLACED;
    return !person->replaced && identifiers_listed(account, &person->identifier) &&
           identifier_is_matched(person->request->service, person->identifier.kind);
}

static void on_account(void *context, const struct task_result *result)
{
    struct person *person = context;
    if (request_answer_end(person->request, result)) {
        return;
    }
    person->found = is_named(person, result->account);
    if (person->found) {
        person->lives = account_lives(result->account);
        person->active = account_status(result->account) == MEMBER_ACTIVE;
    }
}

static void on_account_released(void *context)
{
    person_done(context);
}

static void person_is(struct person *person, struct span id)
{
    struct request *request = person->request;
    memcpy(person->named_id, id.data, id.len);
    person->named_id_len = id.len;
    memcpy(person->id, id.data, id.len);
    person->id_len = id.len;
    request->task = (struct account_task){
        .id = person_id(person),
        .arena = &request->attempt,
        .expires_ms = request->expires_ms,
        .moves = {.id = person->id,
                  .len = &person->id_len,
                  .shown = person->by_identifier ? &person->identifier : NULL},
        .context = person,
        .on_result = on_account,
        .on_released = on_account_released,
    };
    accounts_submit(request->service->accounts, &request->task);
}

static void on_found(void *context, const struct store_reply *reply)
{
    struct person *person = context;
    bool good = reply->result == STORE_OK && reply->bytes.len <= sizeof(person->id);
    if (!good || person->request->service->stopping) {
        request_trouble(person->request, TROUBLE_STORE_UNAVAILABLE);
    }
    if (person->request->answered || reply->bytes.len == 0) {
        person_done(person);
        return;
    }
    person_is(person, reply->bytes);
}

static void find_identifier(struct person *person, const struct identifier_value *value)
{
    struct request *request = person->request;
    struct service *service = request->service;
    enum trouble trouble =
        service->stopping ? TROUBLE_STORE_UNAVAILABLE : lease_check(service->lease, false);
    if (trouble != TROUBLE_NONE) {
        request_trouble(request, trouble);
    } else if (!identifiers_usable(service)) {
        request_fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "NO_IDENTIFIER_KEY",
                     person->field, "This service has no key for identifiers; use the member_id.");
    }
    if (request->answered || !identifier_is_clean(request, value, person->field)) {
        request_end(request);
        return;
    }
    person->by_identifier = true;
    identifiers_key(service, value, &person->identifier);
    struct identifier_place place = identifiers_place(service, &person->identifier);
    store_find(service->options.store, place.partition, identifier_place_key(&place), on_found,
               person);
}

void persons_find(struct request *request, const Loyalty__V1__MemberRef *ref, const char *field,
                  struct person *person, method_fn *go_on)
{
    *person = (struct person){.named = true, .field = field, .request = request, .go_on = go_on};
    struct member_ref member;
    enum status status = commands_person(&request->commands, ref, field, &member);
    if (status != STATUS_OK) {
        request_bad(request, status);
        request_end(request);
    } else if (member.by_identifier) {
        find_identifier(person, &member.identifier);
    } else {
        person_is(person, member.member_id);
    }
}
