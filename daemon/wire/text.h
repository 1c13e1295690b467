// Text from outside: whether it may be kept, and how a piece of it is shown in a sentence. Kept is
// only UTF-8 (RFC 3629: no surrogates, no overlong forms, up to U+10FFFF) without NUL, so that it
// is the same text as a C string, as JSON and on the wire.
#pragma once

#include <stdbool.h>

#include "base/span.h"

enum { TEXT_SHOWN_BYTES = 72 };

// Whether it is UTF-8 without NUL.
bool text_is_clean(struct span text);

// A piece of foreign text fit for a terminal and a sentence: control characters become '?', what is
// long is cut at a character and ends in "...". Always ends in a NUL. Returns `out`.
const char *text_show(struct span text, char out[TEXT_SHOWN_BYTES]);
