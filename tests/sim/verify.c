// What is looked at in one piece: a stored log folded by the daemon's own core against the book and
// against the fold of every record ever appended; and at rest, event streams, claims and answers.
#include <inttypes.h>

#include "base/check.h"
#include "core/ledger.h"
#include "service/event.h"
#include "sim/sim.h"

static void fold(struct sim *sim, const struct book *book, struct span log, struct account *account)
{
    struct ledger_fault fault = {0};
    account_init(account);
    arena_reset(&sim->scratch);
    enum status status = ledger_fold(account, log, book->place.id, book->place.partition,
                                     sim_chain_hash, &sim->scratch, &fault);
    const char *what = fault.what;
    if (status == STATUS_OK) {
        status = account_check(account, &what);
    }
    if (status != STATUS_OK) {
        sim_violated(sim, "logs verify", "%s, record %" PRIu64 ": %s", book->id, fault.record,
                     what == NULL ? "" : what);
    }
}

static void compare(struct sim *sim, const struct book *book, const char *what, int64_t folded,
                    int64_t expected)
{
    if (folded != expected) {
        sim_violated(sim, "logs verify", "%s: %s folds to %" PRId64 ", must be %" PRId64, book->id,
                     what, folded, expected);
    }
}

static void compare_figures(struct sim *sim, const struct book *book, const struct account *account)
{
    compare(sim, book, "the sequence", (int64_t)account->seq, (int64_t)book->seq);
    compare(sim, book, "now", account->now_ms, book->at_ms);
    compare(sim, book, "the balance", account->balance, purse_balance(&book->purse));
    compare(sim, book, "what is pending", account->pending_points, purse_pending(&book->purse));
    compare(sim, book, "what is held", account->held_points, purse_held(&book->purse));
    compare(sim, book, "open holds", account->holds.count, book->purse.holds.count);
    compare(sim, book, "the deficit", account->deficit, book->purse.deficit);
    compare(sim, book, "the score", account->score, book_score(book, book->at_ms));
    compare(sim, book, "awarded", account->awarded, book->awarded);
    compare(sim, book, "opened", account->opened, book->opened);
    compare(sim, book, "redeemed", account->redeemed, book->redeemed);
    compare(sim, book, "taken back", account->taken_back, book->taken_back);
    compare(sim, book, "given back", account->given_back, book->given_back);
    compare(sim, book, "forgiven", account->forgiven, book->purse.forgiven);
    compare(sim, book, "expired", account->expired, book->purse.expired);
    compare(sim, book, "cards", account->cards.count, book->cards.count);
    compare(sim, book, "the tail", memcmp(account->tail, book->tail, sizeof(book->tail)), 0);
    const struct card *card = account_card(account);
    struct span tier = names_text(&account->names, card->tier);
    compare(sim, book, "the tier", (int64_t)tier_of_name((const char *)tier.data, tier.len),
            (int64_t)book_card(book)->tier);
    compare(sim, book, "the card's end", card->until_ms, book_card(book)->until_ms);
}

// Every request that may still be asked again must be known.
static void compare_ids(struct sim *sim, const struct book *book, const struct account *account)
{
    int64_t from_ms = server_now(sim) - LIMIT_HORIZON_MS;
    for (uint32_t i = 0; i < book->ids.count; i++) {
        const struct book_id *id = &book->ids.items[i];
        if (id->at_ms >= from_ms && !account_may_know(account, &id->mark)) {
            sim_violated(sim, "no request id is forgotten inside the horizon",
                         "%s: the one of a record at %" PRId64, book->id, id->at_ms);
        }
    }
}

void verify_book(struct sim *sim, struct book *book)
{
    struct span log = memory_log(sim->server.base, &book->place);
    if (!book->exists) {
        compare(sim, book, "a log of nobody", (int64_t)log.len, 0);
        return;
    }
    struct account stored;
    struct account full;
    const char *what = NULL;
    fold(sim, book, log, &stored);
    fold(sim, book, buffer_span(&book->full), &full);
    if (!account_equal(&stored, &full, &what)) {
        sim_violated(sim, "logs verify", "%s: as stored and as appended differ in %s", book->id,
                     what);
    }
    compare_figures(sim, book, &stored);
    compare_ids(sim, book, &stored);
    sim->counts->folds++;
    account_fini(&stored);
    account_fini(&full);
}

// --- at rest ---

// Takes an event that must go on where the member's events before it ended.
static void verify_event(struct sim *sim, const struct event *event, size_t *at)
{
    uint32_t member = 0;
    while (!span_is_text(event->member_id, sim->books[member].id)) {
        member++;
        CHECK(member < sim->member_count);
    }
    struct span full = buffer_span(&sim->books[member].full);
    bool fits = full.len - at[member] >= event->records.len;
    if (!fits || memcmp(full.data + at[member], event->records.data, event->records.len) != 0) {
        sim_violated(sim, "every append is one event", "%s: its events are not its log",
                     sim->books[member].id);
    }
    at[member] += event->records.len;
}

// The members' events, one behind the other, are their logs.
static void verify_events(struct sim *sim)
{
    size_t at[SIM_MEMBERS] = {0};
    for (uint32_t partition = 0; partition < SIM_PARTITIONS; partition++) {
        uint64_t count = memory_event_count(sim->server.base, partition);
        for (uint64_t i = 0; i < count; i++) {
            struct event event;
            CHECK(event_decode(memory_event(sim->server.base, partition, i), &event) == STATUS_OK);
            verify_event(sim, &event, at);
        }
    }
    for (uint32_t i = 0; i < sim->member_count; i++) {
        compare(sim, &sim->books[i], "the events' bytes", (int64_t)at[i],
                (int64_t)sim->books[i].full.len);
    }
}

// Each bound identifier is held by one member, and the store's key says so.
static void verify_claims(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->member_count; i++) {
        const struct book *book = &sim->books[i];
        for (uint32_t j = 0; j < book->identifiers.count; j++) {
            const struct book_identifier *item = &book->identifiers.items[j];
            bool bound = !item->open && !item->lost;
            if (bound && observer_owner(sim, &item->identifier) != book) {
                sim_violated(sim, "one owner a card", "%s has one that is another's", book->id);
            }
        }
    }
}

void verify_rest(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->member_count; i++) {
        verify_book(sim, &sim->books[i]);
    }
    verify_events(sim);
    if (sim->server.losses == 0) {
        verify_claims(sim);
    }
}
