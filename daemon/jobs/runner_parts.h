// What the parts of the runner share: turns and lanes (runner.c), a job's steps under compare-and-set
// (runner_job.c), the list of all jobs (runner_list.c). Nobody else includes this.
#pragma once

#include "jobs/lane.h"
#include "jobs/runner.h"
#include "service/job_update.h"

struct runner {
    struct runner_options options;
    struct timer timer;
    struct lane lanes[RUNNER_LANES];
    struct job_update update;
    // the job at hand; no id: none
    char id[JOB_ID_BYTES + 1];
    struct lane_order order;
    uint32_t partitions;
    uint64_t attempt;
    uint32_t claimed[RUNNER_CLAIM];
    uint32_t claimed_count;
    uint32_t claimed_next;
    VEC(struct lane_result) results; // done, and not merged
    uint32_t merging;                // of them, in the update under way
    bool claims_more;                // the update under way does
    bool over;                       // the job has ended, as the last update saw it
    bool waits;                      // nothing was left to claim
    bool deletes;                    // the job is a plan to be forgotten, and its pages are
    int64_t merged_at_ms;
    int64_t resume_ms;
    uint64_t visited_merged;
    uint32_t rate;
    // pace
    uint32_t at_work;
    int64_t busy_until_ms;
    int64_t allowed; // thousandths of an account
    int64_t allowed_at_ms;
    // the programs' etag, and since when this daemon has known it
    uint8_t etag[CHAIN_HASH_BYTES];
    bool has_etag;
    int64_t etag_since_ms;
    // from the list
    char skipped[JOB_ID_BYTES + 1];
    bool reindexes; // the job that has ended made due instants right for this etag
};

int64_t runner_now(const struct runner *runner);
void runner_turn_at(struct runner *runner, int64_t at_ms);
// The job at hand is left: claims lapse, or were given back.
void runner_leave(struct runner *runner);
void runner_fail(struct runner *runner);
// The last update has ended: takes up what was claimed.
void runner_begin_lanes(struct runner *runner);

// --- runner_job.c ---
// Merges results, renews claims or makes new ones, ends stage or job.
void runner_step(struct runner *runner, bool claims_more);

// --- runner_list.c ---
// Finds a job to work on, or begins a reindex; then runner_step.
void runner_look(struct runner *runner);
// The job has ended: the list says so too.
void runner_close(struct runner *runner);
