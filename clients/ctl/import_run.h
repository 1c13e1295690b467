// Posting a file of past sales (ctl/import_lanes.h): each member's enrolment, then his sales.
#pragma once

#include <stdint.h>

#include "ctl/import_lanes.h"
#include "ctl/sales_file.h"
#include "ctl/session.h"

struct import_options {
    const char *currency;
    const char *prefix; // of member ids
    struct import_pace pace;
};

struct import_totals {
    struct import_course course;
    uint64_t members;       // enrolled now or before
    uint64_t members_there; // of these, enrolled by something else than this file
    uint64_t sales;         // posted now or before
    uint64_t refused;       // requests
    uint64_t left_out;      // sales of members who could not be enrolled
    int64_t points;
    int64_t score;
};

// CTL_OK; CTL_REFUSED when something was refused; CTL_RETRY_LATER when it gave up, told on stderr.
// The totals are of what was done in either case. Local time must be that of the program's zone.
int import_run(struct session *session, const struct sales_file *file,
               const struct import_options *options, struct import_totals *ret_totals);
