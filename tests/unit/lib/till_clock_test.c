// Which of a machine's clocks a till believes, and that it never goes behind what it has learned.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "lib/till_clock.h"

#define SECOND_MS INT64_C(1000)
#define HOUR_MS (3600 * SECOND_MS)
#define DAY_MS (24 * HOUR_MS)
#define NEAR_MS (60 * SECOND_MS)

static const int64_t server_ms = INT64_C(1780106400000);
static int64_t wall;

static int64_t wall_ms(void *user)
{
    (void)user;
    return wall;
}

static int64_t boot_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000;
}

static void assert_near(int64_t instant_ms, int64_t expected_ms)
{
    assert_true(instant_ms - expected_ms < NEAR_MS && expected_ms - instant_ms < NEAR_MS);
}

static struct ly_clock clock_of(const struct ly_learned_clock *learned, bool own_wall)
{
    const struct loyalty_till_options options = {.wall_ms = own_wall ? wall_ms : NULL};
    struct ly_clock clock;
    ly_clock_init(&clock, &options, learned);
    return clock;
}

static void before_anything_is_learned_it_is_ours(void **state)
{
    (void)state;
    const struct ly_learned_clock nothing = {0};
    struct ly_clock clock = clock_of(&nothing, true);
    wall = 12345;
    assert_int_equal(ly_clock_now(&clock), 12345);
    clock = clock_of(&nothing, false);
    assert_near(ly_clock_now(&clock), (int64_t)time(NULL) * 1000);
}

static void the_civil_clock_goes_on_from_what_was_learned(void **state)
{
    (void)state;
    const struct ly_learned_clock nothing = {0};
    struct ly_clock clock = clock_of(&nothing, true);
    wall = server_ms + DAY_MS; // a day ahead
    ly_clock_learn(&clock, server_ms, false);
    assert_int_equal(ly_clock_now(&clock), server_ms);
    wall += 5 * SECOND_MS;
    assert_int_equal(ly_clock_now(&clock), server_ms + 5 * SECOND_MS);
    // Another process, with what the file has kept.
    struct ly_clock later = clock_of(&clock.learned, true);
    wall += 5 * SECOND_MS;
    assert_int_equal(ly_clock_now(&later), server_ms + 10 * SECOND_MS);
    wall = 0; // its battery is empty
    assert_int_equal(ly_clock_now(&later), server_ms);
}

static void while_the_machine_is_up_its_civil_clock_does_not_matter(void **state)
{
    (void)state;
    const struct ly_learned_clock nothing = {0};
    struct ly_clock clock = clock_of(&nothing, false);
    if (clock.boot_id[0] == '\0') {
        skip(); // this system does not say which start it is
    }
    ly_clock_learn(&clock, server_ms, false);
    assert_near(ly_clock_now(&clock), server_ms);
    // Learned an hour ago in this start, when the civil clock was days off.
    struct ly_learned_clock learned = clock.learned;
    learned.boot_ms = boot_ms() - HOUR_MS;
    learned.wall_ms = (int64_t)time(NULL) * 1000 - 9 * DAY_MS;
    clock = clock_of(&learned, false);
    assert_near(ly_clock_now(&clock), server_ms + HOUR_MS);
    // In another start only the civil clock is left.
    (void)strcpy(learned.boot_id, "00000000-0000-4000-8000-000000000000");
    clock = clock_of(&learned, false);
    assert_near(ly_clock_now(&clock), server_ms + 9 * DAY_MS);
}

static void a_test_clock_stands(void **state)
{
    (void)state;
    const struct ly_learned_clock nothing = {0};
    struct ly_clock clock = clock_of(&nothing, true);
    ly_clock_learn(&clock, server_ms, true);
    wall += DAY_MS;
    assert_int_equal(ly_clock_now(&clock), server_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_anything_is_learned_it_is_ours),
        cmocka_unit_test(the_civil_clock_goes_on_from_what_was_learned),
        cmocka_unit_test(while_the_machine_is_up_its_civil_clock_does_not_matter),
        cmocka_unit_test(a_test_clock_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
