// One command's dealings with the server: connect, call, and say what went wrong so that a person
// knows what to do. Requests and answers are messages of the contract in the session's arena.
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "ctl/globals.h"
#include "lib/loyalty.h"
#include "loyalty/v1/common.pb-c.h"

enum { SESSION_ARENA_BYTES = 64 * 1024 * 1024 };

struct session {
    const struct globals *globals;
    struct loyalty *client;
    struct arena arena;
    bool replayed; // of the last answer
};

// Connects. On failure says why and returns an exit code; session_close is then due all the same.
int session_open(struct session *session, const struct globals *globals);
// The same without connecting.
int session_prepare(struct session *session, const struct globals *globals);
// Where the server and the files of its certificates are; NULL where nobody said.
struct loyalty_options session_options(struct session *session);
void session_close(struct session *session);

// Calls and waits. CTL_OK with the answer, else says why and returns the exit code. `request_id` is
// named where repeating it would help; NULL for reads.
int session_call(struct session *session, const char *method, const ProtobufCMessage *request,
                 const char *request_id, const ProtobufCMessageDescriptor *type,
                 ProtobufCMessage **ret_answer);
// The same without a word: the caller looks at the reply, which it owns, and says more itself.
int session_ask(struct session *session, const char *method, const ProtobufCMessage *request,
                struct loyalty_reply *ret_reply);
// Says what a reply that is not an answer means (also as JSON when that is asked for).
void session_complain(const struct session *session, const struct loyalty_reply *reply,
                      const char *request_id);
// The payload as a message in the session's arena; NULL, and said so, if it is none.
ProtobufCMessage *session_unpack(struct session *session, const struct loyalty_reply *reply,
                                 const ProtobufCMessageDescriptor *type);
int session_exit_code(enum loyalty_outcome outcome);

// --- pieces of requests, in the session's arena ---

// A new id unless one is given (checked before by parse_uuid). Created now, by the server's clock.
Loyalty__V1__Mutation *session_mutation(struct session *session, const char *request_id);
Loyalty__V1__MemberRef *session_member(struct session *session,
                                       const struct loyalty_member *member);
// The same; NULL for one whose value is NULL.
Loyalty__V1__MemberRef *session_person(struct session *session,
                                       const struct loyalty_member *member);
Google__Protobuf__Timestamp *session_instant(struct session *session, int64_t instant_ms);
// arena_alloc that ends the program when memory is short.
void *session_alloc(struct session *session, size_t bytes);
