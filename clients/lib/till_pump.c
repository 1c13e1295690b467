// The till's turn: what came is stored and told, the connection is made, the first open row is
// sent.
//
//     CLOSED --connect--> CONNECTING --> OPEN: time learned, terms asked, then row after row
//        ^  back-off          |           |
//        +--------------------+-----------+  lost, or no definite answer
//
// Back-off doubles with each failure in a row up to a bound; the wait is random below that (full
// jitter), so that the tills of a chain do not come back all at once.
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "lib/order.h"
#include "lib/reply.h"
#include "lib/till_inside.h"
#include "lib/till_intent.h"
#include "lib/till_restamp.h"

enum { DOUBLINGS_MAX = 20, ANSWER_MEMORY_MAX = 512 * 1024, TERMS_FRESH_MS = 3600 * 1000 };

void ly_till_set_error(struct loyalty_till *till, const char *text)
{
    (void)snprintf(till->error, sizeof(till->error), "%s", text);
}

static void back_off(struct loyalty_till *till)
{
    uint64_t ceiling_ms = (uint64_t)till->retry_first_ms << till->failures;
    if (ceiling_ms > till->retry_max_ms) {
        ceiling_ms = till->retry_max_ms;
    }
    if (till->failures < DOUBLINGS_MAX) {
        till->failures++;
    }
    uint64_t random = 0;
    if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
        random = ceiling_ms;
    }
    till->retry_at_ms = ly_steady_ms() + 1 + (int64_t)(random % (ceiling_ms + 1));
}

bool ly_pump_rests_until(const struct loyalty_till *till, int64_t steady_ms)
{
    return till->asked == NULL && !till->answered &&
           loyalty_state(till->client) != LOYALTY_CONNECTING && till->retry_at_ms >= steady_ms;
}

// --- the connection ---

bool ly_till_take_terms(struct loyalty_till *till, struct span bytes)
{
    Loyalty__V1__GetTermsResponse *terms =
        loyalty__v1__get_terms_response__unpack(NULL, bytes.len, bytes.data);
    if (terms == NULL) {
        return false;
    }
    loyalty__v1__get_terms_response__free_unpacked(till->terms, NULL);
    till->terms = terms;
    return true;
}

// What is learned is of use even where the file does not take it: then it is learned again next
// time. But for the first time: rows that must be put right are not sent before.
static bool learn(struct loyalty_till *till)
{
    struct ly_clock clock = till->clock;
    ly_clock_learn(&clock, loyalty_now_ms(till->client), till->client->clock_stands);
    bool first = till->clock.learned.server_ms == 0;
    bool stored = first ? ly_restamp(till->queue, &clock.learned)
                        : ly_queue_write_clock(till->queue, &clock.learned);
    if (first && !stored) {
        return false;
    }
    till->clock = clock;
    till->wants_terms = true;
    till->retry_at_ms = 0;
    return true;
}

static void watch_connection(struct loyalty_till *till)
{
    enum loyalty_state is = loyalty_state(till->client);
    if (is == LOYALTY_OPEN && till->was != LOYALTY_OPEN && !learn(till)) {
        loyalty_close(till->client);
        is = LOYALTY_CLOSED;
    }
    if (is == LOYALTY_CLOSED && till->was != LOYALTY_CLOSED) {
        ly_till_set_error(till, loyalty_error(till->client));
        back_off(till);
    }
    till->was = is;
    if (is == LOYALTY_CLOSED && ly_steady_ms() >= till->retry_at_ms) {
        if (loyalty_connect_start(till->client)) {
            till->was = loyalty_state(till->client);
        }
        if (till->was == LOYALTY_CLOSED) {
            ly_till_set_error(till, loyalty_error(till->client));
            back_off(till);
        }
    }
}

// --- asking ---

static void on_reply(void *user, const struct loyalty_reply *reply)
{
    struct ly_ask *ask = user;
    struct loyalty_till *till = ask->till;
    if (till->asked == ask) {
        till->asked = NULL;
        // No answer, and no code: the connection may be dead without anybody having said so.
        till->silent = reply->outcome == LOYALTY_OUTCOME_UNKNOWN && reply->code == 0;
        if (ask->sequence != 0) {
            ly_reply_copy(reply, &till->answer);
            till->answered = true;
            till->answered_sequence = ask->sequence;
        } else if (reply->payload != NULL &&
                   ly_till_take_terms(till, span_of(reply->payload, reply->payload_bytes))) {
            (void)ly_queue_write_terms(till->queue, span_of(reply->payload, reply->payload_bytes));
        } else if (reply->outcome == LOYALTY_RETRY_LATER) {
            till->wants_terms = true;
            back_off(till);
        }
    }
    free(ask);
}

static bool ask(struct loyalty_till *till, const char *method, struct span message,
                int64_t sequence)
{
    struct ly_ask *ask = malloc(sizeof(*ask));
    if (ask == NULL) {
        back_off(till);
        return false;
    }
    *ask = (struct ly_ask){.till = till, .sequence = sequence};
    till->asked = ask;
    if (!loyalty_submit(till->client, method, message.data, message.len, 0, on_reply, ask)) {
        till->asked = NULL;
        free(ask);
        return false;
    }
    return true;
}

static void send_first(struct loyalty_till *till)
{
    struct ly_row row;
    bool found = false;
    if (!ly_queue_next(till->queue, LOYALTY_TILL_OPEN, 0, &row, &found)) {
        ly_till_set_error(till, ly_queue_error(till->queue));
        back_off(till);
        return;
    }
    if (!found) {
        return;
    }
    // Whoever hands it in again has not taken other money.
    if (ly_offline_must_void(till, &row) && !ly_waiters_have(till, row.sequence)) {
        if (!ly_offline_withdraw(till, &row, "VOIDED")) {
            ly_till_set_error(till, ly_queue_error(till->queue));
            back_off(till);
        }
    } else {
        till->sent_through = row.sequence > till->sent_through ? row.sequence : till->sent_through;
        (void)ask(till, ly_intent_method(row.kind), row.message, row.sequence);
    }
    ly_row_fini(&row);
}

static void send_next(struct loyalty_till *till)
{
    if (loyalty_state(till->client) != LOYALTY_OPEN || till->asked != NULL || till->answered ||
        ly_steady_ms() < till->retry_at_ms) {
        return;
    }
    if (till->wants_terms || ly_steady_ms() - till->terms_at_ms >= TERMS_FRESH_MS) {
        till->wants_terms = !ask(till, LY_GET_TERMS, (struct span){0}, 0);
        till->terms_at_ms = ly_steady_ms();
    } else {
        send_first(till);
    }
}

// --- answers ---

static void drop_answer(struct loyalty_till *till)
{
    loyalty_reply_fini(&till->answer);
    till->answered = false;
}

// In the file, with what it adds to the book. `row` is as it will be there.
static bool settle(struct loyalty_till *till, const struct ly_row *row,
                   const struct loyalty_till_answer *answer)
{
    struct ly_posting posting = ly_posting_of(row, answer);
    bool exception =
        answer->status == LOYALTY_TILL_REFUSED && !ly_waiters_have(till, row->sequence);
    return ly_queue_settle(till->queue, row->sequence, row->answer, exception, &posting,
                           ly_clock_now(&till->clock));
}

static void tell(struct loyalty_till *till, const struct ly_row *row)
{
    if (ly_waiters_tell(till, row) || till->on_settled == NULL) {
        return;
    }
    struct loyalty_till_answer answer;
    ly_answer_of_row(till, row, &answer);
    ly_till_tell(till, till->on_settled, till->user, &answer);
    loyalty_till_answer_fini(&answer);
}

// A definite answer to the first open row. One that cannot be read is asked for again; one that the
// file does not take is kept, and tried again later.
static void take_definite(struct loyalty_till *till, struct ly_row *row)
{
    struct arena arena;
    struct loyalty_till_answer answer;
    arena_init(&arena, ANSWER_MEMORY_MAX);
    row->answer = ly_reply_pack(&arena, &till->answer);
    row->state = LY_ROW_SETTLED;
    ly_answer_of_row(till, row, &answer);
    if (answer.status == LOYALTY_TILL_OUTCOME_UNKNOWN) {
        ly_till_set_error(till, answer.reply.message);
        drop_answer(till);
        back_off(till);
    } else if (!settle(till, row, &answer)) {
        ly_till_set_error(till, ly_queue_error(till->queue));
        back_off(till);
    } else {
        till->failures = 0;
        till->retry_at_ms = 0;
        drop_answer(till);
        tell(till, row);
    }
    loyalty_till_answer_fini(&answer);
    arena_fini(&arena);
}

static void take_answer(struct loyalty_till *till)
{
    if (!till->answered || ly_steady_ms() < till->retry_at_ms) {
        return;
    }
    enum loyalty_outcome outcome = till->answer.outcome;
    if (outcome == LOYALTY_RETRY_LATER || outcome == LOYALTY_OUTCOME_UNKNOWN) {
        ly_till_set_error(till, till->answer.message);
        drop_answer(till);
        back_off(till);
        return;
    }
    int64_t sequence = till->answered_sequence;
    struct ly_row row;
    bool found = false;
    if (!ly_queue_next(till->queue, LOYALTY_TILL_OPEN, sequence - 1, &row, &found)) {
        ly_till_set_error(till, ly_queue_error(till->queue));
        back_off(till);
        return;
    }
    // Withdrawn meanwhile, in the file or in words: its reversal says what became of it.
    if (!found || row.sequence != sequence || ly_waiters_withdraw(till, sequence)) {
        drop_answer(till);
    } else {
        take_definite(till, &row);
    }
    if (found) {
        ly_row_fini(&row);
    }
}

void ly_pump(struct loyalty_till *till)
{
    int64_t retry_at_ms = till->retry_at_ms;
    bool due = ly_steady_ms() >= retry_at_ms;
    if (till->silent) {
        till->silent = false;
        loyalty_close(till->client);
    }
    take_answer(till);
    watch_connection(till);
    ly_waiters_judge(till);
    if (ly_steady_ms() >= till->retry_at_ms && !ly_waiters_settle_withdrawn(till)) {
        ly_till_set_error(till, ly_queue_error(till->queue));
        back_off(till);
    }
    send_next(till);
    if (due && till->retry_at_ms == retry_at_ms) {
        till->retry_at_ms = 0; // what was to be tried again has been
    }
}

uint32_t ly_pump_idle_ms(const struct loyalty_till *till, uint32_t most_ms)
{
    int64_t now_ms = ly_steady_ms();
    int64_t wait_ms = most_ms;
    if (till->retry_at_ms != 0 && till->retry_at_ms - now_ms < wait_ms) {
        wait_ms = till->retry_at_ms - now_ms;
    }
    for (const struct ly_waiter *waiter = till->waiters; waiter != NULL; waiter = waiter->next) {
        if (!waiter->withdraws && waiter->deadline_ms - now_ms < wait_ms) {
            wait_ms = waiter->deadline_ms - now_ms;
        }
    }
    return wait_ms < 0 ? 0 : (uint32_t)wait_ms;
}
