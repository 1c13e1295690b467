// The port's calls as Redis commands: what redis.c's table of operations points to. Internal to the
// Redis store.
#pragma once

#include <stdint.h>

#include "store/keys.h"
#include "store/redis_pool.h"
#include "store/store.h"

struct redis {
    struct store store; // first: the port's handle is this object
    struct redis_pool pool;
    bool rewrite_owed; // another one, as soon as that which is under way has ended
};

static inline struct redis *redis_of(struct store *store)
{
    return (struct redis *)store;
}

// A call without its tag. `done` is cast back by `on_answer`, which knows its type.
struct redis_call redis_call_of(redis_answer_fn *on_answer, void (*done)(void), void *context,
                                bool mutation);
// Begins `FCALL name keys... tag`, to be followed by `arguments` more; sets the call's tag.
struct resp_writer *redis_begin_function(struct redis_link *link, struct redis_call *call,
                                         const char *name, const struct store_key *keys,
                                         uint32_t key_count, uint32_t arguments);

// Whether the call is over already because of its arguments; it is then answered later.
bool redis_refused(struct redis *redis, const struct redis_call *call, const char *problem);
// Sends GETRANGE of a key's bytes `first` to `last`.
void redis_send_range(struct redis *redis, struct redis_link *link, const struct redis_call *call,
                      const struct store_key *key, uint64_t first, uint64_t last);

// Understands what a function says, {tag, outcome, more}: the outcome, and `more` as bytes (a
// string) or as log_bytes (an integer). False for an outcome there is none of.
bool redis_read_outcome(const struct redis_answer *answer, struct store_reply *ret_reply);

// A score of the due index: milliseconds, as they were written, or "inf".
bool redis_read_instant(struct span score, int64_t *ret_instant_ms);
// A stream's id "0-<number>"; false for anything else, which was written by somebody else.
bool redis_read_number(const struct resp_value *value, uint64_t *ret_number);
// Of a stream, by the ids of the oldest entry kept ("" for none) and the newest ever.
bool redis_read_bounds(const struct resp_value *first, const struct resp_value *last,
                       struct store_event_bounds *ret_bounds);

void redis_scan(struct store *store, uint32_t partition, uint64_t cursor, uint32_t count,
                store_scan_fn *done, void *context);
void redis_due(struct store *store, const struct store_due *due, store_scan_fn *done,
               void *context);
void redis_head(struct store *store, uint64_t program_from_bytes, store_head_fn *done,
                void *context);
void redis_create_partitions(struct store *store, uint32_t count, store_done_fn *done,
                             void *context);

void redis_get(struct store *store, const struct store_value *value, store_value_fn *done,
               void *context);
void redis_put(struct store *store, const struct store_put *put, store_value_fn *done,
               void *context);
void redis_list_values(struct store *store, store_scan_fn *done, void *context);
void redis_list_set(struct store *store, uint32_t partition, struct span set, store_scan_fn *done,
                    void *context);

void redis_read_events(struct store *store, const struct store_event_place *places, size_t count,
                       uint32_t events_max, store_events_fn *done, void *context);
void redis_trim_events(struct store *store, uint32_t partition, uint64_t keep, store_done_fn *done,
                       void *context);

void redis_read_archive(struct store *store, const struct store_archive_place *place,
                        store_archive_fn *done, void *context);
void redis_drop_archived(struct store *store, uint32_t partition, uint64_t through,
                         store_done_fn *done, void *context);

void redis_survey(struct store *store, uint32_t from, uint32_t count, store_survey_fn *done,
                  void *context);

void redis_rewrite(struct store *store, store_done_fn *done, void *context);
// Of the pool, with the store as context: begins what is owed.
void redis_rewrite_owed(void *context);
