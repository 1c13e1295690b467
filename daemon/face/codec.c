// JSON by wire/tree.h; of what is wrong with a document the first is told.
#include "face/codec.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "wire/message.h"
#include "wire/tree.h"

static enum status tell(const struct problems *problems, struct message_fault *ret_fault)
{
    const struct problem *first = &problems->items[0];
    snprintf(ret_fault->path, sizeof(ret_fault->path), "%.*s", (int)first->path.len,
             (const char *)first->path.data);
    snprintf(ret_fault->reason, sizeof(ret_fault->reason), "%.*s", (int)first->reason.len,
             (const char *)first->reason.data);
    return STATUS_INVALID;
}

// Whether a tree of it would have more parts than a message may have values. A tree takes a hundred
// times the text's memory, and its time: better not to make it.
static bool has_too_many_parts(struct span text)
{
    size_t parts = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.len && parts <= WIRE_MESSAGE_VALUES; i++) {
        uint8_t c = text.data[i];
        if (c == '"') {
            in_string = !in_string;
        } else if (in_string) {
            i += c == '\\' ? 1 : 0;
        } else if (c == ',' || c == '{' || c == '[') {
            parts++;
        }
    }
    return parts > WIRE_MESSAGE_VALUES;
}

static enum status read_json(struct span text, const ProtobufCMessageDescriptor *type,
                             struct problems *problems, ProtobufCMessage **ret_message)
{
    json_t *tree = NULL;
    TRY(tree_parse(text, problems, &tree));
    enum status status = tree_to_message(tree, type, problems, ret_message);
    json_decref(tree);
    TRY(status);
    return problems->count == 0 ? STATUS_OK : STATUS_INVALID;
}

enum status codec_read(enum codec codec, struct span bytes, const ProtobufCMessageDescriptor *type,
                       struct arena *arena, struct span *ret_binary,
                       struct message_fault *ret_fault)
{
    if (codec == CODEC_PROTO) {
        *ret_binary = bytes;
        return STATUS_OK;
    }
    if (bytes.len > WIRE_DOCUMENT_BYTES) {
        return STATUS_TOO_LARGE;
    }
    if (has_too_many_parts(bytes)) {
        *ret_fault = (struct message_fault){.path = ""};
        snprintf(ret_fault->reason, sizeof(ret_fault->reason), "more than %d parts in one message",
                 WIRE_MESSAGE_VALUES);
        return STATUS_INVALID;
    }
    struct problems problems = {.arena = arena};
    ProtobufCMessage *message = NULL;
    enum status status = read_json(bytes, type, &problems, &message);
    if (status == STATUS_INVALID) {
        return tell(&problems, ret_fault);
    }
    TRY(status);
    return message_encode(message, arena, ret_binary);
}

enum status codec_write(enum codec codec, struct span binary,
                        const ProtobufCMessageDescriptor *type, struct arena *arena,
                        struct span *ret_bytes)
{
    if (codec == CODEC_PROTO) {
        *ret_bytes = binary;
        return STATUS_OK;
    }
    ProtobufCMessage *message = NULL;
    struct message_fault fault;
    json_t *tree = NULL;
    TRY(message_decode(type, binary, arena, &message, &fault));
    TRY(tree_from_message(message, 0, &tree));
    enum status status = tree_print(tree, false, arena, ret_bytes);
    json_decref(tree);
    return status;
}
