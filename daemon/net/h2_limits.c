// A bucket is one number: the instant at which all is repaid. A unit moves it on by its interval;
// it may be ahead of now by the burst.
#include "net/h2_limits.h"

#include <time.h>

#include "base/limits.h"

enum { SECOND_US = 1000000 };

struct rule {
    int64_t interval_us; // in which one unit is repaid; 0: that of PINGs
    int64_t burst;       // units
    const char *reason;
};

static const struct rule rules[H2_NUISANCES] = {
    [H2_RESETS] = {SECOND_US / LIMIT_HTTP_RESETS_A_SECOND, LIMIT_HTTP_RESETS, "too_many_resets"},
    // The text is what gRPC's clients look for, to ping less often.
    [H2_PINGS] = {0, (int64_t)LIMIT_HTTP_PINGS *H2_PING_UNITS, "too_many_pings"},
    [H2_SETTINGS] = {SECOND_US, LIMIT_HTTP_SETTINGS_FRAMES, "too_many_settings"},
    [H2_EMPTY_DATA] = {SECOND_US / LIMIT_HTTP_EMPTY_FRAMES_A_SECOND, LIMIT_HTTP_EMPTY_FRAMES,
                       "too_many_empty_frames"},
    [H2_OTHERS] = {SECOND_US / LIMIT_HTTP_OTHER_FRAMES_A_SECOND, LIMIT_HTTP_OTHER_FRAMES,
                   "too_many_frames"},
};

int64_t h2_now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * SECOND_US + now.tv_nsec / 1000;
}

static int64_t interval_of(const struct h2_limits *limits, enum h2_nuisance nuisance)
{
    int64_t interval_us = rules[nuisance].interval_us;
    return interval_us == 0 ? limits->ping_interval_us : interval_us;
}

void h2_limits_init(struct h2_limits *limits, uint32_t ping_ms)
{
    *limits = (struct h2_limits){.ping_interval_us = (int64_t)ping_ms * 1000 / H2_PING_UNITS};
}

bool h2_limits_charge(struct h2_limits *limits, enum h2_nuisance nuisance, uint32_t units)
{
    int64_t now_us = h2_now_us();
    int64_t interval_us = interval_of(limits, nuisance);
    int64_t *repaid_at_us = &limits->repaid_at_us[nuisance];
    *repaid_at_us = *repaid_at_us > now_us ? *repaid_at_us : now_us;
    *repaid_at_us += units * interval_us;
    return *repaid_at_us - now_us <= rules[nuisance].burst * interval_us;
}

void h2_limits_credit(struct h2_limits *limits, enum h2_nuisance nuisance, uint32_t units)
{
    limits->repaid_at_us[nuisance] -= units * interval_of(limits, nuisance);
}

const char *h2_limits_reason(enum h2_nuisance nuisance)
{
    return rules[nuisance].reason;
}
