// Pages, texts and ends of MonitorService's answers.
#include "service/monitor_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "service/bounds.h"
#include "wire/message.h"
#include "wire/replies.h"

enum { ELEMENT_BYTES = 6, TOKEN_BYTES_MAX = 20 }; // an element's tag and length; a number's digits

static bool read_place(const char *token, uint64_t *ret_place)
{
    size_t digits = strspn(token, "0123456789");
    *ret_place = 0;
    if (*token == '\0') {
        return true;
    }
    if (token[digits] != '\0' || digits >= TOKEN_BYTES_MAX) {
        return false;
    }
    *ret_place = strtoull(token, NULL, 10); // fewer digits than would not fit
    return *ret_place > 0;
}

bool monitor_page_read(struct request *request, uint32_t size, const char *token,
                       struct monitor_page *ret_page)
{
    struct monitor_page page = {.size = size == 0 ? SERVICE_MONITOR_PAGE : size};
    if (page.size > SERVICE_MONITOR_PAGE) {
        request_fail(request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "OUT_OF_RANGE", "page_size",
                     "A page has 1 to 200 elements.");
    } else if (!read_place(token, &page.place)) {
        request_fail(request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "BAD_TOKEN", "page_token",
                     "The token is none of an answer before; begin without one.");
    } else {
        *ret_page = page;
        return true;
    }
    request_end(request);
    return false;
}

enum status monitor_page_token(struct arena *arena, uint64_t place, char **ret_token)
{
    char *token = arena_printf(arena, "%" PRIu64, place);
    if (token == NULL) {
        return STATUS_NO_MEMORY;
    }
    *ret_token = token;
    return STATUS_OK;
}

bool monitor_fits(size_t *room, const ProtobufCMessage *element)
{
    size_t bytes = protobuf_c_message_get_packed_size(element) + ELEMENT_BYTES;
    if (bytes > *room) {
        return false;
    }
    *room -= bytes;
    return true;
}

enum status monitor_text(struct arena *arena, const char *text, char **ret_text)
{
    size_t len = text == NULL ? 0 : strnlen(text, SERVICE_MONITOR_TEXT);
    return len == 0 ? STATUS_OK : replies_text(arena, span_of(text, len), ret_text);
}

enum status monitor_instant(struct arena *arena, int64_t instant_ms,
                            Google__Protobuf__Timestamp **ret_instant)
{
    if (instant_ms == 0) {
        *ret_instant = NULL;
        return STATUS_OK;
    }
    return replies_instant(arena, instant_ms, ret_instant);
}

void monitor_end(struct request *request, enum status status, const ProtobufCMessage *response)
{
    if (status == STATUS_OK) {
        request_reply(request, response, false);
    } else {
        request_internal(request, status);
    }
    request_end(request);
}
