// Base64, for the `bytes` of JSON (RFC 4648) and for codes: written with the standard alphabet and
// padding; read with that or the URL-safe one, padded or not, as protobuf's JSON has it.
#pragma once

#include "base/arena.h"
#include "base/span.h"
#include "base/status.h"

// STATUS_NO_MEMORY is the only failure. A NUL follows the text.
MUST_CHECK enum status base64_encode(struct span bytes, struct arena *arena, struct span *ret_text);
// The same with the URL-safe alphabet and no padding (RFC 4648, section 5).
MUST_CHECK enum status base64_encode_url(struct span bytes, struct arena *arena,
                                         struct span *ret_text);
// STATUS_INVALID for foreign characters, a length that cannot be, or bits left over.
MUST_CHECK enum status base64_decode(struct span text, struct arena *arena, struct span *ret_bytes);
