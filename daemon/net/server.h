// The listener and its connections: TLS 1.3, client certificates, ALPN, absolute timers, bounded
// buffers. It carries frames for ALPN "loyalty/1" (HTTP/2 for "h2": net/http.h) and knows no
// loyalty: a frame's bytes go to the handler, the handler's answers go back in any order. One event
// loop, no threads.
//
// Lifetime: a connection is named by an id that is never reused, so an answer that comes after the
// connection is gone is dropped without harm.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/metrics.h"
#include "base/span.h"
#include "base/status.h"
#include "net/identity.h"

struct event_base;
struct server;

// A live connection, for who looks after the server. Texts are borrowed for the call.
struct server_connection {
    uint64_t id;
    const char *address;         // "192.0.2.7:51812"
    const struct identity *peer; // of empty texts during the handshake
    const char *protocol;        // as ALPN names it; empty during the handshake
    int64_t since_ms;            // when it was accepted, by this machine's clock
    uint64_t requests;           // in all, those in flight too
    uint32_t in_flight;
    int64_t certificate_not_after_ms; // the peer's; 0 during the handshake
};

// Returns whether to go on.
typedef bool server_connection_fn(void *context, const struct server_connection *connection);

// When what is in force must have been renewed; 0: there is none.
struct server_dates {
    int64_t certificate_not_after_ms; // the earliest of the server's own chain
    int64_t crl_next_update_ms;       // the earliest of all lists
};

struct server_tls_options {
    const char *certificate_path; // PEM chain
    const char *key_path;
    const char *client_ca_path; // PEM bundle that issues clients' certificates
    const char *crl_path;       // NULL: no revocation list
    const char *trust_domain;
};

// 0 means the default.
struct server_limits {
    uint32_t connections;  // LIMIT_CONNECTIONS; above it clients wait unaccepted
    uint32_t handshakes;   // 1024 at a time; above it clients wait unaccepted
    uint32_t in_flight;    // requests of one connection; LIMIT_CONNECTION_IN_FLIGHT
    uint32_t handshake_ms; // LIMIT_HANDSHAKE_MS
    uint32_t frame_ms;     // LIMIT_FRAME_MS; also the time a record has to go out
    uint32_t linger_ms;    // 1000: how long a client has to read why it was closed

    uint32_t http_streams;    // LIMIT_HTTP_STREAMS; at most in_flight
    uint32_t http_exchanges;  // LIMIT_HTTP_EXCHANGES
    uint32_t http_take_ms;    // LIMIT_HTTP_TAKE_MS
    uint32_t http_ping_ms;    // LIMIT_HTTP_PING_MS
    uint32_t drain_notice_ms; // LIMIT_DRAIN_NOTICE_MS
    uint32_t drain_idle_ms;   // LIMIT_DRAIN_IDLE_MS
};

// One request frame's bytes; `peer` and `frame` are valid during the call. Each call is answered by
// exactly one server_answer (at once or later), or the connection ends first. It may call
// server_answer and server_close, not server_free.
typedef void server_frame_fn(void *context, uint64_t connection, const struct identity *peer,
                             struct span frame);

// The loop never fails to take a timer (app/loop.h). Builds the context and listens on `fd`
// (already bound; listen() is called here). Takes `fd` on success. Files are read now; a bad one is
// STATUS_INVALID; a socket that cannot listen is STATUS_IO; with a sentence in `ret_error`
// (caller's buffer).
MUST_CHECK enum status server_new(struct event_base *base, int fd,
                                  const struct server_tls_options *tls,
                                  const struct server_limits *limits, server_frame_fn *on_frame,
                                  void *context, char *ret_error, size_t error_bytes,
                                  struct server **ret_server);
// Reads these files (NULL: those it had) into a fresh context; on error the old one stays. The
// trust domain is the one it had. New connections are
// judged by it at once; live ones in the turns that follow, some at a time, and those whose
// certificate is now revoked, expired or of a foreign issuer are closed.
MUST_CHECK enum status server_reload(struct server *server, const struct server_tls_options *tls,
                                     char *ret_error, size_t error_bytes);
// The first five limits, from now on; what is under way goes on. Connections above a lower limit
// stay. STATUS_TOO_LARGE for more than LIMIT_CONNECTIONS, STATUS_NO_MEMORY: nothing has changed.
MUST_CHECK enum status server_set_limits(struct server *server, const struct server_limits *limits);

// Queues one answer frame, 1 to LIMIT_FRAME_BYTES; answers of one loop turn leave in one write.
// Dropped if the connection is gone.
void server_answer(struct server *server, uint64_t connection, struct span frame);
// Closes a connection that sent what cannot be an envelope; `reason` (static text) goes to the log.
void server_close(struct server *server, uint64_t connection, const char *reason);

// Closes the listening socket; open connections go on until server_free or they end.
void server_stop_accepting(struct server *server);
// Leaves clients in the socket's queue, for a moment, until released.
void server_hold(struct server *server);
void server_release(struct server *server);
// Asks all clients to go, present and future ones. Those of frames are sent `goaway_frame` once
// (empty: nothing), are answered on, and are closed when they are owed nothing and have been silent
// for drain_idle_ms. Those of HTTP/2 are told not to open streams, then which was the last, and are
// closed when their calls are answered; streams that are no calls are reset then. Once;
// `goaway_frame` is copied. STATUS_NO_MEMORY: nothing was done.
MUST_CHECK enum status server_drain(struct server *server, struct span goaway_frame);
// What a drain waits for, over all live connections: requests handed to on_frame and not answered
// yet, and HTTP calls whose answer has not left for the socket.
size_t server_in_flight(const struct server *server);
// Includes those still in their handshake and those just closing.
size_t server_connections(const struct server *server);
// Newest first, those with an id below `below` (0: all). `each` may not change the server.
void server_each_connection(const struct server *server, uint64_t below, server_connection_fn *each,
                            void *context);
struct server_dates server_dates(const struct server *server);
// Answers queued so far are still sent as far as the sockets take them. NULL is allowed.
void server_metrics(const struct server *server, const struct metrics_out *out);
void server_free(struct server *server);
