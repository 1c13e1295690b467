// The shapes of single fields: what is a UUID, an instant, a date, a name, an amount. Failing sets
// the context's fault and gives STATUS_INVALID, or STATUS_NO_MEMORY where its sentence found no
// room. Paths are steps on the caller's stack and become text only for a fault. Only
// wire/commands*.c needs this.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "core/calendar.h"
#include "wire/commands.h"
#include "wire/path.h"

// Reasons of faults. They go out to clients and never change.
#define FAULT_MISSING "MISSING"
#define FAULT_NOT_A_UUID "NOT_A_UUID"
#define FAULT_BAD_TIMESTAMP "BAD_TIMESTAMP"
#define FAULT_BAD_DATE "BAD_DATE"
#define FAULT_BAD_TEXT "BAD_TEXT"
#define FAULT_BAD_MEMBER_ID "BAD_MEMBER_ID"
#define FAULT_BAD_IDENTIFIER "BAD_IDENTIFIER"
#define FAULT_DUPLICATE_IDENTIFIER "DUPLICATE_IDENTIFIER"
#define FAULT_TOO_MANY_IDENTIFIERS "TOO_MANY_IDENTIFIERS"
#define FAULT_BAD_CURRENCY "BAD_CURRENCY"
#define FAULT_NEGATIVE_AMOUNT "NEGATIVE_AMOUNT"
#define FAULT_AMOUNT_OUT_OF_BOUNDS "AMOUNT_OUT_OF_BOUNDS"
#define FAULT_TOO_MANY_LINES "TOO_MANY_LINES"
#define FAULT_BAD_LINE "BAD_LINE"
#define FAULT_DUPLICATE_LINE "DUPLICATE_LINE"
#define FAULT_PAID_OVER_TOTAL "PAID_OVER_TOTAL"
#define FAULT_BAD_UNIT "BAD_UNIT"
#define FAULT_WRONG_UNIT "WRONG_UNIT"
#define FAULT_BAD_RECEIPT "BAD_RECEIPT"
#define FAULT_POINTS_OUT_OF_BOUNDS "POINTS_OUT_OF_BOUNDS"
#define FAULT_SCORE_OUT_OF_BOUNDS "SCORE_OUT_OF_BOUNDS"
#define FAULT_BAD_CONTRIBUTION_ID "BAD_CONTRIBUTION_ID"
#define FAULT_TOO_MANY_ITEMS "TOO_MANY_ITEMS"
#define FAULT_BAD_OPERATION "BAD_OPERATION"
#define FAULT_DUPLICATE_OPERATION "DUPLICATE_OPERATION"
#define FAULT_DUPLICATE_REQUEST_ID "DUPLICATE_REQUEST_ID"
#define FAULT_BAD_MASK "BAD_MASK"
#define FAULT_BAD_PAGE_SIZE "BAD_PAGE_SIZE"
#define FAULT_BAD_PAGE_TOKEN "BAD_PAGE_TOKEN"

// A step to the field `name` below `parent` (NULL: the request).
static inline struct path shapes_step(const struct path *parent, const char *name)
{
    return path_name(parent, span_of_text(name));
}

// Sets the fault; never STATUS_OK. `message` is static or in the arena; NULL, as arena_printf gives
// it when that is full, is STATUS_NO_MEMORY.
MUST_CHECK enum status shapes_fail(struct commands *commands, const char *reason,
                                   const struct path *path, const char *message);

MUST_CHECK enum status shapes_uuid(struct commands *commands, const char *text,
                                   const struct path *path, uint8_t *ret_id);
// The request id of something earlier, "reservation"; required.
MUST_CHECK enum status shapes_reference(struct commands *commands, const char *text,
                                        const char *what, const struct path *path, uint8_t *ret_id);
// Required.
MUST_CHECK enum status shapes_instant(struct commands *commands,
                                      const Google__Protobuf__Timestamp *instant,
                                      const struct path *path, int64_t *ret_instant_ms);
// "YYYY-MM-DD", 1970-01-02 to 2200-12-31: in every zone an instant that can be kept.
MUST_CHECK enum status shapes_date(struct commands *commands, const char *text,
                                   const struct path *path, struct civil_date *ret_date);
// The same of the field `name` below `parent`, where an empty text is no date.
MUST_CHECK enum status shapes_date_or_none(struct commands *commands, const char *text,
                                           const char *name, const struct path *parent,
                                           bool *ret_has, struct civil_date *ret_date);
// 1 to 64 printable ASCII characters, no spaces.
bool shapes_is_printable(struct span value);
// At most `bytes_max` bytes of UTF-8 without control characters; may be empty.
MUST_CHECK enum status shapes_text(struct commands *commands, const char *text,
                                   const struct path *path, size_t bytes_max,
                                   struct span *ret_text);
MUST_CHECK enum status shapes_member_id(struct commands *commands, const char *text,
                                        const struct path *path, struct span *ret_id);
// Required.
MUST_CHECK enum status shapes_identifier(struct commands *commands,
                                         const Loyalty__V1__Identifier *identifier,
                                         const struct path *path,
                                         struct identifier_value *ret_identifier);
MUST_CHECK enum status shapes_currency(struct commands *commands, const char *text,
                                       const struct path *path, struct span *ret_currency);
// 0 to LIMIT_AMOUNT_MINOR_MAX.
MUST_CHECK enum status shapes_amount(struct commands *commands, int64_t amount_minor,
                                     const struct path *path);
// `min` to LIMIT_POINTS_A_RECORD.
MUST_CHECK enum status shapes_points(struct commands *commands, int64_t points, int64_t min,
                                     const struct path *path);
// The unit meant: the context's own when `text` is empty, else one equal to it or below it.
MUST_CHECK enum status shapes_unit(struct commands *commands, const char *text,
                                   const struct path *path, struct span *ret_unit);
// None (all zero) when `receipt` is NULL.
MUST_CHECK enum status shapes_receipt(struct commands *commands,
                                      const Loyalty__V1__ReceiptKey *receipt,
                                      const struct path *path, struct receipt_key *ret_receipt);
