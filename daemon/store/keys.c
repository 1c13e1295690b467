// Key names are put together here and nowhere else.
#include "store/keys.h"

#include <assert.h>
#include <string.h>

#include "base/check.h"

static_assert((int)LIMIT_MEMBER_ID_BYTES <= (int)STORE_KEY_BYTES_MAX, "a key holds an account id");

static void key_put(struct store_key *key, struct span bytes)
{
    CHECK(bytes.len <= sizeof(key->bytes) - key->len);
    if (bytes.len > 0) {
        memcpy(key->bytes + key->len, bytes.data, bytes.len);
        key->len += bytes.len;
    }
}

static void key_put_number(struct store_key *key, uint32_t number)
{
    uint8_t digits[10];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (uint8_t)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    key_put(key, span_of(digits + at, sizeof(digits) - at));
}

static void key_put_tag(struct store_key *key, bool meta, uint32_t partition)
{
    key->len = 0;
    key_put(key, span_of_text("ly:{"));
    if (meta) {
        key_put(key, span_of_text("meta"));
    } else {
        key_put_number(key, partition);
    }
    key_put(key, span_of_text("}:"));
}

struct store_key store_key_account(const struct store_account *account)
{
    struct store_key key;
    key_put_tag(&key, account->meta, account->partition);
    if (!account->meta) {
        key_put(&key, span_of_text("a:"));
    }
    key_put(&key, account->id);
    return key;
}

struct store_key store_key_identifier(uint32_t partition, struct span identifier)
{
    struct store_key key;
    key_put_tag(&key, false, partition);
    key_put(&key, span_of_text("i:"));
    key_put(&key, identifier);
    return key;
}

struct store_key store_key_partition(bool meta, uint32_t partition, const char *name)
{
    struct store_key key;
    key_put_tag(&key, meta, partition);
    key_put(&key, span_of_text(name));
    return key;
}
