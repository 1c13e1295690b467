// The crew visits the accounts that walks find: many at once while nobody asks anything of the
// service, few while requests are in hand, so that those hardly wait; and so many a second at most,
// where a pace was set. Visits that the store failed are tried again when it has recovered; of an
// account of which nothing can be made, after a few tries, that is noted.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "jobs/walk.h"

enum {
    CREW_WALKS = 4,
    CREW_VISITS = 64,       // at once, while nobody asks
    CREW_VISITS_BUSY = 2,   // while requests are in hand, and ...
    CREW_VISITS_LOADED = 1, // ... while many are
    CREW_LOADED_REQUESTS = 32,
    CREW_QUIET_MS = 50, // after the last request seen
    // Until then also so many a second, a few every so often: else the loop, and the processor that
    // it shares with the store, would have no moment free for a request.
    CREW_PACE_BUSY = 2000,
    CREW_TURN_BUSY_MS = 2,
    CREW_TRIES = 3,        // of an account of which nothing can be made
    CREW_BACKOFF_MS = 200, // after a failure of the store, doubled up to ...
    CREW_BACKOFF_MAX_MS = 5000,
};

struct crew;

struct crew_options {
    struct service *service;
    uint32_t pace; // visits a second at most; 0: as many as go
    void *owner;
    // a partition is done: its tally, or a fault; its walk is free when this returns
    void (*on_partition)(void *owner, uint32_t partition, const struct tally *tally,
                         const char *fault);
};

MUST_CHECK enum status crew_new(const struct crew_options *options, struct crew **ret_crew);
void crew_free(struct crew *crew);
// What is done from now on; the crew is idle.
void crew_set_work(struct crew *crew, const struct work *work);
// Whether another partition may be begun; begins one.
bool crew_has_room(const struct crew *crew);
void crew_begin(struct crew *crew, uint32_t partition);
// From time to time while there is work: goes on after failures and pauses. When it is to be called
// next, in how many ms; 0: it need not be.
int64_t crew_turn(struct crew *crew);
// Begins nothing more; what is under way ends, then it is idle.
void crew_quit(struct crew *crew);
bool crew_is_idle(const struct crew *crew);
// Visits so far, failed ones too.
uint64_t crew_visits(const struct crew *crew);
