// The TLS context of the server, and the judgement of a peer by it. TLS 1.3 only; every client has
// a certificate of our CA; nothing is ever resumed, since a resumed session skips the judgement; no
// early data. Source: design.md, decision 5.
//
// Revocation: with a CRL file every certificate of a chain but the trust anchor needs a current CRL
// of its issuer; a missing or expired one refuses. An anchor is what stands in the CA file, a root
// or an intermediate; it is revoked by taking it out.
#pragma once

#include <stddef.h>

#include <openssl/types.h>

#include "base/status.h"
#include "net/identity.h"
#include "net/server.h"

struct tls_chain;

// What a connection speaks, chosen by ALPN, ours first in this order. A client that offers none of
// these is refused with the alert no_application_protocol.
enum tls_protocol {
    TLS_PROTOCOL_FRAMES, // "loyalty/1"
    TLS_PROTOCOL_HTTP,   // "h2", once tls_offer_http
};

// Reads the files. STATUS_INVALID with a sentence in `ret_error`, also for a trust domain that
// cannot be one. The context is the caller's, freed with SSL_CTX_free; connections keep their own
// reference.
MUST_CHECK enum status tls_context_new(const struct server_tls_options *options, char *ret_error,
                                       size_t error_bytes, SSL_CTX **ret_context);

// From now on "h2" is spoken too.
void tls_offer_http(SSL_CTX *tls);

// After the handshake only.
enum tls_protocol tls_protocol_of(const SSL *ssl);

// After the handshake only: whether the peer is let in, and as whom. `context` is the present one,
// which judges again what began by an older one. From then on `ssl` knows its peer no more;
// `ret_chain` does, freed with free(). STATUS_INVALID or STATUS_NO_MEMORY with the reason in
// `ret_reason` (static).
MUST_CHECK enum status tls_peer_admit(SSL *ssl, SSL_CTX *context, const char *trust_domain,
                                      struct identity *ret_identity, struct tls_chain **ret_chain,
                                      const char **ret_reason);

// After the handshake and before tls_peer_admit: the one URI SAN of the peer's certificate.
// STATUS_INVALID with the reason in `ret_reason` (static) when it has none, several, or one that is
// not an identity.
MUST_CHECK enum status tls_peer_identity(const SSL *ssl, const char *trust_domain,
                                         struct identity *ret_identity, const char **ret_reason);

// Judges a peer's chain again, by `context` and by now. STATUS_INVALID with the reason in
// `ret_reason` (static) when it is no longer good.
MUST_CHECK enum status tls_peer_recheck(const struct tls_chain *chain, SSL_CTX *context,
                                        const char **ret_reason);
