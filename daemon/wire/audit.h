// The audit between the wire and its months: what is asked, and what is answered. Memory and
// statuses as in wire/commands.h and wire/replies.h.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "core/record.h"
#include "loyalty/v1/admin.pb-c.h"
#include "wire/commands.h"

// A page goes on behind so many records of the month's log, and of the program's.
struct audit_ask {
    bool has_month; // else this month
    int32_t year;
    int32_t month;
    uint32_t size; // 1 to LIMIT_PAGE_SIZE
    uint64_t after_records;
    uint32_t after_program;
};

MUST_CHECK enum status audit_read(struct commands *commands,
                                  const Loyalty__V1__ListAuditRequest *request,
                                  struct audit_ask *ret_ask);
// The token that goes on behind these; NULL when out of memory.
char *audit_page_token(struct arena *arena, uint64_t after_records, uint32_t after_program);

// An entry; its texts are copied.
MUST_CHECK enum status audit_entry(struct arena *arena, const struct record_audited *audited,
                                   Loyalty__V1__AuditEntry **ret_entry);
// Of a record of the program's log.
MUST_CHECK enum status audit_program_entry(struct arena *arena, const struct record *record,
                                           Loyalty__V1__AuditEntry **ret_entry);
