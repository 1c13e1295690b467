// All operations of the service, page by page, and how far each is.
#pragma once

#include <stdbool.h>

#include "ctl/session.h"
#include "google/longrunning/operations.pb-c.h"
#include "loyalty/v1/rescoring.pb-c.h"

// An exit code; other than CTL_OK ends the walk.
typedef int operation_each_fn(struct session *session,
                              const Google__Longrunning__Operation *operation, void *context);

// Newest first; `filter` is the service's ("done=false"), NULL: all. An exit code.
int operations_each(struct session *session, const char *filter, operation_each_fn *each,
                    void *context);
// What its metadata say; NULL when they say nothing.
const Loyalty__V1__JobProgress *operation_progress(struct session *session,
                                                   const Google__Longrunning__Operation *operation);
// "at work", "being cancelled", "failed" or "done".
const char *operation_state(const Google__Longrunning__Operation *operation,
                            const Loyalty__V1__JobProgress *progress);
// Whose wish it was.
const char *operation_author(const Loyalty__V1__JobProgress *progress);
