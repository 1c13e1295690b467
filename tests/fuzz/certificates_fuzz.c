// Certificates of peers: DER of a whole certificate, or only of its subject alternative names,
// through net/tls_peer and net/identity. The handshake is left out: this file is where the library
// asks for the peer's certificate. OpenSSL's own reading of the names, walked a second time, says
// whether there is exactly one URI and what it is.
//
// Input: which of the two, and whether the peer is trusted when it is judged again; then the DER.
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "fuzz/fuzz.h"
#include "net/tls.h"
#include "net/tls_chain.h"

enum { MEMORY_BYTES_MAX = 4 << 20 };

static const char domain[] = "vip.example";

// --- the peer ---

static X509 *peer;

// Stands in for OpenSSL's own.
X509 *SSL_get0_peer_certificate(const SSL *ssl)
{
    (void)ssl;
    return peer;
}

static X509 *whole_certificate(struct span der)
{
    const unsigned char *at = der.data;
    return d2i_X509(NULL, &at, (long)der.len);
}

// A certificate that has nothing but these names.
static X509 *certificate_of_names(struct span der)
{
    X509 *certificate = X509_new();
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    CHECK(certificate != NULL && octets != NULL);
    CHECK(ASN1_OCTET_STRING_set(octets, der.data, (int)der.len) == 1);
    X509_EXTENSION *extension = X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 1, octets);
    CHECK(extension != NULL && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(octets);
    return certificate;
}

STACK_OF(X509) * SSL_get_peer_cert_chain(const SSL *ssl)
{
    (void)ssl;
    return NULL;
}

// --- judged again ---

// A store in which the peer's own certificate is an anchor, if asked for and if it can be one; in
// the year 2026.
static X509_STORE *store_of(bool trust_peer, bool *ret_trusts)
{
    X509_STORE *store = X509_STORE_new();
    CHECK(store != NULL);
    X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);
    X509_VERIFY_PARAM_set_time(param, 1797811200);
    CHECK(X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN) == 1);
    *ret_trusts = trust_peer && X509_STORE_add_cert(store, peer) == 1;
    return store;
}

static void check_again(bool trust_peer)
{
    static SSL_CTX *context; // for the life of the process
    bool trusts_peer = false;
    const char *reason = NULL;
    if (context == NULL) {
        context = SSL_CTX_new(TLS_server_method());
        CHECK(context != NULL);
    }
    SSL_CTX_set_cert_store(context, store_of(trust_peer, &trusts_peer));
    struct tls_chain *chain = NULL;
    CHECK(tls_chain_copy(NULL, &chain) == STATUS_OK);
    enum status status = tls_peer_recheck(chain, context, &reason);
    free(chain);
    CHECK(status == STATUS_OK || status == STATUS_INVALID);
    CHECK(reason != NULL && reason[0] != '\0');
    CHECK(trusts_peer || status == STATUS_INVALID);
}

// --- the second reader ---

// The one URI; empty when there is none, several, or the names are given twice.
static struct span only_uri(X509 *certificate, GENERAL_NAMES **ret_names)
{
    struct span uri = {0};
    int count = 0;
    int place = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1);
    *ret_names = NULL;
    if (place < 0 || X509_get_ext_by_NID(certificate, NID_subject_alt_name, place) >= 0) {
        return uri;
    }
    *ret_names = X509V3_EXT_d2i(X509_get_ext(certificate, place));
    for (int i = 0; i < sk_GENERAL_NAME_num(*ret_names); i++) {
        int type = 0;
        const ASN1_STRING *value =
            GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(*ret_names, i), &type);
        if (type == GEN_URI) {
            uri = span_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
            count++;
        }
    }
    return count == 1 ? uri : (struct span){0};
}

static void check_peer(void)
{
    GENERAL_NAMES *names = NULL;
    struct identity identity;
    struct identity expected;
    const char *reason = NULL;
    struct span uri = peer == NULL ? (struct span){0} : only_uri(peer, &names);
    bool good = uri.len > 0 && identity_parse(uri, domain, &expected) == STATUS_OK;
    enum status status = tls_peer_identity(NULL, domain, &identity, &reason);
    CHECK(status == (good ? STATUS_OK : STATUS_INVALID));
    if (good) {
        CHECK(memcmp(&identity, &expected, sizeof(identity)) == 0);
        CHECK(memmem(uri.data, uri.len, identity.role, strlen(identity.role)) != NULL);
        CHECK(memchr(uri.data, '\0', uri.len) == NULL);
    } else {
        CHECK(reason != NULL && reason[0] != '\0');
    }
    GENERAL_NAMES_free(names);
}

// --- the driver ---

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz_input input = {.rest = span_of(data, len)};
    uint8_t choice = fuzz_byte(&input);
    bool whole = (choice & 1) != 0;
    fuzz_memory_begin(MEMORY_BYTES_MAX);
    peer = whole ? whole_certificate(input.rest) : certificate_of_names(input.rest);
    check_peer();
    if (whole) {
        check_again((choice & 2) != 0);
    }
    X509_free(peer);
    peer = NULL;
    fuzz_memory_end();
    return 0;
}
