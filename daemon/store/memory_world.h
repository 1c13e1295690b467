// What the memory store holds: a keyspace like that of Redis, and the port's calls on it, done at
// once. One world may have several stores on it. Internal to the memory store.
//
// A reply's bytes point into the world and are valid until its next change.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/span.h"
#include "base/status.h"
#include "base/vec.h"
#include "store/keys.h"
#include "store/memory.h"
#include "store/store.h"

// A key and its string; of an account also where it stands in the due index.
struct memory_entry {
    struct memory_entry *next; // of the same bucket
    uint64_t hash;
    struct store_key key;
    struct buffer value;
    bool indexed;
    int64_t due_ms;
    uint32_t id_bytes; // an account's id is the key's end
};

struct memory_place {
    struct memory_entry *entry;
};

// What a compaction has cut off.
struct memory_archived {
    struct buffer id;
    struct buffer prefix;
};

struct memory_partition {
    bool created;
    VEC(struct buffer) events; // that are kept
    uint64_t trimmed;          // that are not any more; so the first one kept has the next number
    VEC(struct memory_place) due;        // in the order of entering
    VEC(struct memory_archived) archive; // that waits, numbered as events are
    uint64_t dropped;
};

// A change and how it was before. An append shortens the value again, a compaction or a claim puts
// the old one back.
struct memory_change {
    struct memory_entry *entry;
    struct memory_partition *partition; // NULL: a claim
    bool appended;
    size_t value_bytes;
    struct buffer value;
    bool indexed;
    int64_t due_ms;
    uint64_t archived; // the number of the partition's last one
};

struct memory_journal {
    bool on;
    VEC(struct memory_change) changes;
    uint64_t first; // the number of the first one that is still there
};

enum {
    MEMORY_META = LIMIT_PARTITIONS, // meta's place among the partitions
    MEMORY_PARTITIONS = LIMIT_PARTITIONS + 1,
};

struct memory_world {
    uint32_t references; // stores on it
    int64_t now_ms;
    int64_t sandbox_clock_ms;
    uint32_t partition_count; // 0: not created
    uint64_t epoch;
    uint64_t rewrites;
    struct memory_entry **buckets;
    size_t bucket_count; // a power of two
    size_t entry_count;
    struct memory_partition partitions[MEMORY_PARTITIONS];
    char text[96];                          // of the last FAILED
    const struct memory_observer *observer; // may be NULL
    struct memory_journal journal;
};

MUST_CHECK enum status memory_world_new(struct memory_world **ret_world);
void memory_world_free(struct memory_world *world);

// The world that a memory store stands on.
struct memory_world *memory_world_of(const struct store *store);

// NULL when the key is not there.
struct memory_entry *memory_world_find(const struct memory_world *world,
                                       const struct store_key *key);
// The key's entry, made empty if it is not there.
struct memory_entry *memory_world_enter(struct memory_world *world, const struct store_key *key);

struct memory_partition *memory_world_partition(struct memory_world *world,
                                                const struct store_account *account);

// Remembers an entry as it is before it changes; `keep_value` where it is to be replaced.
void memory_journal_note(struct memory_world *world, struct memory_partition *partition,
                         struct memory_entry *entry, bool keep_value);
// Tells the observer of a change that is of no kind of its own.
void memory_world_tell_other(const struct memory_world *world);
void memory_journal_fini(struct memory_journal *journal);

struct store_reply memory_world_load(const struct memory_world *world,
                                     const struct store_account *account, uint64_t from_bytes,
                                     uint64_t bytes_max);
struct store_reply memory_world_append(struct memory_world *world,
                                       const struct store_append *append);
struct store_reply memory_world_compact(struct memory_world *world,
                                        const struct store_compact *compact);
struct store_reply memory_world_claim(struct memory_world *world, uint32_t partition,
                                      struct span key, struct span member_id,
                                      struct span take_over_from);
struct store_reply memory_world_unclaim(struct memory_world *world, uint32_t partition,
                                        struct span key, struct span member_id);
struct store_reply memory_world_find_owner(const struct memory_world *world, uint32_t partition,
                                           struct span key);
struct store_reply memory_world_set_clock(struct memory_world *world, int64_t now_ms);
struct store_reply memory_world_create(struct memory_world *world, uint32_t count);
struct store_head memory_world_head(const struct memory_world *world, uint64_t from_bytes);
// `ids` and `due_ms` have room for `count`; the ids point into the world's keys.
struct store_scan_reply memory_world_scan(const struct memory_world *world, uint32_t partition,
                                          uint64_t cursor, uint32_t count, struct span *ids,
                                          int64_t *due_ms);

// --- due (memory_due.c) ---

// As memory_world_scan.
struct store_scan_reply memory_world_due(const struct memory_world *world,
                                         const struct store_due *asked, struct span *ids,
                                         int64_t *due_ms);

// --- values and sets (memory_value.c) ---

struct store_value_reply memory_world_get(const struct memory_world *world,
                                          const struct store_value *value);
struct store_value_reply memory_world_put(struct memory_world *world, const struct store_put *put);
// How many members a set has, and these; `ids` may be NULL, else it has room for all.
size_t memory_world_members(const struct memory_world *world, const struct store_key *set,
                            struct span *ids);

// --- events (memory_events.c) ---

struct memory_events {
    VEC(struct store_event) events; // bytes point into the world
    struct store_event_bounds bounds[STORE_EVENT_PARTITIONS_MAX];
};

// False, and nothing is there, when one of the partitions has not been created. `ret_events` is the
// caller's to free.
bool memory_world_read_events(const struct memory_world *world,
                              const struct store_event_place *places, size_t count,
                              uint32_t events_max, struct memory_events *ret_events);
struct store_reply memory_world_trim(struct memory_world *world, uint32_t partition, uint64_t keep);

// --- the archive (memory_archive.c) ---

struct memory_pieces {
    enum store_result result;
    VEC(struct store_archive_piece) pieces; // spans point into the world
    uint64_t waiting;
    struct store_event_bounds bounds;
};

void memory_archive_push(struct memory_partition *partition, struct span id, struct span prefix);
// Takes back what was pushed behind that number.
void memory_archive_pop(struct memory_partition *partition, uint64_t last);
uint64_t memory_archive_last(const struct memory_partition *partition);
// The pieces are the caller's to free.
void memory_world_read_archive(const struct memory_world *world,
                               const struct store_archive_place *place,
                               struct memory_pieces *ret_pieces);
struct store_reply memory_world_drop_archived(struct memory_world *world, uint32_t partition,
                                              uint64_t through);
void memory_archive_fini(struct memory_partition *partition);

// --- what stands in partitions (memory_survey.c) ---

// False when one of them has not been created. `ret_partitions` has room for `count`.
bool memory_world_survey(const struct memory_world *world, uint32_t from, uint32_t count,
                         struct store_survey *ret_partitions);
