// libloyalty for a till: every award, redemption and return is put into a file before its first
// byte is sent, leaves in order, and is asked again until the service has said yes or no. So a cut
// cable, a crash or a power failure loses nothing that was confirmed, and does nothing twice.
//
//     struct loyalty_till *till = loyalty_till_open(&options, error);
//     struct loyalty_intent intent = {.kind = LOYALTY_TILL_AWARD, .member = member, .sale = &sale};
//     struct loyalty_till_answer answer;
//     switch (loyalty_till_do(till, &intent, 2000, &answer)) {
//     case LOYALTY_TILL_APPLIED: ...           // answer.award says what it brought
//     case LOYALTY_TILL_ACCEPTED_OFFLINE: ...  // answer.note is for the receipt
//     ...
//     }
//     loyalty_till_answer_fini(&answer);
//     loyalty_till_close(till);
//
// No threads: it works only inside the calls below, so between sales call loyalty_till_poll, or
// wait for loyalty_till_interest in a loop of your own. A till belongs to one thread at a time.
//
// Ownership: what is passed in is borrowed for the call. An answer owns what it points to until
// loyalty_till_answer_fini; one given to a callback is the library's and lives for the callback.
//
// The file is SQLite's, with its -wal beside it: both together are the queue, copy or move neither
// alone. One process at a time has it open. It contains what members show (card or phone numbers):
// it is made readable for its owner only.
#pragma once

#include "loyalty.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    LOYALTY_TILL_OPEN_MAX = 100000,  // mutations without an answer, and open exceptions
    LOYALTY_TILL_ROWS_MAX = 1000000, // all that is kept
    LOYALTY_TILL_KEEP_DAYS = 45,
    LOYALTY_TILL_KEEP_DAYS_MAX = 400,
    LOYALTY_TILL_DIFFERENCES_MAX = 1000,
};

// The five outcomes with their numbers, and two that only a till can give.
enum loyalty_till_status {
    LOYALTY_TILL_APPLIED = LOYALTY_APPLIED,
    LOYALTY_TILL_DUPLICATE = LOYALTY_DUPLICATE,
    LOYALTY_TILL_REFUSED = LOYALTY_REFUSED,
    // Not in the queue, not sent: the disk is full (LOCAL_STORE), the queue is (QUEUE_FULL). Try
    // again with the same request id.
    LOYALTY_TILL_RETRY_LATER = LOYALTY_RETRY_LATER,
    // Of reconciling, which is no part of the queue; or the file cannot be read now. Ask again.
    LOYALTY_TILL_OUTCOME_UNKNOWN = LOYALTY_OUTCOME_UNKNOWN,
    // It is in the file and will be done. Should the service refuse it later, it is an exception.
    LOYALTY_TILL_ACCEPTED_OFFLINE = 5,
    // The points could not be spent, and never will be by this request: if it may have been sent,
    // its reversal stands in the queue. Take other money.
    LOYALTY_TILL_OFFLINE_REFUSED = 6,
};

// "APPLIED", "ACCEPTED_OFFLINE", ...; never NULL.
LOYALTY_API const char *loyalty_till_status_name(enum loyalty_till_status status);

enum loyalty_till_kind {
    LOYALTY_TILL_AWARD = 1,
    LOYALTY_TILL_REDEEM = 2,
    LOYALTY_TILL_RESERVE = 3,
    LOYALTY_TILL_CAPTURE = 4,
    LOYALTY_TILL_RELEASE = 5,
    LOYALTY_TILL_REVERSE = 6,
};

// What the cashier wants. `unit` of its parts is not looked at: the till's is taken. A sale without
// occurred_* is given the till's time, in the file, so that it stays when it was made. (What was
// made before the till's first connection is put right then, if its clock was wrong.)
struct loyalty_intent {
    enum loyalty_till_kind kind;
    // NULL: a new one. Given (by loyalty_uuid, kept in a journal of your own before), it may be
    // handed in again after a crash: the same intent is in the queue once and answered as it
    // stands.
    const char *request_id;
    struct loyalty_member member;
    const struct loyalty_sale *sale;         // AWARD
    const struct loyalty_spend *spend;       // REDEEM, RESERVE
    const struct loyalty_hold_end *hold_end; // CAPTURE, RELEASE
    const struct loyalty_reversal *reversal; // REVERSE
};

struct loyalty_till_answer {
    enum loyalty_till_status status;
    enum loyalty_till_kind kind;
    int64_t sequence; // its place in the queue; 0: it is not in it
    char request_id[LOYALTY_UUID_BYTES];
    int64_t created_at_ms; // what a later reversal needs besides the id
    const char *note; // ACCEPTED_OFFLINE, OFFLINE_REFUSED: a line for receipt or cashier; or ""
    // What the service has said: reason and message where it was refused. Of an answer of the
    // library's own the same: "OFFLINE", "OVER_FLOOR", "LOCAL_STORE", "QUEUE_FULL", "BAD_REQUEST",
    // "ID_CONFLICT", "VOIDED" (nobody was told of it before a crash).
    struct loyalty_reply reply;
    // By kind, when APPLIED or DUPLICATE. A redemption or reservation ACCEPTED_OFFLINE has its
    // points and what they are worth by the terms learned last.
    union {
        struct loyalty_awarded award;         // AWARD
        struct loyalty_redemption redemption; // REDEEM, RESERVE, CAPTURE, RELEASE
        struct loyalty_reversed reversal;     // REVERSE
    };
};

LOYALTY_API void loyalty_till_answer_fini(struct loyalty_till_answer *answer);

// Called with an answer that is borrowed. It may submit, but not poll, do, reconcile or close.
typedef void loyalty_till_answer_fn(void *user, const struct loyalty_till_answer *answer);

// --- opening ---

struct loyalty_till;

struct loyalty_till_options {
    struct loyalty_options connection;
    const char *path; // of the file; made if there is none
    // NULL: the certificate's own. A store's certificate has one file for each of its terminals.
    const char *unit;
    uint32_t open_max;       // 0: LOYALTY_TILL_OPEN_MAX
    uint32_t keep_days;      // of what is settled and reconciled; 0: LOYALTY_TILL_KEEP_DAYS
    uint32_t retry_first_ms; // back-off grows from here, 0: 500
    uint32_t retry_max_ms;   // to here, 0: 60000; each wait is random below that
    // Of what is settled when nobody waits for it any more (accepted offline, or from before a
    // restart). NULL: nobody wants to know.
    loyalty_till_answer_fn *on_settled;
    void *user; // of both functions here
    // This machine's civil clock, for tests; NULL: the system's.
    int64_t (*wall_ms)(void *user);
};

// Opens or makes the file and reads the certificate; does not connect. NULL with a sentence in
// `ret_error` if the file is in use, damaged, of another schema or of another certificate's name
// or unit. Redemptions, reservations and captures that were in the queue when the last process
// ended, and that nobody was told of, are voided as soon as there is a connection: reversed, not
// asked again. Unless they are handed in again before that, under the same id.
LOYALTY_API struct loyalty_till *loyalty_till_open(const struct loyalty_till_options *options,
                                                   char ret_error[LOYALTY_ERROR_BYTES]);
// Closes; what is in the file goes on when it is opened again. Whoever waits gets no answer any
// more. NULL is fine.
LOYALTY_API void loyalty_till_close(struct loyalty_till *till);

// --- working ---

// Stores the intent and waits for its answer, at most `patience_ms`, and not at all when the
// service is known to be out of reach for that long. Then it is told what holds offline: an award,
// a release, a reverse is accepted; spending is refused, or accepted up to the program's
// offline_floor_points for all that this member, as he is named, spends while it lasts.
// `ret_answer` is written in every case and owned by the caller.
LOYALTY_API enum loyalty_till_status loyalty_till_do(struct loyalty_till *till,
                                                     const struct loyalty_intent *intent,
                                                     uint32_t patience_ms,
                                                     struct loyalty_till_answer *ret_answer);
// The same without waiting: `on_answer` is called once, from inside this call or a later one of
// loyalty_till_poll or loyalty_till_do. False, and it is not called, if nothing was stored: why is
// in loyalty_till_error.
LOYALTY_API bool loyalty_till_submit(struct loyalty_till *till, const struct loyalty_intent *intent,
                                     uint32_t patience_ms, loyalty_till_answer_fn *on_answer,
                                     void *user);
// Connects, sends, receives, stores and tells; waits at most `timeout_ms` for something to happen
// (but looking up the server's name may block). Returns how many answers it gave.
LOYALTY_API int loyalty_till_poll(struct loyalty_till *till, uint32_t timeout_ms);
// As loyalty_interest; `ret_fd` is -1 while there is no connection. There is always something to
// wait for.
LOYALTY_API void loyalty_till_interest(const struct loyalty_till *till, int *ret_fd,
                                       short *ret_events, int *ret_timeout_ms);
// Ends the connection, as a pulled cable would; the next poll connects again.
LOYALTY_API void loyalty_till_disconnect(struct loyalty_till *till);

// The till's connection, for reads (loyalty_quote, loyalty_get_member). Not to be closed or freed;
// mutations made over it are not in the queue.
LOYALTY_API struct loyalty *loyalty_till_client(struct loyalty_till *till);

// --- looking ---

struct loyalty_till_state {
    bool online;         // connected
    uint64_t open;       // in the queue, without an answer
    uint64_t exceptions; // accepted here, refused there, not acknowledged
    int64_t retry_in_ms; // until the next attempt to connect or to ask; 0: none is waited for
    int64_t now_ms;      // the service's time, as far as it is known
    int64_t clock_learned_at_ms; // when it was learned last, by itself; 0: never, now_ms is ours
    int64_t clock_error_ms;      // how far this machine's clock was ahead of it then
    bool clock_is_wrong;         // by more than two seconds
};

LOYALTY_API void loyalty_till_look(const struct loyalty_till *till,
                                   struct loyalty_till_state *ret_state);
// Why something failed last, in a sentence. Valid until the next call.
LOYALTY_API const char *loyalty_till_error(const struct loyalty_till *till);
// The terms learned last, also before a restart; they point into the till until the next poll, do
// or close. False: never learned.
LOYALTY_API bool loyalty_till_terms(const struct loyalty_till *till,
                                    struct loyalty_terms *ret_terms);

enum loyalty_till_which {
    LOYALTY_TILL_ALL = 0,
    LOYALTY_TILL_OPEN = 1,       // without an answer
    LOYALTY_TILL_EXCEPTIONS = 2, // not acknowledged
};

// What the queue holds, in order, from behind `after` (0: the first); at most `max` of them (0: no
// bound). An open one has the status it was given last: ACCEPTED_OFFLINE, or OUTCOME_UNKNOWN if
// nobody was told yet. Returns how many, -1 if the file cannot be read.
LOYALTY_API int64_t loyalty_till_each(struct loyalty_till *till, enum loyalty_till_which which,
                                      int64_t after, uint64_t max,
                                      loyalty_till_answer_fn *on_answer, void *user);
// One of them by its id; `ret_answer` is written when it is there, and owned by the caller. False:
// it is not there (any more).
LOYALTY_API bool loyalty_till_find(struct loyalty_till *till, const char *request_id,
                                   struct loyalty_till_answer *ret_answer);
// The exception at this place is dealt with. False: there is none, or it could not be stored.
LOYALTY_API bool loyalty_till_acknowledge(struct loyalty_till *till, int64_t sequence);

// --- the day ---

// What the till's own book has for a business date: what was applied under a receipt.
LOYALTY_API bool loyalty_till_totals(struct loyalty_till *till, const char *business_date,
                                     struct loyalty_total ret_totals[LOYALTY_OPERATIONS]);

enum loyalty_till_side {
    LOYALTY_TILL_SIDE_SERVICE = 1, // posted there, not in our book
    LOYALTY_TILL_SIDE_TILL = 2,    // in our book, not posted there
    LOYALTY_TILL_SIDE_FIGURES = 3, // in both, with other figures
};

struct loyalty_till_difference {
    enum loyalty_till_side side;
    enum loyalty_operation operation;
    char request_id[LOYALTY_UUID_BYTES];
    uint64_t receipt_number;
    int64_t service_points;
    int64_t service_amount_minor;
    int64_t till_points;
    int64_t till_amount_minor;
};

struct loyalty_till_day {
    bool in_balance;
    bool closed;
    struct loyalty_total service[LOYALTY_OPERATIONS];
    struct loyalty_total till[LOYALTY_OPERATIONS];
    struct loyalty_till_difference *differences;
    size_t difference_count;
    bool more_differences; // than LOYALTY_TILL_DIFFERENCES_MAX
    struct loyalty_reply reply;
};

LOYALTY_API void loyalty_till_day_fini(struct loyalty_till_day *day);

// Compares a business date with the service and closes it there; waits at most the time of a
// request for each page. Only when the queue is empty: else RETRY_LATER, QUEUE_NOT_EMPTY. APPLIED:
// it was compared, `ret_day` says how it came out. What is settled and of a day that agreed is
// deleted from the file after keep_days. `ret_day` is written in every case and owned by the
// caller.
LOYALTY_API enum loyalty_till_status loyalty_till_reconcile(struct loyalty_till *till,
                                                            const char *business_date,
                                                            struct loyalty_till_day *ret_day);

#ifdef __cplusplus
}
#endif
