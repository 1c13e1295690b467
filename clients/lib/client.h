// The inside of a client: one connection, what it still has to send, what it waits for. Nothing of
// this is exported; every internal name starts with ly_.
//
//     CLOSED -> TCP -> TLS -> HELLO -> OPEN          any of them -> CLOSED
//     HELLO is a GetClock: its answer shows that the server has accepted our certificate (in TLS
//     1.3 a client learns of a refusal only after its own handshake is done) and what time it is
//     there.
//
// Whether a request may have been executed is known from counters: `queued_bytes` and
// `attempted_bytes` count all bytes of this connection that were put into the output and that were
// offered to TLS. A request whose last byte was never offered cannot have been executed.
#pragma once

#include <netdb.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "lib/loyalty.h"
#include "lib/requests.h"

enum ly_phase { LY_CLOSED, LY_TCP, LY_TLS, LY_HELLO, LY_OPEN };

enum { LY_HOST_BYTES = 256, LY_PORT_BYTES = 8, LY_FRAME_BYTES_MAX = 64 * 1024 };

struct loyalty {
    SSL_CTX *tls;
    char host[LY_HOST_BYTES];
    char port[LY_PORT_BYTES];
    char server_name[LY_HOST_BYTES];
    uint32_t connect_timeout_ms;

    enum ly_phase phase;
    int fd; // -1 when there is none
    SSL *ssl;
    BIO_METHOD *socket_method;
    struct addrinfo *addresses;    // owned while connecting
    struct addrinfo *next_address; // to try when this one fails
    int64_t connect_deadline_ms;
    enum loyalty_outcome ended; // how the last connection, or the attempt at one, ended
    bool hello_failed;

    struct buffer input;
    struct buffer output;
    size_t output_sent;
    uint64_t queued_bytes;
    uint64_t attempted_bytes;
    bool wants_write; // TLS waits for room in the socket
    bool received;    // anything at all on this connection
    bool asked_to_go; // by the server, also once that connection is closed; no more is sent on it

    struct ly_requests requests;
    int delivered; // answers given to callbacks in this poll
    bool in_callback;

    int64_t clock_at_ms;     // the server's time, learned
    int64_t clock_steady_ms; // when, by our steady clock
    bool clock_known;
    bool clock_stands; // a test clock

    char error[LOYALTY_ERROR_BYTES];
};

// The steady clock and this machine's civil one.
int64_t ly_steady_ms(void);
int64_t ly_system_ms(void);

void ly_set_error(struct loyalty *client, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// --- connect.c ---

// "HOST:PORT" or "[HOST]:PORT" taken apart.
bool ly_parse_server(const char *server, char ret_host[LY_HOST_BYTES],
                     char ret_port[LY_PORT_BYTES]);
// One step of connecting, up to HELLO's request being queued. False: over, with the error set and
// the connection closed.
bool ly_connect_step(struct loyalty *client);
// Ends the connection: answers all that is in flight, drops what is buffered.
void ly_disconnect(struct loyalty *client, enum loyalty_outcome outcome);

// --- tls.c ---

// A context with the files read; NULL with a sentence in `ret_error`.
SSL_CTX *ly_tls_context(const struct loyalty_options *options, char ret_error[LOYALTY_ERROR_BYTES]);
// A session on the client's descriptor, ready for its handshake.
bool ly_tls_start(struct loyalty *client);
enum ly_tls_result { LY_TLS_DONE, LY_TLS_AGAIN, LY_TLS_CLOSED, LY_TLS_FAILED };
// What a call on `ssl` that returned `result` means. On FAILED and CLOSED the error is set, and the
// outcome: REFUSED when one side does not accept the other.
enum ly_tls_result ly_tls_judge(struct loyalty *client, int result);

// --- stream.c ---

// Offers the output to TLS, reads what is there, delivers answers. False: the connection is over,
// with the error set; not yet closed.
bool ly_stream_flush(struct loyalty *client);
bool ly_stream_receive(struct loyalty *client);
// Queues one request's frame; false when memory is short.
bool ly_stream_queue(struct loyalty *client, uint64_t correlation_id, const char *method,
                     struct span payload, uint32_t timeout_ms);
// Takes a request into the table and the output. Used by loyalty_submit and for HELLO.
bool ly_submit(struct loyalty *client, const char *method, struct span payload, uint32_t timeout_ms,
               loyalty_reply_fn *on_reply, void *user);
// Gives a request its answer. The request is forgotten first.
void ly_deliver(struct loyalty *client, const struct ly_request *request,
                const struct loyalty_reply *reply);
