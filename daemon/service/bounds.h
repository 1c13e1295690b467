// The service's own bounds, next to those of base/limits.h: what it holds at once and for how long.
#pragma once

#include <assert.h>

#include "base/limits.h"

enum {
    SERVICE_REQUESTS = 16384,              // requests in hand at once; more are OVERLOADED
    SERVICE_ARENA_KEEP_BYTES = 64 * 1024,  // a finished request's arena above this is given back
    SERVICE_FOLD_ARENA_BYTES = 128 << 20,  // one record at a time, the largest being a snapshot
    SERVICE_PROGRAM_ARENA_BYTES = 4 << 20, // one program version, all told
    SERVICE_JOBS = 256,                    // identifier and compaction jobs at once
    SERVICE_TIMERS = 2 * SERVICE_REQUESTS + 2 * SERVICE_JOBS + 16,
    SERVICE_LEASE_RETRY_MS = 100,    // after a head that could not be read
    SERVICE_BACKOFF_MS = 64,         // the longest pause after a lost conflict
    SERVICE_MOVES = 1024,            // of a task between members that were merged
    SERVICE_CLAIM_ROUNDS = 8,        // take-overs tried for one identifier
    SERVICE_RECEIPT_ROUNDS = 16,     // steps of one mutation between its member and a day
    SERVICE_RECEIPT_DAYS_AHEAD = 1,  // of a receipt's business date, against today
    SERVICE_RECEIPT_DAYS_PAST = 403, // the horizon, and what a business day may differ from a civil
    SERVICE_RECONCILE_LOOKUPS = 128, // claims looked up in members' logs at a time
    SERVICE_VERIFY_PAGE = 100,       // accounts one VerifyAccounts answer looks at
    SERVICE_VERIFY_FAULTS = 100,     // and the most it reports
    SERVICE_AUDIT_BYTES = 48 << 10,  // of entries in a page of the audit
    SERVICE_EXPORT_PAGE = 64,        // accounts one ExportAccounts answer names
    SERVICE_EXPORT_BYTES = 48 << 10, // of logs in an answer
    SERVICE_MONITOR_PAGE = 200,      // connections or partitions in an answer
    SERVICE_MONITOR_REASONS = 16,    // why a daemon is not ready
    SERVICE_MONITOR_TEXT = 512,      // bytes of an option's value, or of its source
    SERVICE_SUBSCRIPTIONS = 64,      // streams of events at once
    SERVICE_CONSUMERS = 64,          // and those whose places are kept
    SERVICE_CONSUMER_ROUNDS = 8,     // tries to write a consumer's places before others do
    SERVICE_EVENTS_A_MESSAGE = 256,
    SERVICE_EVENTS_BYTES = 40 * 1024,  // of one message, and ...
    SERVICE_PLACES_A_MESSAGE = 1024,   // ... places besides: together they fit LIMIT_REPLY_BYTES
    SERVICE_EVENTS_WAKE_MS = 2,        // what is committed in this time is told together
    SERVICE_EVENTS_POLL_MS = 200,      // others' commits are seen after so long ...
    SERVICE_EVENTS_POLL_STEP_MS = 10,  // ... where so many partitions can be asked meanwhile
    SERVICE_EVENTS_LIFE_MS = 10000,    // between signs of life
    SERVICE_EVENTS_CHECK_MS = 5000,    // between looks whether another took over
    SERVICE_EVENTS_FULL_MS = 1000,     // a full stream is looked at again, though it is told
    SERVICE_EVENTS_MARGIN_MS = 200,    // before a single answer's time is over
    SERVICE_EVENTS_RETENTION = 100000, // entries a partition keeps, unless told otherwise
    SERVICE_EVENTS_TRIM_VISITS = 64,   // of the sweeper for one trim
};

// How far past its `not_after` a claim may be taken over: clocks of a store that has failed over
// differ.
#define SERVICE_TAKE_OVER_MARGIN_MS INT64_C(2000)

// How long an account to which history was posted is left alone, at least half of it: an import may
// come back to a member as late as that.
#define SERVICE_HISTORY_QUIET_MS INT64_C(86400000)

// Memory the cache of folded accounts may take, unless told otherwise.
#define SERVICE_CACHE_BYTES ((size_t)256 << 20)

static_assert((int)SERVICE_REQUESTS + 2 * (int)SERVICE_JOBS + 16 <= (int)LIMIT_STORE_CALLS,
              "the store can remember every call there may be");
static_assert((int)SERVICE_ARENA_KEEP_BYTES < (int)LIMIT_ARENA_BYTES,
              "a warm arena is smaller than its cap");
