// One mapping between trees and messages for every type there is, by protobuf-c's descriptors. A
// tree is jansson's json_t, whether it was JSON or YAML before. Source: protobuf.dev, "ProtoJSON
// Format": 64-bit integers as strings (both taken), enums by name, Timestamp as RFC 3339, bytes as
// base64, maps as objects, null as absent.
//
// For documents that people write it also takes field names as in the .proto, and enum values
// without their enum's prefix. It is stricter where a slip could cost: unknown fields, a field
// given under both its names, two members of one oneof and numbers with fraction or exponent are
// refused.
#pragma once

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/status.h"
#include "wire/bounds.h"
#include "wire/problem.h"

// How a tree is written; 0 is canonical ProtoJSON.
enum tree_option {
    TREE_PROTO_NAMES = 1,    // late_days, not lateDays
    TREE_WITH_DEFAULTS = 2,  // also fields at their default that cannot tell absence
    TREE_PLAIN_INTEGERS = 4, // 64-bit integers as numbers where they fit an int64
    TREE_SHORT_ENUMS = 8,    // FLOOR, not ROUNDING_FLOOR
    // As people write documents.
    TREE_DOCUMENT = TREE_PROTO_NAMES | TREE_PLAIN_INTEGERS | TREE_SHORT_ENUMS,
};

// JSON text to a tree, owned by the caller (json_decref). STATUS_INVALID with one problem added:
// syntax, a duplicate key, too long. STATUS_NO_MEMORY.
MUST_CHECK enum status tree_parse(struct span text, struct problems *problems, json_t **ret_tree);
// A tree to JSON text in the arena, indented or on one line. STATUS_NO_MEMORY is the only failure.
MUST_CHECK enum status tree_print(const json_t *tree, bool indented, struct arena *arena,
                                  struct span *ret_text);

// A tree to a message in the problems' arena. Every problem is added; the message may be acted on
// only if none was, else it holds what was good (so that more can be found wrong with it): elements
// of a list keep their places. STATUS_NO_MEMORY is the only failure. Does not keep the tree.
MUST_CHECK enum status tree_to_message(const json_t *tree, const ProtobufCMessageDescriptor *type,
                                       struct problems *problems, ProtobufCMessage **ret_message);
// A message to a tree, owned by the caller; `options` are of enum tree_option. STATUS_INVALID when
// the message holds what JSON cannot: text that is not UTF-8, a Timestamp out of range.
MUST_CHECK enum status tree_from_message(const ProtobufCMessage *message, unsigned options,
                                         json_t **ret_tree);
