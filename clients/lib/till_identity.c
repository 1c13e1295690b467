// The one URI among the certificate's alternative names (design.md, decision 5).
#include "lib/till_identity.h"

#include <openssl/x509v3.h>
#include <string.h>

static bool copy_uri(const GENERAL_NAME *name, char *ret_identity, size_t bytes)
{
    int kind = 0;
    const ASN1_STRING *uri = GENERAL_NAME_get0_value(name, &kind);
    if (kind != GEN_URI) {
        return false;
    }
    size_t len = (size_t)ASN1_STRING_length(uri);
    if (len == 0 || len >= bytes || memchr(ASN1_STRING_get0_data(uri), '\0', len) != NULL) {
        return false;
    }
    memcpy(ret_identity, ASN1_STRING_get0_data(uri), len);
    ret_identity[len] = '\0';
    return true;
}

bool ly_identity_of(SSL_CTX *context, char *ret_identity, size_t bytes)
{
    const X509 *certificate = SSL_CTX_get0_certificate(context);
    GENERAL_NAMES *names = certificate == NULL
                               ? NULL
                               : X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    bool found = false;
    for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++) {
        found = copy_uri(sk_GENERAL_NAME_value(names, i), ret_identity, bytes);
    }
    GENERAL_NAMES_free(names);
    return found;
}
