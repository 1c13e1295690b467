// Reservations: what is set aside, and the three ways in which that ends.
#include "sim/records.h"

#include "base/check.h"

static const char INVARIANT[] = "a hold ends once, in its time";

void take_held(const struct record_view *view)
{
    const struct record_redeemed *taken = &view->record->held.taken;
    struct book *book = view->book;
    record_spending(view, taken);
    const struct rules *rules = record_rules(view, book->at_ms);
    int64_t lifetime_ms = view->record->held.lapses_ms - book->at_ms;
    record_differ(view, INVARIANT, "it lives:", lifetime_ms > 0, 1);
    record_differ(view, INVARIANT, "it lives longer than the rules say:",
                  lifetime_ms > rules->hold_seconds * INT64_C(1000), 0);
    purse_set_aside(&book->purse,
                    &(struct purse_hold){.request = book_request(view->record->mark.id),
                                         .lapses_ms = view->record->held.lapses_ms,
                                         .points = taken->points,
                                         .version = taken->version,
                                         .counted = taken->counted,
                                         .day = taken->counted ? taken->day : 0});
    record_moves(view, "lots of a reservation:", taken->lots, taken->lot_count, &book->purse.moved);
}

bool held_is_of(const struct record_view *view, const struct intent *intent)
{
    const struct record_held *held = &view->record->held;
    int64_t most_ms = record_rules(view, view->record->at_ms)->hold_seconds * INT64_C(1000);
    bool shorter = intent->hold_seconds > 0 && intent->hold_seconds * INT64_C(1000) < most_ms;
    int64_t lifetime_ms = shorter ? intent->hold_seconds * INT64_C(1000) : most_ms;
    return held->taken.points == intent->amount &&
           held->lapses_ms == view->record->at_ms + lifetime_ms;
}

void record_end_hold(const struct record_view *view, const uint8_t *reservation, int64_t points,
                     enum hold_end end, const struct points_freed *freed)
{
    uint64_t request = book_request(reservation);
    struct purse *purse = &view->book->purse;
    const struct purse_hold *hold = purse_hold(purse, request);
    struct deed *deed = book_deed(view->book, request);
    record_differ(view, INVARIANT, "the hold is open:", hold != NULL && deed != NULL, 1);
    CHECK(hold != NULL && deed != NULL);
    bool lapsed = hold->lapses_ms <= view->record->at_ms;
    record_differ(view, INVARIANT, "its time is over:", lapsed, end == HOLD_LAPSED);
    record_differ(view, INVARIANT, "more than it holds:", points > hold->points, 0);
    int64_t ended = purse_end_hold(purse, request, points);
    struct counts *counts = view->sim->counts;
    counts_case(counts, "freed, ended", ended > 0);
    counts_case(counts, "captured in part", points > 0 && purse->freed.count > 0);
    record_moves(view, "lots that are freed:", freed->lots, freed->lot_count, &purse->freed);
    deed->end = end;
    deed->capture = end == HOLD_CAPTURED ? book_request(view->record->mark.id) : 0;
}

void take_captured(const struct record_view *view)
{
    static const char VALUE[] = "a capture is worth what its reservation was";
    const struct record_captured *captured = &view->record->captured;
    const struct record_redeemed *taken = &captured->taken;
    struct book *book = view->book;
    record_end_hold(view, captured->reservation, taken->points, HOLD_CAPTURED, &captured->freed);
    record_moves(view, "lots of a capture:", taken->lots, taken->lot_count, &book->purse.moved);
    const struct deed *held = book_deed(book, book_request(captured->reservation));
    const struct record_redeemed *reserved = &held->record.held.taken;
    const struct rules *rules = view->sim->published[reserved->version - 1];
    record_differ(view, VALUE, "the version is", taken->version, reserved->version);
    record_differ(view, VALUE, "its value is", taken->value_minor,
                  rules_value(rules, taken->points));
    record_differ(view, VALUE, "it is counted:", taken->counted, reserved->counted);
    record_differ(view, VALUE, "the day", taken->counted ? taken->day : 0,
                  reserved->counted ? reserved->day : 0);
    book->redeemed += taken->points;
}

bool captured_is_of(const struct record_view *view, const struct intent *intent)
{
    const struct record_captured *captured = &view->record->captured;
    bool all = captured->freed.lot_count == 0;
    return book_request(captured->reservation) == intent->original &&
           record_has_receipt(&captured->taken.receipt, intent) &&
           (intent->amount == 0 ? all : captured->taken.points == intent->amount);
}

void take_released(const struct record_view *view)
{
    const struct record_released *released = &view->record->released;
    record_end_hold(view, released->reservation, 0, HOLD_RELEASED, &released->freed);
}

bool released_is_of(const struct record_view *view, const struct intent *intent)
{
    return book_request(view->record->released.reservation) == intent->original;
}

void take_lapsed(const struct record_view *view)
{
    const struct record_lapsed *lapsed = &view->record->lapsed;
    bool foretold = view->foretold != NULL && view->foretold->at_ms == view->record->at_ms &&
                    view->foretold->lapsed == book_request(lapsed->reservation);
    record_differ(view, INVARIANT, "it was due:", foretold, 1);
    record_end_hold(view, lapsed->reservation, 0, HOLD_LAPSED, &lapsed->freed);
}
