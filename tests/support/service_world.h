// Whole daemons in one process, without network: services over memory stores that may share their
// data, on a clock that the test moves. Nothing happens by itself: a call waits in its daemon's
// store until the test steps or runs it. Requests are written as JSON. Any failure of the world
// itself aborts.
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "loyalty/v1/common.pb-c.h"
#include "loyalty/v1/members.pb-c.h"
#include "loyalty/v1/points.pb-c.h"
#include "service/service.h"
#include "store/memory.h"

enum { WORLD_DAEMONS = 4, WORLD_PARTITIONS = 8 };

// 2026-01-10T00:00:00Z
#define WORLD_START_MS INT64_C(1768003200000)

struct service_world;

struct world_daemon {
    struct service_world *world;
    struct store *store; // in memory
    struct store *front; // what the service sees: the same, or what `wrap` has made of it
    struct service *service;
    struct timers timers;
    struct compact *compact; // NULL: logs grow
    struct sweep *sweep;     // NULL: nobody sweeps
    struct runner *runner;   // NULL: nobody works on jobs
    int64_t clock_offset_ms; // its own clock against the world's
    bool cut;                // world_run and world_pass let its calls wait; its timers fire
};

struct service_world {
    struct arena arena; // requests and answers, for as long as the world
    int64_t now_ms;     // the store's clock, and the daemons' but for their offsets
    bool sandbox;
    bool keyless;                        // daemons started from now on have no key for identifiers
    const struct profile_port *profiles; // ... and this one for profiles; NULL: none
    size_t cache_accounts;               // and keep so many accounts; 0: the usual number
    struct store *(*wrap)(struct store *store); // and see their stores through this; it owns them
    uint64_t compact_bytes;                     // 0: no compaction
    uint32_t sweep_pace;                        // 0: no sweepers
    bool runs_jobs;
    int64_t census_ms;  // 0: none
    uint32_t jobs_pace; // 0: as fast as it goes
    struct world_daemon daemons[WORLD_DAEMONS];
    size_t daemon_count;
    uint64_t ids; // given out by world_id
};

// What became of one call. Zeroed before; must stay in place until done.
struct world_answer {
    struct service_world *world;
    const ProtobufCMessageDescriptor *type;
    uint32_t times; // answered so often: 1 is right
    bool replayed;
    Loyalty__V1__Code code; // UNSPECIFIED: payload
    const char *reason;
    const char *field;
    const char *message;
    struct span payload;
    ProtobufCMessage *reply; // the decoded payload
};

// One daemon to begin with, its lease read and its partitions made.
void service_world_init(struct service_world *world, bool sandbox);
void service_world_fini(struct service_world *world);
// Another daemon over the same data; its lease is read.
struct world_daemon *service_world_add(struct service_world *world);
// From now on all daemons, also those still to come, compact logs longer than this.
void service_world_compact(struct service_world *world, uint64_t bytes);
// From now on all daemons, also those still to come, sweep at this pace.
void service_world_sweep(struct service_world *world, uint32_t pace);
// From now on all daemons, also those still to come, work on jobs.
void service_world_run_jobs(struct service_world *world);
// Kills a daemon as SIGKILL does, with whatever it was doing, and starts it again.
void service_world_restart(struct world_daemon *daemon);
// The same, but it has not read its lease yet.
void service_world_restart_apart(struct world_daemon *daemon);

// Publishes the retail program of domain.md's worked examples, in force since 2020.
void service_world_publish(struct service_world *world);
// A world with so many daemons, all of which know the retail program.
void service_world_open(struct service_world *world, size_t daemons);
// The program as JSON; `extra` is put in before its end (", \"late_days\": {...}").
const char *service_world_program(struct service_world *world, const char *extra);

// A fresh UUID; a text of the world's arena; RFC 3339 of an instant.
const char *world_id(struct service_world *world);
const char *world_text(struct service_world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
const char *world_instant(struct service_world *world, int64_t instant_ms);
// "\"mutation\": {...}" with this id, created now.
const char *world_mutation(struct service_world *world, const char *request_id);
// Whole requests: a sale of one line, points spent, an enrolment with a card (NULL: without), a
// member named (for Get and such), an outcome.
const char *world_award_text(struct service_world *world, const char *request_id,
                             const char *member_id, int64_t amount_minor);
const char *world_redeem_text(struct service_world *world, const char *request_id,
                              const char *member_id, int64_t points);
// What else is done to a member's points: `fields` as JSON, "\"points\": 500".
const char *world_points_text(struct service_world *world, const char *request_id,
                              const char *member_id, const char *fields);
const char *world_enroll_text(struct service_world *world, const char *request_id,
                              const char *member_id, const char *card);
const char *world_member_text(struct service_world *world, const char *member_id);
const char *world_outcome_text(struct service_world *world, const char *request_id,
                               const char *member_id);

// Makes a call; `peer` is "pos/store-1/till-1", `method` "PointsService/Award", or a whole path.
void world_ask(struct world_daemon *daemon, const char *peer, const char *method, const char *json,
               struct world_answer *answer);
// The same, then runs this daemon until nothing waits: the answer is there.
void world_call(struct world_daemon *daemon, const char *peer, const char *method, const char *json,
                struct world_answer *answer);
// Raw bytes instead of JSON.
void world_ask_bytes(struct world_daemon *daemon, const char *peer, const char *path,
                     struct span payload, uint32_t timeout_ms, struct world_answer *answer);

// A request as it is sent.
struct span world_bytes(struct service_world *world, const char *method, const char *json);
// The digest of a request as the contract has it, before anything is done to it.
void world_digest(struct service_world *world, const char *method, const char *json,
                  uint8_t *ret_digest);

// How it ended: "OK", "REPLAYED", or the error's reason; "NONE" while it has not, "TWICE" never.
const char *world_end(const struct world_answer *answer);

// Runs all daemons' stores and due timers until nothing happens.
void world_run(struct service_world *world);
void world_run_daemon(struct world_daemon *daemon);
// Executes one waiting store call of a daemon, then its due timers.
bool world_step(struct world_daemon *daemon);
// Lets time pass, timers fire and stores answer, in steps of at most 50 ms.
void world_pass(struct service_world *world, int64_t ms);

// Commonly used calls, all by the first daemon; each must succeed.
void world_enroll(struct service_world *world, const char *member_id);
const Loyalty__V1__AwardResponse *world_award(struct service_world *world, const char *member_id,
                                              int64_t amount_minor);
const Loyalty__V1__GetMemberResponse *world_member(struct world_daemon *daemon,
                                                   const char *member_id);

// --- logs, behind the daemons' backs ---

// Where the store has a member.
struct store_account world_place(const char *member_id);
// The stored log; borrowed until the next write.
struct span world_log(struct service_world *world, const char *member_id);
// Folds the stored log and checks it; its number of records.
uint64_t world_verify(struct service_world *world, const char *member_id, int64_t *ret_balance);
// Replaces the whole log by its snapshot, as a compaction elsewhere would.
void world_compact_now(struct service_world *world, const char *member_id, int64_t keep_from_ms);
// The due index says something else of a member than its log.
void world_misplace(struct service_world *world, const char *member_id, int64_t due_ms);
