// TZif files, through app/zone_tzdata. What is accepted is a table as core/calendar wants it: steps
// that rise, offsets within a day and two hours; local times and instants then go to and fro.
#include "app/zone_tzdata.h"
#include "base/check.h"
#include "core/calendar.h"
#include "fuzz/fuzz.h"

enum { OFFSET_MAX_MS = 26 * 3600 * 1000, STEPS_MAX = 4096, MEMORY_BYTES_MAX = 1 << 20 };

// A local time leads to the instant it came from, unless another, earlier one has the same.
static void check_instant(const struct zone *zone, int64_t instant_ms)
{
    struct civil_time local = zone_local(zone, instant_ms);
    CHECK(local.date.month >= 1 && local.date.month <= 12 && local.date.day >= 1);
    CHECK(local.date.day <= civil_days_in_month(local.date.year, local.date.month));
    CHECK(local.ms_of_day >= 0 && local.ms_of_day < DAY_MS);
    int64_t back_ms = zone_instant(zone, local);
    CHECK(back_ms <= instant_ms);
    if (back_ms != instant_ms) {
        struct civil_time again = zone_local(zone, back_ms);
        CHECK(again.ms_of_day == local.ms_of_day);
        CHECK(civil_to_days(again.date) == civil_to_days(local.date));
    }
}

static void check_zone(const struct zone *zone)
{
    CHECK(zone->count >= 1 && zone->count <= STEPS_MAX && zone->steps[0].from_ms == 0);
    for (size_t i = 0; i < zone->count; i++) {
        const struct zone_step *step = &zone->steps[i];
        CHECK(step->offset_ms >= -OFFSET_MAX_MS && step->offset_ms <= OFFSET_MAX_MS);
        if (i > 0) {
            CHECK(step->from_ms > step[-1].from_ms && step->offset_ms != step[-1].offset_ms);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct zone zone = {0};
    fuzz_memory_begin(MEMORY_BYTES_MAX);
    enum status status = zone_tzdata_parse(span_of(data, len), &zone);
    CHECK(status == STATUS_OK || status == STATUS_INVALID || status == STATUS_CORRUPT);
    if (status == STATUS_OK) {
        check_zone(&zone);
        size_t stride = zone.count < 8 ? 1 : zone.count / 8;
        for (size_t i = 0; i < zone.count; i += stride) {
            check_instant(&zone, zone.steps[i].from_ms);
            check_instant(&zone, zone.steps[i].from_ms + 1800000);
            check_instant(&zone, zone.steps[i].from_ms + 40 * DAY_MS);
        }
    } else {
        CHECK(zone.steps == NULL);
    }
    zone_tzdata_free(&zone);
    fuzz_memory_end();
    return 0;
}
