// Through the lines until the queues are empty. Then each till is opened once more, as a cashier
// does who counts the cash: straight to the service, for reconciling waits for its answers and the
// lines, which are carried by this very loop, would wait with it.
#include "till/evening.h"

#include <stdio.h>

enum {
    TURN_MS = 50,
    PATIENCE_MS = 30000, // without any progress
    CONNECT_TURNS = 400,
    FAULT_DIFFERENCES = 5,
    CLOSE_MS = 60000, // a request that was cut off may come to land as long as that
    CLOSE_PAUSE_MS = 250,
};

static uint64_t count_open(const struct world *world)
{
    uint64_t open = 0;
    for (uint32_t i = 0; i < world->counter_count; i++) {
        const struct counter *counter = &world->counters[i];
        struct loyalty_till_state state = {0};
        if (counter->till != NULL) {
            loyalty_till_look(counter->till, &state);
        }
        open += state.open + counter->visit.waiting;
    }
    return open;
}

static void tell_stuck(const struct world *world)
{
    for (uint32_t i = 0; i < world->counter_count; i++) {
        const struct counter *counter = &world->counters[i];
        struct loyalty_till_state state = {0};
        if (counter->till == NULL) {
            continue;
        }
        loyalty_till_look(counter->till, &state);
        if (state.open > 0 || counter->visit.waiting > 0) {
            book_fault(world->book,
                       "%s: %llu in its queue, and it does not empty; waited for %u; online %d, "
                       "again in %lld ms: %s",
                       counter->unit, (unsigned long long)state.open, counter->visit.waiting,
                       state.online, (long long)state.retry_in_ms,
                       loyalty_till_error(counter->till));
        }
    }
}

static void empty_queues(struct world *world, struct view *view)
{
    uint64_t open = count_open(world);
    int64_t progress_ms = world_now_ms();
    while (open > 0 && world_now_ms() - progress_ms < PATIENCE_MS) {
        world_turn(world, TURN_MS);
        view_draw(view, world, false);
        uint64_t left = count_open(world);
        progress_ms = left < open ? world_now_ms() : progress_ms;
        open = left;
    }
    if (open > 0) {
        tell_stuck(world);
    }
}

// --- exceptions ---

struct desk_work {
    struct counter *counter;
    uint64_t seen;
};

static void on_exception(void *user, const struct loyalty_till_answer *answer)
{
    struct desk_work *work = user;
    struct book *book = work->counter->world->book;
    const struct entry *entry = book_entry(book, book_find(book, answer->request_id));
    work->seen++;
    if (entry == NULL || entry->state != ENTRY_REFUSED) {
        book_fault(book, "%s: an exception of %s, and the book has it otherwise",
                   answer->request_id, work->counter->unit);
    }
}

// --- the day ---

static void tell_difference(struct counter *counter, const struct loyalty_till_difference *one)
{
    static const char *const sides[] = {"", "only the service has", "only the till has",
                                        "both have, with other figures,"};
    book_fault(counter->world->book,
               "%s %s: %s %s (receipt %llu): service %lld points %lld, till %lld points %lld",
               counter->unit, counter->date, sides[one->side], one->request_id,
               (unsigned long long)one->receipt_number, (long long)one->service_points,
               (long long)one->service_amount_minor, (long long)one->till_points,
               (long long)one->till_amount_minor);
}

static bool ask_later(enum loyalty_till_status status)
{
    return status == LOYALTY_TILL_RETRY_LATER || status == LOYALTY_TILL_OUTCOME_UNKNOWN;
}

static void reconcile(struct counter *counter, struct loyalty_till_day *ret_day,
                      enum loyalty_till_status *ret_status)
{
    int64_t until_ms = world_now_ms() + CLOSE_MS;
    *ret_status = loyalty_till_reconcile(counter->till, counter->date, ret_day);
    while (ask_later(*ret_status) && world_now_ms() < until_ms) {
        (void)loyalty_till_poll(counter->till, CLOSE_PAUSE_MS);
        loyalty_till_day_fini(ret_day);
        *ret_status = loyalty_till_reconcile(counter->till, counter->date, ret_day);
    }
}

static bool close_day(struct counter *counter)
{
    struct loyalty_till_day day = {0};
    enum loyalty_till_status status = LOYALTY_TILL_RETRY_LATER;
    reconcile(counter, &day, &status);
    bool good = status == LOYALTY_TILL_APPLIED && day.in_balance && day.closed;
    if (!good) {
        book_fault(counter->world->book, "%s %s is not closed: %s, in balance %d, closed %d: %s %s",
                   counter->unit, counter->date, loyalty_till_status_name(status), day.in_balance,
                   day.closed, day.reply.reason == NULL ? "" : day.reply.reason,
                   day.reply.message == NULL ? "" : day.reply.message);
        for (size_t i = 0; i < day.difference_count && i < FAULT_DIFFERENCES; i++) {
            tell_difference(counter, &day.differences[i]);
        }
    }
    loyalty_till_day_fini(&day);
    return good;
}

static bool go_online(struct counter *counter)
{
    struct loyalty_till_state state = {0};
    for (int turn = 0; turn < CONNECT_TURNS && !state.online; turn++) {
        (void)loyalty_till_poll(counter->till, TURN_MS);
        loyalty_till_look(counter->till, &state);
    }
    if (!state.online) {
        book_fault(counter->world->book, "%s finds no connection: %s", counter->unit,
                   loyalty_till_error(counter->till));
    }
    return state.online;
}

static void count_the_cash(struct counter *counter, struct evening *evening)
{
    struct desk_work work = {.counter = counter};
    counter_close(counter);
    if (!counter_open(counter, counter->world->service.address)) {
        return;
    }
    counter_read_file(counter);
    (void)loyalty_till_each(counter->till, LOYALTY_TILL_EXCEPTIONS, 0, 0, on_exception, &work);
    evening->exceptions += work.seen;
    evening->closed += go_online(counter) && close_day(counter);
}

void evening_do(struct world *world, struct view *view, struct evening *ret_evening)
{
    *ret_evening = (struct evening){0};
    empty_queues(world, view);
    for (uint32_t i = 0; i < world->counter_count; i++) {
        count_the_cash(&world->counters[i], ret_evening);
        view_draw(view, world, false);
    }
    book_close(world->book);
}
