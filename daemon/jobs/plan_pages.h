// A plan's moves in one partition, as they are stored: pages of one attempt, then the head, which
// says whose pages they are. Whoever puts the head first has found them; pages that no head names
// are nobody's and go with the plan.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "jobs/move.h"
#include "service/job_values.h"
#include "service/service.h"

enum plan_end {
    PLAN_OK,
    PLAN_OTHERS, // write: another attempt was first; what it found is in `moves` now
    PLAN_FAILED, // the store failed; may be asked again
};

struct plan_pages;

typedef void plan_pages_fn(struct plan_pages *pages, enum plan_end end);

// One thing at a time.
struct plan_pages {
    // the head's figures: to be written, or as read
    uint64_t head_members;
    uint64_t head_errors;
    // private
    struct service *service;
    struct arena arena;
    char plan[JOB_ID_BYTES + 1];
    uint64_t attempt;
    uint32_t partition;
    struct moves *moves;
    uint32_t page;
    uint32_t page_count;
    bool others; // reads what another attempt has written
    plan_pages_fn *done;
    uint64_t attempts; // whose pages are to be removed: up to this one
};

void plan_pages_init(struct plan_pages *pages, struct service *service);
void plan_pages_fini(struct plan_pages *pages);
// Reads all into `moves`, in order of member; none where nothing was planned. Borrows `moves` until
// `done`.
void plan_pages_read(struct plan_pages *pages, const char *plan, uint32_t partition,
                     struct moves *moves, plan_pages_fn *done);
// Writes them, in order. The same attempt writes the same again.
void plan_pages_write(struct plan_pages *pages, const char *plan, uint64_t attempt,
                      uint32_t partition, struct moves *moves, plan_pages_fn *done);
// Removes the head and whatever attempts up to a number have written.
void plan_pages_remove(struct plan_pages *pages, const char *plan, uint64_t attempts,
                       uint32_t partition, plan_pages_fn *done);
