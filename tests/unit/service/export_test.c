// ExportAccounts and ReadLog: every account once its partition is walked, logs byte for byte, those
// that are too long for an answer in pieces; and who may ask.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "loyalty/v1/admin.pb-c.h"
#include "service/bounds.h"
#include "support/receipts_world.h"

#define EXPORT "AdminService/ExportAccounts"
#define READ "AdminService/ReadLog"
#define ADMIN "admin/anna"

enum { MEMBERS = 300, LONG_SALES = 1500 };

static struct service_world world;

static int open_world(void **state)
{
    (void)state;
    service_world_open(&world, 1);
    return 0;
}

static int open_receipts(void **state)
{
    (void)state;
    receipts_world_open(&world, 1, "");
    world_enroll(&world, "anna");
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

static const char *ask(const char *peer, const char *method, const char *text,
                       struct world_answer *answer)
{
    world_call(&world.daemons[0], peer, method, text, answer);
    return world_end(answer);
}

static const Loyalty__V1__ExportAccountsResponse *page(uint32_t partition, uint64_t cursor,
                                                       bool all_kinds)
{
    struct world_answer answer;
    const char *text =
        world_text(&world, "{\"partition\": %u, \"cursor\": \"%llu\", \"all_kinds\": %s}",
                   partition, (unsigned long long)cursor, all_kinds ? "true" : "false");
    assert_string_equal(ask(ADMIN, EXPORT, text, &answer), "OK");
    assert_true(answer.payload.len <= LIMIT_REPLY_BYTES);
    return (const Loyalty__V1__ExportAccountsResponse *)answer.reply;
}

static const Loyalty__V1__ReadLogResponse *piece(const char *member, size_t offset)
{
    struct world_answer answer;
    const char *text = world_text(
        &world, "{\"member\": {\"member_id\": \"%s\"}, \"offset\": \"%zu\"}", member, offset);
    assert_string_equal(ask(ADMIN, READ, text, &answer), "OK");
    return (const Loyalty__V1__ReadLogResponse *)answer.reply;
}

static void assert_is_log(const Loyalty__V1__AccountLog *account)
{
    struct span log = world_log(&world, account->member_id);
    assert_int_equal(account->log_bytes, log.len);
    assert_true(span_equal(log, span_of(account->log.data, account->log.len)));
}

static void every_account_is_given_with_its_log(void **state)
{
    (void)state;
    bool seen[MEMBERS] = {false};
    for (int i = 0; i < MEMBERS; i++) {
        world_enroll(&world, world_text(&world, "m-%d", i));
    }
    size_t count = 0;
    for (uint32_t partition = 0; partition < WORLD_PARTITIONS; partition++) {
        uint64_t cursor = 0;
        do {
            const Loyalty__V1__ExportAccountsResponse *answer = page(partition, cursor, false);
            assert_int_equal(answer->partitions, WORLD_PARTITIONS);
            for (size_t i = 0; i < answer->n_accounts; i++) {
                assert_is_log(answer->accounts[i]);
                long number = strtol(answer->accounts[i]->member_id + strlen("m-"), NULL, 10);
                assert_in_range(number, 0, MEMBERS - 1);
                assert_false(seen[number]);
                seen[number] = true;
                count++;
            }
            cursor = answer->next_cursor;
        } while (cursor != 0);
    }
    assert_int_equal(count, MEMBERS);
}

// An account whose log is longer than an answer is named; ReadLog gives it in pieces.
static void a_long_log_comes_in_pieces(void **state)
{
    (void)state;
    world_enroll(&world, "anna");
    for (int i = 0; i < LONG_SALES; i++) {
        (void)world_award(&world, "anna", 10000);
    }
    struct span log;
    assert_int_equal(arena_copy(&world.arena, world_log(&world, "anna"), &log), STATUS_OK);
    assert_true(log.len > SERVICE_EXPORT_BYTES);
    struct store_account place = world_place("anna");
    const Loyalty__V1__ExportAccountsResponse *listed = page(place.partition, 0, false);
    assert_int_equal(listed->n_accounts, 1);
    assert_int_equal(listed->accounts[0]->log_bytes, log.len);
    assert_int_equal(listed->accounts[0]->log.len, 0);
    size_t at = 0;
    while (at < log.len) {
        const Loyalty__V1__ReadLogResponse *answer = piece("anna", at);
        assert_int_equal(answer->log_bytes, log.len);
        assert_int_equal(answer->offset, at);
        assert_true(answer->log.len > 0 && answer->log.len <= SERVICE_EXPORT_BYTES);
        assert_memory_equal(answer->log.data, log.data + at, answer->log.len);
        at += answer->log.len;
    }
    assert_int_equal(piece("anna", at)->log.len, 0);
}

// Logs that do not fit beside those before them are left out, whatever their place.
static void an_answer_takes_as_many_logs_as_fit(void **state)
{
    (void)state;
    enum { ACCOUNTS = 40, SALES = 200 };
    for (int i = 0; i < ACCOUNTS; i++) {
        const char *member = world_text(&world, "m-%d", i);
        world_enroll(&world, member);
        for (int sale = 0; sale < SALES; sale++) {
            (void)world_award(&world, member, 100);
        }
    }
    size_t with = 0;
    size_t without = 0;
    for (uint32_t partition = 0; partition < WORLD_PARTITIONS; partition++) {
        const Loyalty__V1__ExportAccountsResponse *answer = page(partition, 0, false);
        size_t bytes = 0;
        for (size_t i = 0; i < answer->n_accounts; i++) {
            const Loyalty__V1__AccountLog *account = answer->accounts[i];
            bytes += account->log.len;
            with += account->log.len > 0;
            without += account->log.len == 0;
            assert_int_equal(account->log_bytes, world_log(&world, account->member_id).len);
        }
        assert_true(bytes <= SERVICE_EXPORT_BYTES);
    }
    assert_int_equal(with + without, ACCOUNTS);
    assert_true(with > 0 && without > 0);
}

static void other_kinds_are_given_when_asked_for(void **state)
{
    (void)state;
    const char *sale = receipts_award(&world, world_id(&world), "anna", 10000, 7);
    assert_string_equal(receipts_call(&world, &world.daemons[0], "PointsService/Award", sale),
                        "OK");
    size_t members = 0;
    size_t others = 0;
    for (uint32_t partition = 0; partition < WORLD_PARTITIONS; partition++) {
        members += page(partition, 0, false)->n_accounts;
        const Loyalty__V1__ExportAccountsResponse *all = page(partition, 0, true);
        for (size_t i = 0; i < all->n_accounts; i++) {
            if (all->accounts[i]->member_id[0] == '@') {
                others++;
                assert_int_equal(piece(all->accounts[i]->member_id, 0)->log_bytes,
                                 all->accounts[i]->log_bytes);
            }
        }
    }
    assert_int_equal(members, 1);
    assert_int_equal(others, 1); // the terminal's day
}

static void what_is_not_there_is_said(void **state)
{
    (void)state;
    struct world_answer answer;
    world_enroll(&world, "anna");
    assert_string_equal(ask(ADMIN, READ, "{\"member\": {\"member_id\": \"nobody\"}}", &answer),
                        "UNKNOWN_MEMBER");
    assert_string_equal(ask(ADMIN, READ, "{}", &answer), "MISSING");
    const Loyalty__V1__ReadLogResponse *behind = piece("anna", 9999999);
    assert_int_equal(behind->log.len, 0);
    assert_int_equal(behind->log_bytes, world_log(&world, "anna").len);
    assert_string_equal(ask(ADMIN, EXPORT, "{\"partition\": 99}", &answer), "NO_SUCH_PARTITION");
}

static void only_admins_take_accounts_along(void **state)
{
    (void)state;
    struct world_answer answer;
    world_enroll(&world, "anna");
    const char *member = world_member_text(&world, "anna");
    assert_string_equal(ask("job/nightly", EXPORT, "{}", &answer), "ROLE_NOT_ALLOWED");
    assert_string_equal(ask("backend/crm", EXPORT, "{}", &answer), "ROLE_NOT_ALLOWED");
    assert_string_equal(ask("backend/crm", READ, member, &answer), "ROLE_NOT_ALLOWED");
    assert_string_equal(ask("job/nightly", READ, member, &answer), "OK");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_account_is_given_with_its_log, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(a_long_log_comes_in_pieces, open_world, close_world),
        cmocka_unit_test_setup_teardown(an_answer_takes_as_many_logs_as_fit, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(other_kinds_are_given_when_asked_for, open_receipts,
                                        close_world),
        cmocka_unit_test_setup_teardown(what_is_not_there_is_said, open_world, close_world),
        cmocka_unit_test_setup_teardown(only_admins_take_accounts_along, open_world, close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
