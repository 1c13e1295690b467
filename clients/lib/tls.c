// TLS 1.3 over a socket of our own: the context, the session, and what its errors mean in words.
// The socket is written with MSG_NOSIGNAL (a library may not let its program die of SIGPIPE), so it
// is behind a BIO of ours. No session resumption: each connection shows its certificate anew.
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/client.h"

static const unsigned char alpn[] = "\x09loyalty/1";

// A key of which the strength can be told: what could not be decoded for want of memory, or by
// halves, is there all the same.
static bool has_key(const X509 *certificate)
{
    const EVP_PKEY *key = X509_get0_pubkey(certificate);
    return key != NULL && EVP_PKEY_get_security_bits(key) > 0;
}

static bool has_keys(SSL_CTX *context)
{
    STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(SSL_CTX_get_cert_store(context));
    if (sk_X509_OBJECT_num(objects) < 1) {
        return false;
    }
    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        X509 *authority = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
        if (authority != NULL && !has_key(authority)) {
            return false;
        }
    }
    return true;
}

static bool read_files(SSL_CTX *context, const struct loyalty_options *options,
                       char ret_error[LOYALTY_ERROR_BYTES])
{
    const char *what = NULL;
    const char *path = NULL;
    if (SSL_CTX_load_verify_file(context, options->ca_path) != 1 || !has_keys(context)) {
        what = "a CA's certificate";
        path = options->ca_path;
    } else if (SSL_CTX_use_certificate_chain_file(context, options->certificate_path) != 1) {
        what = "a certificate";
        path = options->certificate_path;
    } else if (SSL_CTX_use_PrivateKey_file(context, options->key_path, SSL_FILETYPE_PEM) != 1) {
        what = "the certificate's key, without passphrase";
        path = options->key_path;
    }
    if (what == NULL) {
        return true;
    }
    unsigned long error = ERR_peek_error();
    const char *why = ERR_reason_error_string(error);
    (void)snprintf(ret_error, LOYALTY_ERROR_BYTES, "%s cannot be read as %s: %s.", path, what,
                   ERR_SYSTEM_ERROR(error) ? strerror(ERR_GET_REASON(error))
                   : why == NULL           ? "unknown reason"
                                           : why);
    ERR_clear_error();
    return false;
}

// Such a key would be called a weak one.
static int on_judged(int good, X509_STORE_CTX *chain)
{
    const X509 *judged = good ? NULL : X509_STORE_CTX_get_current_cert(chain);
    if (judged != NULL && !has_key(judged)) {
        X509_STORE_CTX_set_error(chain, X509_V_ERR_UNSPECIFIED);
    }
    return good;
}

SSL_CTX *ly_tls_context(const struct loyalty_options *options, char ret_error[LOYALTY_ERROR_BYTES])
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL) {
        (void)snprintf(ret_error, LOYALTY_ERROR_BYTES, "TLS cannot be set up: out of memory.");
        return NULL;
    }
    static char no_passphrase[] = ""; // given, so that nobody is asked for one
    SSL_CTX_set_default_passwd_cb_userdata(context, no_passphrase);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, on_judged);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    if (SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_alpn_protos(context, alpn, sizeof(alpn) - 1) != 0) {
        (void)snprintf(ret_error, LOYALTY_ERROR_BYTES, "This OpenSSL does not do TLS 1.3.");
        SSL_CTX_free(context);
        return NULL;
    }
    if (!read_files(context, options, ret_error)) {
        SSL_CTX_free(context);
        return NULL;
    }
    return context;
}

static int socket_write(BIO *bio, const char *data, int len)
{
    const struct loyalty *client = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t sent = send(client->fd, data, (size_t)len, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
        BIO_set_retry_write(bio);
    }
    return (int)sent;
}

static int socket_read(BIO *bio, char *data, int len)
{
    const struct loyalty *client = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t got = recv(client->fd, data, (size_t)len, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        BIO_set_retry_read(bio);
    } else if (got == 0) {
        BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    }
    return (int)got;
}

static long socket_control(BIO *bio, int command, long number, void *pointer)
{
    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF:
        return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    default:
        return 0;
    }
}

static BIO *socket_bio(struct loyalty *client)
{
    if (client->socket_method == NULL) {
        BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "loyalty");
        if (method == NULL || BIO_meth_set_write(method, socket_write) != 1 ||
            BIO_meth_set_read(method, socket_read) != 1 ||
            BIO_meth_set_ctrl(method, socket_control) != 1) {
            BIO_meth_free(method);
            return NULL;
        }
        client->socket_method = method;
    }
    BIO *bio = BIO_new(client->socket_method);
    if (bio != NULL) {
        BIO_set_data(bio, client);
        BIO_set_init(bio, 1);
    }
    return bio;
}

// Whom the certificate must name: an address by its IP SAN, a name by its DNS SAN.
static bool set_name(SSL *ssl, const char *name)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                                               X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    unsigned char address[sizeof(struct in6_addr)];
    if (inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1) {
        return X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1;
    }
    return X509_VERIFY_PARAM_set1_host(param, name, 0) == 1 &&
           SSL_set_tlsext_host_name(ssl, name) == 1;
}

bool ly_tls_start(struct loyalty *client)
{
    client->ssl = SSL_new(client->tls);
    BIO *bio = client->ssl == NULL ? NULL : socket_bio(client);
    if (bio == NULL) {
        ly_set_error(client, "Out of memory.");
        return false;
    }
    SSL_set_bio(client->ssl, bio, bio);
    if (!set_name(client->ssl, client->server_name)) {
        ly_set_error(client, "%s is no name a certificate can have.", client->server_name);
        return false;
    }
    return true;
}

// The alerts by which a server turns a client's certificate down. That it requires one is not among
// them: we have one, and did not send it because memory was short.
static bool is_certificate_alert(int reason)
{
    switch (reason) {
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
        return true;
    default:
        return false;
    }
}

static bool is_protocol_alert(int reason)
{
    return reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION ||
           reason == SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL ||
           reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE || reason == SSL_R_UNSUPPORTED_PROTOCOL ||
           reason == SSL_R_WRONG_VERSION_NUMBER;
}

// Whether it went wrong for want of memory alone, as far as that can be told: a judgement without a
// verdict is one, too.
static bool lacks_memory(int reason, long verified)
{
    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED && verified == X509_V_OK) {
        return true;
    }
    unsigned long error = ERR_get_error();
    while (error != 0 && ERR_GET_REASON(error) != ERR_R_MALLOC_FAILURE) {
        error = ERR_get_error();
    }
    return error != 0 || verified == X509_V_ERR_OUT_OF_MEM || verified == X509_V_ERR_UNSPECIFIED;
}

// Says what went wrong, and whether it is one side not accepting the other.
static void explain(struct loyalty *client)
{
    unsigned long error = ERR_peek_error();
    int reason = ERR_GET_REASON(error);
    const char *text = ERR_reason_error_string(error);
    long verified = SSL_get_verify_result(client->ssl);
    if (lacks_memory(reason, verified)) {
        ly_set_error(client, "The connection to %s:%s broke: out of memory.", client->host,
                     client->port);
        client->ended = LOYALTY_RETRY_LATER;
    } else if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED || verified != X509_V_OK) {
        ly_set_error(client, "The certificate of %s:%s is not accepted: %s.", client->host,
                     client->port, X509_verify_cert_error_string(verified));
        client->ended = LOYALTY_REFUSED;
    } else if (ERR_GET_LIB(error) == ERR_LIB_SSL && is_certificate_alert(reason)) {
        ly_set_error(client, "The server does not accept our certificate: %s.", text);
        client->ended = client->received ? LOYALTY_RETRY_LATER : LOYALTY_REFUSED;
    } else if (ERR_GET_LIB(error) == ERR_LIB_SSL && is_protocol_alert(reason)) {
        ly_set_error(client, "%s:%s does not speak our TLS: %s.", client->host, client->port, text);
        client->ended = client->received ? LOYALTY_RETRY_LATER : LOYALTY_REFUSED;
    } else {
        ly_set_error(client, "The connection to %s:%s broke: %s.", client->host, client->port,
                     text != NULL ? text : strerror(errno));
        client->ended = LOYALTY_RETRY_LATER;
    }
}

enum ly_tls_result ly_tls_judge(struct loyalty *client, int result)
{
    if (result > 0) {
        return LY_TLS_DONE;
    }
    switch (SSL_get_error(client->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return LY_TLS_AGAIN;
    case SSL_ERROR_WANT_WRITE:
        client->wants_write = true;
        return LY_TLS_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        ly_set_error(client, client->received
                                 ? "The server closed the connection."
                                 : "The server closed the connection without a word; its log says "
                                   "why. It may not know who our certificate is for.");
        client->ended = LOYALTY_RETRY_LATER;
        return LY_TLS_CLOSED;
    case SSL_ERROR_SYSCALL:
        ly_set_error(client, "The connection to %s:%s broke: %s.", client->host, client->port,
                     errno == 0 ? "closed" : strerror(errno));
        client->ended = LOYALTY_RETRY_LATER;
        return LY_TLS_FAILED;
    default:
        explain(client);
        return LY_TLS_FAILED;
    }
}
