// SHA-256 by OpenSSL's plain functions, and HMAC (RFC 2104) over them. They are deprecated in
// favour of EVP, which takes memory at every use: a daemon that has none left could not even look
// at what it has written.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "app/digests.h"

#include <assert.h>
#include <openssl/sha.h>
#include <string.h>

#include "base/check.h"
#include "core/chain.h"
#include "core/record.h"

enum { BLOCK_BYTES = SHA256_CBLOCK, INNER_PAD = 0x36, OUTER_PAD = 0x5c };

static_assert((int)IDENTIFIER_SECRET_BYTES <= (int)BLOCK_BYTES, "HMAC takes the secret as it is");

static void hash_parts(const struct span *parts, size_t count, uint8_t *ret_hash, size_t len)
{
    SHA256_CTX context;
    uint8_t whole[SHA256_DIGEST_LENGTH];
    CHECK(len <= sizeof whole);
    CHECK(SHA256_Init(&context) == 1);
    for (size_t i = 0; i < count; i++) {
        CHECK(SHA256_Update(&context, parts[i].data, parts[i].len) == 1);
    }
    CHECK(SHA256_Final(whole, &context) == 1);
    memcpy(ret_hash, whole, len);
}

void digests_chain(const uint8_t *previous, struct span record, uint8_t *ret_hash)
{
    const struct span parts[] = {span_of(previous, CHAIN_HASH_BYTES), record};
    hash_parts(parts, 2, ret_hash, CHAIN_HASH_BYTES);
}

// A path has no NUL, so one is the border.
void digests_request(struct span method, struct span payload, uint8_t *ret_digest)
{
    const struct span parts[] = {method, span_of("", 1), payload};
    hash_parts(parts, 3, ret_digest, REQUEST_DIGEST_BYTES);
}

static void pad_secret(const uint8_t *secret, uint8_t byte, uint8_t ret_block[BLOCK_BYTES])
{
    memset(ret_block, byte, BLOCK_BYTES);
    for (size_t i = 0; i < IDENTIFIER_SECRET_BYTES; i++) {
        ret_block[i] ^= secret[i];
    }
}

void digests_identifier(void *secret, struct span bytes, uint8_t *ret_hash)
{
    uint8_t block[BLOCK_BYTES];
    uint8_t inner[SHA256_DIGEST_LENGTH];
    pad_secret(secret, INNER_PAD, block);
    const struct span inner_parts[] = {span_of(block, sizeof block), bytes};
    hash_parts(inner_parts, 2, inner, sizeof inner);
    pad_secret(secret, OUTER_PAD, block);
    const struct span outer_parts[] = {span_of(block, sizeof block), span_of(inner, sizeof inner)};
    hash_parts(outer_parts, 2, ret_hash, sizeof inner);
    explicit_bzero(block, sizeof block);
}
