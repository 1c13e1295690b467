// What makers and judges of commands share.
#include "sim/commands.h"

#include <string.h>

#include "base/check.h"
#include "wire/instant.h"
#include "wire/message.h"

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

void command_figure(const struct answer_view *view, const char *what, int64_t said,
                    int64_t expected)
{
    if (said != expected) {
        sim_violated(view->sim, "answers tell what is", "%s, call %llu: %s %lld, must be %lld",
                     view->intent->row->name, (unsigned long long)view->call->number, what,
                     (long long)said, (long long)expected);
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
    const struct book *book = view->intent->book;
    size_t known = sim->daemons[view->call->daemon].known_versions;
    if (as_of_ms < book->at_ms || sim->versions_lost) {
        return;
    }
    struct book_walk walk = book_walk(book, &sim->versions, known);
    struct boundary boundary;
    while (book_walk_next(&walk, as_of_ms, &boundary)) {
    }
    struct figures figures = {.balance = book_balance(book, as_of_ms),
                              .pending = book_pending(book, as_of_ms),
                              .score = book_score(book, as_of_ms)};
    same_standing(view, standing, &figures, walk.card.tier);
}
