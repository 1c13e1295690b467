// A terminal's day against its till's book: agreed and closed, opened again by what comes late, and
// where they differ, claims that hang are settled first and the ids on either side are named.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "loyalty/v1/tills.pb-c.h"
#include "support/receipts_world.h"

#define TILL "pos/store-1/till-1"
#define AWARD "PointsService/Award"
#define RECONCILE "TillsService/Reconcile"
#define SERVICE_ONLY LOYALTY__V1__DIFFERENCE_SIDE__DIFFERENCE_SIDE_SERVICE_ONLY
#define TILL_ONLY LOYALTY__V1__DIFFERENCE_SIDE__DIFFERENCE_SIDE_TILL_ONLY
#define OF_AWARDS(count, points, amount)                                                           \
    ", \"totals\": [{\"operation\": \"AWARD\", \"count\": " count ", \"points\": " points          \
    ", \"amount_minor\": " amount "}]"

static struct service_world world;

static int open_world(void **state)
{
    (void)state;
    receipts_world_open(&world, 2, ", \"late_days\": {\"days\": 30}");
    world_enroll(&world, "anna");
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

// A sale of so much; its request id.
static const char *sell(int64_t amount_minor, uint64_t number)
{
    const char *id = world_id(&world);
    struct world_answer answer;
    world_call(&world.daemons[0], TILL, AWARD,
               receipts_award(&world, id, "anna", amount_minor, number), &answer);
    assert_string_equal(world_end(&answer), "OK");
    return id;
}

// A sale whose daemon dies when the receipt is claimed, or when the sale is awarded as well.
static const char *sell_and_die(int64_t amount_minor, uint64_t number, bool awarded)
{
    struct world_daemon *daemon = &world.daemons[0];
    const char *id = world_id(&world);
    struct world_answer *answer = arena_alloc(&world.arena, sizeof(*answer));
    assert_non_null(answer);
    uint64_t before = receipts_total(&world, RECEIPT_AWARD).count;
    world_ask(daemon, TILL, AWARD, receipts_award(&world, id, "anna", amount_minor, number),
              answer);
    while (receipts_total(&world, RECEIPT_AWARD).count == before ||
           (awarded && answer->times == 0)) {
        assert_true(world_step(daemon));
    }
    service_world_restart(daemon);
    return id;
}

static const Loyalty__V1__ReconcileResponse *reconcile_by(const char *peer, const char *request_id,
                                                          const char *more,
                                                          struct world_answer *answer)
{
    world_call(&world.daemons[1], peer, RECONCILE, receipts_reconcile(&world, request_id, more),
               answer);
    return (const Loyalty__V1__ReconcileResponse *)answer->reply;
}

static const Loyalty__V1__ReconcileResponse *reconcile(const char *more)
{
    struct world_answer answer;
    const Loyalty__V1__ReconcileResponse *response =
        reconcile_by(TILL, world_id(&world), more, &answer);
    assert_string_equal(world_end(&answer), "OK");
    return response;
}

static void says_no(const char *more, const char *reason, const char *field)
{
    struct world_answer answer;
    (void)reconcile_by(TILL, world_id(&world), more, &answer);
    assert_string_equal(world_end(&answer), reason);
    assert_string_equal(answer.field, field);
}

static bool day_is_closed(void)
{
    struct account day;
    receipts_fold(&world, &day);
    bool closed = day.terminal.closed;
    account_fini(&day);
    return closed;
}

// --- both agree ---

static void a_day_in_balance_is_closed(void **state)
{
    (void)state;
    (void)sell(10000, 1);
    (void)sell(5000, 2);
    const char *book = OF_AWARDS("2", "150", "15000");
    const char *id = world_id(&world);
    struct world_answer first;
    const Loyalty__V1__ReconcileResponse *response = reconcile_by(TILL, id, book, &first);
    assert_string_equal(world_end(&first), "OK");
    assert_true(response->in_balance && response->closed);
    assert_int_equal(response->n_totals, 1);
    assert_int_equal(response->totals[0]->points, 150);
    assert_int_equal(response->n_differences, 0);
    assert_true(day_is_closed());
    struct world_answer again;
    (void)reconcile_by(TILL, id, book, &again);
    assert_string_equal(world_end(&again), "REPLAYED");
    assert_int_equal(again.payload.len, first.payload.len);
    assert_memory_equal(again.payload.data, first.payload.data, first.payload.len);
    // Closed it is: another request finds it so and writes nothing.
    size_t bytes = world_log(&world, "@20260110/store-1/till-1").len;
    assert_true(reconcile(book)->closed);
    assert_int_equal(world_log(&world, "@20260110/store-1/till-1").len, bytes);
}

static void what_comes_late_opens_it_again(void **state)
{
    (void)state;
    (void)sell(10000, 1);
    assert_true(reconcile(OF_AWARDS("1", "100", "10000"))->closed);
    (void)sell(300, 2);
    assert_false(day_is_closed());
    const Loyalty__V1__ReconcileResponse *response = reconcile(OF_AWARDS("1", "100", "10000"));
    assert_false(response->in_balance || response->closed);
    assert_int_equal(response->n_differences, 2);
    assert_true(reconcile(OF_AWARDS("2", "103", "10300"))->closed);
    assert_true(day_is_closed());
}

static void a_day_without_sales_is_in_balance(void **state)
{
    (void)state;
    const Loyalty__V1__ReconcileResponse *response = reconcile("");
    assert_true(response->in_balance && response->closed);
    assert_int_equal(response->n_totals, 0);
    response = reconcile(OF_AWARDS("1", "100", "10000"));
    assert_false(response->in_balance || response->closed);
    assert_int_equal(world_log(&world, "@20260110/store-1/till-1").len, 0);
}

static void every_operation_has_its_sum(void **state)
{
    (void)state;
    const char *sale = sell(10000, 1);
    struct world_answer answer;
    const char *redeem = world_id(&world);
    world_call(&world.daemons[0], TILL, "PointsService/Redeem",
               receipts_redeem(&world, redeem, "anna", 40, 1), &answer);
    assert_string_equal(world_end(&answer), "OK");
    world_call(&world.daemons[0], TILL, "PointsService/Reverse",
               receipts_return(&world, world_id(&world), "anna", sale, 2000, 2), &answer);
    assert_string_equal(world_end(&answer), "OK");
    world_call(&world.daemons[0], TILL, "PointsService/Reverse",
               world_text(&world,
                          "{%s, \"member\": {\"member_id\": \"anna\"}, \"original_request_id\": "
                          "\"%s\", \"original_created_at\": \"%s\", \"points\": 15, \"receipt\": "
                          "{\"number\": 2, \"business_date\": \"2026-01-10\"}}",
                          world_mutation(&world, world_id(&world)), redeem,
                          world_instant(&world, world.now_ms)),
               &answer);
    assert_string_equal(world_end(&answer), "OK");
    const Loyalty__V1__ReconcileResponse *response = reconcile(
        ", \"totals\": [{\"operation\": \"REVERSE_REDEEM\", \"count\": 1, \"points\": 15},"
        " {\"operation\": \"AWARD\", \"count\": 1, \"points\": 100, \"amount_minor\": 10000},"
        " {\"operation\": \"REDEEM\", \"count\": 1, \"points\": 40},"
        " {\"operation\": \"REVERSE_AWARD\", \"count\": 1, \"points\": 20, \"amount_minor\": "
        "2000}]");
    assert_true(response->closed);
    assert_int_equal(response->n_totals, 4);
}

// --- they differ ---

static void differences_are_named(void **state)
{
    (void)state;
    const char *both = sell(10000, 1);
    const char *ours = sell(5000, 2);
    const char *theirs = world_id(&world);
    const Loyalty__V1__ReconcileResponse *response =
        reconcile(world_text(&world, "%s, \"request_ids\": [\"%s\", \"%s\"]",
                             OF_AWARDS("2", "107", "10700"), theirs, both));
    assert_false(response->in_balance || response->closed);
    assert_int_equal(response->totals[0]->count, 2);
    assert_int_equal(response->n_differences, 2);
    assert_int_equal(response->differences[0]->side, SERVICE_ONLY);
    assert_string_equal(response->differences[0]->request_id, ours);
    assert_int_equal(response->differences[0]->operation, LOYALTY__V1__OPERATION__OPERATION_AWARD);
    assert_int_equal(response->differences[0]->receipt_number, 2);
    assert_int_equal(response->differences[0]->points, 50);
    assert_int_equal(response->differences[0]->amount_minor, 5000);
    assert_int_equal(response->differences[1]->side, TILL_ONLY);
    assert_string_equal(response->differences[1]->request_id, theirs);
    assert_int_equal(response->differences[1]->operation, 0);
    // Sums alone are not enough where ids are given.
    response = reconcile(world_text(&world, "%s, \"request_ids\": [\"%s\", \"%s\"]",
                                    OF_AWARDS("2", "150", "15000"), theirs, both));
    assert_false(response->in_balance);
    assert_int_equal(response->n_differences, 2);
    response = reconcile(world_text(&world, "%s, \"request_ids\": [\"%s\", \"%s\"]",
                                    OF_AWARDS("2", "150", "15000"), ours, both));
    assert_true(response->closed);
}

static void long_lists_have_pages(void **state)
{
    (void)state;
    enum { SALES = 203 };
    for (uint64_t number = 1; number <= SALES; number++) {
        (void)sell(100, number);
    }
    const Loyalty__V1__ReconcileResponse *response = reconcile("");
    assert_int_equal(response->n_differences, LIMIT_PAGE_SIZE);
    assert_int_equal(response->differences[0]->receipt_number, 1);
    response = reconcile(world_text(&world, ", \"page_token\": \"%s\"", response->next_page_token));
    assert_int_equal(response->n_differences, SALES - LIMIT_PAGE_SIZE);
    assert_int_equal(response->differences[2]->receipt_number, SALES);
    assert_string_equal(response->next_page_token, "");
}

// --- what hangs ---

static void a_claim_without_sale_is_voided(void **state)
{
    (void)state;
    (void)sell(10000, 1);
    const char *lost = sell_and_die(5000, 2, false);
    says_no(OF_AWARDS("1", "100", "10000"), "RECEIPT_BUSY", "");
    world_pass(&world, LIMIT_REQUEST_MS + 3000);
    assert_int_equal(receipts_total(&world, RECEIPT_AWARD).count, 2);
    assert_true(reconcile(OF_AWARDS("1", "100", "10000"))->closed);
    assert_int_equal(receipts_total(&world, RECEIPT_AWARD).count, 1);
    // The lost one may still come, by a retry.
    struct world_answer answer;
    world_call(&world.daemons[0], TILL, AWARD, receipts_award(&world, lost, "anna", 5000, 2),
               &answer);
    assert_string_equal(world_end(&answer), "OK");
    assert_false(day_is_closed());
    assert_int_equal(receipts_total(&world, RECEIPT_AWARD).count, 2);
}

static void a_sale_whose_answer_was_lost_is_settled(void **state)
{
    (void)state;
    (void)sell(10000, 1);
    const char *lost = sell_and_die(5000, 2, true);
    const Loyalty__V1__ReconcileResponse *response = reconcile(OF_AWARDS("1", "100", "10000"));
    assert_false(response->in_balance);
    assert_int_equal(response->n_differences, 2);
    assert_string_equal(response->differences[1]->request_id, lost);
    struct account day;
    receipts_fold(&world, &day);
    uint64_t records = day.seq;
    account_fini(&day);
    // Settled once, the members' logs are not read again.
    (void)reconcile(OF_AWARDS("1", "100", "10000"));
    receipts_fold(&world, &day);
    assert_int_equal(day.seq, records);
    account_fini(&day);
}

// A day's log is compacted as any other: claims, totals and the answer to its closing stay.
static void a_compacted_day_is_the_same(void **state)
{
    (void)state;
    const char *book = OF_AWARDS("2", "150", "15000");
    const char *id = world_id(&world);
    struct world_answer first;
    struct world_answer again;
    (void)sell(10000, 1);
    (void)sell(5000, 2);
    (void)reconcile_by(TILL, id, book, &first);
    assert_string_equal(world_end(&first), "OK");
    world_compact_now(&world, "@20260110/store-1/till-1", 0);
    (void)reconcile_by(TILL, id, book, &again);
    assert_string_equal(world_end(&again), "REPLAYED");
    assert_int_equal(again.payload.len, first.payload.len);
    assert_memory_equal(again.payload.data, first.payload.data, first.payload.len);
    assert_string_equal(receipts_call(&world, &world.daemons[0], AWARD,
                                      receipts_award(&world, world_id(&world), "anna", 100, 2)),
                        "RECEIPT_COUNTED");
    (void)sell(100, 3);
    receipts_stand(&world, RECEIPT_AWARD, 3, 151, 15100);
}

// More claims hang than are looked up at a time.
static void many_claims_are_settled_in_turn(void **state)
{
    (void)state;
    enum { SALES = 300 };
    for (uint64_t number = 1; number <= SALES; number++) {
        (void)sell(100, number);
    }
    assert_false(reconcile(OF_AWARDS("299", "299", "29900"))->in_balance);
    assert_true(reconcile(OF_AWARDS("300", "300", "30000"))->closed);
}

// Every store call of a reconciliation fails in each way; the next one tells the truth.
static void a_failed_reconciliation_harms_nothing(void **state)
{
    (void)state;
    (void)sell(10000, 1);
    (void)sell_and_die(5000, 2, true);
    for (size_t i = 0; i < 24; i++) {
        struct world_daemon *daemon = &world.daemons[1];
        struct world_answer *answer = arena_alloc(&world.arena, sizeof(*answer));
        assert_non_null(answer);
        (void)sell(100, 3 + i);
        world_ask(daemon, TILL, RECONCILE,
                  receipts_reconcile(&world, world_id(&world), OF_AWARDS("1", "1", "1")), answer);
        for (size_t step = 0; step < i / 3; step++) {
            (void)world_step(daemon);
        }
        memory_fail_next(daemon->store, MEMORY_FAULT_BEFORE + i % 3);
        world_run(&world);
        assert_int_equal(answer->times, 1);
        service_world_restart(daemon);
    }
    assert_true(reconcile(OF_AWARDS("26", "174", "17400"))->closed);
}

// --- who, and what is malformed ---

static void a_unit_is_the_certificates_or_below(void **state)
{
    (void)state;
    (void)sell(10000, 1);
    struct world_answer answer;
    const char *named =
        world_text(&world, "%s, \"unit\": \"store-1/till-1\"", OF_AWARDS("1", "100", "10000"));
    static const struct {
        const char *peer;
        const char *end;
    } cases[] = {
        {"pos/store-1", "OK"},
        {"pos/store-1/till-1", "OK"},
        {"admin/head-office", "OK"},
        {"pos/store-1/till-2", "WRONG_UNIT"},
        {"pos/store-2", "WRONG_UNIT"},
        {"backend/crm", "ROLE_NOT_ALLOWED"},
        {"partner/hotel", "ROLE_NOT_ALLOWED"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void)reconcile_by(cases[i].peer, world_id(&world), named, &answer);
        assert_string_equal(world_end(&answer), cases[i].end);
    }
    (void)reconcile_by("admin/head-office", world_id(&world), "", &answer);
    assert_string_equal(world_end(&answer), "MISSING");
    assert_string_equal(answer.field, "unit");
}

static void malformed_books_are_refused(void **state)
{
    (void)state;
    static const char id[] = "00000000-0000-4000-8000-00000000000a";
    says_no(", \"totals\": [{\"count\": 1}]", "BAD_OPERATION", "totals[0].operation");
    says_no(", \"totals\": [{\"operation\": \"AWARD\"}, {\"operation\": \"AWARD\"}]",
            "DUPLICATE_OPERATION", "totals[1].operation");
    says_no(OF_AWARDS("1", "-1", "1"), "POINTS_OUT_OF_BOUNDS", "totals[0].points");
    says_no(OF_AWARDS("1", "1", "-1"), "NEGATIVE_AMOUNT", "totals[0].amount_minor");
    says_no(", \"request_ids\": [\"x\"]", "NOT_A_UUID", "request_ids[0]");
    says_no(world_text(&world, ", \"request_ids\": [\"%s\", \"%s\"]", id, id),
            "DUPLICATE_REQUEST_ID", "request_ids");
    says_no(", \"page_token\": \"next\"", "BAD_PAGE_TOKEN", "page_token");
    struct world_answer answer;
    world_call(&world.daemons[0], TILL, RECONCILE,
               world_text(&world, "{%s, \"business_date\": \"2026-02-30\"}",
                          world_mutation(&world, world_id(&world))),
               &answer);
    assert_string_equal(world_end(&answer), "BAD_DATE");
}

static void terms_are_those_in_force(void **state)
{
    (void)state;
    struct world_answer answer;
    world_call(&world.daemons[0], TILL, "TillsService/GetTerms", "{}", &answer);
    assert_string_equal(world_end(&answer), "OK");
    const Loyalty__V1__GetTermsResponse *terms = (Loyalty__V1__GetTermsResponse *)answer.reply;
    assert_string_equal(terms->program_id, "retail");
    assert_int_equal(terms->program_version, 1);
    assert_string_equal(terms->currency, "CNY");
    assert_string_equal(terms->zone, "Asia/Shanghai");
    assert_int_equal(terms->redeem_minimum_points, 1);
    assert_int_equal(terms->redeem_step_points, 1);
    assert_int_equal(terms->value_points, 100);
    assert_int_equal(terms->value_minor, 100);
    assert_int_equal(terms->offline_floor_points, 0);
    assert_int_equal(terms->hold_seconds, 900);
    assert_int_equal(terms->late_days, 30);
    assert_int_equal(terms->as_of->seconds, WORLD_START_MS / 1000);
}

static void without_a_program_there_are_no_terms(void **state)
{
    (void)state;
    struct world_answer answer;
    service_world_init(&world, false);
    world_call(&world.daemons[0], TILL, "TillsService/GetTerms", "{}", &answer);
    assert_string_equal(world_end(&answer), "NO_PROGRAM");
    service_world_fini(&world);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(a_day_in_balance_is_closed),
        IN_WORLD(what_comes_late_opens_it_again),
        IN_WORLD(a_day_without_sales_is_in_balance),
        IN_WORLD(every_operation_has_its_sum),
        IN_WORLD(differences_are_named),
        IN_WORLD(long_lists_have_pages),
        IN_WORLD(a_claim_without_sale_is_voided),
        IN_WORLD(a_sale_whose_answer_was_lost_is_settled),
        IN_WORLD(a_compacted_day_is_the_same),
        IN_WORLD(many_claims_are_settled_in_turn),
        IN_WORLD(a_failed_reconciliation_harms_nothing),
        IN_WORLD(a_unit_is_the_certificates_or_below),
        IN_WORLD(malformed_books_are_refused),
        IN_WORLD(terms_are_those_in_force),
        cmocka_unit_test(without_a_program_there_are_no_terms),
    };
    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
