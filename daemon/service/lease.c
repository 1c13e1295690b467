// Reads the head, one at a time, and judges its age. Invariants: at most one head is asked for;
// `asking` waiters share that one, `waiting` ones the next, for theirs must be asked after they
// came.
#include "service/lease.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/log.h"
#include "service/bounds.h"

struct waiters {
    struct lease_waiter *first;
    struct lease_waiter *last;
};

struct lease {
    struct lease_options options;
    struct timer timer;
    struct program_log programs;
    struct program_set set;
    bool stopped;
    bool in_flight;
    bool creating;
    int64_t asked_monotonic_ms;
    struct waiters asking;
    struct waiters waiting;
    // from the last head
    bool read;
    enum status programs_status;
    int64_t read_monotonic_ms; // when it was asked for
    int64_t answered_monotonic_ms;
    int64_t store_now_ms;
    int64_t sandbox_clock_ms;
    uint32_t partitions;   // the first count that was read: it never changes
    bool partitions_moved; // the store says otherwise now
    uint64_t epoch;
    bool skewed; // when the head was read, for the log
};

enum status lease_new(const struct lease_options *options, struct lease **ret_lease)
{
    struct lease *lease = calloc(1, sizeof(*lease));
    if (lease == NULL) {
        return STATUS_NO_MEMORY;
    }
    lease->options = *options;
    program_log_init(&lease->programs, options->hash, options->zones);
    *ret_lease = lease;
    return STATUS_OK;
}

void lease_free(struct lease *lease)
{
    if (lease == NULL) {
        return;
    }
    timers_clear(lease->options.timers, &lease->timer);
    program_log_fini(&lease->programs);
    free(lease);
}

static int64_t wall_ms(const struct lease *lease)
{
    return lease->options.wall_ms(lease->options.wall_context);
}

static void head_ask(struct lease *lease);

static void on_timer(struct timer *timer)
{
    struct lease *lease = (struct lease *)(void *)((char *)timer - offsetof(struct lease, timer));
    head_ask(lease);
}

static void waiters_add(struct waiters *waiters, struct lease_waiter *waiter)
{
    waiter->next = NULL;
    if (waiters->last != NULL) {
        waiters->last->next = waiter;
    } else {
        waiters->first = waiter;
    }
    waiters->last = waiter;
}

static void waiters_wake(struct waiters waiters, bool fresh)
{
    struct lease_waiter *waiter = waiters.first;
    while (waiter != NULL) {
        struct lease_waiter *next = waiter->next;
        waiter->on_head(waiter, fresh);
        waiter = next;
    }
}

static void on_created(void *context, const struct store_reply *reply)
{
    struct lease *lease = context;
    lease->creating = false;
    if (reply->result == STORE_OK) {
        log_event(LOG_INFO, "partitions-created", "count=%" PRIu32, lease->options.partitions);
        lease_kick(lease);
    } else if (reply->result == STORE_FAILED) {
        log_event(LOG_ERROR, "partitions-refused", "why=\"%s\"", log_text_of(reply->bytes).text);
    }
}

// How far this machine's clock is ahead of the store's, or behind it if negative, in the kindest
// reading of the round trip of the last head; judged anew at each use, for it may be set at any
// time.
static int64_t clock_ahead_ms(const struct lease *lease)
{
    int64_t earliest_ms = lease_store_now_ms(lease);
    int64_t latest_ms = earliest_ms + lease->answered_monotonic_ms - lease->read_monotonic_ms;
    int64_t now_ms = wall_ms(lease);
    if (now_ms > latest_ms) {
        return now_ms - latest_ms;
    }
    return now_ms < earliest_ms ? now_ms - earliest_ms : 0;
}

static bool clock_is_off(const struct lease *lease)
{
    int64_t ahead_ms = clock_ahead_ms(lease);
    return !lease->options.sandbox &&
           (ahead_ms > LIMIT_CLOCK_AHEAD_MS || ahead_ms < -LIMIT_CLOCK_AHEAD_MS);
}

static void take_programs(struct lease *lease, const struct store_head *head)
{
    uint64_t before = lease->programs.records;
    enum status was = lease->programs_status;
    lease->programs_status = program_log_take(&lease->programs, head->program, head->program_bytes);
    lease->set = program_log_set(&lease->programs);
    if (lease->programs_status == STATUS_NOT_FOUND) {
        log_event(LOG_ERROR, "program-log-changed", "known_records=%" PRIu64, before);
    } else if (lease->programs_status != STATUS_OK && was != lease->programs_status) {
        log_event(LOG_ERROR, "program-log-unusable", "status=%s good_versions=%zu",
                  status_name(lease->programs_status), lease->programs.count);
    } else if (lease->programs.records != before) {
        log_event(LOG_INFO, "program-read", "versions=%zu withdrawn=%zu", lease->programs.count,
                  lease->programs.count - lease->programs.standing_count);
    }
}

// A store that lost its partitions, or is another, is not served and not written to.
static void take_partitions(struct lease *lease, uint32_t count)
{
    if (lease->partitions == 0) {
        lease->partitions = count;
    }
    bool moved = count != lease->partitions;
    if (moved && !lease->partitions_moved) {
        log_event(LOG_ERROR, "partitions-changed", "known=%" PRIu32 " found=%" PRIu32,
                  lease->partitions, count);
    }
    lease->partitions_moved = moved;
    if (lease->partitions == 0 && !lease->creating && lease->options.partitions != 0) {
        lease->creating = true;
        store_create_partitions(lease->options.store, lease->options.partitions, on_created, lease);
    }
}

static void take_head(struct lease *lease, const struct store_head *head)
{
    take_programs(lease, head);
    lease->read = true;
    lease->read_monotonic_ms = lease->asked_monotonic_ms;
    lease->answered_monotonic_ms = timers_now(lease->options.timers);
    lease->store_now_ms = head->store_now_ms;
    lease->sandbox_clock_ms = head->sandbox_clock_ms;
    bool skewed = clock_is_off(lease);
    if (skewed != lease->skewed) {
        log_event(skewed ? LOG_ERROR : LOG_INFO, skewed ? "clock-skewed" : "clock-good",
                  "ahead_of_store_ms=%" PRId64, clock_ahead_ms(lease));
    }
    lease->skewed = skewed;
    take_partitions(lease, head->partitions);
    lease->epoch = head->epoch;
}

static void on_head(void *context, const struct store_head *head)
{
    struct lease *lease = context;
    struct waiters woken = lease->asking;
    bool fresh = head->result == STORE_OK && !lease->stopped;
    lease->asking = (struct waiters){0};
    lease->in_flight = false;
    if (fresh) {
        take_head(lease, head);
    }
    bool again = lease->programs_status == STATUS_NOT_FOUND;
    if (fresh && (lease->waiting.first != NULL || again)) {
        head_ask(lease);
    } else if (!lease->stopped) {
        int64_t next_ms = fresh ? lease->asked_monotonic_ms + LIMIT_LEASE_READ_MS
                                : timers_now(lease->options.timers) + SERVICE_LEASE_RETRY_MS;
        timers_set(lease->options.timers, &lease->timer, next_ms, on_timer);
    }
    waiters_wake(woken, fresh && !again);
    if (!fresh) {
        // Whoever came meanwhile is not kept waiting for a store that does not answer.
        struct waiters waiting = lease->waiting;
        lease->waiting = (struct waiters){0};
        waiters_wake(waiting, false);
    }
}

static void head_ask(struct lease *lease)
{
    CHECK(!lease->in_flight);
    timers_clear(lease->options.timers, &lease->timer);
    lease->in_flight = true;
    lease->asking = lease->waiting;
    lease->waiting = (struct waiters){0};
    lease->asked_monotonic_ms = timers_now(lease->options.timers);
    store_head(lease->options.store, program_log_from(&lease->programs), on_head, lease);
}

void lease_stop(struct lease *lease)
{
    lease->stopped = true;
    timers_clear(lease->options.timers, &lease->timer);
}

void lease_kick(struct lease *lease)
{
    if (!lease->in_flight && !lease->stopped) {
        head_ask(lease);
    }
}

void lease_await(struct lease *lease, struct lease_waiter *waiter)
{
    if (lease->stopped) {
        waiter->on_head(waiter, false);
        return;
    }
    waiters_add(&lease->waiting, waiter);
    lease_kick(lease);
}

enum trouble lease_check(const struct lease *lease, bool mutation)
{
    int64_t now_ms = timers_now(lease->options.timers);
    if (!lease->read || now_ms - lease->read_monotonic_ms > LIMIT_LEASE_MS) {
        const char *reason = NULL;
        return store_is_ready(lease->options.store, &reason) ? TROUBLE_NO_LEASE
                                                             : TROUBLE_STORE_UNAVAILABLE;
    }
    if (lease->programs_status != STATUS_OK) {
        return TROUBLE_UNKNOWN_FORMAT;
    }
    if (lease->partitions == 0 || lease->partitions_moved) {
        return TROUBLE_NO_LEASE;
    }
    return mutation && clock_is_off(lease) ? TROUBLE_CLOCK_SKEW : TROUBLE_NONE;
}

struct lease_look lease_look(const struct lease *lease)
{
    if (!lease->read) {
        return (struct lease_look){0};
    }
    return (struct lease_look){
        .read = true,
        .age_ms = timers_now(lease->options.timers) - lease->read_monotonic_ms,
        .clock_ahead_ms = clock_ahead_ms(lease),
        .programs = lease->programs_status,
    };
}

const struct program_log *lease_programs(const struct lease *lease)
{
    return &lease->programs;
}

const struct program_set *lease_set(const struct lease *lease)
{
    return &lease->set;
}

uint64_t lease_epoch(const struct lease *lease)
{
    return lease->epoch;
}

uint32_t lease_partitions(const struct lease *lease)
{
    return lease->partitions;
}

int64_t lease_now_ms(const struct lease *lease)
{
    if (lease->options.sandbox && lease->sandbox_clock_ms != 0) {
        return lease->sandbox_clock_ms;
    }
    return wall_ms(lease);
}

int64_t lease_shared_now_ms(const struct lease *lease)
{
    return lease->options.sandbox ? lease_now_ms(lease) : lease_store_now_ms(lease);
}

bool lease_is_sandbox(const struct lease *lease)
{
    return lease->options.sandbox;
}

int64_t lease_store_now_ms(const struct lease *lease)
{
    return lease->store_now_ms + timers_now(lease->options.timers) - lease->answered_monotonic_ms;
}

int64_t lease_not_after_ms(const struct lease *lease)
{
    return lease->store_now_ms + LIMIT_LEASE_MS;
}
