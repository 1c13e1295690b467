// Every method's request and response with random contents: binary to JSON and back gives the same
// bytes; what JSON says wrongly is told with its path.
#include "face/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "loyalty/v1/points.pb-c.h"
#include "service/method.h"
#include "unit/wire/random_message.h"

enum { ROUNDS = 60, ARENA_BYTES = 16 << 20 };

static void check_round(struct dice *dice, const ProtobufCMessageDescriptor *type,
                        struct arena *arena)
{
    struct span binary;
    struct span json;
    struct span back = {0};
    struct message_fault fault = {0};
    arena_reset(arena);
    assert_int_equal(message_encode(random_message(dice, arena, type), arena, &binary), STATUS_OK);
    assert_int_equal(codec_write(CODEC_JSON, binary, type, arena, &json), STATUS_OK);
    enum status status = codec_read(CODEC_JSON, json, type, arena, &back, &fault);
    if (status != STATUS_OK || !span_equal(binary, back)) {
        fail_msg("%s: %s: %s in %.*s", type->name, fault.path, fault.reason, (int)json.len,
                 (const char *)json.data);
    }
}

static void every_method_comes_back(void **state)
{
    (void)state;
    struct dice dice = dice_from_environment();
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    for (size_t i = 0; i < method_count() * ROUNDS; i++) {
        const struct method *method = method_at(i % method_count());
        check_round(&dice, method->request, &arena);
        check_round(&dice, method->response, &arena);
    }
    arena_fini(&arena);
}

static void binary_is_left_alone(void **state)
{
    (void)state;
    struct span bytes = span_of("\xff\x00", 2); // not even looked at
    struct span out = {0};
    const ProtobufCMessageDescriptor *type = &loyalty__v1__award_request__descriptor;
    assert_int_equal(codec_read(CODEC_PROTO, bytes, type, NULL, &out, NULL), STATUS_OK);
    assert_ptr_equal(out.data, bytes.data);
    assert_int_equal(codec_write(CODEC_PROTO, bytes, type, NULL, &out), STATUS_OK);
    assert_ptr_equal(out.data, bytes.data);
    assert_int_equal(out.len, 2);
}

static void what_is_wrong_is_told_with_its_path(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *path;
    } cases[] = {
        {"{\"nope\": 1}", "nope"},
        {"{\"sale\": {\"lines\": [{}, {\"amountMinor\": \"1\", \"amount\": 2}]}}",
         "sale.lines[1].amount"},
        {"{\"sale\": {\"lines\": [{\"amount_minor\": 1.5}]}}", "sale.lines[0].amount_minor"},
        {"{\"sale\": {\"lines\": {}}}", "sale.lines"},
        {"{\"mutation\": {\"createdAt\": \"yesterday\"}}", "mutation.createdAt"},
        {"{\"mutation\": {\"minSeq\": \"-1\"}}", "mutation.minSeq"},
        {"{\"sale\": {\"lines\": [{\"amountMinor\": 1, \"amount_minor\": 1}]}}",
         "sale.lines[0].amount_minor"},
        {"{\"member\": {\"memberId\": \"a\", \"identifier\": {}}}", "member.identifier"},
        {"{\"sale\": {\"currency\": 5}}", "sale.currency"},
        {"{\"sale\"", ""},
        {"", ""},
        {"[]", ""},
        {"{} {}", ""},
        {"{\"sale\": {}, \"sale\": {}}", ""},
    };
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct message_fault fault = {0};
        struct span out;
        arena_reset(&arena);
        assert_int_equal(codec_read(CODEC_JSON, span_of_text(cases[i].json),
                                    &loyalty__v1__award_request__descriptor, &arena, &out, &fault),
                         STATUS_INVALID);
        assert_string_equal(fault.path, cases[i].path);
        assert_true(fault.reason[0] != '\0');
    }
    arena_fini(&arena);
}

static void both_styles_of_names_are_read_and_one_is_written(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"sale\": {\"currency\": \"CNY\", \"paidWithPointsMinor\": \"5\"}}",
        "{\"sale\": {\"currency\": \"CNY\", \"paid_with_points_minor\": 5}}",
    };
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    for (size_t i = 0; i < 2; i++) {
        struct message_fault fault;
        struct span binary;
        struct span json;
        const ProtobufCMessageDescriptor *type = &loyalty__v1__award_request__descriptor;
        assert_int_equal(
            codec_read(CODEC_JSON, span_of_text(texts[i]), type, &arena, &binary, &fault),
            STATUS_OK);
        assert_int_equal(codec_write(CODEC_JSON, binary, type, &arena, &json), STATUS_OK);
        assert_true(
            span_is_text(json, "{\"sale\":{\"currency\":\"CNY\",\"paidWithPointsMinor\":\"5\"}}"));
    }
    arena_fini(&arena);
}

// `count` strings, each full of what would be parts outside of it.
static struct span list_of(struct arena *arena, size_t count)
{
    static const char item[] = "\"\\\"[{,,,,\\\\\",";
    size_t len = strlen(item);
    char *text = arena_alloc(arena, count * len + 2);
    text[0] = '[';
    for (size_t i = 0; i < count * len; i++) {
        text[1 + i] = item[i % len];
    }
    text[count * len] = ']'; // in place of the last comma
    return span_of(text, count * len + 1);
}

static void parts_have_a_bound(void **state)
{
    (void)state;
    struct arena arena;
    struct span out;
    const ProtobufCMessageDescriptor *type = &loyalty__v1__award_request__descriptor;
    arena_init(&arena, ARENA_BYTES);
    for (size_t more = 0; more < 2; more++) {
        struct message_fault fault = {0};
        struct span text = list_of(&arena, WIRE_MESSAGE_VALUES + more);
        assert_true(text.len <= WIRE_DOCUMENT_BYTES);
        assert_int_equal(codec_read(CODEC_JSON, text, type, &arena, &out, &fault), STATUS_INVALID);
        assert_string_equal(fault.reason, more == 0 ? "expected an object with fields, found a list"
                                                    : "more than 16384 parts in one message");
    }
    arena_fini(&arena);
}

static void a_document_has_a_bound(void **state)
{
    (void)state;
    struct arena arena;
    struct span out;
    struct message_fault fault;
    arena_init(&arena, ARENA_BYTES);
    char *text = arena_alloc(&arena, WIRE_DOCUMENT_BYTES + 1);
    memset(text, ' ', WIRE_DOCUMENT_BYTES + 1);
    text[0] = '{';
    text[1] = '}';
    const ProtobufCMessageDescriptor *type = &loyalty__v1__award_request__descriptor;
    assert_int_equal(
        codec_read(CODEC_JSON, span_of(text, WIRE_DOCUMENT_BYTES), type, &arena, &out, &fault),
        STATUS_OK);
    assert_int_equal(
        codec_read(CODEC_JSON, span_of(text, WIRE_DOCUMENT_BYTES + 1), type, &arena, &out, &fault),
        STATUS_TOO_LARGE);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_comes_back),
        cmocka_unit_test(binary_is_left_alone),
        cmocka_unit_test(what_is_wrong_is_told_with_its_path),
        cmocka_unit_test(both_styles_of_names_are_read_and_one_is_written),
        cmocka_unit_test(parts_have_a_bound),
        cmocka_unit_test(a_document_has_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
