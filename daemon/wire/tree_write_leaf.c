// From one value of a message to a tree.
#include <inttypes.h>
#include <stdint.h>

#include "base/check.h"
#include "wire/base64.h"
#include "wire/duration.h"
#include "wire/field.h"
#include "wire/instant.h"
#include "wire/text.h"
#include "wire/tree.h"
#include "wire/tree_value.h"

static enum status give(json_t *value, json_t **ret_value)
{
    if (value == NULL) {
        return STATUS_NO_MEMORY;
    }
    *ret_value = value;
    return STATUS_OK;
}

static enum status write_text(const char *text, json_t **ret_value)
{
    struct span span = span_of_text(text);
    if (!text_is_clean(span)) {
        return STATUS_INVALID;
    }
    return give(json_stringn_nocheck(text == NULL ? "" : text, span.len), ret_value);
}

// Canonically text, since JavaScript's numbers end at 2^53.
static enum status write_int64(int64_t number, unsigned options, json_t **ret_value)
{
    if ((options & TREE_PLAIN_INTEGERS) != 0) {
        return give(json_integer(number), ret_value);
    }
    return give(json_sprintf("%" PRId64, number), ret_value);
}

static enum status write_uint64(uint64_t number, unsigned options, json_t **ret_value)
{
    if ((options & TREE_PLAIN_INTEGERS) != 0 && number <= INT64_MAX) {
        return give(json_integer((json_int_t)number), ret_value);
    }
    return give(json_sprintf("%" PRIu64, number), ret_value);
}

static enum status write_enum(int number, const ProtobufCEnumDescriptor *type, unsigned options,
                              json_t **ret_value)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(type, number);
    if (value == NULL) {
        return give(json_integer(number), ret_value);
    }
    bool brief = (options & TREE_SHORT_ENUMS) != 0;
    return give(json_string(brief ? field_enum_short_name(type, value) : value->name), ret_value);
}

static enum status write_bytes(const ProtobufCBinaryData *bytes, json_t **ret_value)
{
    struct arena arena;
    arena_init(&arena, bytes->len * 2 + 64);
    struct span text = {0};
    enum status status = base64_encode(span_of(bytes->data, bytes->len), &arena, &text);
    if (status == STATUS_OK) {
        status = give(json_stringn_nocheck((const char *)text.data, text.len), ret_value);
    }
    arena_fini(&arena);
    return status;
}

static enum status write_timestamp(const Google__Protobuf__Timestamp *timestamp, json_t **ret_value)
{
    char text[INSTANT_TEXT_BYTES];
    TRY(instant_format(timestamp, text));
    return give(json_string(text), ret_value);
}

static enum status write_duration(const Google__Protobuf__Duration *duration, json_t **ret_value)
{
    char text[DURATION_TEXT_BYTES];
    TRY(duration_format(duration, text));
    return give(json_string(text), ret_value);
}

enum status tree_write_leaf(const void *place, const ProtobufCFieldDescriptor *field,
                            unsigned options, json_t **ret_value)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return give(json_integer(*(const int32_t *)place), ret_value);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return give(json_integer(*(const uint32_t *)place), ret_value);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return write_int64(*(const int64_t *)place, options, ret_value);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return write_uint64(*(const uint64_t *)place, options, ret_value);
    case PROTOBUF_C_TYPE_BOOL:
        return give(json_boolean(*(const protobuf_c_boolean *)place), ret_value);
    case PROTOBUF_C_TYPE_ENUM:
        return write_enum(*(const int *)place, field->descriptor, options, ret_value);
    case PROTOBUF_C_TYPE_STRING:
        return write_text(*(char *const *)place, ret_value);
    case PROTOBUF_C_TYPE_BYTES:
        return write_bytes(place, ret_value);
    case PROTOBUF_C_TYPE_MESSAGE:
        if (field_is_duration(field)) {
            return write_duration(*(Google__Protobuf__Duration *const *)place, ret_value);
        }
        CHECK(field_is_timestamp(field));
        return write_timestamp(*(Google__Protobuf__Timestamp *const *)place, ret_value);
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        break;
    }
    CHECK(false); // no floating point in the contract
    return STATUS_INVALID;
}
