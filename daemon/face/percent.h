// grpc-message as gRPC over HTTP2 wants it: UTF-8, of which all but printable ASCII, and the
// percent sign itself, is written as %XX.
#pragma once

#include "base/arena.h"
#include "base/span.h"
#include "base/status.h"

// STATUS_NO_MEMORY is the only failure.
MUST_CHECK enum status percent_encode(struct span text, struct arena *arena, struct span *ret_text);
