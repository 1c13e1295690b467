// Every bound in one place, with its reason. A queue, buffer, loop or retry without a name here is
// a defect. Figures' bounds are law from domain.md.
#pragma once

#include <assert.h>
#include <stdint.h>

// --- figures (domain.md, "What the rules mean") ---
#define LIMIT_AMOUNT_MINOR_MAX INT64_C(1000000000000)    // 10^12 minor units a sale
#define LIMIT_POINTS_A_RECORD INT64_C(1000000000000)     // 10^12 points or score a record
#define LIMIT_POINTS_A_BALANCE INT64_C(1000000000000000) // 10^15 either way, score too
#define LIMIT_INSTANT_MIN_MS INT64_C(0)                  // 1970-01-01
#define LIMIT_INSTANT_MAX_MS INT64_C(4102444800000)      // 2100-01-01, exclusive
#define INSTANT_NEVER INT64_MAX                          // an end that never comes

// --- names ---
enum {
    LIMIT_MEMBER_ID_BYTES = 64,  // [A-Za-z0-9._-], also "terminal-day" and pool accounts
    LIMIT_NAME_BYTES = 64,       // ids of tiers, rules, perks, stores; a unit path
    LIMIT_PARTNER_BYTES = 55,    // a partner of perks, whose name is in an account's id
    LIMIT_UNIT_BYTES = 128,      // a certificate's unit path, "store-0007/till-02"
    LIMIT_TEXT_BYTES = 256,      // a localized name, a reason
    LIMIT_IDENTIFIER_BYTES = 64, // a card number, a barcode, a phone
    LIMIT_IDENTIFIERS = 8,       // identifiers a member
    LIMIT_NAMES_AN_ACCOUNT = 4096,
};

// --- a program ---
enum {
    LIMIT_TIERS = 16,
    LIMIT_EARN_RULES = 64,
    LIMIT_RULE_LIST = 64, // entries of one condition
    LIMIT_PERKS = 64,
    LIMIT_NUMBER_RANGES = 32, // of one kind of identifier
    LIMIT_NOTICE_DAYS = 365,
    LIMIT_RESCORES_A_YEAR = 12,
    LIMIT_PROGRAM_VERSIONS = 256,
    LIMIT_PROGRAM_BYTES = 40 * 1024, // as protobuf; a publish and its reading fit a frame
    LIMIT_PROGRAM_PROBLEMS = 100,    // reported by one check
    LIMIT_PARTITIONS = 16384,
};

// --- a request ---
enum {
    LIMIT_FRAME_BYTES = 64 * 1024,
    LIMIT_SALE_LINES = 256,
    LIMIT_OPENING_ITEMS = 256,   // lots or scores of one OpeningBalance
    LIMIT_RECONCILED_IDS = 1000, // request ids of one Reconcile
    LIMIT_ARENA_BYTES = 1024 * 1024,
    LIMIT_REPLY_BYTES = 60 * 1024,
    LIMIT_PAGE_SIZE = 200,
    LIMIT_LOTS_SHOWN = 200,             // of one answer or activity, earliest expiry first
    LIMIT_HTTP_MESSAGE_BYTES = 1 << 20, // of one message over HTTP/2, in whatever encoding
    LIMIT_TRACEPARENT_BYTES = 55,       // W3C Trace Context: "00-<32 hex>-<16 hex>-<2 hex>"
};

// --- an account ---
enum {
    LIMIT_RECORD_BYTES = 48 * 1024,     // a record other than a snapshot
    LIMIT_LOG_BYTES = 16 * 1024 * 1024, // an account's whole log
    LIMIT_SUFFIX_BYTES = 64 * 1024,     // BEHIND carries at most this
    LIMIT_LOTS = 4096,
    LIMIT_LOTS_GIVEN_BACK = 65536, // given back is refused by no bound that could be met
    LIMIT_LOTS_ENDED = 512,        // remembered for reversals: forty years of month ends
    LIMIT_HOLDS = 256,             // open reservations
    LIMIT_CONTRIBUTIONS = 1 << 20,
    LIMIT_CARDS = 65536,
    LIMIT_OBLIGATIONS = 256, // open ones; what would make more is refused
    LIMIT_PERK_USES = 1 << 17,
    LIMIT_ABSORBED = 4096,     // members that were merged into one
    LIMIT_REPORTED = 1 << 16,  // entries of partners' contributions
    LIMIT_POOL_MEMBERS = 4096, // entries; of so many members 1,000 at a time
    LIMIT_POOL_MEMBERS_AT_ONCE = 1000,
    LIMIT_POOL_USES = 1 << 17,
    LIMIT_CLAIMS = 1 << 17, // steps of claims of one terminal's day; its log is full before
    LIMIT_BOUNDARIES_A_COMMAND = 512, // records advance may write in one command
};

// --- time (domain.md; design.md decision 2) ---
#define LIMIT_HORIZON_MS (INT64_C(400) * 86400 * 1000) // idempotency: older requests are TOO_OLD
#define LIMIT_FUTURE_SALE_MS (INT64_C(5) * 60 * 1000)
#define LIMIT_REPLAY_DAYS 400
#define LIMIT_LEASE_READ_MS 5000    // a daemon re-reads the program head this often
#define LIMIT_LEASE_MS 20000        // and may write for this long after a read
#define LIMIT_PUBLISH_LEAD_MS 60000 // a version takes effect at least this far ahead
#define LIMIT_CLOCK_AHEAD_MS 2000   // a `now` this far ahead of Redis is refused

// --- connections and queues ---
enum {
    LIMIT_CONNECTIONS = 10000,
    LIMIT_CONNECTION_IN_FLIGHT = 256,        // requests of one connection; then reading pauses
    LIMIT_CONNECTION_OUTPUT_BYTES = 1 << 20, // unsent answers; then reading pauses
    LIMIT_HANDSHAKE_MS = 5000,               // absolute, not per byte
    LIMIT_FRAME_MS = 10000,                  // from a frame's first byte to its last, absolute
    LIMIT_ACCOUNT_QUEUE = 4096,              // commands waiting for one account
    LIMIT_ATTEMPT_TASKS = 64,                // of these, for one append or one look: others' turn
    LIMIT_ATTEMPT_BYTES = 32 * 1024,         // of their records, where they are of several
    LIMIT_STORE_IN_FLIGHT = 65536,           // commands waiting for Redis
    LIMIT_STORE_CALLS = 32768,               // of the service at once: one a request, one a job
    LIMIT_STORE_OUTPUT_BYTES = 64 << 20,
    LIMIT_STORE_REPLY_BYTES = LIMIT_LOG_BYTES + 4096,
    LIMIT_STORE_COMMAND_MS = 2000,  // then the connection is given up: OUTCOME_UNKNOWN
    LIMIT_STORE_RECHECK_MS = 10000, // Redis's settings and role are looked at again this often
    LIMIT_CONFLICT_RETRIES = 32,    // append_if lost to another daemon
    LIMIT_REQUEST_MS = 10000,       // the longest deadline a request may have
};

// --- HTTP/2: what RFC 9113 leaves open, and what it permits but nobody needs ---
enum {
    LIMIT_HTTP_STREAMS = 128,            // open at a time on a connection
    LIMIT_HTTP_EXCHANGES = 65536,        // open at a time on all connections
    LIMIT_HTTP_HEADER_BYTES = 8 * 1024,  // a request's field section, as RFC 9113, 6.5.2 counts it
    LIMIT_HTTP_CONTINUATIONS = 8,        // frames of one field section after its first
    LIMIT_HTTP_SETTINGS = 32,            // entries of one SETTINGS frame
    LIMIT_HTTP_ACKS = 128,               // acknowledgements waiting to leave
    LIMIT_HTTP_QUEUED_FRAMES = 1024,     // small frames waiting to leave; then reading pauses
    LIMIT_HTTP_TAKE_MS = 30000,          // to take the next bytes of an answer, socket or window
    LIMIT_HTTP_PING_MS = 10000,          // between a peer's PINGs, so gRPC's keepalive guide
    LIMIT_HTTP_PINGS = 6,                // too early: a burst of four, then two strikes
    LIMIT_HTTP_RESETS = 256,             // streams given up without an answer, at once ...
    LIMIT_HTTP_RESETS_A_SECOND = 32,     // ... and in the long run (a client's own deadlines)
    LIMIT_HTTP_RST_FRAMES = 1024,        // RST_STREAM of any kind, at once ...
    LIMIT_HTTP_RST_FRAMES_A_SECOND = 64, // ... and in the long run
    LIMIT_HTTP_SETTINGS_FRAMES = 16,     // at once; one a second in the long run
    LIMIT_HTTP_EMPTY_FRAMES = 128,       // DATA with nothing in it, at once ...
    LIMIT_HTTP_EMPTY_FRAMES_A_SECOND = 32,
    LIMIT_HTTP_OTHER_FRAMES = 4096, // windows, at once, beyond four for each frame of an answer
    LIMIT_HTTP_OTHER_FRAMES_A_SECOND = 512,
    LIMIT_DRAIN_NOTICE_MS = 1000, // between the notice of a GOAWAY and itself, at most
    LIMIT_DRAIN_IDLE_MS = 200,    // of silence, then a drained client of frames is let go
};

// --- the daemon itself ---
enum {
    LIMIT_LOG_LINE_BYTES = 1024, // a longer line to stderr is cut
    LIMIT_LOOP_TIMERS = 64,      // set at once: 3 a connection to Redis, some of each part
};

static_assert(LIMIT_RECORD_BYTES <= LIMIT_SUFFIX_BYTES, "a suffix holds at least one record");
static_assert((int)LIMIT_ATTEMPT_BYTES <= (int)LIMIT_SUFFIX_BYTES,
              "who lost to an append of many is told all of it");
static_assert((int)LIMIT_HTTP_STREAMS <= (int)LIMIT_CONNECTION_IN_FLIGHT,
              "one bound for both protocols");
static_assert(LIMIT_HTTP_RESETS > LIMIT_HTTP_STREAMS, "a client may give up all it has open");
static_assert(LIMIT_REPLY_BYTES < LIMIT_FRAME_BYTES, "an answer fits a frame with its envelope");
static_assert(LIMIT_PROGRAM_BYTES <= LIMIT_ARENA_BYTES / 4, "a program decodes inside an arena");
static_assert(LIMIT_PROGRAM_BYTES <= LIMIT_REPLY_BYTES - 16 * 1024,
              "a program is read back with the latest of its versions");
static_assert((LIMIT_PROGRAM_BYTES + 2 * 1024) * LIMIT_PROGRAM_VERSIONS <= LIMIT_LOG_BYTES,
              "all versions fit the program's log, and that they were withdrawn");
