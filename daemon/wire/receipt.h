// Lines ready to print on a receipt: plain ASCII, figures in groups of three, no dates (a record
// knows no zone). Rendered from a record alone; the same record gives the same lines.
#pragma once

#include <stddef.h>

#include "base/status.h"
#include "core/record.h"
#include "wire/replies.h"

enum { RECEIPT_LINES_MAX = 8 };

// Of a record with figures; none of one that prints nothing, as an enrolment. STATUS_NO_MEMORY.
MUST_CHECK enum status receipt_lines(const struct replies *replies, const struct record *record,
                                     size_t *ret_count, char ***ret_lines);
