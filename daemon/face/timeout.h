// How long a client waits, as its protocol writes it. Milliseconds, rounded up; more than
// UINT32_MAX of them, seven weeks, are that; 0: its time has run out already. STATUS_INVALID for
// anything else.
#pragma once

#include <stdint.h>

#include "base/span.h"
#include "base/status.h"

// gRPC's grpc-timeout: 1 to 8 digits and one of H M S m u n. Source: gRPC over HTTP2, "Requests".
MUST_CHECK enum status timeout_parse_grpc(struct span text, uint32_t *ret_ms);
// Connect's connect-timeout-ms: 1 to 10 digits. Source: the Connect protocol, "Unary-Request".
MUST_CHECK enum status timeout_parse_connect(struct span text, uint32_t *ret_ms);
