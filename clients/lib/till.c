// A till's life, its entry, and its ways to wait.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/reply.h"
#include "lib/till_identity.h"
#include "lib/till_inside.h"
#include "lib/till_intent.h"

enum {
    RETRY_FIRST_MS = 500,
    RETRY_MAX_MS = 60000,
    INTENT_MEMORY_MAX = 512 * 1024,
};

// --- opening ---

static uint32_t bounded(uint32_t asked, uint32_t otherwise, uint32_t most)
{
    return asked == 0 ? otherwise : asked > most ? most : asked;
}

static bool take_options(struct loyalty_till *till, const struct loyalty_till_options *options,
                         char ret_error[LOYALTY_ERROR_BYTES])
{
    const char *unit = options->unit == NULL ? "" : options->unit;
    if (options->path == NULL || strlen(unit) >= sizeof(till->unit)) {
        (void)snprintf(ret_error, LOYALTY_ERROR_BYTES, "A path, and no unit that long.");
        return false;
    }
    (void)snprintf(till->unit, sizeof(till->unit), "%s", unit);
    till->open_max = bounded(options->open_max, LOYALTY_TILL_OPEN_MAX, LOYALTY_TILL_ROWS_MAX);
    till->keep_days =
        bounded(options->keep_days, LOYALTY_TILL_KEEP_DAYS, LOYALTY_TILL_KEEP_DAYS_MAX);
    till->retry_first_ms = bounded(options->retry_first_ms, RETRY_FIRST_MS, INT32_MAX);
    till->retry_max_ms = bounded(options->retry_max_ms, RETRY_MAX_MS, INT32_MAX);
    till->on_settled = options->on_settled;
    till->user = options->user;
    return true;
}

static bool open_queue(struct loyalty_till *till, const struct loyalty_till_options *options,
                       char ret_error[LOYALTY_ERROR_BYTES])
{
    char identity[LY_IDENTITY_BYTES];
    if (!ly_identity_of(till->client->tls, identity, sizeof(identity))) {
        (void)snprintf(ret_error, LOYALTY_ERROR_BYTES, "%s names no till: it has no URI.",
                       options->connection.certificate_path);
        return false;
    }
    till->queue = ly_queue_open(options->path, identity, till->unit, ret_error);
    struct ly_learned_clock learned;
    if (till->queue == NULL) {
        return false;
    }
    if (!ly_queue_read_clock(till->queue, &learned)) {
        (void)snprintf(ret_error, LOYALTY_ERROR_BYTES, "%s", ly_queue_error(till->queue));
        return false;
    }
    ly_clock_init(&till->clock, options, &learned);
    size_t len = 0;
    uint8_t *terms = ly_queue_read_terms(till->queue, &len);
    if (terms != NULL) {
        (void)ly_till_take_terms(till, span_of(terms, len));
    }
    free(terms);
    return true;
}

struct loyalty_till *loyalty_till_open(const struct loyalty_till_options *options,
                                       char ret_error[LOYALTY_ERROR_BYTES])
{
    struct loyalty_till *till = calloc(1, sizeof(*till));
    if (till == NULL) {
        (void)snprintf(ret_error, LOYALTY_ERROR_BYTES, "Out of memory.");
        return NULL;
    }
    till->was = LOYALTY_CLOSED;
    till->client = loyalty_new(&options->connection, ret_error);
    if (till->client == NULL || !take_options(till, options, ret_error) ||
        !open_queue(till, options, ret_error)) {
        loyalty_till_close(till);
        return NULL;
    }
    (void)ly_queue_purge(till->queue, ly_clock_now(&till->clock), till->keep_days);
    return till;
}

void loyalty_till_close(struct loyalty_till *till)
{
    if (till == NULL || till->in_callback) {
        return;
    }
    loyalty_free(till->client);
    loyalty_reply_fini(&till->answer);
    ly_queue_close(till->queue);
    if (till->terms != NULL) {
        loyalty__v1__get_terms_response__free_unpacked(till->terms, NULL);
    }
    while (till->waiters != NULL) {
        struct ly_waiter *waiter = till->waiters;
        till->waiters = waiter->next;
        free(waiter);
    }
    free(till);
}

// --- entry ---

// Nothing was stored, and that is certain.
static bool turn_down(struct loyalty_till *till, struct loyalty_till_answer *answer,
                      enum loyalty_till_status status, const char *reason, const char *message)
{
    ly_till_set_error(till, message);
    ly_answer_set(answer, status, reason, message);
    return false;
}

static bool turn_down_store(struct loyalty_till *till, struct loyalty_till_answer *answer)
{
    return turn_down(till, answer, LOYALTY_TILL_RETRY_LATER, "LOCAL_STORE",
                     ly_queue_disk_full(till->queue)
                         ? "The till's disk is full."
                         : "The till's file cannot be written or read now.");
}

static bool has_room(const struct loyalty_till *till)
{
    uint64_t open = ly_queue_open_count(till->queue) + ly_queue_exception_count(till->queue);
    return open < till->open_max && ly_queue_row_count(till->queue) < LOYALTY_TILL_ROWS_MAX;
}

static void wait_for(struct loyalty_till *till, struct ly_waiter *waiter, int64_t sequence)
{
    waiter->sequence = sequence;
    struct ly_waiter **at = &till->waiters;
    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = waiter;
}

// The intent is in the queue already, or is another one under the same id.
static bool enter_again(struct loyalty_till *till, const struct ly_row *row,
                        const struct ly_row *before, struct ly_waiter *waiter,
                        struct loyalty_till_answer *answer)
{
    answer->sequence = before->sequence;
    if (memcmp(row->digest, before->digest, sizeof(row->digest)) != 0) {
        return turn_down(till, answer, LOYALTY_TILL_REFUSED, "ID_CONFLICT",
                         "Another request has this id.");
    }
    if (before->state == LY_ROW_OPEN) {
        wait_for(till, waiter, before->sequence);
        return true;
    }
    struct loyalty_till_answer told;
    ly_answer_of_row(till, before, &told);
    ly_till_tell(till, waiter->on_answer, waiter->user, &told);
    loyalty_till_answer_fini(&told);
    free(waiter);
    return true;
}

static bool enter_new(struct loyalty_till *till, const struct loyalty_intent *intent,
                      struct ly_row *row, struct ly_waiter *waiter,
                      struct loyalty_till_answer *answer)
{
    int64_t sequence = 0;
    if (!has_room(till)) {
        return turn_down(till, answer, LOYALTY_TILL_RETRY_LATER, "QUEUE_FULL",
                         "The till's queue is full.");
    }
    if (!ly_offline_cost(till, intent, row) || !ly_queue_add(till->queue, row, &sequence)) {
        return turn_down_store(till, answer);
    }
    wait_for(till, waiter, sequence);
    return true;
}

// Into the queue, with somebody who waits. Takes the waiter when true.
static bool enter(struct loyalty_till *till, const struct loyalty_intent *intent,
                  struct arena *arena, struct ly_waiter *waiter, struct loyalty_till_answer *answer)
{
    struct ly_row row;
    answer->kind = intent->kind;
    answer->created_at_ms = ly_clock_now(&till->clock);
    switch (ly_intent_write(arena, intent, till->unit, answer->created_at_ms, &row)) {
    case LY_UNWRITABLE:
        return turn_down(till, answer, LOYALTY_TILL_REFUSED, "BAD_REQUEST",
                         "The request cannot be written.");
    case LY_NO_MEMORY:
        return turn_down(till, answer, LOYALTY_TILL_RETRY_LATER, "NO_MEMORY", "Out of memory.");
    case LY_WRITTEN:
        break;
    }
    memcpy(answer->request_id, row.request_id, sizeof(answer->request_id));
    struct ly_row before;
    bool found = false;
    if (!ly_queue_find(till->queue, row.request_id, &before, &found)) {
        return turn_down_store(till, answer);
    }
    if (!found) {
        return enter_new(till, intent, &row, waiter, answer);
    }
    bool entered = enter_again(till, &row, &before, waiter, answer);
    ly_row_fini(&before);
    return entered;
}

// `ret_answer` is written only when nothing was stored.
static bool submit(struct loyalty_till *till, const struct loyalty_intent *intent,
                   uint32_t patience_ms, loyalty_till_answer_fn *on_answer, void *user,
                   struct loyalty_till_answer *ret_answer)
{
    struct loyalty_till_answer answer = {.note = ""};
    struct ly_waiter *waiter = malloc(sizeof(*waiter));
    if (waiter == NULL) {
        (void)turn_down(till, &answer, LOYALTY_TILL_RETRY_LATER, "NO_MEMORY", "Out of memory.");
        *ret_answer = answer;
        return false;
    }
    *waiter = (struct ly_waiter){
        .deadline_ms = ly_steady_ms() + patience_ms, .on_answer = on_answer, .user = user};
    struct arena arena;
    arena_init(&arena, INTENT_MEMORY_MAX);
    bool entered = enter(till, intent, &arena, waiter, &answer);
    arena_fini(&arena);
    if (!entered) {
        free(waiter);
        *ret_answer = answer;
    }
    return entered;
}

bool loyalty_till_submit(struct loyalty_till *till, const struct loyalty_intent *intent,
                         uint32_t patience_ms, loyalty_till_answer_fn *on_answer, void *user)
{
    struct loyalty_till_answer answer;
    if (!submit(till, intent, patience_ms, on_answer, user, &answer)) {
        loyalty_till_answer_fini(&answer);
        return false;
    }
    if (!till->in_callback) {
        ly_pump(till);
    }
    return true;
}

// --- waiting ---

static void turn(struct loyalty_till *till, uint32_t timeout_ms)
{
    ly_pump(till);
    uint32_t wait_ms = till->delivered > 0 ? 0 : ly_pump_idle_ms(till, timeout_ms);
    if (loyalty_state(till->client) == LOYALTY_CLOSED) {
        (void)poll(NULL, 0, wait_ms > INT32_MAX ? INT32_MAX : (int)wait_ms);
    } else {
        (void)loyalty_poll(till->client, wait_ms);
    }
    ly_pump(till);
}

int loyalty_till_poll(struct loyalty_till *till, uint32_t timeout_ms)
{
    if (till->in_callback) {
        return 0;
    }
    till->delivered = 0;
    turn(till, timeout_ms);
    return till->delivered;
}

struct doing {
    struct loyalty_till_answer *answer;
    bool done;
};

// The answer is this library's own, so it is moved, not copied.
static void on_done(void *user, const struct loyalty_till_answer *answer)
{
    struct doing *doing = user;
    *doing->answer = *answer;
    ((struct loyalty_till_answer *)answer)->reply.memory = NULL;
    doing->done = true;
}

enum loyalty_till_status loyalty_till_do(struct loyalty_till *till,
                                         const struct loyalty_intent *intent, uint32_t patience_ms,
                                         struct loyalty_till_answer *ret_answer)
{
    struct doing doing = {.answer = ret_answer};
    if (till->in_callback) {
        *ret_answer = (struct loyalty_till_answer){.kind = intent->kind, .note = ""};
        (void)turn_down(till, ret_answer, LOYALTY_TILL_RETRY_LATER, "IN_CALLBACK",
                        "Not from inside a callback.");
        return ret_answer->status;
    }
    if (submit(till, intent, patience_ms, on_done, &doing, ret_answer)) {
        // The deadline ends it, whatever the connection does.
        while (!doing.done) {
            till->delivered = 0;
            turn(till, LOYALTY_TIMEOUT_MS_MAX);
        }
    }
    return ret_answer->status;
}

void loyalty_till_interest(const struct loyalty_till *till, int *ret_fd, short *ret_events,
                           int *ret_timeout_ms)
{
    int timeout_ms = -1;
    *ret_fd = -1;
    *ret_events = 0;
    uint32_t idle_ms = ly_pump_idle_ms(till, LOYALTY_TIMEOUT_MS_MAX);
    if (!loyalty_interest(till->client, ret_fd, ret_events, &timeout_ms) &&
        ly_steady_ms() >= till->retry_at_ms) {
        idle_ms = 0; // it is time to connect
    }
    *ret_timeout_ms = timeout_ms >= 0 && (uint32_t)timeout_ms < idle_ms ? timeout_ms : (int)idle_ms;
}

void loyalty_till_disconnect(struct loyalty_till *till)
{
    loyalty_close(till->client);
}

struct loyalty *loyalty_till_client(struct loyalty_till *till)
{
    return till->client;
}
