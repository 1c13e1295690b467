// Compaction by the daemons themselves: when it begins, what it leaves alone, and that nobody who
// asks can tell that it happened.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/ledger.h"
#include "jobs/compact.h"
#include "support/log_capture.h"
#include "support/service_world.h"

#define TILL "pos/store-1/till-1"
#define BOUND 600
#define DAY_MS INT64_C(86400000)

static struct service_world world;

static int open_world(void **state)
{
    (void)state;
    log_capture_clear();
    service_world_open(&world, 2);
    service_world_compact(&world, BOUND);
    world_enroll(&world, "anna");
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

static uint64_t archived(void)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < WORLD_PARTITIONS; i++) {
        bytes += memory_archived_bytes(world.daemons[0].store, i);
    }
    return bytes;
}

static size_t log_bytes(const char *member)
{
    return world_log(&world, member).len;
}

// Awards until the log is longer than the bound; compaction waits for its pause.
static void grow(const char *member)
{
    while (log_bytes(member) <= BOUND) {
        (void)world_award(&world, member, 100);
    }
}

static void pause_over(void)
{
    world_pass(&world, COMPACT_PAUSE_MS);
}

// --- when ---

static void it_begins_past_the_bound_after_a_pause(void **state)
{
    (void)state;
    while (log_bytes("anna") + 120 <= BOUND) {
        (void)world_award(&world, "anna", 100);
        pause_over();
        assert_int_equal(archived(), 0);
    }
    grow("anna");
    assert_false(memory_step(world.daemons[0].store)); // nothing is asked yet
    world.now_ms += COMPACT_PAUSE_MS - 1;
    timers_run(&world.daemons[0].timers);
    assert_false(memory_step(world.daemons[0].store));
    size_t before = log_bytes("anna");
    world.now_ms++;
    world_run(&world);
    assert_int_equal(archived(), before);
    assert_int_equal(accounts_snapshot_bytes(world_log(&world, "anna")), log_bytes("anna"));
}

// A log whose snapshot exceeds the bound already is left alone until it has doubled; that is known
// again after the account was dropped and loaded, and by the other daemon.
static void it_waits_for_the_double(void **state)
{
    (void)state;
    grow("anna");
    pause_over();
    uint64_t last_archived = archived();
    size_t compacted = log_bytes("anna");
    assert_true(last_archived > 0 && compacted > BOUND / 2);
    int compactions = 0;
    for (int i = 0; i < 120; i++) {
        struct world_answer answer;
        if (i % 5 == 0) {
            accounts_forget(world.daemons[i % 2].service->accounts);
        }
        world_call(&world.daemons[i % 2], TILL, "PointsService/Award",
                   world_award_text(&world, world_id(&world), "anna", 100), &answer);
        size_t before = log_bytes("anna");
        pause_over();
        if (archived() != last_archived) {
            assert_int_equal(archived() - last_archived, before);
            assert_true(before >= 2 * compacted);
            last_archived = archived();
            compacted = log_bytes("anna");
            compactions++;
        } else {
            assert_true(before < 2 * compacted + 200);
        }
    }
    assert_in_range(compactions, 3, 5);
}

// A daemon that learns of another's compaction, by its next append or by loading the log, does not
// even ask for the log.
static void who_knows_of_it_asks_nothing(void **state)
{
    (void)state;
    for (int loaded = 0; loaded < 2; loaded++) {
        const char *member = world_text(&world, "m-%d", loaded);
        world_enroll(&world, member);
        grow(member);
        for (int i = 0; i < 5; i++) {
            (void)world_award(&world, member, 100);
        }
        (void)world_member(&world.daemons[1], member);
        pause_over();
        assert_true(log_bytes(member) > BOUND); // the snapshot alone
        if (loaded == 1) {
            accounts_forget(world.daemons[1].service->accounts);
        }
        struct world_answer answer;
        world_call(&world.daemons[1], TILL, "PointsService/Award",
                   world_award_text(&world, world_id(&world), member, 100), &answer);
        assert_string_equal(world_end(&answer), "OK");
        assert_true(log_bytes(member) > BOUND);
        world.now_ms += COMPACT_PAUSE_MS;
        timers_run(&world.daemons[1].timers);
        assert_false(memory_step(world.daemons[1].store));
    }
}

// What it has compacted itself a daemon goes on with: no load, no second look.
static void its_own_work_is_known(void **state)
{
    (void)state;
    struct world_answer answer;
    grow("anna");
    for (int i = 0; i < 5; i++) {
        (void)world_award(&world, "anna", 100);
    }
    world.now_ms += COMPACT_PAUSE_MS;
    timers_run(&world.daemons[0].timers);
    size_t calls = 0;
    while (memory_step(world.daemons[0].store)) {
        calls++;
    }
    assert_int_equal(calls, 2); // one load and one write, though every commit was past the bound
    assert_true(archived() > 0 && log_bytes("anna") > BOUND);
    world_ask(&world.daemons[0], "backend/app", "MembersService/GetMember",
              world_member_text(&world, "anna"), &answer);
    assert_true(memory_step(world.daemons[0].store));
    assert_string_equal(world_end(&answer), "OK"); // by the tail alone
    (void)world_award(&world, "anna", 100);
    world.now_ms += COMPACT_PAUSE_MS;
    timers_run(&world.daemons[0].timers);
    assert_false(memory_step(world.daemons[0].store));
}

static void a_few_at_once(void **state)
{
    (void)state;
    enum { MEMBERS = 3 * COMPACT_AT_ONCE };
    const char *names[MEMBERS];
    for (int i = 0; i < MEMBERS; i++) {
        names[i] = world_text(&world, "m-%d", i);
        world_enroll(&world, names[i]);
        grow(names[i]);
    }
    size_t calls = 0;
    world.now_ms += COMPACT_PAUSE_MS;
    timers_run(&world.daemons[0].timers);
    while (memory_step(world.daemons[0].store)) {
        calls++;
    }
    assert_int_equal(calls, 2 * COMPACT_AT_ONCE); // each loads and writes
    size_t compacted = 0;
    for (int i = 0; i < MEMBERS; i++) {
        compacted += accounts_snapshot_bytes(world_log(&world, names[i])) > 0 ? 1 : 0;
    }
    assert_int_equal(compacted, COMPACT_AT_ONCE);
    for (int i = 0; i < MEMBERS; i++) {
        (void)world_award(&world, names[i], 100);
        pause_over();
        assert_true(accounts_snapshot_bytes(world_log(&world, names[i])) > 0);
    }
}

// --- what it leaves alone ---

enum { KINDS = 5 };

struct asked {
    const char *peer;
    const char *method;
    const char *text;
    struct world_answer answer;
};

static void ask_again(struct asked *asked, size_t daemon)
{
    struct world_answer again;
    world_call(&world.daemons[daemon], asked->peer, asked->method, asked->text, &again);
    assert_int_equal(again.times, 1);
    assert_true(again.replayed);
    assert_int_equal(again.code, asked->answer.code);
    assert_int_equal(again.payload.len, asked->answer.payload.len);
    if (again.code != LOYALTY__V1__CODE__CODE_UNSPECIFIED) {
        assert_string_equal(again.reason, asked->answer.reason);
        assert_string_equal(again.message, asked->answer.message);
    } else {
        assert_memory_equal(again.payload.data, asked->answer.payload.data, again.payload.len);
    }
}

static void ask_each_kind(struct asked *asked)
{
    asked[0] = (struct asked){"backend/crm",
                              "MembersService/Enroll",
                              world_enroll_text(&world, world_id(&world), "bert", "4711"),
                              {0}};
    asked[1] = (struct asked){
        "admin/hq",
        "AdminService/OpeningBalance",
        world_text(&world,
                   "{%s, \"member\": {\"member_id\": \"bert\"}, \"lots\": [{\"points\": 70}]}",
                   world_mutation(&world, world_id(&world))),
        {0}};
    asked[2] = (struct asked){
        TILL, "PointsService/Award", world_award_text(&world, world_id(&world), "bert", 5000), {0}};
    asked[3] = (struct asked){TILL,
                              "PointsService/Redeem",
                              world_redeem_text(&world, world_id(&world), "bert", 100),
                              {0}};
    asked[4] = (struct asked){TILL,
                              "PointsService/Redeem",
                              world_redeem_text(&world, world_id(&world), "bert", 1000),
                              {0}};
    for (size_t i = 0; i < KINDS; i++) {
        world_call(&world.daemons[0], asked[i].peer, asked[i].method, asked[i].text,
                   &asked[i].answer);
    }
    assert_string_equal(world_end(&asked[4].answer), "INSUFFICIENT_POINTS");
}

// Each kind of request, asked again between compactions: the very bytes of the first answer.
static void retries_cannot_tell(void **state)
{
    (void)state;
    static struct asked asked[KINDS];
    ask_each_kind(asked);
    for (int round = 0; round < 6; round++) {
        uint64_t before = archived();
        int64_t balance = world_member(&world.daemons[1], "bert")->standing->balance;
        while (archived() == before) {
            (void)world_award(&world, "bert", 100);
            balance++;
            pause_over();
        }
        for (size_t i = 0; i < KINDS; i++) {
            ask_again(&asked[i], (size_t)round % 2);
        }
        assert_int_equal(world_member(&world.daemons[0], "bert")->standing->balance, balance);
        assert_int_equal(world_member(&world.daemons[1], "bert")->standing->balance, balance);
    }
}

static enum status find_seq(void *context, uint64_t seq, const struct record *record)
{
    (void)record;
    return seq == *(const uint64_t *)context ? STATUS_NOT_FOUND : STATUS_OK;
}

// Whether the log still has this record.
static bool is_kept(const char *member, uint64_t seq)
{
    struct arena arena;
    arena_init(&arena, 1 << 20);
    enum status status = ledger_walk(world_log(&world, member), &arena, find_seq, &seq);
    arena_fini(&arena);
    return status == STATUS_NOT_FOUND;
}

static void compact_by_awards(const char *member)
{
    uint64_t before = archived();
    while (archived() == before) {
        (void)world_award(&world, member, 100);
        pause_over();
    }
}

// What is older than the horizon goes, and only that: the last retry that may still come finds its
// answer.
static void only_what_nobody_may_ask_goes(void **state)
{
    (void)state;
    struct world_answer first;
    struct world_answer again;
    const char *id = world_id(&world);
    const char *text = world_award_text(&world, id, "anna", 100);
    world_call(&world.daemons[0], TILL, "PointsService/Award", text, &first);
    for (int i = 0; i < 20; i++) {
        (void)world_award(&world, "anna", 100);
    }
    pause_over();
    world.now_ms += LIMIT_HORIZON_MS - 20000 - COMPACT_PAUSE_MS;
    world_pass(&world, 10000);
    compact_by_awards("anna");
    assert_true(is_kept("anna", 2));
    world_call(&world.daemons[0], TILL, "PointsService/Award", text, &again);
    assert_string_equal(world_end(&again), "REPLAYED");
    assert_memory_equal(first.payload.data, again.payload.data, again.payload.len);
    world_pass(&world, 20000);
    world_call(&world.daemons[0], TILL, "PointsService/Award", text, &again);
    assert_string_equal(world_end(&again), "TOO_OLD");
    world.now_ms += 2 * DAY_MS;
    world_pass(&world, LIMIT_LEASE_READ_MS);
    assert_true(is_kept("anna", 2));
    compact_by_awards("anna");
    assert_false(is_kept("anna", 2));
    assert_true(is_kept("anna", world_member(&world.daemons[0], "anna")->seq));
}

// --- what goes wrong ---

static void a_failure_is_said_once_and_tried_again(void **state)
{
    (void)state;
    grow("anna");
    for (int i = 0; i < 6; i++) {
        world.now_ms += COMPACT_PAUSE_MS;
        timers_run(&world.daemons[0].timers);
        if (i % 2 == 1) {
            (void)memory_step(world.daemons[0].store); // the load is good, the write is not
        }
        memory_fail_next(world.daemons[0].store, MEMORY_FAULT_BEFORE);
        (void)memory_step(world.daemons[0].store);
        memory_fail_next(world.daemons[0].store, MEMORY_FAULT_NONE);
        world_run(&world);
        assert_int_equal(archived(), 0);
        (void)world_award(&world, "anna", 100);
    }
    assert_int_equal(log_capture_count("compaction-failed"), 1);
    pause_over();
    assert_true(archived() > 0);
    while (log_capture_count("compaction-failed") == 1) {
        (void)world_award(&world, "anna", 100);
        world.now_ms += COMPACT_PAUSE_MS;
        timers_run(&world.daemons[0].timers);
        memory_fail_next(world.daemons[0].store, MEMORY_FAULT_BEFORE);
        (void)memory_step(world.daemons[0].store); // said again, for it had been well meanwhile
        memory_fail_next(world.daemons[0].store, MEMORY_FAULT_NONE);
    }
}

// It was done, but the daemon was not told: nothing is lost by that.
static void a_lost_answer_does_no_harm(void **state)
{
    (void)state;
    grow("anna");
    int64_t balance = world_member(&world.daemons[0], "anna")->standing->balance;
    world.now_ms += COMPACT_PAUSE_MS;
    timers_run(&world.daemons[0].timers);
    (void)memory_step(world.daemons[0].store);
    memory_fail_next(world.daemons[0].store, MEMORY_FAULT_LOST_REPLY);
    (void)memory_step(world.daemons[0].store);
    assert_true(archived() > 0);
    assert_int_equal(world_member(&world.daemons[0], "anna")->standing->balance, balance);
    assert_int_equal(world_award(&world, "anna", 100)->standing->balance, balance + 1);
    assert_int_equal(world_award(&world, "anna", 100)->standing->balance, balance + 2);
}

// Appends that are out while the log is compacted land behind the snapshot.
static void appends_in_flight_land(void **state)
{
    (void)state;
    struct world_answer answers[4];
    grow("anna");
    int64_t balance = world_member(&world.daemons[0], "anna")->standing->balance;
    (void)world_member(&world.daemons[1], "anna");
    world.now_ms += COMPACT_PAUSE_MS;
    memory_set_now(world.daemons[0].store, world.now_ms);
    timers_run(&world.daemons[0].timers);
    (void)memory_step(world.daemons[0].store); // the load; the write waits
    for (size_t i = 0; i < 4; i++) {
        world_ask(&world.daemons[i % 2], TILL, "PointsService/Award",
                  world_award_text(&world, world_id(&world), "anna", 100), &answers[i]);
    }
    (void)memory_step(world.daemons[1].store);
    world_run(&world);
    world_pass(&world, 1000);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(world_end(&answers[i]), "OK");
    }
    assert_true(archived() > 0);
    int64_t found = 0;
    (void)world_verify(&world, "anna", &found);
    assert_int_equal(found, balance + 4);
}

// A clock that is fast, noticed or not, drops nothing that may still be asked for.
static void a_false_clock_drops_nothing(void **state)
{
    (void)state;
    for (int noticed = 0; noticed < 2; noticed++) {
        const char *member = world_text(&world, "m-%d", noticed);
        world_enroll(&world, member);
        grow(member);
        uint64_t before = archived();
        world.daemons[0].clock_offset_ms = 500 * DAY_MS;
        if (noticed == 1) {
            service_kick(world.daemons[0].service); // its head is asked before the log
        }
        pause_over();
        assert_true(archived() > before);
        for (uint64_t seq = 1; seq <= 4; seq++) {
            assert_true(is_kept(member, seq));
        }
        world.daemons[0].clock_offset_ms = 0;
        world_pass(&world, LIMIT_LEASE_READ_MS);
    }
}

// A damaged log is neither archived nor replaced.
static void a_damaged_log_stays_as_it_is(void **state)
{
    (void)state;
    grow("anna");
    struct store_account place = world_place("anna");
    struct span log = world_log(&world, "anna");
    uint8_t *bad = arena_alloc(&world.arena, log.len);
    memcpy(bad, log.data, log.len);
    bad[log.len / 3] ^= 1;
    memory_plant(world.daemons[0].store, &place, span_of(bad, log.len));
    pause_over();
    assert_int_equal(archived(), 0);
    assert_int_equal(log_capture_count("compaction-failed step=build"), 1);
    assert_memory_equal(world_log(&world, "anna").data, bad, log.len);
}

static void the_end_at_every_step(void **state)
{
    (void)state;
    for (int steps = 0; steps < 4; steps++) {
        grow("anna");
        (void)world_award(&world, "anna", 100);
        if (steps > 0) {
            world.now_ms += COMPACT_PAUSE_MS;
            timers_run(&world.daemons[0].timers);
        }
        for (int i = 1; i < steps; i++) {
            (void)memory_step(world.daemons[0].store);
        }
        service_world_restart(&world.daemons[0]);
        assert_int_equal(log_capture_count("compaction-failed"), 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_begins_past_the_bound_after_a_pause),
        TEST(it_waits_for_the_double),
        TEST(who_knows_of_it_asks_nothing),
        TEST(its_own_work_is_known),
        TEST(a_few_at_once),
        TEST(retries_cannot_tell),
        TEST(only_what_nobody_may_ask_goes),
        TEST(a_failure_is_said_once_and_tried_again),
        TEST(a_lost_answer_does_no_harm),
        TEST(appends_in_flight_land),
        TEST(a_false_clock_drops_nothing),
        TEST(a_damaged_log_stays_as_it_is),
        TEST(the_end_at_every_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
