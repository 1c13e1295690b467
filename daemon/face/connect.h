// What Connect's unary and streaming calls share: an error as JSON.
#pragma once

#include <jansson.h>

#include "base/arena.h"
#include "base/status.h"
#include "loyalty/v1/common.pb-c.h"

// The caller's to release. STATUS_NO_MEMORY.
MUST_CHECK enum status connect_error(const Loyalty__V1__Error *error, struct arena *arena,
                                     json_t **ret_tree);
