// Operations as they are stored (proto/loyaltyd/job.proto): values beside the programs, each read
// whole and written whole under its revision (service/job_update.h); and what a plan found, as
// values in the partitions it was found in.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/span.h"
#include "base/status.h"
#include "loyalty/v1/rescoring.pb-c.h"
#include "loyaltyd/job.pb-c.h"
#include "store/store.h"

struct service;

enum {
    JOB_ID_BYTES = 24, // "rescore-18"
    JOB_NAME_BYTES = JOB_ID_BYTES + 11,
    JOBS_MAX = 100, // kept at once
    JOB_CLAIMS_MAX = 64,
    JOB_EDGES_MAX = 40, // the rest is counted under empty names
    JOB_SAMPLES_MAX = 10,
    JOB_REASON_BYTES = LIMIT_TEXT_BYTES,
    JOB_PAGE_MOVES = 64, // of a plan's page
};

// "operations/<id>"; false: it is none.
bool job_id_of_name(const char *name, char ret_id[JOB_ID_BYTES + 1]);

struct job_value_name {
    char text[LIMIT_MEMBER_ID_BYTES + 1];
};

// The list of all, and one. Names point into `ret_name`.
struct store_value job_list_value(void);
struct store_value job_value(const char *id, struct job_value_name *ret_name);
// A plan's head in a partition, and its pages.
struct store_value plan_head_value(uint32_t partition, const char *id,
                                   struct job_value_name *ret_name);
struct store_value plan_page_value(uint32_t partition, const char *id, uint64_t attempt,
                                   uint32_t page, struct job_value_name *ret_name);

// A stored message, or an empty one where nothing is stored. STATUS_CORRUPT, STATUS_NO_MEMORY.
MUST_CHECK enum status job_decode(const ProtobufCMessageDescriptor *type, struct span bytes,
                                  struct arena *arena, ProtobufCMessage **ret_message);

// --- a job's partitions ---

bool job_is_done(const Loyaltyd__Job *job, uint32_t partition);
void job_set_done(Loyaltyd__Job *job, uint32_t partition);
uint32_t job_done_count(const Loyaltyd__Job *job);
// Over, well or not.
static inline bool job_has_ended(const Loyaltyd__Job *job)
{
    return job->ended_ms != 0;
}

// Adds to the edge from tier to tier, which may be new.
MUST_CHECK enum status job_add_edge(Loyaltyd__Job *job, struct arena *arena,
                                    const Loyaltyd__JobEdge *more);

// --- the list of all jobs ---

Loyaltyd__JobHead *job_list_find(const Loyaltyd__Jobs *jobs, const char *id);
// A new head in front, with an id of its kind and the next number; of JOBS_MAX the oldest one that
// is done and no plan goes (`ret_dropped`; empty: none). STATUS_TOO_LARGE: none may.
MUST_CHECK enum status job_list_add(Loyaltyd__Jobs *jobs, struct arena *arena,
                                    Loyalty__V1__JobKind kind, Loyaltyd__JobHead **ret_head,
                                    char ret_dropped[JOB_ID_BYTES + 1]);
void job_list_remove(Loyaltyd__Jobs *jobs, const char *id);
// The newest census that is done; NULL: there is none.
const Loyaltyd__JobHead *job_list_census(const Loyaltyd__Jobs *jobs);
// The bits of a new job's partitions, none done.
MUST_CHECK enum status job_set_partitions(Loyaltyd__Job *job, struct arena *arena,
                                          uint32_t partitions);
