// Shares by largest remainder: everybody gets the floor of his exact share, then what is left over
// goes, one each, to the largest remainders. What is left over is at most the number of remainders
// above 0 (their sum, floored or rounded half up), so a remainder used up is set to 0 and never
// comes up again. The search is quadratic in a sale's lines, which LIMIT_SALE_LINES bounds.
#include "core/earn_share.h"

#include "base/check.h"

enum status exact_round(uint128 exact, uint128 unit, enum rounding rounding, int64_t *ret_whole)
{
    CHECK(unit > 0);
    uint128 whole = exact / unit;
    uint128 rest = exact % unit;
    if (rounding == ROUNDING_HALF_UP && rest >= unit - rest) {
        whole++;
    }
    if (whole > (uint128)LIMIT_POINTS_A_RECORD) {
        return STATUS_RANGE;
    }
    *ret_whole = (int64_t)whole;
    return STATUS_OK;
}

// Index of the largest remainder, the first of equals; uses it up.
static size_t take_largest(uint128 *remainders, size_t count)
{
    size_t largest = 0;
    for (size_t i = 1; i < count; i++) {
        if (remainders[i] > remainders[largest]) {
            largest = i;
        }
    }
    CHECK(remainders[largest] > 0);
    remainders[largest] = 0;
    return largest;
}

void share_whole(const uint128 *exact, size_t count, uint128 unit, int64_t total, uint128 *scratch,
                 int64_t *ret_shares)
{
    if (count == 1) {
        ret_shares[0] = total;
        return;
    }
    int64_t left = total;
    for (size_t i = 0; i < count; i++) {
        ret_shares[i] = (int64_t)(exact[i] / unit);
        scratch[i] = exact[i] % unit;
        left -= ret_shares[i];
    }
    CHECK(left >= 0);
    for (; left > 0; left--) {
        ret_shares[take_largest(scratch, count)]++;
    }
}

enum status share_by_weight(uint128 amount, const uint128 *weights, size_t count, uint128 *scratch,
                            uint128 *sums)
{
    uint128 weight_sum = 0;
    for (size_t i = 0; i < count; i++) {
        TRY(exact_add(weight_sum, weights[i], &weight_sum));
    }
    if (weight_sum == 0) {
        return STATUS_OK;
    }
    uint128 each = amount / weight_sum;
    uint128 rest = amount % weight_sum;
    uint128 left = rest;
    for (size_t i = 0; i < count; i++) {
        uint128 product = 0;
        TRY(exact_multiply(rest, weights[i], &product));
        scratch[i] = product % weight_sum;
        sums[i] += each * weights[i] + product / weight_sum;
        left -= product / weight_sum;
    }
    for (; left > 0; left--) {
        sums[take_largest(scratch, count)]++;
    }
    return STATUS_OK;
}
