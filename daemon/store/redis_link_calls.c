// What is sent on a connection, and when it leaves: commands are put into the bufferevent's output,
// which is written once a turn of the loop. Writing is enabled for the bufferevent itself only
// while the socket has not taken everything.
#include "store/redis_link_parts.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "base/check.h"
#include "base/limits.h"

enum { LATE_MAX = 1 << 22 };

// --- answered later ---

bool redis_link_tell_late(struct redis_link *link)
{
    uint32_t count =
        link == NULL ? 0 : link->late.count; // those that come meanwhile wait for another turn
    for (uint32_t i = 0; i < count; i++) {
        struct redis_waiting front = redis_queue_pop(&link->late);
        struct redis_answer answer = {.result = front.result, .text = span_of_text(front.text)};
        redis_pipeline_answer(&link->pipeline, &front.call, &answer);
    }
    return count > 0;
}

void redis_link_answer_later(struct redis_link *link, const struct redis_call *call,
                             enum store_result result, const char *static_text)
{
    CHECK(result != STORE_OK);
    struct redis_waiting waiting = {.call = *call, .result = result, .text = static_text};
    CHECK(redis_queue_push(&link->late, &waiting, LATE_MAX) == STATUS_OK);
    redis_link_turn_soon(link);
}

void redis_link_drop_batch(struct redis_link *link)
{
    uint32_t count = redis_batch_take(&link->batch);
    for (uint32_t i = 0; i < count; i++) {
        redis_link_answer_later(link, &link->batch.calls[i], STORE_UNAVAILABLE, "");
    }
}

// --- sending ---

const struct redis_options *redis_link_options(const struct redis_link *link)
{
    return &link->options;
}

uint64_t redis_link_next_tag(struct redis_link *link)
{
    return ++link->last_tag;
}

struct resp_writer *redis_link_writer(struct redis_link *link)
{
    return &link->writer;
}

// A command into the output, which the turn's end writes, with room in the pipeline for so many
// calls. STATUS_TOO_LARGE when too much is under way already, STATUS_NO_MEMORY.
static enum status link_put(struct redis_link *link, struct span command, uint32_t calls)
{
    TRY(redis_pipeline_reserve(&link->pipeline, calls));
    // All or nothing: a command without its place in the queue would shift all replies.
    if (bufferevent_write(link->bev, command.data, command.len) != 0) {
        return STATUS_NO_MEMORY;
    }
    event_active(link->turn_end, EV_WRITE, 0);
    return STATUS_OK;
}

static bool link_is_open(const struct redis_link *link, enum link_state state)
{
    return link->state == state && !redis_pipeline_is_spent(&link->pipeline);
}

void redis_link_send_batch(struct redis_link *link)
{
    if (link->batch.count == 0) {
        return;
    }
    struct span command = {0};
    if (!link_is_open(link, LINK_READY) ||
        redis_batch_finish(&link->batch, redis_link_next_tag(link), &command) != STATUS_OK ||
        link_put(link, command, link->batch.count) != STATUS_OK) {
        redis_link_drop_batch(link);
        return;
    }
    uint32_t count = redis_batch_take(&link->batch);
    redis_pipeline_push_batch(&link->pipeline, link->batch.calls, count, command.len,
                              redis_link_now_ms() + link->options.command_ms);
    redis_link_arm_deadline(link);
}

struct redis_batch *redis_link_batch(struct redis_link *link)
{
    return &link->batch;
}

void redis_link_gathered(struct redis_link *link)
{
    if (redis_batch_is_full(&link->batch)) {
        redis_link_send_batch(link);
    } else {
        event_active(link->turn_end, EV_WRITE, 0);
    }
}

static bool link_send_in(struct redis_link *link, enum link_state state,
                         const struct redis_call *call)
{
    struct span command = {0};
    redis_link_send_batch(link);
    if (!link_is_open(link, state) || resp_finish(&link->writer, &command) != STATUS_OK ||
        link_put(link, command, 1) != STATUS_OK) {
        redis_link_answer_later(link, call, STORE_UNAVAILABLE, "");
        return false;
    }
    redis_pipeline_push(&link->pipeline, call, command.len,
                        redis_link_now_ms() + link->options.command_ms);
    redis_link_arm_deadline(link);
    return true;
}

void redis_link_send(struct redis_link *link, const struct redis_call *call)
{
    (void)link_send_in(link, LINK_READY, call);
}

void redis_link_send_check(struct redis_link *link, const struct redis_call *call)
{
    bool opening = link->state == LINK_CHECKING;
    if (!link_send_in(link, opening ? LINK_CHECKING : LINK_READY, call) && opening) {
        redis_pipeline_break(&link->pipeline, "no memory to ask whether Redis is fit");
    }
}

// --- the turn's end ---

// What this turn has to send, in one write; what the socket does not take, the bufferevent writes
// when it does.
void redis_link_end_turn(struct redis_link *link)
{
    redis_link_send_batch(link);
    if (link->bev == NULL || (bufferevent_get_enabled(link->bev) & EV_WRITE) != 0) {
        return;
    }
    struct evbuffer *output = bufferevent_get_output(link->bev);
    (void)evbuffer_unfreeze(output, 1);
    (void)evbuffer_write(output, bufferevent_getfd(link->bev)); // a lost connection is read as such
    (void)evbuffer_freeze(output, 1);
    if (evbuffer_get_length(output) > 0) {
        CHECK(bufferevent_enable(link->bev, EV_WRITE) == 0);
    }
}
