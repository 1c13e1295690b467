// The shape of a traceparent. Source: W3C Trace Context, 3.2.
#include "face/trace.h"

#include <stdbool.h>

#include "base/limits.h"

static bool is_hex(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
            return false;
        }
    }
    return true;
}

static bool is_zero(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != '0') {
            return false;
        }
    }
    return true;
}

struct span trace_parse(struct span text)
{
    if (text.len < LIMIT_TRACEPARENT_BYTES) {
        return (struct span){0};
    }
    struct span version = span_of(text.data, 2);
    struct span trace_id = span_of(text.data + 3, 32);
    struct span parent_id = span_of(text.data + 36, 16);
    struct span flags = span_of(text.data + 53, 2);
    bool dashes = text.data[2] == '-' && text.data[35] == '-' && text.data[52] == '-';
    bool ends = text.len == LIMIT_TRACEPARENT_BYTES ||
                (!is_zero(version) && text.data[LIMIT_TRACEPARENT_BYTES] == '-');
    if (!dashes || !ends || !is_hex(version) || span_is_text(version, "ff") || !is_hex(trace_id) ||
        is_zero(trace_id) || !is_hex(parent_id) || is_zero(parent_id) || !is_hex(flags)) {
        return (struct span){0};
    }
    return span_of(text.data, LIMIT_TRACEPARENT_BYTES);
}
