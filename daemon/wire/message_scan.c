// The look at a message's bytes before protobuf-c sees them. One pass, no memory but the stack: a
// level for each message inside another, at most WIRE_MESSAGE_DEPTH of them. Whatever passes here
// protobuf_c_message_unpack accepts and reads the same way (a test holds both side by side).
//
// On its way the look notes whether the bytes are canonical: fields in the order of their numbers,
// numbers in their shortest form, nothing that is not written at all (zeros, empty texts). Maps and
// lists of numbers are never called so; no request that comes often has one.
// Source: protobuf.dev, "Encoding".
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/check.h"
#include "wire/field.h"
#include "wire/message.h"
#include "wire/text.h"

// One message on the way down, and the field of it that is being read.
struct level {
    const struct level *parent;
    const ProtobufCMessageDescriptor *type;
    const ProtobufCFieldDescriptor *field; // NULL: none yet
    uint32_t given;                        // a bit for each field that has come
    uint16_t seen[WIRE_TYPE_FIELDS];       // values of each field so far; only where it has come
};

static_assert(WIRE_TYPE_FIELDS <= 32, "a level has a bit for each field");

// A key of a map of a message that is still being read.
struct map_key {
    const struct level *level;
    const ProtobufCFieldDescriptor *field;
    struct span key;
};

struct scan {
    struct message_fault *fault;
    uint32_t values; // of the whole message so far
    uint32_t depth;
    bool odd; // not canonical
    uint32_t key_count;
    struct map_key keys[WIRE_MAP_KEYS];
};

// NOLINTBEGIN(misc-no-recursion): as deep as there are levels

// Writes where the level is, down to its present field if asked for; returns the length.
static size_t write_place(const struct level *level, bool with_field, char out[PATH_BYTES])
{
    size_t len = level->parent == NULL ? 0 : write_place(level->parent, true, out);
    if (!with_field || level->field == NULL) {
        return len;
    }
    len = path_append_name(out, len, span_of_text(level->field->name));
    if (field_is_repeated(level->field)) {
        uint16_t seen = level->seen[level->field - level->type->fields];
        len = path_append_index(out, len, seen == 0 ? 0 : (size_t)seen - 1);
    }
    return len;
}

// NOLINTEND(misc-no-recursion)

// Says why, at the level's present field or at the level itself.
__attribute__((cold, format(printf, 4, 5))) static enum status
refuse(const struct scan *scan, const struct level *level, bool at_field, const char *format, ...)
{
    scan->fault->path[0] = '\0';
    (void)write_place(level, at_field, scan->fault->path);
    va_list args;
    va_start(args, format);
    int len = vsnprintf(scan->fault->reason, sizeof(scan->fault->reason), format, args);
    va_end(args);
    CHECK(len >= 0);
    return STATUS_INVALID;
}

// At most ten bytes and 64 bits.
static bool read_long_varint(struct scan *scan, struct span *rest, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 10 && i < rest->len; i++) {
        uint8_t byte = rest->data[i];
        if (i == 9 && byte > 1) {
            return false;
        }
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            scan->odd |= byte == 0; // for it is not the first
            *rest = span_of(rest->data + i + 1, rest->len - i - 1);
            *ret_value = value;
            return true;
        }
    }
    return false;
}

// Most are tags and lengths of one byte.
static inline bool read_varint(struct scan *scan, struct span *rest, uint64_t *ret_value)
{
    if (rest->len > 0 && rest->data[0] < 0x80) {
        *ret_value = rest->data[0];
        *rest = span_of(rest->data + 1, rest->len - 1);
        return true;
    }
    return read_long_varint(scan, rest, ret_value);
}

static inline bool read_small_varint(struct scan *scan, struct span *rest, uint32_t *ret_value)
{
    struct span before = *rest;
    uint64_t value = 0;
    if (!read_varint(scan, rest, &value) || value > UINT32_MAX || before.len - rest->len > 5) {
        return false;
    }
    *ret_value = (uint32_t)value;
    return true;
}

static bool read_sized(struct scan *scan, struct span *rest, struct span *ret_bytes)
{
    uint32_t len = 0;
    if (!read_small_varint(scan, rest, &len) || len > rest->len || len > INT32_MAX) {
        return false;
    }
    *ret_bytes = span_of(rest->data, len);
    *rest = span_of(rest->data + len, rest->len - len);
    return true;
}

static ProtobufCWireType wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return PROTOBUF_C_WIRE_TYPE_32BIT;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return PROTOBUF_C_WIRE_TYPE_64BIT;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    default:
        return PROTOBUF_C_WIRE_TYPE_VARINT;
    }
}

static enum status count_value(struct scan *scan, const struct level *level)
{
    if (++scan->values > WIRE_MESSAGE_VALUES) {
        (void)refuse(scan, level, true, "more than %d values in one message", WIRE_MESSAGE_VALUES);
        return STATUS_TOO_LARGE;
    }
    return STATUS_OK;
}

// A varint of the level's present field.
static enum status scan_number(struct scan *scan, const struct level *level, struct span *rest)
{
    uint64_t value = 0;
    if (!read_varint(scan, rest, &value)) {
        return refuse(scan, level, true, "the bytes do not hold a number here");
    }
    int64_t number = (int64_t)value;
    scan->odd |= value == 0;
    switch (level->field->type) {
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_SINT32:
        if (value > UINT32_MAX) {
            return refuse(scan, level, true, "the number does not fit 32 bits");
        }
        return STATUS_OK;
    case PROTOBUF_C_TYPE_INT32:
        if (number < INT32_MIN || number > INT32_MAX) {
            return refuse(scan, level, true, "the number does not fit 32 bits");
        }
        return STATUS_OK;
    case PROTOBUF_C_TYPE_BOOL:
        scan->odd |= value != 1;
        return STATUS_OK;
    case PROTOBUF_C_TYPE_ENUM:
        if (number < INT32_MIN || number > INT32_MAX ||
            protobuf_c_enum_descriptor_get_value(level->field->descriptor, (int)number) == NULL) {
            return refuse(scan, level, true, "%lld is not a known value", (long long)number);
        }
        return STATUS_OK;
    default:
        return STATUS_OK;
    }
}

static enum status scan_fixed(struct scan *scan, const struct level *level, struct span *rest,
                              size_t bytes)
{
    scan->odd = true; // the contract has none
    if (rest->len < bytes) {
        return refuse(scan, level, true, "the bytes end too early");
    }
    *rest = span_from(*rest, bytes);
    return STATUS_OK;
}

static enum status scan_scalar(struct scan *scan, const struct level *level,
                               ProtobufCWireType wire_type, struct span *rest)
{
    switch (wire_type) {
    case PROTOBUF_C_WIRE_TYPE_VARINT:
        return scan_number(scan, level, rest);
    case PROTOBUF_C_WIRE_TYPE_32BIT:
        return scan_fixed(scan, level, rest, 4);
    default:
        return scan_fixed(scan, level, rest, 8);
    }
}

// The key of a map's entry that has been looked at; empty when it has none.
static struct span entry_key(struct scan *scan, struct span entry)
{
    uint32_t tag = 0;
    uint64_t number = 0;
    struct span bytes = {0};
    while (read_small_varint(scan, &entry, &tag)) {
        if ((tag & 7) != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) {
            (void)read_varint(scan, &entry, &number);
        } else if (read_sized(scan, &entry, &bytes) && tag >> 3 == 1) {
            return bytes;
        }
    }
    return (struct span){0};
}

// An entry of a map under a key that is there already: decoders differ in which they keep.
static enum status count_key(struct scan *scan, const struct level *level, struct span entry)
{
    struct span key = entry_key(scan, entry);
    scan->odd = true;
    for (uint32_t i = 0; i < scan->key_count; i++) {
        const struct map_key *known = &scan->keys[i];
        if (known->level == level && known->field == level->field && span_equal(known->key, key)) {
            return refuse(scan, level, true, "a key that is given twice");
        }
    }
    if (scan->key_count == WIRE_MAP_KEYS) {
        return refuse(scan, level, true, "more than %d entries of maps", WIRE_MAP_KEYS);
    }
    scan->keys[scan->key_count++] =
        (struct map_key){.level = level, .field = level->field, .key = key};
    return STATUS_OK;
}

// NOLINTBEGIN(misc-no-recursion): WIRE_MESSAGE_DEPTH bounds it

static enum status scan_message(struct scan *scan, const struct level *parent,
                                const ProtobufCMessageDescriptor *type, struct span rest);

// Text, bytes, a message, or many numbers packed together.
static enum status scan_sized(struct scan *scan, struct level *level, struct span *rest)
{
    struct span bytes;
    if (!read_sized(scan, rest, &bytes)) {
        return refuse(scan, level, true, "the bytes end too early");
    }
    scan->odd |= bytes.len == 0 && level->field->type != PROTOBUF_C_TYPE_MESSAGE;
    switch (level->field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        TRY(scan_message(scan, level, level->field->descriptor, bytes));
        return field_is_repeated(level->field) && field_is_map(level->type, level->field)
                   ? count_key(scan, level, bytes)
                   : STATUS_OK;
    case PROTOBUF_C_TYPE_STRING:
        if (!text_is_clean(bytes)) {
            return refuse(scan, level, true, "not UTF-8, or with a NUL in it");
        }
        return STATUS_OK;
    case PROTOBUF_C_TYPE_BYTES:
        return STATUS_OK;
    default:
        break;
    }
    scan->odd = true;
    uint16_t *seen = &level->seen[level->field - level->type->fields];
    for (*seen = (uint16_t)(*seen - 1); bytes.len > 0;) {
        *seen = (uint16_t)(*seen + 1);
        TRY(count_value(scan, level));
        TRY(scan_scalar(scan, level, wire_type_of(level->field->type), &bytes));
    }
    return STATUS_OK;
}

// Another member of the present field's oneof that has come; NULL if none.
static const ProtobufCFieldDescriptor *find_rival(const struct level *level)
{
    for (unsigned i = 0; i < level->type->n_fields; i++) {
        const ProtobufCFieldDescriptor *other = &level->type->fields[i];
        if (other != level->field && (level->given >> i & 1) != 0 &&
            field_same_oneof(level->field, other)) {
            return other;
        }
    }
    return NULL;
}

// Counts a value of the present field; one that may not come again, or not beside another, is
// refused.
static enum status count_field(struct scan *scan, struct level *level)
{
    const ProtobufCFieldDescriptor *field = level->field;
    size_t place = (size_t)(field - level->type->fields);
    uint32_t bit = UINT32_C(1) << place;
    if ((level->given & bit) == 0) {
        scan->odd |= level->given > bit;
        level->given |= bit;
        level->seen[place] = 0;
    } else if (!field_is_repeated(field)) {
        return refuse(scan, level, true, "given twice");
    } else {
        scan->odd |= level->given >> place != 1;
    }
    level->seen[place]++;
    TRY(count_value(scan, level));
    const ProtobufCFieldDescriptor *rival =
        field_is_oneof(field) && level->given != bit ? find_rival(level) : NULL;
    if (rival != NULL) {
        return refuse(scan, level, true, "may not be given beside %s", rival->name);
    }
    return STATUS_OK;
}

// Fields mostly come in order: the present one again, or the one behind it.
static const ProtobufCFieldDescriptor *find_field(const struct level *level, uint32_t number)
{
    const ProtobufCMessageDescriptor *type = level->type;
    size_t next = level->field == NULL ? 0 : (size_t)(level->field - type->fields);
    for (size_t i = next; i < next + 2 && i < type->n_fields; i++) {
        if (type->fields[i].id == number) {
            return &type->fields[i];
        }
    }
    return protobuf_c_message_descriptor_get_field(type, number);
}

static enum status scan_field(struct scan *scan, struct level *level, struct span *rest)
{
    uint32_t tag = 0;
    if (!read_small_varint(scan, rest, &tag) || tag >> 3 == 0) {
        return refuse(scan, level, false, "the bytes are no message");
    }
    const ProtobufCFieldDescriptor *field = find_field(level, tag >> 3);
    if (field == NULL) {
        return refuse(scan, level, false, "unknown field number %u", (unsigned)(tag >> 3));
    }
    level->field = field;
    TRY(count_field(scan, level));
    ProtobufCWireType expected = wire_type_of(field->type);
    bool sized = (tag & 7) == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    if (sized && (expected == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED || field_is_repeated(field))) {
        return scan_sized(scan, level, rest);
    }
    if ((tag & 7) != expected) {
        return refuse(scan, level, true, "wire type %u where the contract has %u",
                      (unsigned)(tag & 7), (unsigned)expected);
    }
    scan->odd |= field_is_repeated(field);
    return scan_scalar(scan, level, expected, rest);
}

static enum status scan_message(struct scan *scan, const struct level *parent,
                                const ProtobufCMessageDescriptor *type, struct span rest)
{
    CHECK(type->n_fields <= WIRE_TYPE_FIELDS);
    struct level level; // the counts need no zeroes
    level.parent = parent;
    level.type = type;
    level.field = NULL;
    level.given = 0;
    if (scan->depth == WIRE_MESSAGE_DEPTH) {
        return refuse(scan, parent, true, "nested deeper than %d messages", WIRE_MESSAGE_DEPTH);
    }
    scan->depth++;
    uint32_t key_count = scan->key_count;
    while (rest.len > 0) {
        TRY(scan_field(scan, &level, &rest));
    }
    scan->key_count = key_count;
    scan->depth--;
    return STATUS_OK;
}

// NOLINTEND(misc-no-recursion)

enum status message_scan(const ProtobufCMessageDescriptor *type, struct span bytes,
                         bool *ret_canonical, struct message_fault *ret_fault)
{
    struct scan scan; // the keys need no zeroes
    scan.fault = ret_fault;
    scan.values = 0;
    scan.depth = 0;
    scan.key_count = 0;
    scan.odd = false;
    TRY(scan_message(&scan, NULL, type, bytes));
    *ret_canonical = !scan.odd;
    return STATUS_OK;
}
