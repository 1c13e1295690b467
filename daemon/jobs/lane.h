// One partition at work for a job: its accounts one after the other, many at a time, and what came
// of them. Of a plan it keeps the moves as pages beside the accounts (jobs/lane_plan.c); of a run by
// plan it first compares its own moves with those.
//
//     [planned pages] -> page of ids -> visits -> ... -> [pages written, or compared] -> over
//
// A partition that cannot be finished now counts for nothing, and is begun again by whoever comes.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"
#include "core/account.h"
#include "jobs/visit.h"
#include "service/job_values.h"

enum {
    LANE_PAGE = 256,  // ids asked for at a time
    LANE_VISITS = 48, // accounts under way at most
    LANE_TIERS = 64,  // edges told apart
    LANE_WHAT_BYTES = 64,
    LANE_PUTS = 16,       // pages of a plan being written
    LANE_FOUND = 1 << 16, // met at a time: far more than one answer of the index has
    LANE_MOVES = 1 << 22,
};

enum lane_work {
    LANE_PLAN,    // look, and keep the moves
    LANE_COMPARE, // look, and compare them with a plan's
    LANE_RUN,     // write
    LANE_INDEX,   // set due instants right
    LANE_FORGET,  // a plan's pages go
};

struct lane_order {
    enum lane_work work;
    char job[JOB_ID_BYTES + 1];  // of PLAN and FORGET: the plan
    char plan[JOB_ID_BYTES + 1]; // of COMPARE
    uint64_t attempt;
    int64_t at_ms;
    bool full; // everyone; else who is due
};

// A card that the re-scoring of an instant gave, with its arithmetic.
struct move {
    char from_tier[LIMIT_NAME_BYTES + 1];
    char to_tier[LIMIT_NAME_BYTES + 1];
    int64_t score;
    uint32_t contributions;
    int64_t threshold;
    int64_t card_until_ms;
    uint64_t seq;  // of the last record that was there
    bool recorded; // it stood in the log already
};

// One account under way.
struct lane_slot {
    struct visit visit;
    struct lane *lane;
    bool taken;
    bool is_members; // what was met is a member's, or a pool
    uint32_t cards_before;
    uint64_t seq_before;
    bool moved;
    struct move move;
};

struct lane_edge {
    char from_tier[LIMIT_NAME_BYTES + 1];
    char to_tier[LIMIT_NAME_BYTES + 1];
    uint64_t count;
};

struct lane_sample {
    char member_id[LIMIT_MEMBER_ID_BYTES + 1];
    char what[LANE_WHAT_BYTES];
    char planned[LIMIT_NAME_BYTES + 1];
    char actual[LIMIT_NAME_BYTES + 1];
};

struct lane_result {
    uint32_t partition;
    uint64_t members;
    uint64_t moves;        // PLAN, COMPARE: all; RUN: made durable by it
    uint64_t moved_before; // RUN
    uint64_t errors;
    uint64_t corrected;
    uint64_t differ;
    uint32_t edge_count;
    struct lane_edge edges[LANE_TIERS];
    uint32_t error_samples;
    struct lane_sample error_sample[JOB_SAMPLES_MAX];
    uint32_t difference_samples;
    struct lane_sample difference_sample[JOB_SAMPLES_MAX];
};

struct lane_move {
    char member_id[LIMIT_MEMBER_ID_BYTES + 1];
    struct move move;
};

struct lane_found {
    uint32_t id_len;
    char id[LIMIT_MEMBER_ID_BYTES];
    int64_t due_ms;
};

struct lane {
    // the owner's
    struct service *service;
    struct lane_order order;
    void *context;
    // Whether one more account may be begun now; it is, when it may.
    bool (*allow)(struct lane *lane);
    void (*visited_one)(struct lane *lane); // one is done
    // Over: `done` says whether `result` counts.
    void (*on_over)(struct lane *lane, bool done);
    struct lane_result result;
    uint64_t visited; // ever
    // private
    bool busy;
    bool failed;
    bool stopping;
    bool asking;
    bool asked_all;
    uint64_t cursor;
    struct lane_found last;
    VEC(struct lane_found) found; // of the index, waiting for their visit
    uint32_t found_next;
    uint32_t at_work;
    struct lane_slot slots[LANE_VISITS];
    bool walking;
    struct id_set met;
    VEC(struct lane_move) moves;
    // a plan's pages
    VEC(struct lane_move) planned;
    uint64_t head_revision;
    uint64_t head_attempt;
    uint32_t head_pages;
    uint32_t page_at;
    uint32_t puts;
    bool reading;
    bool writing_head;
    struct arena arena;
};

void lane_init(struct lane *lane, struct service *service);
void lane_fini(struct lane *lane);
void lane_begin(struct lane *lane, const struct lane_order *order, uint32_t partition);
// More may be begun.
void lane_poke(struct lane *lane);
// Ends as soon as nothing of it is under way, as not done.
void lane_stop(struct lane *lane);

// --- parts of it, for jobs/lane*.c alone ---

void lane_walk(struct lane *lane);
void lane_end_if_idle(struct lane *lane);
void lane_fail(struct lane *lane);
void lane_over(struct lane *lane, bool done);
// Pages of a plan: what stands of an earlier attempt, read (COMPARE) or forgotten; then lane_walk.
void lane_plan_begin(struct lane *lane);
// After the walk: pages and head are written, or moves compared; then lane_over.
void lane_plan_finish(struct lane *lane);
