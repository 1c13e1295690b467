// The gate's insides: one call on it, and how it fails. For gate_store.c and gate_calls.c.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

enum { GATE_CALLS = 64, GATE_LATE_BYTES = 128 * 1024, GATE_READ_WAYS = 2, GATE_CHANGE_WAYS = 4 };

enum gate_way {
    GATE_WAY_NONE = -1,
    GATE_WAY_BEFORE,     // UNAVAILABLE, not executed
    GATE_WAY_FAILED,     // FAILED, not executed
    GATE_WAY_LOST_ASK,   // UNKNOWN, not executed
    GATE_WAY_LOST_REPLY, // UNKNOWN, executed
    GATE_WAY_LATE,       // UNKNOWN, executed after all else
    GATE_WAY_RELOAD,
    GATE_WAY_EXPIRED,
    GATE_WAY_CLOCK,
    GATE_WAY_RIVAL,
    GATE_WAY_RIVAL_COMPACTS,
    GATE_WAY_GHOST, // whoever has the identifier does not list it
};

struct gate_call {
    struct gate *gate;
    bool taken;
    bool own; // answered by the gate
    enum gate_way way;
    void (*done)(void);
    void (*answer)(struct gate_call *call); // by the gate, in the way
    void *context;
};

// One append whose execution is still to come.
struct gate_late {
    bool waits;
    struct store_append append;
    size_t used;
    uint8_t bytes[GATE_LATE_BYTES];
};

struct gate {
    struct store store; // first
    struct store *inner;
    struct gate_call calls[GATE_CALLS];
    size_t next; // place of the next one taken, so that the oldest is answered first
    struct gate_late late;
};

#define GATE_COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

// How reads and changes fail, if nothing else is to be said of them.
extern const enum gate_way gate_read_ways[GATE_READ_WAYS];
extern const enum gate_way gate_change_ways[GATE_CHANGE_WAYS];

static inline struct gate *gate_of(struct store *store)
{
    return (struct gate *)store;
}

struct gate_call *gate_take(struct store *store, void (*done)(void), void *context,
                            void (*answer)(struct gate_call *call));
// How this call is to fail: one of `ways`.
enum gate_way gate_choose(const char *what, const enum gate_way *ways, uint32_t count);
// Whether the gate answers by itself and nothing is executed now.
bool gate_keeps(struct gate_call *call, enum gate_way way);
enum store_result gate_result(enum gate_way way);

// The gate's own answers, and those of the store behind it.
void gate_answer_reply(struct gate_call *call);
void gate_answer_page(struct gate_call *call);
void gate_on_done(void *context, const struct store_reply *reply);
void gate_on_page(void *context, const struct store_scan_reply *page);

// The port's calls about values, sets, events and what is due (gate_calls.c).
void gate_unclaim(struct store *store, uint32_t partition, struct span key, struct span member_id,
                  store_done_fn *done, void *context);
void gate_due(struct store *store, const struct store_due *due, store_scan_fn *done, void *context);
void gate_get(struct store *store, const struct store_value *value, store_value_fn *done,
              void *context);
void gate_put(struct store *store, const struct store_put *put, store_value_fn *done,
              void *context);
void gate_list_values(struct store *store, store_scan_fn *done, void *context);
void gate_list_set(struct store *store, uint32_t partition, struct span set, store_scan_fn *done,
                   void *context);
void gate_read_events(struct store *store, const struct store_event_place *places, size_t count,
                      uint32_t events_max, store_events_fn *done, void *context);
void gate_trim_events(struct store *store, uint32_t partition, uint64_t keep, store_done_fn *done,
                      void *context);
void gate_read_archive(struct store *store, const struct store_archive_place *place,
                       store_archive_fn *done, void *context);
void gate_drop_archived(struct store *store, uint32_t partition, uint64_t through,
                        store_done_fn *done, void *context);
void gate_survey(struct store *store, uint32_t from, uint32_t count, store_survey_fn *done,
                 void *context);
void gate_rewrite(struct store *store, store_done_fn *done, void *context);
