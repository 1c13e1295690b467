// What customers come for, step by step:
//
//     SALE      sale -> (its receipt is scanned once more: here, at the desk, or by the same press)
//     SPEND     redeem -> sale partly paid with it
//     HOLD      reserve -> capture -> sale, or release, or nothing: then it lapses
//     RETURN    reversal of somebody's sale -> (now and then the same once more)
//     EXCHANGE  reversal -> sale
//     CANCEL    sale and its reversal at once
//     UNSPEND, ATTACH, LOOK  one step
//
// An answer may come inside the question, so errand_next can run within itself; each step is set
// before its question is put.
#include <string.h>

#include "base/hash.h"
#include "ctl/sales_file.h"
#include "till/asking.h"
#include "till/cashier.h"
#include "till/world.h"

enum {
    POINTS_MAX = 120,
    FIND_TRIES = 20,
    HOT_MEMBERS = 8, // who are in every shop at once
    HOT_PERCENT = 35,
    AGAIN_PERCENT = 12,
};

static const struct {
    enum errand errand;
    unsigned percent;
} errands[] = {
    {ERRAND_SALE, 45},   {ERRAND_LOOK, 10},   {ERRAND_SPEND, 12},
    {ERRAND_HOLD, 9},    {ERRAND_RETURN, 11}, {ERRAND_EXCHANGE, 4},
    {ERRAND_UNSPEND, 4}, {ERRAND_CANCEL, 2},  {ERRAND_ATTACH, 3},
};

static enum errand choose_errand(struct counter *counter)
{
    if (counter->desk) {
        return chance_percent(&counter->chance, 70) ? ERRAND_RETURN : ERRAND_UNSPEND;
    }
    unsigned draw = (unsigned)chance_below(&counter->chance, 100);
    for (size_t i = 0; i < sizeof(errands) / sizeof(errands[0]); i++) {
        if (draw < errands[i].percent) {
            return errands[i].errand;
        }
        draw -= errands[i].percent;
    }
    return ERRAND_SALE;
}

static uint32_t choose_member(struct counter *counter)
{
    uint32_t members = counter->world->plan->members;
    const struct sales_file *sales = counter->world->sales;
    if (sales != NULL) { // whose sale the next one is
        const struct sale_row *row = &sales->rows[counter->world->next_sale % sales->row_count];
        return (uint32_t)(hash_fnv1a(row->customer) % members);
    }
    bool hot = members > HOT_MEMBERS && chance_percent(&counter->chance, HOT_PERCENT);
    return (uint32_t)chance_below(&counter->chance, hot ? HOT_MEMBERS : members);
}

static bool is_yes(enum loyalty_till_status status)
{
    return status == LOYALTY_TILL_APPLIED || status == LOYALTY_TILL_DUPLICATE ||
           status == LOYALTY_TILL_ACCEPTED_OFFLINE;
}

// An entry that somebody may come back with: done, or noted and still on its way.
static uint32_t find_entry(struct counter *counter, bool spent)
{
    const struct book *book = counter->world->book;
    for (int i = 0; i < FIND_TRIES && book_count(book) > 0; i++) {
        uint32_t index = (uint32_t)chance_below(&counter->chance, book_count(book));
        const struct entry *entry = book_entry(book, index);
        bool kind = spent
                        ? entry->kind == LOYALTY_TILL_REDEEM || entry->kind == LOYALTY_TILL_CAPTURE
                        : entry->kind == LOYALTY_TILL_AWARD;
        bool known = entry->state == ENTRY_DONE || (entry->state == ENTRY_OPEN && entry->noted);
        if (kind && known && entry->created_at_ms != 0) {
            return index;
        }
    }
    return BOOK_NONE;
}

static enum loyalty_part choose_part(struct counter *counter)
{
    static const enum loyalty_part parts[] = {LOYALTY_PART_WHOLE, LOYALTY_PART_AMOUNT,
                                              LOYALTY_PART_LINES};
    return parts[chance_below(&counter->chance, 3)];
}

// --- beginnings ---

static bool begin_reversal(struct counter *counter, bool spent)
{
    uint32_t original = find_entry(counter, spent);
    if (original == BOOK_NONE) {
        return false;
    }
    counter->visit.member = book_entry(counter->world->book, original)->member;
    enum loyalty_part part = choose_part(counter);
    if (spent) {
        part = part == LOYALTY_PART_WHOLE ? part : LOYALTY_PART_POINTS;
    }
    (void)ask_reverse(counter, original, part);
    return true;
}

static void begin_cancel(struct counter *counter)
{
    struct sale_wish wish = ask_plain(counter->visit.member);
    counter->visit.waiting++; // so that the sale's answer does not end the visit
    uint32_t sale = ask_sale(counter, &wish);
    struct loyalty_till_answer found = {0};
    if (sale != BOOK_NONE &&
        loyalty_till_find(counter->till, book_entry(counter->world->book, sale)->id, &found)) {
        book_date(counter->world->book, sale, found.created_at_ms);
        loyalty_till_answer_fini(&found);
        (void)ask_reverse(counter, sale, LOYALTY_PART_WHOLE);
    }
    counter->visit.waiting--;
}

static bool begin(struct counter *counter)
{
    uint32_t member = counter->visit.member;
    struct sale_wish wish = ask_plain(member);
    int64_t points = chance_between(&counter->chance, 1, POINTS_MAX);
    switch (counter->visit.errand) {
    case ERRAND_SALE:
        return ask_sale(counter, &wish) != BOOK_NONE;
    case ERRAND_LOOK:
        return ask_look(counter, member);
    case ERRAND_SPEND:
        return ask_spend(counter, LOYALTY_TILL_REDEEM, member, points) != BOOK_NONE;
    case ERRAND_HOLD:
        return ask_spend(counter, LOYALTY_TILL_RESERVE, member, points) != BOOK_NONE;
    case ERRAND_RETURN:
    case ERRAND_EXCHANGE:
        return begin_reversal(counter, false);
    case ERRAND_UNSPEND:
        return begin_reversal(counter, true);
    case ERRAND_CANCEL:
        begin_cancel(counter);
        return true;
    case ERRAND_ATTACH:
        wish.attached = true;
        return ask_sale(counter, &wish) != BOOK_NONE;
    default:
        return false;
    }
}

void errand_begin(struct counter *counter)
{
    counter->visit = (struct visit){
        .errand = choose_errand(counter), .member = choose_member(counter), .entry = BOOK_NONE};
    (void)begin(counter);
}

// --- what follows ---

static void pay(struct counter *counter, const struct loyalty_till_answer *answer)
{
    struct sale_wish wish = ask_plain(counter->visit.member);
    wish.paid_minor = answer->redemption.value_minor;
    wish.receipt = book_entry(counter->world->book, counter->visit.entry)->receipt;
    counter->visit.step = 2;
    (void)ask_sale(counter, &wish);
}

static void end_hold(struct counter *counter, const struct loyalty_till_answer *answer)
{
    uint32_t reservation = counter->visit.entry;
    unsigned draw = (unsigned)chance_below(&counter->chance, 100);
    int64_t points = draw < 30 ? 0 : chance_between(&counter->chance, 1, answer->redemption.points);
    if (answer->redemption.points < 1 || draw >= 85) {
        return; // the customer is gone; it lapses
    }
    bool capture = draw < 60;
    counter->visit.step = 1;
    (void)ask_hold_end(counter, capture ? LOYALTY_TILL_CAPTURE : LOYALTY_TILL_RELEASE, reservation,
                       points);
}

static void scan_again(struct counter *counter)
{
    struct world *world = counter->world;
    uint32_t sale = counter->visit.entry;
    const struct entry *entry = book_entry(world->book, sale);
    struct sale_wish wish = ask_plain(entry->member);
    wish.again = sale;
    counter->visit.step = 1;
    switch (chance_below(&counter->chance, 3)) {
    case 0:
        (void)ask_same(counter, sale);
        return;
    case 1:
        (void)ask_sale(counter, &wish);
        return;
    default:
        // At the desk only what is known to have counted: else it is the desk's that counts, and
        // the till's day rightly differs.
        if (entry->state == ENTRY_DONE) {
            cashier_scan(world_desk(world, counter->shop), sale);
        }
        return;
    }
}

static void exchange(struct counter *counter)
{
    struct sale_wish wish = ask_plain(counter->visit.member);
    wish.exchange_of = counter->visit.entry;
    counter->visit.step = 1;
    (void)ask_sale(counter, &wish);
}

// What was returned is returned once more.
static void return_again(struct counter *counter)
{
    uint32_t original = book_entry(counter->world->book, counter->visit.entry)->original;
    counter->visit.step = 1;
    (void)ask_reverse(counter, original, choose_part(counter));
}

void errand_next(struct counter *counter, const struct loyalty_till_answer *answer)
{
    const struct visit *visit = &counter->visit;
    bool yes = is_yes(answer->status);
    bool first = visit->step == 0;
    bool again = chance_percent(&counter->chance, AGAIN_PERCENT);
    bool scanners = (counter->world->plan->chaos & CHAOS_DUPLICATES) != 0;
    switch (visit->errand) {
    case ERRAND_SALE:
        if (first && yes && again && scanners) {
            scan_again(counter);
        }
        return;
    case ERRAND_SPEND:
        if (first && yes) {
            pay(counter, answer);
        }
        return;
    case ERRAND_HOLD:
        if (first && answer->status == LOYALTY_TILL_APPLIED) {
            end_hold(counter, answer);
        } else if (yes && answer->kind == LOYALTY_TILL_CAPTURE) {
            pay(counter, answer);
        }
        return;
    case ERRAND_EXCHANGE:
        if (first && yes) {
            exchange(counter);
        }
        return;
    case ERRAND_RETURN:
        if (first && yes && again) {
            return_again(counter);
        }
        return;
    default:
        return;
    }
}
