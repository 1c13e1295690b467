// A TLS client that never blocks, to be stepped beside the event loop it talks to, in one process
// and one thread. It speaks frames but does not mind what it sends.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "base/buffer.h"
#include "base/span.h"
#include "support/certificates.h"

struct tls_client_spec {
    uint16_t port;                         // on 127.0.0.1
    const struct certificate *certificate; // NULL: none
    const struct certificate *chain;       // an intermediate to send with it; NULL: none
    const char *alpn;                      // NULL: none offered
    int version_max;                       // TLS1_2_VERSION; 0: the best there is
};

struct tls_client {
    SSL_CTX *context; // owned, like the rest
    SSL *ssl;
    int fd;
    struct buffer output; // not yet taken by TLS
    struct buffer input;  // all that came
    size_t taken;         // of `input`, by tls_client_take
    bool ready;           // the client's half of the handshake is over
    bool stopped_reading;
    bool ended;          // the server has ended its side, or broken
    bool clean;          // with close_notify
    unsigned long error; // what OpenSSL said when it broke; 0: nothing
    size_t records;      // application data records received
};

struct tls_client *tls_client_new(const struct tls_client_spec *spec);
void tls_client_free(struct tls_client *client);

// Goes on as far as it can without waiting. Returns whether anything moved.
bool tls_client_step(struct tls_client *client);

void tls_client_send(struct tls_client *client, struct span bytes);
// A length and as many bytes.
void tls_client_send_frame(struct tls_client *client, struct span frame);
// Whether all given bytes are in the socket.
bool tls_client_sent(const struct tls_client *client);
// The next whole frame received, valid until the next step; false: none yet.
bool tls_client_take(struct tls_client *client, struct span *ret_frame);

// Ends our side: close_notify and FIN. Answers can still be read.
void tls_client_end(struct tls_client *client);
// The alert in `error`, as a TLS alert number; -1: it is none.
int tls_client_alert(const struct tls_client *client);
