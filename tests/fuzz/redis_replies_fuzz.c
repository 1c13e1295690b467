// A Redis that answers anything: calls of the port and the handshake's questions are made, any
// bytes come back, dealt out in chunks, through store/redis_pipeline and the readers of every
// command's reply. Each call is answered exactly once; nothing after the connection is broken; what
// is answered does not depend on how the bytes were dealt.
//
// The connection and the pool are left out: this file stands in for redis_link.c and redis_pool.c.
//
// Input: how the bytes are dealt, how many calls, which, then the bytes.
#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutate_text.h"
#include "fuzz/redis_words.h"
#include "fuzz/resp_cost.h"
#include "store/redis.h"
#include "store/redis_check.h"
#include "store/redis_pool.h"

enum {
    CALLS_MAX = 8,
    KINDS = 23, // of calls: those of the store, and the two that look at Redis
    OUTCOMES_MAX = 64,
    SENT_MAX = 64,
    LATE_MAX = 1024,
    PARTITIONS = 3, // to create
    MEMORY_BYTES_MAX = 12 * LIMIT_STORE_REPLY_BYTES,
};

// --- the connection ---

struct redis_link {
    struct redis_pipeline pipeline;
    struct resp_writer writer;
    struct redis_batch batch;
    struct redis_options options;
    struct redis_queue late; // calls that are told later
    uint64_t last_tag;
    bool ready;
    bool refused;
    size_t sent;
    uint64_t learned; // of all that it was told
};

static struct redis_link connection;
static struct store *store; // for the life of the process: it has a route a partition

uint64_t redis_link_next_tag(struct redis_link *link)
{
    return ++link->last_tag;
}

struct resp_writer *redis_link_writer(struct redis_link *link)
{
    return &link->writer;
}

const struct redis_options *redis_link_options(const struct redis_link *link)
{
    return &link->options;
}

void redis_link_answer_later(struct redis_link *link, const struct redis_call *call,
                             enum store_result result, const char *static_text)
{
    struct redis_waiting waiting = {.call = *call, .result = result, .text = static_text};
    CHECK(redis_queue_push(&link->late, &waiting, LATE_MAX) == STATUS_OK);
}

// What is told may ask for more, which is then late too.
static void tell_late(struct redis_link *link)
{
    while (link->late.count > 0) {
        struct redis_waiting front = redis_queue_pop(&link->late);
        struct redis_answer answer = {.result = front.result, .text = span_of_text(front.text)};
        CHECK(front.call.on_answer(&front.call, &answer));
    }
}

static bool link_is_spent(const struct redis_link *link)
{
    return !link->pipeline.open || redis_pipeline_is_spent(&link->pipeline) ||
           link->sent == SENT_MAX;
}

void redis_link_send(struct redis_link *link, const struct redis_call *call)
{
    struct span command;
    CHECK(resp_finish(&link->writer, &command) == STATUS_OK && command.len > 0);
    if (link_is_spent(link)) {
        redis_link_answer_later(link, call, STORE_UNAVAILABLE, "");
        return;
    }
    link->sent++;
    CHECK(redis_pipeline_reserve(&link->pipeline, 1) == STATUS_OK);
    redis_pipeline_push(&link->pipeline, call, command.len, 0);
}

void redis_link_send_check(struct redis_link *link, const struct redis_call *call)
{
    redis_link_send(link, call);
}

void redis_link_ready(struct redis_link *link)
{
    link->ready = true;
}

// What Redis says of itself decides nothing.
void redis_link_learn(struct redis_link *link, struct span info)
{
    link->learned = hash_fnv1a(info);
}

struct redis_load redis_link_load(const struct redis_link *link)
{
    return (struct redis_load){.calls = (uint32_t)link->sent};
}

void redis_link_refuse(struct redis_link *link, const char *reason)
{
    CHECK(reason[0] != '\0' && strlen(reason) < REDIS_REASON_BYTES);
    redis_pipeline_break(&link->pipeline, "%s", reason);
    link->refused = true;
}

// --- the pool ---

enum status redis_pool_init(struct redis_pool *pool, struct event_base *base,
                            const struct redis_options *options, redis_state_fn *on_state,
                            void *context)
{
    (void)base;
    (void)options;
    (void)on_state;
    (void)context;
    pool->links[0] = &connection;
    return STATUS_OK;
}

void redis_pool_fini(struct redis_pool *pool)
{
    (void)pool;
}

struct redis_link *redis_pool_route(struct redis_pool *pool, bool meta, uint32_t partition,
                                    struct redis_call *call)
{
    CHECK(meta || partition < LIMIT_PARTITIONS);
    call->in_flight = &pool->routes[0].in_flight;
    return pool->links[0];
}

bool redis_pool_is_ready(const struct redis_pool *pool, const char **ret_reason)
{
    *ret_reason = "";
    return pool->links[0]->ready;
}

void redis_pool_send(const struct redis_pool *pool, struct redis_link *link,
                     const struct redis_call *call)
{
    (void)pool;
    redis_link_send(link, call);
}

// Each append is a batch of its own.
void redis_pool_append(const struct redis_pool *pool, struct redis_link *link,
                       const struct store_append *append, const struct redis_call *call)
{
    (void)pool;
    struct span command;
    CHECK(redis_batch_add(&link->batch, append, call) == STATUS_OK);
    CHECK(redis_batch_finish(&link->batch, redis_link_next_tag(link), &command) == STATUS_OK);
    CHECK(command.len > 0);
    (void)redis_batch_take(&link->batch);
    if (link_is_spent(link)) {
        redis_link_answer_later(link, call, STORE_UNAVAILABLE, "");
        return;
    }
    link->sent++;
    CHECK(redis_pipeline_reserve(&link->pipeline, 1) == STATUS_OK);
    redis_pipeline_push_batch(&link->pipeline, link->batch.calls, 1, command.len, 0);
}

void redis_pool_refuse(const struct redis_pool *pool, const struct redis_call *call,
                       enum store_result result, const char *static_text)
{
    redis_link_answer_later(pool->links[0], call, result, static_text);
}

// --- what is asked, and what came of it ---

struct outcome {
    size_t call;
    enum store_result result;
    uint64_t sum; // of all that the answer said
};

struct outcomes {
    struct outcome items[OUTCOMES_MAX];
    size_t count;
    char reason[REDIS_REASON_BYTES];
    bool ready;
};

static struct outcomes *telling;
static size_t numbers[CALLS_MAX]; // contexts: the call's own number

static void tell(void *context, enum store_result result, uint64_t sum)
{
    CHECK(telling->count < OUTCOMES_MAX);
    CHECK(result >= STORE_OK && result <= STORE_FAILED);
    telling->items[telling->count++] =
        (struct outcome){.call = *(size_t *)context, .result = result, .sum = sum};
}

static void on_done(void *context, const struct store_reply *reply)
{
    tell(context, reply->result, hash_fnv1a(reply->bytes) + reply->log_bytes);
}

static void on_scanned(void *context, const struct store_scan_reply *reply)
{
    uint64_t sum = reply->next_cursor;
    for (size_t i = 0; i < reply->count; i++) {
        CHECK(!span_is_text(reply->ids[i], "!"));
        sum = sum * 31 + hash_fnv1a(reply->ids[i]);
    }
    tell(context, reply->result, sum);
}

static void on_head(void *context, const struct store_head *head)
{
    if (head->result == STORE_OK) {
        CHECK(head->store_now_ms > 0 && head->partitions <= LIMIT_PARTITIONS);
        CHECK(head->sandbox_clock_ms >= 0);
    }
    tell(context, head->result,
         (uint64_t)head->store_now_ms + hash_fnv1a(head->program) + head->program_bytes +
             (uint64_t)head->sandbox_clock_ms + head->partitions + head->epoch);
}

static void on_value(void *context, const struct store_value_reply *reply)
{
    CHECK(reply->bytes.len <= STORE_VALUE_BYTES_MAX);
    tell(context, reply->result, hash_fnv1a(reply->bytes) + reply->revision);
}

static void on_events(void *context, const struct store_events_reply *reply)
{
    uint64_t sum = 0;
    CHECK(reply->result == STORE_OK || reply->count == 0);
    for (size_t i = 0; i < reply->count; i++) {
        const struct store_event *event = &reply->events[i];
        sum = sum * 31 + hash_fnv1a(event->bytes) + event->number + event->partition;
    }
    for (size_t i = 0; i < 2 && reply->result == STORE_OK; i++) {
        sum = sum * 31 + reply->bounds[i].first + reply->bounds[i].last;
    }
    tell(context, reply->result, sum);
}

static void on_archive(void *context, const struct store_archive_reply *reply)
{
    uint64_t sum = reply->waiting;
    CHECK(reply->result == STORE_OK || reply->count == 0);
    for (size_t i = 0; i < reply->count; i++) {
        const struct store_archive_piece *piece = &reply->pieces[i];
        CHECK(piece->number <= reply->bounds.last);
        CHECK(piece->offset + piece->bytes.len <= piece->total_bytes);
        sum = sum * 31 + hash_fnv1a(piece->bytes) + hash_fnv1a(piece->account_id) + piece->number;
    }
    tell(context, reply->result, sum);
}

static void on_survey(void *context, const struct store_survey_reply *reply)
{
    uint64_t sum = reply->count;
    CHECK(reply->result == STORE_OK ? reply->count == 3 : reply->count == 0);
    for (size_t i = 0; i < reply->count; i++) {
        const struct store_survey *survey = &reply->partitions[i];
        sum = sum * 31 + survey->due + survey->events + survey->last_event + survey->waiting;
    }
    tell(context, reply->result, sum);
}

// The calls about values, sets, events, the archive and what is due; false for another.
static bool make_later_call(uint8_t which, size_t *number)
{
    static const struct store_event_place places[] = {{7, 0}, {8, 3}};
    struct span anna = span_of_text("anna");
    const struct store_due due = {
        .partition = 7, .until_ms = 1000, .count = 10, .after_ms = 5, .after_id = anna};
    const struct store_archive_place place = {.partition = 7, .bytes_max = 1000};
    struct store_put put = {.value = {.meta = (which & 0x80) != 0, .name = anna},
                            .bytes = span_of_text("profile")};
    switch (which % KINDS) {
    case 11:
        store_unclaim(store, 7, span_of_text("key"), anna, on_done, number);
        return true;
    case 12:
        store_due(store, &due, on_scanned, number);
        return true;
    case 13:
        store_get(store, &put.value, on_value, number);
        return true;
    case 14:
        store_put(store, &put, on_value, number);
        return true;
    case 15:
        store_list_values(store, on_scanned, number);
        return true;
    case 16:
        store_list_set(store, 7, span_of_text("ff"), on_scanned, number);
        return true;
    case 17:
        store_read_events(store, places, which >= 128 ? 0 : 2, 10, on_events, number);
        return true;
    case 18:
        store_trim_events(store, 7, 100, on_done, number);
        return true;
    case 19:
        store_rewrite(store, on_done, number);
        return true;
    case 20:
        store_read_archive(store, &place, on_archive, number);
        return true;
    case 21:
        store_drop_archived(store, 7, 100, on_done, number);
        return true;
    case 22:
        store_survey(store, 6, which >= 128 ? 0 : 3, on_survey, number);
        return true;
    default:
        return false;
    }
}

static void make_call(uint8_t which, size_t *number)
{
    static const uint8_t hash[STORE_HASH_BYTES] = {1};
    struct span hash_bytes = span_of(hash, sizeof(hash));
    struct store_account anna = {.partition = 7, .id = span_of_text("anna")};
    struct store_append append = {.account = anna,
                                  .now_ms = 1,
                                  .not_after_ms = 2,
                                  .records = hash_bytes,
                                  .event = span_of_text("e"),
                                  .due_changed = (which & 0x80) != 0,
                                  .due_ms = INSTANT_NEVER};
    struct store_compact compact = {.account = anna, .cut_bytes = 16, .snapshot = hash_bytes};
    memcpy(compact.cut_hash, hash, sizeof(hash));
    if (make_later_call(which, number)) {
        return;
    }
    switch (which % KINDS) {
    case 0:
        store_load(store, &anna, on_done, number);
        break;
    case 1:
        store_load_from(store, &anna, 100, on_done, number);
        break;
    case 2:
        store_append(store, &append, on_done, number);
        break;
    case 3:
        store_compact(store, &compact, on_done, number);
        break;
    case 4:
        store_claim(store, 7, span_of_text("key"), anna.id, span_of_text(""), on_done, number);
        break;
    case 5:
        store_find(store, 7, span_of_text("key"), on_done, number);
        break;
    case 6:
        store_scan(store, 7, 0, 10, on_scanned, number);
        break;
    case 7:
        store_head(store, 0, on_head, number);
        break;
    default:
        store_create_partitions(store, which >= 128 ? 0 : PARTITIONS, on_done, number);
        break;
    }
}

// --- one connection's life ---

static size_t make_calls(struct span choices)
{
    size_t count = 0;
    for (size_t i = 0; i < choices.len; i++) {
        if (choices.data[i] % KINDS == 9) {
            redis_check_start(&connection);
        } else if (choices.data[i] % KINDS == 10) {
            redis_check_again(&connection);
        } else {
            numbers[count] = count;
            make_call(choices.data[i], &numbers[count]);
            count++;
        }
    }
    return count;
}

static void take(struct span bytes, size_t chunk)
{
    for (size_t at = 0; at < bytes.len && !connection.pipeline.broken; at += chunk) {
        size_t len = chunk < bytes.len - at ? chunk : bytes.len - at;
        redis_pipeline_take(&connection.pipeline, span_of(bytes.data + at, len));
        CHECK(!connection.pipeline.broken || connection.pipeline.reason[0] != '\0');
    }
}

static void check_outcomes(size_t calls)
{
    size_t answered[CALLS_MAX] = {0};
    for (size_t i = 0; i < telling->count; i++) {
        answered[telling->items[i].call]++;
    }
    for (size_t i = 0; i < calls; i++) {
        CHECK(answered[i] == 1);
    }
    CHECK(telling->count == calls && connection.pipeline.in_flight.count == 0);
}

static void live(struct span choices, struct span bytes, size_t chunk, struct outcomes *outcomes)
{
    *outcomes = (struct outcomes){0};
    telling = outcomes;
    connection = (struct redis_link){.options = {.user = "u", .password = "p"}};
    resp_writer_init(&connection.writer);
    redis_batch_init(&connection.batch);
    CHECK(redis_pipeline_open(&connection.pipeline) == STATUS_OK);
    size_t calls = make_calls(choices);
    take(bytes, chunk);
    (void)memcpy(outcomes->reason, connection.pipeline.reason, sizeof(outcomes->reason));
    outcomes->ready = connection.ready;
    redis_pipeline_close(&connection.pipeline, connection.pipeline.output_bytes);
    tell_late(&connection);
    check_outcomes(calls);
    redis_pipeline_fini(&connection.pipeline);
    redis_queue_fini(&connection.late);
    resp_writer_fini(&connection.writer);
    redis_batch_fini(&connection.batch);
}

// --- the driver ---

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t len_max, unsigned seed)
{
    struct fuzz_random random = fuzz_random_of(seed);
    size_t choices = len < 2 ? len : 2 + (size_t)(data[1] % (CALLS_MAX + 1));
    if (choices >= len || fuzz_random_below(&random, 8) == 0) {
        return LLVMFuzzerMutate(data, len, len_max);
    }
    return choices + mutate_text(redis_words, sizeof(redis_words) / sizeof(redis_words[0]),
                                 data + choices, len - choices, len_max - choices, &random);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct outcomes whole;
    static struct outcomes dealt;
    struct fuzz_input input = {.rest = span_of(data, len)};
    size_t chunk = 1 + fuzz_byte(&input) % 64;
    struct span choices = fuzz_bytes(&input, fuzz_byte(&input) % (CALLS_MAX + 1));
    if (resp_is_costly(input.rest)) {
        return 0;
    }
    if (store == NULL) {
        struct redis_options none = {0};
        CHECK(redis_new(NULL, &none, NULL, NULL, &store) == STATUS_OK);
    }
    fuzz_memory_begin(MEMORY_BYTES_MAX);
    live(choices, input.rest, input.rest.len + 1, &whole);
    live(choices, input.rest, chunk, &dealt);
    CHECK(whole.count == dealt.count && whole.ready == dealt.ready);
    CHECK(strcmp(whole.reason, dealt.reason) == 0);
    CHECK(memcmp(whole.items, dealt.items, whole.count * sizeof(whole.items[0])) == 0);
    fuzz_memory_end();
    return 0;
}
