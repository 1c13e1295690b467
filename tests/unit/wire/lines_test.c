// Lines of a document's parts, asked by path.
#include "wire/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static uint32_t add(struct lines *lines, uint32_t parent, const char *name, uint32_t index,
                    uint32_t line)
{
    struct lines_part part = {
        .parent = parent, .index = index, .name = span_of_text(name), .line = line};
    uint32_t place = 0;
    assert_int_equal(lines_add(lines, part, &place), STATUS_OK);
    return place;
}

static uint32_t line_of(const struct lines *lines, const char *path)
{
    return lines_find(lines, span_of_text(path));
}

static void paths_lead_to_lines(void **state)
{
    (void)state;
    struct lines lines = {0};
    assert_int_equal(line_of(&lines, "tiers"), 0);
    uint32_t root = add(&lines, 0, NULL, 0, 1);
    uint32_t tiers = add(&lines, root, "tiers", 0, 3);
    uint32_t first = add(&lines, tiers, NULL, 0, 4);
    add(&lines, first, "id", 0, 4);
    add(&lines, first, "validityMonths", 0, 5);
    uint32_t second = add(&lines, tiers, NULL, 1, 7);
    uint32_t names = add(&lines, second, "names", 0, 8);
    add(&lines, names, "zh.CN", 0, 9);
    add(&lines, root, "late_days", 0, 12);

    assert_int_equal(line_of(&lines, ""), 1);
    assert_int_equal(line_of(&lines, "tiers"), 3);
    assert_int_equal(line_of(&lines, "tiers[0]"), 4);
    assert_int_equal(line_of(&lines, "tiers[0].id"), 4);
    assert_int_equal(line_of(&lines, "tiers[0].validity_months"), 5);
    assert_int_equal(line_of(&lines, "tiers[0].validityMonths"), 5);
    assert_int_equal(line_of(&lines, "tiers[1]"), 7);
    assert_int_equal(line_of(&lines, "lateDays"), 12);
    // What is not there has the line of what would hold it.
    assert_int_equal(line_of(&lines, "tiers[1].threshold"), 7);
    assert_int_equal(line_of(&lines, "tiers[2].id"), 3);
    assert_int_equal(line_of(&lines, "tiers[1].names.zh.CN"), 8);
    assert_int_equal(line_of(&lines, "earn.rules[0]"), 1);
    assert_int_equal(line_of(&lines, "late"), 1);
    assert_int_equal(line_of(&lines, "late_days_"), 1);
    assert_int_equal(line_of(&lines, "lateXays"), 1);
    assert_int_equal(line_of(&lines, "lateDayz"), 1);
    assert_int_equal(line_of(&lines, "late_Days"), 1);
    assert_int_equal(line_of(&lines, "tiers[0].validity[months"), 4);
    assert_int_equal(line_of(&lines, "tiers[0].validity_Zonths"), 4);
    assert_true(lines_holds(&lines, span_of_text("tiers[0].validity_months")));
    assert_true(lines_holds(&lines, span_of_text("")));
    assert_false(lines_holds(&lines, span_of_text("tiers[0].threshold")));
    assert_false(lines_holds(&(struct lines){0}, span_of_text("")));
    // No path at all.
    assert_int_equal(line_of(&lines, "tiers["), 4);
    assert_int_equal(line_of(&lines, "tiers[99999999999999]"), 3);
    assert_int_equal(line_of(&lines, "..[[]].x"), 1);
    lines_fini(&lines);
    lines_fini(&lines);
    lines_fini(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lead_to_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
