// What is known of the peer of one finished handshake: its identity, and whether it is still good.
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "net/tls.h"

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

static int judge_again(X509_STORE_CTX *judge, const SSL *ssl, SSL_CTX *context)
{
    X509 *certificate = SSL_get0_peer_certificate(ssl);
    if (certificate == NULL ||
        X509_STORE_CTX_init(judge, SSL_CTX_get_cert_store(context), certificate,
                            SSL_get_peer_cert_chain(ssl)) != 1 ||
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

enum status tls_peer_recheck(const SSL *ssl, SSL_CTX *context, const char **ret_reason)
{
    X509_STORE_CTX *judge = X509_STORE_CTX_new();
    int error = judge == NULL ? X509_V_ERR_OUT_OF_MEM : judge_again(judge, ssl, context);
    X509_STORE_CTX_free(judge);
    *ret_reason = X509_verify_cert_error_string(error);
    return error == X509_V_OK ? STATUS_OK : STATUS_INVALID;
}
