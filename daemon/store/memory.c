// The store in memory: calls wait in a queue, copied (memory_ask.c), until memory_step executes and
// answers the oldest; or go to a router, which owns them then, while the store keeps account of
// whom it still owes an answer.
#include "store/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "store/memory_ask.h"
#include "store/memory_call.h"

enum { FREE_ROUNDS_MAX = 1 << 20 };

struct memory {
    struct store store; // first: the port's handle is this object
    struct memory_world *world;
    struct memory_call *first;
    struct memory_call **end;
    enum memory_fault fault;
    bool answering;
    memory_route_fn *route; // NULL: calls wait in the queue
    void *route_context;
    struct memory_call *open; // routed and not told yet
};

static const struct store_ops operations;

static struct memory *memory_of(struct store *store)
{
    CHECK(store->ops == &operations);
    return (struct memory *)store;
}

struct memory_world *memory_world_of(const struct store *store)
{
    CHECK(store->ops == &operations);
    return ((const struct memory *)store)->world;
}

// --- asking ---

// The call is filled: it goes to the end of the queue, or to whoever routes.
void memory_call_send(struct store *store, struct memory_call *call)
{
    struct memory *memory = memory_of(store);
    if (memory->route == NULL) {
        *memory->end = call;
        memory->end = &call->next;
        return;
    }
    call->next = memory->open;
    call->place = &memory->open;
    if (memory->open != NULL) {
        memory->open->place = &call->next;
    }
    memory->open = call;
    memory->route(memory->route_context, call);
}

// --- answering ---

static struct memory_call *memory_pop(struct memory *memory)
{
    struct memory_call *call = memory->first;
    if (call != NULL) {
        memory->first = call->next;
        if (memory->first == NULL) {
            memory->end = &memory->first;
        }
    }
    return call;
}

// Executes and answers a waiting call as the fault wants it.
static void call_run(struct memory_call *call, enum memory_fault fault)
{
    if (fault == MEMORY_FAULT_BEFORE) {
        memory_call_tell(call, STORE_UNAVAILABLE);
        return;
    }
    if (fault == MEMORY_FAULT_LOST_ASK) {
        memory_call_tell(call, memory_call_lost(call));
        return;
    }
    memory_call_execute(call);
    if (fault == MEMORY_FAULT_LOST_REPLY) {
        memory_call_tell(call, memory_call_lost(call));
    } else {
        memory_call_tell_reply(call);
    }
}

bool memory_step(struct store *store)
{
    struct memory *memory = memory_of(store);
    CHECK(!memory->answering);
    struct memory_call *call = memory_pop(memory);
    if (call == NULL) {
        return false;
    }
    enum memory_fault fault = MEMORY_FAULT_NONE;
    if (call->problem == NULL) {
        fault = memory->fault;
        memory->fault = MEMORY_FAULT_NONE;
    }
    memory->answering = true;
    call_run(call, fault);
    memory->answering = false;
    memory_call_free(call);
    return true;
}

void memory_run(struct store *store)
{
    while (memory_step(store)) {
    }
}

// --- calls in flight ---

void memory_route(struct store *store, memory_route_fn *route, void *context)
{
    struct memory *memory = memory_of(store);
    CHECK(memory->first == NULL);
    memory->route = route;
    memory->route_context = context;
}

// No longer among those its store still owes an answer.
static void call_close(struct memory_call *call)
{
    *call->place = call->next;
    if (call->next != NULL) {
        call->next->place = call->place;
    }
}

void memory_call_answer(struct memory_call *call)
{
    call_close(call);
    memory_call_tell_reply(call);
}

void memory_call_give_up(struct memory_call *call, bool sent)
{
    call_close(call);
    memory_call_tell(call, sent ? memory_call_lost(call) : STORE_UNAVAILABLE);
}

// --- the object ---

static bool is_ready(const struct store *store, const char **ret_reason)
{
    (void)store;
    *ret_reason = "";
    return true;
}

static void memory_free(struct store *store)
{
    struct memory *memory = memory_of(store);
    CHECK(!memory->answering);
    memory->route = NULL;
    while (memory->open != NULL) {
        memory_call_give_up(memory->open, true);
    }
    struct memory_call *call = memory_pop(memory);
    for (int round = 0; call != NULL; round++) {
        CHECK(round < FREE_ROUNDS_MAX); // answers that ask again and again
        memory_call_tell(call, STORE_UNAVAILABLE);
        memory_call_free(call);
        call = memory_pop(memory);
    }
    if (--memory->world->references == 0) {
        memory_world_free(memory->world);
    }
    free(memory);
}

static const struct store_ops operations = {
    .load = memory_ask_load,
    .load_from = memory_ask_load_from,
    .append = memory_ask_append,
    .compact = memory_ask_compact,
    .claim = memory_ask_claim,
    .find = memory_ask_find,
    .scan = memory_ask_scan,
    .head = memory_ask_head,
    .set_sandbox_clock = memory_ask_set_sandbox_clock,
    .create_partitions = memory_ask_create_partitions,
    .unclaim = memory_ask_unclaim,
    .due = memory_ask_due,
    .get = memory_ask_get,
    .put = memory_ask_put,
    .list_values = memory_ask_list_values,
    .list_set = memory_ask_list_set,
    .read_events = memory_ask_read_events,
    .trim_events = memory_ask_trim_events,
    .read_archive = memory_ask_read_archive,
    .drop_archived = memory_ask_drop_archived,
    .survey = memory_ask_survey,
    .rewrite = memory_ask_rewrite,
    .is_ready = is_ready,
    .free = memory_free,
};

static enum status memory_new_on(struct memory_world *world, struct store **ret_store)
{
    struct memory *memory = calloc(1, sizeof(*memory));
    if (memory == NULL) {
        return STATUS_NO_MEMORY;
    }
    memory->store.ops = &operations;
    memory->world = world;
    memory->end = &memory->first;
    *ret_store = &memory->store;
    return STATUS_OK;
}

enum status memory_new(struct store **ret_store)
{
    struct memory_world *world = NULL;
    TRY(memory_world_new(&world));
    enum status status = memory_new_on(world, ret_store);
    if (status != STATUS_OK) {
        memory_world_free(world);
    }
    return status;
}

enum status memory_share(struct store *store, struct store **ret_store)
{
    struct memory_world *world = memory_of(store)->world;
    TRY(memory_new_on(world, ret_store));
    world->references++;
    return STATUS_OK;
}

void memory_set_now(struct store *store, int64_t now_ms)
{
    memory_world_of(store)->now_ms = now_ms;
}

void memory_fail_next(struct store *store, enum memory_fault fault)
{
    memory_of(store)->fault = fault;
}
