// What is told along with records, so that they can be said in words without their account: the
// names they refer to (but those they add themselves) and, where a card is given or told of, the
// card held before. Layout, empty for an account's first records:
//     varint  names the account had before
//     byte    1: the card follows, as in records; 0: none
//     the names, each a varint reference and the sized text, to the end
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/span.h"
#include "base/status.h"
#include "core/account.h"
#include "core/names.h"
#include "core/record.h"

enum {
    TOLD_WORD_BITS = 64,
    TOLD_WORDS = LIMIT_NAMES_AN_ACCOUNT / TOLD_WORD_BITS + 1,
    TOLD_BYTES_MAX = 16 * 1024, // names past that are left out; none is longer than 200 bytes
};

// What some records need. Zeroed is nothing.
struct told_marks {
    uint64_t names[TOLD_WORDS]; // by reference
    bool card;
};

// Notes what this record refers to.
void told_mark(struct told_marks *marks, const struct record *record);

// How the account stood before the records.
struct told_before {
    uint32_t names;
    bool has_card;
    struct card card;
};

struct told_before told_before(const struct account *account);

// Appends to `out`. `names` is the account's dictionary, also when it has grown since; marks of
// what is not in it any more are passed over.
MUST_CHECK enum status told_write(const struct told_marks *marks, const struct told_before *before,
                                  const struct names *names, struct buffer *out);

// The same read back: a dictionary in which what was not told is empty.
struct told {
    struct names names;
    bool has_card;
    struct card card;
};

void told_init(struct told *told);
void told_fini(struct told *told);
// Forgets what was told before. STATUS_CORRUPT, STATUS_NO_MEMORY.
MUST_CHECK enum status told_read(struct told *told, struct span bytes);
// What this record adds itself: names, and the card held after it.
MUST_CHECK enum status told_follow(struct told *told, const struct record *record);
