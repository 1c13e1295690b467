// The look at a message's bytes: every kind of fault with its path and reason.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "loyalty/v1/points.pb-c.h"
#include "loyalty/v1/program.pb-c.h"
#include "wire/message.h"

#define AWARD &loyalty__v1__award_request__descriptor
#define SALE &loyalty__v1__sale__descriptor
#define CONDITION &loyalty__v1__condition__descriptor

struct fault_case {
    const ProtobufCMessageDescriptor *type;
    const char *bytes;
    size_t len;
    const char *path;
    const char *reason;
};

#define BYTES(text) text, sizeof(text) - 1

static void check(const struct fault_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct message_fault fault = {0};
        bool canonical = false;
        enum status status =
            message_scan(cases[i].type, span_of(cases[i].bytes, cases[i].len), &canonical, &fault);
        assert_int_equal(status, cases[i].reason == NULL ? STATUS_OK : STATUS_INVALID);
        assert_string_equal(fault.path, cases[i].path);
        assert_string_equal(fault.reason, cases[i].reason == NULL ? "" : cases[i].reason);
    }
}

#define CHECK_CASES(cases) check(cases, sizeof(cases) / sizeof((cases)[0]))

static void bytes_that_are_no_message(void **state)
{
    (void)state;
    static const struct fault_case cases[] = {
        {AWARD, BYTES(""), "", NULL},
        {AWARD, BYTES("\x00"), "", "the bytes are no message"},
        {AWARD, BYTES("\x07"), "", "the bytes are no message"},
        {AWARD, BYTES("\x80"), "", "the bytes are no message"},
        {AWARD, BYTES("\xff\xff\xff\xff\x1f\x00"), "", "the bytes are no message"},
        {AWARD, BYTES("\x8a\x80\x80\x80\x80\x00\x00"), "", "the bytes are no message"},
        {AWARD, BYTES("\x1a"), "sale", "the bytes end too early"},
        {AWARD, BYTES("\x1a\x01"), "sale", "the bytes end too early"},
        {AWARD, BYTES("\x1a\x02\x00"), "sale", "the bytes end too early"},
        {AWARD, BYTES("\x1a\xff\xff\xff\xff\x0f"), "sale", "the bytes end too early"},
        {AWARD, BYTES("\x1a\x80\x80\x80\x80\x80\x00"), "sale", "the bytes end too early"},
        {AWARD, BYTES("\x1a\x80\x00"), "", NULL},
        {AWARD, BYTES("\x9a\x00\x00"), "", NULL},
        {AWARD, BYTES("\x1a\x01\x00"), "sale", "the bytes are no message"},
        {SALE, BYTES("\x28"), "paid_with_points_minor", "the bytes do not hold a number here"},
        {SALE, BYTES("\x28\x80"), "paid_with_points_minor", "the bytes do not hold a number here"},
        {SALE, BYTES("\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), "paid_with_points_minor",
         "the bytes do not hold a number here"},
        {SALE, BYTES("\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "", NULL},
    };
    CHECK_CASES(cases);
}

static void fields_the_contract_has_not(void **state)
{
    (void)state;
    static const struct fault_case cases[] = {
        {AWARD, BYTES("\x28\x01"), "", "unknown field number 5"},
        {AWARD, BYTES("\x1a\x02\x60\x01"), "sale", "unknown field number 12"},
        {AWARD, BYTES("\x1a\x04\x1a\x00\x60\x01"), "sale", "unknown field number 12"},
        {AWARD, BYTES("\x1a\x06\x22\x00\x22\x02\x18\x01"), "sale.lines[1]",
         "unknown field number 3"},
        {&loyalty__v1__in_force__descriptor, BYTES("\x08\x01"), "", "unknown field number 1"},
        {AWARD, BYTES("\xfa\xff\xff\xff\x0f\x00"), "", "unknown field number 536870911"},
    };
    CHECK_CASES(cases);
}

static void wire_types_that_do_not_fit(void **state)
{
    (void)state;
    static const struct fault_case cases[] = {
        {AWARD, BYTES("\x18\x01"), "sale", "wire type 0 where the contract has 2"},
        {AWARD, BYTES("\x19\x01"), "sale", "wire type 1 where the contract has 2"},
        {AWARD, BYTES("\x1b"), "sale", "wire type 3 where the contract has 2"},
        {AWARD, BYTES("\x1f"), "sale", "wire type 7 where the contract has 2"},
        {SALE, BYTES("\x2a\x01\x01"), "paid_with_points_minor",
         "wire type 2 where the contract has 0"},
        {SALE, BYTES("\x2d\x01\x01\x01\x01"), "paid_with_points_minor",
         "wire type 5 where the contract has 0"},
        {CONDITION, BYTES("\x21\x01\x01\x01\x01\x01\x01\x01\x01"), "weekdays[0]",
         "wire type 1 where the contract has 0"},
    };
    CHECK_CASES(cases);
}

static void text_that_is_none(void **state)
{
    (void)state;
    static const struct fault_case cases[] = {
        {SALE,
         BYTES("\x1a\x03"
               "CNY"),
         "", NULL},
        {SALE,
         BYTES("\x1a\x03"
               "C\0Y"),
         "currency", "not UTF-8, or with a NUL in it"},
        {SALE, BYTES("\x1a\x02\xc0\x80"), "currency", "not UTF-8, or with a NUL in it"},
        {AWARD, BYTES("\x1a\x09\x22\x00\x22\x00\x22\x03\x12\x01\xff"), "sale.lines[2].category",
         "not UTF-8, or with a NUL in it"},
        {CONDITION, BYTES("\x0a\x00\x0a\x01\x80"), "stores[1]", "not UTF-8, or with a NUL in it"},
        {&loyalty__v1__tier__descriptor, BYTES("\x12\x05\x0a\x00\x12\x01\x80"), "names[0].value",
         "not UTF-8, or with a NUL in it"},
    };
    CHECK_CASES(cases);
}

static void values_given_twice(void **state)
{
    (void)state;
    static const struct fault_case cases[] = {
        {AWARD, BYTES("\x1a\x00\x1a\x00"), "sale", "given twice"},
        {SALE, BYTES("\x28\x01\x28\x01"), "paid_with_points_minor", "given twice"},
        {SALE, BYTES("\x0a\x00\x12\x00"), "occurred_date", "may not be given beside occurred_at"},
        {SALE, BYTES("\x12\x00\x1a\x00\x0a\x00"), "occurred_at",
         "may not be given beside occurred_date"},
        {SALE, BYTES("\x22\x00\x22\x00\x22\x00"), "", NULL},
    };
    CHECK_CASES(cases);
}

// names: {"a": ..., "b": ...}; keys of different maps are different keys.
static void keys_given_twice(void **state)
{
    (void)state;
    static const struct fault_case cases[] = {
        {&loyalty__v1__tier__descriptor, BYTES("\x12\x03\x0a\x01\x61\x12\x03\x0a\x01\x62"), "",
         NULL},
        {&loyalty__v1__tier__descriptor, BYTES("\x12\x03\x0a\x01\x61\x12\x03\x0a\x01\x61"),
         "names[1]", "a key that is given twice"},
        {&loyalty__v1__tier__descriptor,
         BYTES("\x12\x06\x12\x01x\x0a\x01\x61\x12\x03\x0a\x01\x62\x12\x03\x0a\x01\x61"), "names[2]",
         "a key that is given twice"},
        {&loyalty__v1__tier__descriptor, BYTES("\x12\x00\x12\x02\x0a\x00"), "names[1]",
         "a key that is given twice"},
        {&loyalty__v1__program__descriptor,
         BYTES("\x2a\x05\x12\x03\x0a\x01\x61\x2a\x05\x12\x03\x0a\x01\x61"), "", NULL},
        {&loyalty__v1__program__descriptor,
         BYTES("\x2a\x05\x12\x03\x0a\x01\x61\x2a\x0a\x12\x03\x0a\x01\x62\x12\x03\x0a\x01\x62"),
         "tiers[1].names[1]", "a key that is given twice"},
        {&loyalty__v1__error__descriptor,
         BYTES("\x2a\x05\x10\x07\x0a\x01\x61\x2a\x05\x10\x08\x0a\x01\x61"), "figures[1]",
         "a key that is given twice"},
    };
    CHECK_CASES(cases);
}

static void keys_end_before_they_cost(void **state)
{
    (void)state;
    enum { ENTRY_BYTES = 5 };
    uint8_t bytes[(WIRE_MAP_KEYS + 1) * ENTRY_BYTES];
    bool canonical = false;
    struct message_fault fault = {0};
    for (size_t i = 0; i < sizeof(bytes) / ENTRY_BYTES; i++) {
        const uint8_t entry[ENTRY_BYTES] = {0x12, 3, 0x0a, 1, (uint8_t)(1 + i)};
        memcpy(bytes + i * ENTRY_BYTES, entry, ENTRY_BYTES);
    }
    struct span all = span_of(bytes, sizeof(bytes));
    struct span fewer = span_of(bytes, sizeof(bytes) - ENTRY_BYTES);
    assert_int_equal(message_scan(&loyalty__v1__tier__descriptor, fewer, &canonical, &fault),
                     STATUS_OK);
    assert_int_equal(message_scan(&loyalty__v1__tier__descriptor, all, &canonical, &fault),
                     STATUS_INVALID);
    assert_string_equal(fault.path, "names[64]");
    assert_string_equal(fault.reason, "more than 64 entries of maps");
}

static void numbers_out_of_their_range(void **state)
{
    (void)state;
    static const struct fault_case cases[] = {
        {CONDITION, BYTES("\x28\xff\xff\xff\xff\x0f"), "", NULL},
        {CONDITION, BYTES("\x28\x80\x80\x80\x80\x10"), "from_hour",
         "the number does not fit 32 bits"},
        {CONDITION, BYTES("\x20\x07"), "", NULL},
        {CONDITION, BYTES("\x20\x08"), "weekdays[0]", "8 is not a known value"},
        {CONDITION, BYTES("\x22\x03\x01\x02\x08"), "weekdays[2]", "8 is not a known value"},
        {CONDITION, BYTES("\x20\x01\x22\x02\x02\x80"), "weekdays[2]",
         "the bytes do not hold a number here"},
        {CONDITION, BYTES("\x22\x00\x22\x00\x20\x09"), "weekdays[0]", "9 is not a known value"},
        {CONDITION, BYTES("\x20\x81\x80\x80\x80\x10"), "weekdays[0]",
         "4294967297 is not a known value"},
        {CONDITION, BYTES("\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "weekdays[0]",
         "-1 is not a known value"},
        {&google__protobuf__timestamp__descriptor, BYTES("\x10\xff\xff\xff\xff\x07"), "", NULL},
        {&google__protobuf__timestamp__descriptor,
         BYTES("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff"
               "\x01"),
         "", NULL},
        {&google__protobuf__timestamp__descriptor, BYTES("\x10\x80\x80\x80\x80\x08"), "nanos",
         "the number does not fit 32 bits"},
    };
    CHECK_CASES(cases);
}

// A type that contains itself, which the contract must not have: { Nest nest = 1; }
static const ProtobufCMessageDescriptor nest_descriptor;

static const ProtobufCFieldDescriptor nest_field = {
    .name = "nest",
    .id = 1,
    .label = PROTOBUF_C_LABEL_NONE,
    .type = PROTOBUF_C_TYPE_MESSAGE,
    .offset = sizeof(ProtobufCMessage),
    .descriptor = &nest_descriptor,
};
static const ProtobufCIntRange nest_ranges[] = {{1, 0}, {0, 1}};
static const ProtobufCMessageDescriptor nest_descriptor = {
    .magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
    .name = "Nest",
    .sizeof_message = sizeof(ProtobufCMessage) + sizeof(void *),
    .n_fields = 1,
    .fields = &nest_field,
    .n_field_ranges = 1,
    .field_ranges = nest_ranges,
};

// `levels` messages inside one another, at most 60; written from the innermost out.
static struct span nested(size_t levels, uint8_t out[128])
{
    size_t at = 128;
    for (size_t i = 1; i < levels; i++) {
        size_t len = 128 - at;
        out[--at] = (uint8_t)len;
        out[--at] = 0x0a;
    }
    return span_of(out + at, 128 - at);
}

static void nesting_ends_before_the_stack(void **state)
{
    (void)state;
    uint8_t bytes[128];
    bool canonical = false;
    struct message_fault fault = {0};
    assert_int_equal(
        message_scan(&nest_descriptor, nested(WIRE_MESSAGE_DEPTH, bytes), &canonical, &fault),
        STATUS_OK);
    assert_int_equal(
        message_scan(&nest_descriptor, nested(WIRE_MESSAGE_DEPTH + 1, bytes), &canonical, &fault),
        STATUS_INVALID);
    assert_string_equal(fault.reason, "nested deeper than 16 messages");
    assert_int_equal(strncmp(fault.path, "nest.nest.nest.", 15), 0);
    assert_int_equal(strlen(fault.path), WIRE_MESSAGE_DEPTH * 5 - 1);
    assert_int_equal(message_scan(&nest_descriptor, nested(60, bytes), &canonical, &fault),
                     STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_that_are_no_message),
        cmocka_unit_test(fields_the_contract_has_not),
        cmocka_unit_test(wire_types_that_do_not_fit),
        cmocka_unit_test(text_that_is_none),
        cmocka_unit_test(values_given_twice),
        cmocka_unit_test(keys_given_twice),
        cmocka_unit_test(keys_end_before_they_cost),
        cmocka_unit_test(numbers_out_of_their_range),
        cmocka_unit_test(nesting_ends_before_the_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
