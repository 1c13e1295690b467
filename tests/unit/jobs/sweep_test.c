// The sweeper over stores in memory: what time makes is written near its time with nobody asking,
// once, by whichever daemon; paced; never round and round about one account; and history that is
// being posted is not overtaken.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/ledger.h"
#include "jobs/sweep.h"
#include "service/bounds.h"
#include "support/lives.h"
#include "support/log_capture.h"

#define TILL "pos/store-1/till-1"
#define ADMIN "admin/hq"
#define DAY_MS INT64_C(86400000)
#define PERK                                                                                       \
    ", \"perks\": [{\"id\": \"lounge\", \"tiers\": [{\"tier_id\": \"member\"}], "                  \
    "\"partners\": [\"lounge\"]}]"
#define ENDS_MS INT64_C(1801411200000) // 2027-02-01 00:00 in Shanghai: of a sale of January 2026

enum { PACE = 500, SETTLED_MS = 2 * SWEEP_ROUND_IDLE_MS };

static struct service_world world;

static int open_world(void **state)
{
    (void)state;
    log_capture_clear();
    service_world_open(&world, 2);
    return 0;
}

// With a perk that only a partner serves.
static int open_world_of_perks(void **state)
{
    (void)state;
    struct world_answer answer;
    log_capture_clear();
    service_world_init(&world, false);
    world_call(
        &world.daemons[0], ADMIN, "ProgramsService/PublishProgram",
        world_text(&world, "{%s, \"program\": %s, \"effective_from\": \"2020-01-01T00:00:00Z\"}",
                   world_mutation(&world, world_id(&world)), service_world_program(&world, PERK)),
        &answer);
    assert_string_equal(world_end(&answer), "OK");
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

// To an instant, as if all daemons had slept until then; their leases are read anew.
static void sleep_until(int64_t at_ms)
{
    world.now_ms = at_ms - 1000;
    world_pass(&world, 1000);
}

static uint64_t records_of(const char *member)
{
    int64_t balance;
    return world_verify(&world, member, &balance);
}

static int64_t written_balance(const char *member)
{
    int64_t balance;
    (void)world_verify(&world, member, &balance);
    return balance;
}

static uint64_t events(void)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < WORLD_PARTITIONS; i++) {
        count += memory_event_count(world.daemons[0].store, i);
    }
    return count;
}

static struct sweep_counts counts(void)
{
    struct sweep_counts all = {0};
    for (size_t i = 0; i < world.daemon_count; i++) {
        struct sweep_counts one = sweep_counts(world.daemons[i].sweep);
        all.rounds += one.rounds;
        all.accounts += one.accounts;
        all.written += one.written;
        all.corrected += one.corrected;
        all.skipped += one.skipped;
    }
    return all;
}

static int64_t due_of(const char *member)
{
    struct store_account place = world_place(member);
    return memory_due(world.daemons[0].store, &place);
}

static void enrol_with_points(const char *member)
{
    world_enroll(&world, member);
    (void)world_award(&world, member, 10000);
}

static const char *member_name(int number)
{
    return world_text(&world, "m-%d", number);
}

// --- what time makes ---

static void points_end_with_nobody_asking(void **state)
{
    (void)state;
    enrol_with_points("anna");
    service_world_sweep(&world, PACE);
    uint64_t before = events();
    sleep_until(ENDS_MS - SWEEP_TURN_MS - 50);
    world_pass(&world, 0);
    assert_int_equal(events(), before);
    assert_int_equal(written_balance("anna"), 100);
    world_pass(&world, SETTLED_MS);
    assert_int_equal(written_balance("anna"), 0);
    assert_int_equal(records_of("anna"), 3);
    assert_int_equal(events(), before + 1);
    assert_true(due_of("anna") > world.now_ms);
    // And that is all there is to do, for both of them.
    struct sweep_counts done = counts();
    world_pass(&world, SETTLED_MS);
    assert_int_equal(counts().accounts, done.accounts);
    assert_true(counts().rounds > done.rounds);
    assert_int_equal(records_of("anna"), 3);
}

static void a_hold_lapses_with_nobody_asking(void **state)
{
    (void)state;
    struct world_answer answer;
    enrol_with_points("anna");
    world_call(&world.daemons[0], TILL, "PointsService/Reserve",
               world_points_text(&world, world_id(&world), "anna", "\"points\": 60"), &answer);
    assert_string_equal(world_end(&answer), "OK");
    assert_int_equal(written_balance("anna"), 40);
    service_world_sweep(&world, PACE);
    sleep_until(due_of("anna"));
    world_pass(&world, SETTLED_MS);
    assert_int_equal(written_balance("anna"), 100);
    assert_int_equal(records_of("anna"), 4);
}

// Whoever reads meanwhile sees the same, and a mutation that comes between is no loss.
static void a_sale_comes_between(void **state)
{
    (void)state;
    enrol_with_points("anna");
    service_world_sweep(&world, PACE);
    sleep_until(ENDS_MS);
    assert_int_equal(world_member(&world.daemons[1], "anna")->standing->balance, 0);
    (void)world_award(&world, "anna", 700);
    world_pass(&world, SETTLED_MS);
    assert_int_equal(records_of("anna"), 4);
    assert_int_equal(written_balance("anna"), 7);
}

// --- crashes and failures ---

// Killed after any number of its steps: what was begun is done once.
static void once_through_kills(void **state)
{
    (void)state;
    for (int steps = 0; steps < 12; steps++) {
        const char *member = member_name(steps);
        world_enroll(&world, member);
        int64_t from_ms = world.now_ms;
        (void)world_award(&world, member, 10000);
        if (world.sweep_pace == 0) {
            service_world_sweep(&world, PACE);
        }
        sleep_until(due_of(member));
        world.now_ms += SWEEP_ROUND_IDLE_MS;
        memory_set_now(world.daemons[0].store, world.now_ms);
        timers_run(&world.daemons[0].timers);
        for (int i = 0; i < steps; i++) {
            (void)world_step(&world.daemons[0]);
        }
        service_world_restart(&world.daemons[steps % 2]);
        world_pass(&world, 2 * (int64_t)SETTLED_MS);
        assert_int_equal(records_of(member), 3);
        assert_true(world.now_ms > from_ms);
    }
}

static void once_when_answers_are_lost(void **state)
{
    (void)state;
    enrol_with_points("anna");
    service_world_sweep(&world, PACE);
    sleep_until(ENDS_MS);
    for (int i = 0; i < 200; i++) {
        memory_fail_next(world.daemons[i % 2].store, (enum memory_fault)(i % 4));
        world_pass(&world, 100);
    }
    world_pass(&world, 2 * (int64_t)SWEEP_BACKOFF_MAX_MS);
    assert_int_equal(records_of("anna"), 3);
    assert_int_equal(written_balance("anna"), 0);
}

// --- obligations ---

// An enrolment that ends anywhere between its first step and its last leaves nothing open for long,
// though nobody comes again.
static void what_an_enrolment_left_open_is_finished(void **state)
{
    (void)state;
    enum { STEPS = 8 };
    bool opened_ever = false;
    service_world_sweep(&world, PACE);
    for (int steps = 1; steps <= STEPS; steps++) {
        const char *member = member_name(steps);
        struct world_answer answer;
        world_ask(&world.daemons[0], "backend/crm", "MembersService/Enroll",
                  world_enroll_text(&world, world_id(&world), member,
                                    world_text(&world, "%d", 880000000 + steps)),
                  &answer);
        for (int i = 0; i < steps; i++) {
            (void)world_step(&world.daemons[0]);
        }
        bool opened = world_log(&world, member).len > 0;
        service_world_restart(&world.daemons[0]);
        world_pass(&world, SETTLED_MS);
        if (opened) {
            assert_int_equal(records_of(member), 2);
            assert_true(due_of(member) > world.now_ms);
        }
        opened_ever = opened_ever || opened;
    }
    assert_true(opened_ever);
}

// A merge that ends anywhere is finished, or was never begun; no point is lost or there twice.
static void a_merge_left_open_is_finished(void **state)
{
    (void)state;
    enum { STEPS = 12 };
    bool begun_ever = false;
    service_world_sweep(&world, PACE);
    for (int steps = 1; steps <= STEPS; steps++) {
        const char *both[] = {member_name(2 * steps), member_name(2 * steps + 1)};
        struct world_answer answer;
        enrol_with_points(both[0]);
        enrol_with_points(both[1]);
        world_ask(&world.daemons[0], LIFE_ADMIN, "MembersService/Merge",
                  life_merge_text(&world, world_id(&world), both[0], both[1]), &answer);
        for (int i = 0; i < steps; i++) {
            (void)world_step(&world.daemons[0]);
        }
        service_world_restart(&world.daemons[0]);
        world_pass(&world, SETTLED_MS);
        bool begun = life_status(&world, both[0]) == MEMBER_MERGED;
        begun_ever = begun_ever || begun;
        assert_false(life_is_unfinished(&world, both[0]));
        assert_int_equal(written_balance(both[0]), begun ? 0 : 100);
        assert_int_equal(life_points(&world, both, 2), 200);
    }
    assert_true(begun_ever);
}

// What cannot be finished now is no reason for time to stand still.
static void points_end_though_an_obligation_is_stuck(void **state)
{
    (void)state;
    static const uint8_t garbage[] = "no record at all, and no hash either";
    struct world_answer answer;
    world_call(&world.daemons[0], "backend/crm", "MembersService/Enroll",
               world_enroll_text(&world, world_id(&world), "anna", "880000001"), &answer);
    assert_string_equal(world_end(&answer), "OK");
    (void)world_award(&world, "anna", 10000);
    struct store_account month = world_place("@2026-01/lounge");
    memory_plant(world.daemons[0].store, &month, span_of(garbage, sizeof garbage));
    world_call(&world.daemons[0], "partner/lounge/desk-1", "PerksService/UsePerk",
               world_text(&world,
                          "{%s, \"perk_id\": \"lounge\", \"member\": {\"identifier\": {\"kind\": "
                          "\"CARD_NUMBER\", \"value\": \"880000001\"}}}",
                          world_mutation(&world, world_id(&world))),
               &answer);
    assert_string_equal(world_end(&answer), "OK");
    assert_true(life_is_unfinished(&world, "anna"));
    service_world_sweep(&world, PACE);
    sleep_until(ENDS_MS);
    world_pass(&world, SWEEP_SKIP_MS + SETTLED_MS);
    assert_int_equal(written_balance("anna"), 0);
    assert_true(life_is_unfinished(&world, "anna"));
    assert_true(counts().accounts < 10); // and nobody goes round and round about it
}

// --- pace ---

static void it_keeps_its_pace(void **state)
{
    (void)state;
    enum { MEMBERS = 120, SLOW = 20 };
    for (int i = 0; i < MEMBERS; i++) {
        enrol_with_points(member_name(i));
    }
    sleep_until(ENDS_MS);
    uint64_t before = events();
    world.sweep_pace = SLOW;
    service_world_restart(&world.daemons[0]); // one alone sweeps
    world_pass(&world, 2000);
    uint64_t after_two = events() - before;
    assert_in_range(after_two, SLOW, 2 * SLOW + 3);
    world_pass(&world, MEMBERS / SLOW * 1000 + SETTLED_MS);
    assert_int_equal(events() - before, MEMBERS);
}

// So many accounts have their turn while no store answers: those that are begun stay begun.
static uint64_t begun_in(int64_t ms)
{
    uint64_t before = sweep_counts(world.daemons[0].sweep).accounts;
    for (int64_t passed_ms = 0; passed_ms < ms; passed_ms += SWEEP_TURN_MS) {
        world.now_ms += SWEEP_TURN_MS;
        timers_run(&world.daemons[0].timers);
    }
    return sweep_counts(world.daemons[0].sweep).accounts - before;
}

static void it_makes_way_for_requests(void **state)
{
    (void)state;
    enum { MEMBERS = 60, SLOW = 20, WHILE_MS = 300 };
    static struct world_answer answers[SWEEP_BUSY_REQUESTS];
    for (int i = 0; i < MEMBERS; i++) {
        enrol_with_points(member_name(i));
    }
    sleep_until(ENDS_MS);
    world.sweep_pace = SLOW;
    service_world_restart(&world.daemons[0]); // one alone sweeps
    world_pass(&world, 1000);
    uint64_t freely = begun_in(WHILE_MS);
    world_pass(&world, 50);
    for (int i = 0; i < SWEEP_BUSY_REQUESTS; i++) {
        world_ask(&world.daemons[0], TILL, "PointsService/Award",
                  world_award_text(&world, world_id(&world), member_name(i), 100), &answers[i]);
    }
    assert_true(service_in_hand(world.daemons[0].service) >= SWEEP_BUSY_REQUESTS);
    uint64_t busily = begun_in(WHILE_MS);
    assert_in_range(freely, SLOW * WHILE_MS / 1000 - 1, SWEEP_AT_ONCE);
    assert_true(busily <= freely / 2);
    world_pass(&world, MEMBERS / SLOW * 1000 + SETTLED_MS);
    for (int i = 0; i < MEMBERS; i++) {
        assert_int_equal(written_balance(member_name(i)), i < SWEEP_BUSY_REQUESTS ? 1 : 0);
    }
}

// --- one account, round and round ---

static void a_wrong_due_instant_is_set_right(void **state)
{
    (void)state;
    enrol_with_points("anna");
    int64_t right_ms = due_of("anna");
    assert_int_equal(right_ms, ENDS_MS);
    world_misplace(&world, "anna", world.now_ms - DAY_MS);
    service_world_sweep(&world, PACE);
    world_pass(&world, SETTLED_MS);
    assert_int_equal(due_of("anna"), right_ms);
    assert_int_equal(counts().corrected, 1);
    assert_true(counts().accounts <= 2);
    assert_int_equal(records_of("anna"), 2);
    // What daemons believed before does no harm: the next append moves it as ever.
    (void)world_award(&world, "anna", 100);
    sleep_until(ENDS_MS);
    world_pass(&world, SETTLED_MS);
    assert_int_equal(records_of("anna"), 4);
}

static void a_broken_log_is_left_alone(void **state)
{
    (void)state;
    static const uint8_t garbage[] = "no record at all, and no hash either";
    enrol_with_points("anna");
    enrol_with_points("ben");
    struct store_account place = world_place("anna");
    world_misplace(&world, "anna", 1);
    memory_plant(world.daemons[0].store, &place, span_of(garbage, sizeof garbage));
    service_world_sweep(&world, PACE);
    sleep_until(ENDS_MS);
    uint64_t before = counts().accounts;
    world_pass(&world, SWEEP_SKIP_MS);
    assert_int_equal(written_balance("ben"), 0);
    assert_in_range(counts().accounts - before, 1, 2 * 3 + 2);
    assert_true(counts().skipped > 0);
}

// --- history ---

static void backfill(const char *date, const char *end)
{
    struct world_answer answer;
    world_call(&world.daemons[0], ADMIN, "AdminService/Backfill",
               world_text(&world,
                          "{%s, \"member\": {\"member_id\": \"anna\"}, \"sale\": "
                          "{\"occurred_date\": \"%s\", \"currency\": \"CNY\", \"lines\": "
                          "[{\"amount_minor\": 10000}]}}",
                          world_mutation(&world, world_id(&world)), date),
               &answer);
    assert_string_equal(world_end(&answer), end);
}

// However long an import takes to come back to a member, up to a bound, and through whichever
// daemon; then what time has made is written.
static void history_is_not_overtaken(void **state)
{
    (void)state;
    struct world_answer answer;
    service_world_sweep(&world, PACE);
    world_call(&world.daemons[0], ADMIN, "MembersService/Enroll",
               world_text(&world,
                          "{%s, \"member_id\": \"anna\", \"enrolled_at\": "
                          "\"2022-01-01T00:00:00Z\"}",
                          world_mutation(&world, world_id(&world))),
               &answer);
    assert_string_equal(world_end(&answer), "OK");
    static const char *const DATES[] = {"2022-02-01", "2022-06-01", "2024-02-01", "2025-02-01"};
    for (size_t i = 0; i < 4; i++) {
        backfill(DATES[i], "OK");
        world_pass(&world, SETTLED_MS);
        sleep_until(world.now_ms + SERVICE_HISTORY_QUIET_MS / 3);
        world_pass(&world, SETTLED_MS);
    }
    assert_int_equal(counts().accounts, 0);
    assert_int_equal(written_balance("anna"), 200); // as of the last of them
    sleep_until(world.now_ms + SERVICE_HISTORY_QUIET_MS);
    world_pass(&world, SETTLED_MS);
    assert_true(counts().written > 0);
    assert_int_equal(written_balance("anna"), 100);
    assert_true(due_of("anna") > world.now_ms);
    backfill("2025-02-15", "OUT_OF_ORDER");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(points_end_with_nobody_asking, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_hold_lapses_with_nobody_asking, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_sale_comes_between, open_world, close_world),
        cmocka_unit_test_setup_teardown(once_through_kills, open_world, close_world),
        cmocka_unit_test_setup_teardown(once_when_answers_are_lost, open_world, close_world),
        cmocka_unit_test_setup_teardown(what_an_enrolment_left_open_is_finished, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(a_merge_left_open_is_finished, open_world, close_world),
        cmocka_unit_test_setup_teardown(points_end_though_an_obligation_is_stuck,
                                        open_world_of_perks, close_world),
        cmocka_unit_test_setup_teardown(it_keeps_its_pace, open_world, close_world),
        cmocka_unit_test_setup_teardown(it_makes_way_for_requests, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_wrong_due_instant_is_set_right, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_broken_log_is_left_alone, open_world, close_world),
        cmocka_unit_test_setup_teardown(history_is_not_overtaken, open_world, close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
