// What the parts of the runner share: turns and work (runner.c), the stored job (runner_job.c), the
// list of jobs (runner_list.c). Nobody else includes this.
#pragma once

#include "jobs/claims.h"
#include "jobs/crew.h"
#include "jobs/runner.h"
#include "service/job_update.h"

// What became of the stored job with the last report.
enum news {
    NEWS_NOTHING, // nothing is free in it
    NEWS_MINE,    // the claim goes on
    NEWS_CLAIMED, // another one
    NEWS_LOST,    // the claim is not ours any more
    NEWS_OVER,    // the job has ended, or gone
    NEWS_UNSURE,  // its programs are not those known here
};

// What the last census counted.
struct census_tier {
    char tier[LIMIT_NAME_BYTES + 1];
    uint64_t members;
    int64_t points;
    int64_t pending;
};

struct census {
    char id[JOB_ID_BYTES + 1]; // empty: none is known
    int64_t at_ms;
    struct census_tier tiers[JOB_EDGES_MAX];
    size_t tier_count;
};

struct runner {
    struct runner_options options;
    struct timer timer;
    struct crew *crew;
    struct job_update update; // one thing of the store at a time
    bool looking;             // from a look at the list until it led to something
    bool woken;
    int64_t next_look_ms;
    int64_t resume_ms; // after a failure
    // the list
    char ids[JOBS_MAX][JOB_ID_BYTES + 1]; // not done, oldest first
    uint32_t id_count;
    uint32_t id_at;
    Loyalty__V1__JobKind wanted; // of those nobody asks for; 0: none
    struct census census;        // the last one known here
    char census_id[JOB_ID_BYTES + 1];
    int64_t begun_ms;
    uint8_t tail[CHAIN_HASH_BYTES]; // of the programs, and when they were first seen so
    int64_t tail_ms;
    char dropped[JOB_ID_BYTES + 1];
    // the job at hand
    char id[JOB_ID_BYTES + 1];
    char unsure_id[JOB_ID_BYTES + 1];
    uint32_t mismatches;
    bool is_reindex;
    bool missing;
    bool deleted;
    uint8_t etag[CHAIN_HASH_BYTES];
    struct work work;
    struct claimed claimed; // attempt 0: none
    struct claimed next;    // as the last change would have it
    enum news news;
    uint32_t begun; // partitions of the claim, from its first on
    uint32_t done;  // of these, as bits: not reported
    uint32_t sent;  // in the report under way
    uint32_t reported;
    const char *fault;  // a partition could not be done
    struct tally tally; // of those done
    struct tally sending;
    int64_t report_ms; // the last one
    int64_t rate_from_ms;
    uint64_t rate_from;
    uint32_t rate;
};

int64_t runner_now(const struct runner *runner);
// The store's clock.
int64_t runner_store_now(const struct runner *runner);

// Reports to the job at hand what was done, and claims; runner_reported is told.
void runner_report(struct runner *runner);
void runner_reported(struct runner *runner, enum store_result result);

// Looks at the list; runner_listed is told when `ids` are those that are not done.
void runner_list(struct runner *runner);
void runner_listed(struct runner *runner, enum store_result result);
// The job at hand is over: its head is ended, or goes; runner_settled is told.
void runner_close(struct runner *runner);
// Makes the job that is wanted, if it still is; runner_settled is told.
void runner_make_wanted(struct runner *runner);
// Reads the last census; runner_settled is told.
void runner_read_census(struct runner *runner);
// Whether another one than the one known has been taken.
bool runner_has_new_census(const struct runner *runner);
void runner_settled(struct runner *runner, enum store_result result);
