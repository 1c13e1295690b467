// Writing and reading the bytes of segments.
#include "ctl/segment.h"

#include <string.h>
#include <zstd.h>

#include "core/record.h"
#include "core/snapshot.h"
#include "ctl/import_file.h"

static_assert((int)SEGMENT_CHECKSUM_BYTES == (int)SHA256_DIGEST_LENGTH, "the checksum is SHA-256");

static const char header_magic[8] = {'l', 'y', 'a', 'r', 'c', 'h', 0, 1};
static const char entry_magic[4] = {'l', 'y', 'e', 1};

// --- numbers ---

static enum status put_number(struct buffer *out, uint64_t number, size_t bytes)
{
    uint8_t stored[8];
    for (size_t i = 0; i < bytes; i++) {
        stored[i] = (uint8_t)(number >> (8 * i));
    }
    return buffer_append(out, span_of(stored, bytes));
}

static uint64_t take_number(const uint8_t **at, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; i++) {
        number |= (uint64_t)(*at)[i] << (8 * i);
    }
    *at += bytes;
    return number;
}

static void take_hash(const uint8_t **at, uint8_t *ret_hash)
{
    memcpy(ret_hash, *at, CHAIN_HASH_BYTES);
    *at += CHAIN_HASH_BYTES;
}

// --- checksums ---

static enum status put_checksum(struct buffer *out, size_t start)
{
    uint8_t sum[SEGMENT_CHECKSUM_BYTES];
    import_file_hash(span_from(buffer_span(out), start), sum);
    return buffer_append(out, span_of(sum, sizeof(sum)));
}

// Whether the last bytes are the checksum of those before.
static bool sums_up(struct span bytes)
{
    uint8_t sum[SEGMENT_CHECKSUM_BYTES];
    size_t len = bytes.len - sizeof(sum);
    import_file_hash(span_of(bytes.data, len), sum);
    return memcmp(sum, bytes.data + len, sizeof(sum)) == 0;
}

// --- headers ---

enum status segment_put_header(struct buffer *out, const uint8_t *archive_id, uint64_t segment)
{
    size_t start = out->len;
    TRY(buffer_append(out, span_of(header_magic, sizeof(header_magic))));
    TRY(buffer_append(out, span_of(archive_id, SEGMENT_ID_BYTES)));
    TRY(put_number(out, segment, 8));
    return put_checksum(out, start);
}

enum status segment_check_header(struct span bytes, const uint8_t *archive_id, uint64_t segment)
{
    if (bytes.len < SEGMENT_HEADER_BYTES) {
        return STATUS_CORRUPT;
    }
    const uint8_t *number = bytes.data + sizeof(header_magic) + SEGMENT_ID_BYTES;
    bool good = sums_up(span_of(bytes.data, SEGMENT_HEADER_BYTES)) &&
                memcmp(bytes.data, header_magic, sizeof(header_magic)) == 0 &&
                memcmp(bytes.data + sizeof(header_magic), archive_id, SEGMENT_ID_BYTES) == 0 &&
                take_number(&number, 8) == segment;
    return good ? STATUS_OK : STATUS_CORRUPT;
}

// --- entries ---

enum status segment_describe(struct span prefix, struct segment_entry *entry)
{
    struct record_cursor cursor = {.rest = prefix};
    struct record_place place;
    uint64_t stands_for = 0;
    bool first = true;
    entry->records = 0;
    memset(entry->before, 0, sizeof(entry->before));
    for (;;) {
        enum status status = record_next(&cursor, &place);
        if (status == STATUS_NOT_FOUND) {
            break;
        }
        TRY(status);
        if (first && place.body.data[0] == RECORD_SNAPSHOT) {
            struct snapshot_cursor retained;
            TRY(snapshot_begin(span_from(place.body, 1), &retained, &stands_for));
            memcpy(entry->before, place.hash, sizeof(entry->before));
        } else {
            entry->records++;
        }
        memcpy(entry->after, place.hash, sizeof(entry->after));
        first = false;
    }
    entry->first_record = stands_for + 1;
    entry->log_bytes = (uint32_t)prefix.len;
    return first || prefix.len > LIMIT_LOG_BYTES ? STATUS_CORRUPT : STATUS_OK;
}

static enum status put_head(struct buffer *out, const struct segment_entry *entry,
                            size_t frame_bytes)
{
    TRY(buffer_append(out, span_of(entry_magic, sizeof(entry_magic))));
    TRY(put_number(out, entry->partition, 4));
    TRY(put_number(out, entry->epoch, 8));
    TRY(put_number(out, entry->number, 8));
    TRY(put_number(out, entry->first_record, 8));
    TRY(put_number(out, entry->records, 8));
    TRY(put_number(out, entry->log_bytes, 4));
    TRY(put_number(out, frame_bytes, 4));
    TRY(put_number(out, entry->member_id.len, 4));
    TRY(put_number(out, 0, 4));
    TRY(buffer_append(out, span_of(entry->before, sizeof(entry->before))));
    TRY(buffer_append(out, span_of(entry->after, sizeof(entry->after))));
    return buffer_append(out, entry->member_id);
}

static enum status put_whole(struct buffer *out, const struct segment_entry *entry,
                             struct span frame)
{
    size_t start = out->len;
    TRY(put_head(out, entry, frame.len));
    TRY(buffer_append(out, frame));
    return put_checksum(out, start);
}

enum status segment_put_entry(struct buffer *out, const struct segment_entry *entry,
                              struct span prefix)
{
    struct buffer frame;
    size_t start = out->len;
    buffer_init(&frame, SEGMENT_FRAME_BYTES_MAX);
    enum status status = buffer_reserve(&frame, ZSTD_compressBound(prefix.len));
    if (status == STATUS_OK) {
        frame.len =
            ZSTD_compress(frame.data, frame.capacity, prefix.data, prefix.len, SEGMENT_LEVEL);
        status = ZSTD_isError(frame.len) != 0 ? STATUS_NO_MEMORY : STATUS_OK;
    }
    if (status == STATUS_OK) {
        status = put_whole(out, entry, buffer_span(&frame));
    }
    if (status != STATUS_OK) {
        buffer_truncate(out, start);
    }
    buffer_fini(&frame);
    return status;
}

enum status segment_read_entry(struct span bytes, struct segment_entry *ret_entry,
                               struct span *ret_frame, size_t *ret_bytes)
{
    if (bytes.len == 0) {
        return STATUS_NOT_FOUND;
    }
    if (bytes.len < SEGMENT_ENTRY_HEAD_BYTES ||
        memcmp(bytes.data, entry_magic, sizeof(entry_magic)) != 0) {
        return STATUS_CORRUPT;
    }
    const uint8_t *at = bytes.data + sizeof(entry_magic);
    struct segment_entry entry = {.partition = (uint32_t)take_number(&at, 4)};
    entry.epoch = take_number(&at, 8);
    entry.number = take_number(&at, 8);
    entry.first_record = take_number(&at, 8);
    entry.records = take_number(&at, 8);
    entry.log_bytes = (uint32_t)take_number(&at, 4);
    size_t frame_bytes = take_number(&at, 4);
    size_t id_bytes = take_number(&at, 4);
    size_t zero = take_number(&at, 4);
    take_hash(&at, entry.before);
    take_hash(&at, entry.after);
    if (zero != 0 || id_bytes == 0 || id_bytes > LIMIT_MEMBER_ID_BYTES ||
        frame_bytes > SEGMENT_FRAME_BYTES_MAX || entry.log_bytes > LIMIT_LOG_BYTES ||
        bytes.len - SEGMENT_ENTRY_HEAD_BYTES < id_bytes + frame_bytes + SEGMENT_CHECKSUM_BYTES) {
        return STATUS_CORRUPT;
    }
    size_t whole = SEGMENT_ENTRY_HEAD_BYTES + id_bytes + frame_bytes + SEGMENT_CHECKSUM_BYTES;
    if (!sums_up(span_of(bytes.data, whole))) {
        return STATUS_CORRUPT;
    }
    entry.member_id = span_of(at, id_bytes);
    *ret_frame = span_of(at + id_bytes, frame_bytes);
    *ret_entry = entry;
    *ret_bytes = whole;
    return STATUS_OK;
}

enum status segment_unpack(const struct segment_entry *entry, struct span frame, struct buffer *out)
{
    buffer_clear(out);
    TRY(buffer_reserve(out, entry->log_bytes));
    size_t got = ZSTD_decompress(out->data, entry->log_bytes, frame.data, frame.len);
    if (ZSTD_isError(got) != 0 || got != entry->log_bytes || got < CHAIN_HASH_BYTES ||
        memcmp(out->data + got - CHAIN_HASH_BYTES, entry->after, CHAIN_HASH_BYTES) != 0) {
        return STATUS_CORRUPT;
    }
    out->len = got;
    return STATUS_OK;
}

bool segment_has_entry(struct span bytes)
{
    struct segment_entry entry;
    struct span frame;
    size_t len;
    while (bytes.len > 0) {
        const uint8_t *found = memmem(bytes.data, bytes.len, entry_magic, sizeof(entry_magic));
        if (found == NULL) {
            return false;
        }
        bytes = span_from(bytes, (size_t)(found - bytes.data));
        if (segment_read_entry(bytes, &entry, &frame, &len) == STATUS_OK) {
            return true;
        }
        bytes = span_from(bytes, 1);
    }
    return false;
}
