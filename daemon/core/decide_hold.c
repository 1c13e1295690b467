// Reservations: setting points aside, spending them, giving them back.
#include "core/decide.h"

enum status decide_reserve(const struct decide *decide, const struct reserve_command *command,
                           struct decision *ret_decision)
{
    (void)decide;
    (void)command;
    (void)ret_decision;
    return STATUS_INVALID;
}

enum status decide_capture(const struct decide *decide, const struct capture_command *command,
                           struct decision *ret_decision)
{
    (void)decide;
    (void)command;
    (void)ret_decision;
    return STATUS_INVALID;
}

enum status decide_release(const struct decide *decide, const struct release_command *command,
                           struct decision *ret_decision)
{
    (void)decide;
    (void)command;
    (void)ret_decision;
    return STATUS_INVALID;
}
