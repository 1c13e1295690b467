// What a protobuf-c descriptor does not say by itself: fields by their proto or JSON name, whether
// a repeated message is a map, the short names of enum values, and the places of a field in its
// message. The contract uses no floating point, no groups and no required fields, and map keys are
// strings; descriptors that have them are a programmer's error here (tests look at every type).
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

enum { FIELD_NAME_BYTES = 64 };

// The field called `name`, as in the .proto ("late_days") or as in JSON ("lateDays"); NULL if none.
const ProtobufCFieldDescriptor *field_find(const ProtobufCMessageDescriptor *type,
                                           struct span name);
// "lateDays". Returns `out`.
const char *field_json_name(const ProtobufCFieldDescriptor *field, char out[FIELD_NAME_BYTES]);

static inline bool field_is_repeated(const ProtobufCFieldDescriptor *field)
{
    return field->label == PROTOBUF_C_LABEL_REPEATED;
}

static inline bool field_is_oneof(const ProtobufCFieldDescriptor *field)
{
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

// Whether two fields are members of one oneof.
static inline bool field_same_oneof(const ProtobufCFieldDescriptor *a,
                                    const ProtobufCFieldDescriptor *b)
{
    return field_is_oneof(a) && field_is_oneof(b) && a->quantifier_offset == b->quantifier_offset;
}

// Whether it is a map: a repeated message of key and value, named by protoc after the field.
bool field_is_map(const ProtobufCMessageDescriptor *owner, const ProtobufCFieldDescriptor *field);
bool field_is_timestamp(const ProtobufCFieldDescriptor *field);
bool field_is_duration(const ProtobufCFieldDescriptor *field);

// Bytes of one value of this type in a message or an array.
size_t field_value_bytes(ProtobufCType type);

static inline void *field_place(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (uint8_t *)message + field->offset;
}

static inline const void *field_place_const(const ProtobufCMessage *message,
                                            const ProtobufCFieldDescriptor *field)
{
    return (const uint8_t *)message + field->offset;
}

// Elements of a repeated field.
static inline size_t *field_count(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (size_t *)(void *)((uint8_t *)message + field->quantifier_offset);
}

static inline size_t field_count_const(const ProtobufCMessage *message,
                                       const ProtobufCFieldDescriptor *field)
{
    return *(const size_t *)(const void *)((const uint8_t *)message + field->quantifier_offset);
}

// Number of the oneof's member that is set; 0: none.
static inline uint32_t *field_case(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (uint32_t *)(void *)((uint8_t *)message + field->quantifier_offset);
}

static inline uint32_t field_case_const(const ProtobufCMessage *message,
                                        const ProtobufCFieldDescriptor *field)
{
    return *(const uint32_t *)(const void *)((const uint8_t *)message + field->quantifier_offset);
}

// The value called `name`, in full ("ROUNDING_FLOOR") or without the enum's prefix ("FLOOR"); NULL
// if there is none.
const ProtobufCEnumValue *field_enum_find(const ProtobufCEnumDescriptor *type, struct span name);
// The name without the prefix; the full name when it has none.
const char *field_enum_short_name(const ProtobufCEnumDescriptor *type,
                                  const ProtobufCEnumValue *value);
