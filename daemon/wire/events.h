// Records become events of the stream (proto/loyalty/v1/events.proto): what a record says, in one
// or more parts, rendered from it and what was told along with it (core/told.h), without its
// account. Which part has which number depends on the record alone, whatever a subscriber asks for.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/status.h"
#include "core/program.h"
#include "core/record.h"
#include "core/told.h"
#include "loyalty/v1/events.pb-c.h"

enum { EVENTS_A_RECORD = 2 + RECORD_CARDS_MAX };

// An entry of the stream, and what is wanted of it.
struct events_entry {
    struct arena *arena;
    uint32_t partition;
    uint64_t epoch;
    uint64_t number;
    struct span member_id;
    uint64_t types;                // bits by EventType; 0: all
    const struct program *program; // of the latest version, for ranks; NULL: not known
};

bool events_wants(const struct events_entry *entry, Loyalty__V1__EventType type);

// Events of one record that are wanted, in the entry's arena. `told` is as it stood before the
// record; the caller then has it follow. Records of terminals' days and settlements give none.
// STATUS_NO_MEMORY.
MUST_CHECK enum status events_of_record(const struct events_entry *entry, const struct told *told,
                                        const struct record *record, uint64_t seq,
                                        Loyalty__V1__Event *ret_events[EVENTS_A_RECORD],
                                        size_t *ret_count);
// A record that cannot be read: EVENT_TYPE_OTHER without more.
MUST_CHECK enum status events_unreadable(const struct events_entry *entry, uint64_t seq,
                                         Loyalty__V1__Event **ret_event);
// A member's birthday, on a civil day that begins at an instant.
MUST_CHECK enum status events_birthday(const struct events_entry *entry, int32_t day,
                                       int64_t begun_ms, Loyalty__V1__Event **ret_event);
