// EventsService: which consumers there are, how far behind each is; and letting one go.
#include "loyalty/v1/events.pb-c.h"
#include "service/bounds.h"
#include "service/consumers.h"
#include "service/events_parts.h"
#include "service/handlers.h"
#include "service/lease.h"
#include "service/service.h"
#include "service/subscriptions.h"
#include "wire/message.h"
#include "wire/replies.h"

// First the names, then the bounds of all streams, then each consumer's blocks.
struct listing {
    struct request *request;
    struct consumer_name names[SERVICE_CONSUMERS];
    uint32_t count;
    uint32_t partitions;
    uint64_t epoch;
    struct store_event_bounds *bounds;
    uint32_t step; // partition, then block
    uint32_t asked;
    uint32_t at; // consumer
    uint32_t from;
    uint32_t until;
    Loyalty__V1__Consumer *consumers[SERVICE_CONSUMERS];
    struct store_event_place places[STORE_EVENT_PARTITIONS_MAX];
};

// --- blocks ---

static void list_consumer(struct listing *listing);

// A block of another epoch knows nothing of these streams.
static void add_block(const struct listing *listing, const struct consumer_block *block,
                      Loyalty__V1__Consumer *consumer)
{
    uint32_t first = listing->step * CONSUMER_BLOCK;
    for (uint32_t i = 0; i < block->count; i++) {
        const struct store_event_bounds *bounds = &listing->bounds[first + i];
        uint64_t done = block->epoch == listing->epoch ? block->numbers[i] : 0;
        if (first + i < listing->from || first + i >= listing->until) {
            continue;
        }
        if (done + 1 < bounds->first) {
            consumer->missed += bounds->first - 1 - done;
            done = bounds->first - 1;
        }
        consumer->behind += done < bounds->last ? bounds->last - done : 0;
    }
}

static void next_consumer(struct listing *listing)
{
    listing->at++;
    listing->step = 0;
    list_consumer(listing);
}

static void on_block(void *context, const struct store_value_reply *reply)
{
    struct listing *listing = context;
    struct request *request = listing->request;
    struct consumer_block block = {0};
    if (!events_take(request, reply->result == STORE_OK)) {
        return;
    }
    if (reply->revision == 0) {
        next_consumer(listing); // deleted meanwhile, or being made
        return;
    }
    arena_reset(&request->attempt);
    uint32_t count = consumer_block_count(listing->partitions, listing->step);
    enum status status = consumer_decode(reply->bytes, count, &request->attempt, &block);
    if (status != STATUS_OK) {
        events_end(request, status);
        return;
    }
    if (listing->step == 0) {
        listing->from = block.from_partition;
        listing->until = block.until_partition;
    }
    add_block(listing, &block, listing->consumers[listing->at]);
    listing->step++;
    if (listing->step < consumer_blocks(listing->partitions)) {
        list_consumer(listing);
    } else {
        next_consumer(listing);
    }
}

static void list_consumer(struct listing *listing)
{
    struct request *request = listing->request;
    if (listing->at < listing->count) {
        consumer_get(request->service, &listing->names[listing->at], listing->step, on_block,
                     listing);
        return;
    }
    Loyalty__V1__ListConsumersResponse response = LOYALTY__V1__LIST_CONSUMERS_RESPONSE__INIT;
    response.consumers = listing->consumers;
    response.n_consumers = listing->count;
    request_reply(request, &response.base, false);
    request_end(request);
}

// --- bounds ---

static void read_bounds(struct listing *listing);

static void on_bounds(void *context, const struct store_events_reply *reply)
{
    struct listing *listing = context;
    if (!events_take(listing->request, reply->result == STORE_OK)) {
        return;
    }
    memcpy(listing->bounds + listing->step, reply->bounds,
           listing->asked * sizeof(*listing->bounds));
    listing->step += listing->asked;
    if (listing->step < listing->partitions) {
        read_bounds(listing);
        return;
    }
    listing->step = 0;
    list_consumer(listing);
}

static void read_bounds(struct listing *listing)
{
    uint32_t left = listing->partitions - listing->step;
    listing->asked = left < STORE_EVENT_PARTITIONS_MAX ? left : STORE_EVENT_PARTITIONS_MAX;
    for (uint32_t i = 0; i < listing->asked; i++) {
        listing->places[i] =
            (struct store_event_place){.partition = listing->step + i, .after = INT64_MAX};
    }
    store_read_events(listing->request->service->options.store, listing->places, listing->asked, 1,
                      on_bounds, listing);
}

// --- names ---

static enum status add_consumer(struct listing *listing, const struct consumer_name *name)
{
    struct arena *arena = &listing->request->arena;
    Loyalty__V1__Consumer *consumer =
        (Loyalty__V1__Consumer *)message_new(&loyalty__v1__consumer__descriptor, arena);
    if (consumer == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(replies_text(arena, span_of_text(name->text), &consumer->consumer));
    listing->names[listing->count] = *name;
    listing->consumers[listing->count] = consumer;
    listing->count++;
    return STATUS_OK;
}

static void on_values(void *context, const struct store_scan_reply *reply)
{
    struct listing *listing = context;
    struct consumer_name name;
    enum status status = STATUS_OK;
    if (!events_take(listing->request, reply->result == STORE_OK)) {
        return;
    }
    for (size_t i = 0; i < reply->count && status == STATUS_OK; i++) {
        if (consumer_name_of_value(reply->ids[i], &name) && listing->count < SERVICE_CONSUMERS) {
            status = add_consumer(listing, &name);
        }
    }
    if (status != STATUS_OK) {
        events_end(listing->request, status);
        return;
    }
    read_bounds(listing);
}

void events_list_consumers(struct request *request)
{
    if (!events_may_begin(request)) {
        request_end(request);
        return;
    }
    struct listing *listing = request_state(request, sizeof(*listing));
    if (listing == NULL) {
        return;
    }
    listing->request = request;
    listing->partitions = lease_partitions(request->service->lease);
    listing->epoch = lease_epoch(request->service->lease);
    listing->bounds =
        arena_alloc_array(&request->arena, listing->partitions, sizeof(*listing->bounds));
    if (listing->bounds == NULL) {
        events_end(request, STATUS_NO_MEMORY);
        return;
    }
    store_list_values(request->service->options.store, on_values, listing);
}

// --- deleting ---

// Block 0 first: from then on there is no such consumer, whatever else is left. A retry finds that
// and takes the rest away.
struct deleting {
    struct request *request;
    struct consumer_name consumer;
    uint32_t step;
    uint32_t rounds;
    bool found;
};

static void delete_block(struct deleting *deleting);

static void delete_next(struct deleting *deleting)
{
    struct request *request = deleting->request;
    deleting->step++;
    if (deleting->step < consumer_blocks(lease_partitions(request->service->lease))) {
        delete_block(deleting);
        return;
    }
    if (deleting->found) {
        Loyalty__V1__DeleteConsumerResponse response = LOYALTY__V1__DELETE_CONSUMER_RESPONSE__INIT;
        subscriptions_generation(request->service->subscriptions, deleting->consumer.text, 0);
        request_reply(request, &response.base, false);
    } else {
        request_fail(request, LOYALTY__V1__CODE__CODE_NOT_FOUND, "UNKNOWN_CONSUMER", "consumer",
                     "There is no such consumer.");
    }
    request_end(request);
}

static void on_deleted(void *context, const struct store_value_reply *reply)
{
    struct deleting *deleting = context;
    bool behind = reply->result == STORE_BEHIND && deleting->rounds < SERVICE_CONSUMER_ROUNDS;
    if (!events_take(deleting->request, behind || reply->result == STORE_OK)) {
        return;
    }
    if (behind) {
        deleting->rounds++;
        delete_block(deleting);
        return;
    }
    deleting->found = true;
    delete_next(deleting);
}

static void on_found(void *context, const struct store_value_reply *reply)
{
    struct deleting *deleting = context;
    if (!events_take(deleting->request, reply->result == STORE_OK)) {
        return;
    }
    if (reply->revision == 0) {
        delete_next(deleting);
        return;
    }
    consumer_put(deleting->request->service, &deleting->consumer, deleting->step, reply->revision,
                 (struct span){0}, on_deleted, deleting);
}

static void delete_block(struct deleting *deleting)
{
    consumer_get(deleting->request->service, &deleting->consumer, deleting->step, on_found,
                 deleting);
}

void events_delete_consumer(struct request *request)
{
    const Loyalty__V1__DeleteConsumerRequest *asked =
        (const Loyalty__V1__DeleteConsumerRequest *)request->message;
    if (!events_may_begin(request)) {
        request_end(request);
        return;
    }
    struct deleting *deleting = request_state(request, sizeof(*deleting));
    if (deleting == NULL) {
        return;
    }
    deleting->request = request;
    if (!consumer_name_set(&deleting->consumer, asked->consumer)) {
        events_refuse_name(request);
        request_end(request);
        return;
    }
    delete_block(deleting);
}
