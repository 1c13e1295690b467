// The listener and its connections: TLS 1.3, client certificates, ALPN, absolute timers, bounded
// buffers. It carries frames for ALPN "loyalty/1" (and later h2) and knows no loyalty: a frame's
// bytes go to the handler, the handler's answers go back in any order. One event loop, no threads.
//
// Lifetime: a connection is named by an id that is never reused, so an answer that comes after the
// connection is gone is dropped without harm.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "base/status.h"
#include "net/identity.h"

struct event_base;
struct server;

struct server_tls_options {
    const char *certificate_path; // PEM chain
    const char *key_path;
    const char *client_ca_path;   // PEM bundle that issues clients' certificates
    const char *crl_path;         // NULL: no revocation list
    const char *trust_domain;
};

struct server_limits {
    uint32_t connections;       // 0: LIMIT_CONNECTIONS
    uint32_t in_flight;         // requests of one connection; 0: LIMIT_CONNECTION_IN_FLIGHT
};

// One request frame's bytes, valid during the call. Each call is answered by exactly one
// server_answer with this `request` (at once or later), or the connection ends first.
typedef void server_frame_fn(void *context, uint64_t connection, const struct identity *peer,
                             struct span frame);

// Builds the context and listens on `fd` (already bound; listen() is called here). Files are read
// now; a bad one is STATUS_INVALID with a sentence in `ret_error` (caller's buffer).
MUST_CHECK enum status server_new(struct event_base *base, int fd,
                                  const struct server_tls_options *tls,
                                  const struct server_limits *limits, server_frame_fn *on_frame,
                                  void *context, char *ret_error, size_t error_bytes,
                                  struct server **ret_server);
// Reads the files again into a fresh context; on error the old one stays. Live connections whose
// certificate is now revoked or expired are closed.
MUST_CHECK enum status server_reload(struct server *server, char *ret_error, size_t error_bytes);

// Queues one answer frame; answers of one loop turn leave in one write. Dropped if the connection
// is gone.
void server_answer(struct server *server, uint64_t connection, struct span frame);

// Stops accepting; open connections go on until server_free or they end.
void server_stop_accepting(struct server *server);
// Requests handed to on_frame and not answered yet, over all connections.
size_t server_in_flight(const struct server *server);
size_t server_connections(const struct server *server);
void server_free(struct server *server);

// Closes a connection that sent what cannot be an envelope; `reason` goes to the log.
void server_close(struct server *server, uint64_t connection, const char *reason);
