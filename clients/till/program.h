// The program of our own service: the given document, with an offline floor if it has none, so that
// tills also spend points while nobody can say whether there are any.
#pragma once

#include <stdbool.h>

// Writes `to`. False with the reason on stderr.
bool program_write(const char *from, const char *to);
