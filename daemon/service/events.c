// EventsService beside the stream itself (service/subscription.h): acknowledging.
#include <stdio.h>

#include "loyalty/v1/events.pb-c.h"
#include "service/bounds.h"
#include "service/consumers.h"
#include "service/events_parts.h"
#include "service/handlers.h"
#include "service/lease.h"
#include "service/service.h"
#include "service/subscriptions.h"
#include "wire/message.h"

// Places are read against the streams, some at a time; then each block they touch is read and
// written. Block 0 comes first, for it says whether there is such a consumer.
struct acknowledging {
    struct request *request;
    struct consumer_name consumer;
    const Loyalty__V1__AcknowledgeRequest *asked;
    uint32_t partitions;
    uint64_t epoch;
    uint32_t step; // place, then block
    uint32_t count;
    uint32_t rounds;
    struct store_event_place places[STORE_EVENT_PARTITIONS_MAX];
};

// --- what the others have too ---

bool events_may_begin(struct request *request)
{
    enum trouble trouble = request->service->stopping ? TROUBLE_STORE_UNAVAILABLE
                                                      : lease_check(request->service->lease, false);
    if (trouble != TROUBLE_NONE) {
        request_trouble(request, trouble);
    }
    return !request->answered;
}

bool events_take(struct request *request, bool good)
{
    if (!good || request->service->stopping) {
        request_trouble(request, TROUBLE_STORE_UNAVAILABLE);
    }
    if (request->answered) {
        request_end(request);
        return false;
    }
    return true;
}

void events_end(struct request *request, enum status status)
{
    request_internal(request, status);
    request_end(request);
}

void events_refuse(struct request *request, const char *reason, const char *field,
                   const char *message)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, reason, field, message);
}

void events_refuse_name(struct request *request)
{
    events_refuse(request, "BAD_CONSUMER", "consumer",
                  "A consumer's name is 1 to 48 of a-z 0-9 -.");
}

// --- acknowledging ---

static void acknowledge_block(struct acknowledging *acknowledging);

static void acknowledged(struct request *request)
{
    Loyalty__V1__AcknowledgeResponse response = LOYALTY__V1__ACKNOWLEDGE_RESPONSE__INIT;
    request_reply(request, &response.base, false);
    request_end(request);
}

// --- blocks ---

static bool is_touched(const struct acknowledging *acknowledging, uint32_t block)
{
    for (size_t i = 0; i < acknowledging->asked->n_places; i++) {
        if (acknowledging->asked->places[i]->partition / CONSUMER_BLOCK == block) {
            return true;
        }
    }
    return false;
}

// Whether that changes anything.
static bool apply(const struct acknowledging *acknowledging, struct consumer_block *block)
{
    uint32_t first = acknowledging->step * CONSUMER_BLOCK;
    bool changed = false;
    if (block->epoch != acknowledging->epoch) {
        memset(block->numbers, 0, block->count * sizeof(*block->numbers));
        block->epoch = acknowledging->epoch;
        changed = true;
    }
    for (size_t i = 0; i < acknowledging->asked->n_places; i++) {
        const Loyalty__V1__Place *place = acknowledging->asked->places[i];
        if (place->partition / CONSUMER_BLOCK == acknowledging->step &&
            place->number > block->numbers[place->partition - first]) {
            block->numbers[place->partition - first] = place->number;
            changed = true;
        }
    }
    return changed;
}

static void next_block(struct acknowledging *acknowledging)
{
    uint32_t blocks = consumer_blocks(acknowledging->partitions);
    do {
        acknowledging->step++;
    } while (acknowledging->step < blocks && !is_touched(acknowledging, acknowledging->step));
    if (acknowledging->step < blocks) {
        acknowledge_block(acknowledging);
    } else {
        acknowledged(acknowledging->request);
    }
}

static void on_put(void *context, const struct store_value_reply *reply)
{
    struct acknowledging *acknowledging = context;
    bool good = reply->result == STORE_OK || reply->result == STORE_BEHIND;
    if (!events_take(acknowledging->request, good)) {
        return;
    }
    if (reply->result == STORE_OK) {
        next_block(acknowledging);
        return;
    }
    acknowledging->rounds++;
    if (acknowledging->rounds > SERVICE_CONSUMER_ROUNDS) {
        request_trouble(acknowledging->request, TROUBLE_STORE_UNAVAILABLE);
        request_end(acknowledging->request);
        return;
    }
    acknowledge_block(acknowledging);
}

static void refuse_unknown(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_NOT_FOUND, "UNKNOWN_CONSUMER", "consumer",
                 "There is no such consumer; subscribe first.");
    request_end(request);
}

static void on_block(void *context, const struct store_value_reply *reply)
{
    struct acknowledging *acknowledging = context;
    struct request *request = acknowledging->request;
    struct consumer_block block = {0};
    struct span bytes;
    if (!events_take(request, reply->result == STORE_OK)) {
        return;
    }
    if (reply->revision == 0) {
        refuse_unknown(request);
        return;
    }
    arena_reset(&request->attempt);
    uint32_t count = consumer_block_count(acknowledging->partitions, acknowledging->step);
    enum status status = consumer_decode(reply->bytes, count, &request->attempt, &block);
    if (status == STATUS_OK && acknowledging->step == 0) {
        subscriptions_generation(request->service->subscriptions, acknowledging->consumer.text,
                                 block.generation);
    }
    if (status == STATUS_OK &&
        (!is_touched(acknowledging, acknowledging->step) || !apply(acknowledging, &block))) {
        next_block(acknowledging);
        return;
    }
    if (status == STATUS_OK) {
        status = consumer_encode(&block, &request->attempt, &bytes);
    }
    if (status != STATUS_OK) {
        events_end(request, status);
        return;
    }
    consumer_put(request->service, &acknowledging->consumer, acknowledging->step, reply->revision,
                 bytes, on_put, acknowledging);
}

static void acknowledge_block(struct acknowledging *acknowledging)
{
    consumer_get(acknowledging->request->service, &acknowledging->consumer, acknowledging->step,
                 on_block, acknowledging);
}

// --- places ---

static void refuse_place(struct request *request, size_t index, const char *field,
                         const char *reason, const char *message)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "places[%zu].%s", index, field);
    events_refuse(request, reason, path, message);
}

// What can be said of a place without the streams. False when it was refused.
static bool judge_place(const struct acknowledging *acknowledging, size_t index)
{
    struct request *request = acknowledging->request;
    const Loyalty__V1__Place *place = acknowledging->asked->places[index];
    if (place->partition >= acknowledging->partitions) {
        refuse_place(request, index, "partition", "NO_SUCH_PARTITION",
                     "There are fewer partitions than that.");
        return false;
    }
    if (place->epoch != acknowledging->epoch) {
        refuse_place(request, index, "epoch", "WRONG_EPOCH",
                     "The streams are of another epoch; subscribe again.");
        return false;
    }
    return true;
}

static void judge_numbers(struct acknowledging *acknowledging);

static void on_bounds(void *context, const struct store_events_reply *reply)
{
    struct acknowledging *acknowledging = context;
    struct request *request = acknowledging->request;
    if (!events_take(request, reply->result == STORE_OK)) {
        return;
    }
    for (uint32_t i = 0; i < acknowledging->count; i++) {
        size_t index = acknowledging->step + i;
        if (acknowledging->asked->places[index]->number > reply->bounds[i].last) {
            refuse_place(request, index, "number", "NO_SUCH_EVENT", "There is no such event yet.");
            request_end(request);
            return;
        }
    }
    acknowledging->step += acknowledging->count;
    judge_numbers(acknowledging);
}

// So that no consumer passes over what comes later.
static void judge_numbers(struct acknowledging *acknowledging)
{
    size_t left = acknowledging->asked->n_places - acknowledging->step;
    uint32_t count =
        left < STORE_EVENT_PARTITIONS_MAX ? (uint32_t)left : (uint32_t)STORE_EVENT_PARTITIONS_MAX;
    if (left == 0) {
        acknowledging->step = 0;
        acknowledge_block(acknowledging);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        const Loyalty__V1__Place *place = acknowledging->asked->places[acknowledging->step + i];
        acknowledging->places[i] =
            (struct store_event_place){.partition = place->partition, .after = INT64_MAX};
    }
    acknowledging->count = count;
    store_read_events(acknowledging->request->service->options.store, acknowledging->places, count,
                      1, on_bounds, acknowledging);
}

// False when it was answered.
static bool judge(struct acknowledging *acknowledging)
{
    struct request *request = acknowledging->request;
    if (!events_may_begin(request)) {
        return false;
    }
    if (!consumer_name_set(&acknowledging->consumer, acknowledging->asked->consumer)) {
        events_refuse_name(request);
        return false;
    }
    if (acknowledging->asked->n_places > SERVICE_PLACES_A_MESSAGE) {
        events_refuse(request, "TOO_MANY", "places",
                      "At most 1,024 places are acknowledged at a time.");
        return false;
    }
    acknowledging->partitions = lease_partitions(request->service->lease);
    acknowledging->epoch = lease_epoch(request->service->lease);
    for (size_t i = 0; i < acknowledging->asked->n_places; i++) {
        if (!judge_place(acknowledging, i)) {
            return false;
        }
    }
    return true;
}

void events_acknowledge(struct request *request)
{
    struct acknowledging *acknowledging = request_state(request, sizeof(*acknowledging));
    if (acknowledging == NULL) {
        return;
    }
    acknowledging->request = request;
    acknowledging->asked = (const Loyalty__V1__AcknowledgeRequest *)request->message;
    if (!judge(acknowledging)) {
        request_end(request);
        return;
    }
    judge_numbers(acknowledging);
}
