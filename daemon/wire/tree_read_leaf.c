// From a tree to one value of a message. Numbers are whole and in plain decimal digits, as a JSON
// number or as text; what YAML elsewhere reads as octal, sexagesimal or a float has stayed text and
// is refused here.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "wire/base64.h"
#include "wire/duration.h"
#include "wire/field.h"
#include "wire/instant.h"
#include "wire/text.h"
#include "wire/tree_value.h"

enum { LISTING_BYTES = 512 };

static struct span text_of(const json_t *value)
{
    return span_of(json_string_value(value), json_string_length(value));
}

const char *tree_found(const json_t *value, char out[TREE_FOUND_BYTES])
{
    char shown[TEXT_SHOWN_BYTES];
    switch (json_typeof(value)) {
    case JSON_STRING:
        snprintf(out, TREE_FOUND_BYTES, "text \"%s\"", text_show(text_of(value), shown));
        return out;
    case JSON_INTEGER:
        snprintf(out, TREE_FOUND_BYTES, "the number %lld", (long long)json_integer_value(value));
        return out;
    case JSON_REAL:
        snprintf(out, TREE_FOUND_BYTES, "the number %.15g", json_real_value(value));
        return out;
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    case JSON_NULL:
        break;
    }
    return "nothing";
}

bool tree_is_leaf(const ProtobufCFieldDescriptor *field)
{
    return field->type != PROTOBUF_C_TYPE_MESSAGE || field_is_timestamp(field) ||
           field_is_duration(field);
}

// `expected` names what would be right.
static enum status refuse(struct problems *problems, const json_t *value, const struct path *at,
                          const char *expected)
{
    char found[TREE_FOUND_BYTES];
    return problem_add(problems, at, "expected %s, found %s", expected, tree_found(value, found));
}

// A whole number as sign and magnitude, since both int64 and uint64 must fit.
struct whole {
    bool negative;
    uint64_t magnitude;
};

enum whole_kind { WHOLE_GOOD, WHOLE_NONE, WHOLE_HUGE };

// -?(0|[1-9][0-9]*)
static enum whole_kind whole_from_text(struct span text, struct whole *ret_whole)
{
    struct whole whole = {.negative = text.len > 0 && text.data[0] == '-'};
    struct span digits = span_from(text, whole.negative ? 1 : 0);
    if (digits.len == 0 || (digits.len > 1 && digits.data[0] == '0')) {
        return WHOLE_NONE;
    }
    bool huge = false;
    for (size_t i = 0; i < digits.len; i++) {
        uint64_t digit = (uint64_t)digits.data[i] - '0';
        if (digit > 9) {
            return WHOLE_NONE;
        }
        huge = huge || __builtin_mul_overflow(whole.magnitude, 10, &whole.magnitude) ||
               __builtin_add_overflow(whole.magnitude, digit, &whole.magnitude);
    }
    *ret_whole = whole;
    return huge ? WHOLE_HUGE : WHOLE_GOOD;
}

static enum whole_kind whole_from_tree(const json_t *value, struct whole *ret_whole)
{
    if (json_is_string(value)) {
        return whole_from_text(text_of(value), ret_whole);
    }
    if (!json_is_integer(value)) {
        return WHOLE_NONE;
    }
    int64_t number = json_integer_value(value);
    *ret_whole = (struct whole){
        .negative = number < 0,
        .magnitude = number < 0 ? -(uint64_t)number : (uint64_t)number,
    };
    return WHOLE_GOOD;
}

struct bounds {
    int64_t min;
    uint64_t max;
};

static struct bounds bounds_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return (struct bounds){INT32_MIN, INT32_MAX};
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return (struct bounds){0, UINT32_MAX};
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return (struct bounds){0, UINT64_MAX};
    default:
        return (struct bounds){INT64_MIN, INT64_MAX};
    }
}

static bool is_within(struct whole whole, struct bounds bounds)
{
    if (whole.negative) {
        return whole.magnitude <= -(uint64_t)bounds.min;
    }
    return whole.magnitude <= bounds.max;
}

static enum status read_integer(struct problems *problems, const json_t *value,
                                const ProtobufCFieldDescriptor *field, const struct path *at,
                                void *place)
{
    struct whole whole;
    enum whole_kind kind = whole_from_tree(value, &whole);
    if (kind == WHOLE_NONE) {
        return refuse(problems, value, at, "a whole number in plain decimal digits");
    }
    struct bounds bounds = bounds_of(field->type);
    if (kind == WHOLE_HUGE || !is_within(whole, bounds)) {
        char found[TREE_FOUND_BYTES];
        return problem_add(problems, at, "out of range, %lld to %llu: %s", (long long)bounds.min,
                           (unsigned long long)bounds.max, tree_found(value, found));
    }
    uint64_t bits = whole.negative ? -whole.magnitude : whole.magnitude;
    if (field_value_bytes(field->type) == sizeof(uint32_t)) {
        *(uint32_t *)place = (uint32_t)bits;
    } else {
        *(uint64_t *)place = bits;
    }
    return STATUS_OK;
}

// The names a person would write.
static void list_enum(const ProtobufCEnumDescriptor *type, char out[LISTING_BYTES])
{
    size_t len = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < type->n_values && len < LISTING_BYTES; i++) {
        if (type->values[i].value != 0) {
            int added = snprintf(out + len, LISTING_BYTES - len, "%s%s", len == 0 ? "" : ", ",
                                 field_enum_short_name(type, &type->values[i]));
            len += added > 0 ? (size_t)added : 0;
        }
    }
}

static enum status read_enum(struct problems *problems, const json_t *value,
                             const ProtobufCFieldDescriptor *field, const struct path *at,
                             void *place)
{
    const ProtobufCEnumDescriptor *type = field->descriptor;
    const ProtobufCEnumValue *found = NULL;
    if (json_is_string(value)) {
        found = field_enum_find(type, text_of(value));
    } else if (json_is_integer(value) && json_integer_value(value) >= INT32_MIN &&
               json_integer_value(value) <= INT32_MAX) {
        found = protobuf_c_enum_descriptor_get_value(type, (int)json_integer_value(value));
    }
    if (found == NULL) {
        char names[LISTING_BYTES];
        list_enum(type, names);
        char shown[TREE_FOUND_BYTES];
        return problem_add(problems, at, "expected one of %s, found %s", names,
                           tree_found(value, shown));
    }
    *(int *)place = found->value;
    return STATUS_OK;
}

static enum status read_bool(struct problems *problems, const json_t *value, const struct path *at,
                             protobuf_c_boolean *place)
{
    if (!json_is_boolean(value)) {
        return refuse(problems, value, at, "true or false");
    }
    *place = json_is_true(value);
    return STATUS_OK;
}

static enum status read_text(struct problems *problems, const json_t *value, const struct path *at,
                             char **place)
{
    if (!json_is_string(value)) {
        bool unquoted = json_is_number(value) || json_is_boolean(value);
        return refuse(problems, value, at, unquoted ? "text in quotes" : "text");
    }
    if (!text_is_clean(text_of(value))) {
        return problem_add(problems, at, "text must be UTF-8 without NUL");
    }
    struct span copy;
    TRY(arena_copy(problems->arena, text_of(value), &copy));
    *place = (char *)copy.data;
    return STATUS_OK;
}

static enum status read_bytes(struct problems *problems, const json_t *value, const struct path *at,
                              ProtobufCBinaryData *place)
{
    struct span bytes;
    enum status status = STATUS_INVALID;
    if (json_is_string(value)) {
        status = base64_decode(text_of(value), problems->arena, &bytes);
    }
    if (status == STATUS_INVALID) {
        return refuse(problems, value, at, "bytes as base64");
    }
    TRY(status);
    *place = (ProtobufCBinaryData){.len = bytes.len, .data = (uint8_t *)bytes.data};
    return STATUS_OK;
}

static enum status read_timestamp(struct problems *problems, const json_t *value,
                                  const struct path *at, Google__Protobuf__Timestamp *place)
{
    if (!json_is_string(value) || instant_parse(text_of(value), place) != STATUS_OK) {
        return refuse(problems, value, at,
                      "an instant of 1970 or later such as \"2026-06-01T00:00:00Z\"");
    }
    return STATUS_OK;
}

static enum status read_duration(struct problems *problems, const json_t *value,
                                 const struct path *at, Google__Protobuf__Duration *place)
{
    if (!json_is_string(value) || duration_parse(text_of(value), place) != STATUS_OK) {
        return refuse(problems, value, at, "a length of time such as \"5s\"");
    }
    return STATUS_OK;
}

enum status tree_read_leaf(struct problems *problems, const json_t *value,
                           const ProtobufCFieldDescriptor *field, const struct path *at,
                           void *place)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_ENUM:
        return read_enum(problems, value, field, at, place);
    case PROTOBUF_C_TYPE_BOOL:
        return read_bool(problems, value, at, place);
    case PROTOBUF_C_TYPE_STRING:
        return read_text(problems, value, at, place);
    case PROTOBUF_C_TYPE_BYTES:
        return read_bytes(problems, value, at, place);
    case PROTOBUF_C_TYPE_MESSAGE:
        if (field_is_duration(field)) {
            return read_duration(problems, value, at, *(Google__Protobuf__Duration **)place);
        }
        CHECK(field_is_timestamp(field));
        return read_timestamp(problems, value, at, *(Google__Protobuf__Timestamp **)place);
    default:
        return read_integer(problems, value, field, at, place);
    }
}
