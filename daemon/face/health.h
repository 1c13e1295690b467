// grpc.health.v1: whether calls make sense at present. SERVING for "" (the whole) and for each
// service of the contract, while the store can be used, the lease holds and no drain has begun; the
// same for all of them. Who watches is told of changes, at the latest FACE_HEALTH_MS after one.
#pragma once

#include <stdbool.h>

#include "face/own.h"
#include "service/timers.h"

struct call;
struct face;
struct watcher;

struct health {
    struct face *face;
    struct watcher *watchers;
    struct timer timer; // set while there are any
};

void health_init(struct health *health, struct face *face);
// Tells the watchers what has changed, if anything has.
void health_refresh(struct health *health);
// Whether it is SERVING now.
bool health_serves(const struct face *face);
// No watcher may be left.
void health_fini(struct health *health);

own_message_fn health_check;
extern const struct stream_handler health_watch;
