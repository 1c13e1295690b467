// A subscription's turns: each looks what is to be done and does one thing, then another turn is
// due; so requests at hand go in between.
#include "service/subscription.h"

#include <stdlib.h>

#include "base/check.h"
#include "service/lease.h"
#include "service/request.h"
#include "service/service.h"
#include "service/streams.h"
#include "service/subscriptions.h"

static struct timers *timers_of(const struct subscription *subscription)
{
    return subscription->request->service->options.timers;
}

static struct subscription *of_timer(struct timer *timer)
{
    return (struct subscription *)(void *)((char *)timer - offsetof(struct subscription, timer));
}

static void turn(struct timer *timer);

void subscription_turn_at(struct subscription *subscription, int64_t at_ms)
{
    timers_set(timers_of(subscription), &subscription->timer, at_ms, turn);
}

void subscription_wake(struct subscription *subscription)
{
    int64_t at_ms = timers_now(timers_of(subscription)) + SERVICE_EVENTS_WAKE_MS;
    bool sooner = subscription->timer.place == 0 || subscription->timer.at_ms > at_ms;
    if (subscription->running && !subscription->waiting && sooner) {
        subscription_turn_at(subscription, at_ms);
    }
}

void subscription_fail(struct subscription *subscription, Loyalty__V1__Code code,
                       const char *reason, const char *message)
{
    request_fail(subscription->request, code, reason, "", message);
    if (!subscription->waiting) {
        subscription_turn_at(subscription, timers_now(timers_of(subscription)));
    }
}

void subscription_trouble(struct subscription *subscription)
{
    request_trouble(subscription->request, TROUBLE_STORE_UNAVAILABLE);
}

bool subscription_goes_on(struct subscription *subscription)
{
    subscription->waiting = false;
    if (subscription->request->service->stopping) {
        subscription_trouble(subscription);
    }
    if (subscription->request->answered) {
        subscription_end(subscription);
        return false;
    }
    return true;
}

void subscription_end(struct subscription *subscription)
{
    struct request *request = subscription->request;
    CHECK(request->answered && !subscription->waiting);
    timers_clear(timers_of(subscription), &subscription->timer);
    subscriptions_leave(subscription->all, subscription);
    told_fini(&subscription->along);
    vec_fini(&subscription->missed);
    free(subscription->told);
    free(subscription->said);
    free(subscription);
    request_end(request);
}

static void end_for(struct subscription *subscription, enum status status)
{
    request_internal(subscription->request, status);
    subscription_end(subscription);
}

// --- whether it is still the consumer's ---

static void on_checked(void *context, const struct store_value_reply *reply)
{
    struct subscription *subscription = context;
    struct request *request = subscription->request;
    struct consumer_block block = {0};
    if (!subscription_goes_on(subscription)) {
        return;
    }
    int64_t now_ms = timers_now(timers_of(subscription));
    subscription->checked_ms = now_ms;
    arena_reset(&request->attempt);
    uint32_t count = consumer_block_count(subscription->all->partitions, 0);
    if (reply->result == STORE_OK &&
        (reply->revision == 0 ||
         consumer_decode(reply->bytes, count, &request->attempt, &block) == STATUS_OK)) {
        subscriptions_generation(subscription->all, subscription->consumer.text, block.generation);
    }
    subscription_turn_at(subscription, now_ms);
}

static void check(struct subscription *subscription)
{
    subscription->waiting = true;
    consumer_get(subscription->request->service, &subscription->consumer, 0, on_checked,
                 subscription);
}

// --- reading ---

static void on_read(void *context, const struct store_events_reply *reply)
{
    struct subscription *subscription = context;
    if (!subscription_goes_on(subscription)) {
        return;
    }
    int64_t now_ms = timers_now(timers_of(subscription));
    if (reply->result != STORE_OK) {
        subscription_turn_at(subscription, now_ms + SERVICE_EVENTS_POLL_MS);
        return;
    }
    enum status status = subscription_tell(subscription, reply);
    if (status != STATUS_OK) {
        end_for(subscription, status);
        return;
    }
    subscription_turn_at(subscription, now_ms);
}

static void ask_for(struct subscription *subscription, uint32_t partition)
{
    subscription->asked[subscription->asked_count++] =
        (struct store_event_place){.partition = partition, .after = subscription->told[partition]};
}

// Of the partitions that are behind as many as one call takes, in turn.
static void choose(struct subscription *subscription)
{
    const uint64_t *tips = subscription->all->tips;
    uint32_t partition = subscription->next_partition;
    subscription->asked_count = 0;
    if (subscription->skip > 0) {
        ask_for(subscription, subscription->skip_partition);
        return;
    }
    for (uint32_t i = subscription->from; i < subscription->until; i++) {
        if (subscription->told[partition] < tips[partition]) {
            ask_for(subscription, partition);
        }
        partition = partition + 1 == subscription->until ? subscription->from : partition + 1;
        if (subscription->asked_count == STORE_EVENT_PARTITIONS_MAX) {
            break;
        }
    }
    subscription->next_partition = partition;
}

// False: nothing is behind.
static bool read_behind(struct subscription *subscription)
{
    choose(subscription);
    if (subscription->asked_count == 0) {
        return false;
    }
    subscription->waiting = true;
    store_read_events(subscription->request->service->options.store, subscription->asked,
                      subscription->asked_count, subscription->entries, on_read, subscription);
    return true;
}

// --- turns ---

// When something is to be said though there are no events.
static int64_t life_at(const struct subscription *subscription)
{
    const struct request *request = subscription->request;
    return request->room == NULL ? request->expires_ms - SERVICE_EVENTS_MARGIN_MS
                                 : subscription->said_ms + SERVICE_EVENTS_LIFE_MS;
}

static bool is_over(struct subscription *subscription, enum dispatch_room room)
{
    struct service *service = subscription->request->service;
    if (service->stopping) {
        subscription_trouble(subscription);
    } else if (room == DISPATCH_GONE) {
        request_fail(subscription->request, LOYALTY__V1__CODE__CODE_UNAVAILABLE, "CANCELLED", "",
                     "The client has gone.");
    } else if (subscription->running && lease_epoch(service->lease) != subscription->epoch) {
        request_fail(subscription->request, LOYALTY__V1__CODE__CODE_UNAVAILABLE, "EPOCH_CHANGED",
                     "", "The store was set up anew; subscribe again.");
    }
    return subscription->request->answered;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void go_on(struct subscription *subscription)
{
    int64_t now_ms = timers_now(timers_of(subscription));
    int64_t check_at_ms = subscription->checked_ms + SERVICE_EVENTS_CHECK_MS;
    if (subscription->missed.count == 0 && now_ms >= check_at_ms) {
        check(subscription);
        return;
    }
    if (subscription->missed.count == 0 && read_behind(subscription)) {
        return;
    }
    bool says = subscription->missed.count > 0 || now_ms >= life_at(subscription);
    enum status status = says ? subscription_say(subscription) : STATUS_OK;
    if (status != STATUS_OK) {
        end_for(subscription, status);
        return;
    }
    int64_t next_ms = says ? now_ms : earlier(life_at(subscription), check_at_ms);
    subscription_turn_at(subscription, next_ms);
}

static void turn(struct timer *timer)
{
    struct subscription *subscription = of_timer(timer);
    if (subscription->waiting) {
        return; // its answer brings a turn
    }
    enum dispatch_room room =
        subscription->request->answered ? DISPATCH_ROOM : request_room(subscription->request);
    if (is_over(subscription, room)) {
        subscription_end(subscription);
    } else if (room == DISPATCH_FULL) {
        int64_t now_ms = timers_now(timers_of(subscription));
        subscription_turn_at(subscription, now_ms + SERVICE_EVENTS_FULL_MS);
    } else if (subscription->running) {
        go_on(subscription);
    }
}
