// The walk through the partitions: rounds, the queue of what was found, and the pace at which it is
// worked off. One timer drives it all; every turn asks and begins as much as has become due since
// the last. Invariant: a place of the queue is free for every account that a scan may still bring.
#include "jobs/sweep.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "jobs/sweep_parts.h"
#include "service/bounds.h"

// A partition being asked for what is due.
struct scan {
    struct sweep *sweep;
    bool taken;
    uint32_t partition;
};

struct sweep {
    struct sweep_options options;
    struct timer timer;
    struct scan scans[SWEEP_SCANS];
    uint32_t scanning;
    struct sweep_job jobs[SWEEP_AT_ONCE];
    uint32_t working;
    struct visit_found queue[SWEEP_QUEUE]; // round and round
    uint32_t queue_first;
    uint32_t queued;
    struct sweep_skips skips;
    // the round
    uint64_t seed;
    uint32_t next_partition;
    uint32_t asked; // partitions, in this round
    bool begun;
    bool found_any;
    bool found_full;
    int64_t round_ms; // how long it is to take
    int64_t round_from_ms;
    // the pace, in thousandths of an account
    int64_t allowed;
    int64_t allowed_at_ms;
    // failures
    int64_t backoff_ms; // 0: all is well
    int64_t resume_ms;
    struct sweep_counts counts;
    int64_t lag_ms; // so far, in this round
};

static const int64_t ACCOUNT = 1000;

void sweep_metrics(const struct sweep *sweep, const struct metrics_out *out)
{
    static const struct metric_family accounts = {
        "loyaltyd_swept_accounts_total",
        "Due accounts that the sweeper came to, by what came of it.", METRIC_COUNTER};
    static const struct metric_family lag = {
        "loyaltyd_due_lag_seconds",
        "How late the most overdue account was in the sweeper's last round.", METRIC_GAUGE};
    static const struct metric_family rounds = {"loyaltyd_sweep_rounds_total",
                                                "Times the sweeper went through all partitions.",
                                                METRIC_COUNTER};
    const struct sweep_counts *counts = &sweep->counts;
    const struct {
        const char *result;
        uint64_t count;
    } rows[] = {{"written", counts->written},
                {"corrected", counts->corrected},
                {"skipped", counts->skipped}};
    out->family(out->context, &accounts);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct metric_label label = {"result", rows[i].result};
        out->whole(out->context, &label, 1, (int64_t)rows[i].count);
    }
    metrics_tell(out, &rounds, (int64_t)counts->rounds);
    out->family(out->context, &lag);
    out->micros(out->context, NULL, 0, counts->lag_ms * 1000);
}

struct sweep_counts sweep_counts(const struct sweep *sweep)
{
    return sweep->counts;
}

static struct timers *sweep_timers(const struct sweep *sweep)
{
    return sweep->options.service->options.timers;
}

static int64_t now_of(const struct sweep *sweep)
{
    return timers_now(sweep_timers(sweep));
}

static void on_turn(struct timer *timer);

static void turn_at(struct sweep *sweep, int64_t at_ms)
{
    if (!sweep->options.service->stopping) {
        timers_set(sweep_timers(sweep), &sweep->timer, at_ms, on_turn);
    }
}

// --- failures ---

static void sweep_failed(struct sweep *sweep)
{
    int64_t now_ms = now_of(sweep);
    if (now_ms < sweep->resume_ms) {
        return; // one of several that were under way
    }
    int64_t longer_ms = sweep->backoff_ms == 0 ? SWEEP_BACKOFF_MS : 2 * sweep->backoff_ms;
    sweep->backoff_ms = longer_ms < SWEEP_BACKOFF_MAX_MS ? longer_ms : SWEEP_BACKOFF_MAX_MS;
    sweep->resume_ms = now_ms + sweep->backoff_ms;
}

// --- what is due ---

static void queue_push(struct sweep *sweep, uint32_t partition, struct span id, int64_t due_ms)
{
    CHECK(sweep->queued < SWEEP_QUEUE);
    struct visit_found *found = &sweep->queue[(sweep->queue_first + sweep->queued) % SWEEP_QUEUE];
    visit_found_set(found, partition, id);
    found->indexed = true;
    found->index_ms = due_ms;
    sweep->queued++;
}

static bool is_found(const struct visit_found *found, uint32_t partition, struct span id)
{
    return found->partition == partition && span_equal(span_of(found->id, found->id_len), id);
}

static bool is_waiting(const struct sweep *sweep, uint32_t partition, struct span id)
{
    for (uint32_t i = 0; i < sweep->queued; i++) {
        if (is_found(&sweep->queue[(sweep->queue_first + i) % SWEEP_QUEUE], partition, id)) {
            return true;
        }
    }
    for (uint32_t i = 0; i < SWEEP_AT_ONCE; i++) {
        if (sweep->jobs[i].taken && is_found(&sweep->jobs[i].visit.found, partition, id)) {
            return true;
        }
    }
    return false;
}

static void take_page(struct sweep *sweep, uint32_t partition, const struct store_scan_reply *reply)
{
    int64_t now_ms = now_of(sweep);
    uint32_t taken = 0;
    for (size_t i = 0; i < reply->count && taken < SWEEP_PAGE; i++) {
        struct span id = reply->ids[i];
        if (id.len <= LIMIT_MEMBER_ID_BYTES &&
            !sweep_skips_has(&sweep->skips, partition, id, now_ms) &&
            !is_waiting(sweep, partition, id)) {
            queue_push(sweep, partition, id, reply->due_ms[i]);
            taken++;
        }
    }
    sweep->found_any = sweep->found_any || taken > 0;
    sweep->found_full = sweep->found_full || taken == SWEEP_PAGE;
}

// The first of a page is the most overdue of its partition.
static void note_lag(struct sweep *sweep, const struct store_scan_reply *reply)
{
    if (reply->count > 0) {
        int64_t lag_ms = lease_now_ms(sweep->options.service->lease) - reply->due_ms[0];
        sweep->lag_ms = lag_ms > sweep->lag_ms ? lag_ms : sweep->lag_ms;
    }
}

static void on_due(void *context, const struct store_scan_reply *reply)
{
    struct scan *scan = context;
    struct sweep *sweep = scan->sweep;
    scan->taken = false;
    sweep->scanning--;
    if (sweep->options.service->stopping) {
        return;
    }
    if (reply->result != STORE_OK) {
        sweep_failed(sweep);
        return;
    }
    sweep->backoff_ms = 0;
    note_lag(sweep, reply);
    take_page(sweep, scan->partition, reply);
    for (size_t i = 0; i < SWEEP_TURNS_MAX; i++) {
        if (sweep->options.turns[i] != NULL) {
            sweep->options.turns[i](sweep->options.service, scan->partition);
        }
    }
}

// By the store's clock and ours, whichever is behind: what it gives is to be due by ours too.
static int64_t due_until_ms(const struct lease *lease)
{
    int64_t ours_ms = lease_now_ms(lease);
    int64_t shared_ms = lease_shared_now_ms(lease);
    return ours_ms < shared_ms ? ours_ms : shared_ms;
}

static void ask_next(struct sweep *sweep)
{
    struct service *service = sweep->options.service;
    struct scan *scan = sweep->scans;
    while (scan->taken) {
        scan++;
    }
    scan->taken = true;
    scan->partition = sweep->next_partition;
    sweep->scanning++;
    sweep->asked++;
    sweep->next_partition = (sweep->next_partition + 1) % lease_partitions(service->lease);
    // More, where some of the first are left alone.
    uint32_t count = SWEEP_PAGE + sweep_skips_of(&sweep->skips, scan->partition, now_of(sweep));
    const struct store_due due = {
        .partition = scan->partition, .until_ms = due_until_ms(service->lease), .count = count};
    store_due(service->options.store, &due, on_due, scan);
}

// --- rounds ---

static void round_begin(struct sweep *sweep, int64_t now_ms)
{
    struct service *service = sweep->options.service;
    if (!sweep->begun) {
        sweep->next_partition = (uint32_t)(sweep->seed % lease_partitions(service->lease));
        sweep->round_ms = SWEEP_ROUND_MS;
        sweep->begun = true;
    } else {
        sweep->counts.rounds++;
        sweep->counts.lag_ms = sweep->lag_ms;
        sweep->lag_ms = 0;
        int64_t longer_ms = 2 * sweep->round_ms;
        int64_t idle_ms = longer_ms < SWEEP_ROUND_IDLE_MS ? longer_ms : SWEEP_ROUND_IDLE_MS;
        int64_t found_ms = sweep->found_full ? SWEEP_ROUND_FULL_MS : SWEEP_ROUND_MS;
        sweep->round_ms = sweep->found_any ? found_ms : idle_ms;
    }
    sweep->round_from_ms = now_ms;
    sweep->asked = 0;
    sweep->found_any = false;
    sweep->found_full = false;
    if (lease_is_sandbox(service->lease)) {
        lease_kick(service->lease); // the test clock may have been set
    }
}

static bool has_room(const struct sweep *sweep)
{
    return sweep->scanning < SWEEP_SCANS &&
           sweep->queued + (sweep->scanning + 1) * SWEEP_PAGE <= SWEEP_QUEUE;
}

// As many partitions as the round should have come to by now.
static void walk(struct sweep *sweep, int64_t now_ms)
{
    uint32_t partitions = lease_partitions(sweep->options.service->lease);
    bool over = sweep->asked >= partitions && sweep->scanning == 0 &&
                now_ms >= sweep->round_from_ms + sweep->round_ms;
    if (!sweep->begun || over) {
        round_begin(sweep, now_ms);
    }
    int64_t passed_ms = now_ms - sweep->round_from_ms + SWEEP_TURN_MS;
    int64_t wanted = partitions * passed_ms / sweep->round_ms + 1;
    while (sweep->asked < partitions && sweep->asked < wanted && has_room(sweep)) {
        ask_next(sweep);
    }
}

// --- work ---

static void allow(struct sweep *sweep, int64_t now_ms)
{
    int64_t passed_ms = now_ms - sweep->allowed_at_ms;
    int64_t pace = sweep->options.pace;
    if (service_in_hand(sweep->options.service) >= SWEEP_BUSY_REQUESTS) {
        pace = (pace + SWEEP_BUSY_SHARE - 1) / SWEEP_BUSY_SHARE;
    }
    int64_t most = sweep->options.pace * (int64_t)SWEEP_TURN_MS * 2 + ACCOUNT;
    passed_ms = passed_ms < SWEEP_ROUND_MS ? passed_ms : SWEEP_ROUND_MS;
    sweep->allowed += passed_ms * pace; // thousandths a millisecond
    sweep->allowed = sweep->allowed < most ? sweep->allowed : most;
    sweep->allowed_at_ms = now_ms;
}

static void on_visited(struct visit *visit)
{
    struct sweep_job *job =
        (struct sweep_job *)(void *)((char *)visit - offsetof(struct sweep_job, visit));
    struct sweep *sweep = job->sweep;
    CHECK(job->taken && sweep->working > 0);
    int64_t now_ms = now_of(sweep);
    sweep->counts.written += visit->end == VISIT_WRITTEN ? 1 : 0;
    sweep->counts.corrected += visit->end == VISIT_CORRECTED ? 1 : 0;
    if (visit->end == VISIT_FAILED) {
        sweep_failed(sweep);
    } else if (visit->end == VISIT_SKIP || visit->left_open) { // it is due again at once
        sweep->counts.skipped++;
        sweep_skips_add(&sweep->skips, visit->found.partition, visit_id(visit),
                        now_ms + SWEEP_SKIP_MS);
    }
    job->taken = false;
    sweep->working--;
    if (sweep->queued > 0 && sweep->timer.at_ms > now_ms + 1) {
        turn_at(sweep, now_ms + 1);
    }
}

static void work(struct sweep *sweep)
{
    for (uint32_t i = 0; i < SWEEP_AT_ONCE && sweep->queued > 0 && sweep->allowed >= ACCOUNT; i++) {
        struct sweep_job *job = &sweep->jobs[i];
        if (job->taken) {
            continue;
        }
        job->visit.found = sweep->queue[sweep->queue_first];
        sweep->queue_first = (sweep->queue_first + 1) % SWEEP_QUEUE;
        sweep->queued--;
        sweep->working++;
        sweep->counts.accounts++;
        sweep->allowed -= ACCOUNT;
        job->taken = true;
        visit_begin(&job->visit);
    }
}

// --- turns ---

static int64_t next_turn_ms(const struct sweep *sweep, int64_t now_ms)
{
    if (sweep->queued > 0 || sweep->scanning > 0) {
        return now_ms + SWEEP_TURN_MS;
    }
    int64_t step_ms = sweep->round_ms / lease_partitions(sweep->options.service->lease);
    return now_ms + (step_ms > SWEEP_TURN_MS ? step_ms : SWEEP_TURN_MS);
}

static void on_turn(struct timer *timer)
{
    struct sweep *sweep = (struct sweep *)(void *)((char *)timer - offsetof(struct sweep, timer));
    struct service *service = sweep->options.service;
    int64_t now_ms = now_of(sweep);
    if (service->stopping) {
        return;
    }
    if (lease_check(service->lease, true) != TROUBLE_NONE || now_ms < sweep->resume_ms) {
        sweep->allowed_at_ms = now_ms;
        turn_at(sweep, now_ms + SWEEP_BACKOFF_MS);
        return;
    }
    allow(sweep, now_ms);
    walk(sweep, now_ms);
    work(sweep);
    turn_at(sweep, next_turn_ms(sweep, now_ms));
}

enum status sweep_new(const struct sweep_options *options, struct sweep **ret_sweep)
{
    CHECK(options->pace > 0 && options->pace <= SWEEP_PACE_MAX);
    struct sweep *sweep = calloc(1, sizeof *sweep);
    if (sweep == NULL) {
        return STATUS_NO_MEMORY;
    }
    sweep->options = *options;
    sweep->seed = options->seed;
    for (size_t i = 0; i < SWEEP_SCANS; i++) {
        sweep->scans[i].sweep = sweep;
    }
    for (size_t i = 0; i < SWEEP_AT_ONCE; i++) {
        sweep->jobs[i].sweep = sweep;
        visit_init(&sweep->jobs[i].visit, options->service);
        sweep->jobs[i].visit.on_ended = on_visited;
    }
    sweep->allowed_at_ms = now_of(sweep);
    turn_at(sweep, now_of(sweep) + SWEEP_TURN_MS);
    *ret_sweep = sweep;
    return STATUS_OK;
}

void sweep_free(struct sweep *sweep)
{
    if (sweep == NULL) {
        return;
    }
    CHECK(sweep->scanning == 0 && sweep->working == 0);
    timers_clear(sweep_timers(sweep), &sweep->timer);
    for (size_t i = 0; i < SWEEP_AT_ONCE; i++) {
        visit_fini(&sweep->jobs[i].visit);
    }
    free(sweep);
}
