// What `program whatif` found, in words, as JSON and as a picture. All follows from the figures
// alone: the same figures give the same bytes.
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "ctl/whatif.h"

// What was compared, for people.
struct whatif_titles {
    const char *old;
    const char *new;
    const char *sales; // a file; NULL: live accounts
};

void whatif_print_table(const struct whatif *whatif, const struct whatif_titles *titles);
// False when memory is short.
bool whatif_print_json(const struct whatif *whatif, const struct whatif_titles *titles);
// Tier sizes month by month, old and new side by side, as SVG. False when it cannot be written.
bool whatif_draw(const struct whatif *whatif, const struct whatif_titles *titles, FILE *out);

// One member a line, as CSV: who fares otherwise, tiers and points by both. What is written is
// under way in `out`.
struct whatif_roll {
    const struct whatif *whatif;
    FILE *out;
};

void whatif_roll_begin(const struct whatif_roll *roll);
// As `on_change` of struct whatif; the context is a struct whatif_roll.
void whatif_roll_add(void *context, struct span id, const struct whatif_outcome *old,
                     const struct whatif_outcome *new);

enum { WHATIF_DATE_BYTES = 16 };

// "2026-06-01" in the program's zone; returns `out`.
const char *whatif_date(const struct whatif *whatif, int64_t instant_ms,
                        char out[WHATIF_DATE_BYTES]);
// The id of a tier, borrowed: not NUL-terminated.
struct span whatif_tier(const struct whatif *whatif, size_t rank);
