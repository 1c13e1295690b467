// Members of a world of daemons in one process (support/service_world.h) who are re-scored, and
// the jobs that do it: asked for as clients do, then read as they are stored. For tests alone: what
// does not hold fails the test.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "service/job_values.h"
#include "support/service_world.h"

#define RESCORE_MS INT64_C(1780243200000) // 2026-06-01 00:00 in Shanghai

enum { MEMBERS = 30, RISING = 12 }; // the first of them reach silver then

struct rescore_value {
    struct arena *arena;
    const ProtobufCMessageDescriptor *type;
    ProtobufCMessage *message;
    uint64_t revision;
};

const char *rescore_member(struct service_world *world, int number);
void rescore_enrol(struct service_world *world);
uint64_t rescore_events(struct service_world *world);
uint64_t rescore_records(struct service_world *world, int number);
int64_t rescore_due(struct service_world *world, int number);
const char *rescore_plan(struct service_world *world);
const char *rescore_run(struct service_world *world, const char *fields);
struct rescore_value rescore_read(struct service_world *world, struct store_value value,
                                  const ProtobufCMessageDescriptor *type);
const Loyaltyd__Job *rescore_job(struct service_world *world, const char *id);
const Loyaltyd__Jobs *rescore_jobs(struct service_world *world);
const Loyaltyd__Job *rescore_ended(struct service_world *world, const char *id, int64_t within_ms);
void rescore_assert_edge(const Loyaltyd__Job *job, uint64_t count);
void rescore_assert_all(struct service_world *world);
uint64_t rescore_planned(struct service_world *world, const char *id);
