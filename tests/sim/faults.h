// Everything that can go wrong, by name, and the kinds of episodes: how often each of it happens.
// A fault that no kind gives is one that is never tried, so the short form counts them all.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault {
    // of a message between client and daemon: per mille of messages
    FAULT_REQUEST_LOST,
    FAULT_REQUEST_DOUBLED,
    FAULT_REQUEST_LATE,
    FAULT_ANSWER_LOST,
    FAULT_ANSWER_DOUBLED,
    FAULT_ANSWER_LATE,
    // of a call between daemon and store: per mille of calls
    FAULT_CALL_REFUSED,
    FAULT_CALL_LOST,
    FAULT_CALL_LATE,
    FAULT_REPLY_LOST,
    // of a machine or a clock: per mille of ticks
    FAULT_STORE_STALLED,
    FAULT_STORE_RESTARTED,
    FAULT_STORE_FAILED_OVER,
    FAULT_DAEMON_CUT_OFF,
    FAULT_DAEMON_PAUSED,
    FAULT_DAEMON_KILLED,
    FAULT_DAEMON_CLOCK,
    FAULT_STORE_CLOCK,
    FAULT_CACHE_DROPPED,
    FAULT_CLAIM_ORPHANED, // per mille of claims
    FAULT_COMPACTED_ELSEWHERE,
    FAULT_MINUTES_PASSED,
    FAULT_DAYS_PASSED,
    // what comes of them; counted, never drawn
    FAULT_CALL_TIMED_OUT,
    FAULT_CLIENT_GAVE_UP,
    FAULT_CLIENT_FORGOT,
    FAULT_ZOMBIE_LANDED,
    FAULT_CHANGES_UNSYNCED,
    FAULT_CHANGES_ACKNOWLEDGED,
    FAULT_COUNT,
};

extern const char *const fault_names[FAULT_COUNT];

struct kind {
    const char *name;
    uint32_t cache_accounts; // 0: as many as there are
    uint32_t compact_bytes;  // 0: daemons do not compact
    uint32_t sweep_pace;     // 0: nor sweep
    uint16_t often[FAULT_COUNT];
    bool loses;  // what was acknowledged may be lost: a failover
    bool crowds; // all clients at once, about a member or two
};

extern const struct kind kinds[];
extern const size_t kind_count;

// NULL when there is none of this name.
const struct kind *kind_find(const char *name);
