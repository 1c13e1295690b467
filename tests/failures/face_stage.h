// A face over the service of service_stage.h, with net/http.h faked, and one request over HTTP.
// True of it in every case:
//
//   * it gets an answer of its protocol, or its stream is reset; never half of one, and nothing
//     after it (support/fake_http.h, support/rpc_answer.h);
//   * that answer may be believed: the right one; or UNAVAILABLE, RESOURCE_EXHAUSTED, a stream
//     refused, and then nothing is written; or UNKNOWN, or a reset, for a mutation that may have
//     been done;
//   * when the failures are over the same request gets its right answer, once, and then replayed;
//   * the account has the records, the balance and the events that it has when nothing fails, and
//     the face keeps nothing of clients that have gone.
#pragma once

#include <stdbool.h>

#include "base/span.h"

enum face_end {
    FACE_UNARY,
    FACE_DRAINED, // stays open until the face drains
};

struct face_scene {
    const char *peer;
    const char *type; // "application/grpc"
    const char *path;
    struct span body;
    const char *member; // whose account is looked at; NULL: none
    bool mutation;
    bool slow; // answers find room little by little
    bool cold; // the face is made anew
    enum face_end end;
};

// In the scenario's process, after stage_open: the request is put down.
void face_stage_set(const struct face_scene *wanted);
// One case.
void face_stage_run(void);
