// Statements as tables, and those that go back past what compaction cut off.
#pragma once

#include "ctl/print.h"
#include "loyalty/v1/members.pb-c.h"

struct print_table *member_log_table(void);
void member_log_add(struct print_table *table, const Loyalty__V1__Activity *activity);

// Newest first, from the live log back to the archive's first record. An exit code.
int member_log_archived(struct session *session, const struct loyalty_member *member,
                        const char *folder, int64_t limit);
