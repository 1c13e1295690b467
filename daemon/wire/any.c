// The registry is short: an answer has an Any only where google.longrunning asks for one.
#include "wire/any.h"

#include <string.h>

#include "loyalty/v1/rescoring.pb-c.h"
#include "wire/message.h"

static const char prefix[] = "type.googleapis.com/";

static const ProtobufCMessageDescriptor *find_type(const char *url)
{
    static const ProtobufCMessageDescriptor *const types[] = {
        &loyalty__v1__job_progress__descriptor,     &loyalty__v1__rescoring_plan__descriptor,
        &loyalty__v1__rescoring_report__descriptor, &loyalty__v1__due_index_report__descriptor,
        &loyalty__v1__census_report__descriptor,
    };
    size_t skipped = sizeof(prefix) - 1;
    if (strncmp(url, prefix, skipped) != 0) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(url + skipped, types[i]->name) == 0) {
            return types[i];
        }
    }
    return NULL;
}

enum status any_pack(const ProtobufCMessage *message, struct arena *arena,
                     Google__Protobuf__Any **ret_any)
{
    struct span bytes;
    Google__Protobuf__Any *any =
        (Google__Protobuf__Any *)message_new(&google__protobuf__any__descriptor, arena);
    TRY(message_encode(message, arena, &bytes));
    char *url = arena_printf(arena, "%s%s", prefix, message->descriptor->name);
    if (any == NULL || url == NULL) {
        return STATUS_NO_MEMORY;
    }
    any->type_url = url;
    any->value.data = (uint8_t *)bytes.data;
    any->value.len = bytes.len;
    *ret_any = any;
    return STATUS_OK;
}

enum status any_unpack(const Google__Protobuf__Any *any, struct arena *arena,
                       ProtobufCMessage **ret_message)
{
    const ProtobufCMessageDescriptor *type = find_type(any->type_url);
    struct message_fault fault;
    if (type == NULL) {
        return STATUS_NOT_FOUND;
    }
    enum status status =
        message_decode(type, span_of(any->value.data, any->value.len), arena, ret_message, &fault);
    return status == STATUS_OK || status == STATUS_NO_MEMORY ? status : STATUS_CORRUPT;
}
