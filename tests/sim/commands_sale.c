// Sales, quotes and redemptions.
#include "base/check.h"
#include "sim/commands.h"

enum { LATE_DAYS = 60, AHEAD_MS = 600000 };

#define SALE_MINOR INT64_C(200000)

static int64_t draw_amount(struct sim *sim)
{
    if (sim_once_in(sim, 20)) {
        return sim_below(sim, 2) * sim_below(sim, 20 * SALE_MINOR);
    }
    return 1 + sim_below(sim, SALE_MINOR);
}

// --- sales ---

static Loyalty__V1__SaleLine *line_of(struct sim *sim, int64_t amount_minor)
{
    Loyalty__V1__SaleLine *line = command_message(sim, &loyalty__v1__sale_line__descriptor);
    line->amount_minor = amount_minor;
    return line;
}

static Loyalty__V1__Sale *sale_of(struct sim *sim, int64_t amount_minor)
{
    Loyalty__V1__Sale *sale = command_message(sim, &loyalty__v1__sale__descriptor);
    int64_t first = sim_once_in(sim, 3) ? amount_minor / 3 : amount_minor;
    sale->currency = (char *)"CNY";
    sale->lines = command_room(sim, 3 * sizeof(Loyalty__V1__SaleLine *));
    sale->lines[sale->n_lines++] = line_of(sim, first);
    int64_t left = amount_minor - first;
    if (left > 0 && sim_once_in(sim, 2)) {
        int64_t second = sim_below(sim, left + 1);
        sale->lines[sale->n_lines++] = line_of(sim, second);
        left -= second;
    }
    if (left > 0) {
        sale->lines[sale->n_lines++] = line_of(sim, left);
    }
    return sale;
}

Loyalty__V1__AwardRequest *command_award(struct sim *sim, struct intent *intent)
{
    Loyalty__V1__AwardRequest *request =
        command_request(sim, intent, &loyalty__v1__award_request__descriptor);
    intent->amount = draw_amount(sim);
    intent_mutates(sim, intent, &request->mutation);
    request->member = command_ref(sim, intent->book);
    request->sale = sale_of(sim, intent->amount);
    if (sim_once_in(sim, 6)) {
        intent->paid_minor = sim_below(sim, intent->amount + 1);
        request->sale->paid_with_points_minor = intent->paid_minor;
    }
    return request;
}

bool make_award(struct sim *sim, struct intent *intent)
{
    if (!command_member(sim, intent)) {
        return false;
    }
    (void)command_award(sim, intent);
    return true;
}

static void occur_at(struct sim *sim, struct intent *intent, Loyalty__V1__Sale *sale, int64_t at_ms)
{
    intent->occurred_ms = at_ms;
    sale->occurred_case = LOYALTY__V1__SALE__OCCURRED_OCCURRED_AT;
    sale->occurred_at = command_instant(sim, at_ms);
}

// Some time ago; often at, or just beside, an instant at which the rules change or scores are
// computed anew.
static int64_t draw_past(struct sim *sim)
{
    int64_t at_ms = sim->now_ms - sim_below(sim, (sim_once_in(sim, 3) ? LATE_DAYS : 3) * DAY_MS);
    int64_t nasty_ms = china_next_rescore(at_ms);
    if (sim_once_in(sim, 2)) {
        nasty_ms = sim->published[sim_below(sim, (int64_t)sim->versions.count)]->effective_ms;
    }
    nasty_ms += sim_below(sim, 3) - 1;
    bool fits = nasty_ms <= sim->now_ms && nasty_ms > sim->now_ms - LATE_DAYS * DAY_MS;
    return fits && sim_once_in(sim, 2) ? nasty_ms : at_ms;
}

bool make_award_late(struct sim *sim, struct intent *intent)
{
    if (!command_member(sim, intent) || sim->versions.count == 0) {
        return false;
    }
    occur_at(sim, intent, command_award(sim, intent)->sale, draw_past(sim));
    return true;
}

bool make_award_dated(struct sim *sim, struct intent *intent)
{
    if (!command_member(sim, intent)) {
        return false;
    }
    Loyalty__V1__Sale *sale = command_award(sim, intent)->sale;
    int64_t day = china_day(sim->now_ms) - sim_below(sim, 3);
    sale->occurred_case = LOYALTY__V1__SALE__OCCURRED_OCCURRED_DATE;
    sale->occurred_date = china_date(&sim->arena, day);
    return true;
}

bool make_award_ahead(struct sim *sim, struct intent *intent)
{
    if (!command_member(sim, intent)) {
        return false;
    }
    occur_at(sim, intent, command_award(sim, intent)->sale, sim->now_ms + sim_below(sim, AHEAD_MS));
    return true;
}

bool make_training(struct sim *sim, struct intent *intent)
{
    if (!command_member(sim, intent)) {
        return false;
    }
    command_award(sim, intent)->sale->training = 1;
    intent->training = true;
    return true;
}

// By the card that the member shows.
bool make_award_by_card(struct sim *sim, struct intent *intent)
{
    char *value = command_card(sim, sim_below(sim, SIM_CARDS));
    struct identifier identifier;
    sim_identifier(LOYALTY__V1__IDENTIFIER_KIND__IDENTIFIER_KIND_CARD_NUMBER, span_of_text(value),
                   &identifier);
    intent->book = claims_owner(sim, &identifier);
    if (intent->book == NULL || !book_holds(intent->book, identifier.key) || sim->kind->loses) {
        return false; // with losses a card may change hands
    }
    Loyalty__V1__AwardRequest *request = command_award(sim, intent);
    Loyalty__V1__Identifier *shown = command_message(sim, &loyalty__v1__identifier__descriptor);
    shown->kind = LOYALTY__V1__IDENTIFIER_KIND__IDENTIFIER_KIND_CARD_NUMBER;
    shown->value = value;
    request->member->by_case = LOYALTY__V1__MEMBER_REF__BY_IDENTIFIER;
    request->member->identifier = shown;
    return true;
}

bool make_backfill(struct sim *sim, struct intent *intent)
{
    intent->book = &sim->books[sim_below(sim, sim->member_count)];
    if (!intent->book->exists || sim->now_ms <= intent->book->at_ms) {
        return false;
    }
    Loyalty__V1__BackfillRequest *request =
        command_request(sim, intent, &loyalty__v1__backfill_request__descriptor);
    intent->amount = draw_amount(sim);
    intent->backfill = true;
    intent_mutates(sim, intent, &request->mutation);
    request->member = command_ref(sim, intent->book);
    request->sale = sale_of(sim, intent->amount);
    int64_t after_ms = sim_below(sim, sim->now_ms - intent->book->at_ms);
    occur_at(sim, intent, request->sale, intent->book->at_ms + after_ms);
    return true;
}

bool make_quote(struct sim *sim, struct intent *intent)
{
    if (!command_member(sim, intent)) {
        return false;
    }
    Loyalty__V1__QuoteRequest *request =
        command_request(sim, intent, &loyalty__v1__quote_request__descriptor);
    intent->amount = draw_amount(sim);
    request->member = command_ref(sim, intent->book);
    request->sale = sale_of(sim, intent->amount);
    return true;
}

static void judge_sale(const struct answer_view *view, const Loyalty__V1__AwardResponse *award)
{
    const struct ask *ask = view->intent->ask;
    if (view->intent->training) {
        command_figure(view, "a sequence number for training", (int64_t)award->seq, 0);
        return;
    }
    command_standing(view, award->standing, award->seq);
    if (view->sim->server.losses == view->call->losses) {
        command_figure(view, "points", award->points, ask->points);
    }
}

void judge_award(const struct answer_view *view)
{
    judge_sale(view, (const Loyalty__V1__AwardResponse *)view->response);
}

void judge_backfill(const struct answer_view *view)
{
    judge_sale(view, ((const Loyalty__V1__BackfillResponse *)view->response)->award);
}

// What the version of now would give; only where the daemon can have known no other.
void judge_quote(const struct answer_view *view)
{
    const Loyalty__V1__AwardResponse *award =
        ((const Loyalty__V1__QuoteResponse *)view->response)->award;
    const struct rules_set *versions = &view->sim->versions;
    command_figure(view, "a sequence number for a quote", (int64_t)award->seq, 0);
    if (award->program_version == 0 || award->program_version > versions->count ||
        view->sim->versions_lost) {
        return;
    }
    const struct rules *rules = versions->items[award->program_version - 1];
    command_figure(view, "score", award->score, rules_score(rules, view->intent->amount));
}

// --- redemptions ---

static Loyalty__V1__RedeemRequest *redeem(struct sim *sim, struct intent *intent, int64_t points)
{
    Loyalty__V1__RedeemRequest *request =
        command_request(sim, intent, &loyalty__v1__redeem_request__descriptor);
    intent->amount = points;
    intent_mutates(sim, intent, &request->mutation);
    request->member = command_ref(sim, intent->book);
    request->points = points;
    return request;
}

bool make_redeem(struct sim *sim, struct intent *intent)
{
    if (!command_member(sim, intent)) {
        return false;
    }
    int64_t points = command_points(sim, intent->book);
    Loyalty__V1__RedeemRequest *request = redeem(sim, intent, points);
    request->receipt = command_receipt(sim, intent);
    return true;
}

void judge_redeem(const struct answer_view *view)
{
    const Loyalty__V1__RedeemResponse *response =
        (const Loyalty__V1__RedeemResponse *)view->response;
    command_standing(view, response->standing, response->seq);
    command_figure(view, "points", response->points, view->intent->amount);
    const struct deed *deed = command_deed(view);
    if (deed != NULL) {
        const struct record_redeemed *redeemed = &deed->record.redeemed;
        command_figure(view, "value", response->value->minor, redeemed->value_minor);
        command_lots(view, response->taken, response->n_taken, redeemed->lots, redeemed->lot_count);
    }
}

// --- one id for two bodies ---

bool make_conflict(struct sim *sim, struct intent *intent)
{
    if (sim->asks.count == 0) {
        return false;
    }
    struct ask *ask = sim->asks.items[sim_below(sim, sim->asks.count)].ask;
    const struct intent *other = ask->variants[0];
    bool plain =
        other->message->descriptor == &loyalty__v1__redeem_request__descriptor ||
        (other->message->descriptor == &loyalty__v1__award_request__descriptor && !other->training);
    if (!plain || ask->variants[1] != NULL) {
        return false;
    }
    intent->ask = ask;
    intent->book = ask->book;
    ask->variants[1] = intent;
    if (other->message->descriptor == &loyalty__v1__redeem_request__descriptor) {
        (void)redeem(sim, intent, other->amount + 1);
    } else {
        Loyalty__V1__AwardRequest *request = command_award(sim, intent);
        intent->amount = other->amount + 1;
        intent->paid_minor = 0;
        request->sale = sale_of(sim, intent->amount);
    }
    intent->row = other->row;
    return true;
}
