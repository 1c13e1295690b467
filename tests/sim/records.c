// What each kind of record does to a book, and what it must be: by the versions published, the
// book's own lots, cards and scores, and plain arithmetic.
#include "base/check.h"
#include "sim/sim.h"

static void differ(const struct record_view *view, const char *invariant, const char *what,
                   int64_t said, int64_t expected)
{
    if (said != expected) {
        sim_violated(view->sim, invariant, "%s, record %llu: %s %lld, must be %lld", view->book->id,
                     (unsigned long long)view->book->seq + 1, what, (long long)said,
                     (long long)expected);
    }
}

static const struct rules *rules_now(const struct record_view *view, int64_t at_ms)
{
    const struct rules_set *versions = &view->sim->versions;
    const struct rules *rules = rules_at(versions, versions->count, at_ms);
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
    differ(view, "a card is a tier's", "its tier is unknown:", tier == TIER_COUNT, 0);
    return (struct book_card){tier, card->from_ms, card->until_ms};
}

static void same_card(const struct record_view *view, const struct book_card *said,
                      const struct book_card *expected)
{
    static const char INVARIANT[] = "a card is what the rules give";
    differ(view, INVARIANT, "a card of tier", (int64_t)said->tier, (int64_t)expected->tier);
    differ(view, INVARIANT, "a card from", said->from_ms, expected->from_ms);
    differ(view, INVARIANT, "a card until", said->until_ms, expected->until_ms);
}

// --- time ---

static void take_boundary(const struct record_view *view)
{
    static const char INVARIANT[] = "time writes what falls due, when it does";
    const struct record *record = view->record;
    struct book *book = view->book;
    differ(view, INVARIANT, "something was due:", view->foretold != NULL, 1);
    CHECK(view->foretold != NULL);
    differ(view, INVARIANT, "a boundary at", record->at_ms, view->foretold->at_ms);
    int64_t expired = 0;
    for (size_t i = 0; i < record->boundary.expired_count; i++) {
        expired += record->boundary.expired[i].points;
        differ(view, INVARIANT, "a lot that ends at", record->boundary.expired[i].ends_ms,
               record->at_ms);
    }
    differ(view, INVARIANT, "points that end:", expired, view->foretold->expired);
    differ(view, INVARIANT, "cards given:", (int64_t)record->card_count,
           (int64_t)view->foretold->card_count);
    for (uint32_t i = 0; i < book->lots.count; i++) {
        struct book_lot *lot = &book->lots.items[i];
        lot->points = lot->ends_ms == record->at_ms ? 0 : lot->points;
    }
    book->expired += expired;
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
    differ(view, "a member begins with the base tier", "cards:", (int64_t)record->card_count, 1);
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

static bool opened_is_of(const struct record *record, const struct intent *intent)
{
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
            const struct book *owner = observer_owner(sim, &bound->identifier);
            differ(view, INVARIANT, "it is the owner:", owner == view->book, !bound->lost);
            bool listed = owner != NULL && book_lists(owner, bound->identifier.key);
            differ(view, INVARIANT, "the owner lists it:", listed, 1);
        }
        return;
    }
    differ(view, INVARIANT, "no obligation was open:", 1, 0);
}

// --- score that comes by a command ---

// What the score given now brings at once; a card for late score is judged by what is sure of it.
static void take_cards(const struct record_view *view, int64_t from_ms, int64_t gained,
                       bool granted)
{
    static const char INVARIANT[] = "a tier is never lower inside a card";
    const struct record *record = view->record;
    struct book *book = view->book;
    const struct rules *rules = rules_now(view, record->at_ms);
    for (size_t i = 0; i < record->card_count; i++) {
        const struct book_card held = *book_card(book);
        struct book_card card = card_of(view, i);
        enum card_cause cause = record->cards[i].cause;
        bool higher = card.tier > rules_known(rules, held.tier);
        if (cause == CARD_IMMEDIATE) {
            enum rules_tier reached = rules_reached(rules, book_score(book, record->at_ms), true);
            struct book_card expected = book_upgraded(rules, &held, reached, record->at_ms);
            same_card(view, &card, &expected);
            differ(view, INVARIANT, "the card is higher:", higher, 1);
        } else if (cause == CARD_LATE_SCORE) {
            // It comes from the replay: dated inside it, or the card that covered its beginning.
            bool inside = card.from_ms >= from_ms && card.from_ms <= record->at_ms;
            bool before = card.from_ms == book_card_at(book, from_ms)->from_ms;
            differ(view, INVARIANT, "a late card is higher:", higher, 1);
            differ(view, INVARIANT, "a late card is of the replay:", inside || before, 1);
            differ(view, INVARIANT, "a late card covers now:", card.until_ms > record->at_ms, 1);
        } else {
            differ(view, INVARIANT, "cause:", (int64_t)cause, granted ? CARD_OPENING : -1);
        }
        book_add_card(book, &card);
    }
    enum rules_tier reached = rules_reached(rules, book_score(book, record->at_ms), true);
    bool missed = gained > 0 && reached > rules_known(rules, book_card(book)->tier);
    differ(view, "a tier given at once is given", "one was missed:", missed, 0);
}

// --- sales ---

static int64_t lot_end(const struct rules *rules, int64_t at_ms)
{
    return rules->expiry_months == 0 ? INSTANT_NEVER
                                     : china_month_end_after(at_ms, rules->expiry_months);
}

static void check_award(const struct record_view *view, const struct rules *rules)
{
    static const char INVARIANT[] = "a sale earns what the version of its time says";
    const struct record_awarded *awarded = &view->record->awarded;
    int64_t at_ms = awarded->occurred_ms;
    enum rules_tier tier = rules_known(rules, book_card_at(view->book, at_ms)->tier);
    differ(view, "the version is right for its time", "the version is", awarded->version,
           rules->number);
    differ(view, INVARIANT, "points are", awarded->points,
           rules_points(rules, awarded->amount_minor, tier));
    differ(view, INVARIANT, "score is", awarded->score, rules_score(rules, awarded->amount_minor));
    differ(view, INVARIANT, "points end at", awarded->lot_ends_ms, lot_end(rules, at_ms));
    differ(view, INVARIANT, "score ends at", awarded->score_until_ms,
           china_month_end_after(at_ms, rules->rolling_months));
    int64_t spendable_ms =
        rules->pending_days == 0 ? at_ms : china_midnight(china_day(at_ms) + rules->pending_days);
    differ(view, INVARIANT, "points can be spent from", awarded->spendable_ms, spendable_ms);
}

static void check_occurred(const struct record_view *view)
{
    static const char INVARIANT[] = "a sale occurred when it may have";
    const struct record *record = view->record;
    const struct record_awarded *awarded = &record->awarded;
    differ(view, INVARIANT, "before the enrolment or after its record:",
           awarded->occurred_ms < view->book->enrolled_ms || awarded->occurred_ms > record->at_ms,
           0);
    if (awarded->backfill) {
        differ(view, INVARIANT, "a past sale is posted at", record->at_ms, awarded->occurred_ms);
        return;
    }
    // A daemon's clock may be a little behind the account: before midnight, or under the version
    // before.
    const struct rules *rules = rules_now(view, record->at_ms);
    const struct rules *before = rules_now(view, record->at_ms - INT64_C(2) * LIMIT_CLOCK_AHEAD_MS);
    int64_t most = rules->late_days > before->late_days ? rules->late_days : before->late_days;
    int64_t late = china_day(record->at_ms) - china_day(awarded->occurred_ms);
    bool too_late = late > most + 1;
    differ(view, INVARIANT, "too many days late:", too_late, 0);
}

static void take_awarded(const struct record_view *view)
{
    const struct record_awarded *awarded = &view->record->awarded;
    struct book *book = view->book;
    const struct rules *rules = rules_now(view, awarded->occurred_ms);
    check_occurred(view);
    check_award(view, rules);
    book->awarded += awarded->points;
    if (awarded->lot_ends_ms <= book->at_ms) {
        book->expired += awarded->points;
    } else {
        book_add_lot(book, awarded->spendable_ms, awarded->lot_ends_ms, awarded->points);
    }
    book_add_score(book, awarded->score_until_ms, awarded->score);
    bool counts = awarded->score_until_ms > book->at_ms;
    take_cards(view, awarded->occurred_ms, counts ? awarded->score : 0, false);
}

// A sale dated a little ahead occurs at the daemon's now.
static bool occurred_then(const struct record_awarded *awarded, const struct intent *intent)
{
    int64_t ahead_ms = intent->occurred_ms - awarded->occurred_ms;
    return intent->occurred_ms == 0 || ahead_ms == 0 ||
           (ahead_ms > 0 && ahead_ms <= LIMIT_FUTURE_SALE_MS);
}

static bool awarded_is_of(const struct record *record, const struct intent *intent)
{
    const struct record_awarded *awarded = &record->awarded;
    return awarded->amount_minor == intent->amount && occurred_then(awarded, intent) &&
           !intent->training && awarded->backfill == intent->backfill;
}

// --- spending ---

static void take_redeemed(const struct record_view *view)
{
    const struct record_redeemed *redeemed = &view->record->redeemed;
    const struct rules *rules = rules_now(view, view->book->at_ms);
    differ(view, "the version is right for its time", "the version is", redeemed->version,
           rules->number);
    differ(view, "a redemption is worth what the rules say", "its value is", redeemed->value_minor,
           rules_value(redeemed->points));
    bool allowed =
        redeemed->points >= rules->redeem_minimum && redeemed->points % rules->redeem_step == 0;
    differ(view, "a redemption is one the rules allow", "allowed:", allowed, 1);
    book_spend(view->sim, view->book, redeemed->lots, redeemed->lot_count, redeemed->points);
    view->book->redeemed += redeemed->points;
}

static bool redeemed_is_of(const struct record *record, const struct intent *intent)
{
    return record->redeemed.points == intent->amount;
}

static void take_refused(const struct record_view *view)
{
    static const char INVARIANT[] = "a redemption is refused only when the rules say no";
    const struct record_refused *refused = &view->record->refused;
    const struct rules *rules = rules_now(view, view->book->at_ms);
    int64_t balance = book_balance(view->book, view->book->at_ms);
    switch ((enum refusal_reason)refused->reason) {
    case REFUSAL_INSUFFICIENT_POINTS:
        differ(view, INVARIANT, "available", refused->limit, balance);
        differ(view, INVARIANT, "enough:", balance >= refused->asked, 0);
        return;
    case REFUSAL_BELOW_MINIMUM:
        differ(view, INVARIANT, "minimum", refused->limit, rules->redeem_minimum);
        differ(view, INVARIANT, "enough:", refused->asked >= rules->redeem_minimum, 0);
        return;
    case REFUSAL_NOT_A_STEP:
        differ(view, INVARIANT, "step", refused->limit, rules->redeem_step);
        differ(view, INVARIANT, "a step:", refused->asked % rules->redeem_step == 0, 0);
        return;
    default:
        differ(view, INVARIANT, "reason", refused->reason, 0);
    }
}

static bool refused_is_of(const struct record *record, const struct intent *intent)
{
    return record->refused.asked == intent->amount;
}

// --- a balance brought over ---

static void take_opening(const struct record_view *view)
{
    const struct record_opening *opening = &view->record->opening;
    struct book *book = view->book;
    for (size_t i = 0; i < opening->lot_count; i++) {
        book->opened += opening->lots[i].points;
        book_add_lot(book, book->at_ms, opening->lots[i].ends_ms, opening->lots[i].points);
    }
    int64_t gained = 0;
    for (size_t i = 0; i < opening->score_count; i++) {
        const struct opening_score *score = &opening->scores[i];
        differ(view, "points are conserved", "score from", score->from_ms, book->at_ms);
        book_add_score(book, score->until_ms, score->score);
        gained += score->score;
    }
    take_cards(view, book->at_ms, gained, true);
}

static bool opening_is_of(const struct record *record, const struct intent *intent)
{
    int64_t sum = 0;
    for (size_t i = 0; i < record->opening.lot_count; i++) {
        sum += record->opening.lots[i].points;
    }
    return sum == intent->amount;
}

// --- the program's own ---

static void take_published(const struct record_view *view)
{
    differ(view, "logs hold together", "a version in a member's log:", 1, 0);
}

static bool published_is_of(const struct record *record, const struct intent *intent)
{
    return intent->rules != NULL && intent->occurred_ms == record->published.effective_from_ms;
}

static const struct record_row rows[] = {
    {RECORD_OPENED, "opened", take_opened, opened_is_of},
    {RECORD_AWARDED, "awarded", take_awarded, awarded_is_of},
    {RECORD_REDEEMED, "redeemed", take_redeemed, redeemed_is_of},
    {RECORD_REFUSED, "refused", take_refused, refused_is_of},
    {RECORD_BOUNDARY, "time", take_boundary, NULL},
    {RECORD_OPENING, "opening", take_opening, opening_is_of},
    {RECORD_BOUND, "bound", take_bound, NULL},
    {RECORD_PUBLISHED, "published", take_published, published_is_of},
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
