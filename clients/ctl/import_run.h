// Posting a file of past sales: members side by side, each member's enrolment and sales one after
// the other. At most one request of a member is in flight, because one that is to be repeated must
// not be overtaken by the next.
//
// Whatever goes wrong on the way is repeated with the same ids: RETRY_LATER and OUTCOME_UNKNOWN
// with a growing pause, a lost connection by connecting again; until nothing at all has gone
// forward for `retry_ms`.
#pragma once

#include <stdint.h>

#include "ctl/sales_file.h"
#include "ctl/session.h"

enum { IMPORT_WINDOW_DEFAULT = 512, IMPORT_WINDOW_MAX = LOYALTY_IN_FLIGHT_MAX };

struct import_options {
    const char *currency;
    const char *prefix; // of member ids
    uint32_t window;    // members at a time
    int64_t retry_ms;
};

struct import_totals {
    uint64_t members;       // enrolled now or before
    uint64_t members_there; // of these, enrolled by something else than this file
    uint64_t sales;         // posted now or before
    uint64_t replayed;      // requests that had been done before, enrolments too
    uint64_t refused;       // requests
    uint64_t left_out;      // sales of members who could not be enrolled
    uint64_t retries;
    int64_t points;
    int64_t score;
    int64_t passed_ms;
};

// CTL_OK; CTL_REFUSED when something was refused; CTL_RETRY_LATER when it gave up, told on stderr.
// The totals are of what was done in either case. Local time must be that of the program's zone.
int import_run(struct session *session, const struct sales_file *file,
               const struct import_options *options, struct import_totals *ret_totals);
