// Clients, and the network between them and the daemons. A client has one intent at a time and asks
// it again, under the same id and of any daemon, until it is answered for good; now and then it
// asks again what was settled long ago.
#include "base/check.h"
#include "service/trouble.h"
#include "sim/commands.h"
#include "wire/instant.h"
#include "wire/message.h"

enum { DRAWS = 12, FORGETS = 3, RETRY_MS = 300, REST_MS = 400 };

// A request on its way, to be delivered perhaps twice.
struct letter {
    struct client *client;
    struct intent *intent;
    uint64_t attempt;
    uint64_t min_seq;
    int64_t deadline_ms; // 0: none
    struct span payload;
};

// An answer on its way back.
struct word {
    struct client *client;
    uint64_t attempt;
    const struct book *book;
    uint64_t seq; // that it tells; 0: none
    bool definite;
    bool rolled_back;
};

static void *room(struct sim *sim, size_t bytes)
{
    void *memory = arena_alloc(&sim->arena, bytes);
    CHECK(memory != NULL);
    return memory;
}

// --- requests ---

static Google__Protobuf__Timestamp *timestamp(struct sim *sim, int64_t at_ms)
{
    Google__Protobuf__Timestamp *stamp = NULL;
    CHECK(instant_to_timestamp(at_ms, &sim->arena, &stamp) == STATUS_OK);
    return stamp;
}

struct intent *intent_new(struct sim *sim, const struct command_row *row)
{
    struct intent *intent = room(sim, sizeof(*intent));
    intent->row = row;
    return intent;
}

struct ask *ask_new(struct sim *sim, struct intent *intent)
{
    struct ask *ask = room(sim, sizeof(*ask));
    CHECK(vec_reserve_one(&sim->asks, UINT32_MAX) == STATUS_OK);
    sim->asks.items[sim->asks.count++].ask = ask;
    ask->number = sim->asks.count;
    ask->variants[0] = intent;
    ask->book = intent->book;
    ask->created_ms = sim->now_ms - (sim_once_in(sim, 5) ? sim_below(sim, 5000) : 0);
    return ask;
}

void intent_mutates(struct sim *sim, struct intent *intent, Loyalty__V1__Mutation **field)
{
    if (intent->ask == NULL) {
        intent->ask = ask_new(sim, intent);
    }
    Loyalty__V1__Mutation *mutation = room(sim, sizeof(*mutation));
    loyalty__v1__mutation__init(mutation);
    mutation->request_id = command_id(sim, intent->ask->number);
    mutation->created_at = timestamp(sim, intent->ask->created_ms);
    intent->mutation = mutation;
    *field = mutation;
}

// What a retry may change.
static void vary(struct sim *sim, const struct client *client, struct intent *intent)
{
    Loyalty__V1__Mutation *mutation = intent->mutation;
    if (mutation == NULL) {
        return;
    }
    mutation->min_seq = 0;
    if (intent->book != NULL && sim_once_in(sim, 3)) {
        mutation->min_seq = client->seen[intent->book->number];
    }
    mutation->deadline = NULL;
    intent->deadline_ms = 0;
    if (sim_once_in(sim, 6)) {
        intent->deadline_ms = sim->now_ms + 100 + sim_below(sim, sim_once_in(sim, 2) ? 900 : 8000);
        mutation->deadline = timestamp(sim, intent->deadline_ms);
    }
}

// --- there ---

static void client_retry(struct sim *sim, struct client *client, int64_t delay_ms);

static void on_refused(struct sim *sim, void *what, uint64_t attempt)
{
    struct client *client = what;
    if (client->intent != NULL && client->attempt == attempt) {
        client->daemon = (uint32_t)sim_below(sim, sim->daemon_count);
        client_retry(sim, client, sim_below(sim, RETRY_MS));
    }
}

static struct call *call_new(struct sim *sim)
{
    struct call *call = sim->spare_calls;
    if (call != NULL) {
        sim->spare_calls = call->next;
    } else {
        call = room(sim, sizeof(*call));
    }
    return call;
}

static void on_delivery(struct sim *sim, void *what, uint64_t number)
{
    const struct letter *letter = what;
    struct daemon *daemon = &sim->daemons[number];
    if (!daemon->up) {
        sim_put(sim, 1, on_refused, letter->client, letter->attempt);
        return;
    }
    if (daemon_is_frozen(daemon)) {
        agenda_put(&sim->agenda, daemon->paused_until_ms, on_delivery, what, number);
        return;
    }
    struct call *call = call_new(sim);
    sim->calls++;
    *call = (struct call){.sim = sim,
                          .intent = letter->intent,
                          .client = letter->client,
                          .attempt = letter->attempt,
                          .number = sim->calls,
                          .payload = letter->payload,
                          .daemon = daemon->number,
                          .min_seq = letter->min_seq,
                          .deadline_ms = letter->deadline_ms};
    daemon_ask(daemon, call);
}

static void post(struct sim *sim, struct letter *letter, uint32_t daemon)
{
    int64_t delay_ms = sim_below(sim, 4);
    if (sim_fault(sim, FAULT_REQUEST_LATE)) {
        delay_ms += 500 + sim_below(sim, 20000);
    }
    if (!sim_fault(sim, FAULT_REQUEST_LOST)) {
        sim_put(sim, delay_ms, on_delivery, letter, daemon);
    }
    if (sim_fault(sim, FAULT_REQUEST_DOUBLED)) {
        bool elsewhere = sim_once_in(sim, 2);
        int64_t later_ms = sim_once_in(sim, 2) ? sim_below(sim, 20) : sim_below(sim, 15000);
        daemon = elsewhere ? (uint32_t)sim_below(sim, sim->daemon_count) : daemon;
        sim_put(sim, later_ms, on_delivery, letter, daemon);
    }
}

static void on_patience_over(struct sim *sim, void *what, uint64_t attempt)
{
    struct client *client = what;
    if (client->intent != NULL && client->attempt == attempt) {
        sim->counts->faults[FAULT_CLIENT_GAVE_UP]++;
        client->daemon = (uint32_t)sim_below(sim, sim->daemon_count);
        client_retry(sim, client, sim_below(sim, RETRY_MS));
    }
}

static void client_send(struct sim *sim, struct client *client)
{
    struct intent *intent = client->intent;
    client->attempt++;
    if (intent->attempts > 0) {
        sim->counts->retries++;
    } else {
        sim->counts->operations++;
    }
    intent->attempts++;
    vary(sim, client, intent);
    struct letter *letter = room(sim, sizeof(*letter));
    *letter = (struct letter){.client = client, .intent = intent, .attempt = client->attempt};
    if (intent->mutation != NULL) {
        letter->min_seq = intent->mutation->min_seq;
        letter->deadline_ms = intent->deadline_ms;
    }
    CHECK(message_encode(intent->message, &sim->arena, &letter->payload) == STATUS_OK);
    trace_bytes(sim->trace, letter->payload);
    if (sim_once_in(sim, 5)) {
        client->daemon = (uint32_t)sim_below(sim, sim->daemon_count);
    }
    post(sim, letter, client->daemon);
    int64_t patience_ms =
        sim->calm || !sim_once_in(sim, 6) ? 2500 + sim_below(sim, 9000) : 20 + sim_below(sim, 1000);
    sim_put(sim, patience_ms, on_patience_over, client, client->attempt);
}

static void on_retry(struct sim *sim, void *what, uint64_t attempt)
{
    struct client *client = what;
    if (client->intent != NULL && client->attempt == attempt) {
        client_send(sim, client);
    }
}

static void client_settle(struct sim *sim, struct client *client)
{
    client->intent = NULL;
    bool short_rest = sim->kind->crowds || sim_once_in(sim, 3);
    int64_t rest_ms = sim_below(sim, short_rest ? 5 : REST_MS);
    client_wake(sim, client, sim_once_in(sim, 80) ? sim_below(sim, 10000) : rest_ms);
    sim->busy--;
}

static void client_retry(struct sim *sim, struct client *client, int64_t delay_ms)
{
    client->attempt++; // what still comes for the last attempt is too late
    const struct intent *intent = client->intent;
    bool of_till = intent->receipt_number != 0 && intent->attempts == 1 && !sim->calm;
    if (of_till && sim_once_in(sim, FORGETS)) {
        sim->counts->faults[FAULT_CLIENT_FORGOT]++;
        sim->forgotten = intent;
        client_settle(sim, client); // a till is broken: somebody else rings the sale up
        return;
    }
    sim_put(sim, delay_ms, on_retry, client, client->attempt);
}

// --- and back ---

static void on_word(struct sim *sim, void *what, uint64_t number)
{
    (void)number;
    const struct word *word = what;
    struct client *client = word->client;
    if (client->intent == NULL || client->attempt != word->attempt) {
        return; // it has given up on this attempt
    }
    if (word->book != NULL) {
        uint64_t *seen = &client->seen[word->book->number];
        *seen = word->seq > *seen ? word->seq : *seen;
        *seen = word->rolled_back ? 0 : *seen; // told by its operator that it is so
    }
    if (word->definite) {
        client_settle(sim, client);
        return;
    }
    if (sim_once_in(sim, 2) || word->rolled_back) {
        client->daemon = (uint32_t)sim_below(sim, sim->daemon_count);
    }
    client_retry(sim, client, sim_below(sim, RETRY_MS));
}

static bool is_definite(const Loyalty__V1__Error *error)
{
    return error == NULL || (error->code != LOYALTY__V1__CODE__CODE_UNKNOWN &&
                             error->code != LOYALTY__V1__CODE__CODE_UNAVAILABLE &&
                             error->code != LOYALTY__V1__CODE__CODE_DATA_LOSS);
}

void client_answered(struct sim *sim, const struct call *call, const struct dispatch_reply *reply)
{
    if (sim_fault(sim, FAULT_ANSWER_LOST)) {
        return;
    }
    struct word *word = room(sim, sizeof(*word));
    *word = (struct word){.client = call->client,
                          .attempt = call->attempt,
                          .book = call->intent->book,
                          .seq = call->told_seq,
                          .definite = is_definite(reply->error)};
    word->rolled_back =
        reply->error != NULL && reply->error->code == LOYALTY__V1__CODE__CODE_DATA_LOSS;
    int64_t delay_ms = sim_below(sim, 4);
    if (sim_fault(sim, FAULT_ANSWER_LATE)) {
        delay_ms += 500 + sim_below(sim, 20000);
    }
    sim_put(sim, delay_ms, on_word, word, 0);
    if (sim_fault(sim, FAULT_ANSWER_DOUBLED)) {
        sim_put(sim, delay_ms + sim_below(sim, 2000), on_word, word, 0);
    }
}

// --- what to ask ---

void client_give(struct sim *sim, struct client *client, struct intent *intent, bool again)
{
    CHECK(client->intent == NULL);
    client->intent = intent;
    sim->busy++;
    if (again) {
        sim_note(sim, "asked again: client, request id", client->number,
                 (int64_t)intent->ask->number, 0);
    }
    client_send(sim, client);
}

static struct intent *draw_settled(struct sim *sim)
{
    if (sim->asks.count == 0) {
        return NULL;
    }
    const struct ask *ask = sim->asks.items[sim_below(sim, sim->asks.count)].ask;
    struct intent *intent = ask->variants[sim_below(sim, SIM_VARIANTS)];
    return intent == NULL || intent->attempts == 0 ? NULL : intent;
}

static struct intent *draw_new(struct sim *sim)
{
    for (size_t i = 0; i < DRAWS; i++) {
        const struct command_row *row = table_draw(sim);
        struct intent *intent = intent_new(sim, row);
        if (row->make(sim, intent)) {
            sim_note(sim, row->name, intent->ask == NULL ? 0 : (int64_t)intent->ask->number,
                     intent->book == NULL ? -1 : (int64_t)intent->book->number, intent->amount);
            sim->counts->asked[row - commands]++;
            sim->asked++;
            return intent;
        }
    }
    return NULL;
}

static void on_wake(struct sim *sim, void *what, uint64_t number)
{
    (void)number;
    struct client *client = what;
    if (!sim->resting && sim->asked < sim->operations && client->intent == NULL) {
        struct intent *settled = sim_once_in(sim, 9) ? draw_settled(sim) : NULL;
        struct intent *intent = settled != NULL ? settled : draw_new(sim);
        if (intent != NULL) {
            client_give(sim, client, intent, settled != NULL);
        } else {
            client_wake(sim, client, REST_MS);
        }
    }
    sim->busy--;
}

void client_wake(struct sim *sim, struct client *client, int64_t delay_ms)
{
    sim->busy++;
    sim_put(sim, delay_ms, on_wake, client, 0);
}
