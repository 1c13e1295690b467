// How often a peer may do what HTTP/2 permits and what costs us more than him: giving streams up
// unanswered, PINGs, SETTINGS, DATA with nothing in it, windows. Each is a bucket that is repaid in
// time; who overdraws it is told ENHANCE_YOUR_CALM.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum h2_nuisance {
    H2_RESETS,     // streams reset unanswered, by the peer or because of him
    H2_PINGS,      // units of half a PING
    H2_SETTINGS,   // frames
    H2_EMPTY_DATA, // frames
    H2_OTHERS,     // frames: windows mostly
    H2_NUISANCES,
};

struct h2_limits {
    int64_t ping_interval_us;
    int64_t repaid_at_us[H2_NUISANCES]; // when nothing is owed any more
};

// What a PING costs: with streams open it may come twice as often.
enum { H2_PING_UNITS = 2, H2_PING_UNITS_WITH_STREAMS = 1 };

// Monotonic, of a clock that moves in milliseconds.
int64_t h2_now_us(void);

void h2_limits_init(struct h2_limits *limits, uint32_t ping_ms);
// Returns false when that was too often.
bool h2_limits_charge(struct h2_limits *limits, enum h2_nuisance nuisance, uint32_t units);
// The peer has earned so many units, at most what it owes.
void h2_limits_credit(struct h2_limits *limits, enum h2_nuisance nuisance, uint32_t units);
// What is said to who overdraws it; static text.
const char *h2_limits_reason(enum h2_nuisance nuisance);
