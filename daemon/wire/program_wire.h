// The message loyalty.v1.Program as core's struct program. Only shape: what was not given gets the
// contract's default, numbers no enum of the contract knows become -1 (or a bit of `unmapped`);
// whether the program holds together is for program_compile to say.
#pragma once

#include "base/arena.h"
#include "base/status.h"
#include "core/program.h"
#include "loyalty/v1/program.pb-c.h"

enum { PROGRAM_LATE_DAYS_DEFAULT = 45 };

// Texts stay in the message, which must live as long as the program; lists are in the arena.
// STATUS_NO_MEMORY is the only failure.
MUST_CHECK enum status program_from_message(const Loyalty__V1__Program *message,
                                            struct arena *arena, struct program *ret_program);
