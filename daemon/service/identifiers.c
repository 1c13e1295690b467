// Keys of identifiers, and the jobs that finish open obligations, one a member at a time. A job is
// steps of one thing after the other, each started by the answer to the one before:
//
//     look -> (nothing open) -> settled
//       \-> claim -> OK ------------------> write BOUND -> look
//             |  \-> TAKEN -> look at owner: lists it -> write BOUND, lost -> look
//             \<---- take over -------------/ does not
//
// Any failure ends the job; the obligation stays open for the next who comes.
#include "service/identifiers.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/hash.h"
#include "core/decide.h"
#include "service/bounds.h"
#include "service/service.h"
#include "wire/field.h"

enum { HASH_BYTES = 32 };

struct job {
    struct job *next;
    struct service *service;
    struct arena arena;
    struct account_task task;
    struct identifiers_waiter *waiters;
    char member_id[LIMIT_MEMBER_ID_BYTES];
    size_t member_id_len;
    char owner_id[LIMIT_MEMBER_ID_BYTES];
    size_t owner_id_len;
    struct record_bound bound; // what is being settled
    bool open;                 // the last look found one
    bool failed;
    bool owner_lists;
    uint32_t rounds;
    void (*then)(struct job *job); // after the task is released
};

struct identifiers {
    struct service *service;
    struct job *jobs; // at work
    struct job *spare;
    uint32_t made;
};

enum status identifiers_new(struct service *service, struct identifiers **ret_identifiers)
{
    struct identifiers *identifiers = calloc(1, sizeof(*identifiers));
    if (identifiers == NULL) {
        return STATUS_NO_MEMORY;
    }
    identifiers->service = service;
    *ret_identifiers = identifiers;
    return STATUS_OK;
}

void identifiers_free(struct identifiers *identifiers)
{
    if (identifiers == NULL) {
        return;
    }
    CHECK(identifiers->jobs == NULL);
    while (identifiers->spare != NULL) {
        struct job *job = identifiers->spare;
        identifiers->spare = job->next;
        arena_fini(&job->arena);
        free(job);
    }
    free(identifiers);
}

// --- keys ---

bool identifiers_usable(const struct service *service)
{
    return service->options.identifier_hash != NULL;
}

void identifiers_key(const struct service *service, const struct identifier_value *value,
                     struct identifier *ret_identifier)
{
    uint8_t bytes[1 + LIMIT_IDENTIFIER_BYTES];
    uint8_t hash[HASH_BYTES];
    CHECK(value->value.len <= LIMIT_IDENTIFIER_BYTES && value->kind <= UINT8_MAX);
    bytes[0] = (uint8_t)value->kind;
    memcpy(bytes + 1, value->value.data, value->value.len);
    service->options.identifier_hash(service->options.identifier_context,
                                     span_of(bytes, 1 + value->value.len), hash);
    ret_identifier->kind = value->kind;
    memcpy(ret_identifier->key, hash, sizeof(ret_identifier->key));
}

static bool names_by_identifier(const Loyalty__V1__MemberRef *ref)
{
    return ref->by_case == LOYALTY__V1__MEMBER_REF__BY_IDENTIFIER;
}

// Whether a field has a person's own in it: an identifier, or what is known of somebody.
static bool is_personal(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const ProtobufCMessageDescriptor *type =
        field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : NULL;
    if (field_is_repeated(field)) {
        return type == &loyalty__v1__identifier__descriptor &&
               field_count_const(message, field) > 0;
    }
    bool person = type == &loyalty__v1__identifier__descriptor ||
                  type == &loyalty__v1__profile__descriptor ||
                  type == &loyalty__v1__member_ref__descriptor;
    if (!person || (field_is_oneof(field) && field_case_const(message, field) != field->id)) {
        return false;
    }
    const ProtobufCMessage *part = *(ProtobufCMessage *const *)field_place_const(message, field);
    return part != NULL && (type != &loyalty__v1__member_ref__descriptor ||
                            names_by_identifier((const Loyalty__V1__MemberRef *)part));
}

static bool is_to_hide(const ProtobufCMessage *message)
{
    if (field_find(message->descriptor, span_of_text("contribution_id")) != NULL) {
        return true; // a policy's number is nobody else's business either
    }
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        if (is_personal(message, &message->descriptor->fields[i])) {
            return true;
        }
    }
    return false;
}

void identifiers_hide(const struct service *service, const ProtobufCMessage *message,
                      uint8_t digest[REQUEST_DIGEST_BYTES])
{
    if (!identifiers_usable(service) || !is_to_hide(message)) {
        return;
    }
    uint8_t bytes[1 + REQUEST_DIGEST_BYTES] = {0}; // no identifier is of kind 0
    uint8_t hash[HASH_BYTES];
    memcpy(bytes + 1, digest, REQUEST_DIGEST_BYTES);
    service->options.identifier_hash(service->options.identifier_context,
                                     span_of(bytes, sizeof(bytes)), hash);
    memcpy(digest, hash, REQUEST_DIGEST_BYTES);
}

struct identifier_place identifiers_place(const struct service *service,
                                          const struct identifier *identifier)
{
    struct identifier_place place;
    for (size_t i = 0; i < IDENTIFIER_KEY_BYTES; i++) {
        snprintf(place.key + 2 * i, 3, "%02x", identifier->key[i]);
    }
    place.partition =
        (uint32_t)(hash_fnv1a(identifier_place_key(&place)) % lease_partitions(service->lease));
    return place;
}

bool identifiers_listed(const struct account *account, const struct identifier *identifier)
{
    const struct identifier_state *state = account_identifier(account, identifier);
    return state != NULL && state->stage != IDENTIFIER_LOST && state->stage != IDENTIFIER_RELEASING;
}

const struct identifier *identifiers_open(const struct account *account)
{
    for (uint32_t i = 0; i < account->identifiers.count; i++) {
        if (account->identifiers.items[i].stage == IDENTIFIER_CLAIMING) {
            return &account->identifiers.items[i].identifier;
        }
    }
    return NULL;
}

// --- jobs ---

static void job_end(struct job *job, bool settled)
{
    struct identifiers *identifiers = job->service->identifiers;
    struct job **place = &identifiers->jobs;
    while (*place != job) {
        place = &(*place)->next;
    }
    *place = job->next;
    struct identifiers_waiter *waiter = job->waiters;
    job->waiters = NULL;
    arena_reset(&job->arena);
    job->next = identifiers->spare;
    identifiers->spare = job;
    while (waiter != NULL) {
        struct identifiers_waiter *next = waiter->next;
        waiter->on_settled(waiter, settled);
        waiter = next;
    }
}

static void on_released(void *context)
{
    struct job *job = context;
    if (job->failed) {
        job_end(job, false);
    } else {
        job->then(job);
    }
}

static void job_submit(struct job *job, struct span id, task_decide_fn *decide,
                       task_result_fn *on_result, void (*then)(struct job *job))
{
    job->then = then;
    job->task = (struct account_task){
        .id = id,
        .arena = &job->arena,
        .expires_ms = timers_now(job->service->options.timers) + LIMIT_REQUEST_MS,
        .decide = decide,
        .actor = span_of_text("service"),
        .context = job,
        .on_result = on_result,
        .on_released = on_released,
    };
    accounts_submit(job->service->accounts, &job->task);
}

static struct span job_member(const struct job *job)
{
    return span_of(job->member_id, job->member_id_len);
}

static void job_look(struct job *job);
static void job_claim(struct job *job, struct span take_over_from);

static enum status decide_settled(void *context, const struct decide *decide,
                                  struct decision *ret_decision)
{
    struct job *job = context;
    if (!account_exists(decide->account)) {
        *ret_decision = (struct decision){.outcome = OUTCOME_NOTHING};
        return STATUS_OK;
    }
    return decide_bound(decide, &job->bound, ret_decision);
}

static void on_written(void *context, const struct task_result *result)
{
    struct job *job = context;
    job->failed = result->end != TASK_DECIDED;
}

static void job_write(struct job *job, bool lost)
{
    job->bound.lost = lost;
    job_submit(job, job_member(job), decide_settled, on_written, job_look);
}

static void on_owner(void *context, const struct task_result *result)
{
    struct job *job = context;
    job->failed = result->end != TASK_READ;
    job->owner_lists = !job->failed && identifiers_listed(result->account, &job->bound.identifier);
}

static void job_judge_owner(struct job *job)
{
    if (job->owner_lists) {
        job_write(job, true);
        return;
    }
    job->rounds++;
    if (job->rounds > SERVICE_CLAIM_ROUNDS) {
        job_end(job, false);
        return;
    }
    job_claim(job, span_of(job->owner_id, job->owner_id_len));
}

static void on_claimed(void *context, const struct store_reply *reply)
{
    struct job *job = context;
    if (reply->result == STORE_OK) {
        job_write(job, false);
        return;
    }
    bool taken = reply->result == STORE_TAKEN && reply->bytes.len > 0 &&
                 reply->bytes.len <= sizeof(job->owner_id);
    if (!taken || job->service->stopping) {
        job_end(job, false);
        return;
    }
    memcpy(job->owner_id, reply->bytes.data, reply->bytes.len);
    job->owner_id_len = reply->bytes.len;
    job_submit(job, span_of(job->owner_id, job->owner_id_len), NULL, on_owner, job_judge_owner);
}

static void job_claim(struct job *job, struct span take_over_from)
{
    struct identifier_place place = identifiers_place(job->service, &job->bound.identifier);
    store_claim(job->service->options.store, place.partition, identifier_place_key(&place),
                job_member(job), take_over_from, on_claimed, job);
}

static void on_looked(void *context, const struct task_result *result)
{
    struct job *job = context;
    job->failed = result->end != TASK_READ;
    const struct identifier *open = job->failed ? NULL : identifiers_open(result->account);
    job->open = open != NULL;
    if (open != NULL) {
        job->bound = (struct record_bound){.identifier = *open};
    }
}

static void job_looked(struct job *job)
{
    if (!job->open) {
        job_end(job, true);
    } else if (job->service->stopping) {
        job_end(job, false);
    } else {
        job->rounds = 0;
        job_claim(job, (struct span){0});
    }
}

static void job_look(struct job *job)
{
    job_submit(job, job_member(job), NULL, on_looked, job_looked);
}

static struct job *job_take(struct identifiers *identifiers, struct span member_id)
{
    struct job *job = identifiers->spare;
    if (job != NULL) {
        identifiers->spare = job->next;
    } else {
        job = identifiers->made < SERVICE_JOBS ? calloc(1, sizeof(*job)) : NULL;
        if (job == NULL) {
            return NULL;
        }
        identifiers->made++;
        arena_init(&job->arena, LIMIT_ARENA_BYTES);
        job->service = identifiers->service;
    }
    memcpy(job->member_id, member_id.data, member_id.len);
    job->member_id_len = member_id.len;
    job->next = identifiers->jobs;
    identifiers->jobs = job;
    return job;
}

void identifiers_settle(struct service *service, struct span member_id,
                        struct identifiers_waiter *waiter)
{
    struct job *job = service->identifiers->jobs;
    while (job != NULL && !span_equal(job_member(job), member_id)) {
        job = job->next;
    }
    bool new = job == NULL;
    if (new) {
        job = job_take(service->identifiers, member_id);
    }
    if (waiter != NULL && job == NULL) {
        waiter->on_settled(waiter, false);
    } else if (waiter != NULL) {
        waiter->next = job->waiters;
        job->waiters = waiter;
    }
    if (new &&job != NULL) {
        job_look(job);
    }
}
