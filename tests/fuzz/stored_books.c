// The figures of a log kept a second time, by plain addition over its records.
#include "fuzz/stored.h"

#include "base/check.h"
#include "core/ledger.h"

enum { BOOKED_MAX = 512 }; // lots and scores of one log

struct booked {
    int64_t from_ms;
    int64_t until_ms; // of a lot: its end
    int64_t value;
};

struct books {
    struct booked lots[BOOKED_MAX];
    size_t lot_count;
    struct booked scores[BOOKED_MAX];
    size_t score_count;
    int64_t total;    // all points there are
    bool owed;        // there was a deficit, which points of any end may have paid
    bool overflowing; // too much for these books
};

static void book_points(struct books *books, int64_t ends_ms, int64_t points)
{
    books->total += points;
    for (size_t i = 0; i < books->lot_count; i++) {
        if (books->lots[i].until_ms == ends_ms) {
            books->lots[i].value += points;
            return;
        }
    }
    if (books->lot_count == BOOKED_MAX) {
        books->overflowing = true;
        return;
    }
    books->lots[books->lot_count++] = (struct booked){.until_ms = ends_ms, .value = points};
}

static void book_score(struct books *books, int64_t from_ms, int64_t until_ms, int64_t score)
{
    if (books->score_count == BOOKED_MAX) {
        books->overflowing = true;
        return;
    }
    books->scores[books->score_count++] =
        (struct booked){.from_ms = from_ms, .until_ms = until_ms, .value = score};
}

static void book_moves(struct books *books, const struct lot_move *lots, size_t count, int64_t sign)
{
    for (size_t i = 0; i < count; i++) {
        book_points(books, lots[i].ends_ms, sign * lots[i].points);
    }
}

// What comes back, but for what has ended and for the first points, which pay something else.
static void book_back(struct books *books, const struct lot_move *lots, size_t count, int64_t at_ms,
                      int64_t paying)
{
    for (size_t i = 0; i < count; i++) {
        int64_t paid = paying < lots[i].points ? paying : lots[i].points;
        paying -= paid;
        if (lots[i].ends_ms > at_ms) {
            book_points(books, lots[i].ends_ms, lots[i].points - paid);
        }
    }
}

static void book_freed(struct books *books, const struct points_freed *freed, int64_t at_ms)
{
    book_back(books, freed->lots, freed->lot_count, at_ms, 0);
}

static void book_reversed(struct books *books, const struct record *record)
{
    const struct record_reversed *reversed = &record->reversed;
    if (reversed->result > REVERSE_FURTHER_ACTIVITY) {
        return;
    }
    if (reversed->method != RECORD_AWARDED) {
        book_back(books, reversed->lots, reversed->lot_count, record->at_ms, reversed->forgiven);
        return;
    }
    const struct reversed_sale *sale = &reversed->sale;
    book_moves(books, reversed->lots, reversed->lot_count, -1);
    book_points(books, sale->lot_ends_ms, -sale->pending);
    book_score(books, record->at_ms, sale->score_until_ms, -sale->score);
    books->total -= sale->deficit;
    books->owed = books->owed || sale->deficit > 0;
}

static void book_opening(struct books *books, const struct record_opening *opening)
{
    book_moves(books, opening->lots, opening->lot_count, 1);
    for (size_t i = 0; i < opening->score_count; i++) {
        const struct opening_score *score = &opening->scores[i];
        book_score(books, score->from_ms, score->until_ms, score->score);
    }
}

static void book_awarded(struct books *books, const struct record *record)
{
    const struct record_awarded *awarded = &record->awarded;
    if (awarded->lot_ends_ms > record->at_ms) {
        book_points(books, awarded->lot_ends_ms, awarded->points);
    }
    book_score(books, awarded->occurred_ms, awarded->score_until_ms, awarded->score);
}

static void book_spent(struct books *books, const struct record_redeemed *redeemed)
{
    book_moves(books, redeemed->lots, redeemed->lot_count, -1);
}

static void book_adjusted(struct books *books, const struct record *record)
{
    const struct record_adjusted *adjusted = &record->adjusted;
    if (adjusted->points > 0) {
        book_points(books, adjusted->lot_ends_ms, adjusted->points);
    } else {
        book_moves(books, adjusted->lots, adjusted->lot_count, -1);
        books->total -= adjusted->deficit;
        books->owed = books->owed || adjusted->deficit > 0;
    }
    for (size_t i = 0; i < adjusted->score_count; i++) {
        book_score(books, record->at_ms, adjusted->scores[i].until_ms, adjusted->scores[i].score);
    }
}

static enum status book_record(void *context, uint64_t seq, const struct record *record)
{
    (void)seq;
    struct books *books = context;
    switch (record->type) {
    case RECORD_AWARDED:
        book_awarded(books, record);
        break;
    case RECORD_REDEEMED:
        book_spent(books, &record->redeemed);
        break;
    case RECORD_HELD:
        book_spent(books, &record->held.taken);
        break;
    case RECORD_CAPTURED:
        book_freed(books, &record->captured.freed, record->at_ms);
        break;
    case RECORD_RELEASED:
        book_freed(books, &record->released.freed, record->at_ms);
        break;
    case RECORD_LAPSED:
        book_freed(books, &record->lapsed.freed, record->at_ms);
        break;
    case RECORD_REVERSED:
        book_reversed(books, record);
        break;
    case RECORD_BOUNDARY:
        book_moves(books, record->boundary.expired, record->boundary.expired_count, -1);
        break;
    case RECORD_OPENING:
        book_opening(books, &record->opening);
        break;
    case RECORD_CONTRIBUTED:
        book_score(books, record->contributed.from_ms, record->contributed.until_ms,
                   record->contributed.score);
        break;
    case RECORD_CONTRIBUTION_REDUCED:
        book_score(books, record->contribution_reduced.from_ms,
                   record->contribution_reduced.until_ms, -record->contribution_reduced.score);
        break;
    case RECORD_ADJUSTED:
        book_adjusted(books, record);
        break;
    default:
        break;
    }
    return STATUS_OK;
}

// Of one end: what is spendable and what is pending.
static int64_t points_of_end(const struct account *account, int64_t ends_ms)
{
    int64_t points = 0;
    for (uint32_t i = 0; i < account->lots.count; i++) {
        points += account->lots.items[i].ends_ms == ends_ms ? account->lots.items[i].points : 0;
    }
    for (uint32_t i = 0; i < account->pending.count; i++) {
        const struct pending_lot *pending = &account->pending.items[i];
        points += pending->ends_ms == ends_ms ? pending->points : 0;
    }
    return points;
}

void stored_books(const struct account *account, struct span log, struct arena *arena)
{
    static struct books books;
    books.lot_count = 0;
    books.score_count = 0;
    books.total = 0;
    books.owed = false;
    books.overflowing = false;
    CHECK(ledger_walk(log, arena, book_record, &books) == STATUS_OK);
    if (books.overflowing) {
        return;
    }
    CHECK(account->balance + account->pending_points == books.total);
    for (size_t i = 0; i < books.lot_count && !books.owed; i++) {
        CHECK(points_of_end(account, books.lots[i].until_ms) == books.lots[i].value);
    }
    int64_t score = 0;
    for (size_t i = 0; i < books.score_count; i++) {
        const struct booked *booked = &books.scores[i];
        bool counts = booked->from_ms <= account->now_ms && account->now_ms < booked->until_ms;
        score += counts ? booked->value : 0;
    }
    CHECK(account->score == score);
}
