// Keys of profiles.
#include "app/profile_keys.h"

#include <assert.h>
#include <string.h>
#include <sys/random.h>

#include "app/sealing.h"
#include "app/secrets.h"
#include "base/check.h"

enum {
    VERSION = 1,
    HEAD_BYTES = 1 + PROFILE_KEY_ID_BYTES,
    TEXT_AT = HEAD_BYTES + SEALING_NONCE_BYTES,
    ABOUT_BYTES_MAX = 128,
};

static_assert((int)TEXT_AT + (int)SEALING_TAG_BYTES == (int)PROFILE_SEAL_BYTES,
              "a sealed text is so much longer");

static const char id_label[] = "loyaltyd profile key id, 1";

// Version, key id and what the profile is about.
static struct span head(const uint8_t *sealed, struct span about, uint8_t bytes[ABOUT_BYTES_MAX])
{
    CHECK(HEAD_BYTES + about.len <= ABOUT_BYTES_MAX);
    memcpy(bytes, sealed, HEAD_BYTES);
    memcpy(bytes + HEAD_BYTES, about.data, about.len);
    return span_of(bytes, HEAD_BYTES + about.len);
}

static enum status seal(void *context, struct span about, struct span text, uint8_t *ret_sealed)
{
    const struct profile_keys *profiles = context;
    uint8_t bytes[ABOUT_BYTES_MAX];
    ret_sealed[0] = VERSION;
    memcpy(ret_sealed + 1, profiles->ids[0], PROFILE_KEY_ID_BYTES);
    if (getrandom(ret_sealed + HEAD_BYTES, SEALING_NONCE_BYTES, 0) != SEALING_NONCE_BYTES) {
        return STATUS_IO;
    }
    struct sealing sealing = {.key = profiles->keys[0],
                              .nonce = ret_sealed + HEAD_BYTES,
                              .head = head(ret_sealed, about, bytes)};
    return sealing_seal(&sealing, text, ret_sealed + TEXT_AT);
}

static enum status unseal(void *context, struct span about, struct span sealed, uint8_t *ret_text)
{
    const struct profile_keys *profiles = context;
    uint8_t bytes[ABOUT_BYTES_MAX];
    CHECK(sealed.len >= PROFILE_SEAL_BYTES);
    size_t key = 0;
    while (key < profiles->count &&
           memcmp(sealed.data + 1, profiles->ids[key], PROFILE_KEY_ID_BYTES) != 0) {
        key++;
    }
    if (sealed.data[0] != VERSION || key == profiles->count) {
        return STATUS_INVALID;
    }
    struct sealing sealing = {.key = profiles->keys[key],
                              .nonce = sealed.data + HEAD_BYTES,
                              .head = head(sealed.data, about, bytes)};
    return sealing_open(&sealing, span_of(sealed.data + TEXT_AT, sealed.len - TEXT_AT), ret_text);
}

void profile_keys_init(struct profile_keys *profiles)
{
    *profiles = (struct profile_keys){
        .port = {.context = profiles, .seal = seal, .open = unseal},
    };
}

void profile_keys_fini(struct profile_keys *profiles)
{
    secrets_wipe(profiles->keys, sizeof profiles->keys);
    profiles->count = 0;
}

static void name_key(struct profile_keys *profiles)
{
    uint8_t hash[IDENTIFIER_SECRET_BYTES];
    digests_identifier(profiles->keys[profiles->count], span_of_text(id_label), hash);
    memcpy(profiles->ids[profiles->count], hash, PROFILE_KEY_ID_BYTES);
    profiles->count++;
}

enum status profile_keys_add(struct profile_keys *profiles, const char *path)
{
    if (profiles->count == PROFILE_KEYS_MAX) {
        return STATUS_TOO_LARGE;
    }
    TRY(secrets_key(path, profiles->keys[profiles->count]));
    name_key(profiles);
    return STATUS_OK;
}

enum status profile_keys_add_made(struct profile_keys *profiles, const char *path)
{
    CHECK(profiles->count < PROFILE_KEYS_MAX);
    TRY(secrets_key_made(path, profiles->keys[profiles->count]));
    name_key(profiles);
    return STATUS_OK;
}
