// Each call is forwarded, or answered by the gate itself on a later step. While the store's code
// runs nothing is counted.
#include "failures/gate_store.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "failures/inject.h"

enum { CALLS = 64, LATE_BYTES = 128 * 1024 };

enum way {
    WAY_NONE = -1,
    WAY_BEFORE,     // UNAVAILABLE, not executed
    WAY_FAILED,     // FAILED, not executed
    WAY_LOST_ASK,   // UNKNOWN, not executed
    WAY_LOST_REPLY, // UNKNOWN, executed
    WAY_LATE,       // UNKNOWN, executed after all else
    WAY_RELOAD,
    WAY_EXPIRED,
    WAY_CLOCK,
    WAY_RIVAL,
    WAY_RIVAL_COMPACTS,
    WAY_GHOST, // whoever has the identifier does not list it
};

static const char *const way_names[] = {
    [WAY_BEFORE] = "UNAVAILABLE",
    [WAY_FAILED] = "FAILED",
    [WAY_LOST_ASK] = "UNKNOWN, not done",
    [WAY_LOST_REPLY] = "UNKNOWN, done",
    [WAY_LATE] = "UNKNOWN, done late",
    [WAY_RELOAD] = "RELOAD",
    [WAY_EXPIRED] = "EXPIRED",
    [WAY_CLOCK] = "CLOCK",
    [WAY_RIVAL] = "a rival",
    [WAY_RIVAL_COMPACTS] = "a rival that compacts",
    [WAY_GHOST] = "a ghost",
};

struct call {
    struct gate *gate;
    bool taken;
    bool own; // answered by the gate
    enum way way;
    void (*done)(void);
    void (*answer)(struct call *call); // by the gate, in the way
    void *context;
};

// One append whose execution is still to come.
struct late {
    bool waits;
    struct store_append append;
    size_t used;
    uint8_t bytes[LATE_BYTES];
};

struct gate {
    struct store store; // first
    struct store *inner;
    struct call calls[CALLS];
    size_t next; // place of the next one taken, so that the oldest is answered first
    struct late late;
};

static gate_rival_fn *present_rival;

void gate_store_set_rival(gate_rival_fn *rival)
{
    present_rival = rival;
}

static struct gate *gate_of(struct store *store)
{
    return (struct gate *)store;
}

// --- one call ---

static struct call *take_call(struct store *store, void (*done)(void), void *context,
                              void (*answer)(struct call *call))
{
    struct gate *gate = gate_of(store);
    for (size_t i = 0; i < CALLS; i++) {
        struct call *call = &gate->calls[gate->next++ % CALLS];
        if (!call->taken) {
            *call = (struct call){
                .gate = gate, .taken = true, .done = done, .context = context, .answer = answer};
            return call;
        }
    }
    CHECK(false); // more calls at once than the scenarios make
    return NULL;
}

// How this call is to fail: one of `ways`.
static enum way choose(const char *what, const enum way *ways, uint32_t count)
{
    int chosen = inject_way(INJECT_STORE, count);
    if (chosen < 0) {
        return WAY_NONE;
    }
    inject_note(what, way_names[ways[chosen]]);
    return ways[chosen];
}

// Whether the gate answers by itself and nothing is executed now.
static bool keeps(struct call *call, enum way way)
{
    call->way = way;
    call->own = way != WAY_NONE && way != WAY_LOST_REPLY && way < WAY_RIVAL;
    return call->own;
}

static void rival_acts(enum way way, enum gate_rival what)
{
    if (way >= WAY_RIVAL && present_rival != NULL) {
        present_rival(way == WAY_RIVAL_COMPACTS ? RIVAL_COMPACTS : what);
    }
}

static enum store_result result_of(enum way way)
{
    switch (way) {
    case WAY_BEFORE:
        return STORE_UNAVAILABLE;
    case WAY_FAILED:
        return STORE_FAILED;
    case WAY_RELOAD:
        return STORE_RELOAD;
    case WAY_EXPIRED:
        return STORE_EXPIRED;
    case WAY_CLOCK:
        return STORE_CLOCK;
    default:
        return STORE_UNKNOWN;
    }
}

// --- answers ---

static void tell(struct call *call, const struct store_reply *reply)
{
    call->taken = false;
    inject_enter();
    ((store_done_fn *)call->done)(call->context, reply);
    inject_leave();
}

static void answer_reply(struct call *call)
{
    struct store_reply reply = {.result = result_of(call->way)};
    if (reply.result == STORE_FAILED) {
        reply.bytes = span_of_text("it was told to fail");
    }
    tell(call, &reply);
}

static void answer_head(struct call *call)
{
    struct store_head head = {.result = result_of(call->way)};
    call->taken = false;
    inject_enter();
    ((store_head_fn *)call->done)(call->context, &head);
    inject_leave();
}

static void answer_page(struct call *call)
{
    struct store_scan_reply page = {.result = result_of(call->way)};
    call->taken = false;
    inject_enter();
    ((store_scan_fn *)call->done)(call->context, &page);
    inject_leave();
}

static void on_done(void *context, const struct store_reply *reply)
{
    struct call *call = context;
    if (call->way == WAY_LOST_REPLY) {
        answer_reply(call);
    } else {
        tell(call, reply);
    }
}

static void on_head(void *context, const struct store_head *head)
{
    struct call *call = context;
    call->taken = false;
    inject_enter();
    ((store_head_fn *)call->done)(call->context, head);
    inject_leave();
}

static void on_page(void *context, const struct store_scan_reply *page)
{
    struct call *call = context;
    call->taken = false;
    inject_enter();
    ((store_scan_fn *)call->done)(call->context, page);
    inject_leave();
}

static void on_landed(void *context, const struct store_reply *reply)
{
    (void)context;
    (void)reply;
}

// --- calls ---

static const enum way read_ways[] = {WAY_BEFORE, WAY_FAILED};
static const enum way change_ways[] = {WAY_BEFORE, WAY_FAILED, WAY_LOST_ASK, WAY_LOST_REPLY};
// That it is FAILED says that the clock would be set back.
static const enum way clock_ways[] = {WAY_BEFORE, WAY_LOST_ASK, WAY_LOST_REPLY};
static const enum way append_ways[] = {
    WAY_BEFORE, WAY_FAILED,  WAY_LOST_ASK, WAY_LOST_REPLY, WAY_LATE,
    WAY_RELOAD, WAY_EXPIRED, WAY_CLOCK,    WAY_RIVAL,      WAY_RIVAL_COMPACTS,
};
static const enum way compact_ways[] = {
    WAY_BEFORE, WAY_FAILED, WAY_LOST_ASK, WAY_LOST_REPLY, WAY_RELOAD,
};
static const enum way claim_ways[] = {
    WAY_BEFORE, WAY_FAILED, WAY_LOST_ASK, WAY_LOST_REPLY, WAY_RIVAL, WAY_GHOST,
};

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

static void load(struct store *store, const struct store_account *account, store_done_fn *done,
                 void *context)
{
    struct call *call = take_call(store, (void (*)(void))done, context, answer_reply);
    if (!keeps(call, choose("load", read_ways, COUNT(read_ways)))) {
        unsigned depth = inject_pause();
        store_load(gate_of(store)->inner, account, on_done, call);
        inject_resume(depth);
    }
}

static void load_from(struct store *store, const struct store_account *account, uint64_t from_bytes,
                      store_done_fn *done, void *context)
{
    struct call *call = take_call(store, (void (*)(void))done, context, answer_reply);
    if (!keeps(call, choose("load_from", read_ways, COUNT(read_ways)))) {
        unsigned depth = inject_pause();
        store_load_from(gate_of(store)->inner, account, from_bytes, on_done, call);
        inject_resume(depth);
    }
}

static struct span keep_late(struct late *late, struct span bytes)
{
    CHECK(bytes.len <= LATE_BYTES - late->used);
    uint8_t *copy = late->bytes + late->used;
    memcpy(copy, bytes.data, bytes.len);
    late->used += bytes.len;
    return span_of(copy, bytes.len);
}

static void append_late(struct gate *gate, const struct store_append *append)
{
    struct late *late = &gate->late;
    CHECK(!late->waits);
    late->waits = true;
    late->used = 0;
    late->append = *append;
    late->append.account.id = keep_late(late, append->account.id);
    late->append.records = keep_late(late, append->records);
    late->append.event = keep_late(late, append->event);
}

static void append(struct store *store, const struct store_append *append, store_done_fn *done,
                   void *context)
{
    struct call *call = take_call(store, (void (*)(void))done, context, answer_reply);
    enum way way = choose("append", append_ways, COUNT(append_ways));
    unsigned depth = inject_pause();
    if (way == WAY_LATE && gate_of(store)->late.waits) {
        way = WAY_LOST_ASK; // one is under way already
    }
    rival_acts(way, RIVAL_WRITES);
    if (!keeps(call, way)) {
        store_append(gate_of(store)->inner, append, on_done, call);
    } else if (way == WAY_LATE) {
        append_late(gate_of(store), append);
    }
    inject_resume(depth);
}

static void compact(struct store *store, const struct store_compact *compact, store_done_fn *done,
                    void *context)
{
    struct call *call = take_call(store, (void (*)(void))done, context, answer_reply);
    if (!keeps(call, choose("compact", compact_ways, COUNT(compact_ways)))) {
        unsigned depth = inject_pause();
        store_compact(gate_of(store)->inner, compact, on_done, call);
        inject_resume(depth);
    }
}

static void claim(struct store *store, uint32_t partition, struct span key, struct span member_id,
                  struct span take_over_from, store_done_fn *done, void *context)
{
    struct call *call = take_call(store, (void (*)(void))done, context, answer_reply);
    enum way way = choose("claim", claim_ways, COUNT(claim_ways));
    unsigned depth = inject_pause();
    if (way == WAY_GHOST) {
        store_claim(gate_of(store)->inner, partition, key, span_of_text("ghost"), (struct span){0},
                    on_landed, NULL);
    } else {
        rival_acts(way, RIVAL_CLAIMS);
    }
    if (!keeps(call, way)) {
        store_claim(gate_of(store)->inner, partition, key, member_id, take_over_from, on_done,
                    call);
    }
    inject_resume(depth);
}

static void find(struct store *store, uint32_t partition, struct span key, store_done_fn *done,
                 void *context)
{
    struct call *call = take_call(store, (void (*)(void))done, context, answer_reply);
    if (!keeps(call, choose("find", read_ways, COUNT(read_ways)))) {
        unsigned depth = inject_pause();
        store_find(gate_of(store)->inner, partition, key, on_done, call);
        inject_resume(depth);
    }
}

static void scan(struct store *store, uint32_t partition, uint64_t cursor, uint32_t count,
                 store_scan_fn *done, void *context)
{
    struct call *call = take_call(store, (void (*)(void))done, context, answer_page);
    if (!keeps(call, choose("scan", read_ways, COUNT(read_ways)))) {
        unsigned depth = inject_pause();
        store_scan(gate_of(store)->inner, partition, cursor, count, on_page, call);
        inject_resume(depth);
    }
}

static void head(struct store *store, uint64_t from_bytes, store_head_fn *done, void *context)
{
    struct call *call = take_call(store, (void (*)(void))done, context, answer_head);
    if (!keeps(call, choose("head", read_ways, COUNT(read_ways)))) {
        unsigned depth = inject_pause();
        store_head(gate_of(store)->inner, from_bytes, on_head, call);
        inject_resume(depth);
    }
}

static void set_sandbox_clock(struct store *store, int64_t now_ms, store_done_fn *done,
                              void *context)
{
    struct call *call = take_call(store, (void (*)(void))done, context, answer_reply);
    if (!keeps(call, choose("set_sandbox_clock", clock_ways, COUNT(clock_ways)))) {
        unsigned depth = inject_pause();
        store_set_sandbox_clock(gate_of(store)->inner, now_ms, on_done, call);
        inject_resume(depth);
    }
}

static void create_partitions(struct store *store, uint32_t count, store_done_fn *done,
                              void *context)
{
    struct call *call = take_call(store, (void (*)(void))done, context, answer_reply);
    if (!keeps(call, choose("create_partitions", change_ways, COUNT(change_ways)))) {
        unsigned depth = inject_pause();
        store_create_partitions(gate_of(store)->inner, count, on_done, call);
        inject_resume(depth);
    }
}

static bool is_ready(const struct store *store, const char **ret_reason)
{
    return store_is_ready(((const struct gate *)store)->inner, ret_reason);
}

// --- lifetime ---

bool gate_store_step(struct store *store)
{
    struct gate *gate = gate_of(store);
    for (size_t i = 0; i < CALLS; i++) {
        struct call *call = &gate->calls[(gate->next + i) % CALLS];
        if (call->taken && call->own) {
            call->answer(call);
            return true;
        }
    }
    return false;
}

void gate_store_land(struct store *store)
{
    struct gate *gate = gate_of(store);
    if (gate->late.waits) {
        gate->late.waits = false;
        store_append(gate->inner, &gate->late.append, on_landed, NULL);
    }
}

static void gate_free(struct store *store)
{
    while (gate_store_step(store)) {
    }
    store_free(gate_of(store)->inner);
    free(store);
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
    .free = gate_free,
};

struct store *gate_store_new(struct store *inner)
{
    struct gate *gate = calloc(1, sizeof(*gate));
    CHECK(gate != NULL);
    gate->store.ops = &operations;
    gate->inner = inner;
    return &gate->store;
}
