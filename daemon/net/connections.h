// All connections of one server: the table from id to connection, what they share, and the end of
// the turn. An id is never reused, so a late answer cannot reach another client.
//
// The end of the turn: a callback of the loop only marks; a connection that was woken is looked at
// once, after all callbacks of the turn that are already due, outside any callback of its own.
// There its answers leave in one write, reading resumes, and what has ended is freed.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/time.h>

#include <event2/event.h>
#include <openssl/types.h>

#include "base/buffer.h"
#include "base/status.h"
#include "net/server.h"
#include "net/server_figures.h"
#include "net/stream.h"

struct connection;
struct h2_host;

// Called when a connection has been freed or its handshake is over.
typedef void connections_room_fn(void *context);

struct connections {
    struct event_base *base;
    SSL_CTX *tls;                // owned reference: the context of new connections
    char *trust_domain;          // owned
    struct server_limits limits; // no zeroes
    server_frame_fn *on_frame;
    void *frame_context;
    struct h2_host *h2; // owned; NULL: HTTP/2 is not spoken
    connections_room_fn *on_room;
    void *room_context;

    // Waits of equal length share one queue of the loop.
    const struct timeval *handshake_wait;
    const struct timeval *frame_wait;
    const struct timeval *linger_wait;
    const struct timeval *take_wait;
    const struct timeval *idle_wait;

    struct connection **slots; // owned array and entries; NULL: free
    uint32_t *free_slots;      // owned stack of the free ones
    uint32_t slot_count;       // at least limits.connections
    uint32_t free_count;
    uint64_t serial;
    uint32_t handshakes; // of all of them, those in CONNECTION_HANDSHAKE
    size_t in_flight;    // of all of them
    bool draining;
    struct server_figures figures;
    struct buffer goaway; // owned: what a drain says to clients of frames; may be empty

    TAILQ_HEAD(, connection) awake;
    struct event *turn_end;               // owned
    uint8_t scratch[STREAM_RECORD_BYTES]; // what one read gives, for the length of a callback
};

// Zeroes in `limits` become the defaults. Takes `tls` on success. STATUS_NO_MEMORY, or
// STATUS_TOO_LARGE when more connections are wanted than an id can name.
MUST_CHECK enum status connections_init(struct connections *all, struct event_base *base,
                                        SSL_CTX *tls, const char *trust_domain,
                                        const struct server_limits *limits);
// The limits of connections and frames, from now on; what is under way goes on as it began.
// STATUS_TOO_LARGE where more connections are wanted than there are slots, STATUS_NO_MEMORY: then
// nothing has changed.
MUST_CHECK enum status connections_set_limits(struct connections *all,
                                              const struct server_limits *limits);
// Closes and frees every connection. Not from inside on_frame.
void connections_fini(struct connections *all);

size_t connections_count(const struct connections *all);
bool connections_full(const struct connections *all);
// Whether to accept another: not full, and not too many handshakes at a time.
bool connections_have_room(const struct connections *all);
// One handshake more; one less, for whatever reason.
void connections_handshake_begun(struct connections *all);
void connections_handshake_over(struct connections *all);

// This machine's clock as the loop has read it: no system call.
int64_t connections_wall_ms(const struct connections *all);

// Not when full. The id names the connection until connections_remove.
uint64_t connections_add(struct connections *all, struct connection *connection);
void connections_remove(struct connections *all, uint64_t id);
// NULL: gone.
struct connection *connections_find(const struct connections *all, uint64_t id);

// Every connection there is, and each that opens later, is asked to go; see server_drain.
void connections_drain(struct connections *all);
// Those of HTTP/2 that have not answered the notice by now are told the last stream.
void connections_say_last(struct connections *all);

// The connection is to be looked at when the turn ends.
void connections_wake(struct connections *all, struct connection *connection);
