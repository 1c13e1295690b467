// In which line of its text each part of a document stands: kept while a document is read, asked by
// path when something is found wrong with it. Names match whichever way they are written, late_days
// or lateDays.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "base/status.h"
#include "base/vec.h"
#include "wire/bounds.h"

// A part: under its parent (a place in the list; the root is its own), by name or else by index.
struct lines_part {
    uint32_t parent;
    uint32_t index;
    struct span name; // borrowed from the document's tree or arena; data is NULL for an element
    uint32_t line;
};

// Zeroed is empty.
struct lines {
    VEC(struct lines_part) parts;
};

void lines_fini(struct lines *lines);
// The first part added is the root. STATUS_NO_MEMORY, STATUS_TOO_LARGE past WIRE_DOCUMENT_PARTS.
MUST_CHECK enum status lines_add(struct lines *lines, struct lines_part part, uint32_t *ret_place);
// The line of the part that `path` ("earn.rules[0].rate") leads to, or of the last one on the way;
// 0 when nothing has been added.
uint32_t lines_find(const struct lines *lines, struct span path);
// Whether the document has the very part that `path` leads to.
bool lines_holds(const struct lines *lines, struct span path);
