// Everything that is said goes into the book first; then the customer's errand goes on.
#include "till/cashier.h"

#include <string.h>

#include "till/asking.h"
#include "till/world.h"

enum { DESK_PACE = 4 }; // a desk has fewer customers

static void end_visit(struct counter *counter)
{
    counter->visit = (struct visit){0};
    counter->served++;
    int64_t pace_ms = (int64_t)counter->world->plan->pace_ms * (counter->desk ? DESK_PACE : 1);
    counter->next_ms = world_now_ms() + chance_wait_ms(&counter->chance, pace_ms);
}

static void end_if_over(struct counter *counter)
{
    if (counter->visit.errand != ERRAND_NONE && counter->visit.waiting == 0) {
        end_visit(counter);
    }
}

void cashier_serve(struct counter *counter)
{
    errand_begin(counter);
    end_if_over(counter);
}

void cashier_scan(struct counter *desk, uint32_t sale)
{
    if (desk->till == NULL || desk->visit.errand != ERRAND_NONE) {
        return;
    }
    desk->visit = (struct visit){.errand = ERRAND_SCAN, .entry = sale};
    (void)ask_foreign(desk, sale);
    end_if_over(desk);
}

// One answer less to wait for; after the last the errand goes on, or is over.
static void go_on(struct counter *counter, const struct loyalty_till_answer *answer)
{
    struct visit *visit = &counter->visit;
    if (visit->errand == ERRAND_NONE) {
        return; // the customer went when the power did
    }
    visit->waiting--;
    if (visit->waiting > 0) {
        return;
    }
    if (answer != NULL) {
        errand_next(counter, answer);
    }
    end_if_over(counter);
}

void cashier_on_answer(void *user, const struct loyalty_till_answer *answer)
{
    struct counter *counter = user;
    book_tell(counter->world->book, answer);
    meter_answer(&counter->world->meter, answer->status, world_now_us() - counter->visit.asked_us);
    go_on(counter, answer);
}

void cashier_on_settled(void *user, const struct loyalty_till_answer *answer)
{
    struct counter *counter = user;
    counter->world->meter.settled++;
    book_tell(counter->world->book, answer);
}

void cashier_on_scan(void *user, const struct loyalty_reply *reply)
{
    struct counter *desk = user;
    struct book *book = desk->world->book;
    if (desk->visit.errand != ERRAND_SCAN) {
        return; // as above
    }
    const struct entry *sale = book_entry(book, desk->visit.entry);
    if (reply->outcome == LOYALTY_APPLIED || reply->outcome == LOYALTY_DUPLICATE) {
        book_fault(book, "%s: its receipt counts once more at %s", sale->id, desk->unit);
    } else if (reply->outcome == LOYALTY_REFUSED && strcmp(reply->reason, "RECEIPT_COUNTED") != 0) {
        book_fault(book, "%s: its receipt at %s is refused: %s", sale->id, desk->unit,
                   reply->reason);
    }
    desk->world->meter.scans++;
    go_on(desk, NULL);
}

void cashier_on_look(void *user, const struct loyalty_reply *reply)
{
    struct counter *counter = user;
    if (counter->visit.errand != ERRAND_LOOK) {
        return; // as above
    }
    counter->world->meter.looks += reply->outcome == LOYALTY_APPLIED;
    go_on(counter, NULL);
}
