// Sales and redemptions, held against the version in force and the book's own lots.
#include "sim/records.h"

#include "core/refusal.h"
#include "loyalty/v1/points.pb-c.h"

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
    int64_t earning_minor = awarded->amount_minor - awarded->paid_with_points_minor;
    enum rules_tier tier = rules_known(rules, book_card_at(view->book, at_ms)->tier);
    record_differ(view, "the version is right for its time", "the version is", awarded->version,
                  rules->number);
    record_differ(view, INVARIANT, "points are", awarded->points,
                  rules_points(rules, earning_minor, tier));
    record_differ(view, INVARIANT, "score is", awarded->score, rules_score(rules, earning_minor));
    record_differ(view, INVARIANT, "points end at", awarded->lot_ends_ms, lot_end(rules, at_ms));
    record_differ(view, INVARIANT, "score ends at", awarded->score_until_ms,
                  china_month_end_after(at_ms, rules->rolling_months));
    int64_t spendable_ms =
        rules->pending_days == 0 ? at_ms : china_midnight(china_day(at_ms) + rules->pending_days);
    record_differ(view, INVARIANT, "points can be spent from", awarded->spendable_ms, spendable_ms);
}

static int64_t most_days(const struct rules *rules, const struct record_awarded *awarded)
{
    return awarded->attached ? rules->attach_days : rules->late_days;
}

static void check_occurred(const struct record_view *view)
{
    static const char INVARIANT[] = "a sale occurred when it may have";
    const struct record *record = view->record;
    const struct record_awarded *awarded = &record->awarded;
    record_differ(
        view, INVARIANT, "before the enrolment or after its record:",
        awarded->occurred_ms < view->book->enrolled_ms || awarded->occurred_ms > record->at_ms, 0);
    if (awarded->backfill) {
        record_differ(view, INVARIANT, "a past sale is posted at", record->at_ms,
                      awarded->occurred_ms);
        return;
    }
    // A daemon's clock may be a little behind the account: before midnight, or under the version
    // before.
    const struct rules *rules = record_rules(view, record->at_ms);
    const struct rules *before =
        record_rules(view, record->at_ms - INT64_C(2) * LIMIT_CLOCK_AHEAD_MS);
    int64_t most = most_days(rules, awarded);
    most = most_days(before, awarded) > most ? most_days(before, awarded) : most;
    int64_t late = china_day(record->at_ms) - china_day(awarded->occurred_ms);
    bool too_late = late > most + 1;
    record_differ(view, INVARIANT, "too many days late:", too_late, 0);
}

void take_awarded(const struct record_view *view)
{
    const struct record_awarded *awarded = &view->record->awarded;
    struct book *book = view->book;
    const struct rules *rules = record_rules(view, awarded->occurred_ms);
    check_occurred(view);
    check_award(view, rules);
    book->awarded += awarded->points;
    purse_earn(&book->purse, &(struct purse_lot){.spendable_ms = awarded->spendable_ms,
                                                 .ends_ms = awarded->lot_ends_ms,
                                                 .points = awarded->points,
                                                 .award = book->seq + 1});
    book_add_score(book, awarded->score_until_ms, awarded->score);
    bool counts = awarded->score_until_ms > book->at_ms;
    record_cards(view, awarded->occurred_ms, counts ? awarded->score : 0, false);
}

// A sale dated a little ahead occurs at the daemon's now.
static bool occurred_then(const struct record_awarded *awarded, const struct intent *intent)
{
    int64_t ahead_ms = intent->occurred_ms - awarded->occurred_ms;
    return intent->occurred_ms == 0 || ahead_ms == 0 ||
           (ahead_ms > 0 && ahead_ms <= LIMIT_FUTURE_SALE_MS);
}

bool awarded_is_of(const struct record_view *view, const struct intent *intent)
{
    const struct record_awarded *awarded = &view->record->awarded;
    uint64_t exchange_of = awarded->exchanged ? book_request(awarded->exchange_of) : 0;
    return awarded->amount_minor == intent->amount && occurred_then(awarded, intent) &&
           !intent->training && awarded->backfill == intent->backfill &&
           awarded->paid_with_points_minor == intent->paid_minor &&
           awarded->attached == intent->attached && exchange_of == intent->exchange_of &&
           record_has_receipt(&awarded->receipt, intent);
}

// --- spending ---

// Redemptions are counted by civil day while the version in force limits them.
static void check_day(const struct record_view *view, const struct record_redeemed *taken,
                      const struct rules *rules)
{
    static const char INVARIANT[] = "no more is redeemed a day than the rules allow";
    const struct purse *purse = &view->book->purse;
    record_differ(view, INVARIANT, "it is counted:", taken->counted, rules->day_limit > 0);
    if (!taken->counted) {
        return;
    }
    int64_t day = china_day(view->book->at_ms);
    int64_t before = purse->day == day ? purse->day_points : 0;
    record_differ(view, INVARIANT, "the day", taken->day, day);
    record_differ(view, INVARIANT,
                  "more than is left of the day:", taken->points > rules->day_limit - before, 0);
}

void record_spending(const struct record_view *view, const struct record_redeemed *taken)
{
    const struct rules *rules = record_rules(view, view->book->at_ms);
    record_differ(view, "the version is right for its time", "the version is", taken->version,
                  rules->number);
    record_differ(view, "a redemption is worth what the rules say", "its value is",
                  taken->value_minor, rules_value(rules, taken->points));
    bool allowed =
        taken->points >= rules->redeem_minimum && taken->points % rules->redeem_step == 0;
    record_differ(view, "a redemption is one the rules allow", "allowed:", allowed, 1);
    record_differ(view, "points are conserved",
                  "more than there is:", taken->points > purse_spendable(&view->book->purse), 0);
    check_day(view, taken, rules);
}

void take_redeemed(const struct record_view *view)
{
    const struct record_redeemed *redeemed = &view->record->redeemed;
    struct book *book = view->book;
    record_spending(view, redeemed);
    (void)purse_spend(&book->purse, redeemed->points);
    record_moves(view, "lots of a redemption:", redeemed->lots, redeemed->lot_count,
                 &book->purse.moved);
    if (redeemed->counted) {
        purse_count(&book->purse, redeemed->day, redeemed->points);
    }
    book->redeemed += redeemed->points;
}

bool redeemed_is_of(const struct record_view *view, const struct intent *intent)
{
    return view->record->redeemed.points == intent->amount &&
           record_has_receipt(&view->record->redeemed.receipt, intent);
}

// --- refusals ---

static void check_refused_points(const struct record_view *view,
                                 const struct record_refused *refused)
{
    static const char INVARIANT[] = "a redemption is refused only when the rules say no";
    const struct purse *purse = &view->book->purse;
    const struct rules *rules = record_rules(view, view->book->at_ms);
    int64_t today = purse->day == china_day(view->book->at_ms) ? purse->day_points : 0;
    int64_t left = rules->day_limit > today ? rules->day_limit - today : 0;
    int64_t limit = 0;
    bool enough = true;
    switch ((enum refusal_reason)refused->reason) {
    case REFUSAL_INSUFFICIENT_POINTS:
        limit = purse_balance(purse);
        enough = limit >= refused->asked;
        break;
    case REFUSAL_BELOW_MINIMUM:
        limit = rules->redeem_minimum;
        enough = refused->asked >= limit;
        break;
    case REFUSAL_NOT_A_STEP:
        limit = rules->redeem_step;
        enough = refused->asked % limit == 0;
        break;
    case REFUSAL_DAY_LIMIT:
        limit = left;
        enough = rules->day_limit == 0 || left >= refused->asked;
        break;
    default:
        record_differ(view, INVARIANT, "reason", refused->reason, 0);
    }
    record_differ(view, INVARIANT, "limit", refused->limit, limit);
    record_differ(view, INVARIANT, "enough:", enough, 0);
}

void take_refused(const struct record_view *view)
{
    const struct record_refused *refused = &view->record->refused;
    if (refused->method != RECORD_CAPTURED) {
        check_refused_points(view, refused);
    }
}

// What became of the hold must be what the refused capture was told.
static bool is_of_capture(const struct record_view *view, const struct intent *intent)
{
    const struct record_refused *refused = &view->record->refused;
    const struct deed *held = book_deed(view->book, intent->original);
    if (held == NULL || held->record.type != RECORD_HELD) {
        return false;
    }
    if (refused->reason == REFUSAL_HOLD_TOO_SMALL) {
        return held->end == HOLD_OPEN && refused->asked == intent->amount &&
               refused->limit == held->record.held.taken.points && refused->asked > refused->limit;
    }
    static const struct {
        enum hold_end end;
        enum refusal_reason reason;
    } ENDS[] = {{HOLD_CAPTURED, REFUSAL_HOLD_CAPTURED},
                {HOLD_RELEASED, REFUSAL_HOLD_RELEASED},
                {HOLD_LAPSED, REFUSAL_HOLD_LAPSED}};
    for (size_t i = 0; i < sizeof(ENDS) / sizeof(ENDS[0]); i++) {
        if (ENDS[i].end == held->end) {
            return ENDS[i].reason == (enum refusal_reason)refused->reason;
        }
    }
    return false;
}

bool refused_is_of(const struct record_view *view, const struct intent *intent)
{
    const struct record_refused *refused = &view->record->refused;
    const ProtobufCMessageDescriptor *type = intent->message->descriptor;
    switch ((enum record_type)refused->method) {
    case RECORD_REDEEMED:
        return type == &loyalty__v1__redeem_request__descriptor && refused->asked == intent->amount;
    case RECORD_HELD:
        return type == &loyalty__v1__reserve_request__descriptor &&
               refused->asked == intent->amount;
    case RECORD_CAPTURED:
        return type == &loyalty__v1__capture_request__descriptor && is_of_capture(view, intent);
    default:
        return false;
    }
}
