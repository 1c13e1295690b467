// Executing and answering a call. A reply's bytes are copies that are freed with the call, right
// after `done` has returned, so that a caller who holds on to them is found by ASan.
#include "store/memory_call.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "store/bounds.h"

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

static void keep_page(struct memory_call *call, const struct store_scan_reply *page)
{
    call->page_reply = *page;
    for (size_t i = 0; i < page->count; i++) {
        ((struct span *)page->ids)[i] = bytes_copy(page->ids[i]);
    }
}

static struct span *ids_new(size_t count)
{
    struct span *ids = calloc(count + 1, sizeof(*ids));
    CHECK(ids != NULL);
    return ids;
}

static void execute_page(struct memory_call *call)
{
    const struct memory_page *asked = &call->page;
    bool scans = call->kind == CALL_SCAN;
    uint32_t count = scans ? asked->count : call->due.count;
    struct span *ids = ids_new(count);
    int64_t *due_ms = calloc(count, sizeof(*due_ms));
    CHECK(due_ms != NULL);
    struct store_scan_reply page =
        scans ? memory_world_scan(call->world, asked->partition, asked->cursor, count, ids, due_ms)
              : memory_world_due(call->world, &call->due, ids, due_ms);
    keep_page(call, &page);
}

static void execute_list(struct memory_call *call)
{
    const struct memory_list *asked = &call->list;
    struct store_key set = asked->meta ? store_key_partition(true, 0, "values")
                                       : store_key_set(asked->partition, asked->set);
    size_t count = memory_world_members(call->world, &set, NULL);
    bool fits = count <= STORE_SET_MEMBERS_MAX;
    struct span *ids = ids_new(count);
    struct store_scan_reply page = {.result = fits ? STORE_OK : STORE_FAILED, .ids = ids};
    if (fits) {
        page.count = memory_world_members(call->world, &set, ids);
    }
    keep_page(call, &page);
}

static void execute_read(struct memory_call *call)
{
    const struct memory_read *asked = &call->read;
    struct memory_events read;
    call->events_reply = (struct store_events_reply){.result = STORE_FAILED};
    if (!memory_world_read_events(call->world, (const void *)asked->places.data, asked->count,
                                  asked->events_max, &read)) {
        return;
    }
    struct store_event_bounds *bounds = calloc(asked->count, sizeof(*bounds));
    CHECK(bounds != NULL);
    memcpy(bounds, read.bounds, asked->count * sizeof(*bounds));
    for (uint32_t i = 0; i < read.events.count; i++) {
        read.events.items[i].bytes = bytes_copy(read.events.items[i].bytes);
    }
    call->events_reply = (struct store_events_reply){.result = STORE_OK,
                                                     .events = read.events.items,
                                                     .count = read.events.count,
                                                     .bounds = bounds};
}

static void execute_archive(struct memory_call *call)
{
    struct memory_pieces read;
    memory_world_read_archive(call->world, &call->archive, &read);
    for (uint32_t i = 0; i < read.pieces.count; i++) {
        struct store_archive_piece *piece = &read.pieces.items[i];
        piece->account_id = bytes_copy(piece->account_id);
        piece->bytes = bytes_copy(piece->bytes);
    }
    call->archive_reply = (struct store_archive_reply){.result = read.result,
                                                       .pieces = read.pieces.items,
                                                       .count = read.pieces.count,
                                                       .waiting = read.waiting,
                                                       .bounds = read.bounds};
}

static void execute_survey(struct memory_call *call)
{
    struct store_survey *partitions = calloc(call->survey.count, sizeof(*partitions));
    CHECK(partitions != NULL);
    bool created =
        memory_world_survey(call->world, call->survey.from, call->survey.count, partitions);
    call->survey_reply = (struct store_survey_reply){
        .result = created ? STORE_OK : STORE_FAILED,
        .partitions = partitions,
        .count = created ? call->survey.count : 0,
    };
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
    case CALL_UNCLAIM:
        return memory_world_unclaim(world, asked->partition, asked->key, asked->member_id);
    case CALL_TRIM:
        return memory_world_trim(world, call->trim.partition, call->trim.keep);
    case CALL_DROP:
        return memory_world_drop_archived(world, call->drop.partition, call->drop.through);
    case CALL_REWRITE:
        world->rewrites++;
        return (struct store_reply){.result = STORE_OK};
    case CALL_SET_CLOCK:
        return memory_world_set_clock(world, call->clock_ms);
    case CALL_CREATE:
        return memory_world_create(world, call->partition_count);
    default: // the others have replies of their own
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
    switch (call->kind) {
    case CALL_SCAN:
    case CALL_DUE:
        execute_page(call);
        break;
    case CALL_LIST:
        execute_list(call);
        break;
    case CALL_HEAD:
        call->head = memory_world_head(call->world, call->from_bytes);
        call->head.program = bytes_copy(call->head.program);
        break;
    case CALL_GET:
    case CALL_PUT:
        call->value_reply = call->kind == CALL_GET ? memory_world_get(call->world, &call->value)
                                                   : memory_world_put(call->world, &call->put);
        call->value_reply.bytes = bytes_copy(call->value_reply.bytes);
        break;
    case CALL_EVENTS:
        execute_read(call);
        break;
    case CALL_ARCHIVE:
        execute_archive(call);
        break;
    case CALL_SURVEY:
        execute_survey(call);
        break;
    default:
        call->reply = execute_plain(call);
        call->reply.bytes = bytes_copy(call->reply.bytes);
        break;
    }
}

// --- answering ---

// What kind of reply a kind of call has.
enum reply_kind {
    REPLY_PLAIN,
    REPLY_PAGE,
    REPLY_HEAD,
    REPLY_VALUE,
    REPLY_EVENTS,
    REPLY_ARCHIVE,
    REPLY_SURVEY,
};

static enum reply_kind reply_kind_of(const struct memory_call *call)
{
    switch (call->kind) {
    case CALL_SCAN:
    case CALL_DUE:
    case CALL_LIST:
        return REPLY_PAGE;
    case CALL_HEAD:
        return REPLY_HEAD;
    case CALL_GET:
    case CALL_PUT:
        return REPLY_VALUE;
    case CALL_EVENTS:
        return REPLY_EVENTS;
    case CALL_ARCHIVE:
        return REPLY_ARCHIVE;
    case CALL_SURVEY:
        return REPLY_SURVEY;
    default:
        return REPLY_PLAIN;
    }
}

static void free_reply(struct memory_call *call)
{
    if (!call->executed || call->problem != NULL) {
        return;
    }
    switch (reply_kind_of(call)) {
    case REPLY_PAGE:
        for (size_t i = 0; i < call->page_reply.count; i++) {
            bytes_free(call->page_reply.ids[i]);
        }
        free((void *)call->page_reply.ids);
        free((void *)call->page_reply.due_ms);
        break;
    case REPLY_ARCHIVE:
        for (size_t i = 0; i < call->archive_reply.count; i++) {
            bytes_free(call->archive_reply.pieces[i].account_id);
            bytes_free(call->archive_reply.pieces[i].bytes);
        }
        free((void *)call->archive_reply.pieces);
        break;
    case REPLY_SURVEY:
        free((void *)call->survey_reply.partitions);
        break;
    case REPLY_EVENTS:
        for (size_t i = 0; i < call->events_reply.count; i++) {
            bytes_free(call->events_reply.events[i].bytes);
        }
        free((void *)call->events_reply.events);
        free((void *)call->events_reply.bounds);
        break;
    case REPLY_HEAD:
        bytes_free(call->head.program);
        break;
    case REPLY_VALUE:
        bytes_free(call->value_reply.bytes);
        break;
    case REPLY_PLAIN:
        bytes_free(call->reply.bytes);
        break;
    }
}

// The replies a call may have, as it has them.
struct replies {
    const struct store_reply *plain;
    const struct store_scan_reply *page;
    const struct store_head *head;
    const struct store_value_reply *value;
    const struct store_events_reply *events;
    const struct store_archive_reply *archive;
    const struct store_survey_reply *survey;
};

static void tell(struct memory_call *call, const struct replies *replies)
{
    CHECK(!call->told);
    call->told = true;
    switch (reply_kind_of(call)) {
    case REPLY_PAGE:
        ((store_scan_fn *)call->done)(call->context, replies->page);
        break;
    case REPLY_HEAD:
        ((store_head_fn *)call->done)(call->context, replies->head);
        break;
    case REPLY_VALUE:
        ((store_value_fn *)call->done)(call->context, replies->value);
        break;
    case REPLY_EVENTS:
        ((store_events_fn *)call->done)(call->context, replies->events);
        break;
    case REPLY_ARCHIVE:
        ((store_archive_fn *)call->done)(call->context, replies->archive);
        break;
    case REPLY_SURVEY:
        ((store_survey_fn *)call->done)(call->context, replies->survey);
        break;
    case REPLY_PLAIN:
        ((store_done_fn *)call->done)(call->context, replies->plain);
        break;
    }
}

static void tell_plain(struct memory_call *call, enum store_result result, const char *text)
{
    struct store_reply reply = {.result = result, .bytes = bytes_copy(span_of_text(text))};
    struct replies replies = {
        .plain = &reply,
        .page = &(struct store_scan_reply){.result = result},
        .head = &(struct store_head){.result = result},
        .value = &(struct store_value_reply){.result = result},
        .events = &(struct store_events_reply){.result = result},
        .archive = &(struct store_archive_reply){.result = result},
        .survey = &(struct store_survey_reply){.result = result},
    };
    tell(call, &replies);
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
    struct replies replies = {
        .plain = &call->reply,
        .page = &call->page_reply,
        .head = &call->head,
        .value = &call->value_reply,
        .events = &call->events_reply,
        .archive = &call->archive_reply,
        .survey = &call->survey_reply,
    };
    tell(call, &replies);
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
    switch (reply_kind_of(call)) {
    case REPLY_PAGE:
        return call->page_reply.result;
    case REPLY_HEAD:
        return call->head.result;
    case REPLY_VALUE:
        return call->value_reply.result;
    case REPLY_EVENTS:
        return call->events_reply.result;
    case REPLY_ARCHIVE:
        return call->archive_reply.result;
    case REPLY_SURVEY:
        return call->survey_reply.result;
    default:
        return call->reply.result;
    }
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
    case CALL_UNCLAIM:
        return call->claim.partition;
    case CALL_SCAN:
        return call->page.partition;
    case CALL_DUE:
        return call->due.partition;
    case CALL_ARCHIVE:
        return call->archive.partition;
    case CALL_SURVEY:
        return call->survey.from;
    case CALL_DROP:
        return call->drop.partition;
    case CALL_LIST:
        return call->list.meta ? MEMORY_META : call->list.partition;
    case CALL_GET:
        return call->value.meta ? MEMORY_META : call->value.partition;
    case CALL_PUT:
        return call->put.value.meta ? MEMORY_META : call->put.value.partition;
    case CALL_TRIM:
        return call->trim.partition;
    default:
        return MEMORY_META;
    }
}
