// Balances brought over, programs, and checking the ledger.
#include <stdio.h>

#include "base/check.h"
#include "sim/commands.h"

enum {
    OPENING_POINTS = 5000,
    OPENING_SCORE = 9000,
    OPENING_DAYS = 500,
    PUBLISHED_MAX = 40,
    LEAD_MS = 60050,
    LEAD_LITTLE_MS = 3000,
    LEAD_MORE_MS = 600000,
};

// --- OpeningBalance ---

static void put_lots(struct sim *sim, struct intent *intent,
                     Loyalty__V1__OpeningBalanceRequest *request)
{
    int64_t today = china_day(sim->now_ms);
    request->lots = command_room(sim, 2 * sizeof(Loyalty__V1__OpeningLot *));
    for (int64_t i = sim_below(sim, 2); i < 2; i++) {
        Loyalty__V1__OpeningLot *lot = command_message(sim, &loyalty__v1__opening_lot__descriptor);
        lot->points = 1 + sim_below(sim, OPENING_POINTS);
        if (!sim_once_in(sim, 4)) {
            lot->expires_on = china_date(&sim->arena, today + 2 + i * OPENING_DAYS +
                                                          sim_below(sim, OPENING_DAYS));
        }
        intent->amount += lot->points;
        request->lots[request->n_lots++] = lot;
    }
}

static void put_score(struct sim *sim, Loyalty__V1__OpeningBalanceRequest *request)
{
    Loyalty__V1__OpeningScore *score =
        command_message(sim, &loyalty__v1__opening_score__descriptor);
    score->score = 1 + sim_below(sim, OPENING_SCORE);
    score->until =
        china_date(&sim->arena, china_day(sim->now_ms) + 2 + sim_below(sim, OPENING_DAYS));
    request->scores = command_room(sim, sizeof(Loyalty__V1__OpeningScore *));
    request->scores[request->n_scores++] = score;
}

bool make_opening(struct sim *sim, struct intent *intent)
{
    if (!command_member(sim, intent)) {
        return false;
    }
    Loyalty__V1__OpeningBalanceRequest *request =
        command_request(sim, intent, &loyalty__v1__opening_balance_request__descriptor);
    intent_mutates(sim, intent, &request->mutation);
    request->member = command_ref(sim, intent->book);
    put_lots(sim, intent, request);
    if (sim_once_in(sim, 2)) {
        put_score(sim, request);
    }
    if (sim_once_in(sim, 3)) {
        request->card = command_message(sim, &loyalty__v1__opening_card__descriptor);
        request->card->tier_id = (char *)tier_names[sim_once_in(sim, 2) ? TIER_SILVER : TIER_GOLD];
        request->card->from = china_date(&sim->arena, china_day(sim->now_ms) - sim_below(sim, 9));
        request->card->until =
            china_date(&sim->arena, china_day(sim->now_ms) + 2 + sim_below(sim, OPENING_DAYS));
    }
    return true;
}

void judge_opening(const struct answer_view *view)
{
    const Loyalty__V1__OpeningBalanceResponse *response =
        (const Loyalty__V1__OpeningBalanceResponse *)view->response;
    command_standing(view, response->standing, response->seq);
}

// --- VerifyAccounts ---

bool make_verify(struct sim *sim, struct intent *intent)
{
    Loyalty__V1__VerifyAccountsRequest *request =
        command_request(sim, intent, &loyalty__v1__verify_accounts_request__descriptor);
    if (sim_once_in(sim, 3) && command_member(sim, intent)) {
        request->member = command_ref(sim, intent->book);
    }
    intent->book = NULL;
    request->partition = (uint32_t)sim_below(sim, SIM_PARTITIONS);
    return true;
}

void judge_verify(const struct answer_view *view)
{
    const Loyalty__V1__VerifyAccountsResponse *response =
        (const Loyalty__V1__VerifyAccountsResponse *)view->response;
    if (response->n_faults > 0) {
        sim_violated(view->sim, "logs verify", "%s, record %llu: %s",
                     response->faults[0]->member_id,
                     (unsigned long long)response->faults[0]->record, response->faults[0]->what);
    }
}

// --- programs ---

// Of the program as it is stored.
static char *current_etag(struct sim *sim)
{
    char *etag = command_room(sim, 2 * CHAIN_HASH_BYTES + 1);
    for (size_t i = 0; i < CHAIN_HASH_BYTES && sim->versions.entries > 0; i++) {
        (void)snprintf(etag + 2 * i, 3, "%02x", sim->program_tail[i]);
    }
    return etag;
}

bool make_publish(struct sim *sim, struct intent *intent)
{
    size_t count = sim->versions.count;
    if (count == PUBLISHED_MAX) {
        return false;
    }
    Loyalty__V1__PublishProgramRequest *request =
        command_request(sim, intent, &loyalty__v1__publish_program_request__descriptor);
    struct rules *rules = command_room(sim, sizeof(*rules));
    rules_make(&sim->random, rules_latest(&sim->versions, sim->versions.entries), rules);
    intent->rules = rules;
    intent_mutates(sim, intent, &request->mutation);
    request->program = rules_message(&sim->arena, rules);
    int64_t lead_ms = sim_once_in(sim, 10) ? LEAD_MS / 2 : LEAD_MS;
    lead_ms += sim_below(sim, sim_once_in(sim, 2) ? LEAD_LITTLE_MS : LEAD_MORE_MS);
    intent->occurred_ms = count == 0 ? SIM_START_MS - 1000 * DAY_MS : sim->now_ms + lead_ms;
    request->effective_from = command_instant(sim, intent->occurred_ms);
    request->etag = current_etag(sim);
    return true;
}

void judge_publish(const struct answer_view *view)
{
    const Loyalty__V1__PublishProgramResponse *response =
        (const Loyalty__V1__PublishProgramResponse *)view->response;
    if (view->sim->server.losses == view->call->losses) {
        command_figure(view, "version", response->version, view->intent->rules->number);
    }
    command_figure(view, "it takes effect at", command_read_instant(response->effective_from),
                   view->intent->occurred_ms);
}

// Mostly a version that is to come yet.
bool make_withdraw(struct sim *sim, struct intent *intent)
{
    const struct rules_set *versions = &sim->versions;
    size_t drawn = (size_t)sim_below(sim, (int64_t)versions->count + 1);
    for (size_t i = versions->count; i > 0 && !sim_once_in(sim, 8); i--) {
        const struct rules *rules = versions->items[i - 1];
        if (rules_stand(rules, versions->entries) && rules->effective_ms > sim->now_ms + LEAD_MS) {
            drawn = i - 1;
            break;
        }
    }
    Loyalty__V1__WithdrawProgramRequest *request =
        command_request(sim, intent, &loyalty__v1__withdraw_program_request__descriptor);
    intent->withdraws = (uint32_t)drawn + 1;
    intent_mutates(sim, intent, &request->mutation);
    request->version = intent->withdraws;
    request->etag = current_etag(sim);
    return true;
}

void judge_withdraw(const struct answer_view *view)
{
    const Loyalty__V1__WithdrawProgramResponse *response =
        (const Loyalty__V1__WithdrawProgramResponse *)view->response;
    command_figure(view, "version", response->version, view->intent->withdraws);
}

bool make_program(struct sim *sim, struct intent *intent)
{
    (void)command_request(sim, intent, &loyalty__v1__get_program_request__descriptor);
    return true;
}

// A daemon may not have read the newest yet, but none that was never published.
void judge_program(const struct answer_view *view)
{
    const Loyalty__V1__GetProgramResponse *response =
        (const Loyalty__V1__GetProgramResponse *)view->response;
    const struct rules_set *versions = &view->sim->versions;
    if (view->sim->versions_lost || response->version == 0) {
        return;
    }
    command_figure(view, "a version never published:", response->version > versions->count, 0);
    command_figure(view, "it takes effect at", command_read_instant(response->effective_from),
                   versions->items[response->version - 1]->effective_ms);
}
