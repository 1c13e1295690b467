// The right to act: no daemon writes under stale rules, with a false clock, or to a store that is
// not the one it knew.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "loyalty/v1/programs.pb-c.h"
#include "store/memory_world.h"
#include "support/club.h"
#include "support/service_world.h"

#define TILL "pos/store-1/till-1"
#define PROGRAM "ProgramsService/PublishProgram"

static void award(struct world_daemon *daemon, const char *member, struct world_answer *answer)
{
    world_call(daemon, TILL, "PointsService/Award",
               world_award_text(daemon->world, world_id(daemon->world), member, 10000), answer);
}

static void assert_ends(const struct world_answer *answer, const char *end)
{
    if (strcmp(world_end(answer), end) != 0) {
        fail_msg("ended in %s, not %s", world_end(answer), end);
    }
}

static uint32_t version_of(const struct world_answer *answer)
{
    assert_ends(answer, "OK");
    return ((const Loyalty__V1__AwardResponse *)answer->reply)->program_version;
}

static void set_now(struct service_world *world, int64_t now_ms)
{
    world->now_ms = now_ms;
    memory_set_now(world->daemons[0].store, now_ms);
}

// Time passes while this daemon's reads of the head fail; whatever else it asks is answered.
static void pass_without_head(struct world_daemon *daemon, int64_t ms)
{
    int64_t until_ms = daemon->world->now_ms + ms;
    while (daemon->world->now_ms < until_ms) {
        int64_t left_ms = until_ms - daemon->world->now_ms;
        set_now(daemon->world, daemon->world->now_ms + (left_ms < 50 ? left_ms : 50));
        timers_run(&daemon->timers);
        memory_fail_next(daemon->store, MEMORY_FAULT_BEFORE);
        (void)memory_step(daemon->store);
        memory_fail_next(daemon->store, MEMORY_FAULT_NONE);
    }
}

static const char *publish_text(struct service_world *world, const char *etag, int64_t from_ms,
                                const char *extra)
{
    return world_text(world, "{%s, \"program\": %s, \"effective_from\": \"%s\", \"etag\": \"%s\"}",
                      world_mutation(world, world_id(world)), service_world_program(world, extra),
                      world_instant(world, from_ms), etag);
}

static const char *etag_of(struct world_daemon *daemon)
{
    struct world_answer answer;
    world_call(daemon, "admin/hq", "ProgramsService/GetProgram", "{}", &answer);
    assert_ends(&answer, "OK");
    return ((const Loyalty__V1__GetProgramResponse *)answer.reply)->etag;
}

// Version 2, in force at `from_ms`: a day late at most.
static void publish_second(struct world_daemon *daemon, int64_t from_ms)
{
    struct world_answer answer;
    world_call(
        daemon, "admin/hq", PROGRAM,
        publish_text(daemon->world, etag_of(daemon), from_ms, ", \"late_days\": {\"days\": 1}"),
        &answer);
    assert_ends(&answer, "OK");
}

// --- its end ---

static void it_ends_after_twenty_seconds(void **state)
{
    (void)state;
    struct service_world world;
    struct world_answer answer;
    service_world_open(&world, 1);
    struct world_daemon *daemon = &world.daemons[0];
    world_enroll(&world, "anna");
    world_pass(&world, LIMIT_LEASE_READ_MS);
    pass_without_head(daemon, LIMIT_LEASE_MS);
    award(daemon, "anna", &answer); // a head waits before it, and would be read
    assert_ends(&answer, "OK");
    world_pass(&world, LIMIT_LEASE_READ_MS);
    pass_without_head(daemon, LIMIT_LEASE_MS + 1);
    world_ask(daemon, TILL, "PointsService/Award",
              world_award_text(&world, world_id(&world), "anna", 10000), &answer);
    assert_ends(&answer, "NO_LEASE");
    assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_UNAVAILABLE);
    world_ask(daemon, TILL, "MembersService/GetMember", world_member_text(&world, "anna"), &answer);
    assert_ends(&answer, "NO_LEASE");
    world_pass(&world, 200);
    award(daemon, "anna", &answer);
    assert_ends(&answer, "OK");
    service_world_fini(&world);
}

// Sent in good time, it reaches the store when the lease is over, though the request's time is not.
static void an_append_does_not_outlive_it(void **state)
{
    (void)state;
    for (int64_t late_ms = 0; late_ms < 2; late_ms++) {
        struct service_world world;
        struct world_answer answer;
        service_world_open(&world, 1);
        struct world_daemon *daemon = &world.daemons[0];
        world_enroll(&world, "anna");
        (void)world_award(&world, "anna", 10000);
        world_pass(&world, LIMIT_LEASE_READ_MS);
        pass_without_head(daemon, 15000);
        while (memory_step(daemon->store)) {
            fail_msg("nothing is to wait");
        }
        world_ask(daemon, TILL, "PointsService/Award",
                  world_award_text(&world, world_id(&world), "anna", 10000), &answer);
        set_now(&world, world.now_ms + 5000 + late_ms);
        (void)memory_step(daemon->store);
        assert_ends(&answer, late_ms == 0 ? "OK" : "EXPIRED");
        int64_t balance = 0;
        assert_int_equal(world_verify(&world, "anna", &balance), late_ms == 0 ? 3 : 2);
        service_world_fini(&world);
    }
}

// A head that was long on its way tells the store's time of the reading, not of the asking: what is
// allowed by it is not allowed for longer.
static void a_slow_head_gives_no_extra_time(void **state)
{
    (void)state;
    struct service_world world;
    struct world_answer answer;
    service_world_open(&world, 1);
    struct world_daemon *daemon = &world.daemons[0];
    world_enroll(&world, "anna");
    (void)world_award(&world, "anna", 10000);
    service_kick(daemon->service);
    daemon->cut = true;
    world_pass(&world, 1500);
    daemon->cut = false;
    world_run(&world);
    world_ask(daemon, TILL, "PointsService/Award",
              world_award_text(&world, world_id(&world), "anna", 10000), &answer);
    daemon->cut = true;
    world_pass(&world, LIMIT_REQUEST_MS + 1);
    assert_ends(&answer, "OUTCOME_UNKNOWN");
    daemon->cut = false;
    world_run(&world);
    int64_t balance = 0;
    assert_int_equal(world_verify(&world, "anna", &balance), 2);
    service_world_fini(&world);
}

// A daemon that hears nothing while another publishes: what it has sent does not land once the new
// version is in force, and it begins nothing more.
static void cut_off_during_a_publish(void **state)
{
    (void)state;
    struct service_world world;
    struct world_answer stuck;
    struct world_answer later;
    service_world_open(&world, 2);
    struct world_daemon *a = &world.daemons[0];
    struct world_daemon *b = &world.daemons[1];
    world_enroll(&world, "anna");
    (void)world_member(b, "anna");
    b->cut = true;
    world_ask(b, TILL, "PointsService/Award",
              world_award_text(&world, world_id(&world), "anna", 10000), &stuck);
    int64_t from_ms = world.now_ms + LIMIT_PUBLISH_LEAD_MS + 500;
    publish_second(a, from_ms);
    world_pass(&world, from_ms - world.now_ms);
    world_ask(b, TILL, "PointsService/Award",
              world_award_text(&world, world_id(&world), "anna", 10000), &later);
    assert_ends(&later, "NO_LEASE");
    b->cut = false;
    world_run(&world);
    int64_t balance = 0;
    assert_int_equal(world_verify(&world, "anna", &balance), 1);
    assert_ends(&stuck, "OUTCOME_UNKNOWN");
    award(b, "anna", &later);
    assert_int_equal(version_of(&later), 2);
    service_world_fini(&world);
}

// The publisher is the one cut off: a version lands a minute ahead or never.
static void a_publish_that_is_late_never_lands(void **state)
{
    (void)state;
    struct service_world world;
    struct world_answer answer;
    service_world_open(&world, 2);
    struct world_daemon *a = &world.daemons[0];
    int64_t from_ms = world.now_ms + LIMIT_PUBLISH_LEAD_MS + 500;
    world_ask(a, "admin/hq", PROGRAM,
              publish_text(&world, etag_of(a), from_ms, ", \"late_days\": {\"days\": 1}"), &answer);
    (void)memory_step(a->store); // the head: the append is on its way
    set_now(&world, world.now_ms + 501);
    world_run(&world);
    assert_ends(&answer, "EXPIRED");
    world_pass(&world, INT64_C(2) * LIMIT_PUBLISH_LEAD_MS);
    world_call(a, "admin/hq", "ProgramsService/GetProgram", "{}", &answer);
    assert_int_equal(((Loyalty__V1__GetProgramResponse *)answer.reply)->n_versions, 1);
    service_world_fini(&world);
}

// --- versions ---

// Both daemons change over at the very same instant, without hearing of it then.
static void two_daemons_switch_at_one_instant(void **state)
{
    (void)state;
    struct service_world world;
    service_world_open(&world, 2);
    world_enroll(&world, "anna");
    world_enroll(&world, "bert");
    int64_t from_ms = world.now_ms + 90000;
    publish_second(&world.daemons[0], from_ms);
    world_pass(&world, from_ms - 1 - world.now_ms);
    for (int64_t at_ms = from_ms - 1; at_ms <= from_ms; at_ms++) {
        set_now(&world, at_ms);
        for (size_t i = 0; i < 2; i++) {
            struct world_answer answers[2];
            award(&world.daemons[i], "anna", &answers[0]);
            award(&world.daemons[i], "bert", &answers[1]);
            assert_int_equal(version_of(&answers[0]), at_ms < from_ms ? 1 : 2);
            assert_int_equal(version_of(&answers[1]), at_ms < from_ms ? 1 : 2);
        }
    }
    service_world_fini(&world);
}

// --- clocks ---

static void nothing_written(struct service_world *world)
{
    int64_t balance = 0;
    assert_int_equal(world_verify(world, "anna", &balance), 1);
    assert_int_equal(world_log(world, "newcomer").len, 0);
    assert_int_equal(memory_event_count(world->daemons[0].store, LIMIT_PARTITIONS), 1);
}

static void a_false_clock_writes_nothing(int64_t offset_ms)
{
    struct service_world world;
    struct world_answer answer;
    service_world_open(&world, 2);
    world_enroll(&world, "anna");
    struct world_daemon *daemon = &world.daemons[1];
    const char *etag = etag_of(daemon);
    daemon->clock_offset_ms = offset_ms;
    for (int read = 0; read < 2; read++) {
        // It is known before a head is read.
        world_pass(&world, read == 0 ? 0 : LIMIT_LEASE_READ_MS);
        award(daemon, "anna", &answer);
        assert_ends(&answer, "CLOCK_SKEW");
        world_call(daemon, "backend/crm", "MembersService/Enroll",
                   world_enroll_text(&world, world_id(&world), "newcomer", "4711"), &answer);
        assert_ends(&answer, "CLOCK_SKEW");
        world_call(daemon, "admin/hq", PROGRAM,
                   publish_text(&world, etag, world.now_ms + 3600000, ""), &answer);
        assert_ends(&answer, "CLOCK_SKEW");
        // What writes nothing is still answered.
        world_call(daemon, TILL, "PointsService/Quote",
                   "{\"member\": {\"member_id\": \"anna\"}, \"sale\": {\"currency\": \"CNY\"}}",
                   &answer);
        assert_true(strcmp(world_end(&answer), "CLOCK_SKEW") != 0);
        (void)world_member(daemon, "anna");
        nothing_written(&world);
    }
    daemon->clock_offset_ms = 0;
    world_pass(&world, LIMIT_LEASE_READ_MS);
    award(daemon, "anna", &answer);
    assert_ends(&answer, "OK");
    service_world_fini(&world);
}

static void a_clock_ten_minutes_fast(void **state)
{
    (void)state;
    a_false_clock_writes_nothing(600000);
    a_false_clock_writes_nothing(LIMIT_CLOCK_AHEAD_MS + 1);
}

static void a_clock_ten_minutes_slow(void **state)
{
    (void)state;
    a_false_clock_writes_nothing(-600000);
}

static void two_seconds_are_forgiven(void **state)
{
    (void)state;
    struct service_world world;
    struct world_answer answer;
    service_world_open(&world, 2);
    world_enroll(&world, "anna");
    for (int64_t offset_ms = -LIMIT_CLOCK_AHEAD_MS; offset_ms <= LIMIT_CLOCK_AHEAD_MS;
         offset_ms += LIMIT_CLOCK_AHEAD_MS) {
        world.daemons[1].clock_offset_ms = offset_ms;
        world_pass(&world, LIMIT_LEASE_READ_MS);
        award(&world.daemons[1], "anna", &answer);
        assert_ends(&answer, "OK");
    }
    service_world_fini(&world);
}

// Time never runs back in an account, whoever's clock is behind.
static void time_does_not_run_back(void **state)
{
    (void)state;
    struct service_world world;
    struct world_answer answer;
    service_world_open(&world, 2);
    world_enroll(&world, "anna");
    world.daemons[0].clock_offset_ms = 1500;
    world.daemons[1].clock_offset_ms = -1500;
    award(&world.daemons[0], "anna", &answer);
    const Google__Protobuf__Timestamp first =
        *((Loyalty__V1__AwardResponse *)answer.reply)->recorded_at;
    award(&world.daemons[1], "anna", &answer);
    assert_ends(&answer, "OK");
    const Google__Protobuf__Timestamp *second =
        ((Loyalty__V1__AwardResponse *)answer.reply)->recorded_at;
    assert_int_equal(first.seconds, second->seconds);
    assert_int_equal(first.nanos, second->nanos);
    service_world_fini(&world);
}

// --- a store that is not the one it was ---

static void partitions_that_vanish(void **state)
{
    (void)state;
    struct service_world world;
    struct world_answer answer;
    service_world_open(&world, 1);
    world_enroll(&world, "anna");
    struct memory_world *memory = memory_world_of(world.daemons[0].store);
    for (uint32_t found = 0; found < 5; found += 4) {
        memory->partition_count = found;
        world_pass(&world, LIMIT_LEASE_READ_MS);
        award(&world.daemons[0], "anna", &answer);
        assert_ends(&answer, "NO_LEASE");
        world_call(&world.daemons[0], TILL, "MembersService/GetMember",
                   "{\"member\": {\"identifier\": {\"kind\": \"PHONE\", \"value\": \"+4912345\"}}}",
                   &answer);
        assert_ends(&answer, "NO_LEASE");
        assert_int_equal(memory->partition_count, found); // it is not made anew
    }
    memory->partition_count = WORLD_PARTITIONS;
    world_pass(&world, LIMIT_LEASE_READ_MS);
    award(&world.daemons[0], "anna", &answer);
    assert_ends(&answer, "OK");
    service_world_fini(&world);
}

static const struct store_account program_log = {
    .meta = true, .id = {.data = (const uint8_t *)"program", .len = 7}};

static void a_program_that_vanishes(void **state)
{
    (void)state;
    struct service_world world;
    struct world_answer answer;
    service_world_open(&world, 1);
    world_enroll(&world, "anna");
    struct store *store = world.daemons[0].store;
    memory_plant(store, &program_log, (struct span){0});
    world_pass(&world, LIMIT_LEASE_READ_MS);
    award(&world.daemons[0], "anna", &answer);
    assert_ends(&answer, "NO_PROGRAM");
    world_call(&world.daemons[0], TILL, "MembersService/GetMember",
               world_member_text(&world, "anna"), &answer);
    assert_ends(&answer, "NO_PROGRAM");
    service_world_publish(&world);
    award(&world.daemons[0], "anna", &answer);
    assert_ends(&answer, "OK");
    service_world_fini(&world);
}

// Plants what `type` says behind the program's log, well chained; then takes it away again.
static void with_planted_record(uint8_t type, const char *end)
{
    struct service_world world;
    struct world_answer answer;
    service_world_open(&world, 1);
    world_enroll(&world, "anna");
    struct store *store = world.daemons[0].store;
    struct span log = memory_log(store, &program_log);
    struct span good;
    struct span bad;
    assert_int_equal(arena_copy(&world.arena, log, &good), STATUS_OK);
    uint8_t stored[] = {2, type, 0};
    uint8_t hash[CHAIN_HASH_BYTES];
    struct buffer bytes;
    buffer_init(&bytes, 0);
    club_chain_hash(good.data + good.len - CHAIN_HASH_BYTES, span_of(stored, sizeof(stored)), hash);
    assert_int_equal(buffer_append(&bytes, good), STATUS_OK);
    assert_int_equal(buffer_append(&bytes, span_of(stored, sizeof(stored))), STATUS_OK);
    assert_int_equal(buffer_append(&bytes, span_of(hash, sizeof(hash))), STATUS_OK);
    bad = buffer_span(&bytes);
    memory_plant(store, &program_log, bad);
    world_pass(&world, LIMIT_LEASE_READ_MS);
    award(&world.daemons[0], "anna", &answer);
    assert_ends(&answer, end);
    memory_plant(store, &program_log, good);
    world_pass(&world, INT64_C(2) * LIMIT_LEASE_READ_MS);
    award(&world.daemons[0], "anna", &answer);
    assert_ends(&answer, "OK");
    buffer_fini(&bytes);
    service_world_fini(&world);
}

static void a_program_of_a_newer_daemon(void **state)
{
    (void)state;
    with_planted_record(200, "UNKNOWN_FORMAT");
    with_planted_record(RECORD_PUBLISHED, "UNKNOWN_FORMAT");
}

// A store that is not there when the daemon starts.
static void a_store_that_comes_later(void **state)
{
    (void)state;
    struct service_world world;
    struct world_answer answer;
    service_world_open(&world, 1);
    world_enroll(&world, "anna");
    struct world_daemon *late = &world.daemons[0];
    service_world_restart_apart(late);
    world_ask(late, TILL, "MembersService/GetMember", world_member_text(&world, "anna"), &answer);
    assert_ends(&answer, "NO_LEASE");
    memory_fail_next(late->store, MEMORY_FAULT_BEFORE);
    world_run(&world);
    world_ask(late, TILL, "MembersService/GetMember", world_member_text(&world, "anna"), &answer);
    assert_ends(&answer, "NO_LEASE");
    world_pass(&world, 200);
    award(late, "anna", &answer);
    assert_ends(&answer, "OK");
    service_world_fini(&world);
}

int main(void)
{
    log_set_level(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_ends_after_twenty_seconds),
        cmocka_unit_test(an_append_does_not_outlive_it),
        cmocka_unit_test(a_slow_head_gives_no_extra_time),
        cmocka_unit_test(cut_off_during_a_publish),
        cmocka_unit_test(a_publish_that_is_late_never_lands),
        cmocka_unit_test(two_daemons_switch_at_one_instant),
        cmocka_unit_test(a_clock_ten_minutes_fast),
        cmocka_unit_test(a_clock_ten_minutes_slow),
        cmocka_unit_test(two_seconds_are_forgiven),
        cmocka_unit_test(time_does_not_run_back),
        cmocka_unit_test(partitions_that_vanish),
        cmocka_unit_test(a_program_that_vanishes),
        cmocka_unit_test(a_program_of_a_newer_daemon),
        cmocka_unit_test(a_store_that_comes_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
