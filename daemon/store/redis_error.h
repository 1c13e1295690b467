// What an error reply of Redis means for a call. It always means that the call wrote nothing: plain
// commands are atomic, and our functions answer with an error only before their first write.
#pragma once

#include <stdbool.h>

#include "base/span.h"
#include "store/store.h"

struct redis_error {
    enum store_result result; // STORE_UNAVAILABLE: worth a retry; STORE_FAILED
    bool reconnect;           // the connection's handshake must be redone
};

struct redis_error redis_error_judge(struct span text);
