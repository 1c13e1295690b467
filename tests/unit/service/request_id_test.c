// One id, one intent: what is a retry and what is a conflict, what the id's age decides, and what a
// client may ask about it afterwards.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "core/ledger.h"
#include "support/service_world.h"
#include "wire/uuid.h"

#define TILL "pos/store-1/till-1"

static struct service_world world;
static struct world_daemon *daemon_a;

static int open_world(void **state)
{
    (void)state;
    service_world_open(&world, 1);
    daemon_a = &world.daemons[0];
    world_enroll(&world, "anna");
    world_enroll(&world, "bert");
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

static const char *end_of(const char *peer, const char *method, const char *json,
                          struct world_answer *answer)
{
    world_call(daemon_a, peer, method, json, answer);
    return world_end(answer);
}

static const char *sale_at(const char *id, int64_t created_ms, const char *more, int64_t amount)
{
    return world_text(&world,
                      "{\"mutation\": {\"request_id\": \"%s\", \"created_at\": \"%s\"%s}, "
                      "\"member\": {\"member_id\": \"anna\"}, \"sale\": {\"currency\": \"CNY\", "
                      "\"lines\": [{\"amount_minor\": %lld}]}}",
                      id, world_instant(&world, created_ms), more, (long long)amount);
}

static int64_t balance_of(const char *member)
{
    return world_member(daemon_a, member)->standing->balance;
}

// --- what is a retry ---

static void created_at_deadline_and_min_seq_may_differ(void **state)
{
    (void)state;
    struct world_answer first;
    struct world_answer again;
    const char *id = world_id(&world);
    assert_string_equal(
        end_of(TILL, "PointsService/Award", sale_at(id, world.now_ms, "", 10000), &first), "OK");
    const char *deadline = world_text(&world, ", \"deadline\": \"%s\", \"min_seq\": 2",
                                      world_instant(&world, world.now_ms + 5000));
    assert_string_equal(end_of(TILL, "PointsService/Award",
                               sale_at(id, world.now_ms - 86400000, deadline, 10000), &again),
                        "REPLAYED");
    assert_int_equal(first.payload.len, again.payload.len);
    assert_memory_equal(first.payload.data, again.payload.data, first.payload.len);
    assert_int_equal(balance_of("anna"), 100);
}

static void another_till_with_the_same_request_is_a_retry(void **state)
{
    (void)state;
    struct world_answer first;
    struct world_answer again;
    const char *sale = sale_at(world_id(&world), world.now_ms, "", 10000);
    assert_string_equal(end_of(TILL, "PointsService/Award", sale, &first), "OK");
    assert_string_equal(end_of("pos/store-2/till-9", "PointsService/Award", sale, &again),
                        "REPLAYED");
    assert_memory_equal(first.payload.data, again.payload.data, first.payload.len);
}

static void other_content_is_a_conflict(void **state)
{
    (void)state;
    struct world_answer answer;
    const char *id = world_id(&world);
    assert_string_equal(
        end_of(TILL, "PointsService/Award", sale_at(id, world.now_ms, "", 10000), &answer), "OK");
    assert_string_equal(
        end_of(TILL, "PointsService/Award", sale_at(id, world.now_ms, "", 10001), &answer),
        "ID_CONFLICT");
    assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_ALREADY_EXISTS);
    assert_string_equal(answer.field, "mutation.request_id");
    assert_null(strstr(answer.message, "100"));
    assert_string_equal(
        end_of(TILL, "PointsService/Redeem", world_redeem_text(&world, id, "anna", 10), &answer),
        "ID_CONFLICT");
    assert_int_equal(balance_of("anna"), 100);
}

// A conflict is found in what another daemon has just written, and in a snapshot too.
static void a_conflict_is_found_wherever_the_record_is(void **state)
{
    (void)state;
    struct world_answer answer;
    struct world_daemon *daemon_b = service_world_add(&world);
    const char *id = world_id(&world);
    (void)balance_of("anna");
    world_call(daemon_b, TILL, "PointsService/Award", sale_at(id, world.now_ms, "", 10000),
               &answer);
    assert_string_equal(
        end_of(TILL, "PointsService/Award", sale_at(id, world.now_ms, "", 20000), &answer),
        "ID_CONFLICT");
    world_compact_now(&world, "anna", 0);
    assert_string_equal(
        end_of(TILL, "PointsService/Award", sale_at(id, world.now_ms, "", 20000), &answer),
        "ID_CONFLICT");
    assert_string_equal(
        end_of(TILL, "PointsService/Award", sale_at(id, world.now_ms, "", 10000), &answer),
        "REPLAYED");
}

// Scope of an id: the account. A refusal that leaves no trace leaves the id free.
static void an_id_belongs_to_its_account(void **state)
{
    (void)state;
    struct world_answer answer;
    const char *id = world_id(&world);
    assert_string_equal(
        end_of(TILL, "PointsService/Award", world_award_text(&world, id, "anna", 10000), &answer),
        "OK");
    assert_string_equal(
        end_of(TILL, "PointsService/Award", world_award_text(&world, id, "bert", 20000), &answer),
        "OK");
    const char *free_id = world_id(&world);
    const char *wrong = world_text(&world,
                                   "{%s, \"member\": {\"member_id\": \"anna\"}, \"sale\": "
                                   "{\"currency\": \"USD\"}}",
                                   world_mutation(&world, free_id));
    assert_string_equal(end_of(TILL, "PointsService/Award", wrong, &answer), "WRONG_CURRENCY");
    assert_string_equal(end_of(TILL, "PointsService/Award",
                               world_award_text(&world, free_id, "anna", 10000), &answer),
                        "OK");
    assert_int_equal(balance_of("anna"), 200);
}

// Two ids that the account's set of prints cannot tell apart.
static const char *id_of_same_print(const char *id)
{
    struct mark a = {.present = true};
    struct mark b = {.present = true};
    assert_int_equal(uuid_parse(span_of_text(id), a.id), STATUS_OK);
    uint64_t high[2];
    uint64_t low[2];
    memcpy(&high[0], a.id, sizeof(uint64_t));
    memcpy(&low[0], a.id + sizeof(uint64_t), sizeof(uint64_t));
    const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15); // of mark_print
    high[1] = high[0] + 1;
    low[1] = low[0] ^ (high[0] * factor) ^ (high[1] * factor);
    memcpy(b.id, &high[1], sizeof(uint64_t));
    memcpy(b.id + sizeof(uint64_t), &low[1], sizeof(uint64_t));
    assert_true(mark_print(&a) == mark_print(&b));
    char text[UUID_TEXT_BYTES + 1];
    uuid_format(b.id, text);
    return world_text(&world, "%s", text);
}

// The log itself decides then; and decides anew where another daemon was faster meanwhile.
static void ids_of_one_print_are_two(void **state)
{
    (void)state;
    struct world_answer answer;
    struct world_answer slow;
    struct world_daemon *daemon_b = service_world_add(&world);
    const char *id = world_id(&world);
    assert_string_equal(
        end_of(TILL, "PointsService/Award", world_award_text(&world, id, "anna", 10000), &answer),
        "OK");
    const char *twin = world_award_text(&world, id_of_same_print(id), "anna", 20000);
    world_ask(daemon_a, TILL, "PointsService/Award", twin, &slow);
    assert_true(world_step(daemon_a)); // the whole log: not in it; the append is on its way
    world_call(daemon_b, TILL, "PointsService/Award", twin, &answer);
    assert_string_equal(world_end(&answer), "OK");
    world_run(&world);
    assert_string_equal(world_end(&slow), "REPLAYED");
    assert_int_equal(balance_of("anna"), 300);
}

// --- age ---

static void the_horizon_is_to_the_millisecond(void **state)
{
    (void)state;
    struct world_answer answer;
    int64_t oldest_ms = world.now_ms - LIMIT_HORIZON_MS;
    assert_string_equal(end_of(TILL, "PointsService/Award",
                               sale_at(world_id(&world), oldest_ms, "", 10000), &answer),
                        "OK");
    assert_string_equal(end_of(TILL, "PointsService/Award",
                               sale_at(world_id(&world), oldest_ms - 1, "", 10000), &answer),
                        "TOO_OLD");
    assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION);
    assert_string_equal(answer.field, "mutation.created_at");
    assert_int_equal(balance_of("anna"), 100);
}

// Too old is judged first: also of one that was answered once, and of a member nobody knows.
static void too_old_is_judged_first(void **state)
{
    (void)state;
    struct world_answer answer;
    const char *id = world_id(&world);
    assert_string_equal(
        end_of(TILL, "PointsService/Award", sale_at(id, world.now_ms, "", 10000), &answer), "OK");
    int64_t old_ms = world.now_ms - LIMIT_HORIZON_MS - 1;
    assert_string_equal(
        end_of(TILL, "PointsService/Award", sale_at(id, old_ms, "", 10000), &answer), "TOO_OLD");
    const char *unknown = world_text(&world,
                                     "{\"mutation\": {\"request_id\": \"%s\", \"created_at\": "
                                     "\"%s\"}, \"member\": {\"member_id\": \"nobody\"}, "
                                     "\"points\": 5}",
                                     world_id(&world), world_instant(&world, old_ms));
    assert_string_equal(end_of(TILL, "PointsService/Redeem", unknown, &answer), "TOO_OLD");
}

static void from_the_future_is_five_minutes(void **state)
{
    (void)state;
    struct world_answer answer;
    int64_t latest_ms = world.now_ms + LIMIT_FUTURE_SALE_MS;
    assert_string_equal(end_of(TILL, "PointsService/Award",
                               sale_at(world_id(&world), latest_ms, "", 10000), &answer),
                        "OK");
    assert_string_equal(end_of(TILL, "PointsService/Award",
                               sale_at(world_id(&world), latest_ms + 1, "", 10000), &answer),
                        "FROM_THE_FUTURE");
    assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT);
    assert_int_equal(balance_of("anna"), 100);
}

// A clock that jumps says nothing for good: it is known to be off before a request's age is judged.
static void a_false_clock_makes_nothing_old_or_new(void **state)
{
    (void)state;
    for (int64_t days = -500; days <= 500; days += 1000) {
        struct world_answer answer;
        daemon_a->clock_offset_ms = days * 86400000;
        const char *sale = sale_at(world_id(&world), world.now_ms, "", 10000);
        assert_string_equal(end_of(TILL, "PointsService/Award", sale, &answer), "CLOCK_SKEW");
    }
    int64_t balance = 0;
    assert_int_equal(world_verify(&world, "anna", &balance), 1);
}

// --- malformed ones ---

static void what_is_no_id_or_no_time_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *mutation;
        const char *reason;
        const char *field;
    } cases[] = {
        {"{}", "MISSING", "mutation.request_id"},
        {"{\"request_id\": \"till-1-0001\"}", "NOT_A_UUID", "mutation.request_id"},
        {"{\"request_id\": \"00000000-0000-0000-0000-000000000000\"}", "NOT_A_UUID",
         "mutation.request_id"},
        {"{\"request_id\": \"00000000-0000-4000-8000-00000000ffff\"}", "MISSING",
         "mutation.created_at"},
    };
    struct world_answer answer;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *text = world_text(&world,
                                      "{\"mutation\": %s, \"member\": {\"member_id\": \"anna\"}, "
                                      "\"points\": 5}",
                                      cases[i].mutation);
        assert_string_equal(end_of(TILL, "PointsService/Redeem", text, &answer), cases[i].reason);
        assert_string_equal(answer.field, cases[i].field);
        assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT);
    }
    (void)end_of(TILL, "PointsService/Redeem",
                 "{\"member\": {\"member_id\": \"anna\"}, \"points\": 5}", &answer);
    assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT);
}

// --- GetOutcome ---

static Loyalty__V1__GetOutcomeResponse *outcome_of(const char *id, const char *member)
{
    struct world_answer answer;
    assert_string_equal(end_of("backend/app", "PointsService/GetOutcome",
                               world_outcome_text(&world, id, member), &answer),
                        "OK");
    return (Loyalty__V1__GetOutcomeResponse *)answer.reply;
}

static void outcome_is_the_stored_answer(void **state)
{
    (void)state;
    struct world_answer award;
    struct world_answer redeem;
    const char *award_id = world_id(&world);
    const char *redeem_id = world_id(&world);
    const char *refused_id = world_id(&world);
    assert_int_equal(outcome_of(award_id, "anna")->status,
                     LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_NOT_SEEN_YET);
    (void)end_of(TILL, "PointsService/Award", world_award_text(&world, award_id, "anna", 10000),
                 &award);
    (void)end_of(TILL, "PointsService/Redeem", world_redeem_text(&world, redeem_id, "anna", 40),
                 &redeem);
    struct world_answer refused;
    assert_string_equal(end_of(TILL, "PointsService/Redeem",
                               world_redeem_text(&world, refused_id, "anna", 61), &refused),
                        "INSUFFICIENT_POINTS");
    for (int compacted = 0; compacted < 2; compacted++) {
        const Loyalty__V1__GetOutcomeResponse *outcome = outcome_of(award_id, "anna");
        assert_int_equal(outcome->status, LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_APPLIED);
        assert_int_equal(outcome->reply_case, LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_AWARD);
        uint8_t bytes[1024];
        assert_int_equal(protobuf_c_message_pack(&outcome->award->base, bytes), award.payload.len);
        assert_memory_equal(bytes, award.payload.data, award.payload.len);
        outcome = outcome_of(redeem_id, "anna");
        assert_int_equal(outcome->reply_case, LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_REDEEM);
        assert_int_equal(protobuf_c_message_pack(&outcome->redeem->base, bytes),
                         redeem.payload.len);
        assert_memory_equal(bytes, redeem.payload.data, redeem.payload.len);
        outcome = outcome_of(refused_id, "anna");
        assert_int_equal(outcome->status, LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_REFUSED);
        assert_string_equal(outcome->refusal->reason, "INSUFFICIENT_POINTS");
        assert_string_equal(outcome->refusal->message, refused.message);
        world_compact_now(&world, "anna", 0);
    }
    assert_int_equal(outcome_of(award_id, "bert")->status,
                     LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_NOT_SEEN_YET);
    assert_int_equal(outcome_of(award_id, "nobody")->status,
                     LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_NOT_SEEN_YET);
}

static void outcome_of_an_enrolment_and_of_a_balance(void **state)
{
    (void)state;
    struct world_answer answer;
    const char *enrol_id = world_id(&world);
    const char *opening_id = world_id(&world);
    assert_string_equal(end_of("backend/crm", "MembersService/Enroll",
                               world_enroll_text(&world, enrol_id, "cleo", "4711"), &answer),
                        "OK");
    const char *opening = world_text(&world,
                                     "{%s, \"member\": {\"member_id\": \"cleo\"}, \"lots\": "
                                     "[{\"points\": 70}]}",
                                     world_mutation(&world, opening_id));
    assert_string_equal(end_of("admin/hq", "AdminService/OpeningBalance", opening, &answer), "OK");
    assert_string_equal(outcome_of(enrol_id, "cleo")->enroll->member_id, "cleo");
    assert_int_equal(outcome_of(opening_id, "cleo")->standing->balance, 70);
}

// --- what stands in the log ---

// Whoever reads a log must not be able to try card numbers against a request's digest.
static void digests_of_requests_by_card_are_keyed(void **state)
{
    (void)state;
    struct world_answer answer;
    struct record record;
    struct arena arena;
    uint64_t seq;
    const char *id = world_id(&world);
    const char *text = world_enroll_text(&world, id, "cleo", "4711");
    assert_string_equal(end_of("backend/crm", "MembersService/Enroll", text, &answer), "OK");
    arena_init(&arena, 1 << 20);
    struct mark mark = {.present = true, .id = {[6] = 0x40, [8] = 0x80}};
    mark.id[15] = (uint8_t)world.ids;
    assert_int_equal(ledger_find(world_log(&world, "cleo"), &mark, &arena, &record, &seq),
                     STATUS_OK);
    uint8_t plain[REQUEST_DIGEST_BYTES];
    world_digest(&world, "MembersService/Enroll", text, plain);
    assert_memory_not_equal(record.mark.digest, plain, sizeof(plain));
    arena_fini(&arena);
    assert_string_equal(end_of("backend/crm", "MembersService/Enroll", text, &answer), "REPLAYED");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    log_set_level(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        TEST(created_at_deadline_and_min_seq_may_differ),
        TEST(another_till_with_the_same_request_is_a_retry),
        TEST(other_content_is_a_conflict),
        TEST(a_conflict_is_found_wherever_the_record_is),
        TEST(an_id_belongs_to_its_account),
        TEST(ids_of_one_print_are_two),
        TEST(the_horizon_is_to_the_millisecond),
        TEST(too_old_is_judged_first),
        TEST(from_the_future_is_five_minutes),
        TEST(a_false_clock_makes_nothing_old_or_new),
        TEST(what_is_no_id_or_no_time_is_refused),
        TEST(outcome_is_the_stored_answer),
        TEST(outcome_of_an_enrolment_and_of_a_balance),
        TEST(digests_of_requests_by_card_are_keyed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
