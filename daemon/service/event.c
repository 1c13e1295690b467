// Event entries to bytes and back.
#include "service/event.h"

#include "base/limits.h"
#include "base/varint.h"

enum status event_encode(const struct event *event, struct buffer *out)
{
    if (event->told.len > EVENT_TOLD_BYTES_MAX) {
        return STATUS_TOO_LARGE;
    }
    TRY(buffer_append_byte(out, (uint8_t)event->format));
    TRY(buffer_put_sized(out, event->member_id));
    TRY(buffer_put_u64(out, event->first_seq));
    TRY(buffer_put_sized(out, event->told));
    return buffer_append(out, event->records);
}

enum status event_decode(struct span bytes, struct event *ret_event)
{
    struct reader reader = {.rest = bytes};
    uint8_t format = 0;
    TRY(reader_byte(&reader, &format));
    if (format != EVENT_RECORDS && format != EVENT_BIRTHDAYS) {
        return STATUS_UNKNOWN_TYPE;
    }
    struct event event = {.format = (enum event_format)format};
    TRY(reader_sized(&reader, LIMIT_MEMBER_ID_BYTES, &event.member_id));
    TRY(reader_u64(&reader, &event.first_seq));
    TRY(reader_sized(&reader, EVENT_TOLD_BYTES_MAX, &event.told));
    event.records = reader.rest;
    *ret_event = event;
    return STATUS_OK;
}

// --- birthdays ---

enum status event_put_birthdays(struct buffer *out, int32_t day, int64_t begun_ms)
{
    if (day < 0 || begun_ms < 0) {
        return STATUS_RANGE;
    }
    TRY(buffer_put_u64(out, (uint64_t)day));
    return buffer_put_u64(out, (uint64_t)begun_ms);
}

enum status event_put_id(struct buffer *out, struct span member_id)
{
    return buffer_put_sized(out, member_id);
}

enum status event_birthdays(const struct event *event, struct event_birthdays *ret_birthdays)
{
    struct reader reader = {.rest = event->told};
    uint32_t day = 0;
    uint64_t begun_ms = 0;
    TRY(reader_u32(&reader, &day));
    TRY(reader_u64(&reader, &begun_ms));
    if (day > INT32_MAX || begun_ms >= (uint64_t)LIMIT_INSTANT_MAX_MS) {
        return STATUS_CORRUPT;
    }
    *ret_birthdays = (struct event_birthdays){
        .day = (int32_t)day, .begun_ms = (int64_t)begun_ms, .ids = reader.rest};
    return STATUS_OK;
}

enum status event_next_id(struct span *ids, struct span *ret_member_id)
{
    struct reader reader = {.rest = *ids};
    if (ids->len == 0) {
        return STATUS_NOT_FOUND;
    }
    TRY(reader_sized(&reader, LIMIT_MEMBER_ID_BYTES, ret_member_id));
    *ids = reader.rest;
    return STATUS_OK;
}
