// The system's journal: each line with its pairs as fields, so that they can be searched for:
//     journalctl -t loyaltyd LOYALTY_EVENT=slow-request METHOD=/loyalty.v1.PointsService/Award
#pragma once

#include "app/options.h"

// Sends lines there from now on: always (OPTION_LOG_JOURNAL), or when stderr is the journal's
// (OPTION_LOG_AUTO). A line the journal does not take goes to stderr.
void journal_set_target(enum option_log_target target);
