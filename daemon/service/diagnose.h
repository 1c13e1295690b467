// What is known to go wrong, looked for one thing after the other: what the service knows of itself
// (its right to write, its clock, its keys), then what stands in the store (the partitions, the
// jobs), then what the daemon around it finds (service/monitor.h). Each finding has a stable code,
// a sentence with its figures, and what to do about it. Nothing is mended here.
#pragma once

#include <stdint.h>

#include "base/status.h"
#include "loyalty/v1/monitor.pb-c.h"
#include "service/job_update.h"
#include "service/monitor.h"
#include "service/request.h"

enum { DIAGNOSE_FINDINGS = 64 };

struct diagnosis {
    struct request *request;
    Loyalty__V1__DiagnoseResponse response;
    Loyalty__V1__Finding *findings[DIAGNOSE_FINDINGS];
    size_t room; // bytes that are left of the answer
    enum status status;
    // partitions
    uint32_t at; // the next to be looked at
    uint32_t partitions;
    uint32_t late; // those with an account overdue
    uint32_t latest;
    int64_t lag_ms; // of the latest
    uint64_t due_accounts;
    uint64_t waiting_bytes; // for the archive
    // jobs
    struct job_update update;
    char jobs[JOBS_MAX][JOB_ID_BYTES + 1];
    uint32_t job_count;
    uint32_t job_at;
    uint32_t jobs_wrong;
    // in the end, once
    void (*on_done)(struct diagnosis *diagnosis);
};

// Findings beyond the room there is are left out. `advice` empty: nothing is to be done.
void diagnose_note(struct diagnosis *diagnosis, enum finding_level level, const char *code,
                   const char *advice, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

// What the service knows without asking (diagnose_own.c).
void diagnose_own(struct diagnosis *diagnosis);
// What stands in the store (diagnose_ledger.c); then on_done.
void diagnose_ledger(struct diagnosis *diagnosis);
