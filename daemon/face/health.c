// Health. A watcher knows what its client was told last; one whose client does not take what it is
// told hears of it when there is room, and then only of how things stand.
#include "face/health.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/span.h"
#include "face/bounds.h"
#include "face/call.h"
#include "face/face_parts.h"
#include "grpc/health/v1/health.pb-c.h"
#include "service/error.h"
#include "service/lease.h"
#include "service/method.h"
#include "service/service.h"
#include "store/store.h"

typedef Grpc__Health__V1__HealthCheckResponse__ServingStatus serving_status;

#define SERVING GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
#define NOT_SERVING GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING
#define SERVICE_UNKNOWN GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN

struct watcher {
    struct call *call;
    bool known; // the service
    bool full;  // told of nothing until there is room
    serving_status told;
    struct watcher *previous;
    struct watcher *next;
};

// "" or the name in a path of the contract, "/loyalty.v1.PointsService/Award".
static bool is_service(struct span name)
{
    if (name.len == 0) {
        return true;
    }
    for (size_t i = 0; i < method_count(); i++) {
        const char *path = method_at(i)->path + 1;
        if (span_equal(name, span_of(path, strcspn(path, "/")))) {
            return true;
        }
    }
    return false;
}

bool health_serves(const struct face *face)
{
    const struct service *service = face->service;
    return !face->draining && !service->stopping &&
           store_is_ready(service->options.store, &(const char *){NULL}) &&
           lease_check(service->lease, true) == TROUBLE_NONE;
}

static serving_status present(const struct face *face)
{
    return health_serves(face) ? SERVING : NOT_SERVING;
}

static bool tell(struct call *call, serving_status status)
{
    Grpc__Health__V1__HealthCheckResponse response = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
    response.status = status;
    return own_send(call, &response.base);
}

static struct span asked_service(const ProtobufCMessage *message)
{
    return span_of_text(((const Grpc__Health__V1__HealthCheckRequest *)message)->service);
}

void health_check(struct call *call, const ProtobufCMessage *message)
{
    if (!is_service(asked_service(message))) {
        Loyalty__V1__Error error = error_make(LOYALTY__V1__CODE__CODE_NOT_FOUND, "UNKNOWN_SERVICE",
                                              "service", "There is no such service.");
        call_fail(call, &error);
        return;
    }
    (void)tell(call, present(call->face));
    own_end(call);
}

// --- watching ---

static void inform(struct watcher *watcher)
{
    serving_status now = watcher->known ? present(watcher->call->face) : SERVICE_UNKNOWN;
    if (now != watcher->told && !watcher->full) {
        watcher->told = now;
        watcher->full = !tell(watcher->call, now);
    }
}

static void look_later(struct health *health);

static void on_time(struct timer *timer)
{
    struct health *health =
        (struct health *)(void *)((char *)timer - offsetof(struct health, timer));
    health_refresh(health);
    look_later(health);
}

static void look_later(struct health *health)
{
    if (health->watchers != NULL) {
        struct timers *timers = health->face->timers;
        timers_set(timers, &health->timer, timers_now(timers) + FACE_HEALTH_MS, on_time);
    }
}

static void on_watch(struct call *call, const ProtobufCMessage *message)
{
    struct health *health = &call->face->health;
    struct watcher *watcher = calloc(1, sizeof(*watcher));
    if (watcher == NULL) {
        Loyalty__V1__Error error = error_make(LOYALTY__V1__CODE__CODE_UNAVAILABLE, "NO_MEMORY", "",
                                              "Out of memory; try again.");
        call_fail(call, &error);
        return;
    }
    watcher->call = call;
    watcher->known = is_service(asked_service(message));
    watcher->next = health->watchers;
    if (health->watchers != NULL) {
        health->watchers->previous = watcher;
    }
    bool first = health->watchers == NULL;
    health->watchers = watcher;
    call->stream_state = watcher;
    inform(watcher); // told is UNKNOWN, which it never is
    if (first) {
        look_later(health);
    }
}

static void on_room(struct call *call)
{
    struct watcher *watcher = call->stream_state;
    if (watcher != NULL) {
        watcher->full = false;
        inform(watcher);
    }
}

static void on_gone(struct call *call)
{
    struct health *health = &call->face->health;
    struct watcher *watcher = call->stream_state;
    if (watcher == NULL) {
        return;
    }
    if (watcher->previous != NULL) {
        watcher->previous->next = watcher->next;
    } else {
        health->watchers = watcher->next;
    }
    if (watcher->next != NULL) {
        watcher->next->previous = watcher->previous;
    }
    call->stream_state = NULL;
    free(watcher);
    if (health->watchers == NULL) {
        timers_clear(health->face->timers, &health->timer);
    }
}

const struct stream_handler health_watch = {
    .on_message = on_watch,
    .on_room = on_room,
    .on_gone = on_gone,
};

// --- its life ---

void health_init(struct health *health, struct face *face)
{
    *health = (struct health){.face = face};
}

void health_refresh(struct health *health)
{
    for (struct watcher *watcher = health->watchers; watcher != NULL; watcher = watcher->next) {
        arena_reset(&health->face->incoming);
        inform(watcher);
    }
}

void health_fini(struct health *health)
{
    CHECK(health->watchers == NULL && health->timer.place == 0);
}
