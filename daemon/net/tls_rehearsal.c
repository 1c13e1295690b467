// The client of the rehearsal shows the server's own certificate; neither side minds whose it is.
#include "net/tls_rehearsal.h"

#include <stdbool.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "net/tls_chain.h"

enum { ROUNDS_MAX = 16 };

static int on_any(int good, X509_STORE_CTX *chain)
{
    (void)good;
    X509_STORE_CTX_set_error(chain, X509_V_OK);
    return 1;
}

// Both ends of one connection; `client` and `server` own their halves of it.
struct rehearsal {
    SSL_CTX *client_tls;
    SSL *client;
    SSL *server;
};

static bool make_client(struct rehearsal *rehearsal, SSL_CTX *tls)
{
    static const unsigned char alpn[] = "\x09loyalty/1";
    rehearsal->client_tls = SSL_CTX_new(TLS_client_method());
    return rehearsal->client_tls != NULL &&
           SSL_CTX_use_certificate(rehearsal->client_tls, SSL_CTX_get0_certificate(tls)) == 1 &&
           SSL_CTX_use_PrivateKey(rehearsal->client_tls, SSL_CTX_get0_privatekey(tls)) == 1 &&
           SSL_CTX_set_alpn_protos(rehearsal->client_tls, alpn, sizeof(alpn) - 1) == 0;
}

static bool make_ends(struct rehearsal *rehearsal, SSL_CTX *tls)
{
    BIO *to_server = NULL;
    BIO *to_client = NULL;
    rehearsal->client = SSL_new(rehearsal->client_tls);
    rehearsal->server = SSL_new(tls);
    if (rehearsal->client == NULL || rehearsal->server == NULL ||
        BIO_new_bio_pair(&to_server, 0, &to_client, 0) != 1) {
        return false;
    }
    SSL_set_bio(rehearsal->client, to_server, to_server);
    SSL_set_bio(rehearsal->server, to_client, to_client);
    SSL_set_verify(rehearsal->client, SSL_VERIFY_NONE, NULL);
    SSL_set_verify(rehearsal->server, SSL_VERIFY_PEER, on_any);
    SSL_set_connect_state(rehearsal->client);
    SSL_set_accept_state(rehearsal->server);
    return true;
}

// Whether one side's call has succeeded or only has to wait for the other.
static bool goes_on(const SSL *ssl, int returned)
{
    return returned == 1 || SSL_get_error(ssl, returned) == SSL_ERROR_WANT_READ;
}

static bool shake_hands(struct rehearsal *rehearsal)
{
    for (int round = 0; round < ROUNDS_MAX; round++) {
        int client = SSL_do_handshake(rehearsal->client);
        if (!goes_on(rehearsal->client, client)) {
            return false;
        }
        int server = SSL_do_handshake(rehearsal->server);
        if (!goes_on(rehearsal->server, server)) {
            return false;
        }
        if (client == 1 && server == 1) {
            return true;
        }
    }
    return false;
}

static bool pass_byte(SSL *from, SSL *to)
{
    char byte = 'b';
    return SSL_write(from, &byte, 1) == 1 && SSL_read(to, &byte, 1) == 1;
}

// What a connection does once its peer is known; then one byte each way.
static bool go_on(struct rehearsal *rehearsal)
{
    if (tls_chain_prepare(rehearsal->server) != STATUS_OK) {
        return false;
    }
    tls_chain_forget(rehearsal->server);
    return pass_byte(rehearsal->client, rehearsal->server) &&
           pass_byte(rehearsal->server, rehearsal->client);
}

enum status tls_rehearse(SSL_CTX *tls, const char **ret_reason)
{
    struct rehearsal rehearsal = {0};
    ERR_clear_error();
    bool good = make_client(&rehearsal, tls) && make_ends(&rehearsal, tls) &&
                shake_hands(&rehearsal) && go_on(&rehearsal);
    if (!good) {
        const char *reason = ERR_reason_error_string(ERR_peek_error());
        *ret_reason = reason == NULL ? "no handshake" : reason;
    }
    ERR_clear_error();
    SSL_free(rehearsal.client);
    SSL_free(rehearsal.server);
    SSL_CTX_free(rehearsal.client_tls);
    return good ? STATUS_OK : STATUS_INVALID;
}
