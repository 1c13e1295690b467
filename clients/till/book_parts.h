// The inside of a book, for book*.c only.
#pragma once

#include "till/book.h"

struct book {
    struct entry *entries;
    uint32_t count;
    uint32_t capacity;
    uint32_t *slots; // indices of entries, BOOK_NONE where there is none
    uint32_t slot_mask;
    uint32_t members;
    struct book_counts counts;
    char faults[BOOK_FAULTS_KEPT][BOOK_FAULT_BYTES];
};
