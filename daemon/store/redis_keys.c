// Key names are put together here and nowhere else.
#include "store/redis_keys.h"

#include <assert.h>
#include <string.h>

#include "base/check.h"
#include "store/redis_resp.h"

static_assert((int)LIMIT_MEMBER_ID_BYTES <= (int)STORE_KEY_BYTES_MAX, "a key holds an account id");

static void key_put(struct redis_key *key, struct span bytes)
{
    CHECK(bytes.len <= sizeof(key->bytes) - key->len);
    if (bytes.len > 0) {
        memcpy(key->bytes + key->len, bytes.data, bytes.len);
        key->len += bytes.len;
    }
}

static void key_put_tag(struct redis_key *key, bool meta, uint32_t partition)
{
    key->len = 0;
    key_put(key, span_of_text("ly:{"));
    if (meta) {
        key_put(key, span_of_text("meta"));
    } else {
        char digits[RESP_DIGITS_MAX];
        key_put(key, span_of(digits, resp_digits(digits, partition)));
    }
    key_put(key, span_of_text("}:"));
}

struct redis_key redis_key_account(const struct store_account *account)
{
    struct redis_key key;
    key_put_tag(&key, account->meta, account->partition);
    if (!account->meta) {
        key_put(&key, span_of_text("a:"));
    }
    key_put(&key, account->id);
    return key;
}

struct redis_key redis_key_identifier(uint32_t partition, struct span identifier)
{
    struct redis_key key;
    key_put_tag(&key, false, partition);
    key_put(&key, span_of_text("i:"));
    key_put(&key, identifier);
    return key;
}

struct redis_key redis_key_partition(bool meta, uint32_t partition, const char *name)
{
    struct redis_key key;
    key_put_tag(&key, meta, partition);
    key_put(&key, span_of_text(name));
    return key;
}
