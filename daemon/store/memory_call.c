// Executing and answering a call. A reply's bytes are copies that are freed with the call, right
// after `done` has returned, so that a caller who holds on to them is found by ASan.
#include "store/memory_call.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

// --- executing ---

static struct span bytes_copy(struct span bytes)
{
    if (bytes.len == 0) {
        return (struct span){0};
    }
    uint8_t *copy = malloc(bytes.len);
    CHECK(copy != NULL);
    memcpy(copy, bytes.data, bytes.len);
    return span_of(copy, bytes.len);
}

static void bytes_free(struct span bytes)
{
    free((uint8_t *)bytes.data);
}

static void execute_scan(struct memory_call *call)
{
    struct span *ids = calloc(call->page.count, sizeof(*ids));
    CHECK(ids != NULL);
    call->page_reply = memory_world_scan(call->world, call->page.partition, call->page.cursor,
                                         call->page.count, ids);
    for (size_t i = 0; i < call->page_reply.count; i++) {
        ids[i] = bytes_copy(ids[i]);
    }
}

static struct store_reply execute_plain(const struct memory_call *call)
{
    struct memory_world *world = call->world;
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

void memory_call_execute(struct memory_call *call)
{
    CHECK(!call->executed);
    call->executed = true;
    if (call->problem != NULL) {
        return;
    }
    if (call->kind == CALL_SCAN) {
        execute_scan(call);
    } else if (call->kind == CALL_HEAD) {
        call->head = memory_world_head(call->world, call->from_bytes);
        call->head.program = bytes_copy(call->head.program);
    } else {
        call->reply = execute_plain(call);
        call->reply.bytes = bytes_copy(call->reply.bytes);
    }
}

// --- answering ---

static void free_reply(struct memory_call *call)
{
    if (!call->executed || call->problem != NULL) {
        return;
    }
    if (call->kind == CALL_SCAN) {
        for (size_t i = 0; i < call->page_reply.count; i++) {
            bytes_free(call->page_reply.ids[i]);
        }
        free((void *)call->page_reply.ids);
    } else {
        bytes_free(call->kind == CALL_HEAD ? call->head.program : call->reply.bytes);
    }
}

static void tell(struct memory_call *call, const void *reply)
{
    CHECK(!call->told);
    call->told = true;
    if (call->kind == CALL_SCAN) {
        ((store_scan_fn *)call->done)(call->context, reply);
    } else if (call->kind == CALL_HEAD) {
        ((store_head_fn *)call->done)(call->context, reply);
    } else {
        ((store_done_fn *)call->done)(call->context, reply);
    }
}

// The reply that this kind of call takes.
static const void *pick(const struct memory_call *call, const struct store_scan_reply *page,
                        const struct store_head *head, const struct store_reply *reply)
{
    if (call->kind == CALL_SCAN) {
        return page;
    }
    return call->kind == CALL_HEAD ? (const void *)head : reply;
}

static void tell_plain(struct memory_call *call, enum store_result result, const char *text)
{
    struct store_scan_reply page = {.result = result};
    struct store_head head = {.result = result};
    struct store_reply reply = {.result = result, .bytes = bytes_copy(span_of_text(text))};
    tell(call, pick(call, &page, &head, &reply));
    bytes_free(reply.bytes);
}

void memory_call_tell(struct memory_call *call, enum store_result result)
{
    tell_plain(call, result, NULL);
}

void memory_call_tell_reply(struct memory_call *call)
{
    CHECK(call->executed);
    if (call->problem != NULL) {
        tell_plain(call, STORE_FAILED, call->problem);
        return;
    }
    tell(call, pick(call, &call->page_reply, &call->head, &call->reply));
}

enum store_result memory_call_lost(const struct memory_call *call)
{
    return call->kind >= CALL_APPEND ? STORE_UNKNOWN : STORE_UNAVAILABLE;
}

void memory_call_free(struct memory_call *call)
{
    if (call == NULL) {
        return;
    }
    CHECK(call->told);
    free_reply(call);
    free(call);
}

// --- what a router may know of it ---

bool memory_call_mutates(const struct memory_call *call)
{
    return call->kind >= CALL_APPEND;
}

bool memory_call_told(const struct memory_call *call)
{
    return call->told;
}

bool memory_call_reads_head(const struct memory_call *call)
{
    return call->kind == CALL_HEAD;
}

const struct store_append *memory_call_append(const struct memory_call *call)
{
    return call->kind == CALL_APPEND ? &call->append : NULL;
}

enum store_result memory_call_result(const struct memory_call *call)
{
    CHECK(call->executed);
    if (call->problem != NULL) {
        return STORE_FAILED;
    }
    if (call->kind == CALL_SCAN) {
        return call->page_reply.result;
    }
    return call->kind == CALL_HEAD ? call->head.result : call->reply.result;
}

uint32_t memory_call_partition(const struct memory_call *call)
{
    switch (call->kind) {
    case CALL_LOAD:
        return call->range.account.meta ? MEMORY_META : call->range.account.partition;
    case CALL_APPEND:
        return call->append.account.meta ? MEMORY_META : call->append.account.partition;
    case CALL_COMPACT:
        return call->compact.account.partition;
    case CALL_FIND:
    case CALL_CLAIM:
        return call->claim.partition;
    case CALL_SCAN:
        return call->page.partition;
    default:
        return MEMORY_META;
    }
}
