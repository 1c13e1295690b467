// Request ids: a UUID's 36 characters, either case, and its 16 bytes (RFC 4122, section 3; the
// version inside is the client's affair).
#pragma once

#include <stdint.h>

#include "base/span.h"
#include "base/status.h"

enum { UUID_BYTES = 16, UUID_TEXT_BYTES = 36 };

// STATUS_INVALID for anything but 8-4-4-4-12 hexadecimal digits.
MUST_CHECK enum status uuid_parse(struct span text, uint8_t ret_uuid[UUID_BYTES]);
// In lower case, with a NUL behind.
void uuid_format(const uint8_t uuid[UUID_BYTES], char ret_text[UUID_TEXT_BYTES + 1]);
