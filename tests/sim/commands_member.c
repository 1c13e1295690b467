// Enrolments, and everything that reads a member.
#include <string.h>

#include "base/check.h"
#include "sim/commands.h"
#include "wire/message.h"

enum { PAST_DAYS = 300, PAGE_MAX = 20 };

// --- enrolments ---

static Loyalty__V1__EnrollRequest *enroll(struct sim *sim, struct intent *intent)
{
    intent->book = &sim->books[sim_below(sim, sim->member_count)];
    if (intent->book->exists && !sim_once_in(sim, 12)) {
        return NULL;
    }
    Loyalty__V1__EnrollRequest *request =
        command_request(sim, intent, &loyalty__v1__enroll_request__descriptor);
    intent_mutates(sim, intent, &request->mutation);
    request->member_id = intent->book->id;
    return request;
}

bool make_enroll(struct sim *sim, struct intent *intent)
{
    return enroll(sim, intent) != NULL;
}

static Loyalty__V1__Identifier *card_of(struct sim *sim, int64_t number)
{
    Loyalty__V1__Identifier *card = command_message(sim, &loyalty__v1__identifier__descriptor);
    card->kind = LOYALTY__V1__IDENTIFIER_KIND__IDENTIFIER_KIND_CARD_NUMBER;
    card->value = command_card(sim, number);
    return card;
}

bool make_enroll_with_cards(struct sim *sim, struct intent *intent)
{
    Loyalty__V1__EnrollRequest *request = enroll(sim, intent);
    if (request == NULL) {
        return false;
    }
    // Often the card that was asked for last: two members race for it.
    int64_t first = sim_once_in(sim, 2) ? sim->last_card : sim_below(sim, SIM_CARDS);
    sim->last_card = first;
    request->identifiers = command_room(sim, 2 * sizeof(Loyalty__V1__Identifier *));
    request->identifiers[request->n_identifiers++] = card_of(sim, first);
    if (sim_once_in(sim, 2)) {
        request->identifiers[request->n_identifiers++] = card_of(sim, (first + 1) % SIM_CARDS);
    }
    return true;
}

bool make_enroll_past(struct sim *sim, struct intent *intent)
{
    Loyalty__V1__EnrollRequest *request = enroll(sim, intent);
    if (request == NULL) {
        return false;
    }
    intent->occurred_ms = sim->now_ms - sim_below(sim, PAST_DAYS * DAY_MS);
    request->enrolled_at = command_instant(sim, intent->occurred_ms);
    return true;
}

void judge_enroll(const struct answer_view *view)
{
    const Loyalty__V1__EnrollResponse *response =
        (const Loyalty__V1__EnrollResponse *)view->response;
    command_standing(view, response->standing, response->seq);
    command_figure(view, "member", strcmp(response->member_id, view->intent->book->id), 0);
}

// --- reads ---

bool make_member(struct sim *sim, struct intent *intent)
{
    Loyalty__V1__GetMemberRequest *request =
        command_request(sim, intent, &loyalty__v1__get_member_request__descriptor);
    if (!command_member(sim, intent)) {
        return false;
    }
    request->member = command_ref(sim, intent->book);
    return true;
}

bool make_tier(struct sim *sim, struct intent *intent)
{
    Loyalty__V1__ExplainTierRequest *request =
        command_request(sim, intent, &loyalty__v1__explain_tier_request__descriptor);
    if (!command_member(sim, intent)) {
        return false;
    }
    request->member = command_ref(sim, intent->book);
    return true;
}

// A read shows everything that was acknowledged before it was asked, and nothing that is not there.
static void fresh(const struct answer_view *view, uint64_t seq)
{
    const struct call *call = view->call;
    const struct book *book = view->intent->book;
    if (view->sim->server.losses == call->losses && (seq < call->least_seq || seq > book->seq)) {
        sim_violated(
            view->sim, "reads are fresh",
            "%s, call %llu: shows record %llu; %llu was acknowledged before, %llu is there",
            book->id, (unsigned long long)call->number, (unsigned long long)seq,
            (unsigned long long)call->least_seq, (unsigned long long)book->seq);
    }
}

void judge_member(const struct answer_view *view)
{
    const Loyalty__V1__GetMemberResponse *response =
        (const Loyalty__V1__GetMemberResponse *)view->response;
    fresh(view, response->seq);
    if (response->seq == view->intent->book->seq) {
        command_stands(view, response->standing, command_read_instant(response->as_of));
    }
}

void judge_tier(const struct answer_view *view)
{
    const Loyalty__V1__ExplainTierResponse *response =
        (const Loyalty__V1__ExplainTierResponse *)view->response;
    int64_t sum = 0;
    for (size_t i = 0; i < response->n_parts; i++) {
        sum += response->parts[i]->counts_now ? response->parts[i]->score : 0;
    }
    if (response->n_parts < LIMIT_LOTS_SHOWN) {
        command_figure(view, "score by its parts", sum, response->standing->score);
    }
}

bool make_activity(struct sim *sim, struct intent *intent)
{
    Loyalty__V1__ListActivityRequest *request =
        command_request(sim, intent, &loyalty__v1__list_activity_request__descriptor);
    if (!command_member(sim, intent)) {
        return false;
    }
    request->member = command_ref(sim, intent->book);
    request->page_size = (uint32_t)sim_below(sim, PAGE_MAX);
    struct page_token *page = &sim->pages[intent->book->number];
    if (page->text != NULL && sim_once_in(sim, 2)) {
        request->page_token = page->text;
    }
    return true;
}

void judge_activity(const struct answer_view *view)
{
    struct sim *sim = view->sim;
    const Loyalty__V1__ListActivityResponse *response =
        (const Loyalty__V1__ListActivityResponse *)view->response;
    const Loyalty__V1__ListActivityRequest *request =
        (const Loyalty__V1__ListActivityRequest *)view->intent->message;
    uint64_t newest = 0;
    for (size_t i = 0; i < response->n_activities; i++) {
        const Loyalty__V1__Activity *activity = response->activities[i];
        bool falls = i == 0 || activity->seq < response->activities[i - 1]->seq;
        command_figure(view, "records fall by number:", falls, 1);
        newest = newest == 0 && !activity->unwritten ? activity->seq : newest;
    }
    bool first = request->page_token == NULL || request->page_token[0] == '\0';
    const struct kind *kind = sim->kind;
    bool compacts = kind->compact_bytes > 0 || kind->often[FAULT_COMPACTED_ELSEWHERE] > 0;
    if (first && newest > 0 && !compacts) {
        fresh(view, newest); // a snapshot keeps only what answered somebody
    }
    struct page_token *page = &sim->pages[view->intent->book->number];
    page->text = NULL;
    if (response->next_page_token[0] != '\0') {
        page->text = arena_printf(&sim->arena, "%s", response->next_page_token);
    }
}

// --- what became of a request ---

bool make_outcome(struct sim *sim, struct intent *intent)
{
    if (sim->asks.count == 0) {
        return false;
    }
    const struct ask *ask = sim->asks.items[sim_below(sim, sim->asks.count)].ask;
    if (ask->book == NULL) {
        return false;
    }
    Loyalty__V1__GetOutcomeRequest *request =
        command_request(sim, intent, &loyalty__v1__get_outcome_request__descriptor);
    intent->about = ask;
    intent->book = ask->book;
    request->member = command_ref(sim, ask->book);
    request->request_id = ask->variants[0]->mutation->request_id;
    return true;
}

static const ProtobufCMessage *stored_reply(const Loyalty__V1__GetOutcomeResponse *response)
{
    switch (response->reply_case) {
    case LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_AWARD:
        return &response->award->base;
    case LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_REDEEM:
        return &response->redeem->base;
    case LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_RESERVE:
        return &response->reserve->base;
    case LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_CAPTURE:
        return &response->capture->base;
    case LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_RELEASE:
        return &response->release->base;
    case LOYALTY__V1__GET_OUTCOME_RESPONSE__REPLY_REVERSE:
        return &response->reverse->base;
    default: // an enrolment's is not final while cards are claimed; a standing is no whole answer
        return response->refusal == NULL ? NULL : &response->refusal->base;
    }
}

static void judge_stored(const struct answer_view *view, const struct ask *ask,
                         const Loyalty__V1__GetOutcomeResponse *response)
{
    const ProtobufCMessage *reply = stored_reply(response);
    if (reply == NULL || !ask->answered || ask->winner->backfill) {
        return;
    }
    struct span bytes;
    CHECK(message_encode(reply, &view->sim->scratch, &bytes) == STATUS_OK);
    if (!span_equal(bytes, ask->first)) {
        sim_violated(view->sim, "every answer to an id is the first one's bytes",
                     "the outcome of request %llu is told otherwise",
                     (unsigned long long)ask->number);
    }
}

void judge_outcome(const struct answer_view *view)
{
    struct sim *sim = view->sim;
    const struct ask *ask = view->intent->about;
    const Loyalty__V1__GetOutcomeResponse *response =
        (const Loyalty__V1__GetOutcomeResponse *)view->response;
    if (sim->server.losses != view->call->losses) {
        return;
    }
    bool seen = response->status != LOYALTY__V1__OUTCOME_STATUS__OUTCOME_STATUS_NOT_SEEN_YET;
    bool young = server_now(sim) - ask->created_ms < LIMIT_HORIZON_MS;
    if (seen && !ask->recorded && book_buries(ask->book, ask->number)) {
        command_figure(view, "refused", response->refusal != NULL, 1);
        CHECK(response->refusal != NULL);
        command_figure(view, "reversed before",
                       strcmp(response->refusal->reason, "REVERSED_BEFORE"), 0);
    } else if (seen) {
        command_figure(view, "recorded", ask->recorded, 1);
        judge_stored(view, ask, response);
    } else if (ask->recorded && young && ask->recorded_step < view->call->step) {
        command_figure(view, "seen", seen, 1);
    }
}
