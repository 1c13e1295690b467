// Every type with random contents through JSON and YAML text and back, in every way of writing.
#include "wire/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/wire/contract_types.h"
#include "unit/wire/random_message.h"
#include "wire/yaml.h"

enum { ROUNDS = 40, ARENA_BYTES = 16 << 20 };

enum way { JSON_LINE, JSON_INDENTED, YAML_TEXT, WAYS };

static struct span bytes_of(const ProtobufCMessage *message, struct arena *arena)
{
    struct span bytes = {0};
    assert_int_equal(message_encode(message, arena, &bytes), STATUS_OK);
    return bytes;
}

static struct span written(const ProtobufCMessage *message, unsigned options, enum way way,
                           struct arena *arena)
{
    json_t *tree = NULL;
    struct span text = {0};
    assert_int_equal(tree_from_message(message, options, &tree), STATUS_OK);
    if (way == YAML_TEXT) {
        assert_int_equal(yaml_write(tree, arena, &text), STATUS_OK);
    } else {
        assert_int_equal(tree_print(tree, way == JSON_INDENTED, arena, &text), STATUS_OK);
    }
    json_decref(tree);
    return text;
}

static json_t *parsed(struct span text, enum way way, struct problems *problems)
{
    json_t *tree = NULL;
    struct lines lines = {0};
    enum status status = way == YAML_TEXT ? yaml_read(text, problems, &lines, &tree)
                                          : tree_parse(text, problems, &tree);
    lines_fini(&lines);
    if (status != STATUS_OK || problems->count > 0) {
        fail_msg("%s\n%.*s", problems->count > 0 ? (char *)problems->items[0].reason.data : "?",
                 (int)text.len, (const char *)text.data);
    }
    return tree;
}

static void check_round(struct dice *dice, const ProtobufCMessageDescriptor *type,
                        struct arena *arena)
{
    ProtobufCMessage *message = random_message(dice, arena, type);
    struct span bytes = bytes_of(message, arena);
    unsigned options = (unsigned)dice_below(dice, 16);
    enum way way = (enum way)dice_below(dice, WAYS);
    struct span text = written(message, options, way, arena);
    struct problems problems = {.arena = arena};
    json_t *tree = parsed(text, way, &problems);
    ProtobufCMessage *back = NULL;
    assert_int_equal(tree_to_message(tree, type, &problems, &back), STATUS_OK);
    json_decref(tree);
    if (problems.count > 0 || !span_equal(bytes_of(back, arena), bytes)) {
        fail_msg("%s, options %u: %s: %s\n%.*s", type->name, options,
                 problems.count > 0 ? (char *)problems.items[0].path.data : "",
                 problems.count > 0 ? (char *)problems.items[0].reason.data : "differs",
                 (int)text.len, (const char *)text.data);
    }
}

static void every_type_comes_back_from_text(void **state)
{
    (void)state;
    struct dice dice = dice_from_environment();
    struct contract_types types = contract_types();
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    for (size_t i = 0; i < types.count * ROUNDS; i++) {
        arena_reset(&arena);
        check_round(&dice, types.items[i % types.count], &arena);
    }
    arena_fini(&arena);
}

// Damaged text gives problems or a message, never a crash; whatever it gives can be encoded.
static void damaged_text_is_survived(void **state)
{
    (void)state;
    struct dice dice = dice_from_environment();
    struct contract_types types = contract_types();
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    for (size_t i = 0; i < types.count * ROUNDS; i++) {
        arena_reset(&arena);
        const ProtobufCMessageDescriptor *type = types.items[i % types.count];
        enum way way = (enum way)dice_below(&dice, WAYS);
        ProtobufCMessage *message = random_message(&dice, &arena, type);
        struct span text = written(message, TREE_DOCUMENT, way, &arena);
        for (size_t changes = 1 + dice_below(&dice, 3); changes > 0 && text.len > 0; changes--) {
            static const char foreign[] = "{}[]:,-&*!#\"'\n \t0a\\\x80";
            ((uint8_t *)text.data)[dice_below(&dice, text.len)] =
                (uint8_t)foreign[dice_below(&dice, sizeof(foreign))];
        }
        struct problems problems = {.arena = &arena};
        struct lines lines = {0};
        json_t *tree = NULL;
        enum status status = way == YAML_TEXT ? yaml_read(text, &problems, &lines, &tree)
                                              : tree_parse(text, &problems, &tree);
        lines_fini(&lines);
        assert_true(status == STATUS_OK || (status == STATUS_INVALID && problems.count > 0));
        if (status == STATUS_OK) {
            ProtobufCMessage *back = NULL;
            assert_int_equal(tree_to_message(tree, type, &problems, &back), STATUS_OK);
            (void)bytes_of(back, &arena);
            json_decref(tree);
        }
    }
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_comes_back_from_text),
        cmocka_unit_test(damaged_text_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
