// Our own book: what tills wanted, what their cashiers were told, and the answers that came later.
// Nothing in it is computed by the program's rules: every figure was said by the service, once or
// several times, and then always the same. In the end it says what every member must have.
//
// An entry is an intent. It goes from OPEN to one of the others and stays there; what is told again
// must be what was told before. A fault is a sentence on what must not be.
//
// The library reverses by itself what it spent and could not confirm; such reversals have ids that
// are not ours, and with what they reverse they move nothing.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/till.h"

enum { BOOK_NONE = UINT32_MAX, BOOK_FAULTS_KEPT = 50, BOOK_FAULT_BYTES = 320 };

enum entry_state {
    ENTRY_OPEN,    // nobody knows yet
    ENTRY_DONE,    // applied, with figures
    ENTRY_REFUSED, // refused by the service
    ENTRY_VOID,    // refused offline, or never stored: it moves nothing
};

struct entry {
    char id[LOYALTY_UUID_BYTES];
    enum loyalty_till_kind kind;
    enum entry_state state;
    bool noted; // the cashier was told ACCEPTED_OFFLINE
    uint32_t counter;
    uint32_t member;
    uint32_t original; // of a reversal, capture, release; of a receipt scanned again; or BOOK_NONE
    uint32_t line_count;
    uint64_t receipt;
    uint64_t basket;      // of a sale: what its contents follow from
    int64_t amount_minor; // of a sale
    int64_t created_at_ms;
    int64_t points; // awarded, spent, held, captured; taken or returned by a reversal
    int64_t value_minor;
    int64_t lost; // of points returned: ended, or paid what had been forgiven
};

// A member by the book.
struct book_sum {
    int64_t awarded;
    int64_t spent; // redeemed and captured
    int64_t taken; // by reversals of awards
    int64_t given; // back, by reversals of redemptions
    bool used;
};

struct book_counts {
    uint64_t entries[7]; // by loyalty_till_kind
    uint64_t done;
    uint64_t refused;
    uint64_t voided;
    uint64_t open;
    uint64_t exceptions; // accepted offline, refused later
    uint64_t undone;     // reversals by the library itself
    uint64_t faults;
};

struct book;

struct book *book_new(uint32_t members);
void book_free(struct book *book);

// Enters an intent before it is handed in; its id must be new. BOOK_NONE when memory is short.
uint32_t book_intend(struct book *book, const struct entry *entry);
// Borrowed until the next intent. NULL for BOOK_NONE.
const struct entry *book_entry(const struct book *book, uint32_t index);
uint32_t book_count(const struct book *book);
uint32_t book_find(const struct book *book, const char *id);
// When it was formed, as soon as that is known.
void book_date(struct book *book, uint32_t index, int64_t created_at_ms);
// It was not even stored.
void book_drop(struct book *book, uint32_t index);
// What a till was told of one request, by whichever way: at once, later, or read from its file.
void book_tell(struct book *book, const struct loyalty_till_answer *answer);

// The end: what is still open, and every receipt that counts twice, are faults.
void book_close(struct book *book);
void book_sum(const struct book *book, struct book_sum *ret_sums, uint32_t members);
void book_fault(struct book *book, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The first BOOK_FAULTS_KEPT of them.
const char *book_fault_text(const struct book *book, uint64_t number);
const struct book_counts *book_counts(const struct book *book);
