// Certificates by OpenSSL's library: a CA of one's own, and certificates it issues for the members
// of the trust domain. EC P-256, SHA-256, X.509 v3. Keys are written readable by their owner alone.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

// What a certificate is to say. Lists end in NULL.
struct x509_wish {
    const char *name; // the common name, for people
    bool authority;
    bool server;
    char **uris;
    char **ip_addresses;
    char **dns_names;
    int64_t days; // valid from an hour ago; a negative number makes one that has expired
};

// All give false, or NULL, with OpenSSL's or the system's reason in x509_reason().
EVP_PKEY *x509_key_new(void);
// Signed by `issuer` and `issuer_key`, or by itself when `issuer` is NULL.
X509 *x509_issue(const struct x509_wish *wish, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key);
X509 *x509_read_certificate(const char *path);
EVP_PKEY *x509_read_key(const char *path);
// Both refuse to replace a file unless `replace`.
bool x509_write_certificate(const char *path, const X509 *certificate, bool replace);
bool x509_write_key(const char *path, const EVP_PKEY *key, bool replace);
const char *x509_reason(void);
