// The port in memory: calls wait in a queue, copied, until memory_step executes and answers the
// oldest. A reply's bytes are a copy that is freed when `done` returns, so that a caller who holds
// on to them is found by ASan.
#include "store/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "store/bounds.h"
#include "store/memory_world.h"

enum { SCAN_COUNT_MAX = 1024, FREE_ROUNDS_MAX = 1 << 20 };

enum call_kind {
    CALL_LOAD,
    CALL_FIND,
    CALL_SCAN,
    CALL_HEAD,
    CALL_APPEND, // mutations from here on
    CALL_COMPACT,
    CALL_CLAIM,
    CALL_SET_CLOCK,
    CALL_CREATE,
};

struct memory_range {
    struct store_account account;
    uint64_t from_bytes;
    uint64_t bytes_max;
};

struct memory_claim { // of find only the first two
    uint32_t partition;
    struct span key;
    struct span member_id;
    struct span take_over_from;
};

struct memory_page {
    uint32_t partition;
    uint64_t cursor;
    uint32_t count;
};

struct memory_call {
    struct memory_call *next;
    enum call_kind kind;
    const char *problem; // FAILED, whatever the world looks like
    void (*done)(void);  // of the type that `kind` has
    void *context;
    union {
        struct memory_range range;
        struct store_append append;
        struct store_compact compact;
        struct memory_claim claim;
        struct memory_page page;
        uint64_t from_bytes;
        int64_t clock_ms;
        uint32_t partition_count;
    };
    size_t kept_bytes;
    uint8_t bytes[]; // what the spans above point into
};

struct memory {
    struct store store; // first: the port's handle is this object
    struct memory_world *world;
    struct memory_call *first;
    struct memory_call **end;
    enum memory_fault fault;
    bool answering;
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

// A call at the end of the queue, with room for `bytes` bytes of its spans.
static struct memory_call *call_new(struct store *store, enum call_kind kind, void (*done)(void),
                                    void *context, size_t bytes)
{
    struct memory *memory = memory_of(store);
    struct memory_call *call = calloc(1, sizeof(*call) + bytes);
    CHECK(call != NULL);
    call->kind = kind;
    call->done = done;
    call->context = context;
    *memory->end = call;
    memory->end = &call->next;
    return call;
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
}

static void head(struct store *store, uint64_t program_from_bytes, store_head_fn *done,
                 void *context)
{
    struct memory_call *call = call_new(store, CALL_HEAD, (void (*)(void))done, context, 0);
    call->from_bytes = program_from_bytes;
}

static void set_sandbox_clock(struct store *store, int64_t now_ms, store_done_fn *done,
                              void *context)
{
    struct memory_call *call = call_new(store, CALL_SET_CLOCK, (void (*)(void))done, context, 0);
    call->problem = store_clock_problem(now_ms);
    call->clock_ms = now_ms;
}

static void create_partitions(struct store *store, uint32_t count, store_done_fn *done,
                              void *context)
{
    struct memory_call *call = call_new(store, CALL_CREATE, (void (*)(void))done, context, 0);
    call->problem = store_partition_count_problem(count);
    call->partition_count = count;
}

// --- answering ---

// Bytes of the caller's own for as long as `done` runs.
static struct span bytes_lend(struct span bytes)
{
    if (bytes.len == 0) {
        return (struct span){0};
    }
    uint8_t *copy = malloc(bytes.len);
    CHECK(copy != NULL);
    memcpy(copy, bytes.data, bytes.len);
    return span_of(copy, bytes.len);
}

static void bytes_take_back(struct span lent)
{
    free((uint8_t *)lent.data);
}

static void tell_reply(const struct memory_call *call, struct store_reply reply)
{
    reply.bytes = bytes_lend(reply.bytes);
    ((store_done_fn *)call->done)(call->context, &reply);
    bytes_take_back(reply.bytes);
}

static void tell_head(const struct memory_call *call, struct store_head reply)
{
    reply.program = bytes_lend(reply.program);
    ((store_head_fn *)call->done)(call->context, &reply);
    bytes_take_back(reply.program);
}

static void tell_page(const struct memory_call *call, const struct store_scan_reply *reply)
{
    ((store_scan_fn *)call->done)(call->context, reply);
}

static void execute_scan(const struct memory_world *world, const struct memory_call *call,
                         bool answered)
{
    struct span *ids = calloc(call->page.count, sizeof(*ids));
    CHECK(ids != NULL);
    struct store_scan_reply reply =
        memory_world_scan(world, call->page.partition, call->page.cursor, call->page.count, ids);
    for (size_t i = 0; i < reply.count; i++) {
        ids[i] = bytes_lend(ids[i]);
    }
    if (answered) {
        tell_page(call, &reply);
    }
    for (size_t i = 0; i < reply.count; i++) {
        bytes_take_back(ids[i]);
    }
    free(ids);
}

static struct store_reply execute_plain(struct memory_world *world, const struct memory_call *call)
{
    const struct memory_claim *asked = &call->claim;
    switch (call->kind) {
    case CALL_LOAD:
        return memory_world_load(world, &call->range.account, call->range.from_bytes,
                                 call->range.bytes_max);
    case CALL_FIND:
        return memory_world_find_owner(world, asked->partition, asked->key);
    case CALL_APPEND:
        return memory_world_append(world, &call->append);
    case CALL_COMPACT:
        return memory_world_compact(world, &call->compact);
    case CALL_CLAIM:
        return memory_world_claim(world, asked->partition, asked->key, asked->member_id,
                                  asked->take_over_from);
    case CALL_SET_CLOCK:
        return memory_world_set_clock(world, call->clock_ms);
    case CALL_CREATE:
        return memory_world_create(world, call->partition_count);
    default: // scan and head have replies of their own
        CHECK(call->kind == CALL_LOAD);
        return (struct store_reply){0};
    }
}

// Executes; with `answered` the caller is told what came of it.
static void execute(struct memory_world *world, const struct memory_call *call, bool answered)
{
    if (call->kind == CALL_SCAN) {
        execute_scan(world, call, answered);
    } else if (call->kind == CALL_HEAD) {
        struct store_head reply = memory_world_head(world, call->from_bytes);
        if (answered) {
            tell_head(call, reply);
        }
    } else {
        struct store_reply reply = execute_plain(world, call);
        if (answered) {
            tell_reply(call, reply);
        }
    }
}

static void tell_result(const struct memory_call *call, enum store_result result, const char *text)
{
    if (call->kind == CALL_SCAN) {
        struct store_scan_reply reply = {.result = result};
        tell_page(call, &reply);
    } else if (call->kind == CALL_HEAD) {
        struct store_head reply = {.result = result};
        tell_head(call, reply);
    } else {
        struct store_reply reply = {.result = result, .bytes = span_of_text(text)};
        tell_reply(call, reply);
    }
}

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

bool memory_step(struct store *store)
{
    struct memory *memory = memory_of(store);
    CHECK(!memory->answering);
    struct memory_call *call = memory_pop(memory);
    if (call == NULL) {
        return false;
    }
    memory->answering = true;
    enum store_result lost = call->kind >= CALL_APPEND ? STORE_UNKNOWN : STORE_UNAVAILABLE;
    enum memory_fault fault = MEMORY_FAULT_NONE;
    if (call->problem == NULL) {
        fault = memory->fault;
        memory->fault = MEMORY_FAULT_NONE;
    }
    if (call->problem != NULL) {
        tell_result(call, STORE_FAILED, call->problem);
    } else if (fault == MEMORY_FAULT_BEFORE) {
        tell_result(call, STORE_UNAVAILABLE, NULL);
    } else if (fault == MEMORY_FAULT_LOST_ASK) {
        tell_result(call, lost, NULL);
    } else {
        execute(memory->world, call, fault == MEMORY_FAULT_NONE);
        if (fault == MEMORY_FAULT_LOST_REPLY) {
            tell_result(call, lost, NULL);
        }
    }
    memory->answering = false;
    free(call);
    return true;
}

void memory_run(struct store *store)
{
    while (memory_step(store)) {
    }
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
    struct memory_call *call = memory_pop(memory);
    for (int round = 0; call != NULL; round++) {
        CHECK(round < FREE_ROUNDS_MAX); // answers that ask again and again
        tell_result(call, STORE_UNAVAILABLE, NULL);
        free(call);
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
