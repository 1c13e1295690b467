// An id is serial << SLOT_BITS | slot: the slot finds, the serial tells the present one from those
// before it. 44 bits of serial last 500 years at a thousand connections a second.
#include "net/connections.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/ssl.h>

#include "base/check.h"
#include "base/limits.h"
#include "net/connection.h"
#include "net/h2.h"

enum { SLOT_BITS = 20, SLOTS_MAX = 1 << SLOT_BITS };

static_assert((int)LIMIT_CONNECTIONS <= (int)SLOTS_MAX, "an id can name every connection");

static void tell_room(struct connections *all)
{
    if (all->on_room != NULL && connections_have_room(all)) {
        all->on_room(all->room_context);
    }
}

// A connection may wake itself or others meanwhile; it ends since nothing is read here.
static void on_turn_end(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct connections *all = context;
    struct connection *connection = NULL;
    while ((connection = TAILQ_FIRST(&all->awake)) != NULL) {
        TAILQ_REMOVE(&all->awake, connection, next_awake);
        connection->awake = false;
        connection_turn_end(connection);
        if (connection->state == CONNECTION_ENDED) {
            connection_free(connection);
            tell_room(all);
        }
    }
}

static uint32_t or_default(uint32_t limit, uint32_t otherwise)
{
    return limit == 0 ? otherwise : limit;
}

static struct server_limits resolve_limits(const struct server_limits *limits)
{
    uint32_t in_flight = or_default(limits->in_flight, LIMIT_CONNECTION_IN_FLIGHT);
    uint32_t streams = or_default(limits->http_streams, LIMIT_HTTP_STREAMS);
    return (struct server_limits){
        .connections = or_default(limits->connections, LIMIT_CONNECTIONS),
        .in_flight = in_flight,
        .handshakes = or_default(limits->handshakes, CONNECTION_HANDSHAKES),
        .handshake_ms = or_default(limits->handshake_ms, LIMIT_HANDSHAKE_MS),
        .frame_ms = or_default(limits->frame_ms, LIMIT_FRAME_MS),
        .linger_ms = or_default(limits->linger_ms, CONNECTION_LINGER_MS),
        .http_streams = streams < in_flight ? streams : in_flight,
        .http_exchanges = or_default(limits->http_exchanges, LIMIT_HTTP_EXCHANGES),
        .http_take_ms = or_default(limits->http_take_ms, LIMIT_HTTP_TAKE_MS),
        .http_ping_ms = or_default(limits->http_ping_ms, LIMIT_HTTP_PING_MS),
        .drain_notice_ms = or_default(limits->drain_notice_ms, LIMIT_DRAIN_NOTICE_MS),
        .drain_idle_ms = or_default(limits->drain_idle_ms, LIMIT_DRAIN_IDLE_MS),
    };
}

static const struct timeval *shared_wait(struct event_base *base, uint32_t wait_ms)
{
    const struct timeval wait = {.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000L};
    return event_base_init_common_timeout(base, &wait);
}

static enum status allocate(struct connections *all)
{
    uint32_t most = all->limits.connections;
    all->slot_count = most > LIMIT_CONNECTIONS ? most : LIMIT_CONNECTIONS; // the limit may rise
    all->slots = calloc(all->slot_count, sizeof(struct connection *));
    all->free_slots = calloc(all->slot_count, sizeof(uint32_t));
    all->handshake_wait = shared_wait(all->base, all->limits.handshake_ms);
    all->frame_wait = shared_wait(all->base, all->limits.frame_ms);
    all->linger_wait = shared_wait(all->base, all->limits.linger_ms);
    all->take_wait = shared_wait(all->base, all->limits.http_take_ms);
    all->idle_wait = shared_wait(all->base, all->limits.drain_idle_ms);
    all->turn_end = event_new(all->base, -1, 0, on_turn_end, all);
    bool complete = all->trust_domain != NULL && all->slots != NULL && all->free_slots != NULL &&
                    all->handshake_wait != NULL && all->frame_wait != NULL &&
                    all->linger_wait != NULL && all->take_wait != NULL && all->idle_wait != NULL &&
                    all->turn_end != NULL;
    return complete ? STATUS_OK : STATUS_NO_MEMORY;
}

static void release(struct connections *all)
{
    if (all->turn_end != NULL) {
        event_free(all->turn_end);
    }
    free(all->slots);
    free(all->free_slots);
    free(all->trust_domain);
    h2_host_free(all->h2);
    buffer_fini(&all->goaway);
    SSL_CTX_free(all->tls);
    *all = (struct connections){0};
}

enum status connections_init(struct connections *all, struct event_base *base, SSL_CTX *tls,
                             const char *trust_domain, const struct server_limits *limits)
{
    *all = (struct connections){.base = base, .limits = resolve_limits(limits)};
    TAILQ_INIT(&all->awake);
    buffer_init(&all->goaway, LIMIT_FRAME_BYTES);
    if (all->limits.connections > SLOTS_MAX) {
        return STATUS_TOO_LARGE;
    }
    all->trust_domain = strdup(trust_domain);
    enum status status = allocate(all);
    if (status != STATUS_OK) {
        release(all);
        return status;
    }
    for (uint32_t i = 0; i < all->slot_count; i++) {
        all->free_slots[i] = all->slot_count - 1 - i;
    }
    all->free_count = all->slot_count;
    all->tls = tls;
    return STATUS_OK;
}

enum status connections_set_limits(struct connections *all, const struct server_limits *limits)
{
    struct server_limits fresh = resolve_limits(limits);
    const struct timeval *handshake_wait = shared_wait(all->base, fresh.handshake_ms);
    const struct timeval *frame_wait = shared_wait(all->base, fresh.frame_ms);
    if (fresh.connections > all->slot_count) {
        return STATUS_TOO_LARGE;
    }
    if (handshake_wait == NULL || frame_wait == NULL) {
        return STATUS_NO_MEMORY;
    }
    all->limits.connections = fresh.connections;
    all->limits.handshakes = fresh.handshakes;
    all->limits.in_flight = fresh.in_flight;
    all->limits.http_streams = fresh.http_streams;
    all->limits.handshake_ms = fresh.handshake_ms;
    all->limits.frame_ms = fresh.frame_ms;
    all->handshake_wait = handshake_wait;
    all->frame_wait = frame_wait;
    tell_room(all);
    return STATUS_OK;
}

void connections_fini(struct connections *all)
{
    if (all == NULL || all->slots == NULL) {
        return;
    }
    all->on_room = NULL;
    for (uint32_t slot = 0; slot < all->slot_count; slot++) {
        if (all->slots[slot] != NULL) {
            connection_free(all->slots[slot]);
        }
    }
    CHECK(connections_count(all) == 0 && all->in_flight == 0 && all->handshakes == 0);
    CHECK(all->h2 == NULL || all->h2->exchanges == 0);
    release(all);
}

size_t connections_count(const struct connections *all)
{
    return all->slot_count - all->free_count;
}

bool connections_full(const struct connections *all)
{
    return connections_count(all) >= all->limits.connections;
}

bool connections_have_room(const struct connections *all)
{
    return !connections_full(all) && all->handshakes < all->limits.handshakes;
}

void connections_handshake_begun(struct connections *all)
{
    all->handshakes++;
}

void connections_handshake_over(struct connections *all)
{
    CHECK(all->handshakes > 0);
    all->handshakes--;
    tell_room(all);
}

int64_t connections_wall_ms(const struct connections *all)
{
    struct timeval now = {0};
    (void)event_base_gettimeofday_cached(all->base, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_usec / 1000;
}

uint64_t connections_add(struct connections *all, struct connection *connection)
{
    CHECK(all->free_count > 0);
    uint32_t slot = all->free_slots[--all->free_count];
    CHECK(all->slots[slot] == NULL);
    all->slots[slot] = connection;
    return ++all->serial << SLOT_BITS | slot;
}

void connections_remove(struct connections *all, uint64_t id)
{
    struct connection *connection = connections_find(all, id);
    CHECK(connection != NULL);
    if (connection->awake) {
        TAILQ_REMOVE(&all->awake, connection, next_awake);
        connection->awake = false;
    }
    uint32_t slot = (uint32_t)(id % SLOTS_MAX);
    all->slots[slot] = NULL;
    all->free_slots[all->free_count++] = slot;
}

struct connection *connections_find(const struct connections *all, uint64_t id)
{
    uint32_t slot = (uint32_t)(id % SLOTS_MAX);
    if (slot >= all->slot_count) {
        return NULL;
    }
    struct connection *connection = all->slots[slot];
    return connection != NULL && connection->id == id ? connection : NULL;
}

void connections_drain(struct connections *all)
{
    all->draining = true;
    for (uint32_t slot = 0; slot < all->slot_count; slot++) {
        if (all->slots[slot] != NULL) {
            connection_drain(all->slots[slot]);
        }
    }
}

void connections_say_last(struct connections *all)
{
    for (uint32_t slot = 0; slot < all->slot_count; slot++) {
        if (all->slots[slot] != NULL) {
            connection_say_last(all->slots[slot]);
        }
    }
}

void connections_wake(struct connections *all, struct connection *connection)
{
    if (!connection->awake) {
        connection->awake = true;
        TAILQ_INSERT_TAIL(&all->awake, connection, next_awake);
        event_active(all->turn_end, 0, 0);
    }
}
