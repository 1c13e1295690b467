// What a certificate says is set extension by extension; the profile is that of RFC 5280 with the
// SPIFFE id as URI SAN (design: who you are is your certificate).
#include "ctl/x509.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include <arpa/inet.h>
#include <string.h>

enum { SERIAL_BITS = 127, HOUR_SECONDS = 3600, DAY_SECONDS = 86400, EXPIRED_LIFE_DAYS = 30 };

EVP_PKEY *x509_key_new(void)
{
    return EVP_EC_gen("P-256");
}

static bool set_serial(X509 *certificate)
{
    BIGNUM *serial = BN_new();
    bool done = serial != NULL &&
                BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
                BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)) != NULL;
    BN_free(serial);
    return done;
}

static bool set_validity(X509 *certificate, int64_t days)
{
    long from_seconds = -HOUR_SECONDS;
    long until_seconds = (long)(days * DAY_SECONDS);
    if (until_seconds <= from_seconds) {
        from_seconds = until_seconds - (long)EXPIRED_LIFE_DAYS * DAY_SECONDS;
    }
    return X509_gmtime_adj(X509_getm_notBefore(certificate), from_seconds) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), until_seconds) != NULL;
}

static bool add_extension(X509 *certificate, X509V3_CTX *context, int id, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, context, id, value);
    bool done = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return done;
}

// Takes over nothing: the name's parts are copied.
static bool push_name(GENERAL_NAMES *names, int type, ASN1_STRING *value)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    if (name == NULL || value == NULL) {
        GENERAL_NAME_free(name);
        ASN1_STRING_free(value);
        return false;
    }
    GENERAL_NAME_set0_value(name, type, value);
    if (sk_GENERAL_NAME_push(names, name) == 0) {
        GENERAL_NAME_free(name);
        return false;
    }
    return true;
}

static bool push_text(GENERAL_NAMES *names, int type, const char *text)
{
    ASN1_IA5STRING *value = ASN1_IA5STRING_new();
    if (value != NULL && ASN1_STRING_set(value, text, -1) != 1) {
        ASN1_STRING_free(value);
        value = NULL;
    }
    return push_name(names, type, value);
}

static bool push_all(GENERAL_NAMES *names, const struct x509_wish *wish)
{
    for (char **uri = wish->uris; uri != NULL && *uri != NULL; uri++) {
        if (!push_text(names, GEN_URI, *uri)) {
            return false;
        }
    }
    for (char **dns = wish->dns_names; dns != NULL && *dns != NULL; dns++) {
        if (!push_text(names, GEN_DNS, *dns)) {
            return false;
        }
    }
    for (char **ip = wish->ip_addresses; ip != NULL && *ip != NULL; ip++) {
        if (!push_name(names, GEN_IPADD, a2i_IPADDRESS(*ip))) {
            return false;
        }
    }
    return true;
}

static bool add_names(X509 *certificate, const struct x509_wish *wish)
{
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    bool done = names != NULL && push_all(names, wish) &&
                (sk_GENERAL_NAME_num(names) == 0 ||
                 X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0) == 1);
    GENERAL_NAMES_free(names);
    return done;
}

static bool add_extensions(X509 *certificate, const struct x509_wish *wish, X509 *issuer)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    const char *constraints = wish->authority ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE";
    const char *usage =
        wish->authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature";
    if (!add_extension(certificate, &context, NID_basic_constraints, constraints) ||
        !add_extension(certificate, &context, NID_key_usage, usage) ||
        !add_extension(certificate, &context, NID_subject_key_identifier, "hash") ||
        !add_extension(certificate, &context, NID_authority_key_identifier, "keyid")) {
        return false;
    }
    if (wish->authority) {
        return true;
    }
    return add_extension(certificate, &context, NID_ext_key_usage,
                         wish->server ? "serverAuth" : "clientAuth") &&
           add_names(certificate, wish);
}

X509 *x509_issue(const struct x509_wish *wish, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
    X509 *certificate = X509_new();
    X509_NAME *subject = certificate == NULL ? NULL : X509_get_subject_name(certificate);
    if (subject != NULL && X509_set_version(certificate, X509_VERSION_3) == 1 &&
        set_serial(certificate) && set_validity(certificate, wish->days) &&
        X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                   (const unsigned char *)wish->name, -1, -1, 0) == 1 &&
        X509_set_issuer_name(certificate,
                             issuer == NULL ? subject : X509_get_subject_name(issuer)) == 1 &&
        X509_set_pubkey(certificate, key) == 1 &&
        add_extensions(certificate, wish, issuer == NULL ? certificate : issuer) &&
        X509_sign(certificate, issuer_key, EVP_sha256()) > 0) {
        return certificate;
    }
    X509_free(certificate);
    return NULL;
}
