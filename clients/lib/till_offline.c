// What a till may promise without the service. What gives points, or takes back, is done in the end
// whatever happens meanwhile: accepted. What spends is another's to spend too: refused, or accepted
// up to the floor that the program sets, at the shop's risk.
//
// Refusing must hold for ever. A row that was never sent is taken out of the queue. One that may
// have been sent is reversed: a reversal that comes first leaves a tombstone, so in either order
// nothing is spent.
#include <string.h>

#include "lib/till_inside.h"
#include "lib/till_intent.h"

enum { VOID_MEMORY_MAX = 64 * 1024 };

// --- the floor ---

// What a reservation of ours holds; -1 when that is not sure.
static int64_t held_by(const struct loyalty_till *till, const struct ly_row *reservation)
{
    struct loyalty_till_answer answer;
    ly_answer_of_row(till, reservation, &answer);
    bool holds =
        reservation->kind == LOYALTY_TILL_RESERVE &&
        (answer.status == LOYALTY_TILL_APPLIED || answer.status == LOYALTY_TILL_DUPLICATE) &&
        answer.redemption.lapses_at_ms > ly_clock_now(&till->clock);
    int64_t points = holds ? answer.redemption.points : -1;
    loyalty_till_answer_fini(&answer);
    return points;
}

bool ly_offline_cost(struct loyalty_till *till, const struct loyalty_intent *intent,
                     struct ly_row *row)
{
    if (row->kind != LOYALTY_TILL_CAPTURE) {
        return true;
    }
    struct ly_row reservation;
    bool found = false;
    if (!ly_queue_find(till->queue, intent->hold_end->reservation_id, &reservation, &found)) {
        return false;
    }
    if (found && reservation.state == LY_ROW_OPEN) {
        row->points = 0; // the reservation costs it
    } else if (row->points == 0) {
        row->points = found ? held_by(till, &reservation) : -1;
    }
    if (found) {
        ly_row_fini(&reservation);
    }
    return true;
}

static bool is_spendable_amount(const Loyalty__V1__GetTermsResponse *terms,
                                const struct ly_row *row)
{
    if (row->kind == LOYALTY_TILL_CAPTURE) {
        return row->points >= 0;
    }
    return row->points > 0 && row->points >= terms->redeem_minimum_points &&
           (terms->redeem_step_points <= 0 || row->points % terms->redeem_step_points == 0);
}

// Why it may not be spent now; NULL: it may.
static const char *why_not(struct loyalty_till *till, const struct ly_row *row)
{
    const Loyalty__V1__GetTermsResponse *terms = till->terms;
    int64_t spending = 0;
    if (terms == NULL || terms->offline_floor_points <= 0 || !is_spendable_amount(terms, row) ||
        !ly_queue_spending(till->queue, row->member, &spending)) {
        return "OFFLINE";
    }
    return row->points > terms->offline_floor_points - spending ? "OVER_FLOOR" : NULL;
}

// --- withdrawing ---

static bool may_have_been_sent(const struct loyalty_till *till, const struct ly_row *row)
{
    return row->sequence <= ly_queue_last_old(till->queue) || row->sequence <= till->sent_through;
}

static bool withdraw(struct loyalty_till *till, const struct ly_row *row, const char *reason)
{
    int64_t now_ms = ly_clock_now(&till->clock);
    if (!may_have_been_sent(till, row)) {
        return ly_queue_withdraw(till->queue, row->sequence, reason, NULL, now_ms);
    }
    struct arena arena;
    struct ly_row reversal;
    arena_init(&arena, VOID_MEMORY_MAX);
    bool done = ly_intent_write_void(&arena, row, till->unit, now_ms, &reversal) == LY_WRITTEN &&
                ly_queue_withdraw(till->queue, row->sequence, reason, &reversal, now_ms);
    arena_fini(&arena);
    return done;
}

bool ly_offline_withdraw(struct loyalty_till *till, const struct ly_row *row, const char *reason)
{
    if (!withdraw(till, row, reason)) {
        return false;
    }
    if (till->asked != NULL && till->asked->sequence == row->sequence) {
        till->asked = NULL; // its answer is of no use any more
    }
    return true;
}

bool ly_offline_judge(struct loyalty_till *till, struct ly_row *row)
{
    if (!ly_kind_spends(row->kind)) {
        // If the file does not take this either, it is true all the same: the row is there.
        (void)ly_queue_accept(till->queue, row->sequence);
        row->told = true;
        return true;
    }
    const char *reason = row->told ? NULL : why_not(till, row);
    if (reason == NULL && (row->told || ly_queue_accept(till->queue, row->sequence))) {
        row->told = true;
        return true;
    }
    row->reason = reason == NULL ? "OFFLINE" : reason;
    row->state = LY_ROW_WITHDRAWN;
    return ly_offline_withdraw(till, row, row->reason);
}

bool ly_offline_must_void(const struct loyalty_till *till, const struct ly_row *row)
{
    return row->state == LY_ROW_OPEN && !row->told && ly_kind_spends(row->kind) &&
           row->sequence <= ly_queue_last_old(till->queue);
}
