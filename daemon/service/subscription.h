// One subscription: a request whose answer is a stream. Private to service/subscription*.c.
//
//     OPENING: [others of the name end] -> places read, or for a new consumer made -> generation up
//        |
//     RUNNING: read what is behind -> message -> ... ; nothing behind: a commit, or the poll, wakes
//        |     it; no room: the face does. Now and then: sign of life, look at the generation
//     ended:   client gone, out of time, taken over, drained, the store's epoch is another
//
// Invariants: at most one call is open at the store (`waiting`), then nothing else is done;
// of each partition told >= said, and what is behind `told` was offered to the client, up to
// `skip` events of the next entry of `skip_partition`.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"
#include "core/told.h"
#include "loyalty/v1/events.pb-c.h"
#include "service/bounds.h"
#include "service/consumers.h"
#include "service/timers.h"
#include "store/store.h"

struct request;
struct service;
struct subscription;

struct subscriptions {
    struct service *service;
    struct subscription *first;
    uint32_t count;
    uint32_t partitions;
    uint64_t *tips; // of each partition: number of the newest event known; TIP_UNKNOWN
    struct timer timer;
    uint32_t next; // partition to be looked at
    uint32_t polled;
    bool polling;    // a call is open
    uint8_t *visits; // of the sweeper, by partition; NULL at first
    bool stopped;
};

#define TIP_UNKNOWN UINT64_MAX

struct missed {
    uint32_t partition;
    uint64_t epoch;
    uint64_t first;
    uint64_t last; // 0: not known
};

struct subscription {
    struct subscriptions *all;
    struct request *request;
    struct subscription *previous;
    struct subscription *next;
    struct timer timer;
    bool waiting;
    bool running;
    // who, and what is wanted
    struct consumer_name consumer;
    uint64_t generation;
    uint64_t epoch;
    uint64_t types; // bits by EventType; 0: all
    uint32_t from;
    uint32_t until;
    bool from_now;
    // opening
    uint32_t step; // block or partition
    uint32_t rounds;
    bool is_new;
    uint64_t revisions[CONSUMER_BLOCKS];
    // how far it is; by partition
    uint64_t *told;
    uint64_t *said; // in a message's places
    VEC(struct missed) missed;
    uint32_t skip_partition;
    uint32_t skip; // events of the entry behind `told` there; 0: none
    // reading
    uint32_t next_partition;
    struct store_event_place asked[STORE_EVENT_PARTITIONS_MAX];
    uint32_t asked_count;
    uint32_t entries; // to be asked for at a time
    struct told along;
    // times, monotonic
    int64_t said_ms;
    int64_t checked_ms;
};

// --- subscriptions.c ---

// STATUS_NO_MEMORY.
MUST_CHECK enum status subscriptions_enter(struct subscriptions *subscriptions,
                                           struct subscription *subscription);
void subscriptions_leave(struct subscriptions *subscriptions, struct subscription *subscription);

// --- subscription.c ---

// Looks what is to be done, at once or later; never from inside a face's call.
void subscription_turn_at(struct subscription *subscription, int64_t at_ms);
// Something is there to be told, or to be looked at.
void subscription_wake(struct subscription *subscription);
// Ends with an error, at the next turn.
void subscription_fail(struct subscription *subscription, Loyalty__V1__Code code,
                       const char *reason, const char *message);
// After a store call: whether it goes on; else it has ended.
bool subscription_goes_on(struct subscription *subscription);
// The store has not answered as hoped.
void subscription_trouble(struct subscription *subscription);
// Answered and not waiting: leaves the list and is freed.
void subscription_end(struct subscription *subscription);

// --- subscription_open.c ---

void subscription_open(struct subscription *subscription);

// --- subscription_page.c ---

MUST_CHECK enum status subscription_miss(struct subscription *subscription,
                                         const struct missed *missed);
// A message of what was missed, or a sign of life; each with the places that were not said yet.
MUST_CHECK enum status subscription_say(struct subscription *subscription);
// Takes what was read: events are told, unless something was missed, which comes first.
MUST_CHECK enum status subscription_tell(struct subscription *subscription,
                                         const struct store_events_reply *reply);
