// What is asked under a receipt, by a terminal or by its store for it; and the day's end.
#include "base/check.h"
#include "loyalty/v1/tills.pb-c.h"
#include "sim/commands.h"

enum { FEW = 5, MANY = 500, ATTACH_DAYS = 60 };

static Loyalty__V1__ReceiptKey *receipt_at(struct sim *sim, struct intent *intent, uint32_t till,
                                           int64_t date)
{
    Loyalty__V1__ReceiptKey *key = command_message(sim, &loyalty__v1__receipt_key__descriptor);
    intent->day = day_at(sim, till, date);
    intent->receipt_number = 1 + (uint64_t)sim_below(sim, sim_once_in(sim, 2) ? FEW : MANY);
    const struct intent *forgotten = sim->forgotten;
    if (forgotten != NULL && forgotten->day->till == till && sim_once_in(sim, 2)) {
        intent->day = forgotten->day;
        intent->receipt_number = forgotten->receipt_number;
    }
    key->number = intent->receipt_number;
    key->business_date = china_date(&sim->arena, intent->day->date);
    return key;
}

static int64_t draw_date(struct sim *sim)
{
    return china_day(sim->now_ms) - (sim_once_in(sim, 6) ? 1 : 0);
}

Loyalty__V1__ReceiptKey *command_receipt(struct sim *sim, struct intent *intent)
{
    return sim_once_in(sim, 3) ? receipt_at(sim, intent, 0, draw_date(sim)) : NULL;
}

bool make_award_receipt(struct sim *sim, struct intent *intent)
{
    if (!command_member(sim, intent)) {
        return false;
    }
    Loyalty__V1__Sale *sale = command_award(sim, intent)->sale;
    sale->receipt = receipt_at(sim, intent, 0, draw_date(sim));
    return true;
}

bool make_award_store(struct sim *sim, struct intent *intent)
{
    if (!command_member(sim, intent)) {
        return false;
    }
    uint32_t till = (uint32_t)sim_below(sim, DAY_TILLS);
    Loyalty__V1__Sale *sale = command_award(sim, intent)->sale;
    sale->unit = (char *)day_till_name(till);
    sale->receipt = receipt_at(sim, intent, till, draw_date(sim));
    return true;
}

// A sale made without a card, claimed afterwards.
bool make_attached(struct sim *sim, struct intent *intent)
{
    if (!command_member(sim, intent)) {
        return false;
    }
    Loyalty__V1__Sale *sale = command_award(sim, intent)->sale;
    int64_t at_ms = sim->now_ms - sim_below(sim, ATTACH_DAYS * DAY_MS);
    intent->occurred_ms = at_ms;
    intent->attached = true;
    sale->attached = 1;
    sale->occurred_case = LOYALTY__V1__SALE__OCCURRED_OCCURRED_AT;
    sale->occurred_at = command_instant(sim, at_ms);
    sale->receipt = receipt_at(sim, intent, 0, china_day(at_ms));
    return true;
}

// --- the day's end ---

static Loyalty__V1__OperationTotal *total_message(struct sim *sim, size_t i,
                                                  const struct receipt_total *total)
{
    Loyalty__V1__OperationTotal *message =
        command_message(sim, &loyalty__v1__operation_total__descriptor);
    message->operation = (Loyalty__V1__Operation)(i + 1);
    message->count = total->count;
    message->points = total->points;
    message->amount_minor = total->amount_minor;
    return message;
}

static void put_ids(struct sim *sim, const struct day *day, Loyalty__V1__ReconcileRequest *request)
{
    request->request_ids = command_room(sim, (sim->landed.count + 1) * sizeof(char *));
    for (uint32_t i = 0; i < sim->landed.count; i++) {
        const struct landed *landed = &sim->landed.items[i];
        if (landed->day == day && landed->ask->recorded) {
            request->request_ids[request->n_request_ids++] = command_id(sim, landed->ask->number);
        }
    }
}

void command_reconcile(struct sim *sim, struct intent *intent, struct day *day)
{
    struct receipt_total totals[RECEIPT_OPERATIONS];
    Loyalty__V1__ReconcileRequest *request =
        command_request(sim, intent, &loyalty__v1__reconcile_request__descriptor);
    intent->day = day;
    intent->reconciles = true;
    intent_mutates(sim, intent, &request->mutation);
    request->unit = (char *)day_till_name(day->till);
    request->business_date = china_date(&sim->arena, day->date);
    request->totals = command_room(sim, RECEIPT_OPERATIONS * sizeof(Loyalty__V1__OperationTotal *));
    day_landed(sim, day, totals);
    for (size_t i = 0; i < RECEIPT_OPERATIONS; i++) {
        request->totals[request->n_totals++] = total_message(sim, i, &totals[i]);
    }
    if (sim_once_in(sim, 2)) {
        put_ids(sim, day, request);
    }
}

bool make_reconcile(struct sim *sim, struct intent *intent)
{
    if (sim->days.count == 0) {
        return false;
    }
    command_reconcile(sim, intent, sim->days.items[sim_below(sim, sim->days.count)].day);
    return true;
}

void judge_reconcile(const struct answer_view *view)
{
    const Loyalty__V1__ReconcileResponse *response =
        (const Loyalty__V1__ReconcileResponse *)view->response;
    const Loyalty__V1__ReconcileRequest *request =
        (const Loyalty__V1__ReconcileRequest *)view->intent->message;
    counts_case(view->sim->counts, "day in balance", response->in_balance);
    counts_case(view->sim->counts, "day not in balance", !response->in_balance);
    command_figure(view, "differences beside a balance",
                   response->in_balance && response->n_differences > 0, 0);
    for (size_t i = 0; response->in_balance && i < response->n_totals; i++) {
        const Loyalty__V1__OperationTotal *said = response->totals[i];
        const Loyalty__V1__OperationTotal *asked = request->totals[said->operation - 1];
        command_figure(view, "count", (int64_t)said->count, (int64_t)asked->count);
        command_figure(view, "points", said->points, asked->points);
        command_figure(view, "amount", said->amount_minor, asked->amount_minor);
    }
    bool sure = view->sim->server.losses == 0 && !day_is_cut(view->sim, view->intent->day);
    if (view->intent->final && sure) {
        command_figure(view, "in balance at rest", response->in_balance && response->closed, 1);
    }
}
