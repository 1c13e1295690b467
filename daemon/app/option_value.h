// From the text of an option to its value.
#pragma once

#include <stdbool.h>

#include "app/option_table.h"

struct options;

// Sets the option's field. False when the text is none of what the row allows: nothing was set. A
// list's text is added. Texts are borrowed.
bool option_set(const struct option_row *row, const char *text, struct options *options);
