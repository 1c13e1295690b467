// Answers to reservations, captures, releases and reversals, from hand-made records.
#include "replies_fixture.h"

static struct lot_move freed[] = {{.ends_ms = AT_MS, .points = 20},
                                  {.ends_ms = LOT_ENDS_MS, .points = 80}};

static struct record record_of(enum record_type type)
{
    return (struct record){.type = type, .at_ms = AT_MS, .has_figures = true, .figures = figures()};
}

static struct record_redeemed spent(void)
{
    return (struct record_redeemed){
        .points = 500, .value_minor = 250, .lots = taken, .lot_count = 2};
}

static void a_reservation_is_answered(void **state)
{
    (void)state;
    struct record record = record_of(RECORD_HELD);
    record.held = (struct record_held){.taken = spent(), .lapses_ms = AT_MS + 900000};
    record.figures.held = 500;
    Loyalty__V1__ReserveResponse *response = NULL;
    assert_int_equal(replies_reserve(&replies, &record, 4, &response), STATUS_OK);
    assert_string_equal(response->member_id, "m-1");
    assert_int_equal(response->seq, 4);
    assert_instant(response->recorded_at, AT_MS);
    assert_int_equal(response->points, 500);
    assert_int_equal(response->value->minor, 250);
    assert_string_equal(response->value->currency, "CNY");
    assert_int_equal(response->n_held, 2);
    assert_int_equal(response->held[0]->points, 300);
    assert_instant(response->lapses_at, AT_MS + 900000);
    assert_int_equal(response->standing->held, 500);
}

static void a_capture_is_answered(void **state)
{
    (void)state;
    struct record record = record_of(RECORD_CAPTURED);
    record.captured =
        (struct record_captured){.taken = spent(), .freed = {.lots = freed, .lot_count = 2}};
    Loyalty__V1__CaptureResponse *response = NULL;
    assert_int_equal(replies_capture(&replies, &record, 5, &response), STATUS_OK);
    assert_string_equal(response->member_id, "m-1");
    assert_int_equal(response->seq, 5);
    assert_int_equal(response->points, 500);
    assert_int_equal(response->value->minor, 250);
    assert_int_equal(response->n_taken, 2);
    assert_int_equal(response->freed, 100);
    assert_int_equal(response->expired, 20); // a lot that ends at this very instant has ended
    assert_lines(response->n_receipt_lines, response->receipt_lines,
                 "Points redeemed: 500|Points balance: 2,134|Tier: silver|");
    record.figures.held = 1200; // of another reservation
    assert_int_equal(replies_capture(&replies, &record, 5, &response), STATUS_OK);
    assert_lines(response->n_receipt_lines, response->receipt_lines,
                 "Points redeemed: 500|Points balance: 2,134|Points held: 1,200|Tier: silver|");
}

static void a_release_is_answered(void **state)
{
    (void)state;
    struct record record = record_of(RECORD_RELEASED);
    record.released.freed = (struct points_freed){.lots = freed, .lot_count = 2};
    Loyalty__V1__ReleaseResponse *response = NULL;
    assert_int_equal(replies_release(&replies, &record, 6, &response), STATUS_OK);
    assert_string_equal(response->member_id, "m-1");
    assert_int_equal(response->seq, 6);
    assert_instant(response->recorded_at, AT_MS);
    assert_int_equal(response->freed, 100);
    assert_int_equal(response->expired, 20);
    assert_string_equal(response->standing->tier_id, "silver");
}

static Loyalty__V1__ReverseResponse *reverse(const struct record *record)
{
    Loyalty__V1__ReverseResponse *response = NULL;
    assert_int_equal(replies_reverse(&replies, record, 7, &response), STATUS_OK);
    assert_string_equal(response->member_id, "m-1");
    assert_int_equal(response->seq, 7);
    assert_instant(response->recorded_at, AT_MS);
    assert_non_null(response->standing);
    return response;
}

static void a_returned_sale_is_answered(void **state)
{
    (void)state;
    struct record record = record_of(RECORD_REVERSED);
    record.reversed = (struct record_reversed){
        .result = REVERSE_FURTHER_ACTIVITY,
        .method = RECORD_AWARDED,
        .points = 1100,
        .lots = taken,
        .lot_count = 2,
        .expired = 60,
        .forgiven = 40,
        .sale = {.amount_minor = 1000, .refund_points_minor = 100, .score = 1000},
    };
    const Loyalty__V1__ReverseResponse *response = reverse(&record);
    assert_int_equal(response->result, 2);
    assert_int_equal(response->points_taken, 1100);
    assert_int_equal(response->points_returned, 0);
    assert_int_equal(response->score, 1000);
    assert_int_equal(response->amount_minor, 1000);
    assert_int_equal(response->refund_money_minor, 900);
    assert_int_equal(response->refund_points_minor, 100);
    assert_null(response->value);
    assert_int_equal(response->expired, 60);
    assert_int_equal(response->forgiven, 40);
    assert_int_equal(response->n_lots, 2);
    assert_lines(response->n_receipt_lines, response->receipt_lines,
                 "Points taken back: 1,100|Points balance: 2,134|Tier: silver|");
}

static void a_redemption_given_back_is_answered(void **state)
{
    (void)state;
    static const uint32_t methods[] = {RECORD_REDEEMED, RECORD_CAPTURED, RECORD_HELD};
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        struct record record = record_of(RECORD_REVERSED);
        record.reversed = (struct record_reversed){
            .result = REVERSE_REVERSED,
            .method = methods[i],
            .points = 500,
            .value_minor = 250,
            .lots = taken,
            .lot_count = 2,
            .expired = 300,
        };
        const Loyalty__V1__ReverseResponse *response = reverse(&record);
        assert_int_equal(response->result, 1);
        assert_int_equal(response->points_taken, 0);
        assert_int_equal(response->points_returned, 500);
        assert_int_equal(response->expired, 300);
        if (methods[i] == RECORD_HELD) {
            assert_null(response->value);
        } else {
            assert_int_equal(response->value->minor, 250);
        }
        assert_lines(response->n_receipt_lines, response->receipt_lines,
                     "Points given back: 500|Points balance: 2,134|Tier: silver|");
    }
}

static void what_was_not_found_is_a_result(void **state)
{
    (void)state;
    struct record record = record_of(RECORD_TOMBSTONE);
    const Loyalty__V1__ReverseResponse *response = reverse(&record);
    assert_int_equal(response->result, 4);
    assert_int_equal(response->points_taken + response->points_returned + response->score, 0);
    assert_lines(response->n_receipt_lines, response->receipt_lines,
                 "Points balance: 2,134|Tier: silver|");
    static const uint32_t methods[] = {RECORD_AWARDED, RECORD_REDEEMED, RECORD_OPENED};
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        record = record_of(RECORD_REVERSED);
        record.reversed.method = methods[i];
        record.reversed.result = i == 2 ? REVERSE_NOTHING_TO_REVERSE : REVERSE_PREVIOUSLY_REVERSED;
        response = reverse(&record);
        assert_int_equal(response->result, i == 2 ? 5 : 3);
        assert_int_equal(response->points_taken + response->points_returned, 0);
        assert_int_equal(response->n_lots, 0);
        assert_null(response->value);
    }
}

// Each gives its own answer, the same at every retry, and the same in GetOutcome.
static void records_give_their_own_answers(void **state)
{
    (void)state;
    struct account account = {.currency = CNY};
    static const struct {
        const ProtobufCMessageDescriptor *answer;
        enum record_type type;
        int reply;
    } cases[] = {
        {&loyalty__v1__reserve_response__descriptor, RECORD_HELD, 7},
        {&loyalty__v1__capture_response__descriptor, RECORD_CAPTURED, 8},
        {&loyalty__v1__release_response__descriptor, RECORD_RELEASED, 9},
        {&loyalty__v1__reverse_response__descriptor, RECORD_REVERSED, 10},
        {&loyalty__v1__reverse_response__descriptor, RECORD_TOMBSTONE, 10},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct record record = record_of(cases[i].type);
        ProtobufCMessage *response = NULL;
        Loyalty__V1__Error *error = NULL;
        Loyalty__V1__GetOutcomeResponse *outcome = NULL;
        struct span direct;
        struct span stored;
        assert_int_equal(replies_record(&replies, &account, &record, 7, &response, &error),
                         STATUS_OK);
        assert_null(error);
        assert_ptr_equal(response->descriptor, cases[i].answer);
        assert_int_equal(replies_outcome(&replies, &account, &record, 7, &outcome), STATUS_OK);
        assert_int_equal(outcome->status, LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_APPLIED);
        assert_int_equal(outcome->reply_case, cases[i].reply);
        assert_int_equal(message_encode(response, &arena, &direct), STATUS_OK);
        assert_int_equal(message_encode(&outcome->reserve->base, &arena, &stored), STATUS_OK);
        assert_true(span_equal(direct, stored));
    }
}

static void refusals_name_their_field(void **state)
{
    (void)state;
    static const struct {
        uint32_t method;
        uint32_t reason;
        const char *name;
        const char *field;
    } cases[] = {
        {RECORD_HELD, REFUSAL_INSUFFICIENT_POINTS, "INSUFFICIENT_POINTS", "points"},
        {RECORD_CAPTURED, REFUSAL_HOLD_TOO_SMALL, "HOLD_TOO_SMALL", "points"},
        {RECORD_CAPTURED, REFUSAL_HOLD_LAPSED, "HOLD_LAPSED", "reservation_id"},
        {RECORD_CAPTURED, REFUSAL_HOLD_CAPTURED, "HOLD_CAPTURED", "reservation_id"},
        {RECORD_CAPTURED, REFUSAL_HOLD_RELEASED, "HOLD_RELEASED", "reservation_id"},
    };
    struct account account = {.currency = CNY};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct record record = record_of(RECORD_REFUSED);
        record.refused =
            (struct record_refused){.method = cases[i].method, .reason = cases[i].reason};
        ProtobufCMessage *response = NULL;
        Loyalty__V1__Error *error = NULL;
        assert_int_equal(replies_record(&replies, &account, &record, 7, &response, &error),
                         STATUS_OK);
        assert_null(response);
        assert_int_equal(error->code, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION);
        assert_string_equal(error->reason, cases[i].name);
        assert_string_equal(error->field, cases[i].field);
    }
    struct refusal buried = {.reason = REFUSAL_REVERSED_BEFORE, .field = ""};
    Loyalty__V1__GetOutcomeResponse *outcome = NULL;
    assert_int_equal(replies_outcome_refused(&arena, &buried, &outcome), STATUS_OK);
    assert_int_equal(outcome->status, LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_REFUSED);
    assert_string_equal(outcome->refusal->reason, "REVERSED_BEFORE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reservation_is_answered),
        cmocka_unit_test(a_capture_is_answered),
        cmocka_unit_test(a_release_is_answered),
        cmocka_unit_test(a_returned_sale_is_answered),
        cmocka_unit_test(a_redemption_given_back_is_answered),
        cmocka_unit_test(what_was_not_found_is_a_result),
        cmocka_unit_test(records_give_their_own_answers),
        cmocka_unit_test(refusals_name_their_field),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
