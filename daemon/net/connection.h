// One client's connection, from accept to free. It owns its socket; `connections` owns it.
//
//     accept
//       |
//   HANDSHAKE ---- refused, timer, peer gone --------------------------.
//       | complete, protocol and identity known                        |
//      OPEN ------ bad frame, timer, broken, revoked, server_close,
//       |          over as HTTP/2 has it, let go by a drain ---------> CLOSING
//       | the peer ended its side                                      |
//   DRAINING ----- the same reasons ------------------------------> CLOSING
//       | every answer is out                                          | peer gone, linger timer
//     ENDED <----------------------------------------------------------'
//       | end of the turn
//     freed
//
// CLOSING has said goodbye and throws away what still comes, so that the peer can read why.
//
// What it carries, frames or HTTP/2 (h2 is not NULL), is known from OPEN on; states, output and
// ends are the same for both.
//
// Invariants (connection_check):
// * frames are handed on only in OPEN and only while not paused; then nothing whole waits in inbox
// * the socket is read in HANDSHAKE, in OPEN unless paused, and in CLOSING; not in DRAINING
// * `in_flight` counts frames handed on and not answered, or calls of HTTP/2 that are not gone;
//   answers go out in OPEN and DRAINING
// * a frame that has begun has a running input timer, counted from its first byte; see also h2.h
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <event2/event.h>
#include <event2/event_struct.h>
#include <openssl/types.h>

#include "base/span.h"
#include "net/acceptor.h"
#include "net/identity.h"
#include "net/inbox.h"
#include "net/outbox.h"
#include "net/stream.h"

struct connections;
struct h2;
struct tls_chain;

enum {
    CONNECTION_LINGER_MS = 1000, // how long the peer has to read why it was closed
    // At about a millisecond each they take a fifth of LIMIT_HANDSHAKE_MS: when all tills come back
    // at once, those accepted are done in time and the rest wait in the socket's queue.
    CONNECTION_HANDSHAKES = 1024,
};

enum connection_state {
    CONNECTION_HANDSHAKE,
    CONNECTION_OPEN,
    CONNECTION_DRAINING,
    CONNECTION_CLOSING,
    CONNECTION_ENDED,
};

struct connection {
    struct connections *all;
    uint64_t id;
    enum connection_state state;
    bool paused;           // reading waits for answers to be given or taken
    bool blocked;          // the socket took no more; `writable` is waited for
    bool read_wants_write; // TLS must send before it can go on reading
    bool awake;            // in all->awake
    bool frame_begun;      // input_timer counts a frame, or the record that may bring one
    uint32_t in_flight;
    uint64_t requests; // handed on in all
    int64_t since_ms;  // accepted, by this machine's clock as the loop has it
    struct stream stream;
    struct inbox inbox;
    struct h2 *h2; // owned; NULL: frames
    struct outbox outbox;
    struct event readable;
    struct event writable;
    struct event input_timer;  // the handshake's, a frame's, silence's, or the linger time's end
    struct event output_timer; // the end of one record's time, or of the next answer bytes'
    TAILQ_ENTRY(connection) next_awake;
    struct identity peer;    // from OPEN on
    struct tls_chain *chain; // owned: the peer's certificates, from OPEN on
    char address[ACCEPTOR_ADDRESS_BYTES];
};

// Takes `fd` (non-blocking) in any case: closed at once, with a log line, when there is no memory.
// `address` is text for the log. Not when connections_full.
void connection_accept(struct connections *all, int fd, const char *address);
// Ends without a log line, after a try to send what is pending. Not from inside its own callback.
void connection_free(struct connection *connection);

void connection_answer(struct connection *connection, struct span frame);
// Closes with one log line. Nothing when it is closing already.
void connection_break(struct connection *connection, const char *reason);
// event_add for what a connection cannot live without: it ends when the loop takes no more.
void connection_await(struct connection *connection, struct event *event,
                      const struct timeval *wait);
// The server is drained: the peer is asked to go. Nothing unless OPEN.
void connection_drain(struct connection *connection);
// Of HTTP/2: the GOAWAY that says the last stream, now. Nothing unless OPEN.
void connection_say_last(struct connection *connection);
// Breaks when the peer is no longer good by the present context.
void connection_recheck(struct connection *connection);
// Sends, resumes, ends: whatever has become possible.
void connection_turn_end(struct connection *connection);
