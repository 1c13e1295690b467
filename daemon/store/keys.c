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

static struct store_key key_of(bool meta, uint32_t partition, const char *kind, struct span name)
{
    struct store_key key;
    key_put_tag(&key, meta, partition);
    key_put(&key, span_of_text(kind));
    key_put(&key, name);
    return key;
}

struct store_key store_key_account(const struct store_account *account)
{
    return key_of(account->meta, account->partition, account->meta ? "" : "a:", account->id);
}

struct store_key store_key_identifier(uint32_t partition, struct span identifier)
{
    return key_of(false, partition, "i:", identifier);
}

struct store_key store_key_value(const struct store_value *value)
{
    return key_of(value->meta, value->partition, value->meta ? "c:" : "p:", value->name);
}

struct store_key store_key_set(uint32_t partition, struct span set)
{
    return key_of(false, partition, "b:", set);
}

struct store_key store_key_partition(bool meta, uint32_t partition, const char *name)
{
    return key_of(meta, partition, "", span_of_text(name));
}

static void add_set(struct store_put_sets *sets, struct store_key key, bool enters)
{
    sets->keys[sets->count] = key;
    sets->enters[sets->count++] = enters;
}

struct store_put_sets store_put_sets(const struct store_put *put)
{
    struct store_put_sets sets = {0};
    if (put->value.meta) {
        add_set(&sets, store_key_partition(true, 0, "values"), put->bytes.len > 0);
        return sets;
    }
    if (put->leave_set.len > 0) {
        add_set(&sets, store_key_set(put->value.partition, put->leave_set), false);
    }
    if (put->enter_set.len > 0) {
        add_set(&sets, store_key_set(put->value.partition, put->enter_set), true);
    }
    return sets;
}
