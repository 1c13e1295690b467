// A member's book: what his account must be, kept by arithmetic of our own from the figures of the
// records alone. No fold of the daemon's is asked; time (lots that end, cards, re-scorings) is
// foretold here and compared with what the daemons wrote.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/vec.h"
#include "core/record.h"
#include "sim/purse.h"
#include "sim/rules.h"
#include "store/store.h"

struct sim;

// Score that counts until an instant; all of it began at or before the book's.
struct book_score {
    int64_t until_ms;
    int64_t score;
};

struct book_card {
    enum rules_tier tier;
    int64_t from_ms;
    int64_t until_ms;
};

struct book_identifier {
    struct identifier identifier;
    bool open;
    bool lost;
};

enum hold_end { HOLD_OPEN, HOLD_CAPTURED, HOLD_RELEASED, HOLD_LAPSED };

// What one request did, and what has become of it since.
struct deed {
    uint64_t request; // its number
    uint64_t seq;
    struct record record; // what of it is needed later: no names, no rules
    int64_t freed;        // by a capture or a release
    int64_t freed_ended;
    // of a reservation
    enum hold_end end;
    uint64_t capture; // request that captured it
    // taken back so far
    uint64_t reversals;
    int64_t amount_minor;
    int64_t points;
    int64_t score;
    bool *lines;
};

struct book_id {
    struct mark mark;
    int64_t at_ms;
    bool backfill; // its instant says nothing of when it was asked
};

struct book {
    uint32_t number;
    char id[16];
    struct store_account place;
    // what follows from `full`
    bool exists;
    uint64_t seq;
    uint8_t tail[CHAIN_HASH_BYTES];
    int64_t at_ms;
    int64_t enrolled_ms;
    int64_t awarded;
    int64_t opened;
    int64_t redeemed;
    int64_t taken_back; // of awards
    int64_t given_back; // of redemptions
    bool lapsing;       // a hold has lapsed at `at_ms`, which may bring more
    struct purse purse;
    struct purse ahead; // what a walk makes of it
    VEC(struct deed) deeds;
    VEC(uint64_t) buried; // requests that were reversed before they came
    VEC(struct book_score) scores;
    VEC(struct book_card) cards;
    VEC(struct span) names; // in the episode's arena
    VEC(struct book_identifier) identifiers;
    VEC(struct book_id) ids;
    // every record ever appended, and where each append began
    struct buffer full;
    VEC(uint32_t) appends;
    uint64_t synced_seq; // of what the store has acknowledged
};

void book_init(struct book *book, uint32_t number);
void book_fini(struct book *book);

// Takes the next record, checking it against everything that is known. The arena is the record's.
void book_take(struct sim *sim, struct book *book, const struct record *record);
// Takes back the latest append: the book is written again from what is left.
void book_take_back(struct sim *sim, struct book *book);

// --- figures at an instant at or after the book's ---

int64_t book_score(const struct book *book, int64_t at_ms);
const struct book_card *book_card(const struct book *book);
const struct book_card *book_card_at(const struct book *book, int64_t at_ms);
// The text of a reference.
struct span book_name(const struct book *book, uint32_t ref);

// The number in a request id of ours; 0 for another's.
uint64_t book_request(const uint8_t *id);
// What a request did, or NULL.
struct deed *book_deed(const struct book *book, uint64_t request);
bool book_buries(const struct book *book, uint64_t request);

// Whether its log lists an identifier as the member's own, or about to be.
bool book_lists(const struct book *book, const uint8_t *key);
// Whether it is the member's own for good.
bool book_holds(const struct book *book, const uint8_t *key);

// --- time foretold ---

// What one instant brings: a hold that lapses, or points that end and cards that are given. Nothing
// is said of instants that bring neither.
struct boundary {
    int64_t at_ms;
    uint64_t lapsed; // the hold's request; 0: none, and what follows counts
    int64_t expired;
    struct book_card cards[2];
    size_t card_count;
};

// Walks ahead from the book's state without changing it; one walk at a time.
struct book_walk {
    const struct book *book;
    struct purse *purse; // as it is at that time
    const struct rules_set *versions;
    size_t known; // entries of the program's log that count
    int64_t at_ms;
    struct book_card card;
};

struct book_walk book_walk(struct book *book, const struct rules_set *versions, size_t known);
// The next boundary at or before `until_ms`; false when there is none.
bool book_walk_next(struct book_walk *walk, int64_t until_ms, struct boundary *ret_boundary);
// The first instant at which time will have something to say; INSTANT_NEVER.
int64_t book_due(struct book *book, const struct rules_set *versions, size_t known);
// The card that `card` becomes by an upgrade, or anew at its end.
struct book_card book_upgraded(const struct rules *rules, const struct book_card *card,
                               enum rules_tier tier, int64_t at_ms);

// --- used by the records' own rules (table.h) ---

void book_add_score(struct book *book, int64_t until_ms, int64_t score);
void book_add_card(struct book *book, const struct book_card *card);
