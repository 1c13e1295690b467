// The move that a re-scoring brings to one member, with its arithmetic: the card of cause RESCORE
// given at that instant, from the tier held before it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "core/account.h"
#include "core/program.h"

enum { MOVES_MAX = 1 << 20 };

struct move {
    char member_id[LIMIT_MEMBER_ID_BYTES + 1];
    char from_tier[LIMIT_NAME_BYTES + 1];
    char to_tier[LIMIT_NAME_BYTES + 1];
    int64_t score; // that counts at the instant ...
    uint32_t contributions;
    int64_t threshold; // ... and what it reaches
    int64_t card_until_ms;
    uint64_t seq;  // the account's last record that was seen
    bool recorded; // it stands in the log already
    bool met;      // of a plan's: a walk has come by
};

// Moves of a partition. In order after moves_sort, each member once.
struct moves {
    struct move *items;
    uint32_t count;
    uint32_t capacity;
};

// STATUS_NO_MEMORY, or STATUS_TOO_LARGE at MOVES_MAX.
MUST_CHECK enum status moves_add(struct moves *moves, const struct move *move);
void moves_sort(struct moves *moves);

// False: none, as far as the account has come.
bool move_find(const struct account *account, const struct program_set *programs, int64_t at_ms,
               struct move *ret_move);
// By member id: a comparison for qsort.
int move_compare(const void *a, const void *b);
