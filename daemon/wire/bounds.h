// The bounds of wire's own, next to those of base/limits.h: what one message or document may hold
// before anything grows with it.
#pragma once

#include <assert.h>
#include <stdint.h>

#include "base/limits.h"

enum {
    WIRE_MESSAGE_DEPTH = 16,          // messages inside messages; the contract has 6
    WIRE_MESSAGE_VALUES = 16 * 1024,  // values of one message with all it contains
    WIRE_TYPE_FIELDS = 32,            // fields of one type; the contract has 16
    WIRE_MAP_KEYS = 64,               // of the maps of one message: languages of a name
    WIRE_TREE_DEPTH = 32,             // objects and lists of a document inside one another
    WIRE_DOCUMENT_BYTES = 256 * 1024, // of text, comments and all
    WIRE_DOCUMENT_PARTS = 64 * 1024,  // scalars, lists and objects of a document
    WIRE_YAML_BYTES = 1024 * 1024,    // of YAML written
    WIRE_DOCUMENT_ARENA_BYTES = 32 * 1024 * 1024, // enough for any document within the others
};

static_assert(WIRE_MESSAGE_VALUES <= UINT16_MAX, "a message's level counts them in 16 bits");
static_assert((int)LIMIT_PROGRAM_BYTES <= (int)WIRE_DOCUMENT_BYTES,
              "any program can be written down");
