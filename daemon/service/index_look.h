// What else is kept of an account beside its log, against what the log says: when it is due, and
// whose its identifiers are. Somebody may write between the reading of the log and that of the
// rest, so a difference is told only after both were read again.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "core/account.h"
#include "core/record.h"
#include "store/store.h"

struct service;

// DOUBTED: to be looked at again; UNKNOWN: the index was not asked before the log was read.
enum index_state { INDEX_UNKNOWN, INDEX_DOUBTED, INDEX_GOOD, INDEX_WRONG };

struct index_claim {
    struct identifier identifier;
    bool wrong;
    char owner_id[LIMIT_MEMBER_ID_BYTES]; // who has it; wrong and empty: nobody
    size_t owner_len;
};

// Embedded in its owner, who sets what it is about.
struct index_look {
    struct span id;
    uint32_t partition;
    bool again; // the second look
    void (*on_done)(struct index_look *look, enum store_result result);
    // what was found
    bool sound; // there is a log to compare with
    enum index_state due;
    int64_t due_ms;     // what the log asks for
    int64_t indexed_ms; // what the index said before
    struct index_claim claims[LIMIT_IDENTIFIERS];
    uint32_t claim_count;
    uint32_t claim_at;
    const struct service *service;
};

// What the sound log of an account asks for; `indexed_ms` is what the due index said before the log
// was read, NULL: it was not asked. Then index_look_begin.
void index_look_take(struct index_look *look, const struct service *service,
                     const struct account *account, const int64_t *indexed_ms);
// Reads the rest; then on_done, never from inside this call unless there is nothing to read.
void index_look_begin(struct index_look *look);
bool index_look_is_wrong(const struct index_look *look);
