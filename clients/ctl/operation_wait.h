// An operation of the service (google.longrunning) followed to its end, and shown.
#pragma once

#include "ctl/session.h"
#include "google/longrunning/operations.pb-c.h"

// "operations/plan-17" of "plan-17" or of itself; in the session's arena.
char *operation_name(struct session *session, const char *text);
// Asks until it is done, with a bar on a terminal; also while the service is away for a while. An
// exit code: what there was to say was said.
int operation_wait(struct session *session, const char *name,
                   const Google__Longrunning__Operation **ret_operation);
// What it is and how far, or what came of it. The exit code of one that is done: CTL_REFUSED for an
// error, or a report with errors.
int operation_show(struct session *session, const Google__Longrunning__Operation *operation);
