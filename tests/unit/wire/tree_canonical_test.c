// Our JSON beside that of Google's Python implementation (canonical_json.txt, written by
// canonical_json.py): bytes to JSON in three ways of writing, and that JSON back to the message.
#include "wire/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/wire/contract_types.h"
#include "wire/base64.h"
#include "wire/message.h"

enum { COLUMNS = 5, LINE_BYTES = 1 << 16 };

static const ProtobufCMessageDescriptor *type_called(const struct contract_types *types,
                                                     const char *name)
{
    for (size_t i = 0; i < types->count; i++) {
        if (strcmp(types->items[i]->name, name) == 0) {
            return types->items[i];
        }
    }
    return NULL;
}

static json_t *tree_of_text(const char *text, struct arena *arena)
{
    struct problems problems = {.arena = arena};
    json_t *tree = NULL;
    assert_int_equal(tree_parse(span_of_text(text), &problems, &tree), STATUS_OK);
    return tree;
}

static json_t *tree_of_message(const ProtobufCMessage *message, unsigned options)
{
    json_t *tree = NULL;
    assert_int_equal(tree_from_message(message, options, &tree), STATUS_OK);
    return tree;
}

static void check_same(const char *type, const json_t *ours, const json_t *theirs)
{
    if (!json_equal(ours, theirs)) {
        fail_msg("%s\nours:   %s\ntheirs: %s", type, json_dumps(ours, JSON_SORT_KEYS),
                 json_dumps(theirs, JSON_SORT_KEYS));
    }
}

static void check_line(const ProtobufCMessageDescriptor *type, char *columns[COLUMNS],
                       struct arena *arena)
{
    static const unsigned options[] = {0, TREE_PROTO_NAMES, TREE_WITH_DEFAULTS};
    struct span bytes = {0};
    struct message_fault fault = {0};
    ProtobufCMessage *message = NULL;
    assert_int_equal(base64_decode(span_of_text(columns[1]), arena, &bytes), STATUS_OK);
    if (message_decode(type, bytes, arena, &message, &fault) != STATUS_OK) {
        fail_msg("%s: %s: %s", columns[0], fault.path, fault.reason);
    }
    for (size_t i = 0; i < 3; i++) {
        json_t *ours = tree_of_message(message, options[i]);
        json_t *theirs = tree_of_text(columns[2 + i], arena);
        check_same(columns[0], ours, theirs);
        struct problems problems = {.arena = arena};
        ProtobufCMessage *read = NULL;
        assert_int_equal(tree_to_message(theirs, type, &problems, &read), STATUS_OK);
        assert_int_equal(problems.count, 0);
        json_t *again = tree_of_message(read, options[i]);
        check_same(columns[0], again, theirs);
        json_decref(ours);
        json_decref(theirs);
        json_decref(again);
    }
}

static void json_is_that_of_the_reference(void **state)
{
    (void)state;
    struct contract_types types = contract_types();
    struct arena arena;
    arena_init(&arena, 1 << 22);
    FILE *file = fopen("tests/unit/wire/canonical_json.txt", "r");
    assert_non_null(file);
    static char line[LINE_BYTES];
    size_t checked = 0;
    while (fgets(line, sizeof(line), file) != NULL) {
        char *columns[COLUMNS];
        char *rest = line;
        for (size_t i = 0; i < COLUMNS; i++) {
            columns[i] = strsep(&rest, "\t\n");
            assert_non_null(columns[i]);
        }
        const ProtobufCMessageDescriptor *type = type_called(&types, columns[0]);
        if (type != NULL) {
            arena_reset(&arena);
            check_line(type, columns, &arena);
            checked++;
        }
    }
    fclose(file);
    assert_in_range(checked, 100, 1000);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_that_of_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
