// What the handlers of MonitorService share. Nobody else includes this.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/status.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "service/monitor.h"
#include "service/request.h"

struct monitor_page {
    uint32_t size;  // 1 to SERVICE_MONITOR_PAGE
    uint64_t place; // where the answer before ended; 0: the start
};

// False: it was answered, and ended.
bool monitor_page_read(struct request *request, uint32_t size, const char *token,
                       struct monitor_page *ret_page);
// The token that goes on from a place other than 0.
MUST_CHECK enum status monitor_page_token(struct arena *arena, uint64_t place, char **ret_token);

// Takes what an element of the answer needs from its room; false: it does not fit.
bool monitor_fits(size_t *room, const ProtobufCMessage *element);
// A text in the arena, cut at SERVICE_MONITOR_TEXT; NULL is as empty, which is left as it is.
MUST_CHECK enum status monitor_text(struct arena *arena, const char *text, char **ret_text);
// 0 gives NULL.
MUST_CHECK enum status monitor_instant(struct arena *arena, int64_t instant_ms,
                                       Google__Protobuf__Timestamp **ret_instant);
// Answers by a status or with the response, and ends the request.
void monitor_end(struct request *request, enum status status, const ProtobufCMessage *response);
