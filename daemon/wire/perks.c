// What is asked of perks.
#include "wire/perks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/calendar.h"
#include "wire/shapes.h"
#include "wire/text.h"

enum { CODE_SECONDS_DEFAULT = 120, CODE_SECONDS_MIN = 15, CODE_SECONDS_MAX = 600 };

#define FAULT_BAD_LIFETIME "BAD_LIFETIME"
#define FAULT_BAD_MONTH "BAD_MONTH"

enum status perks_read_use(struct commands *commands, const Loyalty__V1__UsePerkRequest *request,
                           struct use_perk_command *ret_command)
{
    struct path perk_path = shapes_step(NULL, "perk_id");
    struct path unit_path = shapes_step(NULL, "unit");
    struct use_perk_command command = {0};
    if (*request->perk_id == '\0') {
        return shapes_fail(commands, FAULT_MISSING, &perk_path,
                           "It is not said which perk is used; give its id.");
    }
    TRY(shapes_text(commands, request->perk_id, &perk_path, LIMIT_NAME_BYTES, &command.perk_id));
    TRY(shapes_unit(commands, request->unit, &unit_path, &command.unit));
    *ret_command = command;
    return STATUS_OK;
}

enum status perks_read_reversal(struct commands *commands,
                                const Loyalty__V1__ReversePerkRequest *request,
                                struct reverse_perk_command *ret_command)
{
    struct path original_path = shapes_step(NULL, "original_request_id");
    struct path created_path = shapes_step(NULL, "original_created_at");
    struct path reason_path = shapes_step(NULL, "reason");
    struct reverse_perk_command command = {0};
    TRY(shapes_reference(commands, request->original_request_id, "use", &original_path,
                         command.original));
    TRY(shapes_instant(commands, request->original_created_at, &created_path,
                       &command.original_created_ms));
    TRY(shapes_text(commands, request->reason, &reason_path, LIMIT_TEXT_BYTES, &command.reason));
    *ret_command = command;
    return STATUS_OK;
}

enum status perks_read_lifetime(struct commands *commands, uint32_t seconds, uint32_t *ret_seconds)
{
    struct path path = shapes_step(NULL, "lifetime_seconds");
    if (seconds != 0 && (seconds < CODE_SECONDS_MIN || seconds > CODE_SECONDS_MAX)) {
        return shapes_fail(commands, FAULT_BAD_LIFETIME, &path,
                           arena_printf(commands->arena,
                                        "A code cannot live %" PRIu32 " seconds; give %d to %d, or "
                                        "0 for %d.",
                                        seconds, CODE_SECONDS_MIN, CODE_SECONDS_MAX,
                                        CODE_SECONDS_DEFAULT));
    }
    *ret_seconds = seconds == 0 ? CODE_SECONDS_DEFAULT : seconds;
    return STATUS_OK;
}

enum status perks_read_month(struct commands *commands, const char *text, int32_t *ret_year,
                             int32_t *ret_month)
{
    struct path path = shapes_step(NULL, "month");
    struct span given = span_of_text(text);
    char first_day[sizeof "YYYY-MM-DD"] = "";
    struct civil_date date;
    if (given.len == sizeof "YYYY-MM" - 1) {
        (void)snprintf(first_day, sizeof first_day, "%.7s-01", text);
    }
    if (civil_parse_date(span_of_text(first_day), &date) != STATUS_OK) {
        char shown[TEXT_SHOWN_BYTES];
        return shapes_fail(commands, FAULT_BAD_MONTH, &path,
                           arena_printf(commands->arena,
                                        "'%s' is no month; write it as YYYY-MM, such as 2026-06.",
                                        text_show(given, shown)));
    }
    *ret_year = date.year;
    *ret_month = date.month;
    return STATUS_OK;
}
