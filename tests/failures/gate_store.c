// Each call is forwarded, or answered by the gate itself on a later step. While the store's code
// runs nothing is counted.
#include "failures/gate_store.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "failures/gate_parts.h"
#include "failures/inject.h"

static const char *const way_names[] = {
    [GATE_WAY_BEFORE] = "UNAVAILABLE",
    [GATE_WAY_FAILED] = "FAILED",
    [GATE_WAY_LOST_ASK] = "UNKNOWN, not done",
    [GATE_WAY_LOST_REPLY] = "UNKNOWN, done",
    [GATE_WAY_LATE] = "UNKNOWN, done late",
    [GATE_WAY_RELOAD] = "RELOAD",
    [GATE_WAY_EXPIRED] = "EXPIRED",
    [GATE_WAY_CLOCK] = "CLOCK",
    [GATE_WAY_RIVAL] = "a rival",
    [GATE_WAY_RIVAL_COMPACTS] = "a rival that compacts",
    [GATE_WAY_GHOST] = "a ghost",
};

static gate_rival_fn *present_rival;

void gate_store_set_rival(gate_rival_fn *rival)
{
    present_rival = rival;
}

// --- one call ---

struct gate_call *gate_take(struct store *store, void (*done)(void), void *context,
                            void (*answer)(struct gate_call *call))
{
    struct gate *gate = gate_of(store);
    for (size_t i = 0; i < GATE_CALLS; i++) {
        struct gate_call *call = &gate->calls[gate->next++ % GATE_CALLS];
        if (!call->taken) {
            *call = (struct gate_call){
                .gate = gate, .taken = true, .done = done, .context = context, .answer = answer};
            return call;
        }
    }
    CHECK(false); // more calls at once than the scenarios make
    return NULL;
}

// How this call is to fail: one of `ways`.
enum gate_way gate_choose(const char *what, const enum gate_way *ways, uint32_t count)
{
    int chosen = inject_way(INJECT_STORE, count);
    if (chosen < 0) {
        return GATE_WAY_NONE;
    }
    inject_note(what, way_names[ways[chosen]]);
    return ways[chosen];
}

// Whether the gate answers by itself and nothing is executed now.
bool gate_keeps(struct gate_call *call, enum gate_way way)
{
    call->way = way;
    call->own = way != GATE_WAY_NONE && way != GATE_WAY_LOST_REPLY && way < GATE_WAY_RIVAL;
    return call->own;
}

static void rival_acts(enum gate_way way, enum gate_rival what)
{
    if (way >= GATE_WAY_RIVAL && present_rival != NULL) {
        present_rival(way == GATE_WAY_RIVAL_COMPACTS ? RIVAL_COMPACTS : what);
    }
}

enum store_result gate_result(enum gate_way way)
{
    switch (way) {
    case GATE_WAY_BEFORE:
        return STORE_UNAVAILABLE;
    case GATE_WAY_FAILED:
        return STORE_FAILED;
    case GATE_WAY_RELOAD:
        return STORE_RELOAD;
    case GATE_WAY_EXPIRED:
        return STORE_EXPIRED;
    case GATE_WAY_CLOCK:
        return STORE_CLOCK;
    default:
        return STORE_UNKNOWN;
    }
}

// --- answers ---

static void tell(struct gate_call *call, const struct store_reply *reply)
{
    call->taken = false;
    inject_enter();
    ((store_done_fn *)call->done)(call->context, reply);
    inject_leave();
}

void gate_answer_reply(struct gate_call *call)
{
    struct store_reply reply = {.result = gate_result(call->way)};
    if (reply.result == STORE_FAILED) {
        reply.bytes = span_of_text("it was told to fail");
    }
    tell(call, &reply);
}

static void answer_head(struct gate_call *call)
{
    struct store_head head = {.result = gate_result(call->way)};
    call->taken = false;
    inject_enter();
    ((store_head_fn *)call->done)(call->context, &head);
    inject_leave();
}

void gate_answer_page(struct gate_call *call)
{
    struct store_scan_reply page = {.result = gate_result(call->way)};
    call->taken = false;
    inject_enter();
    ((store_scan_fn *)call->done)(call->context, &page);
    inject_leave();
}

void gate_on_done(void *context, const struct store_reply *reply)
{
    struct gate_call *call = context;
    if (call->way == GATE_WAY_LOST_REPLY) {
        gate_answer_reply(call);
    } else {
        tell(call, reply);
    }
}

static void on_head(void *context, const struct store_head *head)
{
    struct gate_call *call = context;
    call->taken = false;
    inject_enter();
    ((store_head_fn *)call->done)(call->context, head);
    inject_leave();
}

void gate_on_page(void *context, const struct store_scan_reply *page)
{
    struct gate_call *call = context;
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

const enum gate_way gate_read_ways[] = {GATE_WAY_BEFORE, GATE_WAY_FAILED};
const enum gate_way gate_change_ways[] = {GATE_WAY_BEFORE, GATE_WAY_FAILED, GATE_WAY_LOST_ASK,
                                          GATE_WAY_LOST_REPLY};
// That it is FAILED says that the clock would be set back.
static const enum gate_way clock_ways[] = {GATE_WAY_BEFORE, GATE_WAY_LOST_ASK, GATE_WAY_LOST_REPLY};
static const enum gate_way append_ways[] = {
    GATE_WAY_BEFORE, GATE_WAY_FAILED,         GATE_WAY_LOST_ASK, GATE_WAY_LOST_REPLY,
    GATE_WAY_LATE,   GATE_WAY_RELOAD,         GATE_WAY_EXPIRED,  GATE_WAY_CLOCK,
    GATE_WAY_RIVAL,  GATE_WAY_RIVAL_COMPACTS,
};
static const enum gate_way compact_ways[] = {
    GATE_WAY_BEFORE, GATE_WAY_FAILED, GATE_WAY_LOST_ASK, GATE_WAY_LOST_REPLY, GATE_WAY_RELOAD,
};
static const enum gate_way claim_ways[] = {
    GATE_WAY_BEFORE,     GATE_WAY_FAILED, GATE_WAY_LOST_ASK,
    GATE_WAY_LOST_REPLY, GATE_WAY_RIVAL,  GATE_WAY_GHOST,
};

static void load(struct store *store, const struct store_account *account, store_done_fn *done,
                 void *context)
{
    struct gate_call *call = gate_take(store, (void (*)(void))done, context, gate_answer_reply);
    if (!gate_keeps(call, gate_choose("load", gate_read_ways, GATE_READ_WAYS))) {
        unsigned depth = inject_pause();
        store_load(gate_of(store)->inner, account, gate_on_done, call);
        inject_resume(depth);
    }
}

static void load_from(struct store *store, const struct store_account *account, uint64_t from_bytes,
                      store_done_fn *done, void *context)
{
    struct gate_call *call = gate_take(store, (void (*)(void))done, context, gate_answer_reply);
    if (!gate_keeps(call, gate_choose("load_from", gate_read_ways, GATE_READ_WAYS))) {
        unsigned depth = inject_pause();
        store_load_from(gate_of(store)->inner, account, from_bytes, gate_on_done, call);
        inject_resume(depth);
    }
}

static struct span keep_late(struct gate_late *late, struct span bytes)
{
    CHECK(bytes.len <= GATE_LATE_BYTES - late->used);
    uint8_t *copy = late->bytes + late->used;
    memcpy(copy, bytes.data, bytes.len);
    late->used += bytes.len;
    return span_of(copy, bytes.len);
}

static void append_late(struct gate *gate, const struct store_append *append)
{
    struct gate_late *late = &gate->late;
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
    struct gate_call *call = gate_take(store, (void (*)(void))done, context, gate_answer_reply);
    enum gate_way way = gate_choose("append", append_ways, GATE_COUNT(append_ways));
    unsigned depth = inject_pause();
    if (way == GATE_WAY_LATE && gate_of(store)->late.waits) {
        way = GATE_WAY_LOST_ASK; // one is under way already
    }
    rival_acts(way, RIVAL_WRITES);
    if (!gate_keeps(call, way)) {
        store_append(gate_of(store)->inner, append, gate_on_done, call);
    } else if (way == GATE_WAY_LATE) {
        append_late(gate_of(store), append);
    }
    inject_resume(depth);
}

static void compact(struct store *store, const struct store_compact *compact, store_done_fn *done,
                    void *context)
{
    struct gate_call *call = gate_take(store, (void (*)(void))done, context, gate_answer_reply);
    if (!gate_keeps(call, gate_choose("compact", compact_ways, GATE_COUNT(compact_ways)))) {
        unsigned depth = inject_pause();
        store_compact(gate_of(store)->inner, compact, gate_on_done, call);
        inject_resume(depth);
    }
}

static void claim(struct store *store, uint32_t partition, struct span key, struct span member_id,
                  struct span take_over_from, store_done_fn *done, void *context)
{
    struct gate_call *call = gate_take(store, (void (*)(void))done, context, gate_answer_reply);
    enum gate_way way = gate_choose("claim", claim_ways, GATE_COUNT(claim_ways));
    unsigned depth = inject_pause();
    if (way == GATE_WAY_GHOST) {
        store_claim(gate_of(store)->inner, partition, key, span_of_text("ghost"), (struct span){0},
                    on_landed, NULL);
    } else {
        rival_acts(way, RIVAL_CLAIMS);
    }
    if (!gate_keeps(call, way)) {
        store_claim(gate_of(store)->inner, partition, key, member_id, take_over_from, gate_on_done,
                    call);
    }
    inject_resume(depth);
}

static void find(struct store *store, uint32_t partition, struct span key, store_done_fn *done,
                 void *context)
{
    struct gate_call *call = gate_take(store, (void (*)(void))done, context, gate_answer_reply);
    if (!gate_keeps(call, gate_choose("find", gate_read_ways, GATE_READ_WAYS))) {
        unsigned depth = inject_pause();
        store_find(gate_of(store)->inner, partition, key, gate_on_done, call);
        inject_resume(depth);
    }
}

static void scan(struct store *store, uint32_t partition, uint64_t cursor, uint32_t count,
                 store_scan_fn *done, void *context)
{
    struct gate_call *call = gate_take(store, (void (*)(void))done, context, gate_answer_page);
    if (!gate_keeps(call, gate_choose("scan", gate_read_ways, GATE_READ_WAYS))) {
        unsigned depth = inject_pause();
        store_scan(gate_of(store)->inner, partition, cursor, count, gate_on_page, call);
        inject_resume(depth);
    }
}

static void head(struct store *store, uint64_t from_bytes, store_head_fn *done, void *context)
{
    struct gate_call *call = gate_take(store, (void (*)(void))done, context, answer_head);
    if (!gate_keeps(call, gate_choose("head", gate_read_ways, GATE_READ_WAYS))) {
        unsigned depth = inject_pause();
        store_head(gate_of(store)->inner, from_bytes, on_head, call);
        inject_resume(depth);
    }
}

static void set_sandbox_clock(struct store *store, int64_t now_ms, store_done_fn *done,
                              void *context)
{
    struct gate_call *call = gate_take(store, (void (*)(void))done, context, gate_answer_reply);
    if (!gate_keeps(call, gate_choose("set_sandbox_clock", clock_ways, GATE_COUNT(clock_ways)))) {
        unsigned depth = inject_pause();
        store_set_sandbox_clock(gate_of(store)->inner, now_ms, gate_on_done, call);
        inject_resume(depth);
    }
}

static void create_partitions(struct store *store, uint32_t count, store_done_fn *done,
                              void *context)
{
    struct gate_call *call = gate_take(store, (void (*)(void))done, context, gate_answer_reply);
    if (!gate_keeps(call, gate_choose("create_partitions", gate_change_ways, GATE_CHANGE_WAYS))) {
        unsigned depth = inject_pause();
        store_create_partitions(gate_of(store)->inner, count, gate_on_done, call);
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
    for (size_t i = 0; i < GATE_CALLS; i++) {
        struct gate_call *call = &gate->calls[(gate->next + i) % GATE_CALLS];
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
    .unclaim = gate_unclaim,
    .due = gate_due,
    .get = gate_get,
    .put = gate_put,
    .list_values = gate_list_values,
    .list_set = gate_list_set,
    .read_events = gate_read_events,
    .trim_events = gate_trim_events,
    .read_archive = gate_read_archive,
    .drop_archived = gate_drop_archived,
    .survey = gate_survey,
    .rewrite = gate_rewrite,
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
