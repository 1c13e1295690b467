// HMAC-SHA-256 against RFC 4231 and OpenSSL's own, the chain, and that hashing takes no memory.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "app/digests.h"
#include "core/chain.h"
#include "core/record.h"

enum { HASH_BYTES = 32, MESSAGE_BYTES = 300 };

static size_t taken;

static void *count_malloc(size_t bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    taken++;
    return malloc(bytes);
}

static void *count_realloc(void *old, size_t bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    taken++;
    return realloc(old, bytes);
}

static void count_free(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

// RFC 4231, 4.2: the key is 20 bytes, which HMAC fills up with zeroes.
static void the_published_vector(void **state)
{
    (void)state;
    static const uint8_t expected[HASH_BYTES] = {
        0xb0, 0x34, 0x4c, 0x61, 0xd8, 0xdb, 0x38, 0x53, 0x5c, 0xa8, 0xaf,
        0xce, 0xaf, 0x0b, 0xf1, 0x2b, 0x88, 0x1d, 0xc2, 0x00, 0xc9, 0x83,
        0x3d, 0xa7, 0x26, 0xe9, 0x37, 0x6c, 0x2e, 0x32, 0xcf, 0xf7,
    };
    uint8_t secret[IDENTIFIER_SECRET_BYTES] = {0};
    uint8_t hash[HASH_BYTES];
    memset(secret, 0x0b, 20);
    digests_identifier(secret, span_of_text("Hi There"), hash);
    assert_memory_equal(hash, expected, HASH_BYTES);
}

static void as_openssl_has_it(void **state)
{
    (void)state;
    uint8_t secret[IDENTIFIER_SECRET_BYTES];
    uint8_t message[MESSAGE_BYTES];
    for (size_t len = 0; len <= sizeof(message); len++) {
        uint8_t hash[HASH_BYTES];
        uint8_t expected[HASH_BYTES];
        for (size_t i = 0; i < sizeof(secret); i++) {
            secret[i] = (uint8_t)(len * 5 + i * 11);
        }
        for (size_t i = 0; i < len; i++) {
            message[i] = (uint8_t)(len + i * 3);
        }
        digests_identifier(secret, span_of(message, len), hash);
        assert_non_null(
            HMAC(EVP_sha256(), secret, (int)sizeof(secret), message, len, expected, NULL));
        assert_memory_equal(hash, expected, HASH_BYTES);
    }
}

// The record's hash covers the hash of the one before it, cut to 16 bytes.
static void chains_the_one_before(void **state)
{
    (void)state;
    uint8_t both[CHAIN_HASH_BYTES + 6] = {0};
    memcpy(both + CHAIN_HASH_BYTES, "record", 6);
    for (int step = 0; step < 3; step++) {
        uint8_t hash[CHAIN_HASH_BYTES];
        uint8_t expected[HASH_BYTES];
        digests_chain(both, span_of_text("record"), hash);
        assert_int_equal(EVP_Digest(both, sizeof(both), expected, NULL, EVP_sha256(), NULL), 1);
        assert_memory_equal(hash, expected, sizeof(hash));
        memcpy(both, hash, sizeof(hash));
    }
}

static void a_request_has_its_border(void **state)
{
    (void)state;
    uint8_t one[REQUEST_DIGEST_BYTES];
    uint8_t other[REQUEST_DIGEST_BYTES];
    digests_request(span_of_text("/Award"), span_of_text("ed"), one);
    digests_request(span_of_text("/Awarded"), span_of_text(""), other);
    assert_memory_not_equal(one, other, sizeof(one));
}

// A daemon in want of memory goes on hashing.
static void no_memory_is_taken(void **state)
{
    (void)state;
    uint8_t secret[IDENTIFIER_SECRET_BYTES] = {1};
    uint8_t hash[HASH_BYTES] = {0};
    taken = 0;
    digests_chain(hash, span_of_text("record"), hash);
    digests_request(span_of_text("method"), span_of_text("payload"), hash);
    digests_identifier(secret, span_of_text("card"), hash);
    assert_int_equal(taken, 0);
}

int main(void)
{
    assert_int_equal(CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free), 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_memory_is_taken),       cmocka_unit_test(the_published_vector),
        cmocka_unit_test(as_openssl_has_it),        cmocka_unit_test(chains_the_one_before),
        cmocka_unit_test(a_request_has_its_border),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
