// Layouts, both ways.
#include "core/codec.h"

#include "base/limits.h"

enum { QUARTER_HOUR_MS = 900000 };

enum status codec_u32(struct codec *codec, uint32_t *value)
{
    uint64_t wide = *value;
    TRY(codec_u64(codec, &wide));
    if (wide > UINT32_MAX) {
        return STATUS_CORRUPT;
    }
    *value = (uint32_t)wide;
    return STATUS_OK;
}

enum status codec_i64(struct codec *codec, int64_t *value)
{
    return codec->writing ? buffer_put_i64(codec->out, *value) : reader_i64(&codec->reader, value);
}

enum status codec_i32(struct codec *codec, int32_t *value)
{
    int64_t wide = *value;
    TRY(codec_i64(codec, &wide));
    if (wide < INT32_MIN || wide > INT32_MAX) {
        return STATUS_CORRUPT;
    }
    *value = (int32_t)wide;
    return STATUS_OK;
}

enum status codec_amount(struct codec *codec, int64_t *value)
{
    uint64_t wide = (uint64_t)*value;
    TRY(codec_u64(codec, &wide));
    if (wide > INT64_MAX) {
        return STATUS_CORRUPT;
    }
    *value = (int64_t)wide;
    return STATUS_OK;
}

// The lowest bit tells the unit: 0 quarter hours, 1 milliseconds. "Never" takes the form no instant
// has: 0 in milliseconds.
enum status codec_instant(struct codec *codec, int64_t *instant_ms)
{
    uint64_t coded = 1;
    if (codec->writing && *instant_ms != INSTANT_NEVER) {
        if (*instant_ms < 0) {
            return STATUS_RANGE;
        }
        bool quarter = *instant_ms % QUARTER_HOUR_MS == 0;
        coded = quarter ? (uint64_t)(*instant_ms / QUARTER_HOUR_MS) << 1
                        : ((uint64_t)*instant_ms << 1) | 1;
    }
    TRY(codec_u64(codec, &coded));
    if (codec->writing) {
        return STATUS_OK;
    }
    uint64_t count = coded >> 1;
    if (count > (uint64_t)(INT64_MAX / QUARTER_HOUR_MS)) {
        return STATUS_CORRUPT;
    }
    if (coded == 1) {
        *instant_ms = INSTANT_NEVER;
    } else {
        *instant_ms = (int64_t)count * ((coded & 1) != 0 ? 1 : QUARTER_HOUR_MS);
    }
    return STATUS_OK;
}

enum status codec_text(struct codec *codec, struct span *text, size_t len_max)
{
    if (!codec->writing) {
        return reader_sized(&codec->reader, len_max, text);
    }
    return text->len <= len_max ? buffer_put_sized(codec->out, *text) : STATUS_TOO_LARGE;
}

enum status codec_list(struct codec *codec, void **items, size_t *count, size_t item_bytes,
                       size_t count_max)
{
    uint64_t wide = *count;
    TRY(codec_u64(codec, &wide));
    if (codec->writing) {
        return wide <= count_max ? STATUS_OK : STATUS_TOO_LARGE;
    }
    // Every item takes at least a byte, so a false count cannot ask for more than the input's size.
    if (wide > count_max || wide > codec->reader.rest.len) {
        return STATUS_CORRUPT;
    }
    void *room = arena_alloc_array(codec->arena, (size_t)wide, item_bytes);
    if (room == NULL) {
        return STATUS_NO_MEMORY;
    }
    *items = room;
    *count = (size_t)wide;
    return STATUS_OK;
}
