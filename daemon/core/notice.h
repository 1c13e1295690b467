// Notices: that points will expire and that a card will end, told so many civil days before, at
// 00:00 local; how many is said by the version in force at that very instant. Each end is told
// once, as the last thing of its instant; nothing is told of what came too late for it, nor where a
// version does not ask for it. Source: domain.md, "The account over time".
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "core/account.h"
#include "core/ledger.h"
#include "core/program.h"

// The first instant after the account's now and at most `until_ms` at which something will be told,
// by what is in the account; INSTANT_NEVER when there is none. A hold that lapses before may bring
// points that are told sooner, and a card that changes another end.
int64_t notice_next(const struct account *account, const struct program_set *programs,
                    int64_t until_ms);

// Emits what is to be told at the account's now.
MUST_CHECK enum status notice_tell(struct account *account, struct ledger_writer *writer,
                                   struct arena *arena);
