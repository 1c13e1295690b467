// SHA-256 by OpenSSL's plain functions: EVP takes memory at every use, and this is used millions of
// times.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "ctl/chain_hash.h"

#include <openssl/sha.h>
#include <string.h>

#include "base/check.h"
#include "core/chain.h"

void chain_hash_sha256(const uint8_t *previous, struct span record, uint8_t *ret_hash)
{
    SHA256_CTX context;
    uint8_t whole[SHA256_DIGEST_LENGTH];
    CHECK(SHA256_Init(&context) == 1);
    CHECK(SHA256_Update(&context, previous, CHAIN_HASH_BYTES) == 1);
    CHECK(SHA256_Update(&context, record.data, record.len) == 1);
    CHECK(SHA256_Final(whole, &context) == 1);
    memcpy(ret_hash, whole, CHAIN_HASH_BYTES);
}
