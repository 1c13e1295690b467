// The table of kinds.
#include "sim/faults.h"

#include <string.h>

const char *const fault_names[FAULT_COUNT] = {
    [FAULT_REQUEST_LOST] = "request lost",
    [FAULT_REQUEST_DOUBLED] = "request doubled",
    [FAULT_REQUEST_LATE] = "request late",
    [FAULT_ANSWER_LOST] = "answer lost",
    [FAULT_ANSWER_DOUBLED] = "answer doubled",
    [FAULT_ANSWER_LATE] = "answer late",
    [FAULT_CALL_REFUSED] = "store call refused",
    [FAULT_CALL_LOST] = "store call lost",
    [FAULT_CALL_LATE] = "store call late",
    [FAULT_REPLY_LOST] = "store reply lost",
    [FAULT_STORE_STALLED] = "store stalled",
    [FAULT_STORE_RESTARTED] = "store restarted",
    [FAULT_STORE_FAILED_OVER] = "store failed over",
    [FAULT_DAEMON_CUT_OFF] = "daemon cut off",
    [FAULT_DAEMON_PAUSED] = "daemon paused",
    [FAULT_DAEMON_KILLED] = "daemon killed",
    [FAULT_DAEMON_CLOCK] = "daemon clock moved",
    [FAULT_STORE_CLOCK] = "store clock moved",
    [FAULT_CACHE_DROPPED] = "cache dropped",
    [FAULT_CLAIM_ORPHANED] = "daemon killed at a claim",
    [FAULT_COMPACTED_ELSEWHERE] = "compacted elsewhere",
    [FAULT_MINUTES_PASSED] = "minutes passed",
    [FAULT_DAYS_PASSED] = "days passed",
    [FAULT_CALL_TIMED_OUT] = "store call timed out",
    [FAULT_CLIENT_GAVE_UP] = "client gave up",
    [FAULT_CLIENT_FORGOT] = "client forgot its request",
    [FAULT_ZOMBIE_LANDED] = "zombie append landed",
    [FAULT_CHANGES_UNSYNCED] = "unsynced change lost",
    [FAULT_CHANGES_ACKNOWLEDGED] = "acknowledged change lost",
};

#define NETWORK_FAULTS                                                                             \
    [FAULT_REQUEST_LOST] = 15, [FAULT_REQUEST_DOUBLED] = 40, [FAULT_REQUEST_LATE] = 15,            \
    [FAULT_ANSWER_LOST] = 25, [FAULT_ANSWER_DOUBLED] = 15, [FAULT_ANSWER_LATE] = 15

#define CALL_FAULTS                                                                                \
    [FAULT_CALL_REFUSED] = 4, [FAULT_CALL_LOST] = 2, [FAULT_CALL_LATE] = 4, [FAULT_REPLY_LOST] = 4

#define TIME_PASSES [FAULT_MINUTES_PASSED] = 6, [FAULT_DAYS_PASSED] = 10

const struct kind kinds[] = {
    {.name = "calm", .often = {TIME_PASSES}},
    {.name = "network", .often = {NETWORK_FAULTS, [FAULT_MINUTES_PASSED] = 4}},
    {.name = "store",
     .often = {CALL_FAULTS, [FAULT_STORE_STALLED] = 12, [FAULT_STORE_RESTARTED] = 12,
               [FAULT_CLAIM_ORPHANED] = 60, [FAULT_MINUTES_PASSED] = 3, [FAULT_DAYS_PASSED] = 2}},
    {.name = "clocks",
     .often = {[FAULT_DAEMON_CLOCK] = 40,
               [FAULT_STORE_CLOCK] = 80,
               [FAULT_CALL_LATE] = 4,
               [FAULT_REQUEST_DOUBLED] = 20,
               [FAULT_MINUTES_PASSED] = 20}},
    {.name = "lease",
     .often = {[FAULT_DAEMON_CUT_OFF] = 15,
               [FAULT_DAEMON_PAUSED] = 15,
               [FAULT_DAEMON_KILLED] = 10,
               [FAULT_CLAIM_ORPHANED] = 100,
               [FAULT_CALL_LATE] = 6,
               [FAULT_REQUEST_DOUBLED] = 20,
               [FAULT_MINUTES_PASSED] = 30}},
    {.name = "compaction",
     .often = {NETWORK_FAULTS, [FAULT_CACHE_DROPPED] = 15, [FAULT_COMPACTED_ELSEWHERE] = 25,
               [FAULT_REPLY_LOST] = 4, [FAULT_DAYS_PASSED] = 12},
     .cache_accounts = 4,
     .compact_bytes = 900},
    {.name = "time",
     .often = {NETWORK_FAULTS, [FAULT_DAYS_PASSED] = 40, [FAULT_MINUTES_PASSED] = 10,
               [FAULT_CACHE_DROPPED] = 5}},
    {.name = "sweep",
     .often = {NETWORK_FAULTS, CALL_FAULTS,
               TIME_PASSES, [FAULT_STORE_RESTARTED] = 4, [FAULT_DAEMON_CUT_OFF] = 4,
               [FAULT_DAEMON_PAUSED] = 4, [FAULT_DAEMON_KILLED] = 8, [FAULT_DAEMON_CLOCK] = 4,
               [FAULT_CACHE_DROPPED] = 8, [FAULT_COMPACTED_ELSEWHERE] = 4},
     .sweep_pace = 500},
    {.name = "mixed",
     .often = {NETWORK_FAULTS, CALL_FAULTS, TIME_PASSES, [FAULT_STORE_STALLED] = 4,
               [FAULT_STORE_RESTARTED] = 4, [FAULT_DAEMON_CUT_OFF] = 4, [FAULT_DAEMON_PAUSED] = 4,
               [FAULT_DAEMON_KILLED] = 5, [FAULT_CLAIM_ORPHANED] = 100, [FAULT_DAEMON_CLOCK] = 8,
               [FAULT_STORE_CLOCK] = 3, [FAULT_CACHE_DROPPED] = 8, [FAULT_COMPACTED_ELSEWHERE] = 6},
     .cache_accounts = 6,
     .compact_bytes = 1500},
    {.name = "failover",
     .often = {[FAULT_STORE_FAILED_OVER] = 10,
               [FAULT_REQUEST_DOUBLED] = 30,
               [FAULT_ANSWER_LOST] = 20,
               [FAULT_CALL_LATE] = 3,
               [FAULT_MINUTES_PASSED] = 4,
               [FAULT_DAYS_PASSED] = 3},
     .loses = true},
    {.name = "crowd",
     .often = {CALL_FAULTS, [FAULT_REQUEST_DOUBLED] = 30, [FAULT_ANSWER_LOST] = 25,
               [FAULT_CACHE_DROPPED] = 4, [FAULT_COMPACTED_ELSEWHERE] = 4,
               [FAULT_STORE_STALLED] = 4, [FAULT_MINUTES_PASSED] = 10, [FAULT_DAYS_PASSED] = 4},
     .crowds = true},
};

const size_t kind_count = sizeof(kinds) / sizeof(kinds[0]);

const struct kind *kind_find(const char *name)
{
    for (size_t i = 0; i < kind_count; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}
