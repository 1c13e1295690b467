// One partition at work for a job. Accounts are found by the due index (those due up to an
// instant) or all of them by a scan; members that a plan names are visited too. The crew (crew.h)
// takes accounts from here, visits them, and gives back what it saw.
//
//     [plan's moves read] -> pages of accounts -> planned ones not met -> [moves written] -> done
//
// Invariant: a walk that has begun and not ended has accounts to visit, visits out, or one store
// call out; or it waits to ask the store again after a failure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"
#include "jobs/holder.h"
#include "jobs/move.h"
#include "jobs/plan_pages.h"
#include "jobs/tally.h"
#include "jobs/visit.h"

enum {
    WALK_PAGE = 256,         // accounts asked for at a time
    WALK_PAGE_MAX = 1 << 20, // that a scan may bring, at the most
};

enum work_kind {
    WORK_PLAN,
    WORK_COMPARE, // a plan's moves with those of now
    WORK_RESCORE,
    WORK_REINDEX,
    WORK_CENSUS,
    WORK_FORGET, // a plan's pages go
};

// What is done to each partition of a claim.
struct work {
    struct service *service;
    enum work_kind kind;
    char job[JOB_ID_BYTES + 1];
    char plan[JOB_ID_BYTES + 1]; // empty: none
    uint64_t attempt;            // FORGET: the last of the plan's
    int64_t at_ms;               // the re-scoring
    int64_t until_ms;            // accounts due up to here
    bool all;                    // whatever the due index says
    bool plan_whole;             // COMPARE: the plan lists moves that were recorded too
    bool full;                   // which is compared with the accounts
};

struct walk;

typedef void walk_event_fn(struct walk *walk);

struct walk {
    // the owner's
    const struct work *work;
    walk_event_fn *on_ready;  // there is something to visit again
    walk_event_fn *on_failed; // the store failed: walk_resume goes on
    walk_event_fn *on_done;   // the tally is whole; nothing is out
    void *owner;
    bool taken;
    uint32_t partition;
    struct tally tally;
    const char *fault; // it cannot be done: why; NULL: all is well
    // private
    bool asking;
    bool quit;
    bool stalled;
    bool ended;   // no page follows
    bool writing; // its moves
    bool planned_read;
    uint64_t cursor;
    int64_t after_ms;
    char after_id[LIMIT_MEMBER_ID_BYTES];
    uint32_t after_len;
    VEC(struct visit_found) page;
    uint32_t next; // of the page
    uint32_t next_planned;
    uint32_t out; // visits
    struct id_set seen;
    struct moves planned;
    struct moves moves;
    struct plan_pages pages;
};

void walk_init(struct walk *walk, const struct work *work);
void walk_fini(struct walk *walk);
void walk_begin(struct walk *walk, uint32_t partition);
// After on_failed.
void walk_resume(struct walk *walk);
// Takes no further step; its owner hears of it no more. It is free when it is quiet.
void walk_quit(struct walk *walk);
bool walk_is_quiet(const struct walk *walk);
// The next account; false: none now.
bool walk_next(struct walk *walk, struct visit_found *ret_found);

// What a visit saw.
struct walk_seen {
    bool member; // it exists, and is one; of a re-index any account
    bool before; // the move stood in the log
    bool after;  // it does now, or would
    struct move move;
    struct holder holder; // of a census
};

// A visit that walk_next gave is over: it ended well, or never will (`why`).
void walk_visited(struct walk *walk, const struct visit *visit, const struct walk_seen *seen,
                  const char *why);
