// The port to where accounts live. Two implementations behind it: Redis (store/redis*.c) and memory
// (store/memory*.c, for simulation and tests), passing one shared test set. All calls are
// asynchronous: `done` is called exactly once, later, never from inside the call. A call's spans
// are copied before it returns; a reply's bytes are valid only during `done`. `done` may make new
// calls.
//
// What a result promises is what the whole daemon stands on:
//   STORE_UNAVAILABLE  certainly not executed, and never will be
//   STORE_UNKNOWN      may or may not have been executed, may even still be
// everything else is a definite answer of the store, as durable as it is configured.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "base/status.h"

enum {
    STORE_HASH_BYTES = 16,
    STORE_KEY_BYTES_MAX = 128, // an identifier's key
    STORE_VALUE_BYTES_MAX = 16384,
    STORE_EVENT_BYTES_MAX = 4 << 20,  // far more than a commit has; readers' replies are bounded
    STORE_EVENT_PARTITIONS_MAX = 128, // read at once
    STORE_SURVEY_MAX = 32,            // partitions looked at at once
};

struct store;

enum store_result {
    STORE_OK,
    STORE_BEHIND,      // append: others have appended; `bytes` is what follows the caller's length
    STORE_RELOAD,      // append, compact: the caller's picture is of no use; load anew
    STORE_CLOCK,       // append: `now_ms` is ahead of the store's clock
    STORE_EXPIRED,     // append: the store's clock is past `not_after_ms`
    STORE_TAKEN,       // claim: another member has it; `bytes` is that member's id
    STORE_UNAVAILABLE, // certainly not executed
    STORE_UNKNOWN,     // outcome open
    STORE_FAILED,      // nothing was done and a retry is of no use; `bytes` says why, in English
};

// A short stable name such as "UNAVAILABLE"; never NULL.
const char *store_result_name(enum store_result result);

// An account's log: a member of a partition, or the program's own log. An id has 1 to
// LIMIT_MEMBER_ID_BYTES bytes and is not "!" (the sentinel of the due index); a meta id is none of
// the meta keys' names (ev, due, arch, clock, epoch, partitions, values, c:...). Other ids are
// FAILED, as is a partition from LIMIT_PARTITIONS on.
struct store_account {
    bool meta;          // ly:{meta}:<id>, with its own ev and due; `partition` is then 0
    uint32_t partition; // ly:{<partition>}:a:<id>
    struct span id;
};

struct store_reply {
    enum store_result result;
    struct span bytes;
    uint64_t log_bytes; // OK of load: its length; OK of append and compact: the log's length now
    uint64_t dropped;   // OK of drop_archived: entries
};

typedef void store_done_fn(void *context, const struct store_reply *reply);

// Appends records if the log still ends in `expected_hash` (all zero and length 0: does not exist).
// In this order: tail differs -> BEHIND if the 16 bytes before `expected_bytes` are the expected
// hash and the rest is at most LIMIT_SUFFIX_BYTES, else RELOAD; clock; deadline; then, all or
// nothing, APPEND, one XADD of `event`, and ZADD if `due_changed`. A log that was compacted
// meanwhile keeps its tail and is appended to. FAILED when the partition has not been created, when
// `records` is shorter than a hash, when the log would grow past LIMIT_LOG_BYTES, or when the event
// is larger than STORE_EVENT_BYTES_MAX.
//
// With neither records nor event, of a log that there is, only the due instant moves.
struct store_append {
    struct store_account account;
    uint8_t expected_hash[STORE_HASH_BYTES];
    uint64_t expected_bytes; // a hint: where the caller's tail was
    int64_t now_ms;          // 0: no clock check (sandbox)
    int64_t not_after_ms;    // the store's clock
    struct span records;
    struct span event; // one entry of the partition's event stream, field "e"
    bool due_changed;
    int64_t due_ms; // INSTANT_NEVER: kept at +inf
};

// Replaces the first `cut_bytes` of a log by `snapshot` if they still end in `cut_hash`; what
// follows is untouched. The cut prefix goes to the partition's archive stream in the same call.
// Never looks at the tail, so it loses no race against appends. `snapshot` ends in `cut_hash`, so
// that the tail stays what it was even when nothing follows; FAILED otherwise, and as with append.
struct store_compact {
    struct store_account account;
    uint8_t cut_hash[STORE_HASH_BYTES];
    uint64_t cut_bytes;
    struct span snapshot;
};

// One consistent reading of what a daemon's right to write rests on. The time is read before the
// program, so a lease counted from it is never too long.
struct store_head {
    enum store_result result;
    int64_t store_now_ms;     // the store's own clock
    struct span program;      // program log from `from_bytes` on
    uint64_t program_bytes;   // its whole length
    int64_t sandbox_clock_ms; // 0: none stands there
    uint32_t partitions;      // 0: not created yet
    uint64_t epoch;           // of the event streams: when the partitions were created, in ms
};

typedef void store_head_fn(void *context, const struct store_head *head);

struct store_scan_reply {
    enum store_result result;
    uint64_t next_cursor; // 0: done
    const struct span *ids;
    const int64_t *due_ms; // of each; INSTANT_NEVER: never. NULL of a list of values or a set
    size_t count;
};

typedef void store_scan_fn(void *context, const struct store_scan_reply *reply);

// What to give of a partition's due index, whose order is by instant, then by the bytes of the id.
struct store_due {
    uint32_t partition;
    int64_t until_ms; // due at it or before
    uint32_t count;   // at most, but one
    // Only what stands behind this place, whether anything stands there or not. No id: all.
    int64_t after_ms;
    struct span after_id;
};

// A small value beside the accounts, with a revision: ly:{<partition>}:p:<name> (a profile), or
// ly:{meta}:c:<name> (a subscriber's cursors). Its revisions count from 1, and again from 1 after
// it was deleted, which leaves no trace. A put of a partition's value also takes its name out of a
// set of that partition, then into one (the calendar of birthdays: ly:{<partition>}:b:<set>).
struct store_value {
    bool meta; // `partition` is then 0
    uint32_t partition;
    struct span name; // 1 to LIMIT_MEMBER_ID_BYTES bytes
};

struct store_put {
    struct store_value value;
    uint64_t expected_revision; // 0: there must be none
    struct span bytes;          // at most STORE_VALUE_BYTES_MAX; empty: delete it
    struct span leave_set;      // hex, at most STORE_KEY_BYTES_MAX; empty: none
    struct span enter_set;      // of a meta value both are empty
};

struct store_value_reply {
    enum store_result result; // OK; BEHIND of put: another revision stands, which is given
    uint64_t revision;        // that stands now; 0: there is none
    struct span bytes;        // OK of put: empty
};

typedef void store_value_fn(void *context, const struct store_value_reply *reply);

struct store_event_place {
    uint32_t partition;
    uint64_t after; // number of the last one that is known; the next wanted is one more
};

struct store_event {
    uint32_t partition;
    uint64_t number;
    struct span bytes; // field "e"
};

// Of each partition asked for, in that order.
struct store_event_bounds {
    uint64_t first; // number of the oldest one kept; last + 1 when none is
    uint64_t last;  // of the newest there ever was; 0: none
};

struct store_events_reply {
    enum store_result result;
    const struct store_event *events; // in order within a partition
    size_t count;
    const struct store_event_bounds *bounds;
};

typedef void store_events_fn(void *context, const struct store_events_reply *reply);

// From where on to give what waits in a partition's archive stream. Its entries are numbered as
// events are, so that a gap is seen.
struct store_archive_place {
    uint32_t partition;
    uint64_t number; // 0: the oldest that waits
    uint64_t offset; // into that one
    uint32_t bytes_max;
};

// Bytes of an entry: of what a compaction has cut off a log.
struct store_archive_piece {
    uint64_t number;
    struct span account_id;
    uint64_t total_bytes; // of the entry
    uint64_t offset;
    struct span bytes;
};

struct store_archive_reply {
    enum store_result result;
    const struct store_archive_piece *pieces; // in order
    size_t count;
    uint64_t waiting; // entries behind these
    struct store_event_bounds bounds;
};

typedef void store_archive_fn(void *context, const struct store_archive_reply *reply);

// What stands in a partition, for who looks after it.
struct store_survey {
    uint64_t due;           // accounts with a due instant
    int64_t first_due_ms;   // the earliest; INSTANT_NEVER: none
    uint64_t events;        // that are kept
    uint64_t last_event;    // number of the newest there ever was; 0: none
    uint64_t waiting;       // entries that wait for the archive
    uint64_t waiting_bytes; // about, as the store's memory goes
};

struct store_survey_reply {
    enum store_result result;
    const struct store_survey *partitions; // in their order
    size_t count;
};

typedef void store_survey_fn(void *context, const struct store_survey_reply *reply);

struct store_ops {
    void (*load)(struct store *store, const struct store_account *account, store_done_fn *done,
                 void *context);
    void (*load_from)(struct store *store, const struct store_account *account, uint64_t from_bytes,
                      store_done_fn *done, void *context);
    void (*append)(struct store *store, const struct store_append *append, store_done_fn *done,
                   void *context);
    void (*compact)(struct store *store, const struct store_compact *compact, store_done_fn *done,
                    void *context);
    void (*claim)(struct store *store, uint32_t partition, struct span key, struct span member_id,
                  struct span take_over_from, store_done_fn *done, void *context);
    void (*find)(struct store *store, uint32_t partition, struct span key, store_done_fn *done,
                 void *context);
    void (*scan)(struct store *store, uint32_t partition, uint64_t cursor, uint32_t count,
                 store_scan_fn *done, void *context);
    void (*head)(struct store *store, uint64_t program_from_bytes, store_head_fn *done,
                 void *context);
    void (*set_sandbox_clock)(struct store *store, int64_t now_ms, store_done_fn *done,
                              void *context);
    void (*create_partitions)(struct store *store, uint32_t count, store_done_fn *done,
                              void *context);
    void (*unclaim)(struct store *store, uint32_t partition, struct span key, struct span member_id,
                    store_done_fn *done, void *context);
    void (*due)(struct store *store, const struct store_due *due, store_scan_fn *done,
                void *context);
    void (*get)(struct store *store, const struct store_value *value, store_value_fn *done,
                void *context);
    void (*put)(struct store *store, const struct store_put *put, store_value_fn *done,
                void *context);
    void (*list_values)(struct store *store, store_scan_fn *done, void *context);
    void (*list_set)(struct store *store, uint32_t partition, struct span set, store_scan_fn *done,
                     void *context);
    void (*read_events)(struct store *store, const struct store_event_place *places, size_t count,
                        uint32_t events_max, store_events_fn *done, void *context);
    void (*trim_events)(struct store *store, uint32_t partition, uint64_t keep, store_done_fn *done,
                        void *context);
    void (*read_archive)(struct store *store, const struct store_archive_place *place,
                         store_archive_fn *done, void *context);
    void (*drop_archived)(struct store *store, uint32_t partition, uint64_t through,
                          store_done_fn *done, void *context);
    void (*survey)(struct store *store, uint32_t from, uint32_t count, store_survey_fn *done,
                   void *context);
    void (*rewrite)(struct store *store, store_done_fn *done, void *context);
    bool (*is_ready)(const struct store *store, const char **ret_reason);
    void (*free)(struct store *store);
};

// Every implementation embeds this as its first member.
struct store {
    const struct store_ops *ops;
};

// The whole log; empty bytes when the account does not exist.
static inline void store_load(struct store *store, const struct store_account *account,
                              store_done_fn *done, void *context)
{
    store->ops->load(store, account, done, context);
}

// The log from byte `from_bytes` on, at most LIMIT_SUFFIX_BYTES; for tail checks and delta loads:
// asked from 16 before the known length, an unchanged log answers just the known hash.
static inline void store_load_from(struct store *store, const struct store_account *account,
                                   uint64_t from_bytes, store_done_fn *done, void *context)
{
    store->ops->load_from(store, account, from_bytes, done, context);
}

static inline void store_append(struct store *store, const struct store_append *append,
                                store_done_fn *done, void *context)
{
    store->ops->append(store, append, done, context);
}

static inline void store_compact(struct store *store, const struct store_compact *compact,
                                 store_done_fn *done, void *context)
{
    store->ops->compact(store, compact, done, context);
}

// Binds an identifier's key (opaque bytes, an HMAC in hex) to a member: OK when free, when already
// this member's, or when it is `take_over_from`'s (empty: nobody's); else TAKEN with the owner.
static inline void store_claim(struct store *store, uint32_t partition, struct span key,
                               struct span member_id, struct span take_over_from,
                               store_done_fn *done, void *context)
{
    store->ops->claim(store, partition, key, member_id, take_over_from, done, context);
}

// The member id bound to an identifier's key; empty bytes when none.
static inline void store_find(struct store *store, uint32_t partition, struct span key,
                              store_done_fn *done, void *context)
{
    store->ops->find(store, partition, key, done, context);
}

// Accounts of a partition's due index and when they are due, about `count` of them; each account
// that is there throughout is seen at least once.
static inline void store_scan(struct store *store, uint32_t partition, uint64_t cursor,
                              uint32_t count, store_scan_fn *done, void *context)
{
    store->ops->scan(store, partition, cursor, count, done, context);
}

static inline void store_head(struct store *store, uint64_t program_from_bytes, store_head_fn *done,
                              void *context)
{
    store->ops->head(store, program_from_bytes, done, context);
}

// Sets the test clock, never backwards (FAILED then).
static inline void store_set_sandbox_clock(struct store *store, int64_t now_ms, store_done_fn *done,
                                           void *context)
{
    store->ops->set_sandbox_clock(store, now_ms, done, context);
}

// Creates the partitions' keys, meta's too, once: OK also when they exist with this very count,
// FAILED with another. Repeatable after a crash half way: the count is written last, so a head that
// tells it promises that all are there.
static inline void store_create_partitions(struct store *store, uint32_t count, store_done_fn *done,
                                           void *context)
{
    store->ops->create_partitions(store, count, done, context);
}

// Lets an identifier's key go if it is this member's: OK also when it is nobody's, TAKEN when it is
// another's.
static inline void store_unclaim(struct store *store, uint32_t partition, struct span key,
                                 struct span member_id, store_done_fn *done, void *context)
{
    store->ops->unclaim(store, partition, key, member_id, done, context);
}

// Accounts that are due, earliest first. Asked on behind the last of each page until a page is
// empty, an account whose instant stays is seen once, wherever others move meanwhile; one that
// moves is seen where it stands then, or not. `next_cursor` is 0.
static inline void store_due(struct store *store, const struct store_due *due, store_scan_fn *done,
                             void *context)
{
    store->ops->due(store, due, done, context);
}

static inline void store_get(struct store *store, const struct store_value *value,
                             store_value_fn *done, void *context)
{
    store->ops->get(store, value, done, context);
}

// If `expected_revision` is the one that stands: puts `bytes` as the next revision, or deletes; the
// sets change only then. To delete what is not there is OK.
static inline void store_put(struct store *store, const struct store_put *put, store_value_fn *done,
                             void *context)
{
    store->ops->put(store, put, done, context);
}

// Names of all meta values there are (at most a thousand or so: subscribers).
static inline void store_list_values(struct store *store, store_scan_fn *done, void *context)
{
    store->ops->list_values(store, done, context);
}

// All members of one of put's sets, in no order; FAILED when they are more than 65536.
static inline void store_list_set(struct store *store, uint32_t partition, struct span set,
                                  store_scan_fn *done, void *context)
{
    store->ops->list_set(store, partition, set, done, context);
}

// Events behind the places of 1 to STORE_EVENT_PARTITIONS_MAX partitions, about `events_max` of
// them, and what is kept of each. Where `after` + 1 is not kept any more, the oldest that is
// follows. Each partition gives at most its share of `events_max` and of 1 MiB, but one event if
// there is any; partitions come in any order. An event that was acknowledged before the call is
// seen. FAILED, and nothing given, when one of the partitions has not been created. With
// `events_max` 0 there are bounds alone.
static inline void store_read_events(struct store *store, const struct store_event_place *places,
                                     size_t count, uint32_t events_max, store_events_fn *done,
                                     void *context)
{
    store->ops->read_events(store, places, count, events_max, done, context);
}

// Drops all but about the `keep` newest events of a partition (never fewer are kept; of very many
// about 100,000 a call). The numbers of those that stay, and of the next, are what they were.
static inline void store_trim_events(struct store *store, uint32_t partition, uint64_t keep,
                                     store_done_fn *done, void *context)
{
    store->ops->trim_events(store, partition, keep, done, context);
}

// Pieces of what waits to be archived, as many as fit `bytes_max` (of 1 MiB at most) and 256, but
// one if anything waits there; only the last one may not go to its entry's end. Where `number` does
// not wait any more, or has no more bytes, the next entry that does follows from its beginning.
// FAILED when the partition has not been created.
static inline void store_read_archive(struct store *store, const struct store_archive_place *place,
                                      store_archive_fn *done, void *context)
{
    store->ops->read_archive(store, place, done, context);
}

// Drops what waits up to and with a number; the numbers of the others, and of the next, are what
// they were.
static inline void store_drop_archived(struct store *store, uint32_t partition, uint64_t through,
                                       store_done_fn *done, void *context)
{
    store->ops->drop_archived(store, partition, through, done, context);
}

// Looks at 1 to STORE_SURVEY_MAX partitions, from number `from` on; each by itself, not all at one
// moment. FAILED, and nothing given, when one of them has not been created.
static inline void store_survey(struct store *store, uint32_t from, uint32_t count,
                                store_survey_fn *done, void *context)
{
    store->ops->survey(store, from, count, done, context);
}

// Has the store's file rewritten, so that what was deleted is not in it any more. OK: begun, or
// another one is under way, behind which this one is begun soon (unless this process ends before).
static inline void store_rewrite(struct store *store, store_done_fn *done, void *context)
{
    store->ops->rewrite(store, done, context);
}

// Whether calls have a chance now; else why not, for the operator (names the setting at fault).
static inline bool store_is_ready(const struct store *store, const char **ret_reason)
{
    return store->ops->is_ready(store, ret_reason);
}

// Calls whose outcome is open end in UNAVAILABLE or UNKNOWN before this returns. Not to be called
// from inside a `done`.
static inline void store_free(struct store *store)
{
    if (store != NULL) {
        store->ops->free(store);
    }
}
