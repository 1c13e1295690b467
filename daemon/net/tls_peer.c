// What is known of the peer of one finished handshake: its identity, and whether it is still good.
#include <stdbool.h>
#include <stdlib.h>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "net/tls.h"
#include "net/tls_chain.h"

// The one URI among the names; NULL with the reason when there are none or several.
static const ASN1_IA5STRING *single_uri(const GENERAL_NAMES *names, const char **ret_reason)
{
    const ASN1_IA5STRING *uri = NULL;
    int count = 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_URI) {
            uri = name->d.uniformResourceIdentifier;
            count++;
        }
    }
    *ret_reason =
        count == 0 ? "certificate without a URI SAN" : "certificate with several URI SANs";
    return count == 1 ? uri : NULL;
}

enum status tls_peer_identity(const SSL *ssl, const char *trust_domain,
                              struct identity *ret_identity, const char **ret_reason)
{
    X509 *certificate = SSL_get0_peer_certificate(ssl);
    int critical = 0; // -1: no such extension, -2: more than one
    GENERAL_NAMES *names =
        certificate == NULL ? NULL
                            : X509_get_ext_d2i(certificate, NID_subject_alt_name, &critical, NULL);
    const ASN1_IA5STRING *uri = single_uri(names, ret_reason);
    enum status status = STATUS_INVALID;
    if (uri != NULL) {
        struct span text = span_of(ASN1_STRING_get0_data(uri), (size_t)ASN1_STRING_length(uri));
        status = identity_parse(text, trust_domain, ret_identity);
        *ret_reason = "certificate whose URI SAN is no identity of this trust domain";
    }
    GENERAL_NAMES_free(names);
    return status;
}

// --- judged again ---

static X509 *next_certificate(const unsigned char **at, const unsigned char *end)
{
    return *at == end ? NULL : d2i_X509(NULL, at, end - *at);
}

// The peer's own certificate and its issuers, decoded. False: no memory, or nothing is there.
static bool decode_chain(const struct tls_chain *chain, X509 **ret_own, STACK_OF(X509) * issuers)
{
    const unsigned char *at = chain->der;
    const unsigned char *end = chain->der + chain->len;
    *ret_own = next_certificate(&at, end);
    bool good = *ret_own != NULL;
    while (good && at != end) {
        X509 *issuer = next_certificate(&at, end);
        good = issuer != NULL && sk_X509_push(issuers, issuer) > 0;
        if (!good) {
            X509_free(issuer);
        }
    }
    return good;
}

static int judge_again(X509_STORE_CTX *judge, X509 *own, STACK_OF(X509) * issuers, SSL_CTX *context)
{
    if (X509_STORE_CTX_init(judge, SSL_CTX_get_cert_store(context), own, issuers) != 1 ||
        X509_STORE_CTX_set_default(judge, "ssl_client") != 1) {
        return X509_V_ERR_UNSPECIFIED;
    }
    X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(judge),
                                     SSL_CTX_get_security_level(context));
    if (X509_verify_cert(judge) == 1) {
        return X509_V_OK;
    }
    int error = X509_STORE_CTX_get_error(judge);
    return error == X509_V_OK ? X509_V_ERR_UNSPECIFIED : error;
}

enum status tls_peer_recheck(const struct tls_chain *chain, SSL_CTX *context,
                             const char **ret_reason)
{
    X509_STORE_CTX *judge = X509_STORE_CTX_new();
    STACK_OF(X509) *issuers = sk_X509_new_null();
    X509 *own = NULL;
    int error = X509_V_ERR_OUT_OF_MEM;
    if (judge != NULL && issuers != NULL && decode_chain(chain, &own, issuers)) {
        error = judge_again(judge, own, issuers, context);
    }
    X509_STORE_CTX_free(judge);
    sk_X509_pop_free(issuers, X509_free);
    X509_free(own);
    *ret_reason = X509_verify_cert_error_string(error);
    return error == X509_V_OK ? STATUS_OK : STATUS_INVALID;
}

enum status tls_peer_admit(SSL *ssl, SSL_CTX *context, const char *trust_domain,
                           struct identity *ret_identity, struct tls_chain **ret_chain,
                           const char **ret_reason)
{
    struct tls_chain *chain = NULL;
    TRY(tls_peer_identity(ssl, trust_domain, ret_identity, ret_reason));
    *ret_reason = "no memory for its certificates";
    TRY(tls_chain_copy(ssl, &chain));
    if (SSL_get_SSL_CTX(ssl) != context) { // it began before a reload
        enum status status = tls_peer_recheck(chain, context, ret_reason);
        if (status != STATUS_OK) {
            free(chain);
            return status;
        }
    }
    tls_chain_forget(ssl);
    *ret_chain = chain;
    return STATUS_OK;
}
