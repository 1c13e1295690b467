// The audit: what was done by hand, and by whom, in a chained log for each civil month
// (core/audit.h). Who is about to do something that no member's record tells of has it listed
// first; the act then begins only when its entry stands. Asked again under the same request, it
// stands once.
#pragma once

#include <stdbool.h>

#include "core/audit.h"
#include "core/decide_acts.h"
#include "core/program.h"
#include "service/accounts.h"
#include "service/service.h"

// Embedded in its owner, who keeps it, its arena and the entry's texts until `done`.
struct audit_work {
    // the owner's
    struct service *service;
    struct arena *arena; // of the task alone: reset by each attempt
    // `request` must be the request's id, and `acted_ms`, whose month it is, the same for a retry.
    struct record_audited audited;
    // Whether it stands now. If not, it may have been written all the same.
    void (*done)(struct audit_work *work, bool listed);
    // private
    struct account_task task;
    struct audited_command command;
    char account_id[LIMIT_MEMBER_ID_BYTES + 1];
    bool listed;
};

void audit_write(struct audit_work *work);

// The month whose account lists what was done at an instant, and that account's id; STATUS_RANGE
// before there is any program.
MUST_CHECK enum status audit_place(const struct program_set *programs, int64_t acted_ms,
                                   char ret_id[LIMIT_MEMBER_ID_BYTES + 1]);
// The version whose zone says what an instant's month is; NULL before there is any program.
const struct program_version *audit_version(const struct program_set *programs, int64_t at_ms);
