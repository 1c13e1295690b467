// Variable-length integers as protobuf writes them (seven bits a byte, least significant first),
// zigzag for signed ones. Only the shortest form is accepted: equal values have equal bytes.
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"
#include "base/status.h"

enum { VARINT_BYTES_MAX = 10, VARINT_MORE = 0x80, VARINT_BITS = 0x7f };

// A cursor over borrowed bytes; reads past the end or of a non-shortest form give STATUS_CORRUPT
// and do not move it.
struct reader {
    struct span rest;
};

// What reader_u64 does with more than one byte.
MUST_CHECK enum status reader_u64_long(struct reader *reader, uint64_t *ret_value);

// Most of what a log or an envelope is made of is one byte.
MUST_CHECK static inline enum status reader_u64(struct reader *reader, uint64_t *ret_value)
{
    if (reader->rest.len == 0 || reader->rest.data[0] > VARINT_BITS) {
        return reader_u64_long(reader, ret_value);
    }
    *ret_value = reader->rest.data[0];
    reader->rest = span_from(reader->rest, 1);
    return STATUS_OK;
}

MUST_CHECK enum status reader_i64(struct reader *reader, int64_t *ret_value);
MUST_CHECK enum status reader_u32(struct reader *reader, uint32_t *ret_value);
MUST_CHECK enum status reader_byte(struct reader *reader, uint8_t *ret_value);
// Exactly `len` bytes, borrowed from the reader's input.
MUST_CHECK enum status reader_bytes(struct reader *reader, size_t len, struct span *ret_bytes);
// A varint length and that many bytes; STATUS_CORRUPT also when the length is over `len_max`.
MUST_CHECK enum status reader_sized(struct reader *reader, size_t len_max, struct span *ret_bytes);

// Writes at most VARINT_BYTES_MAX bytes at `out`; returns how many.
static inline size_t varint_write(uint8_t *out, uint64_t value)
{
    size_t len = 0;
    while (value > VARINT_BITS) {
        out[len++] = (uint8_t)(value & VARINT_BITS) | VARINT_MORE;
        value >>= 7;
    }
    out[len++] = (uint8_t)value;
    return len;
}

// What buffer_put_u64 does when there may be no room for the longest form.
MUST_CHECK enum status buffer_put_u64_grown(struct buffer *buffer, uint64_t value);

// Most of what a record is made of is written here: mostly one look at the end, and a byte.
MUST_CHECK static inline enum status buffer_put_u64(struct buffer *buffer, uint64_t value)
{
    if (!buffer_has_room(buffer, VARINT_BYTES_MAX)) {
        return buffer_put_u64_grown(buffer, value);
    }
    buffer->len += varint_write(buffer->data + buffer->len, value);
    return STATUS_OK;
}

MUST_CHECK static inline enum status buffer_put_i64(struct buffer *buffer, int64_t value)
{
    uint64_t twice = (uint64_t)value << 1;
    return buffer_put_u64(buffer, value < 0 ? ~twice : twice);
}

MUST_CHECK enum status buffer_put_sized(struct buffer *buffer, struct span bytes);
