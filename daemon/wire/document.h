// Documents that people write, in YAML or JSON, as messages: one call from text to message with
// every problem found on the way, each with path, reason and (for YAML) line, in the order of the
// lines. Text that begins with '{' is JSON.
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "base/span.h"
#include "base/status.h"
#include "core/program.h"
#include "loyalty/v1/program.pb-c.h"
#include "wire/bounds.h"
#include "wire/problem.h"

// The message lives in the problems' arena (WIRE_DOCUMENT_ARENA_BYTES is always enough) and is
// given, else NULL, only if no problem was added. STATUS_NO_MEMORY is the only failure.
MUST_CHECK enum status document_read(struct span text, const ProtobufCMessageDescriptor *type,
                                     struct problems *problems, ProtobufCMessage **ret_message);

// The same for a program, which is compiled too. What is wrong with its rules is looked for even
// when its shape is wrong elsewhere. Both results live in the problems' arena and are NULL unless
// no problem was added; `ret_program` may be NULL when only the problems matter.
MUST_CHECK enum status document_read_program(struct span text, struct problems *problems,
                                             Loyalty__V1__Program **ret_message,
                                             struct program **ret_program);

// What the document alone does not say.
struct document_context {
    const struct program *before;      // the version that it is to follow; NULL: none is known
    bool (*is_zone)(const char *name); // whether there is such a time zone; NULL: nobody knows
};

// The same for a program that is to be published: what only shows in its context is found too.
MUST_CHECK enum status document_read_version(struct span text,
                                             const struct document_context *context,
                                             struct problems *problems,
                                             Loyalty__V1__Program **ret_message,
                                             struct program **ret_program);
