// Answers from hand-made records: every field, the lines to print, and that the same record gives
// the same bytes however often it is rendered.
#include "replies_fixture.h"

static struct rule_points rules[] = {{.rule = BASE_RULE, .points = 1234}};

static struct record award_record(void)
{
    return (struct record){
        .type = RECORD_AWARDED,
        .at_ms = AT_MS,
        .has_figures = true,
        .figures = figures(),
        .card_count = 1,
        .cards = {{.tier = SILVER,
                   .from_ms = AT_MS - 123,
                   .until_ms = LOT_ENDS_MS,
                   .cause = CARD_LATE_SCORE}},
        .awarded = {.version = 3,
                    .occurred_ms = AT_MS - 1000,
                    .points = 1234,
                    .score = 1100,
                    .lot_ends_ms = LOT_ENDS_MS,
                    .spendable_ms = AT_MS - 1000,
                    .score_until_ms = INSTANT_NEVER,
                    .rules = rules,
                    .rule_count = 1},
    };
}

static void an_award_is_answered(void **state)
{
    (void)state;
    struct record record = award_record();
    Loyalty__V1__AwardResponse *response = NULL;
    assert_int_equal(replies_award(&replies, &record, 9, &response), STATUS_OK);
    assert_string_equal(response->member_id, "m-1");
    assert_int_equal(response->seq, 9);
    assert_instant(response->recorded_at, AT_MS);
    assert_instant(response->occurred_at, AT_MS - 1000);
    assert_int_equal(response->program_version, 3);
    assert_int_equal(response->points, 1234);
    assert_int_equal(response->score, 1100);
    assert_int_equal(response->n_by_rule, 1);
    assert_string_equal(response->by_rule[0]->rule_id, "base");
    assert_int_equal(response->by_rule[0]->points, 1234);
    assert_instant(response->expires_at, LOT_ENDS_MS);
    assert_null(response->spendable_at);
    assert_null(response->score_until);
    assert_string_equal(response->new_card->tier_id, "silver");
    assert_int_equal(response->new_card->cause, 5);
    assert_instant(response->new_card->from, AT_MS - 123);
    assert_instant(response->new_card->until, LOT_ENDS_MS);
    assert_int_equal(response->standing->balance, 2134);
    assert_string_equal(response->standing->tier_id, "silver");
    assert_string_equal(response->standing->next_tier_id, "gold");
    assert_int_equal(response->standing->missing_to_next, 7866);
    assert_lines(response->n_receipt_lines, response->receipt_lines,
                 "Points earned: 1,234|Welcome to silver|Points balance: 2,134|Tier: silver|"
                 "To gold: 7,866|");
}

static void what_is_not_there_is_absent(void **state)
{
    (void)state;
    struct record record = award_record();
    record.card_count = 0;
    record.awarded.points = 0;
    record.awarded.score = 0;
    record.awarded.rule_count = 0;
    record.awarded.spendable_ms = AT_MS + 5;
    record.awarded.score_until_ms = LOT_ENDS_MS;
    record.figures = (struct figures){.balance = -1234567, .tier = GOLD};
    Loyalty__V1__AwardResponse *response = NULL;
    assert_int_equal(replies_award(&replies, &record, 1, &response), STATUS_OK);
    assert_null(response->expires_at);
    assert_null(response->spendable_at);
    assert_null(response->score_until);
    assert_null(response->new_card);
    assert_int_equal(response->n_by_rule, 0);
    assert_string_equal(response->standing->next_tier_id, "");
    assert_lines(response->n_receipt_lines, response->receipt_lines,
                 "Points earned: 0|Points balance: -1,234,567|Tier: gold|");
    record.awarded.points = 1000;
    record.awarded.score = 1;
    record.figures.pending = 1000;
    assert_int_equal(replies_award(&replies, &record, 1, &response), STATUS_OK);
    assert_instant(response->spendable_at, AT_MS + 5);
    assert_instant(response->score_until, LOT_ENDS_MS);
    assert_lines(response->n_receipt_lines, response->receipt_lines,
                 "Points earned: 1,000|Points balance: -1,234,567|Points pending: 1,000|"
                 "Tier: gold|");
}

static void figures_are_grouped_to_their_bounds(void **state)
{
    (void)state;
    static const struct {
        int64_t balance;
        const char *line;
    } cases[] = {
        {0, "Points balance: 0"},
        {999, "Points balance: 999"},
        {1000, "Points balance: 1,000"},
        {-999, "Points balance: -999"},
        {LIMIT_POINTS_A_BALANCE, "Points balance: 1,000,000,000,000,000"},
        {INT64_MIN, "Points balance: -9,223,372,036,854,775,808"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct record record = award_record();
        record.card_count = 0;
        record.figures.balance = cases[i].balance;
        Loyalty__V1__AwardResponse *response = NULL;
        assert_int_equal(replies_award(&replies, &record, 1, &response), STATUS_OK);
        assert_string_equal(response->receipt_lines[1], cases[i].line);
    }
}

// A quote's record may refer to names it would have added.
static void names_of_the_record_itself_are_known(void **state)
{
    (void)state;
    struct span added[] = {span_of_text("diamond"), span_of_text("double-day")};
    struct rule_points new_rules[] = {{.rule = CNY + 2, .points = 5}};
    struct record record = award_record();
    record.names = added;
    record.name_count = 2;
    record.cards[0].tier = CNY + 1;
    record.awarded.rules = new_rules;
    Loyalty__V1__QuoteResponse *quote = NULL;
    assert_int_equal(replies_quote(&replies, &record, &quote), STATUS_OK);
    assert_int_equal(quote->award->seq, 0);
    assert_string_equal(quote->award->new_card->tier_id, "diamond");
    assert_string_equal(quote->award->by_rule[0]->rule_id, "double-day");
    assert_int_equal(replies_name(&replies, &record, CNY + 3).len, 0);
    assert_int_equal(replies_name(&replies, NULL, CNY + 1).len, 0);
    assert_int_equal(replies_name(&replies, &record, 0).len, 0);
}

static struct record redeem_record(void)
{
    return (struct record){
        .type = RECORD_REDEEMED,
        .at_ms = AT_MS,
        .has_figures = true,
        .figures = figures(),
        .redeemed = {.points = 500, .value_minor = 250, .lots = taken, .lot_count = 2},
    };
}

static void a_redemption_is_answered(void **state)
{
    (void)state;
    struct record record = redeem_record();
    Loyalty__V1__RedeemResponse *response = NULL;
    assert_int_equal(replies_redeem(&replies, &record, 4, &response), STATUS_OK);
    assert_string_equal(response->member_id, "m-1");
    assert_int_equal(response->seq, 4);
    assert_int_equal(response->points, 500);
    assert_int_equal(response->value->minor, 250);
    assert_string_equal(response->value->currency, "CNY");
    assert_int_equal(response->n_taken, 2);
    assert_int_equal(response->taken[0]->points, 300);
    assert_instant(response->taken[0]->expires_at, LOT_ENDS_MS);
    assert_null(response->taken[1]->expires_at);
    assert_lines(response->n_receipt_lines, response->receipt_lines,
                 "Points redeemed: 500|Points balance: 2,134|Tier: silver|");
}

static struct identifier three[] = {
    {.kind = 1, .key = {1}}, {.kind = 3, .key = {2}}, {.kind = 2, .key = {3}}};
static struct identifier_state stages[] = {
    {.identifier = {.kind = 1, .key = {1}}, .stage = IDENTIFIER_LOST},
    {.identifier = {.kind = 3, .key = {2}}, .stage = IDENTIFIER_BOUND},
    {.identifier = {.kind = 2, .key = {3}}, .stage = IDENTIFIER_LOST},
};

static struct account losing_account(void)
{
    struct account account = {.currency = CNY};
    account.identifiers.items = stages;
    account.identifiers.count = 3;
    return account;
}

static struct record opened_record(void)
{
    return (struct record){.type = RECORD_OPENED,
                           .at_ms = AT_MS,
                           .has_figures = true,
                           .figures = figures(),
                           .opened = {.identifiers = three, .identifier_count = 3}};
}

static void an_enrolment_says_what_was_lost(void **state)
{
    (void)state;
    struct account account = losing_account();
    struct record record = opened_record();
    Loyalty__V1__EnrollResponse *response = NULL;
    assert_int_equal(replies_enroll(&replies, &account, &record, 1, &response), STATUS_OK);
    assert_int_equal(response->seq, 1);
    assert_instant(response->enrolled_at, AT_MS);
    assert_non_null(response->standing);
    assert_int_equal(response->n_unbound, 2);
    assert_int_equal(response->unbound[0], 1);
    assert_int_equal(response->unbound[1], 2);
}

static void any_record_gives_its_own_answer(void **state)
{
    (void)state;
    struct account account = losing_account();
    struct record records[] = {award_record(),
                               award_record(),
                               redeem_record(),
                               opened_record(),
                               {.type = RECORD_OPENING, .at_ms = AT_MS, .has_figures = true}};
    const ProtobufCMessageDescriptor *const types[] = {
        &loyalty__v1__award_response__descriptor,
        &loyalty__v1__backfill_response__descriptor,
        &loyalty__v1__redeem_response__descriptor,
        &loyalty__v1__enroll_response__descriptor,
        &loyalty__v1__opening_balance_response__descriptor,
    };
    records[1].awarded.backfill = true;
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        struct span first = {0};
        for (int again = 0; again < 2; again++) {
            ProtobufCMessage *response = NULL;
            Loyalty__V1__Error *error = NULL;
            assert_int_equal(replies_record(&replies, &account, &records[i], 7, &response, &error),
                             STATUS_OK);
            assert_null(error);
            assert_ptr_equal(response->descriptor, types[i]);
            struct span bytes;
            assert_int_equal(message_encode(response, &arena, &bytes), STATUS_OK);
            assert_true(bytes.len > 10);
            assert_true(again == 0 || span_equal(first, bytes));
            first = bytes;
        }
    }
    struct record boundary = {.type = RECORD_BOUNDARY};
    ProtobufCMessage *response = NULL;
    Loyalty__V1__Error *error = NULL;
    assert_int_equal(replies_record(&replies, &account, &boundary, 7, &response, &error),
                     STATUS_CORRUPT);
}

static struct record refused_record(void)
{
    return (struct record){.type = RECORD_REFUSED,
                           .at_ms = AT_MS,
                           .refused = {.method = RECORD_REDEEMED,
                                       .reason = REFUSAL_INSUFFICIENT_POINTS,
                                       .asked = 500,
                                       .limit = 0}};
}

static void a_recorded_refusal_reads_like_the_first(void **state)
{
    (void)state;
    struct account account = losing_account();
    struct record record = refused_record();
    struct refusal refusal = {
        .reason = REFUSAL_INSUFFICIENT_POINTS, .field = "points", .asked = 500, .limit = 0};
    ProtobufCMessage *response = NULL;
    Loyalty__V1__Error *stored = NULL;
    Loyalty__V1__Error *first = NULL;
    assert_int_equal(replies_record(&replies, &account, &record, 7, &response, &stored), STATUS_OK);
    assert_null(response);
    assert_int_equal(replies_refusal(&arena, &refusal, &first), STATUS_OK);
    assert_int_equal(stored->code, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION);
    assert_string_equal(stored->reason, "INSUFFICIENT_POINTS");
    assert_string_equal(stored->field, "points");
    assert_int_equal(stored->n_figures, 2);
    assert_string_equal(stored->figures[0]->key, "asked");
    assert_int_equal(stored->figures[0]->value, 500);
    assert_string_equal(stored->figures[1]->key, "available");
    assert_int_equal(stored->figures[1]->value, 0);
    struct span a;
    struct span b;
    assert_int_equal(message_encode(&stored->base, &arena, &a), STATUS_OK);
    assert_int_equal(message_encode(&first->base, &arena, &b), STATUS_OK);
    assert_true(span_equal(a, b));
}

static void faults_are_invalid_arguments(void **state)
{
    (void)state;
    struct command_fault fault = {"BAD_DATE", "sale.occurred_date", "No date."};
    Loyalty__V1__Error *error = NULL;
    assert_int_equal(replies_fault(&arena, &fault, &error), STATUS_OK);
    assert_int_equal(error->code, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT);
    assert_string_equal(error->reason, "BAD_DATE");
    assert_string_equal(error->field, "sale.occurred_date");
    assert_string_equal(error->message, "No date.");
    struct refusal refusal = {.reason = REFUSAL_UNKNOWN_MEMBER, .field = "member"};
    assert_int_equal(replies_refusal(&arena, &refusal, &error), STATUS_OK);
    assert_int_equal(error->code, LOYALTY__V1__CODE__CODE_NOT_FOUND);
    assert_int_equal(error->n_figures, 0);
}

static void outcomes_hold_the_stored_answer(void **state)
{
    (void)state;
    struct account account = losing_account();
    struct record records[] = {award_record(),
                               award_record(),
                               redeem_record(),
                               opened_record(),
                               {.type = RECORD_OPENING, .at_ms = AT_MS, .has_figures = true}};
    static const int cases[] = {2, 2, 3, 4, 5};
    records[1].awarded.backfill = true;
    Loyalty__V1__GetOutcomeResponse *response = NULL;
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        assert_int_equal(replies_outcome(&replies, &account, &records[i], 7, &response), STATUS_OK);
        assert_int_equal(response->status, LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_APPLIED);
        assert_int_equal(response->reply_case, cases[i]);
        assert_non_null(response->award);
        assert_null(response->refusal);
    }
    struct record refused = refused_record();
    assert_int_equal(replies_outcome(&replies, &account, &refused, 7, &response), STATUS_OK);
    assert_int_equal(response->status, LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_REFUSED);
    assert_string_equal(response->refusal->reason, "INSUFFICIENT_POINTS");
    assert_int_equal(response->reply_case, 0);
    assert_int_equal(replies_outcome(&replies, &account, NULL, 0, &response), STATUS_OK);
    assert_int_equal(response->status, LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_NOT_SEEN_YET);
}

static void instants_beyond_writing_are_at_its_border(void **state)
{
    (void)state;
    Google__Protobuf__Timestamp *timestamp = NULL;
    assert_int_equal(replies_instant(&arena, -1, &timestamp), STATUS_OK);
    assert_instant(timestamp, 0);
    assert_int_equal(replies_instant(&arena, INSTANT_NEVER - 1, &timestamp), STATUS_OK);
    assert_instant(timestamp, INT64_C(7289654399999));
    assert_int_equal(replies_instant(&arena, INSTANT_NEVER, &timestamp), STATUS_OK);
    assert_null(timestamp);
}

// However little memory there is, the answer is whole or NO_MEMORY.
static void running_out_of_memory_is_said(void **state)
{
    (void)state;
    struct account account = losing_account();
    struct record records[] = {award_record(), redeem_record(), opened_record(), refused_record()};
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        enum status status = STATUS_NO_MEMORY;
        for (size_t cap = 0; status != STATUS_OK; cap += 16) {
            struct arena small;
            arena_init(&small, cap);
            struct replies tight = replies;
            tight.arena = &small;
            ProtobufCMessage *response = NULL;
            Loyalty__V1__Error *error = NULL;
            status = replies_record(&tight, &account, &records[i], 7, &response, &error);
            assert_true(status == STATUS_OK || status == STATUS_NO_MEMORY);
            assert_true(cap < 16384);
            arena_fini(&small);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_award_is_answered),
        cmocka_unit_test(what_is_not_there_is_absent),
        cmocka_unit_test(figures_are_grouped_to_their_bounds),
        cmocka_unit_test(names_of_the_record_itself_are_known),
        cmocka_unit_test(a_redemption_is_answered),
        cmocka_unit_test(an_enrolment_says_what_was_lost),
        cmocka_unit_test(any_record_gives_its_own_answer),
        cmocka_unit_test(a_recorded_refusal_reads_like_the_first),
        cmocka_unit_test(faults_are_invalid_arguments),
        cmocka_unit_test(outcomes_hold_the_stored_answer),
        cmocka_unit_test(instants_beyond_writing_are_at_its_border),
        cmocka_unit_test(running_out_of_memory_is_said),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
