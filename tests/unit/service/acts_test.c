// Acts by hand and the audit that lists them: each once, before it is told, in the month it was
// done in, wherever a daemon dies on the way.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/log.h"
#include "support/lives.h"

#define ADJUST "AdminService/AdjustPoints"
#define LIST "AdminService/ListAudit"
#define DAY_MS INT64_C(86400000)

enum { STEPS_MAX = 14 };

static struct service_world world;

static int open_world(void **state)
{
    (void)state;
    service_world_open(&world, 2);
    world_enroll(&world, "anna");
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

static const char *adjust_text(int64_t points)
{
    return world_points_text(&world, world_id(&world), "anna",
                             world_text(&world,
                                        "\"points\": %lld, \"reason_code\": \"ACT_REASON_OTHER\", "
                                        "\"reason\": \"asked\"",
                                        (long long)points));
}

static const Loyalty__V1__ListAuditResponse *list(const char *fields, struct world_answer *answer)
{
    const char *json = world_text(&world, "{%s}", fields);
    assert_string_equal(life_call(&world.daemons[1], LIFE_ADMIN, LIST, json, answer), "OK");
    return (const Loyalty__V1__ListAuditResponse *)answer->reply;
}

// Of anna, as far as one page tells.
static size_t listed(const char *fields)
{
    struct world_answer answer;
    const Loyalty__V1__ListAuditResponse *page = list(fields, &answer);
    size_t count = 0;
    for (size_t i = 0; i < page->n_entries; i++) {
        count += strcmp(page->entries[i]->subject, "anna") == 0;
    }
    return count;
}

// Gone at a step of it, at once or by what the store does.
static void leave(size_t steps, int fault)
{
    for (size_t i = 0; i < steps; i++) {
        (void)world_step(&world.daemons[0]);
    }
    if (fault == MEMORY_FAULT_NONE) {
        service_world_restart(&world.daemons[0]);
    } else {
        memory_fail_next(world.daemons[0].store, (enum memory_fault)fault);
        world_run(&world);
        memory_fail_next(world.daemons[0].store, MEMORY_FAULT_NONE);
    }
}

static void an_act_is_listed_once_wherever_it_was_left(void **state)
{
    size_t done = 0;
    for (int fault = MEMORY_FAULT_NONE; fault <= MEMORY_FAULT_LOST_REPLY; fault++) {
        for (size_t steps = 0; steps < STEPS_MAX; steps++) {
            struct world_answer answer;
            (void)close_world(state);
            (void)open_world(state);
            const char *text = adjust_text(70);
            world_ask(&world.daemons[0], LIFE_ADMIN, ADJUST, text, &answer);
            leave(steps, fault);
            bool told = strcmp(world_end(&answer), "OK") == 0;
            done += told ? 1 : 0;
            assert_true(!told || listed("") == 1);
            const char *end =
                life_until_definite(&world.daemons[1], LIFE_ADMIN, ADJUST, text, &answer);
            assert_true(strcmp(end, "REPLAYED") == 0 || (!told && strcmp(end, "OK") == 0));
            assert_int_equal(listed(""), 1);
            assert_int_equal(world_member(&world.daemons[1], "anna")->standing->balance, 70);
            assert_false(life_is_unfinished(&world, "anna"));
        }
    }
    assert_true(done > 3 && done < (size_t)(4 * STEPS_MAX));
}

static void an_act_is_of_its_month_whenever_it_is_listed(void **state)
{
    (void)state;
    struct world_answer answer;
    char month[sizeof("\"month\": \"YYYY-MM\"")];
    (void)snprintf(month, sizeof(month), "\"month\": \"%.7s\"",
                   world_instant(&world, world.now_ms));
    world_ask(&world.daemons[0], LIFE_ADMIN, ADJUST, adjust_text(70), &answer);
    size_t steps = 0;
    while (!life_is_unfinished(&world, "anna") && steps++ < STEPS_MAX) {
        (void)world_step(&world.daemons[0]);
    }
    assert_true(life_is_unfinished(&world, "anna"));
    service_world_restart(&world.daemons[0]);
    assert_int_equal(listed(month), 0);
    world_pass(&world, 40 * DAY_MS);
    (void)world_award(&world, "anna", 100); // whoever writes next has it listed
    world_run(&world);
    assert_false(life_is_unfinished(&world, "anna"));
    assert_int_equal(listed(month), 1);
    assert_int_equal(listed(""), 0);
}

static void pages_go_on_behind_what_they_told(void **state)
{
    (void)state;
    struct world_answer answer;
    for (int64_t points = 1; points <= 5; points++) {
        assert_string_equal(
            life_call(&world.daemons[0], LIFE_ADMIN, ADJUST, adjust_text(points), NULL), "OK");
    }
    const Loyalty__V1__ListAuditResponse *page = list("\"page_size\": 2", &answer);
    size_t pages = 1;
    size_t entries = page->n_entries;
    while (*page->next_page_token != '\0' && pages < 9) {
        const char *fields =
            world_text(&world, "\"page_size\": 2, \"page_token\": \"%s\"", page->next_page_token);
        page = list(fields, &answer);
        pages++;
        entries += page->n_entries;
    }
    page = list("", &answer);
    assert_int_equal(entries, page->n_entries);
    assert_int_equal(pages, (entries + 1) / 2);
    assert_int_equal(page->records, 6); // the month's opening, and five acts
    assert_int_equal(strlen(page->chain), 32);
}

int main(void)
{
    log_set_level(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_act_is_listed_once_wherever_it_was_left, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(an_act_is_of_its_month_whenever_it_is_listed, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(pages_go_on_behind_what_they_told, open_world, close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
