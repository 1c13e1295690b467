// Connect's streaming calls: messages with gRPC's five-byte prefix; the end is one more of them,
// with a flag of its own, a JSON object that holds the error if there is one. The HTTP status is
// always 200. Source: connectrpc.com, "Connect Protocol Reference", "Streaming RPCs".
#include "face/call.h"
#include "face/connect.h"
#include "face/face_parts.h"
#include "face/timeout.h"
#include "wire/tree.h"

enum { HTTP_OK = 200, FLAG_END = 2 };

static void begin(struct call *call)
{
    static const struct fields none;
    if (!call->head_sent) {
        call_head(call, HTTP_OK, call->media->name, &none);
    }
}

static void connect_stream_send(struct call *call, struct span message)
{
    begin(call);
    call_write_framed(call, 0, message);
}

static enum status write_end(const Loyalty__V1__Error *error, struct arena *arena,
                             struct span *ret_text)
{
    json_auto_t *tree = json_object();
    json_t *inner = NULL;
    if (tree == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (error != NULL) {
        TRY(connect_error(error, arena, &inner));
        if (json_object_set_new(tree, "error", inner) != 0) {
            return STATUS_NO_MEMORY;
        }
    }
    return tree_print(tree, false, arena, ret_text);
}

static void connect_stream_end(struct call *call, const Loyalty__V1__Error *error)
{
    struct span text;
    begin(call);
    if (write_end(error, &call->face->outgoing, &text) != STATUS_OK) {
        call_reset(call, RESET_INTERNAL);
        return;
    }
    call_write_framed(call, FLAG_END, text);
    call_finish(call, NULL);
}

const struct rpc_protocol protocol_connect_stream = {
    .streams = true,
    .take = body_take_framed,
    .finish = body_finish_framed,
    .timeout_field = "connect-timeout-ms",
    .timeout_parse = timeout_parse_connect,
    .encoding_field = "connect-content-encoding",
    .version_field = "connect-protocol-version",
    .accept_encoding_field = "connect-accept-encoding",
    .send = connect_stream_send,
    .end = connect_stream_end,
};
