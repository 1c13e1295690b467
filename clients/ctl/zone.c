// The C library does the zone; the search below needs nothing of it but localtime.
#include "ctl/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/calendar.h"

enum {
    DAY_SECONDS = 86400,
    ZONE_SECONDS_MAX = 26 * 3600, // no local time is further from UTC
    STEP_SECONDS = 15 * 60,       // zones change at quarters of an hour
    PATH_BYTES_MAX = 512,
};

static bool has_zone(const char *name)
{
    const char *folder = getenv("TZDIR");
    char path[PATH_BYTES_MAX];
    int len = snprintf(path, sizeof(path), "%s/%s", folder == NULL ? "/usr/share/zoneinfo" : folder,
                       name);
    bool plain = *name != '\0' && *name != '/' && *name != '.' && strstr(name, "..") == NULL;
    return plain && len >= 0 && len < (int)sizeof(path) && access(path, R_OK) == 0;
}

bool zone_is_known(const char *name)
{
    return has_zone(name) || !has_zone("UTC");
}

bool zone_use(const char *name)
{
    if (!has_zone(name) || setenv("TZ", name, 1) != 0) {
        return false;
    }
    tzset();
    return true;
}

static int32_t local_day(int64_t seconds)
{
    time_t instant = (time_t)seconds;
    struct tm local;
    if (localtime_r(&instant, &local) == NULL) {
        return 0;
    }
    struct civil_date date = {
        .year = local.tm_year + 1900,
        .month = local.tm_mon + 1,
        .day = local.tm_mday,
    };
    return civil_to_days(date);
}

int32_t zone_day_of_ms(int64_t instant_ms)
{
    return local_day(instant_ms / 1000);
}

int64_t zone_day_start_ms(int32_t day)
{
    int64_t seconds = (int64_t)day * DAY_SECONDS - ZONE_SECONDS_MAX;
    while (local_day(seconds) < day) {
        seconds += STEP_SECONDS;
    }
    return seconds * 1000;
}
