// What the book comes to: sums by member, and what must hold within the book itself.
#include <stdlib.h>
#include <string.h>

#include "till/book_parts.h"

// Whether what a reversal gave back had been spent: a reservation that was only held had not.
static bool was_spent(const struct book *book, uint32_t index)
{
    const struct entry *original = &book->entries[index];
    if (original->kind != LOYALTY_TILL_RESERVE) {
        return original->kind == LOYALTY_TILL_REDEEM || original->kind == LOYALTY_TILL_CAPTURE;
    }
    for (uint32_t i = index + 1; i < book->count; i++) {
        const struct entry *entry = &book->entries[i];
        if (entry->kind == LOYALTY_TILL_CAPTURE && entry->original == index &&
            entry->state == ENTRY_DONE) {
            return true;
        }
    }
    return false;
}

static void add(const struct book *book, const struct entry *entry, struct book_sum *sum)
{
    switch (entry->kind) {
    case LOYALTY_TILL_AWARD:
        sum->awarded += entry->points;
        return;
    case LOYALTY_TILL_REDEEM:
    case LOYALTY_TILL_CAPTURE:
        sum->spent += entry->points;
        return;
    case LOYALTY_TILL_RESERVE:
    case LOYALTY_TILL_RELEASE:
        return;
    case LOYALTY_TILL_REVERSE:
        // What was never done had nothing to give back: its state says so, whatever was asked.
        if (book->entries[entry->original].kind == LOYALTY_TILL_AWARD) {
            sum->taken += entry->points;
        } else if (was_spent(book, entry->original)) {
            sum->given += entry->points - entry->lost;
        }
        return;
    }
}

void book_sum(const struct book *book, struct book_sum *ret_sums, uint32_t members)
{
    memset(ret_sums, 0, members * sizeof(*ret_sums));
    for (uint32_t i = 0; i < book->count; i++) {
        const struct entry *entry = &book->entries[i];
        ret_sums[entry->member].used = true;
        if (entry->state == ENTRY_DONE) {
            add(book, entry, &ret_sums[entry->member]);
        }
    }
}

struct receipt {
    uint32_t counter;
    uint64_t number;
    const struct entry *entry;
};

static int compare_receipts(const void *left, const void *right)
{
    const struct receipt *a = left;
    const struct receipt *b = right;
    if (a->counter != b->counter) {
        return a->counter < b->counter ? -1 : 1;
    }
    return (a->number > b->number) - (a->number < b->number);
}

static void check_receipts(struct book *book)
{
    struct receipt *receipts = calloc(book->count + 1, sizeof(*receipts));
    size_t count = 0;
    for (uint32_t i = 0; receipts != NULL && i < book->count; i++) {
        const struct entry *entry = &book->entries[i];
        if (entry->kind == LOYALTY_TILL_AWARD && entry->state == ENTRY_DONE) {
            receipts[count++] = (struct receipt){entry->counter, entry->receipt, entry};
        }
    }
    if (count > 0) {
        qsort(receipts, count, sizeof(*receipts), compare_receipts);
    }
    for (size_t i = 1; i < count; i++) {
        if (compare_receipts(&receipts[i - 1], &receipts[i]) == 0) {
            book_fault(book, "%s and %s: one receipt, counted twice", receipts[i - 1].entry->id,
                       receipts[i].entry->id);
        }
    }
    free(receipts);
}

// No award gave back more than it gave; what was returned whole gave back all.
static void check_returns(struct book *book)
{
    int64_t *taken = calloc(book->count + 1, sizeof(*taken));
    for (uint32_t i = 0; taken != NULL && i < book->count; i++) {
        const struct entry *entry = &book->entries[i];
        if (entry->kind == LOYALTY_TILL_REVERSE && entry->state == ENTRY_DONE &&
            book->entries[entry->original].state == ENTRY_DONE) {
            taken[entry->original] += entry->points;
        }
    }
    for (uint32_t i = 0; taken != NULL && i < book->count; i++) {
        const struct entry *entry = &book->entries[i];
        if (entry->state == ENTRY_DONE && taken[i] > entry->points) {
            book_fault(book, "%s: %lld points, and %lld taken back", entry->id,
                       (long long)entry->points, (long long)taken[i]);
        }
    }
    free(taken);
}

void book_close(struct book *book)
{
    for (uint32_t i = 0; i < book->count; i++) {
        const struct entry *entry = &book->entries[i];
        if (entry->state == ENTRY_OPEN) {
            book_fault(book, "%s: kind %d never had an answer", entry->id, (int)entry->kind);
        }
    }
    check_receipts(book);
    check_returns(book);
}
