// YAML: what a scalar is, what is not allowed, where problems are, and that hostile text costs
// little. Trees are compared as JSON.
#include "wire/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "unit/wire/long_text.h"
#include "wire/bounds.h"
#include "wire/tree.h"

struct reading {
    struct arena arena;
    struct problems problems;
    struct lines lines;
    json_t *tree; // NULL when there is none
};

static void read_span(struct reading *reading, struct span text)
{
    *reading = (struct reading){0};
    arena_init(&reading->arena, WIRE_DOCUMENT_ARENA_BYTES);
    reading->problems.arena = &reading->arena;
    enum status status = yaml_read(text, &reading->problems, &reading->lines, &reading->tree);
    if (status != STATUS_OK) {
        assert_int_equal(status, STATUS_INVALID);
        assert_null(reading->tree);
        assert_true(reading->problems.count > 0);
    }
}

static void read_end(struct reading *reading)
{
    json_decref(reading->tree);
    lines_fini(&reading->lines);
    arena_fini(&reading->arena);
}

static void check_tree(const char *yaml, const char *json)
{
    struct reading reading;
    read_span(&reading, span_of_text(yaml));
    if (reading.problems.count > 0) {
        fail_msg("%s: %s", yaml, (const char *)reading.problems.items[0].reason.data);
    }
    struct span text = {0};
    assert_int_equal(tree_print(reading.tree, false, &reading.arena, &text), STATUS_OK);
    assert_string_equal((const char *)text.data, json);
    read_end(&reading);
}

// `expected`: "line path: reason" of each problem, one a line.
static void check_problems(const char *yaml, const char *expected)
{
    struct reading reading;
    read_span(&reading, span_of_text(yaml));
    const char *found = "";
    for (size_t i = 0; i < reading.problems.count; i++) {
        const struct problem *problem = &reading.problems.items[i];
        found = arena_printf(&reading.arena, "%s%u %s: %s\n", found, (unsigned)problem->line,
                             (const char *)problem->path.data, (const char *)problem->reason.data);
    }
    assert_string_equal(found, expected);
    read_end(&reading);
}

static void plain_scalars_are_what_they_look_like(void **state)
{
    (void)state;
    check_tree("[0, 7, -12, 9223372036854775807, -9223372036854775808]",
               "[0,7,-12,9223372036854775807,-9223372036854775808]");
    check_tree("[true, false, null, ~, ]", "[true,false,null,null]");
    check_tree("a:\nb: ~\n", "{\"a\":null,\"b\":null}");
    check_tree("[no, yes, on, off, y, n, True, FALSE, Null, NULL]",
               "[\"no\",\"yes\",\"on\",\"off\",\"y\",\"n\",\"True\",\"FALSE\",\"Null\",\"NULL\"]");
    check_tree("[06-01, 2026-06-01, 12:30, 12:30:45]",
               "[\"06-01\",\"2026-06-01\",\"12:30\",\"12:30:45\"]");
    check_tree("[010, 0o17, 0x1F, 0b1, 1_000, +5, -0, 00, -01, 1.10, 1e3, .5, .inf, .nan, =]",
               "[\"010\",\"0o17\",\"0x1F\",\"0b1\",\"1_000\",\"+5\",\"-0\",\"00\",\"-01\","
               "\"1.10\",\"1e3\",\".5\",\".inf\",\".nan\",\"=\"]");
    check_tree("[9223372036854775808, -9223372036854775809, 99999999999999999999999]",
               "[\"9223372036854775808\",\"-9223372036854775809\",\"99999999999999999999999\"]");
}

static void quoted_scalars_are_text(void **state)
{
    (void)state;
    check_tree("['7', \"true\", 'null', \"\", '~']", "[\"7\",\"true\",\"null\",\"\",\"~\"]");
    check_tree("a: |\n  7\nb: >-\n  true\n", "{\"a\":\"7\\n\",\"b\":\"true\"}");
    check_tree("\"\\u91d1\\x41\": \"\\u91d1\\n\"", "{\"金A\":\"金\\n\"}");
}

static void shapes_nest(void **state)
{
    (void)state;
    check_tree("# a comment\na:\n  - b: 1\n    c: [x, {y: z}]\n  - []\n  - {}\n",
               "{\"a\":[{\"b\":1,\"c\":[\"x\",{\"y\":\"z\"}]},[],{}]}");
    check_tree("---\na: 1\n...\n", "{\"a\":1}");
    check_tree("\xef\xbb\xbf"
               "a: 1\n",
               "{\"a\":1}");
    check_tree("a: 1\r\nb: 2\r\n", "{\"a\":1,\"b\":2}");
    check_tree("1: a\ntrue: b\n? c\n: d\n", "{\"1\":\"a\",\"true\":\"b\",\"c\":\"d\"}");
    check_tree("just text", "\"just text\"");
}

static void what_surprises_is_not_allowed(void **state)
{
    (void)state;
    check_problems("a: &x 1\nb: *x\n", "1 a: anchors (&) are not allowed\n"
                                       "2 b: aliases (*) are not allowed\n");
    check_problems("&x a: 1\n", "1 a: anchors (&) are not allowed\n");
    check_problems("a: !!str 1\nb: ! x\nc: !!set {d}\ne: !f []\n",
                   "1 a: tags (!) are not allowed\n"
                   "2 b: tags (!) are not allowed\n"
                   "3 c: tags (!) are not allowed\n"
                   "4 e: tags (!) are not allowed\n");
    check_problems("a: {b: 1}\nc:\n  <<: {d: 1}\n  e: 2\n", "3 c.<<: merge keys are not allowed\n");
    check_problems("%YAML 1.1\n---\na: 1\n", "1 : directives (%) are not allowed\n");
    check_problems("%TAG ! tag:x,2026:\n---\na: 1\n", "1 : directives (%) are not allowed\n");
    check_problems("a: 1\n---\nb: 2\n", "2 : more than one document\n");
    check_problems("[a, b]: 1\n", "1 : a key must be plain text\n");
    check_problems("? {a: 1}\n: 2\n", "1 : a key must be plain text\n");
    check_problems("a: 1\n*a : 2\n", "2 : a key must be plain text\n");
    check_problems("a: \"x\\0y\"\n\"k\\0\": 1\n", "1 a: text must be UTF-8 without NUL\n"
                                                  "2 k?: a key must be UTF-8 without NUL\n");
}

static void a_key_stands_once(void **state)
{
    (void)state;
    check_problems("a: 1\nb:\n  - c: 1\n    d: 2\n    c: 3\n\"a\": 4\n",
                   "5 b[0].c: given twice; a key may stand only once\n"
                   "6 a: given twice; a key may stand only once\n");
}

static void text_that_is_no_yaml_has_a_line(void **state)
{
    (void)state;
    check_problems("", "1 : the document is empty\n");
    check_problems(NULL, "1 : the document is empty\n"); // an empty file has no bytes and no place
    check_problems("# nothing\n", "2 : the document is empty\n");
    check_problems("a:\n\t- 1\n", "2 : not YAML: found character that cannot start any token, "
                                  "while scanning for the next token\n");
    check_problems("a: 1\n b: 2\n", "2 : not YAML: mapping values are not allowed in this "
                                    "context\n");
    check_problems("a: [1, 2\n", "2 : not YAML: did not find expected ',' or ']', while parsing "
                                 "a flow sequence\n");
    check_problems("a: 'x\n", "2 : not YAML: found unexpected end of stream, while scanning a "
                              "quoted scalar\n");
    check_problems("a: b\nc: \xff\n", "2 : not YAML: invalid leading UTF-8 octet\n");
    check_problems("a: \x01\n", "1 : not YAML: control characters are not allowed\n");
    check_problems("a: \"\\ud800\"\n", "1 : not YAML: found invalid Unicode character escape "
                                       "code, while parsing a quoted scalar\n");
    check_problems("a: @b\n", "1 : not YAML: found character that cannot start any token, while "
                              "scanning for the next token\n");
}

static void lines_are_kept_by_path(void **state)
{
    (void)state;
    struct reading reading;
    read_span(&reading, span_of_text("# head\nid: a\nearn:\n  rules:\n    - id: base\n"
                                     "      rate: {points: 1,\n        money_minor: 100}\n"
                                     "    -\n      id: b\nscore:\n  in_force: {}\n"));
    assert_int_equal(reading.problems.count, 0);
    static const struct {
        const char *path;
        uint32_t line;
    } lines[] = {
        {"", 2},
        {"id", 2},
        {"earn", 3},
        {"earn.rules", 4},
        {"earn.rules[0]", 5},
        {"earn.rules[0].id", 5},
        {"earn.rules[0].rate", 6},
        {"earn.rules[0].rate.money_minor", 7},
        {"earn.rules[0].rate.moneyMinor", 7},
        {"earn.rules[1].id", 9},
        {"score.in_force", 11},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_int_equal(lines_find(&reading.lines, span_of_text(lines[i].path)), lines[i].line);
    }
    read_end(&reading);
}

static void read_long(struct reading *reading, const char *head, const char *piece, size_t count)
{
    char *text = long_text(head, piece, count, "");
    read_span(reading, span_of_text(text));
    free(text);
}

static void hostile_text_is_bounded(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "[",    "{",     "- ",           "? ",   "a: ",    "[[],",         "{a: {",    "!",
        "&a ",  "*a ",   "\"",           "'",    "- - - ", "a: &a [*a]\n", "#",        "|\n",
        "%A\n", "---\n", "- ?\n",        "\n",   " ",      "a:\n",         "-\n",      "x",
        ",",    "[],",   "\xe9\x87\x91", "? - ", "!<a> ",  ">\n  x\n",     "- \"\\\n", "<<: *a\n",
    };
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        struct reading reading;
        read_long(&reading, "", pieces[i], WIRE_DOCUMENT_BYTES / strlen(pieces[i]));
        assert_true(reading.problems.count > 0 || reading.tree != NULL);
        read_end(&reading);
    }
    struct reading reading;
    read_long(&reading, "", "x", WIRE_DOCUMENT_BYTES + 1);
    assert_string_equal((const char *)reading.problems.items[0].reason.data,
                        "262145 bytes of text; at most 262144");
    read_end(&reading);
}

static void nesting_and_parts_are_capped(void **state)
{
    (void)state;
    struct reading reading;
    read_long(&reading, "a:\n  ", "[", WIRE_TREE_DEPTH);
    assert_int_equal(reading.problems.count, 1);
    assert_int_equal(reading.problems.items[0].line, 2);
    assert_string_equal((const char *)reading.problems.items[0].reason.data,
                        "nested deeper than 32");
    read_end(&reading);

    read_long(&reading, "", "-\n", WIRE_DOCUMENT_PARTS - 1);
    assert_int_equal(reading.problems.count, 0);
    assert_int_equal(json_array_size(reading.tree), WIRE_DOCUMENT_PARTS - 1);
    read_end(&reading);
    read_long(&reading, "", "-\n", WIRE_DOCUMENT_PARTS);
    assert_string_equal((const char *)reading.problems.items[0].reason.data,
                        "more than 65536 parts");
    read_end(&reading);
}

static void trees_are_written_as_a_person_would(void **state)
{
    (void)state;
    struct reading reading;
    read_span(&reading,
              span_of_text("{id: club, rescore: [\"06-01\", '12-01'], tiers: [{id: no, names: {en: "
                           "Gold card, zh: 金卡}, threshold: 2000}], flags: [true, null, '7', '~', "
                           "'', 'a: b', ' a', \"x\\ny\", '0x1F', y, 'Yes', 'True', FALSE, Null, "
                           "A0-z_./+()], empty: {}, none: []}"));
    assert_int_equal(reading.problems.count, 0);
    struct span text = {0};
    assert_int_equal(yaml_write(reading.tree, &reading.arena, &text), STATUS_OK);
    assert_string_equal((const char *)text.data,
                        "id: club\n"
                        "rescore: [\"06-01\", \"12-01\"]\n"
                        "tiers:\n"
                        "- id: \"no\"\n"
                        "  names:\n"
                        "    en: Gold card\n"
                        "    zh: \"金卡\"\n"
                        "  threshold: 2000\n"
                        "flags: [true, null, \"7\", \"~\", \"\", \"a: b\", \" a\", \"x\\ny\", "
                        "\"0x1F\", \"y\", \"Yes\", \"True\", \"FALSE\", \"Null\", A0-z_./+()]\n"
                        "empty: {}\n"
                        "none: []\n");
    read_end(&reading);
}

static void what_yaml_has_not_is_not_written(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 16);
    struct span text = {0};
    json_t *real = json_real(1.5);
    assert_int_equal(yaml_write(real, &arena, &text), STATUS_INVALID);
    json_decref(real);
    json_t *nul = json_stringn("a\0b", 3);
    assert_int_equal(yaml_write(nul, &arena, &text), STATUS_INVALID);
    json_decref(nul);
    json_t *list = json_array();
    for (int i = 0; i < WIRE_TREE_DEPTH; i++) {
        list = json_pack("[o]", list);
    }
    assert_int_equal(yaml_write(list, &arena, &text), STATUS_INVALID);
    json_decref(list);
    assert_null(text.data);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_scalars_are_what_they_look_like),
        cmocka_unit_test(quoted_scalars_are_text),
        cmocka_unit_test(shapes_nest),
        cmocka_unit_test(what_surprises_is_not_allowed),
        cmocka_unit_test(a_key_stands_once),
        cmocka_unit_test(text_that_is_no_yaml_has_a_line),
        cmocka_unit_test(lines_are_kept_by_path),
        cmocka_unit_test(hostile_text_is_bounded),
        cmocka_unit_test(nesting_and_parts_are_capped),
        cmocka_unit_test(trees_are_written_as_a_person_would),
        cmocka_unit_test(what_yaml_has_not_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
