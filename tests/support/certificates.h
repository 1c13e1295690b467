// Certificates made at test time: authorities, good and bad certificates, revocation lists. All
// keys are P-256. Any failure aborts: a test without its certificates means nothing.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>

#include "base/span.h"

enum { CERTIFICATE_URIS_MAX = 4, CERTIFICATE_DAY_S = 86400 };

struct certificate {
    X509 *x509;
    EVP_PKEY *key;
};

struct certificate_spec {
    const char *name;                       // the common name
    const char *uri;                        // one URI SAN; NULL: see `uris`
    struct span uris[CERTIFICATE_URIS_MAX]; // URI SANs, raw bytes; up to the first empty one
    const char *usage;                      // extended key usage ("serverAuth"); NULL: none
    bool authority;
    long from_s, until_s; // relative to now; both 0: yesterday and tomorrow
};

// Signed by `issuer`, or by itself when that is NULL. Freed with certificate_free.
struct certificate *certificate_new(const struct certificate_spec *spec,
                                    const struct certificate *issuer);
void certificate_free(struct certificate *certificate);

// <folder>/<name>.pem with the certificates in order, the NULL-ended rest after the first.
void certificate_write(const char *folder, const char *name, const struct certificate *first, ...)
    __attribute__((sentinel));
// <folder>/<name>.key
void certificate_write_key(const char *folder, const char *name,
                           const struct certificate *certificate);

// A revocation list of one issuer.
struct certificate_list {
    const struct certificate *issuer;
    const struct certificate *revoked; // NULL: none
    long until_s;                      // relative to now
};
// <folder>/<name>.pem with `count` lists.
void certificate_write_lists(const char *folder, const char *name,
                             const struct certificate_list *lists, size_t count);
