// What the loads look at in an answer, whichever face it came by.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "base/varint.h"
#include "bench/requests.h"

// One field of a protobuf message.
struct bench_field {
    uint32_t number;
    uint64_t value;    // of a varint
    struct span bytes; // of a sized one
};

// The next field; false at the end, or where there is none that can be read.
bool bench_field_next(struct reader *message, struct bench_field *ret_field);

// Whether the answer names this member.
bool bench_answer_names(struct span answer, const char member_id[BENCH_MEMBER_BYTES]);
// Points: of an award, of a redemption (below 0), or all that a member has, pending and held ones
// too. False when the answer is no such message.
bool bench_answer_points(enum bench_request_kind kind, bool json, struct span answer,
                         int64_t *ret_points);
