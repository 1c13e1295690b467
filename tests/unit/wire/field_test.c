// What the mapping takes for granted of the contract, looked up in every type: no recursion, no
// floating point, string keys, names that cannot be confused; and the names themselves.
#include "wire/field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "unit/wire/contract_types.h"
#include "wire/message.h"

// Messages inside messages below `type`; fails on a type that contains itself.
// NOLINTNEXTLINE(misc-no-recursion): it looks for just that
static size_t depth_of(const ProtobufCMessageDescriptor *type,
                       const ProtobufCMessageDescriptor **above, size_t depth)
{
    for (size_t i = 0; i < depth; i++) {
        assert_string_not_equal(above[i]->name, type->name);
    }
    assert_in_range(depth, 0, WIRE_MESSAGE_DEPTH - 1);
    above[depth] = type;
    size_t deepest = depth + 1;
    for (unsigned i = 0; i < type->n_fields; i++) {
        if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE) {
            size_t below = depth_of(type->fields[i].descriptor, above, depth + 1);
            deepest = below > deepest ? below : deepest;
        }
    }
    return deepest;
}

static void no_type_contains_itself(void **state)
{
    (void)state;
    struct contract_types types = contract_types();
    assert_in_range(types.count, 40, CONTRACT_TYPES_MAX);
    size_t deepest = 0;
    for (size_t i = 0; i < types.count; i++) {
        const ProtobufCMessageDescriptor *above[WIRE_MESSAGE_DEPTH];
        size_t depth = depth_of(types.items[i], above, 0);
        deepest = depth > deepest ? depth : deepest;
    }
    print_message("%zu types, at most %zu deep\n", types.count, deepest);
}

static void types_use_only_what_is_supported(void **state)
{
    (void)state;
    struct contract_types types = contract_types();
    size_t maps = 0;
    for (size_t i = 0; i < types.count; i++) {
        const ProtobufCMessageDescriptor *type = types.items[i];
        assert_in_range(type->n_fields, 0, WIRE_TYPE_FIELDS);
        for (unsigned j = 0; j < type->n_fields; j++) {
            const ProtobufCFieldDescriptor *field = &type->fields[j];
            assert_int_not_equal(field->type, PROTOBUF_C_TYPE_FLOAT);
            assert_int_not_equal(field->type, PROTOBUF_C_TYPE_DOUBLE);
            assert_int_not_equal(field->label, PROTOBUF_C_LABEL_REQUIRED);
            assert_in_range(strlen(field->name), 1, FIELD_NAME_BYTES - 1);
            if (field_is_map(type, field)) {
                const ProtobufCMessageDescriptor *entry = field->descriptor;
                assert_int_equal(entry->fields[0].type, PROTOBUF_C_TYPE_STRING);
                maps++;
            }
        }
    }
    assert_int_equal(maps, 7); // names of tiers and perks, consents, figures of errors
}

// A JSON name is never another field's proto name.
static void names_lead_to_one_field(void **state)
{
    (void)state;
    struct contract_types types = contract_types();
    for (size_t i = 0; i < types.count; i++) {
        const ProtobufCMessageDescriptor *type = types.items[i];
        for (unsigned j = 0; j < type->n_fields; j++) {
            const ProtobufCFieldDescriptor *field = &type->fields[j];
            char json_name[FIELD_NAME_BYTES];
            assert_ptr_equal(field_find(type, span_of_text(field->name)), field);
            assert_ptr_equal(field_find(type, span_of_text(field_json_name(field, json_name))),
                             field);
        }
    }
}

static void fields_are_found_by_both_names_and_no_other(void **state)
{
    (void)state;
    const ProtobufCMessageDescriptor *type = &loyalty__v1__program__descriptor;
    const ProtobufCFieldDescriptor *late = field_find(type, span_of_text("late_days"));
    assert_non_null(late);
    assert_int_equal(late->id, 13);
    assert_ptr_equal(field_find(type, span_of_text("lateDays")), late);
    assert_null(field_find(type, span_of_text("latedays")));
    assert_null(field_find(type, span_of_text("LateDays")));
    assert_null(field_find(type, span_of_text("late_Days")));
    assert_null(field_find(type, span_of_text("late_day")));
    assert_null(field_find(type, span_of_text("")));
    assert_null(field_find(type, span_of("late_days\0", 10)));
    assert_null(field_find(&loyalty__v1__in_force__descriptor, span_of_text("x")));
}

static void enum_values_go_by_both_names(void **state)
{
    (void)state;
    const ProtobufCEnumDescriptor *type = &loyalty__v1__upgrade_timing__descriptor;
    const ProtobufCEnumValue *value = field_enum_find(type, span_of_text("AT_RESCORE"));
    assert_non_null(value);
    assert_int_equal(value->value, 2);
    assert_ptr_equal(field_enum_find(type, span_of_text("UPGRADE_TIMING_AT_RESCORE")), value);
    assert_string_equal(field_enum_short_name(type, value), "AT_RESCORE");
    assert_null(field_enum_find(type, span_of_text("at_rescore")));
    assert_null(field_enum_find(type, span_of_text("_AT_RESCORE")));
    assert_null(field_enum_find(type, span_of_text("")));
    const ProtobufCEnumValue *code =
        field_enum_find(&loyalty__v1__code__descriptor, span_of_text("NOT_FOUND"));
    assert_non_null(code);
    assert_int_equal(code->value, 5);
}

static const ProtobufCEnumDescriptor *enum_of(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_ENUM ? field->descriptor : NULL;
}

// Or two values of one enum could have one short name.
static void every_enum_has_its_prefix(void **state)
{
    (void)state;
    struct contract_types types = contract_types();
    for (size_t i = 0; i < types.count; i++) {
        for (unsigned j = 0; j < types.items[i]->n_fields; j++) {
            const ProtobufCEnumDescriptor *type = enum_of(&types.items[i]->fields[j]);
            for (unsigned k = 0; type != NULL && k < type->n_values; k++) {
                const char *brief = field_enum_short_name(type, &type->values[k]);
                assert_string_not_equal(brief, type->values[k].name);
                assert_ptr_equal(field_enum_find(type, span_of_text(brief)), &type->values[k]);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_type_contains_itself),
        cmocka_unit_test(types_use_only_what_is_supported),
        cmocka_unit_test(names_lead_to_one_field),
        cmocka_unit_test(fields_are_found_by_both_names_and_no_other),
        cmocka_unit_test(enum_values_go_by_both_names),
        cmocka_unit_test(every_enum_has_its_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
