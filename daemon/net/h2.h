// HTTP/2 on one connection: nghttp2 keeps the protocol, connection.c the socket and the states.
// What was read is given to h2_take; h2_fill puts into the outbox what has become due, in the
// turn's end and only while the outbox holds little, so that what waits for windows waits outside.
//
//     SERVING ---- h2_drain: the notice, then a PING ---> NOTICED
//     NOTICED ---- the PING's answer, or h2_say_last ---> LAST_SAID: GOAWAY with the last stream
//     h2_over: GOAWAY (ours, or nghttp2's for a breach) is out, or both sides have nothing more
//
// * Nothing here calls nghttp2 to read or write from inside one of its callbacks.
// * After h2_abandon there is no session and no exchange; the connection only lingers.
// * Input timer: of the settings' exchange, of the field section being received and of calls that
//   are still coming, the oldest counts; each has LIMIT_FRAME_MS from its beginning.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <nghttp2/nghttp2.h>

#include "base/span.h"
#include "base/status.h"
#include "net/h2_fields.h"
#include "net/h2_limits.h"
#include "net/h2_memory.h"
#include "net/http.h"

struct connection;
struct h2_exchange;

enum { H2_REASON_BYTES = 96 };

// What the connections of a server share.
struct h2_host {
    struct server_http http;
    nghttp2_session_callbacks *callbacks; // owned
    nghttp2_option *option;               // owned
    struct h2_block *spare_block;         // owned: one that is done with; NULL: none
    size_t exchanges;                     // open on all connections
};

enum h2_drain { H2_SERVING, H2_NOTICED, H2_LAST_SAID };

TAILQ_HEAD(h2_exchanges, h2_exchange);

struct h2 {
    struct connection *connection;
    struct h2_host *host;
    nghttp2_session *session;      // owned; NULL: abandoned
    struct h2_memory memory;       // the session's
    struct h2_block *block;        // owned: the field section being received; NULL: none
    struct h2_exchanges exchanges; // all that are open
    struct h2_exchanges coming;    // calls not come whole, oldest first
    int64_t settings_since_us;     // ours wait to be acknowledged; 0: they are
    size_t unsent_bytes;           // of all exchanges; not yet in the outbox
    struct h2_limits limits;
    enum h2_drain drain;
    bool took;                     // some of the unsent bytes have left; see h2_has_taken
    bool ending;                   // a GOAWAY of ours that ends the connection is on its way
    bool goodbye;                  // and is in the outbox
    nghttp2_session *torn_session; // kept for ever: nghttp2 had no memory for a frame; or NULL
    struct h2 *next_torn;
    char reason[H2_REASON_BYTES]; // why it is broken; empty: it is not
};

// STATUS_NO_MEMORY.
MUST_CHECK enum status h2_host_new(const struct server_http *http, struct h2_host **ret_host);
void h2_host_free(struct h2_host *host);

// For a connection that is just OPEN, its settings queued. NULL: no memory.
struct h2 *h2_new(struct connection *connection);
// The layer above is told that all exchanges are gone, the session is freed. Not from inside a
// callback. NULL is allowed.
void h2_abandon(struct h2 *h2);
// After h2_abandon.
void h2_free(struct h2 *h2);

void h2_take(struct h2 *h2, struct span bytes);
// Moves bytes to the outbox until it holds a few records or nothing more is due.
void h2_fill(struct h2 *h2);
// Nothing is left to be said by either side, once the outbox is empty.
bool h2_over(const struct h2 *h2);
// Why it is over, for the log; NULL: as both sides agreed.
const char *h2_reason(const struct h2 *h2);
// The peer will send no more: only calls that have come whole are still served.
void h2_end_input(struct h2 *h2);

// Answer bytes wait for windows.
bool h2_waits(const struct h2 *h2);
// Whether the peer's windows have taken answer bytes since this was last asked.
bool h2_has_taken(struct h2 *h2);
// Too much waits to leave for more to be read; little enough to read on.
bool h2_is_crowded(const struct h2 *h2);
bool h2_has_room(const struct h2 *h2);
// Unsent answers and what is in the outbox.
size_t h2_waiting_bytes(const struct h2 *h2);

// Starts or stops the connection's input timer; and what happens when it has run out.
void h2_time_input(struct h2 *h2);
void h2_on_input_timer(struct h2 *h2);

// Whether on_room is owed to some exchange, and the calls themselves.
bool h2_owes_room(const struct h2 *h2);
void h2_tell_room(struct h2 *h2);

void h2_drain(struct h2 *h2);
// The GOAWAY with the last stream, unless it has been said.
void h2_say_last(struct h2 *h2);

// Says GOAWAY with `code` of RFC 9113, 7, then the connection breaks; `reason` goes into both.
void h2_end(struct h2 *h2, uint32_t code, const char *reason);
// What nghttp2 was asked to do has been refused: for want of memory, or the stream has just gone.
void h2_submitted(struct h2 *h2, int result);
// A unit of it; h2_end when it was too often.
void h2_suffer(struct h2 *h2, enum h2_nuisance nuisance, uint32_t units);
