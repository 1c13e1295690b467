// Changes of bodies: one of them is dropped, doubled or moved, or one of its numbers becomes
// another, drawn from the bounds that stored figures have.
#include "base/buffer.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/varint.h"
#include "fuzz/stored.h"

enum { BODIES_MAX = 64, BODY_BYTES_MAX = 4096 };

static void put(struct buffer *out, struct span bytes)
{
    CHECK(buffer_append(out, bytes) == STATUS_OK);
}

static const int64_t numbers[] = {
    0,
    1,
    2,
    3,
    15,
    16,
    63,
    64,
    65,
    127,
    128,
    129,
    255,
    256,
    257,
    4095,
    4096,
    4097,
    65535,
    65536,
    INT32_MAX,
    UINT32_MAX,
    (int64_t)UINT32_MAX + 1,
    LIMIT_POINTS_A_RECORD,
    LIMIT_POINTS_A_RECORD + 1,
    LIMIT_POINTS_A_BALANCE,
    LIMIT_POINTS_A_BALANCE + 1,
    2 * LIMIT_POINTS_A_BALANCE, // what zigzag makes of it
    LIMIT_INSTANT_MAX_MS,
    LIMIT_INSTANT_MAX_MS * 2 + 1, // an instant as stored
    INT64_MAX,
    INT64_MIN,
    -1,
    -2,
};

// The varint at `at`, or what there is of one.
static size_t varint_bytes(struct span bytes, size_t at)
{
    size_t end = at;
    while (end < bytes.len && (bytes.data[end] & 0x80) != 0) {
        end++;
    }
    return (end < bytes.len ? end + 1 : end) - at;
}

static uint64_t other_number(uint64_t number, struct fuzz_random *random)
{
    switch (fuzz_random_below(random, 5)) {
    case 0:
        return number + 1;
    case 1:
        return number - 1;
    case 2:
        return number ^ ((uint64_t)1 << fuzz_random_below(random, 64));
    case 3:
        return fuzz_random_u64(random) >> fuzz_random_below(random, 64);
    default:
        return (uint64_t)numbers[fuzz_random_below(random, sizeof(numbers) / sizeof(numbers[0]))];
    }
}

// The body with one of its varints another; most of a body is varints.
static void put_other_number(struct span body, struct buffer *out, struct fuzz_random *random)
{
    size_t at = 1 + fuzz_random_below(random, body.len - 1);
    while (at > 1 && (body.data[at - 1] & 0x80) != 0) {
        at--;
    }
    struct reader reader = {.rest = span_from(body, at)};
    uint64_t number = 0;
    if (reader_u64(&reader, &number) != STATUS_OK) {
        number = 0;
    }
    put(out, span_of(body.data, at));
    CHECK(buffer_put_u64(out, other_number(number, random)) == STATUS_OK);
    put(out, span_from(body, at + varint_bytes(body, at)));
}

static void put_changed(struct span body, struct buffer *out, struct fuzz_random *random)
{
    static struct buffer changed; // for the life of the process
    static uint8_t scratch[BODY_BYTES_MAX];
    buffer_clear(&changed);
    if (body.len < 2 || body.len > sizeof(scratch) || fuzz_random_below(random, 3) != 0) {
        if (body.len >= 2) {
            put_other_number(body, &changed, random);
        }
    } else {
        memcpy(scratch, body.data, body.len);
        put(&changed, span_of(scratch, LLVMFuzzerMutate(scratch, body.len, sizeof(scratch))));
    }
    CHECK(buffer_put_sized(out, buffer_span(&changed)) == STATUS_OK);
}

static void put_treated(const struct span *bodies, size_t count, size_t chosen, struct buffer *out,
                        struct fuzz_random *random)
{
    size_t kind = fuzz_random_below(random, 12);
    if (kind == 0) {
        return; // dropped
    }
    if (kind == 1) {
        CHECK(buffer_put_sized(out, bodies[fuzz_random_below(random, count)]) == STATUS_OK);
    }
    if (kind <= 2) {
        CHECK(buffer_put_sized(out, bodies[chosen]) == STATUS_OK);
        return;
    }
    put_changed(bodies[chosen], out, random);
}

size_t stored_mutate(uint8_t *data, size_t len, size_t len_max, struct fuzz_random *random)
{
    static struct buffer out; // for the life of the process
    struct span bodies[BODIES_MAX];
    struct reader reader = {.rest = span_of(data, len)};
    size_t count = 0;
    while (count < BODIES_MAX &&
           reader_sized(&reader, LIMIT_RECORD_BYTES, &bodies[count]) == STATUS_OK) {
        count++;
    }
    if (count == 0) {
        return LLVMFuzzerMutate(data, len, len_max);
    }
    size_t chosen = fuzz_random_below(random, count);
    buffer_clear(&out);
    for (size_t i = 0; i < count; i++) {
        if (i == chosen) {
            put_treated(bodies, count, chosen, &out, random);
        } else {
            CHECK(buffer_put_sized(&out, bodies[i]) == STATUS_OK);
        }
    }
    put(&out, reader.rest);
    if (out.len > len_max || out.len == 0) {
        return len;
    }
    memcpy(data, out.data, out.len);
    return out.len;
}
