// The format "cdnow": what a well-known file of past sales looks like. A header line, then one sale
// a line, "CUSTOMER YYYYMMDD PIECES DOLLARS" between spaces; lines end in LF or CRLF. Sorted by
// customer, not by date; identical lines are different sales.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "core/calendar.h"

struct cdnow_row {
    struct span customer; // borrowed
    struct civil_date date;
    int64_t amount_minor;
};

enum { CDNOW_REASON_BYTES = 96 };

// One line without its end. False with a reason for what is no sale.
bool cdnow_parse_row(struct span line, struct cdnow_row *ret_row,
                     char ret_reason[CDNOW_REASON_BYTES]);
// The next line of a text, without its end and without a CR; false at the end.
bool cdnow_next_line(struct span *rest, struct span *ret_line);
