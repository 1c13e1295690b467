// The look at a message's bytes (wire/message_scan) and the decoder behind it, for a type that the
// contract has not: it contains itself, and a field of every kind. A second reader of the bytes,
// written from protobuf.dev and wire/message.h, says what must be accepted.
#include "fuzz/fuzz.h"

#include <string.h>

#include "base/check.h"
#include "fuzz/mutate_message.h"
#include "wire/message.h"

// The bounds once more, from wire/message.h and wire/bounds.h.
enum { DEPTH_MAX = 16, VALUES_MAX = 16384, ARENA_BYTES = 4 << 20, MEMORY_BYTES_MAX = 16 << 20 };

// --- the type ---

struct nest {
    ProtobufCMessage base;
    size_t n_inner;
    struct nest **inner; // 1, repeated
    struct nest *one;    // 2
    char *text;          // 3
    ProtobufCBinaryData bytes;
    int32_t small; // 5, int32
    uint32_t unsigned_small;
    int64_t large;
    int color;
    protobuf_c_boolean flag;
    uint32_t fixed;
    int64_t fixed_large;
    size_t n_packed;
    int64_t *packed; // 12, repeated sint64
    uint32_t either; // case of 13 and 14
    union {
        char *this_text;
        int32_t that;
    };
    size_t n_fixes;
    uint32_t *fixes; // 15, repeated fixed32
};

static const ProtobufCMessageDescriptor nest_type;

static const ProtobufCEnumValue colors[] = {{"NONE", "NONE", 0}, {"RED", "RED", 1}};
static const ProtobufCIntRange color_ranges[] = {{0, 0}, {0, 2}};
static const ProtobufCEnumDescriptor color_type = {
    .magic = PROTOBUF_C__ENUM_DESCRIPTOR_MAGIC,
    .name = "Color",
    .n_values = 2,
    .values = colors,
    .n_value_ranges = 1,
    .value_ranges = color_ranges,
};

#define FIELD(number, called, its_type, member)                                                    \
    {                                                                                              \
        .name = (called), .id = (number), .label = PROTOBUF_C_LABEL_NONE,                          \
        .type = PROTOBUF_C_TYPE_##its_type, .offset = offsetof(struct nest, member)                \
    }
#define FIELD_OF(number, called, its_type, member, of)                                             \
    {                                                                                              \
        .name = (called), .id = (number), .label = PROTOBUF_C_LABEL_NONE,                          \
        .type = PROTOBUF_C_TYPE_##its_type, .offset = offsetof(struct nest, member),               \
        .descriptor = (of)                                                                         \
    }
#define LIST(number, called, its_type, member, of)                                                 \
    {                                                                                              \
        .name = (called), .id = (number), .label = PROTOBUF_C_LABEL_REPEATED,                      \
        .type = PROTOBUF_C_TYPE_##its_type,                                                        \
        .quantifier_offset = offsetof(struct nest, n_##member),                                    \
        .offset = offsetof(struct nest, member), .descriptor = (of)                                \
    }
#define EITHER(number, called, its_type, member)                                                   \
    {                                                                                              \
        .name = (called), .id = (number), .label = PROTOBUF_C_LABEL_NONE,                          \
        .type = PROTOBUF_C_TYPE_##its_type, .quantifier_offset = offsetof(struct nest, either),    \
        .offset = offsetof(struct nest, member), .flags = PROTOBUF_C_FIELD_FLAG_ONEOF              \
    }

static const ProtobufCFieldDescriptor nest_fields[] = {
    LIST(1, "inner", MESSAGE, inner, &nest_type),
    FIELD_OF(2, "one", MESSAGE, one, &nest_type),
    FIELD(3, "text", STRING, text),
    FIELD(4, "bytes", BYTES, bytes),
    FIELD(5, "small", INT32, small),
    FIELD(6, "unsigned_small", UINT32, unsigned_small),
    FIELD(7, "large", INT64, large),
    FIELD_OF(8, "color", ENUM, color, &color_type),
    FIELD(9, "flag", BOOL, flag),
    FIELD(10, "fixed", FIXED32, fixed),
    FIELD(11, "fixed_large", SFIXED64, fixed_large),
    LIST(12, "packed", SINT64, packed, NULL),
    EITHER(13, "this", STRING, this_text),
    EITHER(14, "that", INT32, that),
    LIST(15, "fixes", FIXED32, fixes, NULL),
};

enum { FIELDS = sizeof(nest_fields) / sizeof(nest_fields[0]) };

static const ProtobufCIntRange nest_ranges[] = {{1, 0}, {0, FIELDS}};
static const ProtobufCMessageDescriptor nest_type = {
    .magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
    .name = "Nest",
    .sizeof_message = sizeof(struct nest),
    .n_fields = FIELDS,
    .fields = nest_fields,
    .n_field_ranges = 1,
    .field_ranges = nest_ranges,
};

// --- the second reader ---

struct look {
    size_t values;
    bool too_many;
};

// At most `bytes_max` bytes; more bits than 64 are none.
static bool look_varint(struct span *rest, size_t bytes_max, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (size_t i = 0; i < rest->len && i < bytes_max; i++) {
        uint64_t bits = rest->data[i] & 0x7f;
        if (i == 9 && bits > 1) {
            return false;
        }
        value += bits << (7 * i);
        if (rest->data[i] < 128) {
            *rest = span_from(*rest, i + 1);
            *ret_value = value;
            return true;
        }
    }
    return false;
}

// UTF-8 by RFC 3629's table, without NUL.
static bool look_text(struct span text)
{
    const uint8_t *at = text.data;
    size_t left = text.len;
    while (left > 0) {
        size_t more = *at < 0x80 ? 0 : *at < 0xe0 ? 1 : *at < 0xf0 ? 2 : 3;
        if (*at == 0 || (*at >= 0x80 && *at < 0xc2) || *at > 0xf4 || more >= left) {
            return false;
        }
        uint8_t low = *at == 0xe0 ? 0xa0 : *at == 0xf0 ? 0x90 : 0x80;
        uint8_t high = *at == 0xed ? 0x9f : *at == 0xf4 ? 0x8f : 0xbf;
        for (size_t i = 1; i <= more; i++) {
            if (at[i] < low || at[i] > high) {
                return false;
            }
            low = 0x80;
            high = 0xbf;
        }
        at += more + 1;
        left -= more + 1;
    }
    return true;
}

static bool look_number(unsigned field, struct span *rest)
{
    uint64_t value = 0;
    if (!look_varint(rest, 10, &value)) {
        return false;
    }
    switch (field) {
    case 5:
    case 14:
        return (int64_t)value >= INT32_MIN && (int64_t)value <= INT32_MAX;
    case 6:
        return value <= UINT32_MAX;
    case 8:
        return value <= 1;
    default:
        return true;
    }
}

static bool look_skip(struct span *rest, size_t bytes)
{
    if (rest->len < bytes) {
        return false;
    }
    *rest = span_from(*rest, bytes);
    return true;
}

static bool look_count(struct look *look)
{
    look->values++;
    look->too_many = look->values > VALUES_MAX;
    return !look->too_many;
}

// NOLINTBEGIN(misc-no-recursion): DEPTH_MAX bounds it

static bool look_message(struct look *look, struct span rest, int depth);

static bool look_sized(struct look *look, unsigned field, struct span value, int depth)
{
    switch (field) {
    case 1:
    case 2:
        return look_message(look, value, depth + 1);
    case 3:
    case 13:
        return look_text(value);
    case 4:
        return true;
    default:
        look->values--; // of a packed list only what is in it counts
        while (value.len > 0) {
            bool good = look_count(look) &&
                        (field == 12 ? look_number(field, &value) : look_skip(&value, 4));
            if (!good) {
                return false;
            }
        }
        return true;
    }
}

static bool look_field(struct look *look, unsigned field, unsigned wire, struct span *rest,
                       int depth)
{
    static const unsigned wires[FIELDS + 1] = {9, 2, 2, 2, 2, 0, 0, 0, 0, 0, 5, 1, 0, 2, 0, 5};
    if (wire == 2 && (wires[field] == 2 || field == 12 || field == 15)) {
        uint64_t len = 0;
        if (!look_varint(rest, 5, &len) || len > rest->len) {
            return false;
        }
        struct span value = span_of(rest->data, (size_t)len);
        return look_skip(rest, (size_t)len) && look_sized(look, field, value, depth);
    }
    if (wire != wires[field]) {
        return false;
    }
    return wire == 0 ? look_number(field, rest) : look_skip(rest, wire == 5 ? 4 : 8);
}

static bool look_message(struct look *look, struct span rest, int depth)
{
    bool seen[FIELDS + 1] = {false};
    if (depth > DEPTH_MAX) {
        return false;
    }
    while (rest.len > 0) {
        uint64_t tag = 0;
        if (!look_varint(&rest, 5, &tag) || tag > UINT32_MAX || tag >> 3 == 0 ||
            tag >> 3 > FIELDS) {
            return false;
        }
        unsigned field = (unsigned)(tag >> 3);
        bool many = field == 1 || field == 12 || field == 15;
        bool beside = (field == 13 && seen[14]) || (field == 14 && seen[13]);
        if ((seen[field] && !many) || !look_count(look) || beside) {
            return false;
        }
        seen[field] = true;
        if (!look_field(look, field, (unsigned)tag & 7, &rest, depth)) {
            return false;
        }
    }
    return true;
}

// NOLINTEND(misc-no-recursion)

// --- the driver ---

static struct arena arena = {.cap_bytes = ARENA_BYTES}; // as arena_init has it

static void check_accepted(struct span bytes, bool canonical)
{
    ProtobufCMessage *message = NULL;
    ProtobufCMessage *again = NULL;
    struct message_fault fault;
    struct span written;
    struct span rewritten;
    CHECK(message_decode(&nest_type, bytes, &arena, &message, &fault) == STATUS_OK);
    CHECK(message->n_unknown_fields == 0);
    CHECK(message_encode(message, &arena, &written) == STATUS_OK);
    CHECK(!canonical || span_equal(written, bytes));
    CHECK(message_decode(&nest_type, written, &arena, &again, &fault) == STATUS_OK);
    CHECK(message_encode(again, &arena, &rewritten) == STATUS_OK);
    CHECK(span_equal(written, rewritten));
}

static void check_refused(const struct look *look, enum status status,
                          const struct message_fault *fault)
{
    CHECK(status == (look->too_many ? STATUS_TOO_LARGE : STATUS_INVALID));
    CHECK(memchr(fault->path, '\0', sizeof(fault->path)) != NULL);
    CHECK(memchr(fault->reason, '\0', sizeof(fault->reason)) != NULL);
    CHECK(fault->reason[0] != '\0');
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t len_max, unsigned seed)
{
    struct fuzz_random random = fuzz_random_of(seed);
    if (fuzz_random_below(&random, 4) == 0) {
        return LLVMFuzzerMutate(data, len, len_max);
    }
    return mutate_message(&nest_type, data, len, len_max, &random);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span bytes = span_of(data, len);
    struct look look = {0};
    struct message_fault fault;
    memset(&fault, 0xff, sizeof(fault));
    arena_reset(&arena);
    fuzz_memory_begin(MEMORY_BYTES_MAX);
    bool good = look_message(&look, bytes, 1);
    bool canonical = false;
    enum status status = message_scan(&nest_type, bytes, &canonical, &fault);
    CHECK((status == STATUS_OK) == good);
    if (good) {
        check_accepted(bytes, canonical);
    } else {
        check_refused(&look, status, &fault);
    }
    fuzz_memory_end();
    return 0;
}
