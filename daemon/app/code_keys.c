// Keys of codes, by OpenSSL.
#include "app/code_keys.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "app/sealing.h"
#include "app/secrets.h"
#include "base/check.h"

static const char sealing_label[] = "loyaltyd perk code, member reference, 1";

static_assert((int)SEALING_NONCE_BYTES <= (int)PERK_CODE_BYTES, "a nonce is long enough for GCM");
static_assert((int)SEALING_TAG_BYTES == (int)CODE_TAG_BYTES, "the tag is that of GCM");

// --- the port ---

static enum status random_bytes(void *context, uint8_t *ret_bytes, size_t count)
{
    (void)context;
    return getrandom(ret_bytes, count, 0) == (ssize_t)count ? STATUS_OK : STATUS_IO;
}

static enum status sign(void *context, struct span text, uint8_t *ret_signature)
{
    struct code_keys *codes = context;
    size_t len = CODE_SIGNATURE_BYTES;
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    bool done = digest != NULL &&
                EVP_DigestSignInit(digest, NULL, NULL, NULL, codes->signing[0]) == 1 &&
                EVP_DigestSign(digest, ret_signature, &len, text.data, text.len) == 1;
    EVP_MD_CTX_free(digest);
    return done && len == CODE_SIGNATURE_BYTES ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status verify(void *context, size_t key, struct span text, const uint8_t *signature)
{
    struct code_keys *codes = context;
    CHECK(key < codes->port.key_count);
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    if (digest == NULL ||
        EVP_DigestVerifyInit(digest, NULL, NULL, NULL, codes->signing[key]) != 1) {
        EVP_MD_CTX_free(digest);
        return STATUS_NO_MEMORY;
    }
    int good = EVP_DigestVerify(digest, signature, CODE_SIGNATURE_BYTES, text.data, text.len);
    EVP_MD_CTX_free(digest);
    return good == 1 ? STATUS_OK : STATUS_INVALID;
}

static enum status seal(void *context, const uint8_t *nonce, struct span head,
                        const uint8_t *member, uint8_t *ret_sealed)
{
    struct code_keys *codes = context;
    struct sealing sealing = {.key = codes->sealing[0], .nonce = nonce, .head = head};
    return sealing_seal(&sealing, span_of(member, CODE_MEMBER_BYTES), ret_sealed);
}

static enum status unseal(void *context, size_t key, const uint8_t *nonce, struct span head,
                          const uint8_t *sealed, uint8_t *ret_member)
{
    struct code_keys *codes = context;
    CHECK(key < codes->port.key_count);
    struct sealing sealing = {.key = codes->sealing[key], .nonce = nonce, .head = head};
    return sealing_open(&sealing, span_of(sealed, CODE_SEALED_BYTES), ret_member);
}

void code_keys_init(struct code_keys *codes)
{
    *codes = (struct code_keys){
        .port =
            {.random = random_bytes, .sign = sign, .verify = verify, .seal = seal, .open = unseal},
    };
    codes->port.context = codes;
    codes->port.keys = codes->keys;
}

void code_keys_fini(struct code_keys *codes)
{
    for (size_t i = 0; i < codes->port.key_count; i++) {
        EVP_PKEY_free(codes->signing[i]);
    }
    secrets_wipe(codes, sizeof *codes);
}

// --- files ---

static enum status read_pem(const char *path, EVP_PKEY **ret_key)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return STATUS_IO;
    }
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, (void *)"");
    fclose(file);
    if (key == NULL || EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519) {
        EVP_PKEY_free(key);
        return STATUS_INVALID;
    }
    *ret_key = key;
    return STATUS_OK;
}

// What is derived of a key: its public half, the id codes name it by, the key of references.
static bool derive(EVP_PKEY *key, struct code_key *ret_key, uint8_t *ret_sealing)
{
    uint8_t secret[IDENTIFIER_SECRET_BYTES];
    uint8_t hash[SHA256_DIGEST_LENGTH];
    size_t public_len = sizeof ret_key->public_key;
    size_t secret_len = sizeof secret;
    bool done = EVP_PKEY_get_raw_public_key(key, ret_key->public_key, &public_len) == 1 &&
                EVP_PKEY_get_raw_private_key(key, secret, &secret_len) == 1 &&
                secret_len == sizeof secret &&
                SHA256(ret_key->public_key, sizeof ret_key->public_key, hash) != NULL;
    if (done) {
        memcpy(ret_key->id, hash, sizeof ret_key->id);
        digests_identifier(secret, span_of_text(sealing_label), ret_sealing);
    }
    secrets_wipe(secret, sizeof secret);
    return done;
}

enum status code_keys_add(struct code_keys *codes, const char *path)
{
    size_t count = codes->port.key_count;
    if (count == CODE_KEYS_MAX) {
        return STATUS_TOO_LARGE;
    }
    EVP_PKEY *key = NULL;
    TRY(read_pem(path, &key));
    if (!derive(key, &codes->keys[count], codes->sealing[count])) {
        EVP_PKEY_free(key);
        return STATUS_INVALID;
    }
    codes->signing[count] = key;
    codes->port.key_count++;
    return STATUS_OK;
}

static enum status write_pem(EVP_PKEY *key, const char *path)
{
    char *text = NULL;
    BIO *pem = BIO_new(BIO_s_secmem());
    enum status status = STATUS_NO_MEMORY;
    if (pem != NULL && PEM_write_bio_PKCS8PrivateKey(pem, key, NULL, NULL, 0, NULL, NULL) == 1) {
        long len = BIO_get_mem_data(pem, &text);
        status = secrets_write(path, text, (size_t)len);
    }
    BIO_free(pem);
    return status;
}

enum status code_keys_add_made(struct code_keys *codes, const char *path)
{
    if (access(path, F_OK) != 0) {
        EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        enum status status = key == NULL ? STATUS_NO_MEMORY : write_pem(key, path);
        EVP_PKEY_free(key);
        TRY(status);
    }
    return code_keys_add(codes, path);
}
