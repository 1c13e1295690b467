// Matching: by order, and for functions by the tag they echo. A mismatch means that every later
// match is in doubt too, and a reply given to the wrong call is another member's balance: the
// connection is broken at once, and what is in flight ends open.
#include "store/redis_pipeline.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/check.h"
#include "base/limits.h"
#include "store/redis_error.h"
#include "store/redis_figures.h"

enum status redis_pipeline_open(struct redis_pipeline *pipeline)
{
    CHECK(!pipeline->open && pipeline->in_flight.count == 0);
    TRY(resp_reader_init(&pipeline->reader));
    pipeline->output_bytes = 0;
    pipeline->answered_bytes = 0;
    pipeline->probe_us = 0;
    pipeline->broken = false;
    pipeline->stale = false;
    pipeline->open = true;
    return STATUS_OK;
}

// One command at a time is timed.
static void note_sent(struct redis_pipeline *pipeline)
{
    struct redis_figures *figures = pipeline->figures;
    if (figures == NULL) {
        return;
    }
    figures->calls++;
    if (pipeline->probe_us == 0) {
        pipeline->probe_us = redis_figures_now_us();
        pipeline->probe_bytes = pipeline->output_bytes;
    }
}

static void note_answered(struct redis_pipeline *pipeline)
{
    if (pipeline->probe_us != 0 && pipeline->answered_bytes >= pipeline->probe_bytes) {
        histogram_note(&pipeline->figures->round_trip, redis_figures_now_us() - pipeline->probe_us);
        pipeline->probe_us = 0;
    }
}

static struct redis_waiting pipeline_pop(struct redis_pipeline *pipeline)
{
    struct redis_waiting front = redis_queue_pop(&pipeline->in_flight);
    CHECK(front.end_offset >= pipeline->answered_bytes); // equal within a batch
    pipeline->answered_bytes = front.end_offset;
    if (front.call.in_flight != NULL) {
        CHECK(*front.call.in_flight > 0);
        --*front.call.in_flight;
    }
    return front;
}

void redis_pipeline_close(struct redis_pipeline *pipeline, uint64_t written_bytes)
{
    CHECK(pipeline->open && !pipeline->answering);
    pipeline->open = false;
    resp_reader_fini(&pipeline->reader);
    while (pipeline->in_flight.count > 0) {
        struct redis_waiting front = pipeline_pop(pipeline);
        if (pipeline->figures != NULL) {
            pipeline->figures->lost++;
        }
        bool open = front.call.mutation && front.end_offset <= written_bytes;
        struct redis_answer lost = {.result = open ? STORE_UNKNOWN : STORE_UNAVAILABLE};
        redis_pipeline_answer(pipeline, &front.call, &lost);
    }
}

void redis_pipeline_fini(struct redis_pipeline *pipeline)
{
    if (pipeline == NULL) {
        return;
    }
    CHECK(!pipeline->open && pipeline->in_flight.count == 0);
    redis_queue_fini(&pipeline->in_flight);
}

enum status redis_pipeline_reserve(struct redis_pipeline *pipeline, uint32_t calls)
{
    uint32_t count = pipeline->in_flight.count + calls;
    return count <= LIMIT_STORE_IN_FLIGHT ? redis_queue_reserve(&pipeline->in_flight, count)
                                          : STATUS_TOO_LARGE;
}

static void pipeline_push(struct redis_pipeline *pipeline, const struct redis_call *call,
                          uint32_t items, int64_t deadline_ms)
{
    struct redis_waiting waiting = {
        .call = *call,
        .end_offset = pipeline->output_bytes,
        .items = items,
        .deadline_ms = deadline_ms,
    };
    CHECK(redis_queue_push(&pipeline->in_flight, &waiting, LIMIT_STORE_IN_FLIGHT) == STATUS_OK);
    if (call->in_flight != NULL) {
        ++*call->in_flight;
    }
    note_sent(pipeline);
}

void redis_pipeline_push(struct redis_pipeline *pipeline, const struct redis_call *call,
                         size_t bytes, int64_t deadline_ms)
{
    CHECK(pipeline->open);
    pipeline->output_bytes += bytes;
    pipeline_push(pipeline, call, 0, deadline_ms);
}

void redis_pipeline_push_batch(struct redis_pipeline *pipeline, const struct redis_call *calls,
                               uint32_t count, size_t bytes, int64_t deadline_ms)
{
    CHECK(pipeline->open && count > 0);
    pipeline->output_bytes += bytes;
    for (uint32_t i = 0; i < count; i++) {
        pipeline_push(pipeline, &calls[i], i == 0 ? count : 0, deadline_ms);
    }
}

int64_t redis_pipeline_deadline(const struct redis_pipeline *pipeline)
{
    const struct redis_waiting *front = redis_queue_front(&pipeline->in_flight);
    return front == NULL ? INT64_MAX : front->deadline_ms;
}

void redis_pipeline_break(struct redis_pipeline *pipeline, const char *format, ...)
{
    if (pipeline->broken) {
        return;
    }
    va_list args;
    va_start(args, format);
    (void)vsnprintf(pipeline->reason, sizeof(pipeline->reason), format, args);
    va_end(args);
    pipeline->broken = true;
}

void redis_pipeline_spoil(struct redis_pipeline *pipeline, const char *reason)
{
    if (!redis_pipeline_is_spent(pipeline)) {
        (void)snprintf(pipeline->reason, sizeof(pipeline->reason), "%s", reason);
        pipeline->stale = true;
    }
}

static void spoil_by_error(struct redis_pipeline *pipeline, struct span error)
{
    char reason[REDIS_REASON_BYTES];
    (void)snprintf(reason, sizeof(reason), "Redis says: %.*s",
                   error.len < REDIS_REASON_BYTES ? (int)error.len : REDIS_REASON_BYTES,
                   (const char *)error.data);
    redis_pipeline_spoil(pipeline, reason);
}

static struct redis_answer lost_answer(const struct redis_call *call)
{
    return (struct redis_answer){.result = call->mutation ? STORE_UNKNOWN : STORE_UNAVAILABLE};
}

void redis_pipeline_answer(struct redis_pipeline *pipeline, const struct redis_call *call,
                           const struct redis_answer *answer)
{
    CHECK(!pipeline->answering);
    pipeline->answering = true;
    if (!call->on_answer(call, answer)) {
        CHECK(answer->value != NULL);
        redis_pipeline_break(pipeline, "Redis sent a reply of unexpected shape");
        struct redis_answer lost = lost_answer(call);
        CHECK(call->on_answer(call, &lost));
    }
    pipeline->answering = false;
}

static bool tag_matches(const struct redis_call *call, const struct resp_value *value)
{
    uint64_t tag = 0;
    return value->type == RESP_ARRAY && value->count >= 2 && value->items[0]->type == RESP_STRING &&
           resp_parse_u64(value->items[0]->text, &tag) == STATUS_OK && tag == call->tag;
}

// A value that stands for the call alone, its tag aside.
static struct redis_answer judge_value(struct redis_pipeline *pipeline,
                                       const struct resp_value *value)
{
    if (value->type != RESP_ERROR) {
        return (struct redis_answer){.result = STORE_OK, .value = value};
    }
    struct redis_error error = redis_error_judge(value->text);
    if (error.reconnect) {
        spoil_by_error(pipeline, value->text);
    }
    return (struct redis_answer){.result = error.result, .text = value->text};
}

// A whole batch's reply, `first` being its first call: an error is everybody's.
static void pipeline_take_batch(struct redis_pipeline *pipeline, const struct redis_waiting *first,
                                const struct resp_value *value)
{
    bool all = value->type == RESP_ERROR;
    if (!all && (!tag_matches(&first->call, value) || value->count != 1 + (size_t)first->items)) {
        redis_pipeline_break(pipeline, "Redis sent a reply to another batch");
    }
    struct redis_call call = first->call;
    for (uint32_t i = 1; i <= first->items; i++) {
        struct redis_answer answer = pipeline->broken
                                         ? lost_answer(&call)
                                         : judge_value(pipeline, all ? value : value->items[i]);
        redis_pipeline_answer(pipeline, &call, &answer);
        if (i < first->items) {
            call = pipeline_pop(pipeline).call;
        }
    }
}

static void pipeline_take_value(struct redis_pipeline *pipeline, const struct resp_value *value)
{
    if (pipeline->in_flight.count == 0) {
        redis_pipeline_break(pipeline, "Redis sent a reply that nobody waits for");
        return;
    }
    struct redis_waiting front = pipeline_pop(pipeline);
    note_answered(pipeline);
    if (front.items > 0) {
        pipeline_take_batch(pipeline, &front, value);
        return;
    }
    struct redis_answer answer = judge_value(pipeline, value);
    if (value->type != RESP_ERROR && front.call.tag != 0 && !tag_matches(&front.call, value)) {
        redis_pipeline_break(pipeline, "Redis sent a reply to another call");
        answer = lost_answer(&front.call);
    }
    redis_pipeline_answer(pipeline, &front.call, &answer);
}

void redis_pipeline_take(struct redis_pipeline *pipeline, struct span bytes)
{
    CHECK(pipeline->open && !pipeline->answering);
    enum status status = resp_reader_feed(&pipeline->reader, bytes);
    while (status == STATUS_OK && !pipeline->broken) {
        const struct resp_value *value = NULL;
        status = resp_reader_next(&pipeline->reader, &value);
        if (status != STATUS_OK || value == NULL) {
            break;
        }
        pipeline_take_value(pipeline, value);
        resp_reader_forget(&pipeline->reader);
    }
    if (status != STATUS_OK) {
        redis_pipeline_break(pipeline, "Redis sent bytes that are no reply (%s)",
                             status_name(status));
    }
}
