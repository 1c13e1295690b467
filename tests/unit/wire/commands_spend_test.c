// Reservations and what follows them: every shape and bound, each spoiled once.
#include "commands_fixture.h"

static Loyalty__V1__ReceiptKey receipt = {
    PROTOBUF_C_MESSAGE_INIT(&loyalty__v1__receipt_key__descriptor), 3, "1970-02-01"};

static void a_reservation_is_read(void **state)
{
    (void)state;
    static const int64_t bad[] = {0, -1, INT64_MIN, INT64_MAX, LIMIT_POINTS_A_RECORD + 1};
    struct commands commands = till();
    Loyalty__V1__ReserveRequest request = LOYALTY__V1__RESERVE_REQUEST__INIT;
    struct reserve_command command;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        request.points = bad[i];
        assert_fault(commands_reserve(&commands, &request, &command), &commands,
                     "POINTS_OUT_OF_BOUNDS", "points");
    }
    request.points = LIMIT_POINTS_A_RECORD;
    assert_int_equal(commands_reserve(&commands, &request, &command), STATUS_OK);
    assert_int_equal(command.points, LIMIT_POINTS_A_RECORD);
    assert_int_equal(command.lifetime_ms, 0);
    assert_int_equal(command.receipt.number, 0);
    assert_span(command.unit, "store-0007");
    request.hold_seconds = UINT32_MAX;
    request.receipt = &receipt;
    request.unit = text("store-0007/till-02");
    assert_int_equal(commands_reserve(&commands, &request, &command), STATUS_OK);
    assert_int_equal(command.lifetime_ms, INT64_C(4294967295000));
    assert_int_equal(command.receipt.business_day, 31);
    assert_span(command.unit, "store-0007/till-02");
    request.unit = text("store-00071");
    assert_fault(commands_reserve(&commands, &request, &command), &commands, "WRONG_UNIT", "unit");
}

static void a_capture_is_read(void **state)
{
    (void)state;
    struct commands commands = till();
    Loyalty__V1__CaptureRequest request = LOYALTY__V1__CAPTURE_REQUEST__INIT;
    struct capture_command command;
    assert_fault(commands_capture(&commands, &request, &command), &commands, "MISSING",
                 "reservation_id");
    request.reservation_id = text("7");
    assert_fault(commands_capture(&commands, &request, &command), &commands, "NOT_A_UUID",
                 "reservation_id");
    request.reservation_id = text(FIXTURE_ID);
    assert_int_equal(commands_capture(&commands, &request, &command), STATUS_OK);
    assert_id(command.reservation);
    assert_int_equal(command.points, 0); // all of it
    request.points = -1;
    assert_fault(commands_capture(&commands, &request, &command), &commands, "POINTS_OUT_OF_BOUNDS",
                 "points");
    request.points = 300;
    request.receipt = &receipt;
    request.unit = text("store-0007/till-02");
    assert_int_equal(commands_capture(&commands, &request, &command), STATUS_OK);
    assert_int_equal(command.points, 300);
    assert_int_equal(command.receipt.number, 3);
    assert_span(command.unit, "store-0007/till-02");
    request.unit = text("store-0008/till-02");
    assert_fault(commands_capture(&commands, &request, &command), &commands, "WRONG_UNIT", "unit");
}

static void a_release_is_read(void **state)
{
    (void)state;
    struct commands commands = till();
    Loyalty__V1__ReleaseRequest request = LOYALTY__V1__RELEASE_REQUEST__INIT;
    struct release_command command;
    assert_fault(commands_release(&commands, &request, &command), &commands, "MISSING",
                 "reservation_id");
    request.reservation_id = text(FIXTURE_ID);
    request.unit = text("store-0007/");
    assert_fault(commands_release(&commands, &request, &command), &commands, "BAD_UNIT", "unit");
    request.unit = text("");
    assert_int_equal(commands_release(&commands, &request, &command), STATUS_OK);
    assert_id(command.reservation);
    assert_span(command.unit, "store-0007");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reservation_is_read),
        cmocka_unit_test(a_capture_is_read),
        cmocka_unit_test(a_release_is_read),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
