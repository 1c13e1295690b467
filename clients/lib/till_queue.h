// The till's file: what was asked, in order, and what came of it. One row a mutation.
//
//     OPEN (nobody told) -> OPEN (told that it is accepted) -> SETTLED: its answer is in the row
//     OPEN (nobody told) -> SETTLED
//     OPEN (nobody told) -> WITHDRAWN: it is not sent any more; if it may have been, its reversal
//                           is a row that was stored in the same transaction
//
// Each function is one transaction, on disk when it returns true. False leaves the file as it was;
// why is in ly_queue_error. Knows SQLite and nothing of the connection.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "lib/till.h"

struct ly_queue;

enum ly_row_state { LY_ROW_OPEN = 0, LY_ROW_SETTLED = 1, LY_ROW_WITHDRAWN = 2 };

enum {
    LY_DATE_BYTES = 11,
    LY_MEMBER_BYTES = 72, // how a member was named: kind, colon, at most 64 characters
    LY_DIGEST_BYTES = 32,
    LY_UNIT_BYTES = 256,
    LY_IDENTITY_BYTES = 512,
};

struct ly_row {
    int64_t sequence;
    char request_id[LOYALTY_UUID_BYTES];
    int64_t created_at_ms;
    enum loyalty_till_kind kind;
    enum ly_row_state state;
    bool told;
    int64_t voids;           // the row that this reversal withdraws; 0: none
    int64_t points;          // that it would spend; -1: that is not known here
    int64_t amount_minor;    // of a sale
    uint64_t receipt_number; // 0: none, and no date
    char business_date[LY_DATE_BYTES];
    char member[LY_MEMBER_BYTES];
    uint8_t digest[LY_DIGEST_BYTES]; // of what was asked, but for the times given to it here
    struct span message;
    struct span answer; // a ReplyEnvelope, when SETTLED
    const char *reason; // why, when WITHDRAWN; else ""
    void *memory;       // of a row that was read: owns the three above
};

void ly_row_fini(struct ly_row *row);

// What an answer adds to the till's own book; operation 0: nothing.
struct ly_posting {
    int64_t sequence;
    enum loyalty_operation operation;
    int64_t points;
    int64_t amount_minor;
};

// Opens or makes it, for this certificate's name and unit alone. NULL with a sentence.
struct ly_queue *ly_queue_open(const char *path, const char *identity, const char *unit,
                               char ret_error[LOYALTY_ERROR_BYTES]);
void ly_queue_close(struct ly_queue *queue);
const char *ly_queue_error(const struct ly_queue *queue);
bool ly_queue_disk_full(const struct ly_queue *queue);

// Kept in memory: all rows, open ones, exceptions that are not acknowledged.
uint64_t ly_queue_row_count(const struct ly_queue *queue);
uint64_t ly_queue_open_count(const struct ly_queue *queue);
uint64_t ly_queue_exception_count(const struct ly_queue *queue);
// The highest sequence when it was opened: what is above is of this process.
int64_t ly_queue_last_old(const struct ly_queue *queue);

bool ly_queue_add(struct ly_queue *queue, const struct ly_row *row, int64_t *ret_sequence);
bool ly_queue_accept(struct ly_queue *queue, int64_t sequence);
// `posting` may be another row's: what is reversed because nobody waited for it was done after all.
bool ly_queue_settle(struct ly_queue *queue, int64_t sequence, struct span answer, bool exception,
                     const struct ly_posting *posting, int64_t now_ms);
// `reversal` NULL: it was never sent.
bool ly_queue_withdraw(struct ly_queue *queue, int64_t sequence, const char *reason,
                       const struct ly_row *reversal, int64_t now_ms);
bool ly_queue_acknowledge(struct ly_queue *queue, int64_t sequence);

// The first row behind `after`. *ret_found false: there is none.
bool ly_queue_next(struct ly_queue *queue, enum loyalty_till_which which, int64_t after,
                   struct ly_row *ret_row, bool *ret_found);
bool ly_queue_find(struct ly_queue *queue, const char *request_id, struct ly_row *ret_row,
                   bool *ret_found);
// What is accepted offline and open of this member's spending.
bool ly_queue_spending(struct ly_queue *queue, const char *member, int64_t *ret_points);

// --- the day (till_book.c) ---

bool ly_queue_totals(struct ly_queue *queue, const char *business_date,
                     struct loyalty_total ret_totals[LOYALTY_OPERATIONS]);
// A row's posting under this date; operation 0: it has none.
bool ly_queue_posting(struct ly_queue *queue, const char *business_date, const char *request_id,
                      struct ly_posting *ret_posting);
// The first posting of this date behind `after`, with its id and receipt.
bool ly_queue_next_posting(struct ly_queue *queue, const char *business_date, int64_t after,
                           struct ly_posting *ret_posting, struct loyalty_till_difference *ret_who);
bool ly_queue_mark_day(struct ly_queue *queue, const char *business_date, int64_t now_ms);
// Deletes what may be, by parts.
bool ly_queue_purge(struct ly_queue *queue, int64_t now_ms, uint32_t keep_days);

// --- what the till has learned (till_learned.c) ---

struct ly_learned_clock {
    int64_t server_ms; // 0: never learned
    int64_t wall_ms;   // this machine's civil clock at that instant
    int64_t boot_ms;   // and the clock since it was started
    char boot_id[LOYALTY_UUID_BYTES];
    bool stands; // a test clock
};

bool ly_queue_read_clock(struct ly_queue *queue, struct ly_learned_clock *ret_clock);
// May be a part of a transaction (till_restamp.h).
bool ly_queue_write_clock(struct ly_queue *queue, const struct ly_learned_clock *clock);
// The message; the caller frees it. NULL: there is none.
uint8_t *ly_queue_read_terms(struct ly_queue *queue, size_t *ret_len);
bool ly_queue_write_terms(struct ly_queue *queue, struct span terms);
