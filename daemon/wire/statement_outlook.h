// What time will bring by all that is known now; private to wire/statement*.c.
#pragma once

#include "core/account.h"
#include "core/advance.h"
#include "core/program.h"
#include "loyalty/v1/members.pb-c.h"

struct outlook {
    struct holding holding;
    int64_t score;
};

// The card held, and the score that counts, right after the boundaries of an instant that lies
// ahead. The account has a card and a version is in force.
struct outlook statement_outlook(const struct account *account, const struct program_set *programs,
                                 int64_t until_ms);

// Each tier: its threshold and what is missing to it.
MUST_CHECK enum status statement_progress(struct arena *arena, const struct program *program,
                                          int64_t score, size_t *ret_count,
                                          Loyalty__V1__TierProgress ***ret_tiers);

// NULL for an account without a card, or one that has ended.
MUST_CHECK enum status statement_forecast(struct arena *arena, const struct account *account,
                                          const struct program_set *programs,
                                          Loyalty__V1__TierForecast **ret_forecast);
