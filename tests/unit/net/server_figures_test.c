// Reasons are counted under their own names while there is room, then as others; none is lost, and
// those of handshakes stay apart from those of later.
#include "net/server_figures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 3 * SERVER_REASONS };

static uint64_t count_of(const struct server_figures *figures, bool refused, const char *text)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < figures->reason_count; i++) {
        const struct server_reason *one = &figures->reasons[i];
        bool wanted = text == NULL || strcmp(one->text, text) == 0;
        count += one->refused == refused && wanted ? one->count : 0;
    }
    return count;
}

static void none_is_lost(void **state)
{
    (void)state;
    struct server_figures figures = {0};
    for (int i = 0; i < MANY; i++) {
        char reason[SERVER_REASON_BYTES];
        (void)snprintf(reason, sizeof reason, "reason %d", i);
        server_figures_end(&figures, i % 2 == 0, reason);
    }
    assert_in_range(figures.reason_count, 1, SERVER_REASONS);
    assert_int_equal(count_of(&figures, true, NULL), MANY / 2);
    assert_int_equal(count_of(&figures, false, NULL), MANY / 2);
    assert_true(count_of(&figures, true, "other") > 0);
    assert_true(count_of(&figures, false, "other") > 0);
    server_figures_end(&figures, true, "reason 0"); // has kept its own name
    assert_int_equal(count_of(&figures, true, "reason 0"), 2);
    assert_int_equal(count_of(&figures, false, "reason 0"), 0);
}

static void long_ones_are_one(void **state)
{
    (void)state;
    struct server_figures figures = {0};
    char reason[2 * SERVER_REASON_BYTES] = "";
    memset(reason, 'x', sizeof reason - 1);
    server_figures_end(&figures, false, reason);
    reason[sizeof reason - 2] = 'y';
    server_figures_end(&figures, false, reason);
    assert_int_equal(figures.reason_count, 1);
    assert_int_equal(figures.reasons[0].count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_is_lost),
        cmocka_unit_test(long_ones_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
