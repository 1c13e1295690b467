// What a program says of members: identifiers, notices, referral.
#include "core/program_check.h"

enum status check_members(struct program *program, struct program_problems *problems)
{
    (void)program;
    (void)problems;
    return STATUS_OK;
}
