// What makers and judges of commands share.
#include "sim/commands.h"

#include <string.h>

#include "base/check.h"
#include "wire/instant.h"
#include "wire/message.h"

enum { STEP = 10 }; // of redemptions, the largest of all programs

void *command_room(struct sim *sim, size_t bytes)
{
    void *memory = arena_alloc(&sim->arena, bytes);
    CHECK(memory != NULL);
    return memory;
}

void *command_message(struct sim *sim, const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = message_new(type, &sim->arena);
    CHECK(message != NULL);
    return message;
}

void *command_request(struct sim *sim, struct intent *intent,
                      const ProtobufCMessageDescriptor *type)
{
    intent->message = command_message(sim, type);
    return intent->message;
}

Google__Protobuf__Timestamp *command_instant(struct sim *sim, int64_t at_ms)
{
    Google__Protobuf__Timestamp *stamp = NULL;
    CHECK(instant_to_timestamp(at_ms, &sim->arena, &stamp) == STATUS_OK);
    return stamp;
}

int64_t command_read_instant(const Google__Protobuf__Timestamp *stamp)
{
    return stamp == NULL ? INSTANT_NEVER : stamp->seconds * 1000 + stamp->nanos / 1000000;
}

bool command_member(struct sim *sim, struct intent *intent)
{
    intent->book = &sim->books[sim_below(sim, sim->member_count)];
    return intent->book->exists || sim_once_in(sim, 12);
}

Loyalty__V1__MemberRef *command_ref(struct sim *sim, const struct book *book)
{
    Loyalty__V1__MemberRef *ref = command_message(sim, &loyalty__v1__member_ref__descriptor);
    ref->by_case = LOYALTY__V1__MEMBER_REF__BY_MEMBER_ID;
    ref->member_id = (char *)book->id;
    return ref;
}

char *command_card(struct sim *sim, int64_t number)
{
    char *text = arena_printf(&sim->arena, "card-%d", (int)number);
    CHECK(text != NULL);
    return text;
}

char *command_id(struct sim *sim, uint64_t number)
{
    char *text =
        arena_printf(&sim->arena, "5eed0000-0000-4000-8000-%012llx", (unsigned long long)number);
    CHECK(text != NULL);
    return text;
}

int64_t command_points(struct sim *sim, const struct book *book)
{
    int64_t balance = purse_spendable(&book->purse);
    if (balance >= STEP && sim_once_in(sim, 3)) {
        return balance / STEP * STEP; // all that may be asked for
    }
    int64_t most = sim_once_in(sim, 5) ? balance + 500 : balance / 2;
    int64_t points = 1 + sim_below(sim, most + 1);
    return sim_once_in(sim, 3) ? points : (points + STEP - 1) / STEP * STEP;
}

const struct deed *command_deed(const struct answer_view *view)
{
    const struct ask *ask = view->intent->ask;
    if (view->sim->server.losses != view->call->losses) {
        return NULL;
    }
    const struct deed *deed = book_deed(ask->book, ask->number);
    CHECK(deed != NULL);
    return deed;
}

void command_figure(const struct answer_view *view, const char *what, int64_t said,
                    int64_t expected)
{
    if (said != expected) {
        sim_violated(view->sim, "answers tell what is", "%s, call %llu: %s %lld, must be %lld",
                     view->intent->row->name, (unsigned long long)view->call->number, what,
                     (long long)said, (long long)expected);
    }
}

void command_lots(const struct answer_view *view, Loyalty__V1__Lot *const *lots, size_t lot_count,
                  const struct lot_move *moves, size_t move_count)
{
    size_t shown = move_count < LIMIT_LOTS_SHOWN ? move_count : LIMIT_LOTS_SHOWN;
    command_figure(view, "lots", (int64_t)lot_count, (int64_t)shown);
    for (size_t i = 0; i < shown; i++) {
        command_figure(view, "points of a lot", lots[i]->points, moves[i].points);
        command_figure(view, "its end", command_read_instant(lots[i]->expires_at),
                       moves[i].ends_ms);
    }
}

static void same_standing(const struct answer_view *view, const Loyalty__V1__Standing *standing,
                          const struct figures *figures, enum rules_tier tier)
{
    command_figure(view, "balance", standing->balance, figures->balance);
    command_figure(view, "pending", standing->pending, figures->pending);
    command_figure(view, "held", standing->held, figures->held);
    command_figure(view, "score", standing->score, figures->score);
    command_figure(view, "tier",
                   (int64_t)tier_of_name(standing->tier_id, strlen(standing->tier_id)),
                   (int64_t)tier);
}

void command_standing(const struct answer_view *view, const Loyalty__V1__Standing *standing,
                      uint64_t seq)
{
    const struct ask *ask = view->intent->ask;
    if (view->sim->server.losses != view->call->losses) {
        return;
    }
    CHECK(standing != NULL);
    command_figure(view, "sequence number", (int64_t)seq, (int64_t)ask->seq);
    same_standing(view, standing, &ask->figures, ask->tier);
    command_figure(view, "missing", standing->missing_to_next, ask->figures.missing);
}

void command_stands(const struct answer_view *view, const Loyalty__V1__Standing *standing,
                    int64_t as_of_ms)
{
    struct sim *sim = view->sim;
    struct book *book = view->intent->book;
    size_t known = sim->daemons[view->call->daemon].known_entries;
    if (as_of_ms < book->at_ms || sim->versions_lost) {
        return;
    }
    struct book_walk walk = book_walk(book, &sim->versions, known);
    struct boundary boundary;
    while (book_walk_next(&walk, as_of_ms, &boundary)) {
    }
    purse_settle(walk.purse, as_of_ms);
    struct figures figures = {.balance = purse_balance(walk.purse),
                              .pending = purse_pending(walk.purse),
                              .held = purse_held(walk.purse),
                              .score = book_score(book, as_of_ms)};
    same_standing(view, standing, &figures, walk.card.tier);
}
