// Changes a stored value that many daemons may change: it is read, altered by a callback, and put
// under the revision that was read; again, when somebody else was first.
//
//     get -> change -> put --OK--> done
//      ^                 \--BEHIND--/
//
// The callback may run several times, each on a fresher message; nothing of it may last outside the
// message until `on_done` says that it stands.
#pragma once

#include "base/arena.h"
#include "service/job_values.h"

enum job_change {
    JOB_CHANGE_PUT,
    JOB_CHANGE_NONE, // it is as it should be; on_done is told STORE_OK
    JOB_CHANGE_DELETE,
};

enum { JOB_UPDATE_ROUNDS = 32 };

// Embedded in its owner, whose it is again when on_done is called; zeroed is idle.
struct job_update {
    // the owner's, set before it begins
    struct service *service;
    const ProtobufCMessageDescriptor *type;
    bool list;                 // the list of all ...
    char id[JOB_ID_BYTES + 1]; // ... or this one
    // `exists` false: nothing is stored, the message is empty. STATUS_NO_MEMORY: UNAVAILABLE.
    enum status (*change)(struct job_update *update, ProtobufCMessage *message, bool exists,
                          enum job_change *ret_change);
    // OK; UNAVAILABLE (nothing was changed); UNKNOWN; FAILED (what is stored is broken, or too
    // large, or was changed by others again and again). The message as it stands, valid here only.
    void (*on_done)(struct job_update *update, enum store_result result,
                    const ProtobufCMessage *message);
    // private
    struct arena arena;
    ProtobufCMessage *message;
    uint32_t rounds;
    bool busy;
};

void job_update_begin(struct job_update *update);
// Only reads: `change` is not called.
void job_read_begin(struct job_update *update);
