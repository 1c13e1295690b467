// The runner: works off what is asked for by plans, runs and deletions (service/rescoring.c,
// service/operations.c), and begins by itself a re-index when the programs have changed, and a
// census when the last one has grown old. Every
// daemon has one; each looks at the list of jobs, takes the oldest that is not done, claims a few
// of its partitions (claims.h), has its crew visit them, and puts what came of it into the stored
// job together with the bits that say so. So a partition is counted once, whoever dies on the way;
// one that is begun again changes nothing but who counts what.
//
//     rest -> list -> job: claim -> work -> report, claim on -> ... -> nothing left -> list
//                      \-> over: its head is ended in the list (of a re-index with what it is for)
//
// Whoever finds all partitions done ends the job. A daemon that drains reports what it has and
// gives its claim back. Nothing is written by a runner that any reader would not see already, and
// the index is set right only for what a log calls for.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/metrics.h"
#include "base/status.h"
#include "service/service.h"

enum {
    RUNNER_PACE_MAX = 1000000,
    RUNNER_LOOK_MS = 2000,     // between looks at the list
    RUNNER_TURN_MS = 20,       // between turns while at work
    RUNNER_REPORT_MS = 1000,   // between reports, when a partition is done
    RUNNER_RENEW_MS = 10000,   // ... or when none is
    RUNNER_BACKOFF_MS = 500,   // after a failure of the store
    RUNNER_REINDEX_MS = 30000, // after the programs were first seen as they are
    RUNNER_CENSUS_MS = 60000,  // after the start: not amid what begins with it
    RUNNER_ORPHAN_MS = 60000,  // a head in the list without a job is nobody's after this
    RUNNER_MISMATCHES = 5,     // looks in a row at programs that are not the job's
};

static_assert((int)RUNNER_REINDEX_MS > (int)LIMIT_LEASE_MS,
              "nobody writes due instants by programs before those any more");

struct runner;

struct runner_options {
    struct service *service; // outlives the runner
    uint32_t pace;           // members a second at most; 0: as many as the requests at hand allow
    int64_t census_ms;       // between censuses; 0: none
};

// Takes the service's hook on jobs (service_on_job).
MUST_CHECK enum status runner_new(const struct runner_options *options, struct runner **ret_runner);
// After service_stop and the store's end, before service_free.
void runner_free(struct runner *runner);
// Whether nothing is claimed: a daemon that drains may go.
bool runner_is_idle(const struct runner *runner);
// Jobs at work and waiting, and what the last census of the club counted, whoever took it.
void runner_metrics(const struct runner *runner, const struct metrics_out *out);
