// The slowest requests of the last minutes, and the log line of each that took longer than
// --slow-ms. Kept with the member's id for those who may ask (MonitorService); a log line has its
// hash.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/status.h"
#include "loyalty/v1/common.pb-c.h"

struct method;
struct request;
struct slow;

enum {
    SLOW_KEPT = 16,
    SLOW_KEPT_MS = 10 * 60 * 1000,
    SLOW_OUTCOME_BYTES = 48,
    SLOW_CALLER_BYTES = 160
};

struct slow_request {
    int64_t at_ms; // by this machine's clock
    int64_t micros;
    const struct method *method;
    char member_id[LIMIT_MEMBER_ID_BYTES + 1]; // empty: none was found out
    char outcome[SLOW_OUTCOME_BYTES];
    char caller[SLOW_CALLER_BYTES];
    char traceparent[LIMIT_TRACEPARENT_BYTES + 1];
};

MUST_CHECK enum status slow_new(uint32_t slow_ms, struct slow **ret_slow);
// NULL is allowed.
void slow_free(struct slow *slow);
// 0: no line is written.
void slow_set_ms(struct slow *slow, uint32_t slow_ms);

// Of each request as it is answered; `error` NULL: it went well.
void slow_note(struct request *request, const Loyalty__V1__Error *error, int64_t micros);
// Slowest first, not older than SLOW_KEPT_MS; returns how many.
size_t slow_list(const struct slow *slow, int64_t now_ms, struct slow_request ret_items[SLOW_KEPT]);
