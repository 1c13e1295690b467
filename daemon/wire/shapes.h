// The shapes of single fields: what is a UUID, an instant, a date, a name, an amount. Each failure
// sets the context's fault and gives STATUS_INVALID. Only wire/commands*.c needs this.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "core/calendar.h"
#include "wire/commands.h"

// Reasons of faults. Names go out to clients and never change.
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
#define FAULT_PAID_OVER_TOTAL "PAID_OVER_TOTAL"
#define FAULT_BAD_UNIT "BAD_UNIT"
#define FAULT_WRONG_UNIT "WRONG_UNIT"
#define FAULT_BAD_RECEIPT "BAD_RECEIPT"
#define FAULT_POINTS_OUT_OF_BOUNDS "POINTS_OUT_OF_BOUNDS"
#define FAULT_SCORE_OUT_OF_BOUNDS "SCORE_OUT_OF_BOUNDS"
#define FAULT_TOO_MANY_ITEMS "TOO_MANY_ITEMS"
#define FAULT_BAD_PAGE_SIZE "BAD_PAGE_SIZE"
#define FAULT_BAD_PAGE_TOKEN "BAD_PAGE_TOKEN"
