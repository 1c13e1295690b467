// What the faces stand on: TLS over a socket that does not block, and the bytes still to go. All of
// it exits with a message when the connection breaks.
#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

struct bench_options;

// An owned context: the options' certificates, the server's checked, TLS 1.3. `alpn` is one
// protocol's name ("loyalty/1", "h2", "http/1.1").
SSL_CTX *bench_wire_context(const struct bench_options *options, const char *alpn);
// A connected TCP socket without delay, blocking still; owned by the caller.
int bench_wire_connect(const struct bench_options *options);

struct bench_wire {
    SSL *ssl;
    int fd;
    struct buffer output; // to go; whoever fills it calls bench_wire_write when the turn is over
    bool drained;         // the last read took all that had come
};

// Connected, handshake done, no longer blocking. A context for each protocol is kept for all.
void bench_wire_open(struct bench_wire *wire, const struct bench_options *options,
                     const char *alpn);
void bench_wire_close(struct bench_wire *wire);
// As much of the output as the socket takes.
void bench_wire_write(struct bench_wire *wire);
// So many bytes, at most `room`; 0: none now. To be called until it says 0; the socket is not asked
// for more than the one time a turn that brings anything.
size_t bench_wire_read(struct bench_wire *wire, void *bytes, size_t room);
// The descriptor, and the poll events wanted.
int bench_wire_interest(const struct bench_wire *wire, short *ret_events);
