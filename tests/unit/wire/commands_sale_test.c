// A sale, and an opening balance: every shape and bound, each spoiled once in an otherwise good
// message.
#include "commands_fixture.h"

#define LONG_64 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl"

static Loyalty__V1__SaleLine lines[LIMIT_SALE_LINES + 1];
static Loyalty__V1__SaleLine *line_list[LIMIT_SALE_LINES + 1];
static Loyalty__V1__ReceiptKey receipt;
static Google__Protobuf__Timestamp occurred;

// Three lines of 100, 200 and 300, of which 600 may be paid with points.
static Loyalty__V1__Sale good_sale(void)
{
    for (size_t i = 0; i < LIMIT_SALE_LINES + 1; i++) {
        loyalty__v1__sale_line__init(&lines[i]);
        lines[i].amount_minor = i < 3 ? 100 * ((int64_t)i + 1) : 0;
        line_list[i] = &lines[i];
    }
    loyalty__v1__receipt_key__init(&receipt);
    receipt.number = 17;
    receipt.business_date = text("2026-02-28");
    google__protobuf__timestamp__init(&occurred);
    occurred.seconds = 1780000000;
    Loyalty__V1__Sale sale = LOYALTY__V1__SALE__INIT;
    sale.currency = text("CNY");
    sale.n_lines = 3;
    sale.lines = line_list;
    sale.receipt = &receipt;
    return sale;
}

static void a_sale_arrives_whole(void **state)
{
    (void)state;
    struct commands commands = till();
    Loyalty__V1__Sale sale = good_sale();
    lines[1].category = text("food");
    sale.paid_with_points_minor = 600;
    sale.unit = text("store-0007/till-02");
    sale.channel = text("shop");
    sale.training = 1;
    sale.occurred_case = LOYALTY__V1__SALE__OCCURRED_OCCURRED_AT;
    sale.occurred_at = &occurred;
    struct award_command command;
    assert_int_equal(commands_sale(&commands, &sale, &command), STATUS_OK);
    assert_false(command.backfill);
    assert_false(command.quote);
    assert_span(command.currency, "CNY");
    assert_int_equal(command.sale.line_count, 3);
    assert_int_equal(command.sale.lines[2].amount_minor, 300);
    assert_span(command.sale.lines[1].category, "food");
    assert_int_equal(command.sale.lines[0].category.len, 0);
    assert_int_equal(command.sale.paid_with_points_minor, 600);
    assert_span(command.sale.unit, "store-0007/till-02");
    assert_span(command.sale.channel, "shop");
    assert_true(command.sale.training);
    assert_true(command.sale.has_occurred);
    assert_false(command.sale.has_date);
    assert_int_equal(command.sale.occurred_ms, 1780000000000);
    assert_int_equal(command.sale.receipt.number, 17);
    assert_int_equal(command.sale.receipt.business_day,
                     civil_to_days((struct civil_date){2026, 2, 28}));
}

static void a_sale_needs_little(void **state)
{
    (void)state;
    struct commands commands = till();
    Loyalty__V1__Sale sale = LOYALTY__V1__SALE__INIT;
    sale.currency = text("CNY");
    struct award_command command;
    assert_int_equal(commands_sale(&commands, &sale, &command), STATUS_OK);
    assert_int_equal(command.sale.line_count, 0);
    assert_false(command.sale.has_occurred);
    assert_false(command.sale.has_date);
    assert_int_equal(command.sale.receipt.number, 0);
    assert_span(command.sale.unit, "store-0007");
    sale.occurred_case = LOYALTY__V1__SALE__OCCURRED_OCCURRED_DATE;
    sale.occurred_date = text("2024-02-29");
    assert_int_equal(commands_sale(&commands, &sale, &command), STATUS_OK);
    assert_true(command.sale.has_date);
    assert_false(command.sale.has_occurred);
    assert_int_equal(command.sale.date.day, 29);
}

static void sales_at_their_bounds_are_good(void **state)
{
    (void)state;
    struct commands commands = till();
    Loyalty__V1__Sale sale = good_sale();
    sale.n_lines = LIMIT_SALE_LINES;
    lines[LIMIT_SALE_LINES - 1].amount_minor = LIMIT_AMOUNT_MINOR_MAX - 600;
    lines[0].category = text(LONG_64);
    sale.channel = text(LONG_64);
    sale.paid_with_points_minor = LIMIT_AMOUNT_MINOR_MAX;
    struct award_command command;
    assert_int_equal(commands_sale(&commands, &sale, &command), STATUS_OK);
    assert_int_equal(command.sale.line_count, LIMIT_SALE_LINES);
}

// --- one thing wrong ---

static void no_currency(Loyalty__V1__Sale *sale)
{
    sale->currency = text("");
}

static void small_currency(Loyalty__V1__Sale *sale)
{
    sale->currency = text("cny");
}

static void long_currency(Loyalty__V1__Sale *sale)
{
    sale->currency = text("CNYX");
}

static void many_lines(Loyalty__V1__Sale *sale)
{
    sale->n_lines = LIMIT_SALE_LINES + 1;
}

static void negative_line(Loyalty__V1__Sale *sale)
{
    sale->lines[2]->amount_minor = -1;
}

static void least_line(Loyalty__V1__Sale *sale)
{
    sale->lines[0]->amount_minor = INT64_MIN;
}

static void great_line(Loyalty__V1__Sale *sale)
{
    sale->lines[1]->amount_minor = LIMIT_AMOUNT_MINOR_MAX + 1;
}

static void great_sum(Loyalty__V1__Sale *sale)
{
    sale->lines[1]->amount_minor = LIMIT_AMOUNT_MINOR_MAX - 399;
}

static void long_category(Loyalty__V1__Sale *sale)
{
    sale->lines[1]->category = text(LONG_64 "x");
}

static void broken_category(Loyalty__V1__Sale *sale)
{
    sale->lines[0]->category = text("a\tb");
}

static void negative_paid(Loyalty__V1__Sale *sale)
{
    sale->paid_with_points_minor = -1;
}

static void great_paid(Loyalty__V1__Sale *sale)
{
    sale->paid_with_points_minor = 601;
}

static void no_receipt_number(Loyalty__V1__Sale *sale)
{
    sale->receipt->number = 0;
}

static void bad_business_date(Loyalty__V1__Sale *sale)
{
    sale->receipt->business_date = text("2026-02-29");
}

static void other_unit(Loyalty__V1__Sale *sale)
{
    sale->unit = text("store-0008");
}

static void longer_unit(Loyalty__V1__Sale *sale)
{
    sale->unit = text("store-00071");
}

static void shorter_unit(Loyalty__V1__Sale *sale)
{
    sale->unit = text("store-000");
}

static void empty_segment(Loyalty__V1__Sale *sale)
{
    sale->unit = text("store-0007/");
}

static void double_slash(Loyalty__V1__Sale *sale)
{
    sale->unit = text("store-0007//till");
}

static void climbing_unit(Loyalty__V1__Sale *sale)
{
    sale->unit = text("store-0007/../store-0008");
}

static void spaced_unit(Loyalty__V1__Sale *sale)
{
    sale->unit = text("store-0007/till 1");
}

static void long_unit(Loyalty__V1__Sale *sale)
{
    sale->unit = text("store-0007/" LONG_64 LONG_64);
}

static void long_channel(Loyalty__V1__Sale *sale)
{
    sale->channel = text(LONG_64 "x");
}

static void bad_occurred_at(Loyalty__V1__Sale *sale)
{
    occurred.seconds = -1;
    sale->occurred_case = LOYALTY__V1__SALE__OCCURRED_OCCURRED_AT;
    sale->occurred_at = &occurred;
}

static void give_date(Loyalty__V1__Sale *sale, const char *date)
{
    sale->occurred_case = LOYALTY__V1__SALE__OCCURRED_OCCURRED_DATE;
    sale->occurred_date = text(date);
}

static void empty_date(Loyalty__V1__Sale *sale)
{
    give_date(sale, "");
}

static void no_such_date(Loyalty__V1__Sale *sale)
{
    give_date(sale, "2026-13-01");
}

static void first_date(Loyalty__V1__Sale *sale)
{
    give_date(sale, "1970-01-01");
}

static void odd_date(Loyalty__V1__Sale *sale)
{
    give_date(sale, "2026-2-1");
}

static void bad_sales_are_named(void **state)
{
    (void)state;
    static const struct {
        void (*spoil)(Loyalty__V1__Sale *sale);
        const char *reason;
        const char *field;
    } cases[] = {
        {no_currency, "MISSING", "sale.currency"},
        {small_currency, "BAD_CURRENCY", "sale.currency"},
        {long_currency, "BAD_CURRENCY", "sale.currency"},
        {many_lines, "TOO_MANY_LINES", "sale.lines"},
        {negative_line, "NEGATIVE_AMOUNT", "sale.lines[2].amount_minor"},
        {least_line, "NEGATIVE_AMOUNT", "sale.lines[0].amount_minor"},
        {great_line, "AMOUNT_OUT_OF_BOUNDS", "sale.lines[1].amount_minor"},
        {great_sum, "AMOUNT_OUT_OF_BOUNDS", "sale.lines"},
        {long_category, "BAD_TEXT", "sale.lines[1].category"},
        {broken_category, "BAD_TEXT", "sale.lines[0].category"},
        {negative_paid, "NEGATIVE_AMOUNT", "sale.paid_with_points_minor"},
        {great_paid, "PAID_OVER_TOTAL", "sale.paid_with_points_minor"},
        {no_receipt_number, "BAD_RECEIPT", "sale.receipt.number"},
        {bad_business_date, "BAD_DATE", "sale.receipt.business_date"},
        {other_unit, "WRONG_UNIT", "sale.unit"},
        {longer_unit, "WRONG_UNIT", "sale.unit"},
        {shorter_unit, "WRONG_UNIT", "sale.unit"},
        {empty_segment, "BAD_UNIT", "sale.unit"},
        {double_slash, "BAD_UNIT", "sale.unit"},
        {climbing_unit, "BAD_UNIT", "sale.unit"},
        {spaced_unit, "BAD_UNIT", "sale.unit"},
        {long_unit, "BAD_UNIT", "sale.unit"},
        {long_channel, "BAD_TEXT", "sale.channel"},
        {bad_occurred_at, "BAD_TIMESTAMP", "sale.occurred_at"},
        {empty_date, "MISSING", "sale.occurred_date"},
        {no_such_date, "BAD_DATE", "sale.occurred_date"},
        {first_date, "BAD_DATE", "sale.occurred_date"},
        {odd_date, "BAD_DATE", "sale.occurred_date"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct commands commands = till();
        Loyalty__V1__Sale sale = good_sale();
        struct award_command command;
        assert_int_equal(commands_sale(&commands, &sale, &command), STATUS_OK);
        cases[i].spoil(&sale);
        assert_fault(commands_sale(&commands, &sale, &command), &commands, cases[i].reason,
                     cases[i].field);
    }
    struct commands commands = till();
    struct award_command command;
    assert_fault(commands_sale(&commands, NULL, &command), &commands, "MISSING", "sale");
}

static void units_follow_the_certificate(void **state)
{
    (void)state;
    Loyalty__V1__Sale sale = good_sale();
    struct award_command command;
    sale.unit = text("store-0008/till-01");
    struct commands admin = till();
    admin.any_unit = true;
    assert_int_equal(commands_sale(&admin, &sale, &command), STATUS_OK);
    assert_span(command.sale.unit, "store-0008/till-01");
    struct commands nobody = till();
    nobody.unit = span_of(NULL, 0);
    assert_fault(commands_sale(&nobody, &sale, &command), &nobody, "WRONG_UNIT", "sale.unit");
    sale.unit = text("store-0007");
    struct commands own = till();
    assert_int_equal(commands_sale(&own, &sale, &command), STATUS_OK);
    struct commands below = till();
    below.unit = span_of_text("store-0007/till-02");
    assert_fault(commands_sale(&below, &sale, &command), &below, "WRONG_UNIT", "sale.unit");
}

// --- opening balance ---

static Loyalty__V1__OpeningLot lots[LIMIT_OPENING_ITEMS + 1];
static Loyalty__V1__OpeningLot *lot_list[LIMIT_OPENING_ITEMS + 1];
static Loyalty__V1__OpeningScore scores[LIMIT_OPENING_ITEMS + 1];
static Loyalty__V1__OpeningScore *score_list[LIMIT_OPENING_ITEMS + 1];
static Loyalty__V1__OpeningCard card;

static Loyalty__V1__OpeningBalanceRequest good_opening(void)
{
    for (size_t i = 0; i < LIMIT_OPENING_ITEMS + 1; i++) {
        loyalty__v1__opening_lot__init(&lots[i]);
        loyalty__v1__opening_score__init(&scores[i]);
        lots[i].points = 1;
        scores[i].score = 1;
        lot_list[i] = &lots[i];
        score_list[i] = &scores[i];
    }
    loyalty__v1__opening_card__init(&card);
    card.tier_id = text("gold");
    card.from = text("2025-02-01");
    card.until = text("2027-02-01");
    lots[1].expires_on = text("2026-12-31");
    scores[0].from = text("2024-05-01");
    scores[1].until = text("2200-12-31");
    Loyalty__V1__OpeningBalanceRequest request = LOYALTY__V1__OPENING_BALANCE_REQUEST__INIT;
    request.n_lots = 2;
    request.lots = lot_list;
    request.n_scores = 2;
    request.scores = score_list;
    request.card = &card;
    return request;
}

static void an_opening_arrives_whole(void **state)
{
    (void)state;
    struct commands commands = till();
    Loyalty__V1__OpeningBalanceRequest request = good_opening();
    struct opening_command command;
    assert_int_equal(commands_opening(&commands, &request, &command), STATUS_OK);
    assert_int_equal(command.lot_count, 2);
    assert_false(command.lots[0].has_until);
    assert_true(command.lots[1].has_until);
    assert_int_equal(command.lots[1].until.month, 12);
    assert_int_equal(command.score_count, 2);
    assert_true(command.scores[0].has_from);
    assert_false(command.scores[0].has_until);
    assert_int_equal(command.scores[0].from.year, 2024);
    assert_true(command.scores[1].has_until);
    assert_int_equal(command.scores[1].points_or_score, 1);
    assert_true(command.has_card);
    assert_span(command.card_tier, "gold");
    assert_true(command.card.has_from);
    assert_true(command.card.has_until);
    assert_int_equal(command.card.until.year, 2027);
    card.until = text("");
    assert_int_equal(commands_opening(&commands, &request, &command), STATUS_OK);
    assert_false(command.card.has_until);
    Loyalty__V1__OpeningBalanceRequest nothing = LOYALTY__V1__OPENING_BALANCE_REQUEST__INIT;
    assert_int_equal(commands_opening(&commands, &nothing, &command), STATUS_OK);
    assert_false(command.has_card);
}

static void bad_openings_are_named(void **state)
{
    (void)state;
    enum { CASES = 12 };
    static const struct {
        const char *reason;
        const char *field;
    } expected[CASES] = {
        {"POINTS_OUT_OF_BOUNDS", "lots[1].points"},
        {"POINTS_OUT_OF_BOUNDS", "lots[0].points"},
        {"POINTS_OUT_OF_BOUNDS", "lots"},
        {"BAD_DATE", "lots[0].expires_on"},
        {"TOO_MANY_ITEMS", "lots"},
        {"SCORE_OUT_OF_BOUNDS", "scores[0].score"},
        {"SCORE_OUT_OF_BOUNDS", "scores"},
        {"BAD_DATE", "scores[1].from"},
        {"TOO_MANY_ITEMS", "scores"},
        {"MISSING", "card.tier_id"},
        {"MISSING", "card.from"},
        {"BAD_DATE", "card.until"},
    };
    for (size_t i = 0; i < CASES; i++) {
        struct commands commands = till();
        Loyalty__V1__OpeningBalanceRequest request = good_opening();
        lots[1].points = i == 0 ? 0 : 1;
        lots[0].points = i == 1 ? LIMIT_POINTS_A_RECORD + 1 : i == 2 ? LIMIT_POINTS_A_RECORD : 1;
        lots[0].expires_on = text(i == 3 ? "2026-06-31" : "");
        request.n_lots = i == 4 ? LIMIT_OPENING_ITEMS + 1 : 2;
        scores[0].score = i == 5 ? -1 : i == 6 ? LIMIT_POINTS_A_RECORD : 1;
        scores[1].from = text(i == 7 ? "1965-01-01" : "");
        request.n_scores = i == 8 ? LIMIT_OPENING_ITEMS + 1 : 2;
        card.tier_id = text(i == 9 ? "" : "gold");
        card.from = text(i == 10 ? "" : "2025-02-01");
        card.until = text(i == 11 ? "2201-01-01" : "");
        struct opening_command command;
        assert_fault(commands_opening(&commands, &request, &command), &commands, expected[i].reason,
                     expected[i].field);
    }
}

static void an_exchange_names_its_reversal(void **state)
{
    (void)state;
    struct commands commands = till();
    Loyalty__V1__Sale sale = good_sale();
    struct award_command command;
    assert_int_equal(commands_sale(&commands, &sale, &command), STATUS_OK);
    assert_false(command.sale.exchanged);
    assert_false(command.sale.attached);
    sale.exchange_of = text("0b6f2f1e-5d0e-4a8e-9a57-6b7a3c1d2e4f");
    assert_int_equal(commands_sale(&commands, &sale, &command), STATUS_OK);
    assert_true(command.sale.exchanged);
    assert_int_equal(command.sale.exchange_of[0], 0x0b);
    assert_int_equal(command.sale.exchange_of[15], 0x4f);
    sale.exchange_of = text("yesterday's");
    assert_fault(commands_sale(&commands, &sale, &command), &commands, "NOT_A_UUID",
                 "sale.exchange_of");
}

static void a_claimed_sale_needs_its_receipt_and_time(void **state)
{
    (void)state;
    struct commands commands = till();
    Loyalty__V1__Sale sale = good_sale();
    struct award_command command;
    sale.attached = 1;
    assert_fault(commands_sale(&commands, &sale, &command), &commands, "MISSING", "sale.occurred");
    sale.occurred_case = LOYALTY__V1__SALE__OCCURRED_OCCURRED_DATE;
    sale.occurred_date = text("2026-02-28");
    assert_int_equal(commands_sale(&commands, &sale, &command), STATUS_OK);
    assert_true(command.sale.attached);
    sale.occurred_case = LOYALTY__V1__SALE__OCCURRED_OCCURRED_AT;
    sale.occurred_at = &occurred;
    assert_int_equal(commands_sale(&commands, &sale, &command), STATUS_OK);
    sale.receipt = NULL;
    assert_fault(commands_sale(&commands, &sale, &command), &commands, "MISSING", "sale.receipt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sale_arrives_whole),
        cmocka_unit_test(an_exchange_names_its_reversal),
        cmocka_unit_test(a_claimed_sale_needs_its_receipt_and_time),
        cmocka_unit_test(a_sale_needs_little),
        cmocka_unit_test(sales_at_their_bounds_are_good),
        cmocka_unit_test(bad_sales_are_named),
        cmocka_unit_test(units_follow_the_certificate),
        cmocka_unit_test(an_opening_arrives_whole),
        cmocka_unit_test(bad_openings_are_named),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
