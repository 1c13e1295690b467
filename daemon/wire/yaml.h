// YAML text and trees: the part of YAML that people write by hand and nothing that surprises. No
// anchors, aliases, tags, merge keys, directives or second document; a key once; every scalar that
// is not plainly a whole number in decimal, true, false or null (also ~ and nothing) is text:
// `no`, 06-01, 0777, 1.10 and 12:30 stay what they look like. Source: yaml.org, 1.2.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/status.h"
#include "wire/lines.h"
#include "wire/problem.h"

// Text to a tree, owned by the caller (json_decref). Whatever is not allowed becomes a problem with
// its line; reading goes on where it can, so a tree with problems is good only for finding more.
// STATUS_INVALID when there is no tree to give (problems say why), STATUS_NO_MEMORY. Names in
// `lines` live in the problems' arena.
MUST_CHECK enum status yaml_read(struct span text, struct problems *problems, struct lines *lines,
                                 json_t **ret_tree);

// A tree as YAML in the arena, such that yaml_read gives the tree again. STATUS_NO_MEMORY;
// STATUS_INVALID when the tree holds what YAML has not: a fraction, text with a NUL.
MUST_CHECK enum status yaml_write(const json_t *tree, struct arena *arena, struct span *ret_text);

// Whether plain (unquoted) text would be read as something else than this text.
bool yaml_plain_is_special(struct span text);
