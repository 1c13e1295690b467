// The leaves of the mapping in wire/tree.h: one number, text, enum value or Timestamp each way.
#pragma once

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "base/status.h"
#include "wire/path.h"
#include "wire/problem.h"

enum { TREE_FOUND_BYTES = 96 };

// What stands in the tree, for a sentence: `text "no"`, `the number 1.5`, `a list`. `out`
// is used where there is something to show.
const char *tree_found(const json_t *value, char out[TREE_FOUND_BYTES]);

// Whether values of this field are leaves: everything but messages other than Timestamp
// and Duration.
bool tree_is_leaf(const ProtobufCFieldDescriptor *field);

// Reads one value of `field` into `place`; for a Timestamp a message must stand there. A value that
// will not do becomes a problem at `at`, then `place` stays as it was. STATUS_NO_MEMORY is the only
// failure.
MUST_CHECK enum status tree_read_leaf(struct problems *problems, const json_t *value,
                                      const ProtobufCFieldDescriptor *field, const struct path *at,
                                      void *place);

// Writes one value of `field` from `place`. STATUS_INVALID when JSON cannot hold it,
// STATUS_NO_MEMORY.
MUST_CHECK enum status tree_write_leaf(const void *place, const ProtobufCFieldDescriptor *field,
                                       unsigned options, json_t **ret_value);
