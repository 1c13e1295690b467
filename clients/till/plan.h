// What is to be simulated: the command line of loyalty-till. Everything random follows from the
// seed; how things fall together in time does not, so a seed repeats customers, not milliseconds.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// What may go wrong, in the order of plan_chaos_names.
enum chaos {
    CHAOS_DUPLICATES = 1 << 0, // a scanner reads a receipt twice, here or at the service desk
    CHAOS_POWER = 1 << 1,      // a till loses its power
    CHAOS_NETWORK = 1 << 2,    // a connection is cut, in the middle of a record
    CHAOS_OFFLINE = 1 << 3,    // a shop's line is down, stalled, or carries no answers
    CHAOS_CLOCK = 1 << 4,      // tills' clocks are off by minutes, and jump
    CHAOS_KILLS = 1 << 5,      // SIGKILL of loyaltyd and its Redis, three times (with --embedded)
};

enum { CHAOS_KINDS = 6 };

extern const char *const plan_chaos_names[CHAOS_KINDS];

enum { PLAN_PREFIX_BYTES_MAX = 16 };

enum { PLAN_TILLS_MAX = 1000, PLAN_SHOPS_MAX = 200 };

struct plan {
    const char *server; // NULL: an embedded service of our own
    const char *tls;    // with --server: a folder of loyaltyctl cert, with ca.key and admin.pem
    const char *program;
    const char *csv;    // NULL: sales from the seed
    const char *prefix; // what names of members and shops begin with
    const char *keep;   // a folder to work in, which stays; NULL: a temporary one
    uint32_t tills;
    uint32_t shops;
    uint32_t members;
    uint32_t pace_ms; // between a till's customers, on average
    int64_t run_ms;
    uint64_t seed;
    unsigned chaos; // enum chaos, or-ed
    bool json;
};

// Ends the program on a wrong line (2) or --help (0).
void plan_parse(int argc, char **argv, struct plan *ret_plan);
