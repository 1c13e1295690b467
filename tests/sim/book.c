// The book's arithmetic.
#include "sim/book.h"

#include <stdio.h>

#include "base/check.h"
#include "base/limits.h"
#include "sim/sim.h"
#include "sim/table.h"

void book_init(struct book *book, uint32_t number)
{
    *book = (struct book){.number = number};
    (void)snprintf(book->id, sizeof(book->id), "m%05u", number);
    book->place = (struct store_account){.id = span_of_text(book->id)};
    buffer_init(&book->full, 0);
}

static void book_forget(struct book *book)
{
    book->lots.count = 0;
    book->scores.count = 0;
    book->cards.count = 0;
    book->names.count = 0;
    book->identifiers.count = 0;
    book->ids.count = 0;
    book->exists = false;
    book->seq = 0;
    book->at_ms = 0;
    book->awarded = 0;
    book->opened = 0;
    book->redeemed = 0;
    book->expired = 0;
    memset(book->tail, 0, sizeof(book->tail));
}

void book_fini(struct book *book)
{
    vec_fini(&book->lots);
    vec_fini(&book->scores);
    vec_fini(&book->cards);
    vec_fini(&book->names);
    vec_fini(&book->identifiers);
    vec_fini(&book->ids);
    vec_fini(&book->appends);
    buffer_fini(&book->full);
}

// --- figures ---

int64_t book_balance(const struct book *book, int64_t at_ms)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < book->lots.count; i++) {
        const struct book_lot *lot = &book->lots.items[i];
        sum += lot->spendable_ms <= at_ms && at_ms < lot->ends_ms ? lot->points : 0;
    }
    return sum;
}

int64_t book_pending(const struct book *book, int64_t at_ms)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < book->lots.count; i++) {
        const struct book_lot *lot = &book->lots.items[i];
        sum += lot->spendable_ms > at_ms && at_ms < lot->ends_ms ? lot->points : 0;
    }
    return sum;
}

int64_t book_score(const struct book *book, int64_t at_ms)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < book->scores.count; i++) {
        sum += at_ms < book->scores.items[i].until_ms ? book->scores.items[i].score : 0;
    }
    return sum;
}

const struct book_card *book_card(const struct book *book)
{
    CHECK(book->cards.count > 0);
    return &book->cards.items[book->cards.count - 1];
}

const struct book_card *book_card_at(const struct book *book, int64_t at_ms)
{
    uint32_t i = book->cards.count;
    CHECK(i > 0);
    while (i > 1 && book->cards.items[i - 1].from_ms > at_ms) {
        i--;
    }
    return &book->cards.items[i - 1];
}

struct span book_name(const struct book *book, uint32_t ref)
{
    return ref == 0 || ref > book->names.count ? (struct span){0} : book->names.items[ref - 1];
}

static const struct book_identifier *find_identifier(const struct book *book, const uint8_t *key)
{
    for (uint32_t i = 0; i < book->identifiers.count; i++) {
        const struct book_identifier *item = &book->identifiers.items[i];
        if (!item->lost && memcmp(item->identifier.key, key, IDENTIFIER_KEY_BYTES) == 0) {
            return item;
        }
    }
    return NULL;
}

bool book_lists(const struct book *book, const uint8_t *key)
{
    return find_identifier(book, key) != NULL;
}

bool book_holds(const struct book *book, const uint8_t *key)
{
    const struct book_identifier *item = find_identifier(book, key);
    return item != NULL && !item->open;
}

// --- changes ---

void book_add_lot(struct book *book, int64_t spendable_ms, int64_t ends_ms, int64_t points)
{
    if (points == 0) {
        return;
    }
    for (uint32_t i = 0; i < book->lots.count; i++) {
        struct book_lot *lot = &book->lots.items[i];
        if (lot->spendable_ms == spendable_ms && lot->ends_ms == ends_ms) {
            lot->points += points;
            return;
        }
    }
    CHECK(vec_reserve_one(&book->lots, UINT32_MAX) == STATUS_OK);
    book->lots.items[book->lots.count++] = (struct book_lot){spendable_ms, ends_ms, points};
}

void book_add_score(struct book *book, int64_t until_ms, int64_t score)
{
    if (score == 0 || until_ms <= book->at_ms) {
        return;
    }
    for (uint32_t i = 0; i < book->scores.count; i++) {
        if (book->scores.items[i].until_ms == until_ms) {
            book->scores.items[i].score += score;
            return;
        }
    }
    CHECK(vec_reserve_one(&book->scores, UINT32_MAX) == STATUS_OK);
    book->scores.items[book->scores.count++] = (struct book_score){until_ms, score};
}

void book_add_card(struct book *book, const struct book_card *card)
{
    CHECK(vec_reserve_one(&book->cards, UINT32_MAX) == STATUS_OK);
    book->cards.items[book->cards.count++] = *card;
}

// The spendable points of the earliest end, as one lot.
static struct lot_move earliest(const struct book *book)
{
    struct lot_move first = {.ends_ms = INSTANT_NEVER};
    for (uint32_t i = 0; i < book->lots.count; i++) {
        const struct book_lot *lot = &book->lots.items[i];
        if (lot->points == 0 || lot->spendable_ms > book->at_ms) {
            continue;
        }
        if (lot->ends_ms < first.ends_ms) {
            first = (struct lot_move){.ends_ms = lot->ends_ms};
        }
        first.points += lot->ends_ms == first.ends_ms ? lot->points : 0;
    }
    return first;
}

static void take_from(struct book *book, int64_t ends_ms, int64_t points)
{
    for (uint32_t i = 0; i < book->lots.count && points > 0; i++) {
        struct book_lot *lot = &book->lots.items[i];
        if (lot->ends_ms == ends_ms && lot->spendable_ms <= book->at_ms) {
            int64_t taken = points < lot->points ? points : lot->points;
            lot->points -= taken;
            points -= taken;
        }
    }
    CHECK(points == 0);
}

// Lots of nothing and scores that have ended go.
static void sweep(struct book *book)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < book->lots.count; i++) {
        if (book->lots.items[i].points > 0) {
            book->lots.items[kept++] = book->lots.items[i];
        }
    }
    book->lots.count = kept;
    kept = 0;
    for (uint32_t i = 0; i < book->scores.count; i++) {
        if (book->scores.items[i].until_ms > book->at_ms) {
            book->scores.items[kept++] = book->scores.items[i];
        }
    }
    book->scores.count = kept;
}

void book_spend(struct sim *sim, struct book *book, const struct lot_move *moves, size_t count,
                int64_t points)
{
    for (size_t i = 0; i < count; i++) {
        struct lot_move first = earliest(book);
        int64_t expected = points < first.points ? points : first.points;
        if (moves[i].ends_ms != first.ends_ms || moves[i].points != expected || expected == 0) {
            sim_violated(sim, "points are conserved",
                         "%s: lot %zu of a redemption gave %lld, must be %lld", book->id, i,
                         (long long)moves[i].points, (long long)expected);
        }
        take_from(book, first.ends_ms, expected);
        points -= expected;
    }
    if (points != 0) {
        sim_violated(sim, "points are conserved", "%s: a redemption is short by %lld", book->id,
                     (long long)points);
    }
}

// --- records ---

static void take_names(struct sim *sim, struct book *book, const struct record *record)
{
    for (size_t i = 0; i < record->name_count; i++) {
        struct span copy;
        CHECK(arena_copy(&sim->arena, record->names[i], &copy) == STATUS_OK);
        CHECK(vec_reserve_one(&book->names, UINT32_MAX) == STATUS_OK);
        book->names.items[book->names.count++] = copy;
    }
}

static void check_figure(struct sim *sim, const struct book *book, const char *what, int64_t said,
                         int64_t expected)
{
    if (said != expected) {
        sim_violated(sim, "points are conserved", "%s, record %llu: %s %lld, must be %lld",
                     book->id, (unsigned long long)book->seq, what, (long long)said,
                     (long long)expected);
    }
}

static void check_next(struct sim *sim, struct book *book, const struct figures *figures,
                       enum rules_tier tier, int64_t score)
{
    const struct rules *rules = rules_at(&sim->versions, sim->versions.count, book->at_ms);
    enum rules_tier next = rules_next(rules, tier);
    struct span name = book_name(book, figures->next_tier);
    check_figure(sim, book, "the next tier is",
                 (int64_t)tier_of_name((const char *)name.data, name.len), (int64_t)next);
    int64_t missing = next == TIER_COUNT ? 0 : rules->tiers[next].threshold - score;
    check_figure(sim, book, "missing to the next tier is", figures->missing,
                 missing > 0 ? missing : 0);
}

static void check_standing(struct sim *sim, struct book *book, const struct figures *figures)
{
    const struct book_card *card = book_card(book);
    int64_t score = book_score(book, book->at_ms);
    check_figure(sim, book, "balance is", figures->balance, book_balance(book, book->at_ms));
    check_figure(sim, book, "pending points are", figures->pending,
                 book_pending(book, book->at_ms));
    check_figure(sim, book, "held points are", figures->held, 0);
    check_figure(sim, book, "the score is", figures->score, score);
    struct span tier = book_name(book, figures->tier);
    check_figure(sim, book, "the tier is", (int64_t)tier_of_name((const char *)tier.data, tier.len),
                 (int64_t)card->tier);
    if (!sim->versions_lost) { // else a daemon may know versions that the store has lost
        check_next(sim, book, figures, card->tier, score);
    }
}

// awarded + opened - redeemed - expired is what is there.
static void check_sum(struct sim *sim, const struct book *book)
{
    int64_t there = book_balance(book, book->at_ms) + book_pending(book, book->at_ms);
    int64_t moved = book->awarded + book->opened - book->redeemed - book->expired;
    check_figure(sim, book, "what was moved adds up to", moved, there);
}

// What time had to say before this record; it may not have been left out.
static bool foretell(struct sim *sim, const struct book *book, const struct record *record,
                     struct boundary *ret_boundary)
{
    if (record->at_ms < book->at_ms) {
        sim_violated(sim, "time never runs back", "%s: a record at %lld behind one at %lld",
                     book->id, (long long)record->at_ms, (long long)book->at_ms);
    }
    struct book_walk walk = book_walk(book, &sim->versions, sim->versions.count);
    bool foretold = book_walk_next(&walk, record->at_ms, ret_boundary);
    if (foretold && record->type != RECORD_BOUNDARY) {
        sim_violated(sim, "time is written before what it precedes",
                     "%s: at %lld %lld points end and %zu cards are given, which record %llu at "
                     "%lld does not know",
                     book->id, (long long)ret_boundary->at_ms, (long long)ret_boundary->expired,
                     ret_boundary->card_count, (unsigned long long)book->seq + 1,
                     (long long)record->at_ms);
    }
    return foretold;
}

static void remember_id(struct book *book, const struct record *record)
{
    if (!record->mark.present) {
        return;
    }
    bool backfill = record->type == RECORD_OPENED ||
                    (record->type == RECORD_AWARDED && record->awarded.backfill);
    CHECK(vec_reserve_one(&book->ids, UINT32_MAX) == STATUS_OK);
    book->ids.items[book->ids.count++] = (struct book_id){record->mark, record->at_ms, backfill};
}

void book_take(struct sim *sim, struct book *book, const struct record *record)
{
    const struct record_row *row = table_record(record->type);
    if (row == NULL || (record->type == RECORD_OPENED) == book->exists) {
        sim_violated(sim, "logs hold together", "%s: a record of type %d", book->id,
                     (int)record->type);
    }
    struct boundary boundary;
    bool foretold = book->exists && foretell(sim, book, record, &boundary);
    take_names(sim, book, record);
    struct record_view view = {.sim = sim, .book = book, .record = record};
    view.foretold = foretold ? &boundary : NULL;
    book->at_ms = record->at_ms;
    row->take(&view);
    book->seq++;
    sweep(book);
    check_sum(sim, book);
    if (record->has_figures) {
        check_standing(sim, book, &record->figures);
    }
    remember_id(book, record);
}

void book_take_back(struct sim *sim, struct book *book)
{
    CHECK(book->appends.count > 0);
    book->appends.count--;
    buffer_truncate(&book->full, book->appends.items[book->appends.count]);
    book_forget(book);
    struct record_cursor cursor = {.rest = buffer_span(&book->full)};
    struct record_place place;
    while (record_next(&cursor, &place) == STATUS_OK) {
        struct record record;
        arena_reset(&sim->scratch);
        CHECK(record_decode(place.body, &sim->scratch, &record) == STATUS_OK);
        book_take(sim, book, &record);
        memcpy(book->tail, place.hash, sizeof(book->tail));
    }
    book->synced_seq = book->seq < book->synced_seq ? book->seq : book->synced_seq;
}
