// What takes back: which request, and how much of it.
#include "wire/commands.h"

#include <inttypes.h>

#include "wire/shapes.h"

static enum status read_amount(struct commands *commands, int64_t amount_minor,
                               struct reverse_command *command)
{
    struct path path = shapes_step(NULL, "amount_minor");
    TRY(shapes_amount(commands, amount_minor, &path));
    if (amount_minor == 0) {
        return shapes_fail(commands, FAULT_AMOUNT_OUT_OF_BOUNDS, &path,
                           "An amount of 0 returns nothing; give one from 1 up, or leave it out to "
                           "take everything back.");
    }
    command->part = REVERSE_AMOUNT;
    command->amount_minor = amount_minor;
    return STATUS_OK;
}

static enum status read_points(struct commands *commands, int64_t points,
                               struct reverse_command *command)
{
    struct path path = shapes_step(NULL, "points");
    command->part = REVERSE_POINTS;
    command->points = points;
    return shapes_points(commands, points, 1, &path);
}

// A number from 1 up that none of those before it is.
static enum status judge_line(struct commands *commands, const uint32_t *numbers, size_t i,
                              const struct path *path)
{
    if (numbers[i] == 0) {
        return shapes_fail(commands, FAULT_BAD_LINE, path,
                           "Lines are counted from 1, in the order of the sale.");
    }
    for (size_t j = 0; j < i; j++) {
        if (numbers[j] == numbers[i]) {
            return shapes_fail(commands, FAULT_DUPLICATE_LINE, path,
                               arena_printf(commands->arena,
                                            "Line %" PRIu32 " is named twice; a line is returned "
                                            "once.",
                                            numbers[i]));
        }
    }
    return STATUS_OK;
}

static enum status read_lines(struct commands *commands, const Loyalty__V1__LineNumbers *lines,
                              struct reverse_command *command)
{
    struct path lines_path = shapes_step(NULL, "lines");
    struct path path = shapes_step(&lines_path, "numbers");
    if (lines->n_numbers == 0) {
        return shapes_fail(commands, FAULT_MISSING, &path,
                           "No line is named; give the numbers of those returned, or leave them "
                           "out to take everything back.");
    }
    if (lines->n_numbers > LIMIT_SALE_LINES) {
        return shapes_fail(commands, FAULT_TOO_MANY_LINES, &path,
                           arena_printf(commands->arena,
                                        "%zu lines are named, but a sale has at most %d.",
                                        lines->n_numbers, LIMIT_SALE_LINES));
    }
    for (size_t i = 0; i < lines->n_numbers; i++) {
        struct path number_path = path_element(&path, i);
        TRY(judge_line(commands, lines->numbers, i, &number_path));
    }
    command->part = REVERSE_LINES;
    command->lines = lines->numbers;
    command->line_count = lines->n_numbers;
    return STATUS_OK;
}

static enum status read_part(struct commands *commands, const Loyalty__V1__ReverseRequest *request,
                             struct reverse_command *command)
{
    switch (request->part_case) {
    case LOYALTY__V1__REVERSE_REQUEST__PART_AMOUNT_MINOR:
        return read_amount(commands, request->amount_minor, command);
    case LOYALTY__V1__REVERSE_REQUEST__PART_LINES:
        return read_lines(commands, request->lines, command);
    case LOYALTY__V1__REVERSE_REQUEST__PART_POINTS:
        return read_points(commands, request->points, command);
    default:
        return STATUS_OK;
    }
}

enum status commands_reverse(struct commands *commands, const Loyalty__V1__ReverseRequest *request,
                             struct reverse_command *ret_command)
{
    struct reverse_command command = {.part = REVERSE_WHOLE};
    struct path original_path = shapes_step(NULL, "original_request_id");
    struct path created_path = shapes_step(NULL, "original_created_at");
    struct path reason_path = shapes_step(NULL, "reason");
    struct path receipt_path = shapes_step(NULL, "receipt");
    struct path unit_path = shapes_step(NULL, "unit");
    TRY(shapes_reference(commands, request->original_request_id, "request", &original_path,
                         command.original));
    TRY(shapes_instant(commands, request->original_created_at, &created_path,
                       &command.original_created_ms));
    TRY(read_part(commands, request, &command));
    TRY(shapes_text(commands, request->reason, &reason_path, LIMIT_TEXT_BYTES, &command.reason));
    TRY(shapes_receipt(commands, request->receipt, &receipt_path, &command.receipt));
    TRY(shapes_unit(commands, request->unit, &unit_path, &command.unit));
    *ret_command = command;
    return STATUS_OK;
}
