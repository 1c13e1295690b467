// What is to be taken back, and how much of it: every shape and bound, each spoiled once.
#include "commands_fixture.h"

static Google__Protobuf__Timestamp created;
static Loyalty__V1__LineNumbers lines;
static uint32_t numbers[LIMIT_SALE_LINES + 1];

// The whole of a request made on 2026-05-28.
static Loyalty__V1__ReverseRequest good_reverse(void)
{
    google__protobuf__timestamp__init(&created);
    created.seconds = 1780000000;
    loyalty__v1__line_numbers__init(&lines);
    lines.numbers = numbers;
    for (size_t i = 0; i < LIMIT_SALE_LINES + 1; i++) {
        numbers[i] = (uint32_t)(LIMIT_SALE_LINES - i);
    }
    Loyalty__V1__ReverseRequest request = LOYALTY__V1__REVERSE_REQUEST__INIT;
    request.original_request_id = text(FIXTURE_ID);
    request.original_created_at = &created;
    return request;
}

static void the_whole_is_taken_back(void **state)
{
    (void)state;
    struct commands commands = till();
    Loyalty__V1__ReverseRequest request = good_reverse();
    Loyalty__V1__ReceiptKey receipt = LOYALTY__V1__RECEIPT_KEY__INIT;
    struct reverse_command command;
    receipt.number = 3;
    receipt.business_date = text("1970-02-01");
    request.receipt = &receipt;
    request.reason = text("returned");
    request.unit = text("store-0007/till-02");
    assert_int_equal(commands_reverse(&commands, &request, &command), STATUS_OK);
    assert_id(command.original);
    assert_int_equal(command.original_created_ms, 1780000000000);
    assert_int_equal(command.part, REVERSE_WHOLE);
    assert_span(command.reason, "returned");
    assert_int_equal(command.receipt.number, 3);
    assert_span(command.unit, "store-0007/till-02");
    request.unit = text("store-0008");
    assert_fault(commands_reverse(&commands, &request, &command), &commands, "WRONG_UNIT", "unit");
}

static void the_original_must_be_named(void **state)
{
    (void)state;
    struct commands commands = till();
    Loyalty__V1__ReverseRequest request = good_reverse();
    struct reverse_command command;
    request.original_request_id = text("");
    assert_fault(commands_reverse(&commands, &request, &command), &commands, "MISSING",
                 "original_request_id");
    request.original_request_id = text("00000000-0000-0000-0000-000000000000");
    assert_fault(commands_reverse(&commands, &request, &command), &commands, "NOT_A_UUID",
                 "original_request_id");
    request = good_reverse();
    request.original_created_at = NULL;
    assert_fault(commands_reverse(&commands, &request, &command), &commands, "MISSING",
                 "original_created_at");
    request = good_reverse();
    created.nanos = -1;
    assert_fault(commands_reverse(&commands, &request, &command), &commands, "BAD_TIMESTAMP",
                 "original_created_at");
    request = good_reverse();
    request.reason = text("a\nb");
    assert_fault(commands_reverse(&commands, &request, &command), &commands, "BAD_TEXT", "reason");
}

static void parts_by_amount_and_points(void **state)
{
    (void)state;
    struct commands commands = till();
    Loyalty__V1__ReverseRequest request = good_reverse();
    struct reverse_command command;
    request.part_case = LOYALTY__V1__REVERSE_REQUEST__PART_AMOUNT_MINOR;
    request.amount_minor = LIMIT_AMOUNT_MINOR_MAX;
    assert_int_equal(commands_reverse(&commands, &request, &command), STATUS_OK);
    assert_int_equal(command.part, REVERSE_AMOUNT);
    assert_int_equal(command.amount_minor, LIMIT_AMOUNT_MINOR_MAX);
    request.amount_minor = 0;
    assert_fault(commands_reverse(&commands, &request, &command), &commands, "AMOUNT_OUT_OF_BOUNDS",
                 "amount_minor");
    request.amount_minor = -1;
    assert_fault(commands_reverse(&commands, &request, &command), &commands, "NEGATIVE_AMOUNT",
                 "amount_minor");
    request.amount_minor = LIMIT_AMOUNT_MINOR_MAX + 1;
    assert_fault(commands_reverse(&commands, &request, &command), &commands, "AMOUNT_OUT_OF_BOUNDS",
                 "amount_minor");
    request.part_case = LOYALTY__V1__REVERSE_REQUEST__PART_POINTS;
    request.points = 200;
    assert_int_equal(commands_reverse(&commands, &request, &command), STATUS_OK);
    assert_int_equal(command.part, REVERSE_POINTS);
    assert_int_equal(command.points, 200);
    request.points = 0;
    assert_fault(commands_reverse(&commands, &request, &command), &commands, "POINTS_OUT_OF_BOUNDS",
                 "points");
}

static void parts_by_lines(void **state)
{
    (void)state;
    struct commands commands = till();
    Loyalty__V1__ReverseRequest request = good_reverse();
    struct reverse_command command;
    request.part_case = LOYALTY__V1__REVERSE_REQUEST__PART_LINES;
    request.lines = &lines;
    assert_fault(commands_reverse(&commands, &request, &command), &commands, "MISSING",
                 "lines.numbers");
    lines.n_numbers = LIMIT_SALE_LINES;
    assert_int_equal(commands_reverse(&commands, &request, &command), STATUS_OK);
    assert_int_equal(command.part, REVERSE_LINES);
    assert_int_equal(command.line_count, LIMIT_SALE_LINES);
    assert_int_equal(command.lines[0], LIMIT_SALE_LINES);
    lines.n_numbers = LIMIT_SALE_LINES + 1;
    assert_fault(commands_reverse(&commands, &request, &command), &commands, "TOO_MANY_LINES",
                 "lines.numbers");
    lines.n_numbers = 3;
    numbers[2] = 0;
    assert_fault(commands_reverse(&commands, &request, &command), &commands, "BAD_LINE",
                 "lines.numbers[2]");
    numbers[2] = numbers[0];
    assert_fault(commands_reverse(&commands, &request, &command), &commands, "DUPLICATE_LINE",
                 "lines.numbers[2]");
    numbers[2] = UINT32_MAX; // whether the sale has it is core's to say
    assert_int_equal(commands_reverse(&commands, &request, &command), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_is_taken_back),
        cmocka_unit_test(the_original_must_be_named),
        cmocka_unit_test(parts_by_amount_and_points),
        cmocka_unit_test(parts_by_lines),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
