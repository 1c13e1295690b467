// VerifyAccounts: sums over sound accounts, and every planted fault named with its account and
// record.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "core/record.h"
#include "loyalty/v1/admin.pb-c.h"
#include "service/bounds.h"
#include "support/service_world.h"

#define VERIFY "AdminService/VerifyAccounts"

static struct service_world world;

static int open_world(void **state)
{
    (void)state;
    service_world_open(&world, 1);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

static const Loyalty__V1__VerifyAccountsResponse *verify(const char *text)
{
    struct world_answer answer;
    world_call(&world.daemons[0], "job/nightly", VERIFY, text, &answer);
    assert_string_equal(world_end(&answer), "OK");
    return (const Loyalty__V1__VerifyAccountsResponse *)answer.reply;
}

static const Loyalty__V1__VerifyAccountsResponse *verify_member(const char *member)
{
    return verify(world_member_text(&world, member));
}

struct sums {
    uint64_t accounts;
    uint64_t records;
    int64_t balance;
    int64_t awarded;
    int64_t score;
    uint64_t faults;
    uint32_t answers;
};

// Every partition to its end.
static struct sums verify_all(void)
{
    struct sums sums = {0};
    for (uint32_t partition = 0; partition < WORLD_PARTITIONS; partition++) {
        uint64_t cursor = 0;
        do {
            const Loyalty__V1__VerifyAccountsResponse *page =
                verify(world_text(&world, "{\"partition\": %u, \"cursor\": \"%llu\"}", partition,
                                  (unsigned long long)cursor));
            assert_int_equal(page->partitions, WORLD_PARTITIONS);
            sums.accounts += page->accounts;
            sums.records += page->records;
            sums.balance += page->balance;
            sums.awarded += page->points_awarded;
            sums.score += page->score_given;
            sums.faults += page->n_faults;
            sums.answers++;
            cursor = page->next_cursor;
        } while (cursor != 0);
    }
    return sums;
}

static void sums_are_over_all_accounts(void **state)
{
    (void)state;
    enum { MEMBERS = 1000 };
    for (int i = 0; i < MEMBERS; i++) {
        const char *member = world_text(&world, "m-%d", i);
        world_enroll(&world, member);
        if (i % 2 == 0) {
            (void)world_award(&world, member, 100 * (int64_t)i);
        }
    }
    struct sums sums = verify_all();
    assert_int_equal(sums.accounts, MEMBERS);
    assert_int_equal(sums.records, MEMBERS + MEMBERS / 2);
    assert_int_equal(sums.faults, 0);
    int64_t expected = 0;
    for (int i = 0; i < MEMBERS; i += 2) {
        expected += i;
    }
    assert_int_equal(sums.awarded, expected);
    assert_int_equal(sums.score, expected);
    assert_int_equal(sums.balance, expected);
    assert_true(sums.answers > WORLD_PARTITIONS);
    world.now_ms += 500 * INT64_C(86400000); // all points have ended, though nobody wrote it
    world_pass(&world, LIMIT_LEASE_READ_MS);
    sums = verify_all();
    assert_int_equal(sums.balance, 0);
    assert_int_equal(sums.awarded, expected);
    assert_int_equal(sums.records, MEMBERS + MEMBERS / 2);
}

static const char *damaged_member(void)
{
    world_enroll(&world, "anna");
    for (int i = 0; i < 4; i++) {
        (void)world_award(&world, "anna", 10000);
    }
    return "anna";
}

// Number of the record, counted from 1, that the byte at `offset` belongs to.
static uint64_t record_at(struct span log, size_t offset)
{
    struct record_cursor cursor = {.rest = log};
    struct record_place place;
    uint64_t number = 0;
    while (record_next(&cursor, &place) == STATUS_OK) {
        number++;
        if (offset < log.len - cursor.rest.len) {
            return number;
        }
    }
    return 0;
}

// Every byte of a log, flipped one at a time: found, and the record named is the one it is in.
static void every_flipped_byte_is_found(void **state)
{
    (void)state;
    const char *member = damaged_member();
    struct store_account place = world_place(member);
    struct span log;
    assert_int_equal(arena_copy(&world.arena, world_log(&world, member), &log), STATUS_OK);
    uint8_t *bad = arena_alloc(&world.arena, log.len);
    for (size_t i = 0; i < log.len; i++) {
        memcpy(bad, log.data, log.len);
        bad[i] ^= (uint8_t)(1 << i % 8);
        memory_plant(world.daemons[0].store, &place, span_of(bad, log.len));
        const Loyalty__V1__VerifyAccountsResponse *found = verify_member(member);
        assert_int_equal(found->n_faults, 1);
        assert_string_equal(found->faults[0]->member_id, member);
        assert_int_equal(found->faults[0]->record, record_at(log, i));
        assert_true(strlen(found->faults[0]->what) > 10);
        assert_int_equal(found->accounts, 0);
    }
    memory_plant(world.daemons[0].store, &place, log);
    assert_int_equal(verify_member(member)->n_faults, 0);
}

// The same in a snapshot, which the chain alone could not vouch for.
static void in_a_snapshot_too(void **state)
{
    (void)state;
    const char *member = damaged_member();
    struct store_account place = world_place(member);
    world_compact_now(&world, member, 0);
    (void)world_award(&world, member, 10000);
    struct span log;
    assert_int_equal(arena_copy(&world.arena, world_log(&world, member), &log), STATUS_OK);
    uint8_t *bad = arena_alloc(&world.arena, log.len);
    for (size_t i = 0; i < log.len; i++) {
        memcpy(bad, log.data, log.len);
        bad[i] ^= (uint8_t)(1 << i % 8);
        memory_plant(world.daemons[0].store, &place, span_of(bad, log.len));
        const Loyalty__V1__VerifyAccountsResponse *found = verify_member(member);
        assert_int_equal(found->n_faults, 1);
    }
    memory_plant(world.daemons[0].store, &place, log);
    assert_int_equal(verify_member(member)->accounts, 1);
}

// A damaged account is refused to everybody, and nothing is added to it; the others are served.
static void a_damaged_account_is_refused(void **state)
{
    (void)state;
    struct world_answer answer;
    const char *member = damaged_member();
    world_enroll(&world, "bert");
    struct store_account place = world_place(member);
    struct span log = world_log(&world, member);
    uint8_t *bad = arena_alloc(&world.arena, log.len);
    memcpy(bad, log.data, log.len);
    bad[log.len / 2] ^= 0x10;
    memory_plant(world.daemons[0].store, &place, span_of(bad, log.len));
    accounts_forget(world.daemons[0].service->accounts);
    for (int i = 0; i < 2; i++) {
        world_call(&world.daemons[0], "pos/store-1/till-1", "PointsService/Award",
                   world_award_text(&world, world_id(&world), member, 100), &answer);
        assert_string_equal(world_end(&answer), "LOG_BROKEN");
        assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_DATA_LOSS);
        world_call(&world.daemons[0], "backend/app", "MembersService/GetMember",
                   world_member_text(&world, member), &answer);
        assert_string_equal(world_end(&answer), "LOG_BROKEN");
    }
    assert_int_equal(world_log(&world, member).len, log.len);
    assert_int_equal(world_award(&world, "bert", 100)->points, 1);
    struct sums sums = verify_all();
    assert_int_equal(sums.faults, 1);
    assert_int_equal(sums.accounts, 1);
}

// A log under the wrong name, and a foreign partition's.
static void a_log_in_the_wrong_place_is_found(void **state)
{
    (void)state;
    const char *member = damaged_member();
    struct store_account place = world_place("impostor");
    struct span log;
    assert_int_equal(arena_copy(&world.arena, world_log(&world, member), &log), STATUS_OK);
    memory_plant(world.daemons[0].store, &place, log);
    const Loyalty__V1__VerifyAccountsResponse *found = verify_member("impostor");
    assert_int_equal(found->n_faults, 1);
    assert_int_equal(found->faults[0]->record, 1);
}

// More faults than one answer tells: it tells as many as it may.
static void very_many_faults_fit(void **state)
{
    (void)state;
    uint64_t told = 0;
    enum { MEMBERS = 8 * SERVICE_VERIFY_FAULTS };
    for (int i = 0; i < MEMBERS; i++) {
        const char *member = world_text(&world, "m-%060d", i);
        world_enroll(&world, member);
        struct store_account place = world_place(member);
        struct span log;
        assert_int_equal(arena_copy(&world.arena, world_log(&world, member), &log), STATUS_OK);
        memory_plant(world.daemons[0].store, &place, span_of(log.data, log.len - 1));
    }
    told = verify_all().faults;
    assert_int_equal(told, MEMBERS);
}

// Of the member's partition; as the index is compared there, or of the member alone.
static const Loyalty__V1__VerifyAccountsResponse *verify_index(const char *member)
{
    return verify(
        world_text(&world, "{\"index\": true, \"partition\": %u}", world_place(member).partition));
}

static const Loyalty__V1__VerifyAccountsResponse *verify_index_of(const char *member)
{
    return verify(
        world_text(&world, "{\"index\": true, \"member\": {\"member_id\": \"%s\"}}", member));
}

static void an_index_that_differs_is_found(void **state)
{
    (void)state;
    const char *member = damaged_member(); // it is not: it has points, which end some day
    int64_t due_ms = world.now_ms + 86400000;
    assert_int_equal(verify_index(member)->n_index_faults, 0);
    assert_int_equal(verify_index_of(member)->n_index_faults, 0);
    const int64_t wrong[] = {due_ms, 0, INSTANT_NEVER};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        world_misplace(&world, member, wrong[i]);
        const Loyalty__V1__VerifyAccountsResponse *page = verify_index(member);
        assert_int_equal(page->n_faults, 0);
        assert_int_equal(page->accounts, 1);
        assert_int_equal(page->n_index_faults, 1);
        assert_string_equal(page->index_faults[0]->member_id, member);
        assert_int_equal(page->index_faults[0]->kind,
                         LOYALTY__V1__INDEX_FAULT_KIND__INDEX_FAULT_KIND_DUE);
        assert_int_equal(page->index_faults[0]->partition, world_place(member).partition);
        assert_true(page->index_faults[0]->due->seconds > world.now_ms / 1000);
        assert_int_equal(verify_index_of(member)->n_index_faults, 1);
        assert_int_equal(verify_member(member)->n_index_faults, 0); // nobody asked
    }
}

// The other way round: whose log asks for nothing, and who stands in the index with an instant.
static void who_is_never_due_is_not_due(void **state)
{
    (void)state;
    world_enroll(&world, "bert");
    assert_int_equal(verify_index("bert")->n_index_faults, 0);
    world_misplace(&world, "bert", world.now_ms + 86400000);
    assert_int_equal(verify_index("bert")->n_index_faults, 1);
    assert_null(verify_index("bert")->index_faults[0]->due);
    world_misplace(&world, "bert", INSTANT_NEVER);
    assert_int_equal(verify_index("bert")->n_index_faults, 0);
}

static void what_is_not_there(void **state)
{
    (void)state;
    struct world_answer answer;
    assert_int_equal(verify_member("nobody")->accounts, 0);
    assert_int_equal(verify_member("nobody")->n_faults, 0);
    world_call(&world.daemons[0], "admin/hq", VERIFY,
               world_text(&world, "{\"partition\": %d}", WORLD_PARTITIONS), &answer);
    assert_string_equal(world_end(&answer), "NO_SUCH_PARTITION");
}

static void a_store_that_fails_on_the_way(void **state)
{
    (void)state;
    (void)damaged_member();
    const char *text = world_text(&world, "{\"partition\": %u}", world_place("anna").partition);
    for (int steps = 0; steps < 2; steps++) {
        struct world_answer answer;
        world_ask(&world.daemons[0], "admin/hq", VERIFY, text, &answer);
        for (int i = 0; i < steps; i++) {
            (void)world_step(&world.daemons[0]);
        }
        memory_fail_next(world.daemons[0].store, MEMORY_FAULT_BEFORE);
        world_run(&world);
        assert_string_equal(world_end(&answer), "STORE_UNAVAILABLE");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    log_set_level((enum log_level)(LOG_ERROR + 1)); // broken logs are what this is about
    const struct CMUnitTest tests[] = {
        TEST(sums_are_over_all_accounts),
        TEST(every_flipped_byte_is_found),
        TEST(in_a_snapshot_too),
        TEST(a_damaged_account_is_refused),
        TEST(a_log_in_the_wrong_place_is_found),
        TEST(very_many_faults_fit),
        TEST(an_index_that_differs_is_found),
        TEST(who_is_never_due_is_not_due),
        TEST(what_is_not_there),
        TEST(a_store_that_fails_on_the_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
