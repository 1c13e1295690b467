// `verify --archived DIR`: accounts folded here from the archive's first record to the live log's
// last.
#pragma once

#include "ctl/session.h"

// One member, or with a value of NULL every account there is or was. An exit code; faults go to
// stderr.
int verify_archived(struct session *session, const char *folder,
                    const struct loyalty_member *member);
