// Reversals: what is taken back is computed here anew, from the records that the originals left and
// the book's own lots. Source: domain.md, "Figures" and fine print 8, 9, 11, 15 and 17.
#include "sim/records.h"

#include "base/check.h"

static const char INVARIANT[] = "a reversal takes back what its original did";

__extension__ typedef __int128 wide;

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t share(int64_t whole, int64_t part, int64_t of)
{
    return of == 0 ? 0 : (int64_t)((wide)whole * part / of);
}

static void same(const struct record_view *view, const char *what, int64_t said, int64_t expected)
{
    record_differ(view, INVARIANT, what, said, expected);
}

// What a reversal of this id is about: of a captured hold its capture.
static struct deed *target(const struct book *book, uint64_t request)
{
    struct deed *deed = book_deed(book, request);
    bool captured = deed != NULL && deed->record.type == RECORD_HELD && deed->end == HOLD_CAPTURED;
    return captured ? book_deed(book, deed->capture) : deed;
}

// --- awards ---

// Recorded shares of the lines that this reversal names; one that came back before is a fault.
static struct line_share lines_of(const struct record_view *view, struct deed *deed)
{
    const struct reversed_sale *sale = &view->record->reversed.sale;
    const struct record_awarded *awarded = &deed->record.awarded;
    struct line_share sum = {0};
    for (size_t i = 0; i < sale->line_count; i++) {
        if (awarded->line_count == 0) {
            same(view, "the one line is", sale->lines[i], 1);
            return (struct line_share){awarded->amount_minor, awarded->points, awarded->score};
        }
        size_t line = sale->lines[i] - 1;
        same(view, "the sale has the line:", line < awarded->line_count, 1);
        same(view, "the line came back before:", deed->lines[line], 0);
        deed->lines[line] = true;
        sum.amount_minor += awarded->lines[line].amount_minor;
        sum.points += awarded->lines[line].points;
        sum.score += awarded->lines[line].score;
    }
    return sum;
}

// What must be taken when so much of the sale comes back.
static struct line_share expected_of(const struct record_view *view, struct deed *deed)
{
    const struct reversed_sale *sale = &view->record->reversed.sale;
    const struct record_awarded *awarded = &deed->record.awarded;
    struct line_share left = {awarded->amount_minor - deed->amount_minor,
                              awarded->points - deed->points, awarded->score - deed->score};
    struct line_share expected = {.amount_minor = sale->amount_minor};
    if (sale->line_count > 0) {
        struct line_share lines = lines_of(view, deed);
        expected.amount_minor = least(lines.amount_minor, left.amount_minor);
        expected.points = least(lines.points, left.points);
        expected.score = least(lines.score, left.score);
    } else {
        int64_t returned = deed->amount_minor + sale->amount_minor;
        int64_t points = share(awarded->points, returned, awarded->amount_minor) - deed->points;
        int64_t score = share(awarded->score, returned, awarded->amount_minor) - deed->score;
        expected.points = points > 0 ? points : 0;
        expected.score = score > 0 ? score : 0;
    }
    return expected.amount_minor == left.amount_minor ? left : expected;
}

static void check_refund(const struct record_view *view, const struct deed *deed)
{
    const struct record_awarded *awarded = &deed->record.awarded;
    int64_t paid = awarded->paid_with_points_minor;
    int64_t returned = deed->amount_minor + view->record->reversed.sale.amount_minor;
    same(view, "refunded in points", view->record->reversed.sale.refund_points_minor,
         share(paid, returned, awarded->amount_minor) -
             share(paid, deed->amount_minor, awarded->amount_minor));
}

static void count_award(const struct record_view *view, const struct purse_found *found)
{
    const struct record_reversed *reversed = &view->record->reversed;
    const struct reversed_sale *sale = &reversed->sale;
    struct counts *counts = view->sim->counts;
    int64_t lots = lot_moves_points(reversed->lots, reversed->lot_count);
    counts_case(counts, "taken by lines", sale->line_count > 0);
    counts_case(counts, "taken by amount", sale->line_count == 0);
    counts_case(counts, "taken from pending", found->pending > 0);
    counts_case(counts, "taken from own lot", lots > found->others);
    counts_case(counts, "taken from expired", found->expired > 0);
    counts_case(counts, "taken from others", found->others > 0);
    counts_case(counts, "taken, owed", sale->deficit > 0);
    counts_case(counts, "taken, forgiven", reversed->forgiven > 0);
    counts_case(counts, "taken, refunded", sale->refund_points_minor > 0);
}

static void take_from_award(const struct record_view *view, struct deed *deed)
{
    const struct record_reversed *reversed = &view->record->reversed;
    const struct record_awarded *awarded = &deed->record.awarded;
    struct book *book = view->book;
    bool forgive = record_rules(view, book->at_ms)->clamp;
    struct line_share expected = expected_of(view, deed);
    bool counts = awarded->score_until_ms > book->at_ms;
    check_refund(view, deed);
    same(view, "returned", reversed->sale.amount_minor, expected.amount_minor);
    same(view, "points", reversed->points, expected.points);
    same(view, "score", reversed->sale.score, counts ? expected.score : 0);
    struct purse_found found =
        purse_take_back(&book->purse, deed->seq, awarded->lot_ends_ms, reversed->points, forgive);
    record_moves(view, "lots of a reversal:", reversed->lots, reversed->lot_count,
                 &book->purse.moved);
    same(view, "of them pending", reversed->sale.pending, found.pending);
    same(view, "of them expired", reversed->expired, found.expired);
    same(view, "of them owed", reversed->sale.deficit, forgive ? 0 : found.missing);
    same(view, "of them forgiven", reversed->forgiven, forgive ? found.missing : 0);
    bool used = found.others + found.missing > 0;
    same(view, "result", (int64_t)reversed->result,
         used ? REVERSE_FURTHER_ACTIVITY : REVERSE_REVERSED);
    count_award(view, &found);
    book->taken_back += reversed->points;
    if (counts) {
        book_add_score(book, awarded->score_until_ms, -expected.score);
        same(view, "score below 0:", book_score(book, book->at_ms) < 0, 0);
    }
    deed->amount_minor += expected.amount_minor;
    deed->score += counts ? expected.score : 0;
    deed->points += expected.points;
}

// --- redemptions and captures ---

static const struct record_redeemed *spending_of(const struct deed *deed)
{
    return deed->record.type == RECORD_CAPTURED ? &deed->record.captured.taken
                                                : &deed->record.redeemed;
}

// The lots consumed last come back first; what was forgiven is paid before all.
static int64_t give_back(const struct record_view *view, struct deed *deed)
{
    const struct record_redeemed *spent = spending_of(deed);
    struct purse *purse = &view->book->purse;
    int64_t back = deed->points;
    int64_t left = view->record->reversed.points;
    int64_t expired = 0;
    size_t move = 0;
    for (size_t i = spent->lot_count; i > 0 && left > 0; i--) {
        const struct lot_move *lot = &spent->lots[i - 1];
        int64_t before = least(back, lot->points);
        int64_t points = least(lot->points - before, left);
        back -= before;
        left -= points;
        if (points == 0) {
            continue;
        }
        bool told = move < view->record->reversed.lot_count;
        same(view, "a lot that gets its points back:", told, 1);
        same(view, "it ends", view->record->reversed.lots[move].ends_ms, lot->ends_ms);
        same(view, "it gets", view->record->reversed.lots[move].points, points);
        move++;
        int64_t paid = least(purse->forgiven, points);
        purse->forgiven -= paid;
        expired += purse_put_back(purse, lot->ends_ms, points - paid);
    }
    same(view, "lots that get their points back:", (int64_t)view->record->reversed.lot_count,
         (int64_t)move);
    return expired;
}

static void take_from_spending(const struct record_view *view, struct deed *deed)
{
    const struct record_reversed *reversed = &view->record->reversed;
    const struct record_redeemed *spent = spending_of(deed);
    struct purse *purse = &view->book->purse;
    same(view, "more than was spent:", reversed->points > spent->points - deed->points, 0);
    int64_t forgiven = purse->forgiven;
    int64_t deficit = purse->deficit;
    same(view, "expired again", reversed->expired, give_back(view, deed));
    same(view, "forgiven before, now paid", reversed->forgiven, forgiven - purse->forgiven);
    int64_t after = deed->points + reversed->points;
    same(view, "value", reversed->value_minor,
         share(spent->value_minor, after, spent->points) -
             share(spent->value_minor, deed->points, spent->points));
    bool counted = spent->counted && spent->day == purse->day;
    same(view, "it leaves the day's count", reversed->uncounted, counted ? reversed->points : 0);
    if (counted) {
        purse_uncount(purse, spent->day, reversed->points);
    }
    same(view, "result", (int64_t)reversed->result, REVERSE_REVERSED);
    view->book->given_back += reversed->points;
    deed->points = after;
    struct counts *counts = view->sim->counts;
    counts_case(counts, "given back, ended", reversed->expired > 0);
    counts_case(counts, "given back, owed", purse->deficit < deficit);
    counts_case(counts, "given back, paid", reversed->forgiven > 0);
    counts_case(counts, "given back in part", after < spent->points);
    counts_case(counts, "capture reversed", deed->record.type == RECORD_CAPTURED);
    counts_case(counts, "counted no more", reversed->uncounted > 0);
}

static void take_from_hold(const struct record_view *view, struct deed *deed)
{
    const struct record_reversed *reversed = &view->record->reversed;
    struct points_freed freed = {.lots = reversed->lots, .lot_count = reversed->lot_count};
    int64_t expired = view->book->purse.expired;
    same(view, "points", reversed->points, deed->record.held.taken.points);
    record_end_hold(view, reversed->advice.original, 0, HOLD_RELEASED, &freed);
    same(view, "expired", reversed->expired, view->book->purse.expired - expired);
    same(view, "result", (int64_t)reversed->result, REVERSE_REVERSED);
    deed->points = reversed->points;
    counts_case(view->sim->counts, "hold reversed", true);
}

// --- all ---

// Whether nothing is left of it, or never was.
static bool is_done(const struct deed *deed)
{
    switch (deed->record.type) {
    case RECORD_AWARDED:
        return deed->reversals > 0 && deed->amount_minor == deed->record.awarded.amount_minor;
    case RECORD_REDEEMED:
    case RECORD_CAPTURED:
        return deed->points == spending_of(deed)->points;
    default:
        return deed->reversals > 0;
    }
}

static bool can_be_reversed(const struct deed *deed)
{
    switch (deed->record.type) {
    case RECORD_AWARDED:
    case RECORD_REDEEMED:
    case RECORD_CAPTURED:
        return true;
    case RECORD_HELD:
        return deed->end == HOLD_OPEN || deed->reversals > 0;
    default:
        return false;
    }
}

// It moved nothing: it must be that nothing could be moved. Lines are judged in is_of.
static void check_idle(const struct record_view *view, const struct deed *deed)
{
    const struct record_reversed *reversed = &view->record->reversed;
    bool nothing = reversed->result == REVERSE_NOTHING_TO_REVERSE;
    same(view, "nothing to reverse:", nothing, !can_be_reversed(deed));
    same(view, "it moved", reversed->points + (int64_t)reversed->lot_count, 0);
    bool may_be_done = is_done(deed) || deed->record.type == RECORD_AWARDED;
    same(view, "nothing was left:", nothing || may_be_done, 1);
    counts_case(view->sim->counts, "nothing to reverse", nothing);
    counts_case(view->sim->counts, "reversed again", !nothing);
}

void take_reversed(const struct record_view *view)
{
    const struct record_reversed *reversed = &view->record->reversed;
    struct deed *deed = target(view->book, book_request(reversed->advice.original));
    same(view, "the original is known:", deed != NULL, 1);
    CHECK(deed != NULL);
    same(view, "cards:", (int64_t)view->record->card_count, 0);
    same(view, "the original's record", reversed->method, deed->record.type);
    same(view, "the original's number", (int64_t)reversed->original_seq, (int64_t)deed->seq);
    if (reversed->result != REVERSE_REVERSED && reversed->result != REVERSE_FURTHER_ACTIVITY) {
        check_idle(view, deed);
        return;
    }
    same(view, "something was left:", can_be_reversed(deed) && !is_done(deed), 1);
    switch (deed->record.type) {
    case RECORD_AWARDED:
        take_from_award(view, deed);
        break;
    case RECORD_HELD:
        take_from_hold(view, deed);
        break;
    default:
        take_from_spending(view, deed);
        break;
    }
    deed->reversals++;
}

void take_tombstone(const struct record_view *view)
{
    uint64_t request = book_request(view->record->tombstone.advice.original);
    struct book *book = view->book;
    same(view, "the original is known:", book_deed(book, request) != NULL, 0);
    CHECK(vec_reserve_one(&book->buried, UINT32_MAX) == STATUS_OK);
    book->buried.items[book->buried.count++] = request;
}

// --- whether that was asked for ---

bool tombstone_is_of(const struct record_view *view, const struct intent *intent)
{
    return intent->reverses &&
           book_request(view->record->tombstone.advice.original) == intent->original;
}

static bool names(const uint32_t *lines, size_t count, uint32_t line)
{
    for (size_t i = 0; i < count; i++) {
        if (lines[i] == line) {
            return true;
        }
    }
    return false;
}

// Each line that was named has come back, and no other by this.
static bool lines_are_of(const struct reversed_sale *sale, const struct deed *deed,
                         const struct intent *intent)
{
    for (size_t i = 0; i < sale->line_count; i++) {
        if (!names(intent->lines, intent->line_count, sale->lines[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < intent->line_count; i++) {
        bool single = deed->record.awarded.line_count == 0; // then it is done
        if (single || !deed->lines[intent->lines[i] - 1]) {
            return false;
        }
    }
    return true;
}

bool reversed_is_of(const struct record_view *view, const struct intent *intent)
{
    const struct record_reversed *reversed = &view->record->reversed;
    if (!intent->reverses || book_request(reversed->advice.original) != intent->original ||
        !record_has_receipt(&reversed->advice.receipt, intent)) {
        return false;
    }
    const struct deed *deed = target(view->book, intent->original);
    if (is_done(deed) || reversed->result == REVERSE_NOTHING_TO_REVERSE) {
        return true; // all that was left, or there never was anything
    }
    switch (intent->part) {
    case REVERSE_LINES:
        return lines_are_of(&reversed->sale, deed, intent);
    case REVERSE_AMOUNT:
        return reversed->sale.line_count == 0 && reversed->sale.amount_minor == intent->amount;
    case REVERSE_POINTS:
        return reversed->points == intent->amount;
    default:
        return false;
    }
}
