// Classes of durations.
#include "base/histogram.h"

const uint32_t histogram_bounds_us[HISTOGRAM_BOUNDS] = {
    10,    20,    50,     100,    200,    500,     1000,    2000,    5000,    10000,
    20000, 50000, 100000, 200000, 500000, 1000000, 2000000, 5000000, 10000000};

void histogram_note(struct histogram *histogram, int64_t micros)
{
    uint64_t value = micros < 0 ? 0 : (uint64_t)micros;
    size_t class = 0;
    while (class < HISTOGRAM_BOUNDS && value > histogram_bounds_us[class]) {
        class ++;
    }
    histogram->counts[class]++;
    histogram->count++;
    histogram->sum_us += value;
}
