// The cipher, one way and the other.
#include "app/sealing.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

#include "base/check.h"

static_assert((int)IDENTIFIER_SECRET_BYTES == 32, "a key of AES-256");

// NULL when there is no memory.
static EVP_CIPHER_CTX *cipher_begin(const struct sealing *sealing, int encrypt)
{
    int len = 0;
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    if (cipher != NULL &&
        EVP_CipherInit_ex(cipher, EVP_aes_256_gcm(), NULL, sealing->key, sealing->nonce, encrypt) ==
            1 &&
        EVP_CipherUpdate(cipher, NULL, &len, sealing->head.data, (int)sealing->head.len) == 1) {
        return cipher;
    }
    EVP_CIPHER_CTX_free(cipher);
    return NULL;
}

enum status sealing_seal(const struct sealing *sealing, struct span text, uint8_t *ret_sealed)
{
    int len = 0;
    EVP_CIPHER_CTX *cipher = cipher_begin(sealing, 1);
    bool done = cipher != NULL &&
                EVP_CipherUpdate(cipher, ret_sealed, &len, text.data, (int)text.len) == 1 &&
                len == (int)text.len &&
                EVP_CipherFinal_ex(cipher, ret_sealed + text.len, &len) == 1 &&
                EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, SEALING_TAG_BYTES,
                                    ret_sealed + text.len) == 1;
    EVP_CIPHER_CTX_free(cipher);
    return done ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status sealing_open(const struct sealing *sealing, struct span sealed, uint8_t *ret_text)
{
    uint8_t tag[SEALING_TAG_BYTES];
    uint8_t rest[EVP_MAX_BLOCK_LENGTH];
    int len = 0;
    CHECK(sealed.len >= sizeof tag);
    size_t text_len = sealed.len - sizeof tag;
    memcpy(tag, sealed.data + text_len, sizeof tag);
    EVP_CIPHER_CTX *cipher = cipher_begin(sealing, 0);
    if (cipher == NULL) {
        return STATUS_NO_MEMORY;
    }
    bool good = EVP_CipherUpdate(cipher, ret_text, &len, sealed.data, (int)text_len) == 1 &&
                EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, sizeof tag, tag) == 1 &&
                EVP_CipherFinal_ex(cipher, rest, &len) == 1;
    EVP_CIPHER_CTX_free(cipher);
    return good ? STATUS_OK : STATUS_INVALID;
}
