// Timers against a plain list: due ones fire in order, moved and cleared ones do not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "service/timers.h"
#include "support/random_club.h"

enum { TIMERS = 64, ACTIONS = 20000 };

struct alarm {
    struct timer timer; // first
    bool set;           // what the list says
    uint32_t fired;
};

static uint64_t seed;
static int64_t now_ms;
static int64_t last_fired_ms;
static int64_t sooner_ms;
static struct alarm alarms[TIMERS];

static int64_t clock_now(void *context)
{
    (void)context;
    return now_ms;
}

static void on_fire(struct timer *timer)
{
    struct alarm *alarm = (struct alarm *)(void *)timer;
    assert_true(alarm->set);
    assert_true(timer->at_ms <= now_ms && timer->at_ms >= last_fired_ms);
    assert_int_equal(timer->place, 0);
    last_fired_ms = timer->at_ms;
    alarm->set = false;
    alarm->fired++;
}

static void on_sooner(void *context, int64_t at_ms)
{
    (void)context;
    sooner_ms = at_ms;
}

static int64_t first_due(void)
{
    int64_t at_ms = INSTANT_NEVER;
    for (size_t i = 0; i < TIMERS; i++) {
        if (alarms[i].set && alarms[i].timer.at_ms < at_ms) {
            at_ms = alarms[i].timer.at_ms;
        }
    }
    return at_ms;
}

static void as_a_plain_list_would(void **state)
{
    (void)state;
    struct timers timers;
    struct random random = random_of(seed, 0);
    uint32_t fired = 0;
    assert_int_equal(timers_init(&timers, TIMERS, clock_now, NULL), STATUS_OK);
    timers.on_sooner = on_sooner;
    for (int i = 0; i < ACTIONS; i++) {
        struct alarm *alarm = &alarms[random_below(&random, TIMERS)];
        int64_t dice = random_below(&random, 10);
        if (dice < 5) {
            int64_t at_ms = now_ms + random_below(&random, 1000);
            // What is moved leaves its place before it is judged what comes first.
            alarm->set = false;
            bool sooner = at_ms < first_due();
            sooner_ms = -1;
            timers_set(&timers, &alarm->timer, at_ms, on_fire);
            alarm->set = true;
            assert_int_equal(sooner_ms, sooner ? at_ms : -1);
        } else if (dice < 7) {
            timers_clear(&timers, &alarm->timer);
            alarm->set = false;
        } else {
            now_ms += random_below(&random, 50);
            last_fired_ms = INT64_MIN;
            timers_run(&timers);
            assert_true(first_due() > now_ms);
        }
        assert_int_equal(timers_next(&timers), first_due());
    }
    for (size_t i = 0; i < TIMERS; i++) {
        timers_clear(&timers, &alarms[i].timer);
        fired += alarms[i].fired;
    }
    assert_true(fired > ACTIONS / 10);
    assert_int_equal(timers_next(&timers), INSTANT_NEVER);
    timers_fini(&timers);
}

static struct timers *again_timers;

static void set_again(struct timer *timer)
{
    struct alarm *alarm = (struct alarm *)(void *)timer;
    alarm->fired++;
    if (alarm->fired < 5) {
        timers_set(again_timers, timer, now_ms + 10, set_again);
    }
}

static void one_may_set_itself_again(void **state)
{
    (void)state;
    struct timers timers;
    struct alarm alarm = {0};
    assert_int_equal(timers_init(&timers, 1, clock_now, NULL), STATUS_OK);
    again_timers = &timers;
    timers_set(&timers, &alarm.timer, now_ms + 10, set_again);
    for (uint32_t i = 1; i <= 5; i++) {
        now_ms += 9;
        timers_run(&timers);
        assert_int_equal(alarm.fired, i - 1);
        now_ms++;
        timers_run(&timers);
        assert_int_equal(alarm.fired, i);
    }
    timers_fini(&timers);
    timers_fini(NULL);
}

int main(void)
{
    seed = random_seed("timers");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_a_plain_list_would),
        cmocka_unit_test(one_may_set_itself_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
