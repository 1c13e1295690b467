// The canonical codes (loyalty.v1.Code) as the protocols write them.
#pragma once

#include <stdint.h>

struct rpc_code {
    const char *number;   // "3", for grpc-status
    const char *name;     // "invalid_argument", for Connect
    uint32_t http_status; // 400, for Connect
};

// A number that is no code is UNKNOWN; 0 is OK.
const struct rpc_code *rpc_code_of(int code);
