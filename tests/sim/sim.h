// One episode: several daemons over one world in memory, clients with their intents, the networks
// between them, one virtual clock, one random source. Everything that happens is an item of the
// agenda or a daemon's timer, one after the other.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/vec.h"
#include "jobs/compact.h"
#include "jobs/sweep.h"
#include "service/dispatch.h"
#include "service/service.h"
#include "sim/agenda.h"
#include "sim/book.h"
#include "sim/counts.h"
#include "sim/days.h"
#include "sim/faults.h"
#include "sim/rules.h"
#include "sim/table.h"
#include "sim/trace.h"
#include "store/memory.h"
#include "support/random_club.h"

enum {
    SIM_DAEMONS = 4,
    SIM_CLIENTS = 10,
    SIM_MEMBERS = 12,
    SIM_PARTITIONS = 4,
    SIM_CARDS = 8,     // identifiers that members may show
    SIM_VERSIONS = 64, // published in one episode
    SIM_VARIANTS = 2,  // bodies under one request id
    CLOCK_SLACK_MS = 10000,
};

// 2026-01-10T00:00:00Z
#define SIM_START_MS INT64_C(1768003200000)

// What a client wants under one request id: the same for every retry.
struct ask {
    uint64_t number;
    struct intent *variants[SIM_VARIANTS]; // more than one: the id is used for two bodies
    struct book *book;                     // NULL: the program
    int64_t created_ms;
    // as the store has it
    bool recorded;
    bool lost; // was recorded, and a failover took it back
    uint64_t recorded_step;
    struct ask *landed_next; // by the same append
    const struct intent *winner;
    uint64_t seq;
    struct figures figures;
    enum rules_tier tier;
    int64_t points;
    // as it was answered
    bool answered;
    struct span first;
    uint32_t firsts; // answers that were not said to be replays
    int32_t may_run; // deliveries that were not answered by a definite no
};

struct intent {
    const struct command_row *row;
    struct ask *ask; // NULL: a read
    struct book *book;
    ProtobufCMessage *message;
    Loyalty__V1__Mutation *mutation;
    int64_t amount; // minor units, or points
    int64_t paid_minor;
    uint64_t exchange_of; // a reversal's request; 0: none
    bool attached;
    struct day *day; // its receipt's, or the one to reconcile
    uint64_t receipt_number;
    bool reconciles;
    bool final; // at rest: the answer is known
    int64_t hold_seconds;
    // of what is captured, released or reversed
    uint64_t original; // its request
    int64_t original_created_ms;
    bool reverses;
    enum reverse_part part;
    const uint32_t *lines;
    size_t line_count;
    int64_t occurred_ms;
    bool training;
    bool backfill;
    const struct rules *rules; // to be published
    uint32_t withdraws;        // a version's number; 0: none
    const struct ask *about;   // a question for an outcome
    uint32_t attempts;
    int64_t deadline_ms; // of the last one; 0: none
};

struct client {
    uint32_t number;
    uint32_t daemon; // where it goes by habit
    struct intent *intent;
    bool again; // the intent had been settled before
    uint64_t attempt;
    uint64_t seen[SIM_MEMBERS];
};

// One delivery of a request to a daemon.
struct call {
    struct call *next; // spare
    struct sim *sim;
    struct intent *intent;
    struct client *client;
    uint64_t attempt;
    uint64_t number;
    struct span payload;
    uint32_t daemon;
    bool open;
    uint64_t step;       // at which it was delivered
    int64_t at_ms;       // the same, in time
    uint64_t min_seq;    // that it said
    uint64_t least_seq;  // what had been acknowledged by then
    uint64_t told_seq;   // by the answer; 0: none
    uint64_t losses;     // of the store by then
    int64_t deadline_ms; // that it said; 0: none
    int64_t excused_ms;  // leaps and pauses by then
};

struct transit;

struct transit_place {
    struct transit *transit;
};

struct daemon {
    struct sim *sim;
    uint32_t number;
    bool up;
    bool dying;
    bool cut;
    int64_t paused_until_ms;
    int64_t paused_ms; // in all
    int64_t clock_offset_ms;
    struct timers timers;
    struct store *store;
    struct service *service;
    struct compact *compact;
    struct sweep *sweep;
    size_t open_calls;
    // its connections to the store
    uint32_t connection;
    int64_t asked_ms[SIM_PARTITIONS + 1]; // when the last call arrives there
    int64_t replied_ms;
    struct transit *open_first; // calls not answered, oldest first
    struct transit *open_last;
    int64_t refused_until_ms; // the connection is known to be dead
    // what it knows
    size_t known_entries;
    int64_t head_store_ms;      // the store's time of the head it read last
    int64_t head_asked_ms;      // when it asked for that
    uint64_t knew[SIM_MEMBERS]; // highest sequence number it has told anybody
};

struct recent_sync {
    uint64_t changes;
    int64_t at_ms;
};

struct server {
    struct store *base; // keeps the world, and looks into it
    uint32_t incarnation;
    int64_t clock_offset_ms;
    int64_t clock_moved_ms;
    int64_t down_until_ms;
    int64_t stalled_until_ms;
    bool sync_put; // an fsync is on the agenda
    bool doomed;   // restarts as soon as there is something unsynced to lose
    VEC(struct transit_place) unsynced;
    uint64_t synced;       // changes that were acknowledged
    size_t known_entries;  // by whoever asked for what is being executed; 0: nobody
    struct daemon *asking; // and that is
    uint64_t losses;       // times that acknowledged changes were lost
    VEC(struct recent_sync) recent;
};

// A change of the world, so that books follow when it is lost.
enum change_kind {
    CHANGE_APPENDED,
    CHANGE_PUBLISHED,
    CHANGE_COMPACTED,
    CHANGE_CLAIMED, // or let go
    CHANGE_OTHER,   // which is in no book
};

struct change {
    enum change_kind kind;
    int64_t at_ms;     // the world's time
    struct book *book; // appended; claimed: who had it before
    struct day *day;   // appended, and no member's
    struct ask *asks;  // landed by this append, by landed_next
    bool binds;        // appended: an enrolment's identifier has come to an end
    uint32_t partition;
    uint32_t claim;
    uint8_t tail[CHAIN_HASH_BYTES]; // published: the program's before
    struct rules *withdrawn;        // the same: what was withdrawn; NULL: one was published
};

struct owned {
    uint8_t key[IDENTIFIER_KEY_BYTES];
    struct book *owner; // NULL: nobody any more
};

struct ask_place {
    struct ask *ask;
};

struct page_token {
    char *text; // NULL: no page follows
};

struct sim {
    bool kind_given; // on the command line
    bool calm;       // nothing goes wrong: before, and when it is to come to rest
    bool resting;    // no new intents
    bool versions_lost;
    uint32_t daemon_count;
    uint32_t client_count;
    uint32_t member_count;
    uint32_t busy; // clients with an intent or about to have one
    uint64_t seed;
    uint64_t episode;
    const struct kind *kind;
    struct counts *counts;
    struct random random;
    struct trace *trace;
    struct arena arena;   // the episode's
    struct arena scratch; // of one step
    struct agenda agenda;
    int64_t now_ms;
    int64_t leapt_ms;    // of it by leaps
    uint64_t operations; // wanted
    uint64_t asked;
    struct server server;
    struct daemon daemons[SIM_DAEMONS];
    struct client clients[SIM_CLIENTS];
    struct book books[SIM_MEMBERS];
    struct page_token pages[SIM_MEMBERS]; // of the activity listed last
    int64_t last_card;                    // that an enrolment has named
    VEC(struct ask_place) asks;
    VEC(struct day_place) days;
    VEC(struct landed) landed;
    const struct intent *forgotten; // the last one that a till has given up on
    uint64_t calls;
    struct call *spare_calls;
    struct transit *spare_transits;
    // the program as it is stored
    struct rules_set versions;
    const struct rules *published[SIM_VERSIONS];
    uint8_t program_tail[CHAIN_HASH_BYTES];
    // observer
    struct memory_observer observer;
    VEC(struct change) changes; // since `first_change`
    uint64_t first_change;
    uint64_t events[SIM_PARTITIONS + 1];
    VEC(struct owned) claims;
};

// --- episode.c ---

// Runs one episode to its end; every invariant held if it returns.
void sim_run(struct sim *sim);

// Whether this fault happens now; counts it.
bool sim_fault(struct sim *sim, enum fault fault);
int64_t sim_below(struct sim *sim, int64_t below);
bool sim_once_in(struct sim *sim, int64_t times);
void sim_put(struct sim *sim, int64_t delay_ms, agenda_fn *run, void *what, uint64_t number);
void sim_note(struct sim *sim, const char *what, int64_t a, int64_t b, int64_t c);

// An invariant does not hold: says so, with everything needed to see it again, and ends.
__attribute__((noreturn, cold, format(printf, 3, 4))) void
sim_violated(struct sim *sim, const char *invariant, const char *format, ...);

// --- daemon.c ---

void daemon_start(struct daemon *daemon);
// As SIGKILL ends it.
void daemon_kill(struct daemon *daemon);
// Delivers a request.
void daemon_ask(struct daemon *daemon, struct call *call);
void daemon_run_timers(struct daemon *daemon);
bool daemon_is_frozen(const struct daemon *daemon);
void sim_chain_hash(const uint8_t *previous, struct span record, uint8_t *ret_hash);
// Kept as the daemons keep it.
void sim_identifier(uint32_t kind, struct span value, struct identifier *ret_identifier);

// --- store_link.c: between daemons and the store; store_server.c: the store ---

void link_open(struct daemon *daemon);
// The connections are gone: every caller is told that he does not know.
void link_break(struct daemon *daemon);
// Looks for calls that have waited too long.
void link_watch(struct daemon *daemon);
// Its reply comes to the daemon, now or when it can.
void link_reply(struct sim *sim, void *what, uint64_t number);
// One of those who needed it does not any more.
void transit_release(struct transit *transit);
// The world ends: if the item was to move a transit on, it will not.
void transit_end(const struct agenda_item *item);
int64_t server_now(const struct sim *sim);
void server_set_clock(struct sim *sim, int64_t offset_ms);
// A call comes to the store.
void server_arrive(struct sim *sim, void *what, uint64_t number);
// Something was executed: an fsync follows.
void server_touched(struct sim *sim);
void server_restart(struct sim *sim);
// The same, right after the next change.
void server_doom(struct sim *sim);
void server_fail_over(struct sim *sim);

// --- client.c ---

void client_wake(struct sim *sim, struct client *client, int64_t delay_ms);
// Asks an intent outside of the usual course.
void client_give(struct sim *sim, struct client *client, struct intent *intent, bool again);
void client_answered(struct sim *sim, const struct call *call, const struct dispatch_reply *reply);
struct intent *intent_new(struct sim *sim, const struct command_row *row);
// A request id of its own; intent->book is set.
struct ask *ask_new(struct sim *sim, struct intent *intent);
// Sets its message's `mutation`, under its ask's id or a new one.
void intent_mutates(struct sim *sim, struct intent *intent, Loyalty__V1__Mutation **field);

// --- judge.c ---

// Every answer of every daemon, also those that get lost on the way.
void judge_answer(struct sim *sim, struct call *call, const struct dispatch_reply *reply);

// --- judge_no.c ---

// Whether the books bear out a refusal that left no trace.
void judge_reason(const struct answer_view *view, const char *reason);

// --- observer.c ---

void observer_begin(struct sim *sim);
// The store's change number `count` and those after it are lost; `acknowledged` ones may be.
void observer_lose(struct sim *sim, uint64_t count);
void observer_synced(struct sim *sim);
// The first `count` changes can no longer be lost.
void observer_keep(struct sim *sim, uint64_t count);
// How many can no longer be lost, by that or for being older than `from_ms`.
uint64_t observer_first(const struct sim *sim, int64_t from_ms);
// A change of the world, to be taken back when it is lost.
struct change *observer_note(struct sim *sim, enum change_kind kind);
struct book *observer_book(struct sim *sim, struct span member_id);

// --- claims.c ---

struct book *claims_owner(struct sim *sim, const struct identifier *identifier);
// Of the memory store's observer: an identifier's key, in hex, is a member's now, or nobody's.
void claims_take(void *context, struct span key, struct span member_id);
void claims_let_go(void *context, struct span key, struct span member_id);

// --- verify.c ---

// Folds the stored log of a member and compares it with the book.
void verify_book(struct sim *sim, struct book *book);
// The same of a terminal's day.
void verify_day(struct sim *sim, struct day *day);
// Everything that can be looked at when all is at rest.
void verify_rest(struct sim *sim);

// --- chaos.c ---

void chaos_begin(struct sim *sim);
// A receipt is being claimed: a good moment for whoever claims it to die.
void chaos_claimed(struct sim *sim);
// Undoes what is still wrong.
void chaos_end(struct sim *sim);
