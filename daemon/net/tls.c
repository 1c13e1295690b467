// Building the context. The order is: how to speak, who we are, whom we believe, whom no more.
#include "net/tls.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/tls1.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/check.h"
#include "base/log.h"
#include "net/tls_files.h"
#include "net/tls_rehearsal.h"

enum {
    CHAIN_DEPTH_MAX = 4,            // intermediates between a client's certificate and an anchor
    CLIENT_CHAIN_BYTES = 32 * 1024, // what a client may send as its chain, before it is judged
};

struct sentence {
    char *text;
    size_t bytes;
};

// `what`, the path, and OpenSSL's oldest complaint.
static enum status refuse_file(struct sentence error, const char *what, const char *path)
{
    unsigned long code = ERR_get_error();
    const char *reason = ERR_GET_LIB(code) == ERR_LIB_SYS ? strerror(ERR_GET_REASON(code))
                                                          : ERR_reason_error_string(code);
    (void)snprintf(error.text, error.bytes, "%s in %s: %s", what, path,
                   reason == NULL ? "not readable as PEM" : reason);
    ERR_clear_error();
    return STATUS_INVALID;
}

static const struct {
    const char *id;
    enum tls_protocol protocol;
} protocols[] = {
    {"loyalty/1", TLS_PROTOCOL_FRAMES},
    {"h2", TLS_PROTOCOL_HTTP},
};

enum { PROTOCOL_COUNT = sizeof(protocols) / sizeof(protocols[0]) };

static const char *find_offered(struct span offered, const char *id)
{
    while (offered.len > 0 && offered.data[0] < offered.len) {
        struct span one = span_of(offered.data + 1, offered.data[0]);
        if (span_is_text(one, id)) {
            return (const char *)one.data;
        }
        offered = span_from(offered, 1 + one.len);
    }
    return NULL;
}

// Ours first: the order of the table is the order of preference.
static int choose_protocol(struct span offered, size_t count, const unsigned char **ret_id,
                           unsigned char *ret_bytes)
{
    for (size_t i = 0; i < count; i++) {
        const char *found = find_offered(offered, protocols[i].id);
        if (found != NULL) {
            *ret_id = (const unsigned char *)found;
            *ret_bytes = (unsigned char)strlen(protocols[i].id);
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int on_alpn(SSL *ssl, const unsigned char **ret_id, unsigned char *ret_bytes,
                   const unsigned char *offered, unsigned int offered_bytes, void *context)
{
    (void)ssl;
    (void)context;
    return choose_protocol(span_of(offered, offered_bytes), 1, ret_id, ret_bytes);
}

static int on_alpn_with_http(SSL *ssl, const unsigned char **ret_id, unsigned char *ret_bytes,
                             const unsigned char *offered, unsigned int offered_bytes,
                             void *context)
{
    (void)ssl;
    (void)context;
    return choose_protocol(span_of(offered, offered_bytes), PROTOCOL_COUNT, ret_id, ret_bytes);
}

void tls_offer_http(SSL_CTX *tls)
{
    SSL_CTX_set_alpn_select_cb(tls, on_alpn_with_http, NULL);
}

// OpenSSL does not ask on_alpn when nothing is offered, and would accept the connection.
static int on_client_hello(SSL *ssl, int *ret_alert, void *context)
{
    (void)context;
    const unsigned char *extension = NULL;
    size_t bytes = 0;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation,
                                  &extension, &bytes) == 1) {
        return SSL_CLIENT_HELLO_SUCCESS;
    }
    ERR_raise(ERR_LIB_SSL, SSL_R_NO_APPLICATION_PROTOCOL);
    *ret_alert = SSL_AD_NO_APPLICATION_PROTOCOL;
    return SSL_CLIENT_HELLO_ERROR;
}

enum tls_protocol tls_protocol_of(const SSL *ssl)
{
    const unsigned char *id = NULL;
    unsigned int bytes = 0;
    SSL_get0_alpn_selected(ssl, &id, &bytes);
    for (size_t i = 0; i < PROTOCOL_COUNT; i++) {
        if (span_is_text(span_of(id, bytes), protocols[i].id)) {
            return protocols[i].protocol;
        }
    }
    CHECK(false); // a handshake without ALPN is refused
    return TLS_PROTOCOL_FRAMES;
}

// A key with a passphrase would ask for it on the terminal.
static int on_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)writing;
    (void)context;
    if (size > 0) {
        buffer[0] = '\0';
    }
    return -1;
}

static void set_protocol(SSL_CTX *tls)
{
    CHECK(SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) == 1);
    (void)SSL_CTX_set_options(tls, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_TICKET |
                                       SSL_OP_NO_RENEGOTIATION);
    CHECK(SSL_CTX_set_num_tickets(tls, 0) == 1);
    (void)SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    CHECK(SSL_CTX_set_max_early_data(tls, 0) == 1);
    SSL_CTX_set_max_cert_list(tls, CLIENT_CHAIN_BYTES);
    SSL_CTX_set_alpn_select_cb(tls, on_alpn, NULL);
    SSL_CTX_set_client_hello_cb(tls, on_client_hello, NULL);
    // See net/stream.h: one read(2) takes all there is; idle connections hold no buffers.
    SSL_CTX_set_read_ahead(tls, 1);
    (void)SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                    SSL_MODE_NO_AUTO_CHAIN);
}

static enum status load_own(SSL_CTX *tls, const struct server_tls_options *options,
                            struct sentence error)
{
    SSL_CTX_set_default_passwd_cb(tls, on_passphrase);
    if (SSL_CTX_use_certificate_chain_file(tls, options->certificate_path) != 1) {
        return refuse_file(error, "no certificate chain", options->certificate_path);
    }
    if (SSL_CTX_use_PrivateKey_file(tls, options->key_path, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(tls) != 1) {
        return refuse_file(error, "no private key of the certificate", options->key_path);
    }
    return STATUS_OK;
}

// The anchor itself needs no CRL: it is trusted because it stands in the CA file.
static int on_verified(int good, X509_STORE_CTX *chain)
{
    int depth = X509_STORE_CTX_get_error_depth(chain);
    int anchor_depth = sk_X509_num(X509_STORE_CTX_get0_chain(chain)) - 1;
    if (!good && X509_STORE_CTX_get_error(chain) == X509_V_ERR_UNABLE_TO_GET_CRL && depth > 0 &&
        depth == anchor_depth) {
        X509_STORE_CTX_set_error(chain, X509_V_OK);
        return 1;
    }
    return good;
}

// As without it, but the chain that was found is not kept for the life of the connection.
static int on_chain(X509_STORE_CTX *chain, void *context)
{
    (void)context;
    int good = X509_verify_cert(chain) == 1;
    X509_STORE_CTX_set0_verified_chain(chain, NULL);
    return good;
}

static enum status load_authorities(SSL_CTX *tls, const char *path, struct sentence error)
{
    if (!tls_files_take_authorities(tls, path)) {
        return refuse_file(error, "no client CA", path);
    }
    ERR_clear_error();
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(tls, on_chain, NULL);
    // On the store, not on the context, so that tls_peer_recheck judges by the same rules as a
    // handshake.
    X509_STORE *store = SSL_CTX_get_cert_store(tls);
    CHECK(X509_STORE_set_depth(store, CHAIN_DEPTH_MAX) == 1);
    CHECK(X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) == 1);
    X509_STORE_set_verify_cb(store, on_verified);
    return STATUS_OK;
}

// An expired list is loaded all the same: it refuses every client of that issuer, and only those.
static void warn_of_expired(X509_STORE *store, const char *path)
{
    STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(store);
    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        const X509_CRL *crl = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(objects, i));
        const ASN1_TIME *end = crl == NULL ? NULL : X509_CRL_get0_nextUpdate(crl);
        if (end != NULL && X509_cmp_current_time(end) <= 0) {
            char issuer[128] = "";
            (void)X509_NAME_oneline(X509_CRL_get_issuer(crl), issuer, sizeof(issuer));
            log_event(LOG_ERROR, "crl-expired", "path=\"%s\" issuer=\"%s\"",
                      log_text_of(span_of_text(path)).text, log_text_of(span_of_text(issuer)).text);
        }
    }
}

static enum status load_revoked(SSL_CTX *tls, const char *path, struct sentence error)
{
    X509_STORE *store = SSL_CTX_get_cert_store(tls);
    if (!tls_files_take_lists(tls, path)) {
        return refuse_file(error, "no revocation list", path);
    }
    ERR_clear_error();
    CHECK(X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL) == 1);
    warn_of_expired(store, path);
    return STATUS_OK;
}

static enum status load_files(SSL_CTX *tls, const struct server_tls_options *options,
                              struct sentence error)
{
    TRY(load_own(tls, options, error));
    TRY(load_authorities(tls, options->client_ca_path, error));
    return options->crl_path == NULL ? STATUS_OK : load_revoked(tls, options->crl_path, error);
}

static enum status rehearse(SSL_CTX *tls, const struct server_tls_options *options,
                            struct sentence error)
{
    const char *reason = NULL;
    enum status status = tls_rehearse(tls, &reason);
    if (status != STATUS_OK) {
        (void)snprintf(error.text, error.bytes, "no handshake with the certificate in %s: %s",
                       options->certificate_path, reason);
    }
    return status;
}

enum status tls_context_new(const struct server_tls_options *options, char *ret_error,
                            size_t error_bytes, SSL_CTX **ret_context)
{
    struct sentence error = {.text = ret_error, .bytes = error_bytes};
    if (!identity_domain_valid(options->trust_domain)) {
        (void)snprintf(ret_error, error_bytes, "the trust domain \"%.*s\" cannot be one",
                       IDENTITY_DOMAIN_BYTES,
                       options->trust_domain == NULL ? "" : options->trust_domain);
        return STATUS_INVALID;
    }
    ERR_clear_error();
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    if (tls == NULL) {
        (void)snprintf(ret_error, error_bytes, "no memory for a TLS context");
        return STATUS_NO_MEMORY;
    }
    set_protocol(tls);
    enum status status = load_files(tls, options, error);
    if (status == STATUS_OK) {
        status = rehearse(tls, options, error);
    }
    if (status != STATUS_OK) {
        SSL_CTX_free(tls);
        return status;
    }
    *ret_context = tls;
    return STATUS_OK;
}
