// One call on the memory store: what was asked, copied; whether the world has executed it, and the
// reply it gave then; whether the caller has been told. Internal to the memory store.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/memory.h"
#include "store/memory_world.h"
#include "store/store.h"

enum call_kind {
    CALL_LOAD,
    CALL_FIND,
    CALL_SCAN,
    CALL_DUE,
    CALL_LIST,
    CALL_HEAD,
    CALL_GET,
    CALL_EVENTS,
    CALL_ARCHIVE,
    CALL_SURVEY,
    CALL_APPEND, // mutations from here on
    CALL_COMPACT,
    CALL_CLAIM,
    CALL_UNCLAIM,
    CALL_PUT,
    CALL_TRIM,
    CALL_DROP,
    CALL_REWRITE,
    CALL_SET_CLOCK,
    CALL_CREATE,
};

struct memory_range {
    struct store_account account;
    uint64_t from_bytes;
    uint64_t bytes_max;
};

struct memory_claim { // of find only the first two, of unclaim the first three
    uint32_t partition;
    struct span key;
    struct span member_id;
    struct span take_over_from;
};

struct memory_page { // of a scan
    uint32_t partition;
    uint64_t cursor;
    uint32_t count;
};

struct memory_list {
    bool meta; // the names of meta values
    uint32_t partition;
    struct span set;
};

struct memory_read {    // of events
    struct span places; // as bytes
    size_t count;
    uint32_t events_max;
};

struct memory_trim {
    uint32_t partition;
    uint64_t keep;
};

struct memory_drop { // of what was archived
    uint32_t partition;
    uint64_t through;
};

struct memory_survey {
    uint32_t from;
    uint32_t count;
};

struct memory_call {
    struct memory_call *next; // waiting, or open: of the same store
    struct memory_call **place;
    enum call_kind kind;
    struct memory_world *world;
    const char *problem; // FAILED, whatever the world looks like
    void (*done)(void);  // of the type that `kind` has
    void *context;
    bool executed;
    bool told;
    union { // from the execution until the caller is told; owns its bytes
        struct store_reply reply;
        struct store_head head;
        struct store_scan_reply page_reply;
        struct store_value_reply value_reply;
        struct store_events_reply events_reply;
        struct store_archive_reply archive_reply;
        struct store_survey_reply survey_reply;
    };
    union {
        struct memory_range range;
        struct store_append append;
        struct store_compact compact;
        struct memory_claim claim;
        struct memory_page page;
        struct store_due due;
        struct memory_list list;
        struct store_value value;
        struct store_put put;
        struct memory_read read;
        struct memory_trim trim;
        struct store_archive_place archive;
        struct memory_drop drop;
        struct memory_survey survey;
        uint64_t from_bytes;
        int64_t clock_ms;
        uint32_t partition_count;
    };
    size_t kept_bytes;
    uint8_t bytes[]; // what the spans above point into
};

// Into the store's queue, or to whoever routes.
void memory_call_send(struct store *store, struct memory_call *call);
// Tells the caller the reply of the execution; once.
void memory_call_tell_reply(struct memory_call *call);
// Tells the caller a result without anything; once.
void memory_call_tell(struct memory_call *call, enum store_result result);
// What a caller is told who does not know what became of the call.
enum store_result memory_call_lost(const struct memory_call *call);
