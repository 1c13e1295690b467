// Connect's unary calls: the body is the message, the HTTP status is the code, an error is JSON:
//     {"code": "failed_precondition", "message": "...", "details": [
//         {"type": "google.rpc.ErrorInfo", "value": <base64>, "debug": <the same as JSON>}, ...]}
// Source: connectrpc.com, "Connect Protocol Reference", "Unary-Response".
#include "face/connect.h"

#include "face/call.h"
#include "face/details.h"
#include "face/face_parts.h"
#include "face/rpc_code.h"
#include "face/timeout.h"
#include "google/rpc/error_details.pb-c.h"
#include "wire/base64.h"
#include "wire/tree.h"

enum { HTTP_OK = 200 };

static struct fields replayed_field(const struct call *call)
{
    struct fields fields = {0};
    if (call->replayed) {
        fields_add(&fields, "loyalty-replayed", span_of_text("true"));
    }
    return fields;
}

static void connect_send(struct call *call, struct span message)
{
    struct fields fields = replayed_field(call);
    call_head(call, HTTP_OK, call->media->name, &fields);
    call_write(call, message);
}

// For people; a Duration has a JSON form of its own, which is not worth having here.
static enum status add_debug(json_t *item, const ProtobufCMessage *message)
{
    json_t *debug = NULL;
    if (message->descriptor == &google__rpc__retry_info__descriptor) {
        return STATUS_OK;
    }
    TRY(tree_from_message(message, 0, &debug));
    return json_object_set_new(item, "debug", debug) == 0 ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status add_detail(json_t *list, const struct detail *detail, struct arena *arena)
{
    struct span value;
    TRY(base64_encode(detail->bytes, arena, &value));
    while (value.len > 0 && value.data[value.len - 1] == '=') {
        value.len--;
    }
    json_t *item = json_pack("{s:s, s:s%}", "type", detail->message->descriptor->name, "value",
                             (const char *)value.data, value.len);
    if (item == NULL || json_array_append_new(list, item) != 0) {
        return STATUS_NO_MEMORY;
    }
    return add_debug(item, detail->message);
}

enum status connect_error(const Loyalty__V1__Error *error, struct arena *arena, json_t **ret_tree)
{
    struct details details;
    TRY(details_make(error, arena, &details));
    json_auto_t *tree = json_pack("{s:s, s:s, s:[]}", "code", rpc_code_of((int)error->code)->name,
                                  "message", error->message, "details");
    if (tree == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < details.count; i++) {
        TRY(add_detail(json_object_get(tree, "details"), &details.items[i], arena));
    }
    *ret_tree = json_incref(tree);
    return STATUS_OK;
}

static enum status write_error(const Loyalty__V1__Error *error, struct arena *arena,
                               struct span *ret_text)
{
    json_auto_t *tree = NULL;
    TRY(connect_error(error, arena, &tree));
    return tree_print(tree, false, arena, ret_text);
}

static void connect_end(struct call *call, const Loyalty__V1__Error *error)
{
    if (error == NULL) {
        call_finish(call, NULL);
        return;
    }
    if (call->head_sent) {
        call_reset(call, RESET_INTERNAL);
        return;
    }
    struct fields fields = replayed_field(call);
    struct span text;
    if (write_error(error, &call->face->outgoing, &text) != STATUS_OK) {
        text = (struct span){0}; // the status alone says the code, nearly
    }
    call_head(call, rpc_code_of((int)error->code)->http_status, "application/json", &fields);
    call_write(call, text);
    call_finish(call, NULL);
}

const struct rpc_protocol protocol_connect = {
    .single = true,
    .take = body_take_bare,
    .finish = body_finish_bare,
    .timeout_field = "connect-timeout-ms",
    .timeout_parse = timeout_parse_connect,
    .encoding_field = "content-encoding",
    .version_field = "connect-protocol-version",
    .accept_encoding_field = "accept-encoding",
    .send = connect_send,
    .end = connect_end,
};
