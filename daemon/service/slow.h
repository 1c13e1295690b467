// The slowest requests of the last minutes, and the log line of each that took longer than
// --slow-ms. Kept with the member's id for those who may ask (MonitorService); a log line has its
// hash.
#pragma once

#include <stdint.h>

#include "loyalty/v1/common.pb-c.h"

struct request;

// Of each request as it is answered; `error` NULL: it went well.
void slow_note(struct request *request, const Loyalty__V1__Error *error, int64_t micros);
