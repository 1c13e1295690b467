// Reservations, and what ends them.
#include "base/check.h"
#include "sim/commands.h"

enum { SECONDS = 40, DAY_SECONDS = 86400, TRIES = 6 };

// The program's time, mostly; else some seconds, or weeks.
static int64_t draw_seconds(struct sim *sim)
{
    if (!sim_once_in(sim, 3)) {
        return 0;
    }
    return 1 + sim_below(sim, SECONDS) * (sim_once_in(sim, 2) ? 1 : DAY_SECONDS);
}

bool make_reserve(struct sim *sim, struct intent *intent)
{
    if (!command_member(sim, intent)) {
        return false;
    }
    Loyalty__V1__ReserveRequest *request =
        command_request(sim, intent, &loyalty__v1__reserve_request__descriptor);
    intent->amount = command_points(sim, intent->book);
    intent->hold_seconds = draw_seconds(sim);
    intent_mutates(sim, intent, &request->mutation);
    request->member = command_ref(sim, intent->book);
    request->points = intent->amount;
    request->hold_seconds = (uint32_t)intent->hold_seconds;
    return true;
}

// A reservation, mostly one that is open; now and then an id that is none.
static uint64_t draw_reservation(struct sim *sim, const struct book *book)
{
    if (sim_once_in(sim, 30)) {
        return 1 + (uint64_t)sim_below(sim, (int64_t)sim->asks.count + 2);
    }
    const struct purse *purse = &book->purse;
    if (purse->holds.count > 0 && !sim_once_in(sim, 5)) {
        return purse->holds.items[sim_below(sim, purse->holds.count)].request;
    }
    for (size_t i = 0; i < TRIES && book->deeds.count > 0; i++) {
        const struct deed *deed = &book->deeds.items[sim_below(sim, book->deeds.count)];
        if (deed->record.type == RECORD_HELD) {
            return deed->request;
        }
    }
    return 0;
}

// What of a hold is captured: all, a part, or more than there is.
static int64_t draw_part(struct sim *sim, const struct book *book, uint64_t request)
{
    const struct purse_hold *hold = purse_hold(&book->purse, request);
    int64_t held = hold == NULL ? 100 : hold->points;
    if (sim_once_in(sim, 3)) {
        return 0;
    }
    return 1 + sim_below(sim, sim_once_in(sim, 8) ? 2 * held : held);
}

static bool draws_reservation(struct sim *sim, struct intent *intent)
{
    if (!command_member(sim, intent)) {
        return false;
    }
    intent->original = draw_reservation(sim, intent->book);
    return intent->original != 0;
}

bool make_capture(struct sim *sim, struct intent *intent)
{
    if (!draws_reservation(sim, intent)) {
        return false;
    }
    Loyalty__V1__CaptureRequest *request =
        command_request(sim, intent, &loyalty__v1__capture_request__descriptor);
    intent->amount = draw_part(sim, intent->book, intent->original);
    intent_mutates(sim, intent, &request->mutation);
    request->member = command_ref(sim, intent->book);
    request->reservation_id = command_id(sim, intent->original);
    request->points = intent->amount;
    request->receipt = command_receipt(sim, intent);
    return true;
}

bool make_release(struct sim *sim, struct intent *intent)
{
    if (!draws_reservation(sim, intent)) {
        return false;
    }
    Loyalty__V1__ReleaseRequest *request =
        command_request(sim, intent, &loyalty__v1__release_request__descriptor);
    intent_mutates(sim, intent, &request->mutation);
    request->member = command_ref(sim, intent->book);
    request->reservation_id = command_id(sim, intent->original);
    return true;
}

void judge_reserve(const struct answer_view *view)
{
    const Loyalty__V1__ReserveResponse *response =
        (const Loyalty__V1__ReserveResponse *)view->response;
    const struct deed *deed = command_deed(view);
    command_standing(view, response->standing, response->seq);
    if (deed != NULL) {
        const struct record_held *held = &deed->record.held;
        command_figure(view, "points", response->points, held->taken.points);
        command_figure(view, "value", response->value->minor, held->taken.value_minor);
        command_figure(view, "lapses", command_read_instant(response->lapses_at), held->lapses_ms);
        command_lots(view, response->held, response->n_held, held->taken.lots,
                     held->taken.lot_count);
    }
}

void judge_capture(const struct answer_view *view)
{
    const Loyalty__V1__CaptureResponse *response =
        (const Loyalty__V1__CaptureResponse *)view->response;
    const struct deed *deed = command_deed(view);
    command_standing(view, response->standing, response->seq);
    if (deed != NULL) {
        const struct record_captured *captured = &deed->record.captured;
        command_figure(view, "points", response->points, captured->taken.points);
        command_figure(view, "value", response->value->minor, captured->taken.value_minor);
        command_figure(view, "freed", response->freed, deed->freed);
        command_figure(view, "expired", response->expired, deed->freed_ended);
        command_lots(view, response->taken, response->n_taken, captured->taken.lots,
                     captured->taken.lot_count);
    }
}

void judge_release(const struct answer_view *view)
{
    const Loyalty__V1__ReleaseResponse *response =
        (const Loyalty__V1__ReleaseResponse *)view->response;
    const struct deed *deed = command_deed(view);
    command_standing(view, response->standing, response->seq);
    if (deed != NULL) {
        command_figure(view, "freed", response->freed, deed->freed);
        command_figure(view, "expired", response->expired, deed->freed_ended);
    }
}
