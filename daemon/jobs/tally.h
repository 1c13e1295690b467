// What a job counts in a partition, and a few members named; added to the stored job when the
// partition is done, and only then.
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/status.h"
#include "service/job_values.h"

enum {
    TALLY_EDGES = JOB_EDGES_MAX, // tiers to tiers; what is past them is summed under empty names
    TALLY_SAMPLES = JOB_SAMPLES_MAX, // members named, of errors and of differences
    TALLY_WHY_BYTES = 32,
};

struct tally_edge {
    char from[LIMIT_NAME_BYTES + 1];
    char to[LIMIT_NAME_BYTES + 1];
    uint64_t count;
    int64_t points; // of a census
    int64_t pending;
};

struct tally_sample {
    char member_id[LIMIT_MEMBER_ID_BYTES + 1];
    char what[TALLY_WHY_BYTES];
    char planned[LIMIT_NAME_BYTES + 1];
    char actual[LIMIT_NAME_BYTES + 1];
};

struct tally {
    uint64_t members; // looked at, those with an error too
    uint64_t moves;   // made, or of a plan: found
    uint64_t moved_before;
    uint64_t errors;
    uint64_t corrected;
    uint64_t differ;
    struct tally_edge edges[TALLY_EDGES];
    uint32_t edge_count;
    struct tally_sample error_samples[TALLY_SAMPLES];
    uint32_t error_sample_count;
    struct tally_sample difference_samples[TALLY_SAMPLES];
    uint32_t difference_sample_count;
};

void tally_edge(struct tally *tally, const char *from, const char *to);
// A member who holds this tier, with the points the club owes.
void tally_holder(struct tally *tally, const char *tier, int64_t points, int64_t pending);
void tally_error(struct tally *tally, struct span member_id, const char *what);
// Adds what another one has counted.
void tally_merge(struct tally *tally, const struct tally *other);
// Empty: no move.
void tally_difference(struct tally *tally, const char *member_id, const char *planned,
                      const char *actual);
// Adds it to the job; what that needs is taken from the arena.
MUST_CHECK enum status tally_add_to(const struct tally *tally, Loyaltyd__Job *job,
                                    struct arena *arena);
