// The figures of a reversal: how much of the original is taken back, and where its points come from
// or go. All shares are cumulative over the reversals there were before. Source: domain.md,
// "Figures" (Partial reversal, Lots), fine print 8, 9, 11, 15 and 17.
#pragma once

#include "base/arena.h"
#include "base/status.h"
#include "core/account.h"
#include "core/decide.h"
#include "core/original.h"

// Of an award. `clamp`: what cannot be taken is forgiven rather than owed. The line numbers are
// those of the sale. The result is PREVIOUSLY_REVERSED when nothing that was asked for is left.
MUST_CHECK enum status reversal_of_sale(const struct account *account,
                                        const struct original *original,
                                        const struct reverse_command *command, bool clamp,
                                        struct arena *arena, struct record_reversed *reversed);

// Of a redemption or a capture.
MUST_CHECK enum status reversal_of_spending(const struct account *account,
                                            const struct original *original,
                                            const struct reverse_command *command,
                                            struct arena *arena, struct record_reversed *reversed);

// Of an open reservation.
MUST_CHECK enum status reversal_of_hold(const struct account *account, const struct hold *hold,
                                        struct arena *arena, struct record_reversed *reversed);
