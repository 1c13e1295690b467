// What goes with an error over gRPC and Connect: google.rpc.Status and its details. Every error
// carries an ErrorInfo (reason, figures) and a LocalizedMessage; BadRequest comes when a field is
// at fault, RetryInfo when the request may be sent again as it is.
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/status.h"
#include "loyalty/v1/common.pb-c.h"

enum { DETAILS_MAX = 4 };

struct detail {
    const ProtobufCMessage *message;
    struct span bytes; // encoded
};

struct details {
    struct detail items[DETAILS_MAX];
    size_t count;
};

// In the arena; texts are borrowed from the error. STATUS_NO_MEMORY is the only failure.
MUST_CHECK enum status details_make(const Loyalty__V1__Error *error, struct arena *arena,
                                    struct details *ret_details);
// The bytes of google.rpc.Status. STATUS_NO_MEMORY is the only failure.
MUST_CHECK enum status details_status(const Loyalty__V1__Error *error, struct arena *arena,
                                      struct span *ret_bytes);
