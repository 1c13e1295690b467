// What people type and files hold, taken apart exactly: no floating point, no locale, nothing
// ignored. Every function gives false for what it does not take and then writes nothing.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/loyalty.h"

// "12", "12.3" or "12.34" as 1234 minor units; at most 10^12 of them. No sign, no spaces.
bool parse_amount(const char *text, int64_t *ret_minor);
// The same for text that ends elsewhere than at a NUL.
bool parse_amount_span(const char *text, size_t len, int64_t *ret_minor);
// A whole number in decimal from `min` to `max`, with a minus where that is allowed.
bool parse_number(const char *text, int64_t min, int64_t max, int64_t *ret_number);
// RFC 3339 ("2026-06-01T00:00:00+08:00"), or "now", "now+90s", "now-2d" (s, m, h, d) against
// `now_ms`.
bool parse_instant(const char *text, int64_t now_ms, int64_t *ret_ms);
// Exactly "YYYY-MM-DD", a day there is.
bool parse_date(const char *text);
// A UUID's 36 characters, not the nil one.
bool parse_uuid(const char *text);
// A member's id, or "card:", "barcode:", "phone:", "app:" and the number. Borrows the text.
bool parse_member(const char *text, struct loyalty_member *ret_member);
