// What the service counts of its requests: by method and outcome, and how long they took. One
// object a service; dispatch notes each answer once.
#pragma once

#include <stdint.h>

#include "base/metrics.h"
#include "base/status.h"
#include "loyalty/v1/common.pb-c.h"

struct meter;
struct method;

MUST_CHECK enum status meter_new(struct meter **ret_meter);
// NULL is allowed.
void meter_free(struct meter *meter);
// `method` NULL: there is none of that name. `code` 0: it was answered well.
void meter_note(struct meter *meter, const struct method *method, Loyalty__V1__Code code,
                int64_t micros);
void meter_tell(const struct meter *meter, const struct metrics_out *out);
