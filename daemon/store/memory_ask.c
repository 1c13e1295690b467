// The port's calls in memory: each is judged by its arguments, copied with all its spans, and sent
// on its way, for the world to execute later.
#include "store/memory_ask.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "store/bounds.h"
#include "store/memory_call.h"

// A call with room for `bytes` bytes of its spans.
static struct memory_call *call_new(struct store *store, enum call_kind kind, void (*done)(void),
                                    void *context, size_t bytes)
{
    struct memory_call *call = calloc(1, sizeof(*call) + bytes);
    CHECK(call != NULL);
    call->kind = kind;
    call->world = memory_world_of(store);
    call->done = done;
    call->context = context;
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
    memory_call_send(store, call);
}

void memory_ask_load(struct store *store, const struct store_account *account, store_done_fn *done,
                     void *context)
{
    struct memory_range range = {.account = *account, .bytes_max = UINT64_MAX};
    ask_range(store, &range, done, context);
}

void memory_ask_load_from(struct store *store, const struct store_account *account,
                          uint64_t from_bytes, store_done_fn *done, void *context)
{
    struct memory_range range = {
        .account = *account, .from_bytes = from_bytes, .bytes_max = LIMIT_SUFFIX_BYTES};
    ask_range(store, &range, done, context);
}

void memory_ask_append(struct store *store, const struct store_append *append, store_done_fn *done,
                       void *context)
{
    size_t bytes = append->account.id.len + append->records.len + append->event.len;
    struct memory_call *call = call_new(store, CALL_APPEND, (void (*)(void))done, context, bytes);
    call->problem = store_append_problem(append);
    call->append = *append;
    call_keep(call, &call->append.account.id);
    call_keep(call, &call->append.records);
    call_keep(call, &call->append.event);
    memory_call_send(store, call);
}

void memory_ask_compact(struct store *store, const struct store_compact *compact,
                        store_done_fn *done, void *context)
{
    size_t bytes = compact->account.id.len + compact->snapshot.len;
    struct memory_call *call = call_new(store, CALL_COMPACT, (void (*)(void))done, context, bytes);
    call->problem = store_compact_problem(compact);
    call->compact = *compact;
    call_keep(call, &call->compact.account.id);
    call_keep(call, &call->compact.snapshot);
    memory_call_send(store, call);
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
    memory_call_send(store, call);
}

void memory_ask_claim(struct store *store, uint32_t partition, struct span key,
                      struct span member_id, struct span take_over_from, store_done_fn *done,
                      void *context)
{
    struct memory_claim asked = {partition, key, member_id, take_over_from};
    ask_claim(store, CALL_CLAIM, &asked, store_claim_problem(partition, key, member_id), done,
              context);
}

void memory_ask_find(struct store *store, uint32_t partition, struct span key, store_done_fn *done,
                     void *context)
{
    struct memory_claim asked = {.partition = partition, .key = key};
    ask_claim(store, CALL_FIND, &asked, store_identifier_problem(partition, key), done, context);
}

void memory_ask_scan(struct store *store, uint32_t partition, uint64_t cursor, uint32_t count,
                     store_scan_fn *done, void *context)
{
    struct memory_call *call = call_new(store, CALL_SCAN, (void (*)(void))done, context, 0);
    call->problem = store_partition_problem(partition);
    call->page =
        (struct memory_page){.partition = partition, .cursor = cursor, .count = store_page(count)};
    memory_call_send(store, call);
}

void memory_ask_head(struct store *store, uint64_t program_from_bytes, store_head_fn *done,
                     void *context)
{
    struct memory_call *call = call_new(store, CALL_HEAD, (void (*)(void))done, context, 0);
    call->from_bytes = program_from_bytes;
    memory_call_send(store, call);
}

void memory_ask_set_sandbox_clock(struct store *store, int64_t now_ms, store_done_fn *done,
                                  void *context)
{
    struct memory_call *call = call_new(store, CALL_SET_CLOCK, (void (*)(void))done, context, 0);
    call->problem = store_clock_problem(now_ms);
    call->clock_ms = now_ms;
    memory_call_send(store, call);
}

void memory_ask_create_partitions(struct store *store, uint32_t count, store_done_fn *done,
                                  void *context)
{
    struct memory_call *call = call_new(store, CALL_CREATE, (void (*)(void))done, context, 0);
    call->problem = store_partition_count_problem(count);
    call->partition_count = count;
    memory_call_send(store, call);
}

void memory_ask_unclaim(struct store *store, uint32_t partition, struct span key,
                        struct span member_id, store_done_fn *done, void *context)
{
    struct memory_claim asked = {.partition = partition, .key = key, .member_id = member_id};
    ask_claim(store, CALL_UNCLAIM, &asked, store_claim_problem(partition, key, member_id), done,
              context);
}

void memory_ask_due(struct store *store, const struct store_due *due, store_scan_fn *done,
                    void *context)
{
    struct memory_call *call =
        call_new(store, CALL_DUE, (void (*)(void))done, context, due->after_id.len);
    call->problem = store_due_problem(due);
    call->due = *due;
    call->due.count = store_page(due->count);
    call_keep(call, &call->due.after_id);
    memory_call_send(store, call);
}

// --- values ---

void memory_ask_get(struct store *store, const struct store_value *value, store_value_fn *done,
                    void *context)
{
    struct memory_call *call =
        call_new(store, CALL_GET, (void (*)(void))done, context, value->name.len);
    call->problem = store_value_problem(value);
    call->value = *value;
    call_keep(call, &call->value.name);
    memory_call_send(store, call);
}

void memory_ask_put(struct store *store, const struct store_put *put, store_value_fn *done,
                    void *context)
{
    size_t bytes = put->value.name.len + put->bytes.len + put->leave_set.len + put->enter_set.len;
    struct memory_call *call = call_new(store, CALL_PUT, (void (*)(void))done, context, bytes);
    call->problem = store_put_problem(put);
    call->put = *put;
    call_keep(call, &call->put.value.name);
    call_keep(call, &call->put.bytes);
    call_keep(call, &call->put.leave_set);
    call_keep(call, &call->put.enter_set);
    memory_call_send(store, call);
}

void memory_ask_list_values(struct store *store, store_scan_fn *done, void *context)
{
    struct memory_call *call = call_new(store, CALL_LIST, (void (*)(void))done, context, 0);
    call->list = (struct memory_list){.meta = true};
    memory_call_send(store, call);
}

void memory_ask_list_set(struct store *store, uint32_t partition, struct span set,
                         store_scan_fn *done, void *context)
{
    struct memory_call *call = call_new(store, CALL_LIST, (void (*)(void))done, context, set.len);
    call->problem = store_set_problem(partition, set);
    call->list = (struct memory_list){.partition = partition, .set = set};
    call_keep(call, &call->list.set);
    memory_call_send(store, call);
}

// --- events ---

void memory_ask_read_events(struct store *store, const struct store_event_place *places,
                            size_t count, uint32_t events_max, store_events_fn *done, void *context)
{
    const char *problem = store_places_problem(places, count);
    size_t bytes = problem == NULL ? count * sizeof(*places) : 0;
    struct memory_call *call = call_new(store, CALL_EVENTS, (void (*)(void))done, context, bytes);
    call->problem = problem;
    call->read = (struct memory_read){
        .places = span_of(places, bytes), .count = count, .events_max = events_max};
    call_keep(call, &call->read.places);
    memory_call_send(store, call);
}

void memory_ask_trim_events(struct store *store, uint32_t partition, uint64_t keep,
                            store_done_fn *done, void *context)
{
    struct memory_call *call = call_new(store, CALL_TRIM, (void (*)(void))done, context, 0);
    call->problem = store_partition_problem(partition);
    call->trim = (struct memory_trim){.partition = partition, .keep = keep};
    memory_call_send(store, call);
}

// --- the archive ---

void memory_ask_read_archive(struct store *store, const struct store_archive_place *place,
                             store_archive_fn *done, void *context)
{
    struct memory_call *call = call_new(store, CALL_ARCHIVE, (void (*)(void))done, context, 0);
    call->problem = store_partition_problem(place->partition);
    call->archive = *place;
    memory_call_send(store, call);
}

void memory_ask_drop_archived(struct store *store, uint32_t partition, uint64_t through,
                              store_done_fn *done, void *context)
{
    struct memory_call *call = call_new(store, CALL_DROP, (void (*)(void))done, context, 0);
    call->problem = store_through_problem(partition, through);
    call->drop = (struct memory_drop){.partition = partition, .through = through};
    memory_call_send(store, call);
}

// --- the whole ---

void memory_ask_survey(struct store *store, uint32_t from, uint32_t count, store_survey_fn *done,
                       void *context)
{
    struct memory_call *call = call_new(store, CALL_SURVEY, (void (*)(void))done, context, 0);
    call->problem = store_survey_problem(from, count);
    call->survey = (struct memory_survey){.from = from, .count = count};
    memory_call_send(store, call);
}

void memory_ask_rewrite(struct store *store, store_done_fn *done, void *context)
{
    struct memory_call *call = call_new(store, CALL_REWRITE, (void (*)(void))done, context, 0);
    memory_call_send(store, call);
}
