// The protocols of the face, one row each: what a request of it looks like, how its answer is
// written. What is asked, by whom and with what right is the same for all, and not known here.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "base/status.h"
#include "face/body.h"
#include "face/codec.h"
#include "loyalty/v1/common.pb-c.h"

struct call;

struct rpc_protocol {
    bool single;  // methods with one answer
    bool streams; // methods that stream: any number of messages either way
    // requests
    body_take_fn *take;
    body_finish_fn *finish;
    const char *timeout_field;
    enum status (*timeout_parse)(struct span text, uint32_t *ret_ms);
    const char *encoding_field; // must be absent, empty or "identity"
    const char *version_field;  // must be absent or "1"; NULL: there is none
    // answers
    const char *accept_encoding_field;
    // One message of the answer, the head before the first.
    void (*send)(struct call *call, struct span message);
    // The end: NULL after what was asked was answered. Nothing follows.
    void (*end)(struct call *call, const Loyalty__V1__Error *error);
};

extern const struct rpc_protocol protocol_grpc;
extern const struct rpc_protocol protocol_grpc_web;
extern const struct rpc_protocol protocol_connect;
extern const struct rpc_protocol protocol_connect_stream;

// A content type and what it says.
struct media {
    const char *name;
    const struct rpc_protocol *protocol;
    enum codec codec;
};

// By content-type, whatever its case and parameters; NULL for one that is not spoken here.
const struct media *media_find(struct span content_type);
// All that are spoken, for Accept-Post.
extern const char media_list[];
