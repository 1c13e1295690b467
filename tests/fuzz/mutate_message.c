// A message is taken apart into its fields as they stand, one of them is treated, all are put
// together again. What cannot be taken apart is kept as a tail. New values are drawn from what
// the contract's fields hold and from the extremes of numbers.
#include "fuzz/mutate_message.h"

#include "base/buffer.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/varint.h"
#include "wire/field.h"

enum {
    PARTS_MAX = 128,
    DEPTH_MAX = 20, // one type of a test contains itself
    FRESH_DEPTH = 3,
    VALUE_BYTES_MAX = 4096,
};

struct part {
    uint64_t tag;
    struct span whole;                     // tag and value
    struct span value;                     // without tag and length
    const ProtobufCFieldDescriptor *field; // NULL: the type has none of this number
};

struct mutation {
    struct fuzz_random *random;
    struct buffer *out;
};

static const char *const words[] = {
    "",
    "0190d5a8-7f4e-7cc2-8d5b-000000000001",
    "0190d5a8-7f4e-7cc2-8d5b-000000000002",
    "00000000-0000-0000-0000-000000000000",
    "anna",
    "ben",
    "M-000001",
    "CNY",
    "EUR",
    "2026-01-10",
    "2026-05-31",
    "2024-02-29",
    "2025-02-29",
    "1970-01-01",
    "2200-12-31",
    "06-01",
    "12-01",
    "02-29",
    "store-1/till-1",
    "store-1",
    "store-1/till-1/a",
    "0000000000000003",
    "member",
    "silver",
    "gold",
    "diamond",
    "base",
    "wine",
    "Asia/Shanghai",
    "UTC",
    "4006381333931",
    "/loyalty.v1.PointsService/Award",
    "en",
    "zh",
    "\x01",
    "\xc3\xa9",
    "\xe9\x87\x91\xe5\x8d\xa1",
};

static const int64_t numbers[] = {
    0,
    1,
    2,
    10,
    99,
    100,
    127,
    128,
    200,
    201,
    256,
    257,
    10000,
    12345,
    INT32_MAX,
    (int64_t)INT32_MAX + 1,
    UINT32_MAX,
    (int64_t)UINT32_MAX + 1,
    LIMIT_POINTS_A_RECORD,
    LIMIT_POINTS_A_RECORD + 1,
    LIMIT_POINTS_A_BALANCE,
    INT64_MAX,
    INT64_MIN,
    -1,
    1768003200,    // 2026-01-10, in seconds
    1769904000,    // three weeks later
    1577836800,    // 2020-01-01
    4102444799,    // the last second there is
    4102444800,    // one too late
    999999999,     // the last nanosecond
    1768003200000, // in milliseconds
};

#define COUNT_OF(items) (sizeof(items) / sizeof((items)[0]))

static size_t below(const struct mutation *mutation, size_t bound)
{
    return fuzz_random_below(mutation->random, bound);
}

static void put(const struct mutation *mutation, struct span bytes)
{
    CHECK(buffer_append(mutation->out, bytes) == STATUS_OK);
}

static void put_number(const struct mutation *mutation, uint64_t number)
{
    CHECK(buffer_put_u64(mutation->out, number) == STATUS_OK);
}

// The bytes from `start` on become a sized value: their length goes in front of them.
static void close_sized(const struct mutation *mutation, size_t start)
{
    uint8_t head[VARINT_BYTES_MAX];
    struct buffer *out = mutation->out;
    size_t len = out->len - start;
    size_t head_len = varint_write(head, len);
    put(mutation, span_of(head, head_len));
    memmove(out->data + start + head_len, out->data + start, len);
    memcpy(out->data + start, head, head_len);
}

// --- fresh values ---

static ProtobufCWireType wire_type_of(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
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

static uint64_t fresh_number(const struct mutation *mutation, const ProtobufCFieldDescriptor *field)
{
    if (field != NULL && field->type == PROTOBUF_C_TYPE_ENUM && below(mutation, 8) != 0) {
        const ProtobufCEnumDescriptor *values = field->descriptor;
        return (uint64_t)values->values[below(mutation, values->n_values)].value;
    }
    if (field != NULL && field->type == PROTOBUF_C_TYPE_BOOL) {
        return below(mutation, 2);
    }
    if (below(mutation, 3) == 0) {
        return fuzz_random_u64(mutation->random) >> below(mutation, 64);
    }
    return (uint64_t)numbers[below(mutation, COUNT_OF(numbers))];
}

// NOLINTBEGIN(misc-no-recursion): DEPTH_MAX and FRESH_DEPTH bound it

static void put_fresh_field(const struct mutation *mutation, const ProtobufCFieldDescriptor *field,
                            int depth);

static void put_fresh_message(const struct mutation *mutation,
                              const ProtobufCMessageDescriptor *type, int depth)
{
    for (unsigned i = 0; depth < FRESH_DEPTH && i < type->n_fields; i++) {
        if (below(mutation, 3) != 0) {
            put_fresh_field(mutation, &type->fields[i], depth + 1);
        }
    }
}

static void put_fresh_value(const struct mutation *mutation, const ProtobufCFieldDescriptor *field,
                            int depth)
{
    uint64_t bits = 0;
    size_t start = mutation->out->len;
    switch (wire_type_of(field)) {
    case PROTOBUF_C_WIRE_TYPE_32BIT:
        bits = fuzz_random_u64(mutation->random);
        put(mutation, span_of(&bits, 4));
        break;
    case PROTOBUF_C_WIRE_TYPE_64BIT:
        bits = fuzz_random_u64(mutation->random);
        put(mutation, span_of(&bits, 8));
        break;
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
        if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
            put_fresh_message(mutation, field->descriptor, depth);
        } else {
            put(mutation, span_of_text(words[below(mutation, COUNT_OF(words))]));
        }
        close_sized(mutation, start);
        break;
    default:
        put_number(mutation, fresh_number(mutation, field));
        break;
    }
}

static void put_fresh_field(const struct mutation *mutation, const ProtobufCFieldDescriptor *field,
                            int depth)
{
    put_number(mutation, (uint64_t)field->id << 3 | (uint64_t)wire_type_of(field));
    put_fresh_value(mutation, field, depth);
}

// --- taking apart ---

// The next field; false where the bytes hold none.
static bool take_part(struct span *rest, const ProtobufCMessageDescriptor *type, struct part *part)
{
    struct reader reader = {.rest = *rest};
    uint64_t number = 0;
    if (reader_u64(&reader, &part->tag) != STATUS_OK || part->tag > UINT32_MAX) {
        return false;
    }
    enum status status = STATUS_INVALID;
    struct span before = reader.rest;
    switch (part->tag & 7) {
    case PROTOBUF_C_WIRE_TYPE_VARINT:
        status = reader_u64(&reader, &number);
        part->value = span_of(before.data, before.len - reader.rest.len);
        break;
    case PROTOBUF_C_WIRE_TYPE_64BIT:
        status = reader_bytes(&reader, 8, &part->value);
        break;
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
        status = reader_sized(&reader, SIZE_MAX, &part->value);
        break;
    case PROTOBUF_C_WIRE_TYPE_32BIT:
        status = reader_bytes(&reader, 4, &part->value);
        break;
    default:
        break;
    }
    if (status != STATUS_OK) {
        return false;
    }
    part->whole = span_of(rest->data, rest->len - reader.rest.len);
    part->field = protobuf_c_message_descriptor_get_field(type, (unsigned)(part->tag >> 3));
    *rest = reader.rest;
    return true;
}

// --- treating one ---

static void mutate_into(const struct mutation *mutation, const ProtobufCMessageDescriptor *type,
                        struct span bytes, int depth);

static void put_mutated_bytes(const struct mutation *mutation, struct span bytes)
{
    static uint8_t scratch[VALUE_BYTES_MAX];
    size_t len = bytes.len < sizeof(scratch) ? bytes.len : sizeof(scratch);
    if (len > 0) {
        memcpy(scratch, bytes.data, len);
    }
    put(mutation, span_of(scratch, LLVMFuzzerMutate(scratch, len, sizeof(scratch))));
}

// The part's value changed; its tag may have another wire type then.
static void put_changed(const struct mutation *mutation, const struct part *part, int depth)
{
    bool sized = (part->tag & 7) == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    bool is_message = part->field != NULL && part->field->type == PROTOBUF_C_TYPE_MESSAGE;
    if (part->field != NULL && (below(mutation, 3) == 0 || !sized) && below(mutation, 8) != 0 &&
        !is_message) {
        put_fresh_field(mutation, part->field, 0);
        return;
    }
    put_number(mutation, below(mutation, 64) == 0 ? part->tag ^ below(mutation, 8) : part->tag);
    if (!sized) {
        put_number(mutation, fresh_number(mutation, NULL));
        return;
    }
    size_t start = mutation->out->len;
    if (is_message && depth < DEPTH_MAX && below(mutation, 16) != 0) {
        mutate_into(mutation, part->field->descriptor, part->value, depth + 1);
    } else {
        put_mutated_bytes(mutation, part->value);
    }
    close_sized(mutation, start);
    if (below(mutation, 64) == 0) {
        mutation->out->data[start]++; // a length that is not so
    }
}

static void put_treated(const struct mutation *mutation, const struct part *part,
                        const struct part *other, int depth)
{
    switch (below(mutation, 10)) {
    case 0:
        return; // dropped
    case 1:
        put(mutation, part->whole);
        put(mutation, part->whole);
        return;
    case 2:
        put(mutation, other->whole);
        put(mutation, part->whole);
        return;
    default:
        put_changed(mutation, part, depth);
        return;
    }
}

static void mutate_into(const struct mutation *mutation, const ProtobufCMessageDescriptor *type,
                        struct span bytes, int depth)
{
    struct part parts[PARTS_MAX];
    size_t count = 0;
    while (count < PARTS_MAX && take_part(&bytes, type, &parts[count])) {
        count++;
    }
    bool add = type->n_fields > 0 && (count == 0 || below(mutation, 5) == 0);
    size_t chosen = below(mutation, count + (add ? 1 : 0));
    for (size_t i = 0; i < count; i++) {
        if (add && i == chosen) {
            put_fresh_field(mutation, &type->fields[below(mutation, type->n_fields)], 0);
        }
        if (!add && i == chosen) {
            put_treated(mutation, &parts[i], &parts[below(mutation, count)], depth);
        } else {
            put(mutation, parts[i].whole);
        }
    }
    if (add && chosen == count) {
        put_fresh_field(mutation, &type->fields[below(mutation, type->n_fields)], 0);
    }
    put(mutation, bytes);
}

// NOLINTEND(misc-no-recursion)

size_t mutate_message(const ProtobufCMessageDescriptor *type, uint8_t *data, size_t len,
                      size_t len_max, struct fuzz_random *random)
{
    static struct buffer out; // for the life of the process
    buffer_clear(&out);
    struct mutation mutation = {.random = random, .out = &out};
    mutate_into(&mutation, type, span_of(data, len), 0);
    if (out.len > len_max || out.len == 0) {
        return len;
    }
    memcpy(data, out.data, out.len);
    return out.len;
}
