// Names follow protoc: the JSON name drops each underscore and raises the letter behind it; an
// enum's values begin with its name in UPPER_SNAKE_CASE (buf's lint sees to that); a map's entry
// type is the field's name in CamelCase and "Entry", inside the message that has the map.
#include "wire/field.h"

#include <string.h>

#include "base/check.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"

static char raised(char c)
{
    if (c < 'a' || c > 'z') {
        return c;
    }
    return (char)(c - 'a' + 'A');
}

// Without underscores, the letter behind each raised; the first one too if `raise_first`.
static size_t camel_case(const char *name, bool raise_first, char out[FIELD_NAME_BYTES])
{
    size_t len = 0;
    bool raise = raise_first;
    for (; *name != '\0'; name++) {
        if (*name == '_') {
            raise = true;
            continue;
        }
        CHECK(len + 1 < FIELD_NAME_BYTES);
        out[len] = *name;
        if (raise) {
            out[len] = raised(*name);
        }
        len++;
        raise = false;
    }
    out[len] = '\0';
    return len;
}

const char *field_json_name(const ProtobufCFieldDescriptor *field, char out[FIELD_NAME_BYTES])
{
    (void)camel_case(field->name, false, out);
    return out;
}

const ProtobufCFieldDescriptor *field_find(const ProtobufCMessageDescriptor *type, struct span name)
{
    for (unsigned i = 0; i < type->n_fields; i++) {
        char json_name[FIELD_NAME_BYTES];
        if (span_is_text(name, type->fields[i].name) ||
            span_is_text(name, field_json_name(&type->fields[i], json_name))) {
            return &type->fields[i];
        }
    }
    return NULL;
}

bool field_is_map(const ProtobufCMessageDescriptor *owner, const ProtobufCFieldDescriptor *field)
{
    if (!field_is_repeated(field) || field->type != PROTOBUF_C_TYPE_MESSAGE) {
        return false;
    }
    const ProtobufCMessageDescriptor *entry = field->descriptor;
    if (entry->n_fields != 2 || strcmp(entry->fields[0].name, "key") != 0 ||
        strcmp(entry->fields[1].name, "value") != 0) {
        return false;
    }
    size_t owner_len = strlen(owner->name);
    if (strncmp(entry->name, owner->name, owner_len) != 0 || entry->name[owner_len] != '.') {
        return false;
    }
    char camel[FIELD_NAME_BYTES];
    size_t len = camel_case(field->name, true, camel);
    const char *short_name = entry->name + owner_len + 1;
    return strncmp(short_name, camel, len) == 0 && strcmp(short_name + len, "Entry") == 0;
}

bool field_is_timestamp(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE &&
           field->descriptor == &google__protobuf__timestamp__descriptor;
}

bool field_is_duration(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE &&
           field->descriptor == &google__protobuf__duration__descriptor;
}

size_t field_value_bytes(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_ENUM:
        return sizeof(uint32_t);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return sizeof(uint64_t);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
        return sizeof(char *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(ProtobufCMessage *);
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        break;
    }
    CHECK(false); // no floating point in the contract
    return 0;
}

// How many bytes of a value's name are its enum's prefix: "UpgradeTiming" in
// "UPGRADE_TIMING_AT_RESCORE" is 15. 0 when it does not begin so.
static size_t enum_prefix_bytes(const ProtobufCEnumDescriptor *type, const char *name)
{
    size_t at = 0;
    for (const char *c = type->short_name; *c != '\0'; c++) {
        bool begins_word = c != type->short_name && *c >= 'A' && *c <= 'Z';
        if (begins_word && name[at++] != '_') {
            return 0;
        }
        if (name[at++] != raised(*c)) {
            return 0;
        }
    }
    return name[at] == '_' && name[at + 1] != '\0' ? at + 1 : 0;
}

const char *field_enum_short_name(const ProtobufCEnumDescriptor *type,
                                  const ProtobufCEnumValue *value)
{
    return value->name + enum_prefix_bytes(type, value->name);
}

const ProtobufCEnumValue *field_enum_find(const ProtobufCEnumDescriptor *type, struct span name)
{
    for (unsigned i = 0; i < type->n_values; i++) {
        const ProtobufCEnumValue *value = &type->values[i];
        if (span_is_text(name, value->name) ||
            span_is_text(name, field_enum_short_name(type, value))) {
            return value;
        }
    }
    return NULL;
}
