// Accounts under the service: rolled back ones are frozen, full and foreign ones refused, conflicts
// end, and a cache of two serves as well as one of thousands.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "core/ledger.h"
#include "support/club.h"
#include "support/random_club.h"
#include "support/service_world.h"

#define TILL "pos/store-1/till-1"

static uint64_t seed;
static struct service_world world;

static const char *award_of(size_t daemon, const char *id, const char *member, uint64_t min_seq,
                            struct world_answer *answer)
{
    const char *text =
        world_text(&world,
                   "{\"mutation\": {\"request_id\": \"%s\", \"created_at\": \"%s\", \"min_seq\": "
                   "\"%llu\"}, \"member\": {\"member_id\": \"%s\"}, \"sale\": {\"currency\": "
                   "\"CNY\", \"lines\": [{\"amount_minor\": 10000}]}}",
                   id, world_instant(&world, world.now_ms), (unsigned long long)min_seq, member);
    world_call(&world.daemons[daemon], TILL, "PointsService/Award", text, answer);
    return world_end(answer);
}

static struct span log_copy(const char *member)
{
    struct span copy;
    assert_int_equal(arena_copy(&world.arena, world_log(&world, member), &copy), STATUS_OK);
    return copy;
}

static void plant(const char *member, struct span log)
{
    struct store_account place = world_place(member);
    memory_plant(world.daemons[0].store, &place, log);
}

static uint64_t records_of(const char *member)
{
    int64_t balance = 0;
    return world_verify(&world, member, &balance);
}

// --- rolled back ---

// A failover lost the last records: who has seen them is told, and writes nothing.
static void a_rolled_back_account_is_frozen(void **state)
{
    (void)state;
    struct world_answer answer;
    service_world_open(&world, 3);
    world_enroll(&world, "anna");
    struct span before = log_copy("anna");
    assert_string_equal(award_of(0, world_id(&world), "anna", 0, &answer), "OK");
    struct span after = log_copy("anna");
    (void)world_member(&world.daemons[1], "anna");
    plant("anna", before);
    for (int i = 0; i < 3; i++) {
        for (size_t daemon = 0; daemon < 2; daemon++) {
            assert_string_equal(award_of(daemon, world_id(&world), "anna", 0, &answer),
                                "ROLLED_BACK");
            assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_DATA_LOSS);
            world_call(&world.daemons[daemon], TILL, "MembersService/GetMember",
                       world_member_text(&world, "anna"), &answer);
            assert_string_equal(world_end(&answer), "ROLLED_BACK");
        }
        // The third has not seen it, but the client has.
        assert_string_equal(award_of(2, world_id(&world), "anna", 2, &answer), "ROLLED_BACK");
    }
    assert_int_equal(records_of("anna"), 1);
    plant("anna", after); // what was lost came back
    for (size_t daemon = 0; daemon < 3; daemon++) {
        assert_string_equal(award_of(daemon, world_id(&world), "anna", 2, &answer), "OK");
    }
    service_world_fini(&world);
}

static void an_account_that_vanished_is_frozen(void **state)
{
    (void)state;
    struct world_answer answer;
    service_world_open(&world, 1);
    world_enroll(&world, "anna");
    plant("anna", (struct span){0});
    assert_string_equal(award_of(0, world_id(&world), "anna", 0, &answer), "ROLLED_BACK");
    world_call(&world.daemons[0], "backend/crm", "MembersService/Enroll",
               world_enroll_text(&world, world_id(&world), "anna", NULL), &answer);
    assert_string_equal(world_end(&answer), "ROLLED_BACK");
    assert_int_equal(world_log(&world, "anna").len, 0);
    service_world_fini(&world);
}

// What another daemon wrote counts, though this one's copy is older.
static void min_seq_is_asked_of_the_store(void **state)
{
    (void)state;
    struct world_answer answer;
    service_world_open(&world, 2);
    world_enroll(&world, "anna");
    (void)world_member(&world.daemons[1], "anna");
    assert_string_equal(award_of(0, world_id(&world), "anna", 0, &answer), "OK");
    assert_string_equal(award_of(1, world_id(&world), "anna", 2, &answer), "OK");
    assert_string_equal(award_of(1, world_id(&world), "anna", 4, &answer), "ROLLED_BACK");
    assert_string_equal(award_of(1, world_id(&world), "anna", UINT64_MAX, &answer), "ROLLED_BACK");
    assert_string_equal(award_of(1, world_id(&world), "anna", 3, &answer), "OK"); // no harm done
    world_enroll(&world, "bert");
    assert_int_equal(world_member(&world.daemons[1], "bert")->seq, 1); // nor to others
    assert_int_equal(records_of("anna"), 4);
    service_world_fini(&world);
}

// --- foreign and full logs ---

static void a_record_of_a_newer_daemon(void **state)
{
    (void)state;
    struct world_answer answer;
    service_world_open(&world, 1);
    world_enroll(&world, "anna");
    struct span log = log_copy("anna");
    uint8_t stored[] = {3, 200, 0xff, 0x01};
    uint8_t *newer = arena_alloc(&world.arena, log.len + sizeof(stored) + CHAIN_HASH_BYTES);
    memcpy(newer, log.data, log.len);
    memcpy(newer + log.len, stored, sizeof(stored));
    club_chain_hash(log.data + log.len - CHAIN_HASH_BYTES, span_of(stored, sizeof(stored)),
                    newer + log.len + sizeof(stored));
    plant("anna", span_of(newer, log.len + sizeof(stored) + CHAIN_HASH_BYTES));
    for (int i = 0; i < 2; i++) {
        assert_string_equal(award_of(0, world_id(&world), "anna", 0, &answer), "UNKNOWN_FORMAT");
        assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_UNAVAILABLE);
    }
    plant("anna", log);
    assert_string_equal(award_of(0, world_id(&world), "anna", 0, &answer), "OK");
    service_world_fini(&world);
}

// Fills the member's log with sales of many lines to `left_bytes` below the bound.
static void fill_log(const char *member, size_t left_bytes)
{
    struct line_share lines[LIMIT_SALE_LINES];
    struct account account;
    struct arena arena;
    struct buffer log;
    struct store_account place = world_place(member);
    account_init(&account);
    arena_init(&arena, 1 << 20);
    buffer_init(&log, 0);
    assert_int_equal(buffer_append(&log, world_log(&world, member)), STATUS_OK);
    assert_int_equal(ledger_fold(&account, buffer_span(&log), place.id, place.partition,
                                 club_chain_hash, &arena, NULL),
                     STATUS_OK);
    for (size_t i = 0; i < LIMIT_SALE_LINES; i++) {
        lines[i] = (struct line_share){.amount_minor = INT64_C(1) << 34};
    }
    struct ledger_writer writer = {.out = &log, .hash = club_chain_hash};
    while (log.len + 3000 + left_bytes < LIMIT_LOG_BYTES) {
        struct record record = {.type = RECORD_AWARDED, .at_ms = account.now_ms};
        record.awarded = (struct record_awarded){.version = 1,
                                                 .occurred_ms = account.now_ms,
                                                 .spendable_ms = account.now_ms,
                                                 .lot_ends_ms = INSTANT_NEVER,
                                                 .score_until_ms = INSTANT_NEVER,
                                                 .lines = lines,
                                                 .line_count = LIMIT_SALE_LINES};
        arena_reset(&arena);
        assert_int_equal(ledger_emit(&writer, &account, &arena, &record), STATUS_OK);
    }
    plant(member, buffer_span(&log));
    buffer_fini(&log);
    arena_fini(&arena);
    account_fini(&account);
}

// To the last byte: then it says so, keeps what it has, and is of use again once it is compacted.
static void a_full_log_says_so(void **state)
{
    (void)state;
    struct world_answer answer;
    service_world_open(&world, 1);
    world_enroll(&world, "anna");
    fill_log("anna", 200);
    const char *first = world_id(&world);
    assert_string_equal(award_of(0, first, "anna", 0, &answer), "OK");
    int awards = 1;
    while (strcmp(award_of(0, world_id(&world), "anna", 0, &answer), "OK") == 0) {
        awards++;
        assert_true(awards < 100);
    }
    assert_string_equal(world_end(&answer), "ACCOUNT_FULL");
    size_t full = world_log(&world, "anna").len;
    assert_in_range(full, LIMIT_LOG_BYTES - 200, LIMIT_LOG_BYTES);
    assert_string_equal(award_of(0, world_id(&world), "anna", 0, &answer), "ACCOUNT_FULL");
    assert_string_equal(award_of(0, first, "anna", 0, &answer), "REPLAYED");
    assert_int_equal(world_log(&world, "anna").len, full);
    world_compact_now(&world, "anna", 0); // elsewhere: this daemon's length is out of date
    assert_string_equal(award_of(0, world_id(&world), "anna", 0, &answer), "OK");
    assert_string_equal(award_of(0, first, "anna", 0, &answer), "REPLAYED");
    assert_int_equal(world_member(&world.daemons[0], "anna")->standing->balance,
                     100 * (awards + 1));
    service_world_fini(&world);
}

// --- conflicts ---

// Somebody is always faster: it is tried so often, then given up for certain.
static void conflicts_come_to_an_end(void **state)
{
    (void)state;
    struct world_answer loser;
    struct world_answer winner;
    service_world_open(&world, 2);
    world_enroll(&world, "anna");
    (void)world_member(&world.daemons[0], "anna");
    world_ask(&world.daemons[0], TILL, "PointsService/Award",
              world_award_text(&world, world_id(&world), "anna", 100), &loser);
    uint64_t wins = 0;
    while (loser.times == 0) {
        assert_string_equal(award_of(1, world_id(&world), "anna", 0, &winner), "OK");
        wins++;
        assert_true(wins <= LIMIT_CONFLICT_RETRIES + 1);
        (void)world_step(&world.daemons[0]);
        for (int ms = 0; ms < 64 && loser.times == 0; ms++) {
            world.now_ms++;
            memory_set_now(world.daemons[0].store, world.now_ms);
            timers_run(&world.daemons[0].timers);
        }
    }
    assert_string_equal(world_end(&loser), "TOO_MANY_CONFLICTS");
    assert_int_equal(loser.code, LOYALTY__V1__CODE__CODE_UNAVAILABLE);
    assert_int_equal(wins, LIMIT_CONFLICT_RETRIES + 1);
    assert_int_equal(records_of("anna"), 1 + wins);
    service_world_fini(&world);
}

// A pause after conflicts ends with the service.
static void a_pause_ends_with_the_service(void **state)
{
    (void)state;
    struct world_answer loser;
    struct world_answer winner;
    service_world_open(&world, 2);
    world_enroll(&world, "anna");
    (void)world_member(&world.daemons[0], "anna");
    world_ask(&world.daemons[0], TILL, "PointsService/Award",
              world_award_text(&world, world_id(&world), "anna", 100), &loser);
    for (int i = 0; i < 8; i++) {
        (void)award_of(1, world_id(&world), "anna", 0, &winner);
        (void)world_step(&world.daemons[0]);
    }
    assert_int_equal(loser.times, 0);
    service_world_restart(&world.daemons[0]);
    assert_string_equal(world_end(&loser), "STORE_UNAVAILABLE");
    service_world_fini(&world);
}

// --- the cache ---

static void a_cache_of_two_serves_everybody(void **state)
{
    (void)state;
    enum { MEMBERS = 30, AWARDS = 1500 };
    struct random random = random_of(seed, 0);
    int64_t expected[MEMBERS] = {0};
    const char *names[MEMBERS];
    struct world_answer answers[AWARDS];
    service_world_open(&world, 1);
    world.cache_accounts = 2;
    service_world_restart(&world.daemons[0]);
    (void)service_world_add(&world);
    for (int i = 0; i < MEMBERS; i++) {
        names[i] = world_text(&world, "m-%d", i);
        world_enroll(&world, names[i]);
    }
    for (int i = 0; i < AWARDS; i++) {
        int64_t member = random_below(&random, MEMBERS);
        world_ask(&world.daemons[random_below(&random, 2)], TILL, "PointsService/Award",
                  world_award_text(&world, world_id(&world), names[member], 100), &answers[i]);
        expected[member]++;
        for (int64_t steps = random_below(&random, 5); steps > 0; steps--) {
            (void)world_step(&world.daemons[random_below(&random, 2)]);
        }
    }
    world_pass(&world, 5000); // pauses after conflicts end
    for (int i = 0; i < AWARDS; i++) {
        assert_string_equal(world_end(&answers[i]), "OK");
    }
    for (int i = 0; i < MEMBERS; i++) {
        int64_t balance = 0;
        assert_int_equal(world_verify(&world, names[i], &balance), 1 + expected[i]);
        assert_int_equal(balance, expected[i]);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_true(accounts_cached(world.daemons[i].service->accounts) <= 2);
    }
    service_world_fini(&world);
}

// The due index holds when each account next changes by itself, whoever wrote last.
static void the_due_index_follows(void **state)
{
    (void)state;
    struct world_answer answer;
    service_world_open(&world, 2);
    world_enroll(&world, "anna");
    struct store_account place = world_place("anna");
    const struct store *store = world.daemons[0].store;
    assert_int_equal(memory_due(store, &place), INSTANT_NEVER);
    assert_string_equal(award_of(0, world_id(&world), "anna", 0, &answer), "OK");
    int64_t lot_ends_ms = memory_due(store, &place);
    const Google__Protobuf__Timestamp *ends =
        ((Loyalty__V1__AwardResponse *)answer.reply)->expires_at;
    assert_int_equal(lot_ends_ms, ends->seconds * 1000);
    assert_string_equal(award_of(1, world_id(&world), "anna", 0, &answer), "OK");
    assert_int_equal(memory_due(store, &place), lot_ends_ms);
    world_call(&world.daemons[0], TILL, "PointsService/Redeem",
               world_redeem_text(&world, world_id(&world), "anna", 200), &answer);
    assert_string_equal(world_end(&answer), "OK");
    assert_int_equal(memory_due(store, &place), INSTANT_NEVER);
    // The second daemon had left it at the lot's end, where it is to be again.
    assert_string_equal(award_of(1, world_id(&world), "anna", 0, &answer), "OK");
    assert_int_equal(memory_due(store, &place), lot_ends_ms);
    service_world_fini(&world);
}

int main(void)
{
    log_set_level((enum log_level)(LOG_ERROR + 1)); // rolled back accounts are what this is about
    seed = random_seed("accounts");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rolled_back_account_is_frozen),
        cmocka_unit_test(an_account_that_vanished_is_frozen),
        cmocka_unit_test(min_seq_is_asked_of_the_store),
        cmocka_unit_test(a_record_of_a_newer_daemon),
        cmocka_unit_test(a_full_log_says_so),
        cmocka_unit_test(conflicts_come_to_an_end),
        cmocka_unit_test(a_pause_ends_with_the_service),
        cmocka_unit_test(a_cache_of_two_serves_everybody),
        cmocka_unit_test(the_due_index_follows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
