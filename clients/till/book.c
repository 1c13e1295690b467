// Entries in the order of intent, found by their ids through an open hash table of indices.
#include "till/book.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "till/book_parts.h"

enum { FIRST_ENTRIES = 1024 };

struct book *book_new(uint32_t members)
{
    struct book *book = calloc(1, sizeof(*book));
    if (book != NULL) {
        book->members = members;
    }
    return book;
}

void book_free(struct book *book)
{
    if (book != NULL) {
        free(book->entries);
        free(book->slots);
        free(book);
    }
}

// --- finding ---

static uint32_t *slot_of(const struct book *book, const char *id)
{
    uint32_t at = (uint32_t)hash_fnv1a(span_of_text(id)) & book->slot_mask;
    while (book->slots[at] != BOOK_NONE && strcmp(book->entries[book->slots[at]].id, id) != 0) {
        at = (at + 1) & book->slot_mask;
    }
    return &book->slots[at];
}

uint32_t book_find(const struct book *book, const char *id)
{
    return book->slots == NULL ? BOOK_NONE : *slot_of(book, id);
}

static bool grow(struct book *book)
{
    uint32_t capacity = book->capacity == 0 ? FIRST_ENTRIES : book->capacity * 2;
    struct entry *entries = realloc(book->entries, capacity * sizeof(*entries));
    if (entries == NULL) {
        return false;
    }
    book->entries = entries;
    uint32_t *slots = malloc(2 * sizeof(*slots) * capacity);
    if (slots == NULL) {
        return false;
    }
    free(book->slots);
    book->slots = slots;
    book->slot_mask = 2 * capacity - 1;
    book->capacity = capacity;
    memset(slots, 0xff, 2 * sizeof(*slots) * capacity);
    for (uint32_t i = 0; i < book->count; i++) {
        *slot_of(book, book->entries[i].id) = i;
    }
    return true;
}

uint32_t book_intend(struct book *book, const struct entry *entry)
{
    if (book->count == book->capacity && !grow(book)) {
        return BOOK_NONE;
    }
    uint32_t *slot = slot_of(book, entry->id);
    if (*slot != BOOK_NONE) {
        book_fault(book, "%s: two intents with one id", entry->id);
        return BOOK_NONE;
    }
    *slot = book->count;
    book->entries[book->count] = *entry;
    book->counts.entries[entry->kind]++;
    book->counts.open++;
    return book->count++;
}

const struct entry *book_entry(const struct book *book, uint32_t index)
{
    return index == BOOK_NONE ? NULL : &book->entries[index];
}

uint32_t book_count(const struct book *book)
{
    return book->count;
}

const struct book_counts *book_counts(const struct book *book)
{
    return &book->counts;
}

// --- faults ---

void book_fault(struct book *book, const char *format, ...)
{
    uint64_t number = book->counts.faults++;
    if (number < BOOK_FAULTS_KEPT) {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(book->faults[number], BOOK_FAULT_BYTES, format, args);
        va_end(args);
    }
}

const char *book_fault_text(const struct book *book, uint64_t number)
{
    return book->faults[number];
}

// --- being told ---

void book_date(struct book *book, uint32_t index, int64_t created_at_ms)
{
    book->entries[index].created_at_ms = created_at_ms;
}

static void end(struct book *book, struct entry *entry, enum entry_state state)
{
    uint64_t *counts[] = {[ENTRY_DONE] = &book->counts.done,
                          [ENTRY_REFUSED] = &book->counts.refused,
                          [ENTRY_VOID] = &book->counts.voided};
    entry->state = state;
    book->counts.open--;
    (*counts[state])++;
}

void book_drop(struct book *book, uint32_t index)
{
    if (book->entries[index].state == ENTRY_OPEN) {
        end(book, &book->entries[index], ENTRY_VOID);
    }
}

// The figures of an answer that is yes.
static void read_figures(const struct loyalty_till_answer *answer, struct entry *figures)
{
    switch (answer->kind) {
    case LOYALTY_TILL_AWARD:
        figures->points = answer->award.points;
        return;
    case LOYALTY_TILL_REDEEM:
    case LOYALTY_TILL_RESERVE:
    case LOYALTY_TILL_CAPTURE:
        figures->points = answer->redemption.points;
        figures->value_minor = answer->redemption.value_minor;
        return;
    case LOYALTY_TILL_RELEASE:
        return;
    case LOYALTY_TILL_REVERSE:
        figures->points = answer->reversal.points_taken + answer->reversal.points_returned;
        figures->value_minor = answer->reversal.amount_minor + answer->reversal.value_minor;
        figures->lost = answer->reversal.points_returned == 0
                            ? 0
                            : answer->reversal.expired + answer->reversal.forgiven;
        return;
    }
}

static void tell_done(struct book *book, struct entry *entry,
                      const struct loyalty_till_answer *answer)
{
    struct entry told = {0};
    read_figures(answer, &told);
    if (entry->state == ENTRY_OPEN) {
        entry->points = told.points;
        entry->value_minor = told.value_minor;
        entry->lost = told.lost;
        end(book, entry, ENTRY_DONE);
    } else if (entry->state == ENTRY_REFUSED) {
        book_fault(book, "%s: refused, then done", entry->id);
    } else if (entry->state == ENTRY_DONE &&
               (entry->points != told.points || entry->value_minor != told.value_minor)) {
        book_fault(book, "%s: %lld points worth %lld, told again as %lld worth %lld", entry->id,
                   (long long)entry->points, (long long)entry->value_minor, (long long)told.points,
                   (long long)told.value_minor);
    }
}

// What may be refused though it was a till that asked.
static bool is_expected(const char *reason)
{
    static const char *const expected[] = {
        "INSUFFICIENT_POINTS", "RECEIPT_COUNTED",    "REVERSED_BEFORE", "HOLD_LAPSED",
        "HOLD_CAPTURED",       "HOLD_RELEASED",      "HOLD_NOT_FOUND",  "HOLD_TOO_SMALL",
        "BELOW_MINIMUM",       "NOT_A_STEP",         "DAY_LIMIT",       "GUARD_MEMBER_DAY",
        "GUARD_SALE",          "GUARD_TERMINAL_DAY",
    };
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        if (strcmp(reason, expected[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void tell_refused(struct book *book, struct entry *entry,
                         const struct loyalty_till_answer *answer)
{
    if (strcmp(answer->reply.reason, "VOIDED") == 0) {
        if (entry->state == ENTRY_OPEN) {
            end(book, entry, ENTRY_VOID);
        }
        return;
    }
    if (entry->state == ENTRY_DONE) {
        book_fault(book, "%s: done, then refused: %s", entry->id, answer->reply.reason);
    }
    if (entry->state != ENTRY_OPEN) {
        return;
    }
    end(book, entry, ENTRY_REFUSED);
    book->counts.exceptions += entry->noted;
    if (!is_expected(answer->reply.reason)) {
        book_fault(book, "%s: kind %d refused: %s %s (%s)", entry->id, (int)entry->kind,
                   answer->reply.reason, answer->reply.field, answer->reply.message);
    }
}

void book_tell(struct book *book, const struct loyalty_till_answer *answer)
{
    uint32_t index = book_find(book, answer->request_id);
    if (index == BOOK_NONE) {
        bool undone = answer->kind == LOYALTY_TILL_REVERSE;
        book->counts.undone += undone;
        if (!undone) {
            book_fault(book, "%s: nobody asked for that", answer->request_id);
        }
        return;
    }
    struct entry *entry = &book->entries[index];
    if (answer->created_at_ms != 0) {
        entry->created_at_ms = answer->created_at_ms;
    }
    switch (answer->status) {
    case LOYALTY_TILL_APPLIED:
    case LOYALTY_TILL_DUPLICATE:
        tell_done(book, entry, answer);
        return;
    case LOYALTY_TILL_REFUSED:
        tell_refused(book, entry, answer);
        return;
    case LOYALTY_TILL_ACCEPTED_OFFLINE:
        entry->noted = true;
        return;
    case LOYALTY_TILL_OFFLINE_REFUSED:
    case LOYALTY_TILL_RETRY_LATER:
        book_drop(book, index);
        return;
    case LOYALTY_TILL_OUTCOME_UNKNOWN:
        return; // in the queue, nobody was told yet
    }
}
