// Subscriptions to events in this daemon: what they share, and what else there is to do about the
// streams. While there are any, all partitions are looked at for others' commits, a few at a time;
// commits of this daemon are known at once. What a daemon keeps of a stream in memory is a number a
// partition; nothing of it is needed to go on elsewhere.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/metrics.h"
#include "base/status.h"

struct request;
struct service;
struct subscriptions;

MUST_CHECK enum status subscriptions_new(struct service *service,
                                         struct subscriptions **ret_subscriptions);
// Every subscription ends, those that wait for the store when that has answered.
void subscriptions_stop(struct subscriptions *subscriptions);
void subscriptions_free(struct subscriptions *subscriptions);

// Open ones, and by how many events the one that is furthest behind is, as far as is known here.
void subscriptions_metrics(const struct subscriptions *subscriptions,
                           const struct metrics_out *out);

// This daemon has written to a partition.
void subscriptions_committed(struct subscriptions *subscriptions, uint32_t partition);
// A subscription of this consumer has met a block 0 with another generation (0: it was deleted).
void subscriptions_generation(struct subscriptions *subscriptions, const char *consumer,
                              uint64_t generation);

// One visit of a partition by the sweeper: drops events past the retention, now and then.
void events_trim_turn(struct service *service, uint32_t partition);
