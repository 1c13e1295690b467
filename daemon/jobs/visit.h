// One account at work, for whichever job comes by: the sweeper, a plan, a re-scoring, a re-index. A
// visit leaves no trace in the account cache. Three aims:
//
//     ADVANCE  its open obligations are finished if it has any; else, or when one cannot be, time
//              is written down up to now; where nothing is to be written and the due index is
//              wrong, that is set right
//     LOOK     time passes in memory up to an instant, or not at all where the account is past it;
//              nothing is written
//     INDEX    the due index alone is set right
//
// What the index says (`index_ms`) is compared with what the log calls for only where the caller
// knows it. Between the reading of the index and that of the log somebody may have written, so a
// difference is believed after the index was asked for that very place again; and it is mended on
// condition that the log is still the one looked at.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/limits.h"
#include "service/obligations.h"
#include "service/service.h"

enum visit_aim { VISIT_ADVANCE, VISIT_LOOK, VISIT_INDEX };

enum visit_end {
    VISIT_NOTHING,   // there was nothing to do
    VISIT_WRITTEN,   // something was made durable
    VISIT_CORRECTED, // its due instant was set right
    VISIT_SKIP,      // nothing can be made of it now: `why`
    VISIT_FAILED,    // nothing can be made of any account now
};

// An account as it was found.
struct visit_found {
    uint32_t partition;
    uint32_t id_len;
    char id[LIMIT_MEMBER_ID_BYTES];
    bool indexed;     // it was found by the due index ...
    int64_t index_ms; // ... which said this
};

struct visit;

// Sees the account inside a decision, before time passes over it and after: several times where
// others write meanwhile, and the last time counts. Keeps nothing of it.
typedef void visit_see_fn(struct visit *visit, const struct account *account,
                          const struct program_set *programs, bool after);
// The visit is its owner's again.
typedef void visit_ended_fn(struct visit *visit);

struct visit {
    // the owner's, set before visit_begin; the arena lives as long as the visit
    struct service *service;
    struct arena arena;
    struct visit_found found;
    enum visit_aim aim;
    int64_t at_ms;     // LOOK: the instant
    bool through;      // ADVANCE: to now also right after obligations were finished
    visit_see_fn *see; // may be NULL
    visit_ended_fn *on_ended;
    // how it ended
    enum visit_end end;
    const char *why; // SKIP: "ACCOUNT_BROKEN"
    bool left_open;  // time went on past an obligation
    bool was_wrong;  // what the index said, which is right now
    // private
    struct account_task task;
    struct obligations_waiter waiter;
    bool open;      // it has something to finish ...
    bool obliged;   // ... elsewhere
    bool suspect;   // the index differs from the log
    bool confirmed; // and that was looked at again
    uint8_t tail[CHAIN_HASH_BYTES];
    uint64_t log_bytes;
    int64_t due_ms;
    int64_t now_ms;
};

void visit_init(struct visit *visit, struct service *service);
// Not while it is under way.
void visit_fini(struct visit *visit);
// Begins; it may end before this returns. Needs a lease.
void visit_begin(struct visit *visit);

struct span visit_id(const struct visit *visit);
void visit_found_set(struct visit_found *found, uint32_t partition, struct span id);
