// What SSL knows of its peer hangs on its session, which nothing needs when nothing is resumed.
// SSL_set_session takes it away, but starts the whole connection anew when the context's method is
// not the one that the handshake has arrived at: that of TLS 1.3 alone, which has no public name.
// So the connection is moved to a context of that method first. tls_rehearse tries all of this
// before there are clients.
#include "net/tls_chain.h"

#include <stdbool.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/check.h"
#include "net/tls_dates.h"

// --- the copy ---

// The peer's own at 0. NULL: there are no more.
static X509 *certificate_at(const SSL *ssl, int place)
{
    return place == 0 ? SSL_get0_peer_certificate(ssl)
                      : sk_X509_value(SSL_get_peer_cert_chain(ssl), place - 1);
}

static enum status count_bytes(const SSL *ssl, uint32_t *ret_bytes)
{
    uint32_t bytes = 0;
    const X509 *certificate = NULL;
    for (int i = 0; (certificate = certificate_at(ssl, i)) != NULL; i++) {
        int len = i2d_X509(certificate, NULL);
        if (len < 0) {
            ERR_clear_error();
            return STATUS_NO_MEMORY;
        }
        bytes += (uint32_t)len;
    }
    *ret_bytes = bytes;
    return STATUS_OK;
}

enum status tls_chain_copy(const SSL *ssl, struct tls_chain **ret_chain)
{
    uint32_t bytes = 0;
    TRY(count_bytes(ssl, &bytes));
    struct tls_chain *chain = malloc(sizeof(*chain) + bytes);
    if (chain == NULL) {
        return STATUS_NO_MEMORY;
    }
    chain->len = bytes;
    const X509 *certificate = certificate_at(ssl, 0);
    chain->not_after_ms = certificate == NULL ? 0 : tls_time_ms(X509_get0_notAfter(certificate));
    unsigned char *at = chain->der;
    for (int i = 0; (certificate = certificate_at(ssl, i)) != NULL; i++) {
        if (i2d_X509(certificate, &at) < 0) { // takes memory once more
            ERR_clear_error();
            free(chain);
            return STATUS_NO_MEMORY;
        }
    }
    CHECK(at == chain->der + bytes);
    *ret_chain = chain;
    return STATUS_OK;
}

// --- the original ---

static SSL_CTX *bare; // for the life of the process: connections of all contexts are moved here

enum status tls_chain_prepare(const SSL *ssl)
{
    if (bare == NULL) {
        bare = SSL_CTX_new(SSL_get_ssl_method(ssl));
    }
    return bare == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

// The session says how short records must be, if the peer has asked for that (RFC 6066).
static bool is_needed(SSL_SESSION *session)
{
    return session == NULL ||
           SSL_SESSION_get_max_fragment_length(session) != TLSEXT_max_fragment_length_DISABLED;
}

void tls_chain_forget(SSL *ssl)
{
    CHECK(SSL_is_init_finished(ssl));
    if (bare != NULL && SSL_get_ssl_method(ssl) == SSL_CTX_get_ssl_method(bare) &&
        !is_needed(SSL_get_session(ssl)) && SSL_set_SSL_CTX(ssl, bare) == bare) {
        CHECK(SSL_set_session(ssl, NULL) == 1);
    }
    ERR_clear_error(); // of SSL_set_SSL_CTX, when it has no memory: then all stays as it is
}
