// When a rule's condition holds: each part, in local time and at its edges.
#include "core/earn_match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/core/earn_fixture.h"

static void assert_holds(struct fixture *fixture, bool holds)
{
    assert_earns(fixture, SILVER, holds ? 110 : 0, holds ? 100 : 0);
}

static void places_and_channels_are_conditions(void **state)
{
    struct fixture *fixture = fresh(state);
    struct condition *when = &fixture->sample.rules[0].when;
    add_line(fixture, 10000, "grocery");
    fixture->sample.list[0] = span_of_text("store-0001");
    fixture->sample.list[1] = span_of_text("store-0007");
    when->stores = (struct span_list){fixture->sample.list, 1};
    assert_holds(fixture, false);
    when->stores.count = 2;
    assert_holds(fixture, true);
    fixture->sale.unit = span_of_text("store-0007");
    assert_holds(fixture, true);
    fixture->sale.unit = span_of_text("store-00070/till-02");
    assert_holds(fixture, false);
    when->stores.count = 0;
    fixture->sample.list[2] = span_of_text("web");
    when->channels = (struct span_list){&fixture->sample.list[2], 1};
    assert_holds(fixture, false);
    fixture->sale.channel = span_of_text("web");
    assert_holds(fixture, true);
    when->categories = (struct span_list){&fixture->sample.category, 1};
    assert_holds(fixture, true);
    fixture->lines[0].category = span_of_text("toys");
    assert_holds(fixture, false);
}

static void hours_weekdays_and_dates_are_local(void **state)
{
    struct fixture *fixture = fresh(state);
    struct condition *when = &fixture->sample.rules[0].when;
    add_line(fixture, 10000, "");
    when->from_hour = 10;
    when->until_hour = 12;
    assert_holds(fixture, true);
    fixture->sale.occurred_ms = instant(2026, 6, 10, 12);
    assert_holds(fixture, false);
    fixture->sale.occurred_ms = instant(2026, 6, 10, 10) - 1;
    assert_holds(fixture, false);
    *when = (struct condition){.weekdays = fixture->sample.weekdays, .weekday_count = 2};
    assert_holds(fixture, false);
    fixture->sale.occurred_ms = instant(2026, 6, 13, 0); // Saturday, still Friday in UTC
    assert_holds(fixture, true);
    fixture->sale.occurred_ms = instant(2026, 6, 13, 0) - 1;
    assert_holds(fixture, false);
    *when = (struct condition){.from = span_of_text("2026-06-13")};
    assert_holds(fixture, false);
    fixture->sale.occurred_ms = instant(2026, 6, 13, 0);
    assert_holds(fixture, true);
    *when = (struct condition){.until = span_of_text("2026-06-13")};
    assert_holds(fixture, false);
    fixture->sale.occurred_ms = instant(2026, 6, 13, 0) - 1;
    assert_holds(fixture, true);
}

static void tiers_spending_and_birthdays_are_conditions(void **state)
{
    struct fixture *fixture = fresh(state);
    struct condition *when = &fixture->sample.rules[0].when;
    add_line(fixture, 4000, "");
    add_line(fixture, 6000, "");
    when->minimum_spend_minor = 10000; // of the whole sale, the part paid with points too
    assert_holds(fixture, true);
    when->minimum_spend_minor = 10001;
    assert_holds(fixture, false);
    when->minimum_spend_minor = 0;
    fixture->sample.list[0] = span_of_text("gold");
    fixture->sample.list[1] = span_of_text("silver");
    when->tiers = (struct span_list){fixture->sample.list, 1};
    assert_holds(fixture, false);
    when->tiers.count = 2;
    assert_holds(fixture, true);
    when->birthday_month = true;
    assert_holds(fixture, false);
    fixture->sale.birth_month = 6;
    assert_holds(fixture, true);
    fixture->sale.occurred_ms = instant(2026, 7, 1, 0) - 1;
    assert_holds(fixture, true);
    fixture->sale.occurred_ms = instant(2026, 7, 1, 0); // local: still June in UTC
    assert_holds(fixture, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_and_channels_are_conditions),
        cmocka_unit_test(hours_weekdays_and_dates_are_local),
        cmocka_unit_test(tiers_spending_and_birthdays_are_conditions),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
