// The list of subscriptions, and the look at all partitions that they share.
#include "service/subscriptions.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "service/lease.h"
#include "service/service.h"
#include "service/subscription.h"

enum status subscriptions_new(struct service *service, struct subscriptions **ret_subscriptions)
{
    struct subscriptions *subscriptions = calloc(1, sizeof(*subscriptions));
    if (subscriptions == NULL) {
        return STATUS_NO_MEMORY;
    }
    subscriptions->service = service;
    *ret_subscriptions = subscriptions;
    return STATUS_OK;
}

void subscriptions_stop(struct subscriptions *subscriptions)
{
    subscriptions->stopped = true;
    timers_clear(subscriptions->service->options.timers, &subscriptions->timer);
    struct subscription *next = NULL;
    for (struct subscription *one = subscriptions->first; one != NULL; one = next) {
        next = one->next;
        if (!one->waiting) {
            subscription_trouble(one);
            subscription_end(one);
        }
    }
}

void subscriptions_free(struct subscriptions *subscriptions)
{
    if (subscriptions == NULL) {
        return;
    }
    CHECK(subscriptions->first == NULL && !subscriptions->polling);
    free(subscriptions->tips);
    free(subscriptions->visits);
    free(subscriptions);
}

// Events known of and not told, of its partitions.
static uint64_t behind(const struct subscription *one)
{
    const struct subscriptions *all = one->all;
    uint64_t count = 0;
    for (uint32_t i = one->from; one->running && i < one->until && i < all->partitions; i++) {
        uint64_t tip = all->tips[i];
        count += tip != TIP_UNKNOWN && tip > one->told[i] ? tip - one->told[i] : 0;
    }
    return count;
}

void subscriptions_metrics(const struct subscriptions *subscriptions, const struct metrics_out *out)
{
    static const struct metric_family open = {"loyaltyd_event_subscriptions",
                                              "Open subscriptions to events.", METRIC_GAUGE};
    static const struct metric_family lag = {
        "loyaltyd_event_lag_events",
        "Events that the subscription furthest behind has not been told.", METRIC_GAUGE};
    uint64_t most = 0;
    for (const struct subscription *one = subscriptions->first; one != NULL; one = one->next) {
        uint64_t count = behind(one);
        most = count > most ? count : most;
    }
    metrics_tell(out, &open, subscriptions->count);
    metrics_tell(out, &lag, (int64_t)most);
}

static void wake_all(const struct subscriptions *subscriptions)
{
    for (struct subscription *one = subscriptions->first; one != NULL; one = one->next) {
        subscription_wake(one);
    }
}

void subscriptions_committed(struct subscriptions *subscriptions, uint32_t partition)
{
    if (subscriptions->first == NULL || partition >= subscriptions->partitions) {
        return;
    }
    // One more than is known, at least: what is read next says it exactly.
    if (subscriptions->tips[partition] != TIP_UNKNOWN) {
        subscriptions->tips[partition]++;
    }
    wake_all(subscriptions);
}

void subscriptions_generation(struct subscriptions *subscriptions, const char *consumer,
                              uint64_t generation)
{
    for (struct subscription *one = subscriptions->first; one != NULL; one = one->next) {
        if (one->running && strcmp(one->consumer.text, consumer) == 0 &&
            one->generation != generation) {
            subscription_fail(one, LOYALTY__V1__CODE__CODE_ABORTED,
                              generation == 0 ? "CONSUMER_DELETED" : "SUBSCRIBED_ELSEWHERE",
                              generation == 0 ? "The consumer was deleted."
                                              : "A later subscription of this consumer goes on.");
        }
    }
}

// --- the poll ---

static void on_poll(struct timer *timer);

static void poll_later(struct subscriptions *subscriptions)
{
    uint32_t steps = subscriptions->partitions / STORE_EVENT_PARTITIONS_MAX + 1;
    int64_t wait_ms = SERVICE_EVENTS_POLL_MS / (int64_t)steps;
    wait_ms = wait_ms < SERVICE_EVENTS_POLL_STEP_MS ? SERVICE_EVENTS_POLL_STEP_MS : wait_ms;
    struct timers *timers = subscriptions->service->options.timers;
    timers_set(timers, &subscriptions->timer, timers_now(timers) + wait_ms, on_poll);
}

static void on_polled(void *context, const struct store_events_reply *reply)
{
    struct subscriptions *subscriptions = context;
    bool grown = false;
    subscriptions->polling = false;
    if (subscriptions->stopped) {
        return;
    }
    if (reply->result == STORE_OK) {
        uint32_t first = subscriptions->next;
        for (uint32_t i = 0; i < subscriptions->polled; i++) {
            grown = grown || subscriptions->tips[first + i] != reply->bounds[i].last;
            subscriptions->tips[first + i] = reply->bounds[i].last;
        }
        subscriptions->next = (first + subscriptions->polled) % subscriptions->partitions;
    }
    if (grown) {
        wake_all(subscriptions);
    }
    poll_later(subscriptions);
}

static void on_poll(struct timer *timer)
{
    struct subscriptions *subscriptions =
        (struct subscriptions *)(void *)((char *)timer - offsetof(struct subscriptions, timer));
    if (subscriptions->first == NULL || subscriptions->polling) {
        return;
    }
    struct store_event_place places[STORE_EVENT_PARTITIONS_MAX];
    uint32_t left = subscriptions->partitions - subscriptions->next;
    uint32_t count = left < STORE_EVENT_PARTITIONS_MAX ? left : STORE_EVENT_PARTITIONS_MAX;
    for (uint32_t i = 0; i < count; i++) {
        // No events, only what there is of them.
        places[i] =
            (struct store_event_place){.partition = subscriptions->next + i, .after = INT64_MAX};
    }
    subscriptions->polled = count;
    subscriptions->polling = true;
    store_read_events(subscriptions->service->options.store, places, count, 0, on_polled,
                      subscriptions);
}

// --- the list ---

enum status subscriptions_enter(struct subscriptions *subscriptions,
                                struct subscription *subscription)
{
    uint32_t partitions = lease_partitions(subscriptions->service->lease);
    if (subscriptions->tips == NULL) {
        subscriptions->tips = calloc(partitions, sizeof(*subscriptions->tips));
        if (subscriptions->tips == NULL) {
            return STATUS_NO_MEMORY;
        }
        subscriptions->partitions = partitions;
    }
    if (subscriptions->first == NULL) {
        memset(subscriptions->tips, 0xff, partitions * sizeof(*subscriptions->tips));
    }
    subscription->previous = NULL;
    subscription->next = subscriptions->first;
    if (subscription->next != NULL) {
        subscription->next->previous = subscription;
    }
    subscriptions->first = subscription;
    subscriptions->count++;
    if (!subscriptions->polling && subscriptions->timer.place == 0) {
        poll_later(subscriptions);
    }
    return STATUS_OK;
}

void subscriptions_leave(struct subscriptions *subscriptions, struct subscription *subscription)
{
    if (subscription->previous != NULL) {
        subscription->previous->next = subscription->next;
    } else {
        subscriptions->first = subscription->next;
    }
    if (subscription->next != NULL) {
        subscription->next->previous = subscription->previous;
    }
    subscriptions->count--;
    if (subscriptions->first == NULL) {
        timers_clear(subscriptions->service->options.timers, &subscriptions->timer);
    }
}

// --- trimming ---

static void on_trimmed(void *context, const struct store_reply *reply)
{
    // The next visit tries again.
    (void)context;
    (void)reply;
}

void events_trim_turn(struct service *service, uint32_t partition)
{
    struct subscriptions *subscriptions = service->subscriptions;
    uint64_t keep = service->options.event_retention;
    if (subscriptions->visits == NULL) {
        subscriptions->visits = calloc(LIMIT_PARTITIONS, sizeof(*subscriptions->visits));
    }
    if (subscriptions->visits == NULL || partition >= LIMIT_PARTITIONS || service->stopping) {
        return;
    }
    // Neighbours at different visits.
    uint32_t visit = partition + subscriptions->visits[partition];
    subscriptions->visits[partition]++;
    if (visit % SERVICE_EVENTS_TRIM_VISITS == 0) {
        store_trim_events(service->options.store, partition,
                          keep == 0 ? SERVICE_EVENTS_RETENTION : keep, on_trimmed, NULL);
    }
}
