// Posting many members' requests: members side by side, each member's requests one after the other.
// At most one request of a member is in flight, because one that is to be repeated must not be
// overtaken by the next.
//
// Whatever goes wrong on the way is repeated with the same ids: RETRY_LATER and OUTCOME_UNKNOWN
// with a growing pause, a lost connection by connecting again; until nothing at all has gone
// forward for `retry_ms`.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "ctl/session.h"

enum { IMPORT_WINDOW_DEFAULT = 512, IMPORT_WINDOW_MAX = LOYALTY_IN_FLIGHT_MAX };

struct import_pace {
    uint32_t window; // members at a time
    int64_t retry_ms;
};

// What is to be posted. Steps of a member count from 0.
struct import_work {
    void *context;
    size_t members;
    uint64_t requests; // of all members
    size_t (*steps)(void *context, size_t member);
    // The request of a step, in the arena, with its id; NULL: no memory.
    const ProtobufCMessage *(*write)(void *context, size_t member, size_t step, struct arena *arena,
                                     struct loyalty_request *request, const char **ret_method);
    // A yes. False when there is no memory to read it with: asking again gives it again.
    bool (*take)(void *context, size_t member, size_t step, const struct loyalty_reply *reply);
    // A no; whether the member's further steps are done all the same.
    bool (*refuse)(void *context, size_t member, size_t step, const struct loyalty_reply *reply);
};

struct import_course {
    uint64_t replayed; // requests that had been done before
    uint64_t retries;
    int64_t passed_ms;
};

// False when it gave up, which is told on stderr.
bool import_lanes_run(struct session *session, const struct import_work *work,
                      const struct import_pace *pace, struct import_course *ret_course);
