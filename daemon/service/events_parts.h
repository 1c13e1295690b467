// What requests about the event streams and their consumers have in common.
#pragma once

#include <stdbool.h>

#include "base/status.h"
#include "service/request.h"

// Whether the streams can be read now; false: it was answered.
bool events_may_begin(struct request *request);
// The store has answered, with what was hoped for or not. False: the request has ended.
bool events_take(struct request *request, bool good);
void events_end(struct request *request, enum status status);
void events_refuse(struct request *request, const char *reason, const char *field,
                   const char *message);
void events_refuse_name(struct request *request);
