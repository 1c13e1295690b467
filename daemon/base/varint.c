// Encoding and decoding of varints, and the cursor. A read works on a copy of the cursor and hands
// it back only when all of the value was there, so a failed read moves nothing. Shortest form: the
// last byte of a longer one would be zero, and a tenth byte may only be 1.
#include "base/varint.h"

enum status reader_byte(struct reader *reader, uint8_t *ret_value)
{
    if (reader->rest.len == 0) {
        return STATUS_CORRUPT;
    }
    *ret_value = reader->rest.data[0];
    reader->rest = span_from(reader->rest, 1);
    return STATUS_OK;
}

enum status reader_bytes(struct reader *reader, size_t len, struct span *ret_bytes)
{
    if (len > reader->rest.len) {
        return STATUS_CORRUPT;
    }
    *ret_bytes = span_of(reader->rest.data, len);
    reader->rest = span_from(reader->rest, len);
    return STATUS_OK;
}

enum status reader_u64_long(struct reader *reader, uint64_t *ret_value)
{
    struct span rest = reader->rest;
    size_t most = rest.len < VARINT_BYTES_MAX ? rest.len : VARINT_BYTES_MAX;
    uint64_t value = 0;
    uint32_t shift = 0;
    for (size_t i = 0; i < most; i++) {
        uint8_t byte = rest.data[i];
        value |= (uint64_t)(byte & VARINT_BITS) << shift;
        shift += 7;
        if ((byte & VARINT_MORE) != 0) {
            continue;
        }
        bool shortest = byte != 0 || i == 0;
        bool fits = byte <= 1 || i < VARINT_BYTES_MAX - 1;
        if (!shortest || !fits) {
            return STATUS_CORRUPT;
        }
        reader->rest = span_from(rest, i + 1);
        *ret_value = value;
        return STATUS_OK;
    }
    return STATUS_CORRUPT;
}

enum status reader_i64(struct reader *reader, int64_t *ret_value)
{
    uint64_t zigzag = 0;
    TRY(reader_u64(reader, &zigzag));
    int64_t half = (int64_t)(zigzag >> 1);
    *ret_value = (zigzag & 1) == 0 ? half : -half - 1;
    return STATUS_OK;
}

enum status reader_u32(struct reader *reader, uint32_t *ret_value)
{
    struct reader ahead = *reader;
    uint64_t value = 0;
    TRY(reader_u64(&ahead, &value));
    if (value > UINT32_MAX) {
        return STATUS_CORRUPT;
    }
    *reader = ahead;
    *ret_value = (uint32_t)value;
    return STATUS_OK;
}

enum status reader_sized(struct reader *reader, size_t len_max, struct span *ret_bytes)
{
    struct reader ahead = *reader;
    uint64_t len = 0;
    TRY(reader_u64(&ahead, &len));
    if (len > len_max || len > ahead.rest.len) {
        return STATUS_CORRUPT;
    }
    *ret_bytes = span_of(ahead.rest.data, (size_t)len);
    reader->rest = span_from(ahead.rest, (size_t)len);
    return STATUS_OK;
}

enum status buffer_put_u64_grown(struct buffer *buffer, uint64_t value)
{
    uint8_t bytes[VARINT_BYTES_MAX];
    return buffer_append(buffer, span_of(bytes, varint_write(bytes, value)));
}

enum status buffer_put_sized(struct buffer *buffer, struct span bytes)
{
    uint8_t head[VARINT_BYTES_MAX];
    size_t head_len = varint_write(head, bytes.len);
    if (bytes.len > SIZE_MAX - head_len) {
        return STATUS_TOO_LARGE;
    }
    TRY(buffer_reserve(buffer, head_len + bytes.len)); // both or neither
    TRY(buffer_append(buffer, span_of(head, head_len)));
    return buffer_append(buffer, bytes);
}
