// The program's own log, folded: every version published, compiled, with its zone, and who withdrew
// it before it came into force. Append-only and chained as an account's log is, with records of
// types RECORD_PUBLISHED and RECORD_WITHDRAWN alone; the tail's hash is the list's etag.
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/span.h"
#include "base/status.h"
#include "core/calendar.h"
#include "core/chain.h"
#include "core/program.h"
#include "core/record.h"
#include "loyalty/v1/program.pb-c.h"

// Where zones come from (app/zone_tzdata.h): the table of a named zone, STATUS_NOT_FOUND for one
// that nobody knows, STATUS_IO or STATUS_NO_MEMORY when that could not be found out.
struct zone_source {
    enum status (*load)(const char *name, struct zone *ret_zone);
    void (*free)(struct zone *zone);
};

// A record of the log.
struct program_entry {
    struct arena arena; // of all below, and of what is made of it
    struct record record;
    uint8_t hash[CHAIN_HASH_BYTES]; // of the chain, behind it
};

// A version as it was published. Lives as long as the log.
struct published {
    struct program_entry entry;       // of type RECORD_PUBLISHED
    struct program_entry *withdrawal; // owned, of type RECORD_WITHDRAWN; NULL: it stands
    Loyalty__V1__Program *document;   // this and the program in the entry's arena
    struct program program;
    struct zone zone; // owned
};

struct program_log {
    chain_hash_fn *hash;
    struct zone_source zones;
    struct published *items[LIMIT_PROGRAM_VERSIONS]; // version n at n - 1, withdrawn ones too
    size_t count;
    struct program_version standing[LIMIT_PROGRAM_VERSIONS]; // those not withdrawn, in order
    size_t standing_count;
    uint64_t records;
    int64_t last_ms; // of the last record
    uint64_t bytes;
    uint8_t tail[CHAIN_HASH_BYTES];
};

void program_log_init(struct program_log *log, chain_hash_fn *hash, struct zone_source zones);
void program_log_fini(struct program_log *log);

// The versions that stand. Borrowed, valid until the next take.
struct program_set program_log_set(const struct program_log *log);
// What was published under a number; NULL when nothing was.
const struct published *program_log_number(const struct program_log *log, uint32_t number);
// The last version that stands, whose successor the next one is; NULL when none does.
const struct published *program_log_latest(const struct program_log *log);
// The record that a request made; NULL: none, as far as is known.
const struct program_entry *program_log_find(const struct program_log *log,
                                             const struct mark *mark);

// Where to read the stored log from, so that the known tail can be checked.
uint64_t program_log_from(const struct program_log *log);
// A document as rules, checked: every mistake goes to `problems`, in whose arena the program is
// made; its texts stay in the message. Without a problem the zone is loaded and the caller's to
// free. STATUS_NO_MEMORY is the only failure.
MUST_CHECK enum status program_log_compile(const struct program_log *log,
                                           const Loyalty__V1__Program *document,
                                           struct program_problems *problems,
                                           struct program *ret_program, struct zone *ret_zone);
// Takes what is stored from program_log_from on, of `stored_bytes` in all. STATUS_NOT_FOUND when
// it does not go on from what is known (a failover lost it): all is forgotten, read again. Else
// STATUS_CORRUPT, STATUS_UNKNOWN_TYPE (also a program of rules this daemon does not know) or
// STATUS_NO_MEMORY: what came before the bad record is kept.
MUST_CHECK enum status program_log_take(struct program_log *log, struct span bytes,
                                        uint64_t stored_bytes);
