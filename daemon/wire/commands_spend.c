// What spends points: at once, or in two steps.
#include "wire/commands.h"

#include "wire/shapes.h"

enum { SECOND_MS = 1000 };

// The fields `points`, at least `min`, `receipt` and `unit` of a request.
static enum status read_spend(struct commands *commands, int64_t points, int64_t min,
                              const Loyalty__V1__ReceiptKey *receipt, const char *unit,
                              struct redeem_command *ret_spend)
{
    struct path points_path = shapes_step(NULL, "points");
    struct path receipt_path = shapes_step(NULL, "receipt");
    struct path unit_path = shapes_step(NULL, "unit");
    ret_spend->points = points;
    TRY(shapes_points(commands, points, min, &points_path));
    TRY(shapes_receipt(commands, receipt, &receipt_path, &ret_spend->receipt));
    return shapes_unit(commands, unit, &unit_path, &ret_spend->unit);
}

enum status commands_redeem(struct commands *commands, const Loyalty__V1__RedeemRequest *request,
                            struct redeem_command *ret_command)
{
    struct redeem_command command = {0};
    TRY(read_spend(commands, request->points, 1, request->receipt, request->unit, &command));
    *ret_command = command;
    return STATUS_OK;
}

enum status commands_reserve(struct commands *commands, const Loyalty__V1__ReserveRequest *request,
                             struct reserve_command *ret_command)
{
    struct redeem_command spend = {0};
    TRY(read_spend(commands, request->points, 1, request->receipt, request->unit, &spend));
    *ret_command = (struct reserve_command){
        .points = spend.points,
        .unit = spend.unit,
        .receipt = spend.receipt,
        .lifetime_ms = (int64_t)request->hold_seconds * SECOND_MS,
    };
    return STATUS_OK;
}

enum status commands_capture(struct commands *commands, const Loyalty__V1__CaptureRequest *request,
                             struct capture_command *ret_command)
{
    struct capture_command command = {0};
    struct redeem_command spend = {0};
    struct path id_path = shapes_step(NULL, "reservation_id");
    TRY(shapes_reference(commands, request->reservation_id, "reservation", &id_path,
                         command.reservation));
    TRY(read_spend(commands, request->points, 0, request->receipt, request->unit, &spend));
    command.points = spend.points;
    command.unit = spend.unit;
    command.receipt = spend.receipt;
    *ret_command = command;
    return STATUS_OK;
}

enum status commands_release(struct commands *commands, const Loyalty__V1__ReleaseRequest *request,
                             struct release_command *ret_command)
{
    struct release_command command = {0};
    struct path id_path = shapes_step(NULL, "reservation_id");
    struct path unit_path = shapes_step(NULL, "unit");
    TRY(shapes_reference(commands, request->reservation_id, "reservation", &id_path,
                         command.reservation));
    TRY(shapes_unit(commands, request->unit, &unit_path, &command.unit));
    *ret_command = command;
    return STATUS_OK;
}
