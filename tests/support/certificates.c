// OpenSSL's X.509 functions, with one way to fail.
#include "support/certificates.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/check.h"

static void add_extension(X509 *x509, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    CHECK(extension != NULL && X509_add_ext(x509, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

static void add_uri(GENERAL_NAMES *names, struct span uri)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *text = ASN1_IA5STRING_new();
    CHECK(name != NULL && text != NULL && ASN1_STRING_set(text, uri.data, (int)uri.len) == 1);
    GENERAL_NAME_set0_value(name, GEN_URI, text);
    CHECK(sk_GENERAL_NAME_push(names, name) > 0);
}

static void add_uris(X509 *x509, const struct certificate_spec *spec)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    CHECK(names != NULL);
    if (spec->uri != NULL) {
        add_uri(names, span_of_text(spec->uri));
    }
    for (size_t i = 0; i < CERTIFICATE_URIS_MAX && spec->uris[i].len > 0; i++) {
        add_uri(names, spec->uris[i]);
    }
    if (sk_GENERAL_NAME_num(names) > 0) {
        CHECK(X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 0, 0) == 1);
    }
    GENERAL_NAMES_free(names);
}

static void set_names(X509 *x509, const char *subject, X509 *issuer)
{
    X509_NAME *name = X509_get_subject_name(x509);
    CHECK(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)subject, -1,
                                     -1, 0) == 1);
    CHECK(X509_set_issuer_name(x509, issuer == NULL ? name : X509_get_subject_name(issuer)) == 1);
}

static void set_span_of_life(X509 *x509, const struct certificate_spec *spec)
{
    bool given = spec->from_s != 0 || spec->until_s != 0;
    CHECK(X509_gmtime_adj(X509_getm_notBefore(x509), given ? spec->from_s : -CERTIFICATE_DAY_S));
    CHECK(X509_gmtime_adj(X509_getm_notAfter(x509), given ? spec->until_s : CERTIFICATE_DAY_S));
}

struct certificate *certificate_new(const struct certificate_spec *spec,
                                    const struct certificate *issuer)
{
    static long serial = 1;
    struct certificate *made = calloc(1, sizeof(*made));
    CHECK(made != NULL);
    made->x509 = X509_new();
    made->key = EVP_EC_gen("P-256");
    CHECK(made->x509 != NULL && made->key != NULL);
    X509 *signer = issuer == NULL ? made->x509 : issuer->x509;
    CHECK(X509_set_version(made->x509, X509_VERSION_3) == 1);
    CHECK(ASN1_INTEGER_set(X509_get_serialNumber(made->x509), serial++) == 1);
    set_names(made->x509, spec->name, issuer == NULL ? NULL : issuer->x509);
    set_span_of_life(made->x509, spec);
    CHECK(X509_set_pubkey(made->x509, made->key) == 1);
    add_extension(made->x509, signer, NID_basic_constraints,
                  spec->authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add_extension(made->x509, signer, NID_key_usage,
                  spec->authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
    if (spec->usage != NULL) {
        add_extension(made->x509, signer, NID_ext_key_usage, spec->usage);
    }
    add_uris(made->x509, spec);
    EVP_PKEY *key = issuer == NULL ? made->key : issuer->key;
    CHECK(X509_sign(made->x509, key, EVP_sha256()) > 0);
    return made;
}

void certificate_free(struct certificate *certificate)
{
    if (certificate != NULL) {
        X509_free(certificate->x509);
        EVP_PKEY_free(certificate->key);
        free(certificate);
    }
}

static FILE *create(const char *folder, const char *name, const char *suffix)
{
    char path[512];
    CHECK(snprintf(path, sizeof(path), "%s/%s.%s", folder, name, suffix) < (int)sizeof(path));
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    return file;
}

void certificate_write(const char *folder, const char *name, const struct certificate *first, ...)
{
    FILE *file = create(folder, name, "pem");
    va_list rest;
    va_start(rest, first);
    for (const struct certificate *one = first; one != NULL;
         one = va_arg(rest, const struct certificate *)) {
        CHECK(PEM_write_X509(file, one->x509) == 1);
    }
    va_end(rest);
    CHECK(fclose(file) == 0);
}

void certificate_write_key(const char *folder, const char *name,
                           const struct certificate *certificate)
{
    FILE *file = create(folder, name, "key");
    CHECK(PEM_write_PrivateKey(file, certificate->key, NULL, NULL, 0, NULL, NULL) == 1);
    CHECK(fclose(file) == 0);
}

static void add_revoked(X509_CRL *list, const struct certificate *certificate)
{
    X509_REVOKED *revoked = X509_REVOKED_new();
    ASN1_TIME *since = X509_gmtime_adj(NULL, -1);
    CHECK(revoked != NULL && since != NULL &&
          X509_REVOKED_set_serialNumber(revoked, X509_get_serialNumber(certificate->x509)) == 1 &&
          X509_REVOKED_set_revocationDate(revoked, since) == 1 &&
          X509_CRL_add0_revoked(list, revoked) == 1);
    ASN1_TIME_free(since);
}

static X509_CRL *make_list(const struct certificate_list *spec)
{
    X509_CRL *list = X509_CRL_new();
    ASN1_TIME *from = X509_gmtime_adj(NULL, -CERTIFICATE_DAY_S);
    ASN1_TIME *until = X509_gmtime_adj(NULL, spec->until_s);
    CHECK(list != NULL && from != NULL && until != NULL);
    CHECK(X509_CRL_set_version(list, X509_CRL_VERSION_2) == 1 &&
          X509_CRL_set_issuer_name(list, X509_get_subject_name(spec->issuer->x509)) == 1 &&
          X509_CRL_set1_lastUpdate(list, from) == 1 && X509_CRL_set1_nextUpdate(list, until) == 1);
    if (spec->revoked != NULL) {
        add_revoked(list, spec->revoked);
    }
    CHECK(X509_CRL_sort(list) == 1 && X509_CRL_sign(list, spec->issuer->key, EVP_sha256()) > 0);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    return list;
}

void certificate_write_lists(const char *folder, const char *name,
                             const struct certificate_list *lists, size_t count)
{
    FILE *file = create(folder, name, "pem");
    for (size_t i = 0; i < count; i++) {
        X509_CRL *list = make_list(&lists[i]);
        CHECK(PEM_write_X509_CRL(file, list) == 1);
        X509_CRL_free(list);
    }
    CHECK(fclose(file) == 0);
}
