// What each kind of record does to a book, and what it must be: by the versions published, the
// book's own lots, cards and scores, and plain arithmetic.
#include "sim/records.h"

#include "base/check.h"

void record_differ(const struct record_view *view, const char *invariant, const char *what,
                   int64_t said, int64_t expected)
{
    if (said != expected) {
        sim_violated(view->sim, invariant, "%s, record %llu: %s %lld, must be %lld", view->book->id,
                     (unsigned long long)view->book->seq + 1, what, (long long)said,
                     (long long)expected);
    }
}

const struct rules *record_rules(const struct record_view *view, int64_t at_ms)
{
    const struct rules_set *versions = &view->sim->versions;
    const struct rules *rules = rules_at(versions, versions->entries, at_ms);
    if (rules == NULL) {
        sim_violated(view->sim, "the version is right for its time", "%s: none at %lld",
                     view->book->id, (long long)at_ms);
    }
    return rules;
}

static struct book_card card_of(const struct record_view *view, size_t i)
{
    const struct card *card = &view->record->cards[i];
    struct span name = book_name(view->book, card->tier);
    enum rules_tier tier = tier_of_name((const char *)name.data, name.len);
    record_differ(view, "a card is a tier's", "its tier is unknown:", tier == TIER_COUNT, 0);
    return (struct book_card){tier, card->from_ms, card->until_ms};
}

static void same_card(const struct record_view *view, const struct book_card *said,
                      const struct book_card *expected)
{
    static const char INVARIANT[] = "a card is what the rules give";
    record_differ(view, INVARIANT, "a card of tier", (int64_t)said->tier, (int64_t)expected->tier);
    record_differ(view, INVARIANT, "a card from", said->from_ms, expected->from_ms);
    record_differ(view, INVARIANT, "a card until", said->until_ms, expected->until_ms);
}

void record_moves(const struct record_view *view, const char *what, const struct lot_move *moves,
                  size_t count, const struct move_list *expected)
{
    static const char INVARIANT[] = "points go from lot to lot as the rules say";
    record_differ(view, INVARIANT, what, (int64_t)count, expected->count);
    for (uint32_t i = 0; i < expected->count; i++) {
        record_differ(view, INVARIANT, what, moves[i].ends_ms, expected->items[i].ends_ms);
        record_differ(view, INVARIANT, what, moves[i].points, expected->items[i].points);
    }
}

bool record_has_receipt(const struct receipt_ref *receipt, const struct intent *intent)
{
    return receipt->number == intent->receipt_number &&
           (receipt->number == 0 || receipt->business_day == intent->day->date);
}

// --- time ---

static void take_boundary(const struct record_view *view)
{
    static const char INVARIANT[] = "time writes what falls due, when it does";
    const struct record *record = view->record;
    struct book *book = view->book;
    record_differ(view, INVARIANT, "something was due:", view->foretold != NULL, 1);
    CHECK(view->foretold != NULL);
    record_differ(view, INVARIANT, "a boundary at", record->at_ms, view->foretold->at_ms);
    int64_t expired = 0;
    for (size_t i = 0; i < record->boundary.expired_count; i++) {
        expired += record->boundary.expired[i].points;
        record_differ(view, INVARIANT, "a lot that ends at", record->boundary.expired[i].ends_ms,
                      record->at_ms);
    }
    record_differ(view, INVARIANT, "points that end:", expired, view->foretold->expired);
    record_differ(view, INVARIANT, "cards given:", (int64_t)record->card_count,
                  (int64_t)view->foretold->card_count);
    record_differ(view, INVARIANT, "points that end:", expired, purse_expire(&book->purse));
    for (size_t i = 0; i < record->card_count; i++) {
        struct book_card card = card_of(view, i);
        same_card(view, &card, &view->foretold->cards[i]);
        book_add_card(book, &card);
    }
}

// --- membership ---

static void take_opened(const struct record_view *view)
{
    const struct record *record = view->record;
    struct book *book = view->book;
    record_differ(view, "a member begins with the base tier", "cards:", (int64_t)record->card_count,
                  1);
    struct book_card card = card_of(view, 0);
    same_card(view, &card, &(struct book_card){TIER_MEMBER, record->at_ms, INSTANT_NEVER});
    book_add_card(book, &card);
    book->exists = true;
    book->enrolled_ms = record->at_ms;
    for (size_t i = 0; i < record->opened.identifier_count; i++) {
        CHECK(vec_reserve_one(&book->identifiers, UINT32_MAX) == STATUS_OK);
        book->identifiers.items[book->identifiers.count++] =
            (struct book_identifier){.identifier = record->opened.identifiers[i], .open = true};
    }
}

static bool opened_is_of(const struct record_view *view, const struct intent *intent)
{
    const struct record *record = view->record;
    return span_is_text(record->opened.id, intent->book->id) &&
           (intent->occurred_ms == 0 || intent->occurred_ms == record->at_ms);
}

static void take_bound(const struct record_view *view)
{
    static const char INVARIANT[] = "one owner a card";
    const struct record_bound *bound = &view->record->bound;
    struct sim *sim = view->sim;
    for (uint32_t i = 0; i < view->book->identifiers.count; i++) {
        struct book_identifier *item = &view->book->identifiers.items[i];
        if (!item->open ||
            memcmp(item->identifier.key, bound->identifier.key, IDENTIFIER_KEY_BYTES) != 0) {
            continue;
        }
        item->open = false;
        item->lost = bound->lost;
        if (sim->server.losses == 0) {
            const struct book *owner = claims_owner(sim, &bound->identifier);
            record_differ(view, INVARIANT, "it is the owner:", owner == view->book, !bound->lost);
            bool listed = owner != NULL && book_lists(owner, bound->identifier.key);
            record_differ(view, INVARIANT, "the owner lists it:", listed, 1);
        }
        return;
    }
    record_differ(view, INVARIANT, "no obligation was open:", 1, 0);
}

// --- score that comes by a command ---

void record_cards(const struct record_view *view, int64_t from_ms, int64_t gained, bool granted)
{
    static const char INVARIANT[] = "a tier is never lower inside a card";
    const struct record *record = view->record;
    struct book *book = view->book;
    const struct rules *rules = record_rules(view, record->at_ms);
    for (size_t i = 0; i < record->card_count; i++) {
        const struct book_card held = *book_card(book);
        struct book_card card = card_of(view, i);
        enum card_cause cause = record->cards[i].cause;
        bool higher = card.tier > rules_known(rules, held.tier);
        if (cause == CARD_IMMEDIATE) {
            enum rules_tier reached = rules_reached(rules, book_score(book, record->at_ms), true);
            struct book_card expected = book_upgraded(rules, &held, reached, record->at_ms);
            same_card(view, &card, &expected);
            record_differ(view, INVARIANT, "the card is higher:", higher, 1);
        } else if (cause == CARD_LATE_SCORE) {
            // It comes from the replay: dated inside it, or the card that covered its beginning.
            bool inside = card.from_ms >= from_ms && card.from_ms <= record->at_ms;
            bool before = card.from_ms == book_card_at(book, from_ms)->from_ms;
            record_differ(view, INVARIANT, "a late card is higher:", higher, 1);
            record_differ(view, INVARIANT, "a late card is of the replay:", inside || before, 1);
            record_differ(view, INVARIANT, "a late card covers now:", card.until_ms > record->at_ms,
                          1);
        } else {
            record_differ(view, INVARIANT, "cause:", (int64_t)cause, granted ? CARD_OPENING : -1);
        }
        book_add_card(book, &card);
    }
    enum rules_tier reached = rules_reached(rules, book_score(book, record->at_ms), true);
    bool missed = gained > 0 && reached > rules_known(rules, book_card(book)->tier);
    record_differ(view, "a tier given at once is given", "one was missed:", missed, 0);
}

// --- a balance brought over ---

static void take_opening(const struct record_view *view)
{
    const struct record_opening *opening = &view->record->opening;
    struct book *book = view->book;
    for (size_t i = 0; i < opening->lot_count; i++) {
        book->opened += opening->lots[i].points;
        purse_earn(&book->purse, &(struct purse_lot){.ends_ms = opening->lots[i].ends_ms,
                                                     .points = opening->lots[i].points});
    }
    int64_t gained = 0;
    for (size_t i = 0; i < opening->score_count; i++) {
        const struct opening_score *score = &opening->scores[i];
        record_differ(view, "points are conserved", "score from", score->from_ms, book->at_ms);
        book_add_score(book, score->until_ms, score->score);
        gained += score->score;
    }
    record_cards(view, book->at_ms, gained, true);
}

static bool opening_is_of(const struct record_view *view, const struct intent *intent)
{
    const struct record_opening *opening = &view->record->opening;
    return lot_moves_points(opening->lots, opening->lot_count) == intent->amount;
}

// --- the program's own ---

static void take_program(const struct record_view *view)
{
    record_differ(view, "logs hold together", "a version in a member's log:", 1, 0);
}

static bool published_is_of(const struct record_view *view, const struct intent *intent)
{
    return intent->rules != NULL &&
           intent->occurred_ms == view->record->published.effective_from_ms;
}

static bool withdrawn_is_of(const struct record_view *view, const struct intent *intent)
{
    return intent->withdraws != 0 && intent->withdraws == view->record->withdrawn.number;
}

// --- a terminal's day ---

static void take_receipt(const struct record_view *view)
{
    record_differ(view, "logs hold together", "a receipt in a member's log:", 1, 0);
}

static bool receipt_is_of(const struct record_view *view, const struct intent *intent)
{
    return intent->reconciles && view->record->receipt.stage == RECEIPT_DAY_CLOSED;
}

static const struct record_row rows[] = {
    {RECORD_OPENED, "opened", take_opened, opened_is_of},
    {RECORD_AWARDED, "awarded", take_awarded, awarded_is_of},
    {RECORD_REDEEMED, "redeemed", take_redeemed, redeemed_is_of},
    {RECORD_REFUSED, "refused", take_refused, refused_is_of},
    {RECORD_BOUNDARY, "time", take_boundary, NULL},
    {RECORD_OPENING, "opening", take_opening, opening_is_of},
    {RECORD_BOUND, "bound", take_bound, NULL},
    {RECORD_HELD, "held", take_held, held_is_of},
    {RECORD_CAPTURED, "captured", take_captured, captured_is_of},
    {RECORD_RELEASED, "released", take_released, released_is_of},
    {RECORD_LAPSED, "lapsed", take_lapsed, NULL},
    {RECORD_REVERSED, "reversed", take_reversed, reversed_is_of},
    {RECORD_TOMBSTONE, "tombstone", take_tombstone, tombstone_is_of},
    {RECORD_RECEIPT, "receipt", take_receipt, receipt_is_of},
    {RECORD_PUBLISHED, "published", take_program, published_is_of},
    {RECORD_WITHDRAWN, "withdrawn", take_program, withdrawn_is_of},
};

const struct record_row *table_record(enum record_type type)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].type == type) {
            return &rows[i];
        }
    }
    return NULL;
}
