// Mutations of text: words and numbers become others, lines are doubled, moved or dropped.
#pragma once

#include "fuzz/fuzz.h"

// Changes `data` in place, with `words` of the language; returns its new length, at most `len_max`.
size_t mutate_text(const char *const *words, size_t word_count, uint8_t *data, size_t len,
                   size_t len_max, struct fuzz_random *random);
