// The port in memory: calls wait in a queue, copied, until memory_step executes and answers the
// oldest; or go to a router, which owns them then, while the store keeps account of whom it still
// owes an answer.
#include "store/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "store/bounds.h"
#include "store/memory_call.h"

enum { SCAN_COUNT_MAX = 1024, FREE_ROUNDS_MAX = 1 << 20 };

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

// A call with room for `bytes` bytes of its spans.
static struct memory_call *call_new(struct store *store, enum call_kind kind, void (*done)(void),
                                    void *context, size_t bytes)
{
    struct memory *memory = memory_of(store);
    struct memory_call *call = calloc(1, sizeof(*call) + bytes);
    CHECK(call != NULL);
    call->kind = kind;
    call->world = memory->world;
    call->done = done;
    call->context = context;
    return call;
}

// The call is filled: it goes to the end of the queue, or to whoever routes.
static void call_send(struct store *store, struct memory_call *call)
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

// Copies the bytes into the call and points the span there.
static void call_keep(struct memory_call *call, struct span *span)
{
    if (span->len > 0) {
        uint8_t *copy = call->bytes + call->kept_bytes;
        memcpy(copy, span->data, span->len);
        call->kept_bytes += span->len;
        span->data = copy;
    }
}

static void ask_range(struct store *store, const struct memory_range *range, store_done_fn *done,
                      void *context)
{
    struct memory_call *call =
        call_new(store, CALL_LOAD, (void (*)(void))done, context, range->account.id.len);
    call->problem = store_account_problem(&range->account);
    call->range = *range;
    call_keep(call, &call->range.account.id);
    call_send(store, call);
}

static void load(struct store *store, const struct store_account *account, store_done_fn *done,
                 void *context)
{
    struct memory_range range = {.account = *account, .bytes_max = UINT64_MAX};
    ask_range(store, &range, done, context);
}

static void load_from(struct store *store, const struct store_account *account, uint64_t from_bytes,
                      store_done_fn *done, void *context)
{
    struct memory_range range = {
        .account = *account, .from_bytes = from_bytes, .bytes_max = LIMIT_SUFFIX_BYTES};
    ask_range(store, &range, done, context);
}

static void append(struct store *store, const struct store_append *append, store_done_fn *done,
                   void *context)
{
    size_t bytes = append->account.id.len + append->records.len + append->event.len;
    struct memory_call *call = call_new(store, CALL_APPEND, (void (*)(void))done, context, bytes);
    call->problem = store_append_problem(append);
    call->append = *append;
    call_keep(call, &call->append.account.id);
    call_keep(call, &call->append.records);
    call_keep(call, &call->append.event);
    call_send(store, call);
}

static void compact(struct store *store, const struct store_compact *compact, store_done_fn *done,
                    void *context)
{
    size_t bytes = compact->account.id.len + compact->snapshot.len;
    struct memory_call *call = call_new(store, CALL_COMPACT, (void (*)(void))done, context, bytes);
    call->problem = store_compact_problem(compact);
    call->compact = *compact;
    call_keep(call, &call->compact.account.id);
    call_keep(call, &call->compact.snapshot);
    call_send(store, call);
}

static void ask_claim(struct store *store, enum call_kind kind, const struct memory_claim *claim,
                      const char *problem, store_done_fn *done, void *context)
{
    size_t bytes = claim->key.len + claim->member_id.len + claim->take_over_from.len;
    struct memory_call *call = call_new(store, kind, (void (*)(void))done, context, bytes);
    call->problem = problem;
    call->claim = *claim;
    call_keep(call, &call->claim.key);
    call_keep(call, &call->claim.member_id);
    call_keep(call, &call->claim.take_over_from);
    call_send(store, call);
}

static void claim(struct store *store, uint32_t partition, struct span key, struct span member_id,
                  struct span take_over_from, store_done_fn *done, void *context)
{
    struct memory_claim asked = {partition, key, member_id, take_over_from};
    ask_claim(store, CALL_CLAIM, &asked, store_claim_problem(partition, key, member_id), done,
              context);
}

static void find(struct store *store, uint32_t partition, struct span key, store_done_fn *done,
                 void *context)
{
    struct memory_claim asked = {.partition = partition, .key = key};
    ask_claim(store, CALL_FIND, &asked, store_identifier_problem(partition, key), done, context);
}

static void scan(struct store *store, uint32_t partition, uint64_t cursor, uint32_t count,
                 store_scan_fn *done, void *context)
{
    struct memory_call *call = call_new(store, CALL_SCAN, (void (*)(void))done, context, 0);
    call->problem = store_partition_problem(partition);
    uint32_t page = count == 0 ? 1 : count;
    call->page.partition = partition;
    call->page.cursor = cursor;
    call->page.count = page < SCAN_COUNT_MAX ? page : SCAN_COUNT_MAX;
    call_send(store, call);
}

static void head(struct store *store, uint64_t program_from_bytes, store_head_fn *done,
                 void *context)
{
    struct memory_call *call = call_new(store, CALL_HEAD, (void (*)(void))done, context, 0);
    call->from_bytes = program_from_bytes;
    call_send(store, call);
}

static void set_sandbox_clock(struct store *store, int64_t now_ms, store_done_fn *done,
                              void *context)
{
    struct memory_call *call = call_new(store, CALL_SET_CLOCK, (void (*)(void))done, context, 0);
    call->problem = store_clock_problem(now_ms);
    call->clock_ms = now_ms;
    call_send(store, call);
}

static void create_partitions(struct store *store, uint32_t count, store_done_fn *done,
                              void *context)
{
    struct memory_call *call = call_new(store, CALL_CREATE, (void (*)(void))done, context, 0);
    call->problem = store_partition_count_problem(count);
    call->partition_count = count;
    call_send(store, call);
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
    .load = load,
    .load_from = load_from,
    .append = append,
    .compact = compact,
    .claim = claim,
    .find = find,
    .scan = scan,
    .head = head,
    .set_sandbox_clock = set_sandbox_clock,
    .create_partitions = create_partitions,
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
