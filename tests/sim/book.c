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
    purse_clear(&book->purse);
    book->deeds.count = 0;
    book->buried.count = 0;
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
    book->taken_back = 0;
    book->given_back = 0;
    book->lapsing = false;
    memset(book->tail, 0, sizeof(book->tail));
}

void book_fini(struct book *book)
{
    purse_fini(&book->purse);
    purse_fini(&book->ahead);
    vec_fini(&book->deeds);
    vec_fini(&book->buried);
    vec_fini(&book->scores);
    vec_fini(&book->cards);
    vec_fini(&book->names);
    vec_fini(&book->identifiers);
    vec_fini(&book->ids);
    vec_fini(&book->appends);
    buffer_fini(&book->full);
}

// --- figures ---

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

uint64_t book_request(const uint8_t *id)
{
    static const uint8_t HEAD[10] = {0x5e, 0xed, 0, 0, 0, 0, 0x40, 0, 0x80, 0};
    uint64_t number = 0;
    for (size_t i = sizeof(HEAD); i < REQUEST_ID_BYTES; i++) {
        number = number << 8 | id[i];
    }
    return memcmp(id, HEAD, sizeof(HEAD)) == 0 ? number : 0;
}

struct deed *book_deed(const struct book *book, uint64_t request)
{
    for (uint32_t i = book->deeds.count; i > 0; i--) {
        if (book->deeds.items[i - 1].request == request) {
            return &book->deeds.items[i - 1];
        }
    }
    return NULL;
}

bool book_buries(const struct book *book, uint64_t request)
{
    for (uint32_t i = 0; i < book->buried.count; i++) {
        if (book->buried.items[i] == request) {
            return true;
        }
    }
    return false;
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

// Scores that have ended go.
static void sweep(struct book *book)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < book->scores.count; i++) {
        if (book->scores.items[i].until_ms > book->at_ms) {
            book->scores.items[kept++] = book->scores.items[i];
        }
    }
    book->scores.count = kept;
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
    const struct rules *rules = rules_at(&sim->versions, sim->versions.entries, book->at_ms);
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
    check_figure(sim, book, "balance is", figures->balance, purse_balance(&book->purse));
    check_figure(sim, book, "pending points are", figures->pending, purse_pending(&book->purse));
    check_figure(sim, book, "held points are", figures->held, purse_held(&book->purse));
    check_figure(sim, book, "the score is", figures->score, score);
    struct span tier = book_name(book, figures->tier);
    check_figure(sim, book, "the tier is", (int64_t)tier_of_name((const char *)tier.data, tier.len),
                 (int64_t)card->tier);
    if (!sim->versions_lost) { // else a daemon may know versions that the store has lost
        check_next(sim, book, figures, card->tier, score);
    }
}

// What was given, less what was taken, is what is there.
static void check_sum(struct sim *sim, const struct book *book)
{
    const struct purse *purse = &book->purse;
    int64_t there = purse_balance(purse) + purse_pending(purse) + purse_held(purse);
    int64_t given = book->awarded + book->opened + book->given_back + purse->forgiven;
    int64_t taken = book->redeemed + book->taken_back + purse->expired;
    check_figure(sim, book, "what was moved adds up to", given - taken, there);
    check_figure(sim, book, "spendable points beside a deficit:",
                 purse->deficit > 0 ? purse_spendable(purse) : 0, 0);
}

// What time had to say before this record; it may not have been left out.
static bool foretell(struct sim *sim, struct book *book, const struct record *record,
                     struct boundary *ret_boundary)
{
    if (record->at_ms < book->at_ms) {
        sim_violated(sim, "time never runs back", "%s: a record at %lld behind one at %lld",
                     book->id, (long long)record->at_ms, (long long)book->at_ms);
    }
    struct book_walk walk = book_walk(book, &sim->versions, sim->versions.entries);
    bool foretold = book_walk_next(&walk, record->at_ms, ret_boundary);
    enum record_type type = foretold && ret_boundary->lapsed != 0 ? RECORD_LAPSED : RECORD_BOUNDARY;
    if (foretold && record->type != type) {
        sim_violated(sim, "time is written before what it precedes",
                     "%s: at %lld hold %llu lapses, %lld points end, %zu cards are given, which "
                     "record %llu at %lld does not know",
                     book->id, (long long)ret_boundary->at_ms,
                     (unsigned long long)ret_boundary->lapsed, (long long)ret_boundary->expired,
                     ret_boundary->card_count, (unsigned long long)book->seq + 1,
                     (long long)record->at_ms);
    }
    return foretold;
}

static void *keep(struct sim *sim, const void *items, size_t count, size_t bytes)
{
    void *copy = arena_alloc_array(&sim->arena, count + 1, bytes);
    CHECK(copy != NULL);
    if (count > 0) {
        memcpy(copy, items, count * bytes);
    }
    return copy;
}

static void keep_moves(struct sim *sim, struct lot_move **moves, size_t count)
{
    *moves = keep(sim, *moves, count, sizeof(**moves));
}

static void keep_lists(struct sim *sim, struct deed *deed)
{
    struct record *record = &deed->record;
    switch (record->type) {
    case RECORD_AWARDED:
        record->awarded.lines = keep(sim, record->awarded.lines, record->awarded.line_count,
                                     sizeof(*record->awarded.lines));
        deed->lines = arena_alloc_array(&sim->arena, record->awarded.line_count + 1, sizeof(bool));
        CHECK(deed->lines != NULL);
        return;
    case RECORD_REDEEMED:
        keep_moves(sim, &record->redeemed.lots, record->redeemed.lot_count);
        return;
    case RECORD_HELD:
        keep_moves(sim, &record->held.taken.lots, record->held.taken.lot_count);
        return;
    case RECORD_CAPTURED:
        keep_moves(sim, &record->captured.taken.lots, record->captured.taken.lot_count);
        return;
    case RECORD_REVERSED:
        keep_moves(sim, &record->reversed.lots, record->reversed.lot_count);
        return;
    default:
        return;
    }
}

// Freed points have their lots in the record, and are ended by its instant.
static void note_freed(struct deed *deed, const struct points_freed *freed)
{
    for (size_t i = 0; i < freed->lot_count; i++) {
        const struct lot_move *move = &freed->lots[i];
        deed->freed += move->points;
        deed->freed_ended += move->ends_ms <= deed->record.at_ms ? move->points : 0;
    }
}

static void remember_deed(struct sim *sim, struct book *book, const struct record *record)
{
    struct deed deed = {
        .request = book_request(record->mark.id), .seq = book->seq, .record = *record};
    keep_lists(sim, &deed);
    if (record->type == RECORD_CAPTURED) {
        note_freed(&deed, &record->captured.freed);
    } else if (record->type == RECORD_RELEASED) {
        note_freed(&deed, &record->released.freed);
    }
    CHECK(vec_reserve_one(&book->deeds, UINT32_MAX) == STATUS_OK);
    book->deeds.items[book->deeds.count++] = deed;
}

static void remember_id(struct book *book, const struct record *record)
{
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
    if (record->mark.present && book_buries(book, book_request(record->mark.id))) {
        sim_violated(sim, "what was reversed before it came never lands", "%s: request %llu",
                     book->id, (unsigned long long)book_request(record->mark.id));
    }
    take_names(sim, book, record);
    struct record_view view = {.sim = sim, .book = book, .record = record};
    view.foretold = foretold ? &boundary : NULL;
    book->at_ms = record->at_ms;
    purse_settle(&book->purse, book->at_ms);
    row->take(&view);
    book->lapsing = record->type == RECORD_LAPSED;
    book->seq++;
    sweep(book);
    check_sum(sim, book);
    if (record->has_figures) {
        check_standing(sim, book, &record->figures);
    }
    if (record->mark.present) {
        remember_id(book, record);
        remember_deed(sim, book, record);
    }
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
