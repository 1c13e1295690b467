// Instants and local times of a zone, from its table of offsets. Invariants of a table: at least
// one step, steps rise strictly, every offset is within 26 hours. Both directions are a binary
// search; the way from local time to an instant then looks at the few steps near it, since a gap or
// an overlap makes the order of local times differ from that of instants.
#include "core/calendar.h"

#include "base/check.h"

// Above any offset a zone may have (RFC 9636 allows at most 26 hours).
#define OFFSET_BOUND_MS (2 * DAY_MS)
// Instants beyond the year 9999, INSTANT_NEVER among them, count as that one; so no sum overflows.
#define INSTANT_BOUND_MS INT64_C(253402300799999)

static int64_t clamp_instant(int64_t instant_ms)
{
    if (instant_ms > INSTANT_BOUND_MS) {
        return INSTANT_BOUND_MS;
    }
    return instant_ms < -INSTANT_BOUND_MS ? -INSTANT_BOUND_MS : instant_ms;
}

// Index of the step in force at an instant: the last that began, or the first of all. Many zones
// have no step to come any more.
static size_t step_at(const struct zone *zone, int64_t instant_ms)
{
    size_t low = 0;
    size_t high = zone->count;
    if (zone->steps[high - 1].from_ms <= instant_ms) {
        return high - 1;
    }
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (zone->steps[middle].from_ms <= instant_ms) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static int64_t local_of(const struct zone *zone, size_t step, int64_t instant_ms)
{
    return instant_ms + zone->steps[step].offset_ms;
}

static struct day_time day_time_of(int64_t local_ms)
{
    int64_t ms_of_day = local_ms % DAY_MS;
    if (ms_of_day < 0) {
        ms_of_day += DAY_MS;
    }
    return (struct day_time){.day = (int32_t)((local_ms - ms_of_day) / DAY_MS),
                             .ms_of_day = ms_of_day};
}

struct day_time zone_day_time(const struct zone *zone, int64_t instant_ms)
{
    CHECK(zone->count > 0);
    int64_t instant = clamp_instant(instant_ms);
    return day_time_of(local_of(zone, step_at(zone, instant), instant));
}

int32_t zone_day(const struct zone *zone, int64_t instant_ms)
{
    return zone_day_time(zone, instant_ms).day;
}

struct civil_time zone_local(const struct zone *zone, int64_t instant_ms)
{
    struct day_time local = zone_day_time(zone, instant_ms);
    return (struct civil_time){.date = civil_from_days(local.day), .ms_of_day = local.ms_of_day};
}

struct civil_date zone_date(const struct zone *zone, int64_t instant_ms)
{
    return civil_from_days(zone_day(zone, instant_ms));
}

// Within one step local time runs on without a leap, so that no midnight lies between two instants
// of one day; a step may itself be where a day starts.
bool zone_is_one_day(const struct zone *zone, int64_t from_ms, int64_t until_ms)
{
    CHECK(zone->count > 0);
    int64_t from = clamp_instant(from_ms);
    int64_t until = clamp_instant(until_ms);
    if (until - from >= DAY_MS) {
        return false;
    }
    size_t step = step_at(zone, from);
    if (step + 1 < zone->count && until >= zone->steps[step + 1].from_ms) {
        return false;
    }
    struct day_time local = day_time_of(local_of(zone, step, from));
    return local.ms_of_day + (until - from) < DAY_MS;
}

// Of the steps in rising order the first under which the local time comes before the step's end is
// the one: before its beginning means in a gap, and the gap ends where the step begins.
int64_t zone_instant(const struct zone *zone, struct civil_time local)
{
    CHECK(zone->count > 0);
    int64_t local_ms = civil_to_days(local.date) * DAY_MS + local.ms_of_day;
    size_t i = step_at(zone, local_ms - OFFSET_BOUND_MS);
    while (i + 1 < zone->count &&
           local_ms - zone->steps[i].offset_ms >= zone->steps[i + 1].from_ms) {
        i++;
    }
    int64_t instant_ms = local_ms - zone->steps[i].offset_ms;
    bool in_gap = i > 0 && instant_ms < zone->steps[i].from_ms;
    return in_gap ? zone->steps[i].from_ms : instant_ms;
}

int64_t zone_day_start(const struct zone *zone, struct civil_date date)
{
    return zone_instant(zone, (struct civil_time){.date = date});
}

int64_t zone_add_months(const struct zone *zone, int64_t instant_ms, int32_t months)
{
    struct civil_time local = zone_local(zone, instant_ms);
    local.date = civil_add_months(local.date, months);
    return zone_instant(zone, local);
}

int64_t zone_period_end_after(const struct zone *zone, struct civil_date date, int32_t months,
                              enum period period)
{
    return zone_day_start(zone, civil_period_end_after(date, months, period));
}
