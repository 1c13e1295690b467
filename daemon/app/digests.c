// SHA-256 and HMAC over OpenSSL.
#include "app/digests.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/check.h"
#include "core/chain.h"
#include "core/record.h"

enum { SHA256_BYTES = 32 };

static EVP_MD *sha256;
static EVP_MD_CTX *context;

enum status digests_init(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    context = EVP_MD_CTX_new();
    return sha256 == NULL || context == NULL ? STATUS_IO : STATUS_OK;
}

void digests_fini(void)
{
    EVP_MD_CTX_free(context);
    EVP_MD_free(sha256);
    context = NULL;
    sha256 = NULL;
}

static void hash_two(struct span first, struct span second, uint8_t *ret_hash, size_t len)
{
    uint8_t whole[SHA256_BYTES];
    CHECK(context != NULL && len <= sizeof whole);
    CHECK(EVP_DigestInit_ex2(context, sha256, NULL) == 1);
    CHECK(EVP_DigestUpdate(context, first.data, first.len) == 1);
    CHECK(EVP_DigestUpdate(context, second.data, second.len) == 1);
    CHECK(EVP_DigestFinal_ex(context, whole, NULL) == 1);
    memcpy(ret_hash, whole, len);
}

void digests_chain(const uint8_t *previous, struct span record, uint8_t *ret_hash)
{
    hash_two(span_of(previous, CHAIN_HASH_BYTES), record, ret_hash, CHAIN_HASH_BYTES);
}

void digests_request(struct span method, struct span payload, uint8_t *ret_digest)
{
    hash_two(method, payload, ret_digest, REQUEST_DIGEST_BYTES);
}

void digests_identifier(void *secret, struct span bytes, uint8_t *ret_hash)
{
    CHECK(HMAC(sha256, secret, IDENTIFIER_SECRET_BYTES, bytes.data, bytes.len, ret_hash, NULL) !=
          NULL);
}
