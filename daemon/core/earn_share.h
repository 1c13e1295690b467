// Exact non-negative amounts and their shares. An exact amount is a whole number of units, a unit
// being the same fraction of a point for all amounts of one sale; 128 bits hold them, and what
// would not fit is STATUS_RANGE. Shares are by largest remainder, ties to the first: they add up to
// the whole, always. Source: domain.md, "Figures" (Rounding).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "core/program.h"

typedef unsigned __int128 uint128;

MUST_CHECK static inline enum status exact_multiply(uint128 a, uint128 b, uint128 *ret_product)
{
    uint128 product = 0;
    if (__builtin_mul_overflow(a, b, &product)) {
        return STATUS_RANGE;
    }
    *ret_product = product;
    return STATUS_OK;
}

MUST_CHECK static inline enum status exact_add(uint128 a, uint128 b, uint128 *ret_sum)
{
    uint128 sum = 0;
    if (__builtin_add_overflow(a, b, &sum)) {
        return STATUS_RANGE;
    }
    *ret_sum = sum;
    return STATUS_OK;
}

// An exact amount as a whole number, floored or rounded half up. STATUS_RANGE past
// LIMIT_POINTS_A_RECORD.
MUST_CHECK enum status exact_round(uint128 exact, uint128 unit, enum rounding rounding,
                                   int64_t *ret_whole);

// `total`, the rounded sum of the exact amounts, as whole numbers. `scratch` has `count` elements.
void share_whole(const uint128 *exact, size_t count, uint128 unit, int64_t total, uint128 *scratch,
                 int64_t *ret_shares);

// Adds to each of `sums` its part of `amount`, by weight; parts are whole units. Nothing is added
// when all weights are 0. `scratch` has `count` elements.
MUST_CHECK enum status share_by_weight(uint128 amount, const uint128 *weights, size_t count,
                                       uint128 *scratch, uint128 *sums);
