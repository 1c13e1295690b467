// What the files of PerksService share: perks.c (uses and reversals), perks_read.c (lists, codes),
// settlement.c (a partner's month).
#pragma once

#include "base/span.h"
#include "service/codes.h"
#include "service/request.h"

// The partner whose certificate asks, "garden-hotel" of "partner/garden-hotel/desk"; else empty.
struct span perks_partner(const struct request *request);
