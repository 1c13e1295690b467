// Who waits for which row, and how long. Everybody is told once: what the service said, or what
// holds without it.
#include <stdlib.h>

#include "lib/till_inside.h"
#include "lib/till_intent.h"

// Whoever submits anew when he is told may be judged at once, too: then the caller has his turn.
enum { JUDGED_A_TURN = 256 };

void ly_till_tell(struct loyalty_till *till, loyalty_till_answer_fn *on_answer, void *user,
                  const struct loyalty_till_answer *answer)
{
    bool nested = till->in_callback;
    till->in_callback = true;
    on_answer(user, answer);
    till->in_callback = nested;
    till->delivered++;
}

static struct ly_waiter *find(const struct loyalty_till *till, int64_t sequence, bool withdraws)
{
    struct ly_waiter *waiter = till->waiters;
    while (waiter != NULL && (waiter->sequence != sequence || waiter->withdraws != withdraws)) {
        waiter = waiter->next;
    }
    return waiter;
}

bool ly_waiters_have(const struct loyalty_till *till, int64_t sequence)
{
    return find(till, sequence, false) != NULL;
}

bool ly_waiters_withdraw(const struct loyalty_till *till, int64_t sequence)
{
    return find(till, sequence, true) != NULL;
}

static void forget(struct loyalty_till *till, const struct ly_waiter *gone)
{
    struct ly_waiter **at = &till->waiters;
    while (*at != gone) {
        at = &(*at)->next;
    }
    *at = gone->next;
}

// Forgotten before it is told: what it submits may find the list as it is.
static void tell(struct loyalty_till *till, struct ly_waiter *waiter, const struct ly_row *row)
{
    struct loyalty_till_answer answer;
    ly_answer_of_row(till, row, &answer);
    forget(till, waiter);
    ly_till_tell(till, waiter->on_answer, waiter->user, &answer);
    loyalty_till_answer_fini(&answer);
    free(waiter);
}

bool ly_waiters_tell(struct loyalty_till *till, const struct ly_row *row)
{
    struct ly_waiter *waiter = find(till, row->sequence, false);
    bool anybody = waiter != NULL;
    while (waiter != NULL) {
        tell(till, waiter, row);
        waiter = find(till, row->sequence, false);
    }
    return anybody;
}

// In the file nothing has changed: the waiter stays, but has been told.
static void tell_before_it_is_stored(struct loyalty_till *till, struct ly_waiter *waiter,
                                     const struct ly_row *row)
{
    struct loyalty_till_answer answer;
    ly_answer_of_row(till, row, &answer);
    waiter->withdraws = true;
    ly_till_tell(till, waiter->on_answer, waiter->user, &answer);
    loyalty_till_answer_fini(&answer);
}

static void tell_unreadable(struct loyalty_till *till, struct ly_waiter *waiter)
{
    struct loyalty_till_answer answer = {.sequence = waiter->sequence, .note = ""};
    ly_answer_set(&answer, LOYALTY_TILL_OUTCOME_UNKNOWN, "LOCAL_STORE",
                  "The till's file cannot be read now.");
    forget(till, waiter);
    ly_till_tell(till, waiter->on_answer, waiter->user, &answer);
    free(waiter);
}

static void judge(struct loyalty_till *till, struct ly_waiter *waiter)
{
    struct ly_row row;
    bool found = false;
    if (!ly_queue_next(till->queue, LOYALTY_TILL_ALL, waiter->sequence - 1, &row, &found) ||
        !found) {
        tell_unreadable(till, waiter);
        return;
    }
    if (row.state == LY_ROW_OPEN && ly_waiters_withdraw(till, waiter->sequence)) {
        row.state = LY_ROW_WITHDRAWN; // in words already
        row.reason = "OFFLINE";
        tell(till, waiter, &row);
    } else if (row.state != LY_ROW_OPEN || ly_offline_judge(till, &row)) {
        tell(till, waiter, &row);
    } else {
        tell_before_it_is_stored(till, waiter, &row);
    }
    ly_row_fini(&row);
}

void ly_waiters_judge(struct loyalty_till *till)
{
    int64_t now_ms = ly_steady_ms();
    int judged = 0;
    struct ly_waiter *waiter = till->waiters;
    while (waiter != NULL && judged < JUDGED_A_TURN) {
        bool late = now_ms >= waiter->deadline_ms || ly_pump_rests_until(till, waiter->deadline_ms);
        if (!late || waiter->withdraws) {
            waiter = waiter->next;
            continue;
        }
        judge(till, waiter);
        judged++;
        waiter = till->waiters; // the list has changed
    }
}

bool ly_waiters_settle_withdrawn(struct loyalty_till *till)
{
    struct ly_waiter *waiter = till->waiters;
    while (waiter != NULL) {
        struct ly_waiter *next = waiter->next;
        struct ly_row row;
        bool found = false;
        if (waiter->withdraws) {
            bool done =
                ly_queue_next(till->queue, LOYALTY_TILL_ALL, waiter->sequence - 1, &row, &found);
            if (done && found) {
                done = row.state != LY_ROW_OPEN || ly_offline_withdraw(till, &row, "OFFLINE");
                ly_row_fini(&row);
            }
            if (!done) {
                return false;
            }
            forget(till, waiter);
            free(waiter);
        }
        waiter = next;
    }
    return true;
}
