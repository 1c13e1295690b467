// Percent-encoding. Source: gRPC over HTTP2, "Responses".
#include "face/percent.h"

enum status percent_encode(struct span text, struct arena *arena, struct span *ret_text)
{
    static const char digits[] = "0123456789ABCDEF";
    uint8_t *out = arena_alloc_array(arena, text.len, 3);
    if (out == NULL) {
        return STATUS_NO_MEMORY;
    }
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        if (byte >= 0x20 && byte <= 0x7e && byte != '%') {
            out[len++] = byte;
            continue;
        }
        out[len++] = '%';
        out[len++] = (uint8_t)digits[byte >> 4];
        out[len++] = (uint8_t)digits[byte & 15];
    }
    *ret_text = span_of(out, len);
    return STATUS_OK;
}
