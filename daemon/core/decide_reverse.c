// Reversals: taking back what was done.
#include "core/decide.h"

enum status decide_reverse(const struct decide *decide, const struct reverse_command *command,
                           struct decision *ret_decision)
{
    (void)decide;
    (void)command;
    (void)ret_decision;
    return STATUS_INVALID;
}
