// How a subscription begins: what is stored of its consumer is read block by block, block 0 last;
// then block 0 is written with the next generation, so that whoever had the consumer before sees
// it. A consumer that is new begins where the streams do, or end; its block 0 is written last, so
// that a crash on the way leaves no consumer.
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "service/events_parts.h"
#include "service/handlers.h"
#include "service/lease.h"
#include "service/service.h"
#include "service/streams.h"
#include "service/subscription.h"
#include "service/subscriptions.h"

static void restart(struct subscription *subscription);

static struct service *service_of(const struct subscription *subscription)
{
    return subscription->request->service;
}

// An answer has come: false when that was its end. The arena is empty.
static bool take(struct subscription *subscription, enum store_result result)
{
    if (!subscription_goes_on(subscription)) {
        return false;
    }
    arena_reset(&subscription->request->attempt);
    if (result == STORE_OK || result == STORE_BEHIND) {
        return true;
    }
    subscription_trouble(subscription);
    subscription_end(subscription);
    return false;
}

static void fail(struct subscription *subscription, enum status status)
{
    request_internal(subscription->request, status);
    subscription_end(subscription);
}

static void run(struct subscription *subscription)
{
    int64_t now_ms = timers_now(service_of(subscription)->options.timers);
    subscription->running = true;
    subscription->said_ms = now_ms;
    subscription->checked_ms = now_ms;
    subscription->entries = SERVICE_EVENTS_A_MESSAGE;
    subscription->next_partition = subscription->from;
    subscription_turn_at(subscription, now_ms);
}

// --- writing ---

static void write_block(struct subscription *subscription);

static void on_written(void *context, const struct store_value_reply *reply)
{
    struct subscription *subscription = context;
    if (!take(subscription, reply->result)) {
        return;
    }
    if (reply->result == STORE_BEHIND) {
        restart(subscription);
    } else if (subscription->step > 0) {
        subscription->step--;
        write_block(subscription);
    } else {
        run(subscription);
    }
}

static void put_block(struct subscription *subscription, const struct consumer_block *block)
{
    struct span bytes;
    enum status status = consumer_encode(block, &subscription->request->attempt, &bytes);
    if (status != STATUS_OK) {
        fail(subscription, status);
        return;
    }
    subscription->waiting = true;
    consumer_put(service_of(subscription), &subscription->consumer, subscription->step,
                 subscription->revisions[subscription->step], bytes, on_written, subscription);
}

// Of a new consumer.
static void write_block(struct subscription *subscription)
{
    uint32_t partitions = subscription->all->partitions;
    struct consumer_block block = {
        .epoch = subscription->epoch,
        .numbers = subscription->told + (size_t)subscription->step * CONSUMER_BLOCK,
        .count = consumer_block_count(partitions, subscription->step),
    };
    if (subscription->step == 0) {
        block.generation = subscription->generation;
        block.from_partition = subscription->from;
        block.until_partition = subscription->until;
    }
    put_block(subscription, &block);
}

// --- a new consumer ---

static void read_bounds(struct subscription *subscription);

static void on_bounds(void *context, const struct store_events_reply *reply)
{
    struct subscription *subscription = context;
    if (!take(subscription, reply->result)) {
        return;
    }
    for (uint32_t i = 0; i < subscription->asked_count; i++) {
        const struct store_event_bounds *bounds = &reply->bounds[i];
        uint32_t partition = subscription->step + i;
        subscription->told[partition] = subscription->from_now ? bounds->last : bounds->first - 1;
        subscription->said[partition] = subscription->told[partition];
    }
    subscription->step += subscription->asked_count;
    if (subscription->step < subscription->all->partitions) {
        read_bounds(subscription);
        return;
    }
    subscription->step = consumer_blocks(subscription->all->partitions) - 1;
    write_block(subscription);
}

static void read_bounds(struct subscription *subscription)
{
    uint32_t left = subscription->all->partitions - subscription->step;
    uint32_t count = left < STORE_EVENT_PARTITIONS_MAX ? left : STORE_EVENT_PARTITIONS_MAX;
    for (uint32_t i = 0; i < count; i++) {
        subscription->asked[i] =
            (struct store_event_place){.partition = subscription->step + i, .after = INT64_MAX};
    }
    subscription->asked_count = count;
    subscription->waiting = true;
    store_read_events(service_of(subscription)->options.store, subscription->asked, count, 1,
                      on_bounds, subscription);
}

static void on_values(void *context, const struct store_scan_reply *reply)
{
    struct subscription *subscription = context;
    uint32_t consumers = 0;
    if (!take(subscription, reply->result)) {
        return;
    }
    for (size_t i = 0; i < reply->count; i++) {
        struct consumer_name name;
        consumers += consumer_name_of_value(reply->ids[i], &name) ? 1 : 0;
    }
    if (consumers >= SERVICE_CONSUMERS) {
        request_fail(subscription->request, LOYALTY__V1__CODE__CODE_RESOURCE_EXHAUSTED,
                     "TOO_MANY_CONSUMERS", "consumer",
                     "There are 64 consumers already; delete one that is not used any more.");
        subscription_end(subscription);
        return;
    }
    subscription->step = 0;
    read_bounds(subscription);
}

static void begin_new(struct subscription *subscription)
{
    subscription->missed.count = 0;
    subscription->generation = 1;
    subscription->waiting = true;
    store_list_values(service_of(subscription)->options.store, on_values, subscription);
}

// --- reading ---

static void read_block(struct subscription *subscription);

// What was acknowledged in an epoch that has ended is of no use but to say so.
static enum status take_old_epoch(struct subscription *subscription,
                                  const struct consumer_block *block, uint32_t first)
{
    for (uint32_t i = 0; i < block->count; i++) {
        struct missed missed = {
            .partition = first + i, .epoch = block->epoch, .first = block->numbers[i] + 1};
        bool wanted = first + i >= subscription->from && first + i < subscription->until;
        subscription->told[first + i] = 0;
        subscription->said[first + i] = UINT64_MAX; // so that its place is said
        if (wanted) {
            TRY(subscription_miss(subscription, &missed));
        }
    }
    return STATUS_OK;
}

static enum status take_block(struct subscription *subscription, struct span bytes,
                              struct consumer_block *block)
{
    uint32_t first = subscription->step * CONSUMER_BLOCK;
    uint32_t count = consumer_block_count(subscription->all->partitions, subscription->step);
    TRY(consumer_decode(bytes, count, &subscription->request->attempt, block));
    if (block->epoch != subscription->epoch) {
        return take_old_epoch(subscription, block, first);
    }
    memcpy(subscription->told + first, block->numbers, count * sizeof(*block->numbers));
    memcpy(subscription->said + first, block->numbers, count * sizeof(*block->numbers));
    return STATUS_OK;
}

static void on_block(void *context, const struct store_value_reply *reply)
{
    struct subscription *subscription = context;
    struct consumer_block block = {0};
    if (!take(subscription, reply->result)) {
        return;
    }
    subscription->revisions[subscription->step] = reply->revision;
    enum status status =
        reply->revision == 0 ? STATUS_OK : take_block(subscription, reply->bytes, &block);
    if (status != STATUS_OK) {
        fail(subscription, status);
        return;
    }
    if (subscription->step > 0) {
        subscription->step--;
        read_block(subscription);
        return;
    }
    if (reply->revision == 0) {
        begin_new(subscription);
        return;
    }
    // Numbers and epoch stay: they are the acknowledged ones.
    subscription->generation = block.generation + 1;
    block.generation = subscription->generation;
    block.from_partition = subscription->from;
    block.until_partition = subscription->until;
    put_block(subscription, &block);
}

static void read_block(struct subscription *subscription)
{
    subscription->waiting = true;
    consumer_get(service_of(subscription), &subscription->consumer, subscription->step, on_block,
                 subscription);
}

// Another has written meanwhile.
static void restart(struct subscription *subscription)
{
    subscription->rounds++;
    if (subscription->rounds > SERVICE_CONSUMER_ROUNDS) {
        subscription_trouble(subscription);
        subscription_end(subscription);
        return;
    }
    subscription_open(subscription);
}

void subscription_open(struct subscription *subscription)
{
    size_t bytes = subscription->all->partitions * sizeof(*subscription->told);
    memset(subscription->told, 0, bytes);
    memset(subscription->said, 0, bytes);
    subscription->missed.count = 0;
    subscription->step = consumer_blocks(subscription->all->partitions) - 1;
    read_block(subscription);
}

// --- the request ---

static void on_poke(struct request *request)
{
    struct subscription *subscription = request->state;
    if (!subscription->waiting) {
        subscription_turn_at(subscription, timers_now(request->service->options.timers));
    }
}

// What is asked; false when it was refused.
static bool read_request(struct subscription *subscription)
{
    struct request *request = subscription->request;
    const Loyalty__V1__SubscribeRequest *asked =
        (const Loyalty__V1__SubscribeRequest *)request->message;
    uint32_t partitions = lease_partitions(request->service->lease);
    if (!consumer_name_set(&subscription->consumer, asked->consumer)) {
        events_refuse_name(request);
        return false;
    }
    for (size_t i = 0; i < asked->n_types; i++) {
        if (asked->types[i] == LOYALTY__V1__EVENT_TYPE__EVENT_TYPE_UNSPECIFIED) {
            events_refuse(request, "MISSING", "types", "A type of event is not said.");
            return false;
        }
        subscription->types |= UINT64_C(1) << (unsigned)asked->types[i];
    }
    bool all = asked->from_partition == 0 && asked->until_partition == 0;
    subscription->from = asked->from_partition;
    subscription->until = all ? partitions : asked->until_partition;
    subscription->from_now = asked->from_now != 0;
    if (subscription->from >= subscription->until || subscription->until > partitions) {
        events_refuse(request, "NO_SUCH_PARTITION", "until_partition",
                      "Partitions are [from, until), at most as many as there are.");
        return false;
    }
    return true;
}

static void supersede(const struct subscription *subscription)
{
    for (struct subscription *one = subscription->all->first; one != NULL; one = one->next) {
        if (one != subscription && strcmp(one->consumer.text, subscription->consumer.text) == 0) {
            subscription_fail(one, LOYALTY__V1__CODE__CODE_ABORTED, "SUBSCRIBED_ELSEWHERE",
                              "A later subscription of this consumer goes on.");
        }
    }
}

static enum status make(struct request *request, struct subscription **ret_subscription)
{
    struct subscriptions *all = request->service->subscriptions;
    uint32_t partitions = lease_partitions(request->service->lease);
    struct subscription *subscription = calloc(1, sizeof(*subscription));
    if (subscription == NULL) {
        return STATUS_NO_MEMORY;
    }
    told_init(&subscription->along);
    subscription->all = all;
    subscription->request = request;
    subscription->epoch = lease_epoch(request->service->lease);
    subscription->told = calloc(partitions, sizeof(*subscription->told));
    subscription->said = calloc(partitions, sizeof(*subscription->said));
    if (subscription->told == NULL || subscription->said == NULL ||
        subscriptions_enter(all, subscription) != STATUS_OK) {
        free(subscription->told);
        free(subscription->said);
        free(subscription);
        return STATUS_NO_MEMORY;
    }
    *ret_subscription = subscription;
    return STATUS_OK;
}

// Whether a subscription may begin at all; false when it was answered.
static bool may_begin(struct request *request)
{
    if (events_may_begin(request) &&
        request->service->subscriptions->count >= SERVICE_SUBSCRIPTIONS) {
        request_fail(request, LOYALTY__V1__CODE__CODE_RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS", "",
                     "Too many streams are open.");
    }
    return !request->answered;
}

void events_subscribe(struct request *request)
{
    struct subscription *subscription = NULL;
    enum status status = STATUS_OK;
    if (may_begin(request)) {
        status = make(request, &subscription);
    }
    if (status != STATUS_OK) {
        request_internal(request, status);
    }
    if (subscription == NULL) {
        request_end(request);
        return;
    }
    request->state = subscription;
    if (!read_request(subscription) || !streams_join(request, on_poke)) {
        subscription_end(subscription);
        return;
    }
    supersede(subscription);
    subscription_open(subscription);
}
