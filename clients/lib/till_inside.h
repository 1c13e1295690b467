// The inside of a till: its file, its connection, what is under way on it and who waits for what.
//
// One row at a time is on the wire, the first open one. Its answer is copied when it comes and
// stored on the next turn; only what is stored is told. What could not be stored is tried again
// later, and nothing else is sent before.
#pragma once

#include "base/arena.h"
#include "lib/client.h"
#include "lib/till_clock.h"
#include "lib/till_queue.h"
#include "loyalty/v1/tills.pb-c.h"

struct ly_waiter {
    struct ly_waiter *next;
    int64_t sequence;
    int64_t deadline_ms; // by the steady clock
    loyalty_till_answer_fn *on_answer;
    void *user;
    // It was told that its points are not spent, but the file could not be told: it stays here, and
    // its row is not sent, until that is done.
    bool withdraws;
};

// A request on the wire. One whose row was withdrawn meanwhile is not `asked` any more.
struct ly_ask {
    struct loyalty_till *till;
    int64_t sequence; // 0: for the terms
};

struct loyalty_till {
    struct loyalty *client;
    struct ly_queue *queue;
    struct ly_clock clock;
    Loyalty__V1__GetTermsResponse *terms; // NULL: never learned
    char unit[LY_UNIT_BYTES];
    uint32_t open_max;
    uint32_t keep_days;
    uint32_t retry_first_ms;
    uint32_t retry_max_ms;
    loyalty_till_answer_fn *on_settled;
    void *user;

    enum loyalty_state was; // the connection's state on the last turn
    bool wants_terms;
    int64_t terms_at_ms;  // when they were asked for last, by the steady clock
    uint32_t failures;    // since the last definite answer
    int64_t retry_at_ms;  // not before, by the steady clock; 0: nothing waits
    struct ly_ask *asked; // NULL: nothing is on the wire
    bool silent;          // what was asked last was not answered in time
    int64_t sent_through; // rows up to here may have been sent by this process

    bool answered; // `answer` waits to be stored
    int64_t answered_sequence;
    struct loyalty_reply answer;

    struct ly_waiter *waiters; // in order of entry
    bool in_callback;
    int delivered; // since the last poll began
    char error[LOYALTY_ERROR_BYTES];
};

// --- till_answer.c ---

// What a row says now. Owned by the caller.
void ly_answer_of_row(const struct loyalty_till *till, const struct ly_row *row,
                      struct loyalty_till_answer *ret_answer);
// An answer of the library's own.
void ly_answer_set(struct loyalty_till_answer *answer, enum loyalty_till_status status,
                   const char *reason, const char *message);
// A reply as it is stored; empty when memory is short.
struct span ly_reply_pack(struct arena *arena, const struct loyalty_reply *reply);
// What a definite reply to this row adds to the till's book.
struct ly_posting ly_posting_of(const struct ly_row *row, const struct loyalty_till_answer *answer);

// --- till_offline.c ---

// What spending by this row would cost the floor: `points` of a capture may be its reservation's.
bool ly_offline_cost(struct loyalty_till *till, const struct loyalty_intent *intent,
                     struct ly_row *row);
// No answer in time: the row is accepted or withdrawn, in the file. False: the file does not take
// it; what spends is refused all the same, and its waiter has to withdraw.
bool ly_offline_judge(struct loyalty_till *till, struct ly_row *row);
// Takes the row out of the queue, with its reversal if it may have been sent.
bool ly_offline_withdraw(struct loyalty_till *till, const struct ly_row *row, const char *reason);
// Whether it spends, and nobody was told of it when the last process ended: whoever asked for it
// does not know, so it is withdrawn before anything is sent.
bool ly_offline_must_void(const struct loyalty_till *till, const struct ly_row *row);

// --- till_waiters.c ---

// Calls and forgets everybody who waits for this row; false: nobody did.
bool ly_waiters_tell(struct loyalty_till *till, const struct ly_row *row);
bool ly_waiters_have(const struct loyalty_till *till, int64_t sequence);
bool ly_waiters_withdraw(const struct loyalty_till *till, int64_t sequence);
// Judges those whose time is over.
void ly_waiters_judge(struct loyalty_till *till);
// Withdraws in the file what was withdrawn in words. False: it still does not take it.
bool ly_waiters_settle_withdrawn(struct loyalty_till *till);
void ly_till_tell(struct loyalty_till *till, loyalty_till_answer_fn *on_answer, void *user,
                  const struct loyalty_till_answer *answer);

// --- till_pump.c ---

// One turn without waiting: stores what came, connects, sends the next.
void ly_pump(struct loyalty_till *till);
// How long nothing is to do unless the connection says so, at most `most_ms`.
uint32_t ly_pump_idle_ms(const struct loyalty_till *till, uint32_t most_ms);
// Whether no attempt is under way and none is due before this.
bool ly_pump_rests_until(const struct loyalty_till *till, int64_t steady_ms);
void ly_till_set_error(struct loyalty_till *till, const char *text);
// The terms as bytes of their message; false when they cannot be read.
bool ly_till_take_terms(struct loyalty_till *till, struct span bytes);
