// One description of a layout, used both ways: a layout function calls codec_ functions on its
// fields in order; writing appends them, reading fills them. So what is written is what is read.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/span.h"
#include "base/status.h"
#include "base/varint.h"

struct codec {
    bool writing;
    struct buffer *out;   // writing
    struct reader reader; // reading
    struct arena *arena;  // reading: where lists go
};

MUST_CHECK static inline enum status codec_u64(struct codec *codec, uint64_t *value)
{
    return codec->writing ? buffer_put_u64(codec->out, *value) : reader_u64(&codec->reader, value);
}

MUST_CHECK enum status codec_u32(struct codec *codec, uint32_t *value);
MUST_CHECK enum status codec_i64(struct codec *codec, int64_t *value);
MUST_CHECK enum status codec_i32(struct codec *codec, int32_t *value);
// A figure that is never below 0.
MUST_CHECK enum status codec_amount(struct codec *codec, int64_t *value);
MUST_CHECK enum status codec_instant(struct codec *codec, int64_t *instant_ms);
// Inline for its length, which is known where it is called: so the copy is no call either.
MUST_CHECK static inline enum status codec_raw(struct codec *codec, uint8_t *bytes, size_t len)
{
    if (codec->writing) {
        return buffer_append(codec->out, span_of(bytes, len));
    }
    if (len > codec->reader.rest.len) {
        return STATUS_CORRUPT;
    }
    memcpy(bytes, codec->reader.rest.data, len);
    codec->reader.rest = span_from(codec->reader.rest, len);
    return STATUS_OK;
}

// Borrowed from the input when reading.
MUST_CHECK enum status codec_text(struct codec *codec, struct span *text, size_t len_max);
// A count of items of `item_bytes`; when reading, makes room for them in the arena.
MUST_CHECK enum status codec_list(struct codec *codec, void **items, size_t *count,
                                  size_t item_bytes, size_t count_max);
