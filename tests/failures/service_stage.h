// A service whose calls can fail, over a memory store behind a gate, with another daemon beside it
// that never fails (the rival). Time is the world's. A scene is one request and what is true of it
// in every case:
//
//   * it is answered once, and with what a client may believe: its right answer, RETRY_LATER and
//     then nothing is written, or OUTCOME_UNKNOWN for a mutation that may have been;
//   * when the failures are over, the same request gets its right answer, and the one after that
//     the same bytes, replayed;
//   * the account's log holds together, and has the records, the balance and the events that it has
//     when nothing fails.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "failures/gate_store.h"
#include "support/service_world.h"

struct stage {
    struct service_world world;
    struct world_daemon *rival;
    struct world_daemon *daemon; // behind the gate
    int64_t rival_points;        // what rivals have given to the scene's member
    uint64_t rival_records;      // and written there
    uint64_t rival_events;       // and anywhere
};

extern struct stage stage;

struct stage_call {
    const char *peer;
    const char *method; // "PointsService/Award"
    struct span bytes;
    // what came
    uint32_t times;
    bool replayed;
    Loyalty__V1__Code code;
    char reason[64];
    size_t len;
    uint8_t payload[LIMIT_REPLY_BYTES];
};

// A world with the retail program, both daemons warm and no member.
void stage_open(void);
// The same with a test clock.
void stage_open_sandbox(void);
void stage_close(void);
// Once, before anything is made: OpenSSL's allocations do not count here, for it is the test's.
void stage_own_crypto(void);

// Asks; the answer comes when time is given to it.
void stage_ask(struct stage_call *call);
// Runs stores and timers until nothing happens.
void stage_settle(void);
// Time passes, in steps of 50 ms at most.
void stage_pass(int64_t ms);
// Whether the daemon's store has done anything, and the timers that are due.
bool stage_step(void);
// The records and the balance of a member's account, which must hold together; 0 of nobody's.
uint64_t stage_look(const char *member, int64_t *ret_balance);
// Of all partitions.
uint64_t stage_count_events(void);
// Asks and lets pass what time it takes until there is an answer.
void stage_call(struct stage_call *call);

// A rival gives another award to "anna", and where asked for compacts her log.
void stage_rival_gives(enum gate_rival what);

// --- a scene ---

struct scene {
    const char *peer;
    const char *method;
    const char *json;
    const char *member; // whose account is looked at; NULL: none
    bool mutation;
    bool done;            // by an earlier request of this id
    bool cold;            // nothing of it is in the cache
    bool claims;          // it claims a receipt, and every attempt may write more for that
    gate_rival_fn *rival; // NULL: rivals do nothing
};

// In the scenario's process: the request is put down.
void scene_set(const struct scene *scene);
// One case.
void scene_run(void);
