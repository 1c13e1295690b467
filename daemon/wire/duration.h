// google.protobuf.Duration as JSON has it: "5s", "1.500s". Lengths of time to wait: none below
// nothing.
#pragma once

#include "base/span.h"
#include "base/status.h"
#include "google/protobuf/duration.pb-c.h"

enum { DURATION_TEXT_BYTES = 40 };

// With as many digits as are needed, in threes. STATUS_INVALID for one below nothing.
MUST_CHECK enum status duration_format(const Google__Protobuf__Duration *duration,
                                       char ret_text[DURATION_TEXT_BYTES]);
// STATUS_INVALID for text that is none: digits, a point and at most nine digits, an s.
MUST_CHECK enum status duration_parse(struct span text, Google__Protobuf__Duration *ret_duration);
