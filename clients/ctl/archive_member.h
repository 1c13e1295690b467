// A member's log as it is stored now, beside an archive: what compaction moves on while it is read
// is read again.
#pragma once

#include "ctl/archive_history.h"
#include "ctl/export.h"
#include "ctl/session.h"

struct archive_member {
    struct archive archive;
    struct export_log log;
    struct archive_history history; // folded
};

// Opens the folder, reads the member's log and folds the whole history. CTL_OK, or an exit code
// with the reason told. archive_member_close is due in any case.
int archive_member_open(struct archive_member *member, struct session *session, const char *folder,
                        const struct loyalty_member *who);
void archive_member_close(struct archive_member *member);

// Says what archive_history_init or _fold found of an account. An exit code.
int archive_member_complain(const struct archive_history *history, enum status status);
