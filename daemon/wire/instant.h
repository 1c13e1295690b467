// Instants between the wire and the core: google.protobuf.Timestamp and RFC 3339 text on one side,
// milliseconds since 1970 on the other. Instants that come in are from 1970 on and before 2100
// (base/limits.h), what is finer than a millisecond is dropped; ends that go out may lie a century
// of validity later, so text and Timestamps reach to the end of 2200.
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/status.h"
#include "google/protobuf/timestamp.pb-c.h"

// 2201-01-01T00:00:00Z, the first instant that is not written.
#define INSTANT_WRITTEN_END_MS INT64_C(7289654400000)

enum { INSTANT_TEXT_BYTES = 32 }; // "2026-06-01T00:00:00.000000000Z" and its NUL

// STATUS_INVALID before 1970, from 2100 on, or with nanos that are none.
MUST_CHECK enum status instant_from_timestamp(const Google__Protobuf__Timestamp *timestamp,
                                              int64_t *ret_ms);
// In the arena. STATUS_RANGE before 1970 or from 2201 on (INSTANT_NEVER among them),
// STATUS_NO_MEMORY.
MUST_CHECK enum status instant_to_timestamp(int64_t ms, struct arena *arena,
                                            Google__Protobuf__Timestamp **ret_timestamp);

// RFC 3339 with 'T', upper case, any offset, at most nine digits of a second. STATUS_INVALID for
// other text and before 1970 or from 2201 on.
MUST_CHECK enum status instant_parse(struct span text, Google__Protobuf__Timestamp *ret_timestamp);
// In UTC with 'Z' and 0, 3, 6 or 9 digits of a second, as protobuf's JSON has it. STATUS_INVALID
// before 1970, from 2201 on, or with nanos that are none.
MUST_CHECK enum status instant_format(const Google__Protobuf__Timestamp *timestamp,
                                      char ret_text[INSTANT_TEXT_BYTES]);
