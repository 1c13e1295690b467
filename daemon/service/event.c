// Event entries to bytes and back.
#include "service/event.h"

#include "base/limits.h"
#include "base/varint.h"

enum status event_encode(const struct event *event, struct buffer *out)
{
    TRY(buffer_append_byte(out, EVENT_FORMAT));
    TRY(buffer_put_sized(out, event->member_id));
    TRY(buffer_put_u64(out, event->first_seq));
    return buffer_append(out, event->records);
}

enum status event_decode(struct span bytes, struct event *ret_event)
{
    struct reader reader = {.rest = bytes};
    uint8_t format = 0;
    TRY(reader_byte(&reader, &format));
    if (format != EVENT_FORMAT) {
        return STATUS_UNKNOWN_TYPE;
    }
    struct event event = {0};
    TRY(reader_sized(&reader, LIMIT_MEMBER_ID_BYTES, &event.member_id));
    TRY(reader_u64(&reader, &event.first_seq));
    event.records = reader.rest;
    *ret_event = event;
    return STATUS_OK;
}
