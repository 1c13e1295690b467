// A peer's certificates as it sent them, kept for the day on which authorities or revocations
// change (server_reload). OpenSSL keeps them decoded, at some 5 KiB each: with ten thousand idle
// connections that is 100 MiB. Kept here is their DER, and OpenSSL is made to forget its own.
#pragma once

#include <stdint.h>

#include <openssl/types.h>

#include "base/status.h"

// DER behind DER, the peer's own certificate first; then its issuers, in whatever order they came.
struct tls_chain {
    int64_t not_after_ms; // of the peer's own; 0: it cannot be read
    uint32_t len;
    uint8_t der[];
};

// After the handshake, before tls_chain_forget. STATUS_NO_MEMORY. Freed with free().
MUST_CHECK enum status tls_chain_copy(const SSL *ssl, struct tls_chain **ret_chain);

// Makes what tls_chain_forget needs, from a finished handshake of the same kind; at the first call
// of the process. STATUS_NO_MEMORY.
MUST_CHECK enum status tls_chain_prepare(const SSL *ssl);
// After the handshake: `ssl` goes on without knowing its peer; only records are left to it.
void tls_chain_forget(SSL *ssl);
