// What a log that folds must be good for.
//
// Of statuses: a log of any bytes may be CORRUPT, RANGE, TOO_LARGE, UNKNOWN_TYPE or OK; what is
// done with an account that passed account_check may only fail for a bound, or because it lived
// before the program began.
#include "fuzz/stored.h"

#include "base/check.h"
#include "base/varint.h"
#include "core/advance.h"
#include "core/decide.h"
#include "core/ledger.h"
#include "core/snapshot.h"
#include "fuzz/fuzz_club.h"

enum {
    ARENA_BYTES = 8 << 20,
    BOOKED_MAX = 512, // lots and scores of one log that are booked
    RECORDS_MAX = 256,
};

static const int64_t year_ms = 365 * DAY_MS;

// Warm from input to input.
static struct arena arena = {.cap_bytes = ARENA_BYTES}; // as arena_init has it
static struct arena fold_arena = {.cap_bytes = ARENA_BYTES};
static struct buffer out;
static struct buffer compacted;

static void ready(void)
{
    arena_reset(&arena);
    buffer_clear(&out);
    buffer_clear(&compacted);
}

static enum status fold(struct account *account, struct span bytes)
{
    struct ledger_fault fault = {0};
    enum status status = ledger_fold(account, bytes, stored_id(), STORED_PARTITION, fuzz_chain_hash,
                                     &fold_arena, &fault);
    if (status != STATUS_OK) {
        CHECK(fault.record >= 1 && fault.offset <= bytes.len);
        CHECK(fault.what != NULL && fault.what[0] != '\0');
    }
    return status;
}

static void must_fold(struct account *account, struct span bytes)
{
    CHECK(fold(account, bytes) == STATUS_OK);
}

static bool sound(const struct account *account)
{
    const char *what = NULL;
    bool is = account_check(account, &what) == STATUS_OK;
    CHECK(is || (what != NULL && what[0] != '\0'));
    return is;
}

static void must_be_equal(const struct account *a, const struct account *b)
{
    const char *what = NULL;
    CHECK(account_equal(a, b, &what));
}

// --- figures, kept a second time ---

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

static enum status book_record(void *context, uint64_t seq, const struct record *record)
{
    (void)seq;
    struct books *books = context;
    if (record->type == RECORD_AWARDED) {
        const struct record_awarded *awarded = &record->awarded;
        if (awarded->lot_ends_ms > record->at_ms) {
            book_points(books, awarded->lot_ends_ms, awarded->points);
        }
        book_score(books, awarded->occurred_ms, awarded->score_until_ms, awarded->score);
    } else if (record->type == RECORD_REDEEMED) {
        for (size_t i = 0; i < record->redeemed.lot_count; i++) {
            const struct lot_move *lot = &record->redeemed.lots[i];
            book_points(books, lot->ends_ms, -lot->points);
        }
    } else if (record->type == RECORD_BOUNDARY) {
        for (size_t i = 0; i < record->boundary.expired_count; i++) {
            const struct lot_move *lot = &record->boundary.expired[i];
            book_points(books, lot->ends_ms, -lot->points);
        }
    } else if (record->type == RECORD_OPENING) {
        for (size_t i = 0; i < record->opening.lot_count; i++) {
            book_points(books, record->opening.lots[i].ends_ms, record->opening.lots[i].points);
        }
        for (size_t i = 0; i < record->opening.score_count; i++) {
            const struct opening_score *score = &record->opening.scores[i];
            book_score(books, score->from_ms, score->until_ms, score->score);
        }
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

// Only of logs without a snapshot: of what that stands for there are no records.
static void check_books(const struct account *account, struct span log)
{
    static struct books books;
    books.lot_count = 0;
    books.score_count = 0;
    books.total = 0;
    books.overflowing = false;
    CHECK(ledger_walk(log, &fold_arena, book_record, &books) == STATUS_OK);
    if (books.overflowing) {
        return;
    }
    CHECK(account->balance + account->pending_points == books.total);
    for (size_t i = 0; i < books.lot_count; i++) {
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

// --- the log as records ---

struct places {
    size_t ends[RECORDS_MAX]; // behind each record
    size_t count;
    bool has_snapshot;
};

static void same_record_twice(struct span body)
{
    static struct arena small = {.cap_bytes = 64};
    struct record record;
    struct record again;
    arena_reset(&small);
    CHECK(record_decode(body, &small, &record) != STATUS_OK || small.used_bytes <= 64);
    if (record_decode(body, &arena, &record) != STATUS_OK || record.type == RECORD_SNAPSHOT) {
        return;
    }
    struct buffer first;
    struct buffer second;
    buffer_init(&first, 0);
    buffer_init(&second, 0);
    CHECK(record_encode(&record, &first) == STATUS_OK);
    struct reader reader = {.rest = buffer_span(&first)};
    struct span written;
    CHECK(reader_sized(&reader, LIMIT_LOG_BYTES, &written) == STATUS_OK && reader.rest.len == 0);
    CHECK(record_decode(written, &arena, &again) == STATUS_OK);
    CHECK(record_encode(&again, &second) == STATUS_OK);
    CHECK(span_equal(buffer_span(&first), buffer_span(&second)));
    buffer_fini(&first);
    buffer_fini(&second);
}

static void look_at_records(struct span log, struct places *ret_places)
{
    struct record_cursor cursor = {.rest = log};
    struct record_place place;
    enum status status = STATUS_OK;
    *ret_places = (struct places){0};
    while ((status = record_next(&cursor, &place)) == STATUS_OK) {
        size_t end = log.len - cursor.rest.len;
        CHECK(place.stored.data + place.stored.len + CHAIN_HASH_BYTES == log.data + end);
        ret_places->has_snapshot |= place.body.data[0] == RECORD_SNAPSHOT;
        if (ret_places->count < RECORDS_MAX) {
            ret_places->ends[ret_places->count++] = end;
        }
        same_record_twice(place.body);
    }
    CHECK(status == STATUS_NOT_FOUND || status == STATUS_CORRUPT);
    CHECK((status == STATUS_NOT_FOUND) == (cursor.rest.len == 0));
}

// --- uses ---

// Folded in two parts it is the same account.
static void fold_in_parts(const struct account *whole, struct span log, size_t cut)
{
    struct account account;
    account_init(&account);
    must_fold(&account, span_of(log.data, cut));
    must_fold(&account, span_from(log, cut));
    must_be_equal(&account, whole);
    CHECK(account.log_bytes == log.len);
    account_fini(&account);
}

static bool prefix_is_sound(struct span prefix)
{
    struct account account;
    account_init(&account);
    must_fold(&account, prefix);
    bool is = sound(&account);
    account_fini(&account);
    return is;
}

// A snapshot of a sound prefix stands for it.
static void compact(const struct account *whole, struct span log, size_t cut, int64_t keep_from_ms)
{
    struct account account;
    if (!prefix_is_sound(span_of(log.data, cut))) {
        return;
    }
    account_init(&account);
    enum status status = snapshot_build(span_of(log.data, cut), stored_id(), STORED_PARTITION,
                                        keep_from_ms, fuzz_chain_hash, &fold_arena, &compacted);
    CHECK(status == STATUS_OK);
    CHECK(buffer_append(&compacted, span_from(log, cut)) == STATUS_OK);
    must_fold(&account, buffer_span(&compacted));
    must_be_equal(&account, whole);
    account_fini(&account);
}

static enum status find_nothing(void *context, uint64_t seq, const struct record *record)
{
    uint64_t *last = context;
    (void)record;
    CHECK(seq > *last);
    *last = seq;
    return STATUS_OK;
}

struct life {
    struct account *account;
    struct ledger_writer writer;
    uint64_t seed;
};

static bool only_a_bound(enum status status)
{
    return status == STATUS_RANGE || status == STATUS_TOO_LARGE || status == STATUS_NO_MEMORY;
}

static enum status sell(struct life *life, int64_t now_ms)
{
    struct sale_line line = {.amount_minor = 12345 + (int64_t)(life->seed % 1000000)};
    struct award_command command = {.sale = {.lines = &line, .line_count = 1},
                                    .currency = span_of_text("CNY")};
    struct decide decide = {.account = life->account,
                            .writer = &life->writer,
                            .arena = &arena,
                            .now_ms = now_ms,
                            .mark = {.present = true, .id = {1, 2, 3}},
                            .actor = span_of_text("pos/store-1/till-1")};
    struct decision decision;
    return decide_award(&decide, &command, &decision);
}

static enum status spend(struct life *life, int64_t now_ms)
{
    int64_t most = life->account->balance;
    struct redeem_command command = {.points = most > 1 ? 1 + most / 3 : 1};
    struct decide decide = {.account = life->account,
                            .writer = &life->writer,
                            .arena = &arena,
                            .now_ms = now_ms,
                            .actor = span_of_text("pos/store-1/till-1")};
    struct decision decision;
    return decide_redeem(&decide, &command, &decision);
}

// One thing done, and undone if it could not be.
static void step(struct life *life, enum status (*act)(struct life *life, int64_t now_ms),
                 int64_t now_ms)
{
    struct account_savepoint *saved = NULL;
    size_t written = out.len;
    CHECK(account_save(life->account, &arena, &saved) == STATUS_OK);
    enum status status =
        act == NULL ? advance(life->account, &life->writer, &arena, now_ms) : act(life, now_ms);
    if (status != STATUS_OK) {
        account_restore(life->account, saved);
        buffer_truncate(&out, written);
    }
    bool early = status == STATUS_NOT_FOUND && life->account->now_ms < FUZZ_CLUB_FROM_MS;
    CHECK(status == STATUS_OK || only_a_bound(status) || early);
    CHECK(sound(life->account));
}

// Sells, lets years pass, spends; what was written folds to the same.
static void live_on(const struct account *whole, struct span log, uint64_t choice)
{
    struct account account;
    struct account copy;
    account_init(&account);
    account_init(&copy);
    must_fold(&account, log);
    must_fold(&copy, log);
    struct life life = {
        .account = &account,
        .writer = {.out = &out, .hash = fuzz_chain_hash, .programs = fuzz_club()},
        .seed = choice,
    };
    int64_t now_ms = whole->now_ms > FUZZ_CLUB_FROM_MS ? whole->now_ms : FUZZ_CLUB_FROM_MS;
    step(&life, sell, now_ms);
    step(&life, spend, now_ms + 10 * DAY_MS);
    int64_t later_ms = now_ms + (int64_t)(choice % 8) * year_ms;
    step(&life, NULL, later_ms < LIMIT_INSTANT_MAX_MS ? later_ms : LIMIT_INSTANT_MAX_MS - 1);
    (void)advance_due(&account, fuzz_club());
    must_fold(&copy, buffer_span(&out));
    if (copy.now_ms == account.now_ms) {
        must_be_equal(&account, &copy);
    }
    account_fini(&account);
    account_fini(&copy);
}

void stored_check(struct span log, uint64_t choice)
{
    struct places places;
    struct account account;
    struct mark none = {.present = true};
    struct record record;
    uint64_t seq = 0;
    ready();
    look_at_records(log, &places);
    account_init(&account);
    enum status folded = fold(&account, log);
    CHECK(folded != STATUS_INVALID && folded != STATUS_IO && folded != STATUS_NOT_FOUND);
    enum status found = ledger_find(log, &none, &arena, &record, &seq);
    CHECK(folded != STATUS_OK || found == STATUS_OK || found == STATUS_NOT_FOUND);
    if (folded == STATUS_OK && places.count > 0 && sound(&account)) {
        uint64_t last = 0;
        size_t cut = places.ends[(choice >> 8) % places.count];
        CHECK(ledger_walk(log, &fold_arena, find_nothing, &last) == STATUS_OK);
        CHECK(last <= account.seq);
        if (!places.has_snapshot) {
            check_books(&account, log);
        }
        fold_in_parts(&account, log, cut);
        compact(&account, log, cut, (choice & 0x80) != 0 ? account.now_ms : 0);
        live_on(&account, log, choice);
    }
    account_fini(&account);
}
