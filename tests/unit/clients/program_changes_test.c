// What differs between two documents: parts of lists are matched by their ids, plain values as
// sets, and an order is told only where it has changed.
#include "ctl/program_changes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { ARENA_BYTES = 1 << 20 };

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *tree = json_loads(text, 0, &error);
    assert_non_null(tree);
    return tree;
}

static const char *value(struct arena *arena, const json_t *json)
{
    char *text = json == NULL ? NULL : json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);
    const char *copy = arena_printf(arena, "%s", text == NULL ? "-" : text);
    free(text);
    return copy;
}

// "path: before -> after" of each, one a line.
static void assert_changes(const char *before, const char *after, const char *expected)
{
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    json_t *trees[2] = {parse(before), parse(after)};
    struct program_changes changes = {.arena = &arena};
    assert_int_equal(program_changes_find(trees[0], trees[1], &changes), STATUS_OK);
    const char *found = "";
    for (size_t i = 0; i < changes.count; i++) {
        const struct program_change *change = &changes.items[i];
        found = arena_printf(&arena, "%s%s: %s -> %s\n", found, change->path,
                             value(&arena, change->before), value(&arena, change->after));
    }
    assert_string_equal(found, expected);
    program_changes_fini(&changes);
    json_decref(trees[0]);
    json_decref(trees[1]);
    arena_fini(&arena);
}

static void fields_have_their_paths(void **state)
{
    (void)state;
    assert_changes("{\"id\": \"a\", \"points\": {\"months\": 12}}",
                   "{\"points\": {\"months\": 12}, \"id\": \"a\"}", "");
    assert_changes("{\"id\": \"a\", \"late\": {\"days\": 3}, \"gone\": 1}",
                   "{\"id\": \"b\", \"late\": {\"days\": 4, \"more\": true}}",
                   "id: \"a\" -> \"b\"\nlate.days: 3 -> 4\nlate.more: - -> true\n"
                   "gone: 1 -> -\n");
}

static void parts_are_matched_by_id(void **state)
{
    (void)state;
    assert_changes("{\"tiers\": [{\"id\": \"m\"}, {\"id\": \"s\", \"threshold\": 2000}]}",
                   "{\"tiers\": [{\"id\": \"m\"}, {\"id\": \"b\", \"threshold\": 500}, "
                   "{\"id\": \"s\", \"threshold\": 3000}]}",
                   "tiers[s].threshold: 2000 -> 3000\n"
                   "tiers[b]: - -> {\"id\":\"b\",\"threshold\":500}\n");
    assert_changes(
        "{\"perks\": [{\"id\": \"p\", \"tiers\": [{\"tier_id\": \"m\", \"count\": 1}]}]}",
        "{\"perks\": [{\"id\": \"p\", \"tiers\": [{\"tier_id\": \"m\", \"count\": 2}]}]}",
        "perks[p].tiers[m].count: 1 -> 2\n");
    assert_changes("{\"rules\": [{\"id\": \"a\"}, {\"id\": \"b\"}]}", "{\"rules\": []}",
                   "rules[a]: {\"id\":\"a\"} -> -\nrules[b]: {\"id\":\"b\"} -> -\n");
}

static void a_list_that_is_not_there_is_empty(void **state)
{
    (void)state;
    assert_changes("{}", "{\"perks\": [{\"id\": \"p\"}], \"rescore\": [\"06-01\"]}",
                   "perks[p]: - -> {\"id\":\"p\"}\nrescore[]: - -> \"06-01\"\n");
    assert_changes("{\"perks\": [{\"id\": \"p\"}]}", "{}", "perks[p]: {\"id\":\"p\"} -> -\n");
}

static void an_order_is_told_where_it_changed(void **state)
{
    (void)state;
    assert_changes("{\"rules\": [{\"id\": \"a\"}, {\"id\": \"b\"}, {\"id\": \"c\"}]}",
                   "{\"rules\": [{\"id\": \"b\"}, {\"id\": \"x\"}, {\"id\": \"a\"}]}",
                   "rules[c]: {\"id\":\"c\"} -> -\nrules[x]: - -> {\"id\":\"x\"}\n"
                   "rules: [\"a\",\"b\"] -> [\"b\",\"a\"]\n");
}

static void plain_values_are_a_set(void **state)
{
    (void)state;
    assert_changes("{\"rescore\": [\"06-01\", \"12-01\"]}", "{\"rescore\": [\"06-01\", \"12-24\"]}",
                   "rescore[]: \"12-01\" -> -\nrescore[]: - -> \"12-24\"\n");
    assert_changes("{\"rescore\": [\"06-01\", \"12-01\"]}", "{\"rescore\": [\"12-01\", \"06-01\"]}",
                   "rescore: [\"06-01\",\"12-01\"] -> [\"12-01\",\"06-01\"]\n");
}

// Ids that are not unique, or not there, name nothing.
static void other_lists_are_matched_by_place(void **state)
{
    (void)state;
    assert_changes("{\"ranges\": [{\"from\": \"1\"}, {\"from\": \"5\"}]}",
                   "{\"ranges\": [{\"from\": \"2\"}]}",
                   "ranges[0].from: \"1\" -> \"2\"\nranges[1]: {\"from\":\"5\"} -> -\n");
    assert_changes("{\"rules\": [{\"id\": \"a\", \"x\": 1}, {\"id\": \"a\", \"x\": 2}]}",
                   "{\"rules\": [{\"id\": \"a\", \"x\": 1}, {\"id\": \"a\", \"x\": 3}]}",
                   "rules[1].x: 2 -> 3\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_have_their_paths),
        cmocka_unit_test(parts_are_matched_by_id),
        cmocka_unit_test(a_list_that_is_not_there_is_empty),
        cmocka_unit_test(an_order_is_told_where_it_changed),
        cmocka_unit_test(plain_values_are_a_set),
        cmocka_unit_test(other_lists_are_matched_by_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
