// Judges a call and keeps its time. Invariants: a request is answered once and ended once; its
// timer is set until it is answered.
#include "service/dispatch.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "service/bounds.h"
#include "service/error.h"
#include "service/identifiers.h"
#include "service/meter.h"
#include "service/request.h"
#include "service/slow.h"
#include "service/streams.h"
#include "wire/message.h"
#include "wire/replies.h"

struct dispatch {
    struct service *service;
    struct request *spare;
    size_t made;
    size_t in_hand;
    size_t unanswered;
};

enum status dispatch_new(struct service *service, struct dispatch **ret_dispatch)
{
    struct dispatch *dispatch = calloc(1, sizeof(*dispatch));
    if (dispatch == NULL) {
        return STATUS_NO_MEMORY;
    }
    dispatch->service = service;
    *ret_dispatch = dispatch;
    return STATUS_OK;
}

void dispatch_free(struct dispatch *dispatch)
{
    if (dispatch == NULL) {
        return;
    }
    CHECK(dispatch->in_hand == 0);
    while (dispatch->spare != NULL) {
        struct request *request = dispatch->spare;
        dispatch->spare = request->next;
        arena_fini(&request->arena);
        arena_fini(&request->attempt);
        free(request);
    }
    free(dispatch);
}

size_t dispatch_unanswered(const struct dispatch *dispatch)
{
    return dispatch->unanswered;
}

size_t dispatch_in_hand(const struct dispatch *dispatch)
{
    return dispatch->in_hand;
}

// --- the pool ---

static struct request *request_take(struct dispatch *dispatch)
{
    struct request *request = dispatch->spare;
    if (request != NULL) {
        dispatch->spare = request->next;
    } else {
        request = dispatch->made < SERVICE_REQUESTS ? calloc(1, sizeof(*request)) : NULL;
        if (request == NULL) {
            return NULL;
        }
        dispatch->made++;
        arena_init(&request->arena, LIMIT_ARENA_BYTES);
        arena_init(&request->attempt, LIMIT_ARENA_BYTES);
        request->service = dispatch->service;
    }
    dispatch->in_hand++;
    dispatch->unanswered++;
    return request;
}

// Keeps what is usual, gives back what an unusual request has grown.
static void arena_trim(struct arena *arena)
{
    if (arena->used_bytes > SERVICE_ARENA_KEEP_BYTES) {
        arena_fini(arena);
    } else {
        arena_reset(arena);
    }
}

// A stream's length is its client's wish, and no figure.
static void note_answer(struct request *request, const struct dispatch_reply *reply)
{
    struct service *service = request->service;
    if (request->on_poke != NULL) {
        return;
    }
    int64_t micros = service_precise_us(service) - request->began_us;
    meter_note(service->meter, request->method, reply->error == NULL ? 0 : reply->error->code,
               micros);
    slow_note(request, reply->error, micros);
}

static void send(struct request *request, const struct dispatch_reply *reply)
{
    if (request->answered) {
        return;
    }
    request->answered = true;
    note_answer(request, reply);
    request->service->dispatch->unanswered--;
    timers_clear(request->service->options.timers, &request->timer);
    request->on_reply(request->reply_context, &request->origin, reply);
}

void request_end(struct request *request)
{
    struct dispatch *dispatch = request->service->dispatch;
    CHECK(request->answered && request->timer.place == 0);
    streams_leave(request);
    arena_trim(&request->arena);
    arena_trim(&request->attempt);
    // Everything but what lasts; the big texts are overwritten by the next one.
    request->message = NULL;
    request->state = NULL;
    request->answered = false;
    request->landed = false;
    request->by_identifier = false;
    request->on_refusal = NULL;
    request->person = NULL;
    request->member_id_len = 0;
    request->asked_id_len = 0;
    request->about = NULL;
    request->changes = NULL;
    request->mark = (struct mark){0};
    request->header = (struct request_header){0};
    request->task = (struct account_task){0};
    request->next = dispatch->spare;
    dispatch->spare = request;
    dispatch->in_hand--;
}

// --- answers ---

void request_error(struct request *request, Loyalty__V1__Error *error, bool replayed)
{
    struct dispatch_reply reply = {.error = error, .replayed = replayed};
    send(request, &reply);
}

void request_fail(struct request *request, Loyalty__V1__Code code, const char *reason,
                  const char *field, const char *message)
{
    Loyalty__V1__Error error = error_make(code, reason, field, message);
    request_error(request, &error, false);
}

void request_trouble(struct request *request, enum trouble trouble)
{
    if (request->landed) {
        request_in_doubt(request); // a part of it is done: the retry finds that and goes on
        return;
    }
    request_fail(request, LOYALTY__V1__CODE__CODE_UNAVAILABLE, trouble_name(trouble), "",
                 trouble_message(trouble));
}

void request_in_doubt(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_UNKNOWN, "OUTCOME_UNKNOWN", "",
                 "It may or may not have taken effect: ask again with the same request_id.");
}

void request_internal(struct request *request, enum status status)
{
    if (request->landed) {
        request_in_doubt(request);
        return;
    }
    if (status == STATUS_NO_MEMORY && request->arena.over_cap) {
        // Trying again would end the same way.
        request_fail(request, LOYALTY__V1__CODE__CODE_RESOURCE_EXHAUSTED, "REQUEST_TOO_LARGE", "",
                     "The request takes more memory than one may; ask for less at once.");
        return;
    }
    if (status == STATUS_NO_MEMORY || status == STATUS_IO) {
        request_trouble(request, status == STATUS_IO ? TROUBLE_SYSTEM : TROUBLE_NO_MEMORY);
        return;
    }
    char message[64];
    snprintf(message, sizeof(message), "The service failed (%s); nothing was done.",
             status_name(status));
    request_fail(request, LOYALTY__V1__CODE__CODE_INTERNAL, "INTERNAL", "", message);
}

void request_bad(struct request *request, enum status status)
{
    if (status != STATUS_INVALID) {
        request_internal(request, status);
        return;
    }
    const struct command_fault *fault = &request->commands.fault;
    request_fail(request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, fault->reason, fault->field,
                 fault->message);
}

void request_refuse(struct request *request, const struct refusal *refusal)
{
    if (request->on_refusal != NULL && request->on_refusal(request, refusal)) {
        return;
    }
    Loyalty__V1__Error *error = NULL;
    enum status status = replies_refusal(&request->arena, refusal, &error);
    if (status != STATUS_OK) {
        request_internal(request, status);
        return;
    }
    request_error(request, error, false);
}

void request_reply(struct request *request, const ProtobufCMessage *response, bool replayed)
{
    CHECK(response->descriptor == request->method->response);
    struct dispatch_reply reply = {.replayed = replayed};
    enum status status = message_encode(response, &request->arena, &reply.payload);
    if (status == STATUS_OK && reply.payload.len <= LIMIT_REPLY_BYTES) {
        send(request, &reply);
    } else if (request->landed || replayed) {
        request_in_doubt(request);
    } else if (status == STATUS_OK) {
        request_fail(request, LOYALTY__V1__CODE__CODE_RESOURCE_EXHAUSTED, "ANSWER_TOO_LARGE", "",
                     "The answer does not fit one message; ask for less.");
    } else {
        request_internal(request, status);
    }
}

// --- time ---

static void on_time_out(struct timer *timer)
{
    struct request *request =
        (struct request *)(void *)((char *)timer - offsetof(struct request, timer));
    if (request->task.in_doubt || request->landed) {
        request_in_doubt(request);
    } else {
        request_trouble(request, TROUBLE_EXPIRED);
    }
    if (request->on_poke != NULL) {
        request->on_poke(request);
    }
}

static void expire_at(struct request *request, int64_t at_ms)
{
    request->expires_ms = at_ms;
    timers_set(request->service->options.timers, &request->timer, at_ms, on_time_out);
}

// A stream lasts as long as both sides like, unless its client has said how long.
static void set_stream_end(struct request *request, uint32_t timeout_ms)
{
    struct timers *timers = request->service->options.timers;
    if (timeout_ms == 0) {
        timers_clear(timers, &request->timer);
        request->expires_ms = INSTANT_NEVER;
    } else {
        expire_at(request, timers_now(timers) + (int64_t)timeout_ms);
    }
}

// --- judging ---

// A mutation's age, by the time all daemons share. False when that was its end.
static bool judge_age(struct request *request, int64_t now_ms)
{
    if (now_ms - request->header.created_ms > LIMIT_HORIZON_MS) {
        request_fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "TOO_OLD",
                     "mutation.created_at",
                     "The request is more than 400 days old and will never be executed.");
        return false;
    }
    if (request->header.created_ms - now_ms > LIMIT_FUTURE_SALE_MS) {
        request_fail(request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "FROM_THE_FUTURE",
                     "mutation.created_at",
                     "The request is dated more than five minutes ahead; check the clock.");
        return false;
    }
    if (!request->header.has_deadline) {
        return true;
    }
    int64_t left_ms = request->header.deadline_ms - now_ms;
    int64_t at_ms = timers_now(request->service->options.timers) + left_ms;
    if (left_ms <= 0) {
        request_trouble(request, TROUBLE_EXPIRED);
        return false;
    }
    if (at_ms < request->expires_ms) {
        expire_at(request, at_ms);
    }
    return true;
}

static enum status digest(struct request *request)
{
    struct span path = span_of_text(request->method->path);
    commands_hash_fn *hash = request->service->options.digest_hash;
    uint8_t *ret_digest = request->mark.digest;
    if (request->canonical.len > 0) {
        return commands_digest_canonical(&request->arena, path, request->message,
                                         request->canonical, hash, ret_digest);
    }
    return commands_digest(&request->arena, path, request->message, hash, ret_digest);
}

static bool judge_mutation(struct request *request)
{
    const struct service *service = request->service;
    enum status status = commands_mutation(
        &request->commands, commands_find_mutation(request->message), &request->header);
    if (status != STATUS_OK) {
        request_bad(request, status);
        return false;
    }
    enum trouble trouble = lease_check(service->lease, true);
    if (trouble != TROUBLE_NONE) {
        request_trouble(request, trouble);
        return false;
    }
    if (!judge_age(request, lease_shared_now_ms(service->lease))) {
        return false;
    }
    request->mark.present = true;
    memcpy(request->mark.id, request->header.id, sizeof(request->mark.id));
    status = digest(request);
    if (status != STATUS_OK) {
        request_internal(request, status);
        return false;
    }
    identifiers_hide(service, request->message, request->mark.digest);
    return true;
}

static void handle(struct request *request)
{
    if (request->method->mutating && !judge_mutation(request)) {
        request_end(request);
        return;
    }
    request->method->handle(request);
}

static void on_fresh_head(struct lease_waiter *waiter, bool fresh)
{
    struct request *request =
        (struct request *)(void *)((char *)waiter - offsetof(struct request, waiter));
    if (!fresh) {
        request_trouble(request, TROUBLE_STORE_UNAVAILABLE);
    }
    if (request->answered) {
        request_end(request);
        return;
    }
    handle(request);
}

static void keep_trace(struct request *request, struct span traceparent)
{
    request->trace_len = 0;
    if (traceparent.len > 0) {
        int len = snprintf(request->trace, sizeof(request->trace), " trace=%.*s",
                           (int)traceparent.len, (const char *)traceparent.data);
        CHECK(len > 0 && (size_t)len < sizeof(request->trace));
        request->trace_len = (size_t)len;
    }
}

static void name_actor(struct request *request, const struct identity *peer)
{
    size_t role_len = strnlen(peer->role, sizeof(peer->role) - 1);
    size_t unit_len = strnlen(peer->unit, sizeof(peer->unit) - 1);
    char *unit = request->actor + role_len + 1;
    memcpy(request->actor, peer->role, role_len);
    request->actor[role_len] = '/';
    memcpy(unit, peer->unit, unit_len);
    unit[unit_len] = '\0';
    request->actor_len = role_len + 1 + unit_len;
    request->commands = (struct commands){
        .arena = &request->arena,
        .unit = span_of(unit, unit_len),
        .any_unit = request->role == ROLE_ADMIN,
    };
}

bool dispatch_admits(const struct identity *peer, struct span path,
                     const struct method **ret_method, Loyalty__V1__Error *ret_error)
{
    const struct method *method = method_find(path);
    if (method == NULL) {
        *ret_error = error_make(LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNKNOWN_METHOD", "",
                                "There is no such method.");
        return false;
    }
    *ret_method = method;
    if ((method->roles & (unsigned)role_of_name(peer->role)) == 0) {
        *ret_error = error_make(LOYALTY__V1__CODE__CODE_PERMISSION_DENIED, "ROLE_NOT_ALLOWED", "",
                                "The role of this certificate may not call this method.");
        return false;
    }
    return true;
}

// The message, and of a mutation its bytes if they are canonical: a call's are gone when it waits.
static enum status take_message(struct request *request, struct span payload,
                                struct message_fault *ret_fault)
{
    bool canonical = false;
    request->canonical = (struct span){0};
    TRY(message_decode_noting(request->method->request, payload, &request->arena, &request->message,
                              &canonical, ret_fault));
    return canonical && request->method->mutating
               ? arena_copy(&request->arena, payload, &request->canonical)
               : STATUS_OK;
}

// Finds the method, the role's right to it, the time left, and the message. False when that was its
// end.
static bool judge_call(struct request *request, const struct dispatch_call *call)
{
    Loyalty__V1__Error error;
    if (!dispatch_admits(call->peer, call->method, &request->method, &error)) {
        request_error(request, &error, false);
        return false;
    }
    if (call->out_of_time) {
        request_trouble(request, TROUBLE_EXPIRED);
        return false;
    }
    struct message_fault fault = {0};
    enum status status = take_message(request, call->payload, &fault);
    if (status == STATUS_INVALID || status == STATUS_TOO_LARGE) {
        request_fail(request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "MALFORMED", fault.path,
                     fault.reason);
        return false;
    }
    if (status != STATUS_OK) {
        request_internal(request, status);
        return false;
    }
    return true;
}

static void turn_away(const struct dispatch_call *call)
{
    Loyalty__V1__Error error =
        error_make(LOYALTY__V1__CODE__CODE_UNAVAILABLE, trouble_name(TROUBLE_OVERLOADED), "",
                   trouble_message(TROUBLE_OVERLOADED));
    struct dispatch_reply reply = {.error = &error};
    call->on_reply(call->context, &call->origin, &reply);
}

void dispatch_call(struct service *service, const struct dispatch_call *call)
{
    struct request *request = service->stopping ? NULL : request_take(service->dispatch);
    if (request == NULL) {
        turn_away(call);
        return;
    }
    request->method = NULL;
    request->began_us = service_precise_us(service);
    request->role = role_of_name(call->peer->role);
    request->on_reply = call->on_reply;
    request->room = call->room;
    request->reply_context = call->context;
    request->origin = call->origin;
    keep_trace(request, call->traceparent);
    name_actor(request, call->peer);
    int64_t timeout_ms = call->timeout_ms == 0 || call->timeout_ms > LIMIT_REQUEST_MS
                             ? LIMIT_REQUEST_MS
                             : (int64_t)call->timeout_ms;
    expire_at(request, timers_now(service->options.timers) + timeout_ms);
    if (!judge_call(request, call)) {
        request_end(request);
        return;
    }
    if (request->method->streams && request->room != NULL) {
        set_stream_end(request, call->timeout_ms);
    }
    if (service->options.sandbox && !request->method->of_daemon) {
        request->waiter.on_head = on_fresh_head;
        lease_await(service->lease, &request->waiter);
        return;
    }
    handle(request);
}
