// Reversals, of whatever there is to reverse and of what is still to come; and the sales that
// belong to one.
#include "base/check.h"
#include "sim/commands.h"

enum { TRIES = 8, LINES = 3, SOON = 4, LATELY = 8, ARCHIVED_DAYS = 401 };

// --- what is reversed ---

static bool is_spending(const struct deed *deed)
{
    return deed->record.type == RECORD_REDEEMED || deed->record.type == RECORD_CAPTURED ||
           deed->record.type == RECORD_HELD;
}

static const struct deed *draw_deed(struct sim *sim, const struct book *book)
{
    bool spent = sim_once_in(sim, 2) || book->purse.deficit > 0;
    for (size_t i = 0; i < TRIES && book->deeds.count > 0; i++) {
        const struct deed *deed = &book->deeds.items[sim_below(sim, book->deeds.count)];
        if (is_spending(deed) || (!spent && deed->record.type == RECORD_AWARDED)) {
            return deed;
        }
    }
    return NULL;
}

// One of the member's requests, whatever became of it: it may still be on its way.
static uint64_t draw_request(struct sim *sim, const struct book *book)
{
    for (size_t i = 0; i < TRIES && sim->asks.count > 0; i++) {
        int64_t count = sim->asks.count;
        int64_t back = sim_below(sim, sim_once_in(sim, 2) ? count : LATELY) % count;
        const struct ask *ask = sim->asks.items[count - 1 - back].ask;
        if (ask->book == book) {
            return ask->number;
        }
    }
    return sim->asks.count + 1 + (uint64_t)sim_below(sim, SOON); // to be asked soon, of anybody
}

static void draw_original(struct sim *sim, struct intent *intent)
{
    const struct deed *deed = sim_once_in(sim, 4) ? NULL : draw_deed(sim, intent->book);
    intent->original = deed != NULL ? deed->request : draw_request(sim, intent->book);
    bool asked = intent->original <= sim->asks.count;
    intent->original_created_ms =
        asked ? sim->asks.items[intent->original - 1].ask->created_ms : sim->now_ms;
    if (sim_once_in(sim, 40)) {
        intent->original_created_ms = sim->now_ms - ARCHIVED_DAYS * DAY_MS;
    }
}

// --- how much of it ---

static void ask_for_lines(struct sim *sim, struct intent *intent,
                          Loyalty__V1__ReverseRequest *request)
{
    uint32_t *lines = command_room(sim, 2 * sizeof(*lines));
    lines[0] = 1 + (uint32_t)sim_below(sim, sim_once_in(sim, 10) ? LINES + 1 : 2);
    lines[1] = lines[0] % LINES + 1;
    intent->lines = lines;
    intent->line_count = sim_once_in(sim, 3) ? 2 : 1;
    request->part_case = LOYALTY__V1__REVERSE_REQUEST__PART_LINES;
    request->lines = command_message(sim, &loyalty__v1__line_numbers__descriptor);
    request->lines->numbers = lines;
    request->lines->n_numbers = intent->line_count;
}

static void ask_for_points(struct sim *sim, struct intent *intent, int64_t most,
                           Loyalty__V1__ReverseRequest *request)
{
    intent->amount = 1 + sim_below(sim, most + 1);
    request->part_case = LOYALTY__V1__REVERSE_REQUEST__PART_POINTS;
    request->points = intent->amount;
}

static void ask_for_amount(struct sim *sim, struct intent *intent, int64_t most,
                           Loyalty__V1__ReverseRequest *request)
{
    intent->amount = 1 + sim_below(sim, most + 1);
    request->part_case = LOYALTY__V1__REVERSE_REQUEST__PART_AMOUNT_MINOR;
    request->amount_minor = intent->amount;
}

static int64_t size_of(const struct deed *deed)
{
    switch (deed->record.type) {
    case RECORD_AWARDED:
        return deed->record.awarded.amount_minor;
    case RECORD_REDEEMED:
        return deed->record.redeemed.points;
    case RECORD_CAPTURED:
        return deed->record.captured.taken.points;
    case RECORD_HELD:
        return deed->record.held.taken.points;
    default:
        return 0;
    }
}

static void draw_part(struct sim *sim, struct intent *intent, Loyalty__V1__ReverseRequest *request)
{
    static const enum reverse_part OF_SALES[] = {REVERSE_WHOLE, REVERSE_AMOUNT, REVERSE_AMOUNT,
                                                 REVERSE_LINES};
    static const enum reverse_part OF_POINTS[] = {REVERSE_WHOLE, REVERSE_POINTS};
    const struct deed *deed = book_deed(intent->book, intent->original);
    bool points = deed != NULL && is_spending(deed);
    points = sim_once_in(sim, 25) ? !points : points; // a part that does not fit
    intent->part = points ? OF_POINTS[sim_below(sim, 2)] : OF_SALES[sim_below(sim, 4)];
    int64_t most = deed == NULL ? 100 : size_of(deed);
    most = sim_once_in(sim, 3) ? most : most / 3;
    switch (intent->part) {
    case REVERSE_LINES:
        ask_for_lines(sim, intent, request);
        return;
    case REVERSE_AMOUNT:
        ask_for_amount(sim, intent, most, request);
        return;
    case REVERSE_POINTS:
        ask_for_points(sim, intent, most, request);
        return;
    case REVERSE_WHOLE:
        return;
    }
}

bool make_reverse(struct sim *sim, struct intent *intent)
{
    if (!command_member(sim, intent)) {
        return false;
    }
    Loyalty__V1__ReverseRequest *request =
        command_request(sim, intent, &loyalty__v1__reverse_request__descriptor);
    draw_original(sim, intent);
    draw_part(sim, intent, request);
    intent->reverses = true;
    intent_mutates(sim, intent, &request->mutation);
    request->member = command_ref(sim, intent->book);
    request->original_request_id = command_id(sim, intent->original);
    request->original_created_at = command_instant(sim, intent->original_created_ms);
    request->reason = (char *)"returned";
    request->receipt = command_receipt(sim, intent);
    return true;
}

// --- what is answered ---

static void judge_sale(const struct answer_view *view, const Loyalty__V1__ReverseResponse *response,
                       const struct record_reversed *reversed)
{
    const struct reversed_sale *sale = &reversed->sale;
    command_figure(view, "points taken", response->points_taken, reversed->points);
    command_figure(view, "points returned", response->points_returned, 0);
    command_figure(view, "score", response->score, sale->score);
    command_figure(view, "amount", response->amount_minor, sale->amount_minor);
    command_figure(view, "refund in points", response->refund_points_minor,
                   sale->refund_points_minor);
    command_figure(view, "refund", response->refund_money_minor + response->refund_points_minor,
                   sale->amount_minor);
}

static void judge_reversed(const struct answer_view *view,
                           const Loyalty__V1__ReverseResponse *response,
                           const struct record_reversed *reversed)
{
    command_figure(view, "result", (int64_t)response->result, (int64_t)reversed->result);
    if (reversed->method == RECORD_AWARDED) {
        judge_sale(view, response, reversed);
    } else {
        command_figure(view, "points taken", response->points_taken, 0);
        command_figure(view, "points returned", response->points_returned, reversed->points);
        int64_t value_minor = response->value == NULL ? 0 : response->value->minor;
        command_figure(view, "value", value_minor, reversed->value_minor);
    }
    command_figure(view, "expired", response->expired, reversed->expired);
    command_figure(view, "forgiven", response->forgiven, reversed->forgiven);
    command_lots(view, response->lots, response->n_lots, reversed->lots, reversed->lot_count);
}

void judge_reverse(const struct answer_view *view)
{
    const Loyalty__V1__ReverseResponse *response =
        (const Loyalty__V1__ReverseResponse *)view->response;
    const struct deed *deed = command_deed(view);
    command_standing(view, response->standing, response->seq);
    if (deed == NULL) {
        return;
    }
    if (deed->record.type == RECORD_REVERSED) {
        judge_reversed(view, response, &deed->record.reversed);
        return;
    }
    command_figure(view, "result", (int64_t)response->result, REVERSE_ORIGINAL_NOT_FOUND);
    command_figure(view, "points taken", response->points_taken + response->points_returned, 0);
}

// The new goods for those that a reversal took back.
bool make_exchange(struct sim *sim, struct intent *intent)
{
    if (!command_member(sim, intent)) {
        return false;
    }
    for (size_t i = 0; i < TRIES && intent->book->deeds.count > 0; i++) {
        const struct deed *deed =
            &intent->book->deeds.items[sim_below(sim, intent->book->deeds.count)];
        if (deed->record.type == RECORD_REVERSED) {
            intent->exchange_of = deed->request;
            command_award(sim, intent)->sale->exchange_of = command_id(sim, deed->request);
            return true;
        }
    }
    return false;
}
