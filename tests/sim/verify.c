// What is looked at in one piece: a stored log folded by the daemon's own core against the book and
// against the fold of every record ever appended; and at rest, event streams, claims and answers.
#include <inttypes.h>

#include "base/check.h"
#include "core/ledger.h"
#include "service/event.h"
#include "sim/sim.h"

static void fold(struct sim *sim, const struct store_account *place, struct span log,
                 struct account *account)
{
    struct ledger_fault fault = {0};
    account_init(account);
    arena_reset(&sim->scratch);
    enum status status = ledger_fold(account, log, place->id, place->partition, sim_chain_hash,
                                     &sim->scratch, &fault);
    const char *what = fault.what;
    if (status == STATUS_OK) {
        status = account_check(account, &what);
    }
    if (status != STATUS_OK) {
        sim_violated(sim, "logs verify", "%.*s, record %" PRIu64 ": %s", (int)place->id.len,
                     (const char *)place->id.data, fault.record, what == NULL ? "" : what);
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
    fold(sim, &book->place, log, &stored);
    fold(sim, &book->place, buffer_span(&book->full), &full);
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

// --- terminals' days ---

static void compare_totals(struct sim *sim, const struct day *day, const struct account *account)
{
    for (size_t i = 0; i < RECEIPT_OPERATIONS; i++) {
        const struct receipt_total *folded = &account->terminal.totals[i];
        const struct receipt_total *ours = &day->totals[i];
        if (folded->count != ours->count || folded->points != ours->points ||
            folded->amount_minor != ours->amount_minor) {
            sim_violated(sim, "logs verify", "%s: totals of operation %zu", day->id, i + 1);
        }
    }
    if (account->seq != day->seq || account->terminal.closed != day->closed ||
        memcmp(account->tail, day->tail, sizeof(day->tail)) != 0) {
        sim_violated(sim, "logs verify", "%s: its sequence, end or tail", day->id);
    }
}

void verify_day(struct sim *sim, struct day *day)
{
    struct account stored;
    struct account full;
    const char *what = NULL;
    if (!day->exists) {
        return;
    }
    fold(sim, &day->place, memory_log(sim->server.base, &day->place), &stored);
    fold(sim, &day->place, buffer_span(&day->full), &full);
    if (!account_equal(&stored, &full, &what)) {
        sim_violated(sim, "logs verify", "%s: as stored and as appended differ in %s", day->id,
                     what);
    }
    compare_totals(sim, day, &stored);
    sim->counts->folds++;
    account_fini(&stored);
    account_fini(&full);
}

// --- at rest ---

// Takes an event that must go on where the account's events before it ended.
static void verify_event(struct sim *sim, const struct event *event, const char *id,
                         struct span full, size_t *at)
{
    bool fits = full.len - *at >= event->records.len;
    if (!fits || memcmp(full.data + *at, event->records.data, event->records.len) != 0) {
        sim_violated(sim, "every append is one event", "%s: its events are not its log", id);
    }
    *at += event->records.len;
}

// The members' events, one behind the other, are their logs; and the days' theirs.
struct replayed {
    size_t of_members[SIM_MEMBERS];
    size_t *of_days;
};

static void verify_next(struct sim *sim, const struct event *event, struct replayed *at)
{
    if (day_find(sim, event->member_id) == NULL) {
        uint32_t member = 0;
        while (!span_is_text(event->member_id, sim->books[member].id)) {
            member++;
            CHECK(member < sim->member_count);
        }
        const struct book *book = &sim->books[member];
        verify_event(sim, event, book->id, buffer_span(&book->full), &at->of_members[member]);
        return;
    }
    uint32_t i = 0;
    while (!span_is_text(event->member_id, sim->days.items[i].day->id)) {
        i++;
    }
    const struct day *day = sim->days.items[i].day;
    verify_event(sim, event, day->id, buffer_span(&day->full), &at->of_days[i]);
}

static void verify_events(struct sim *sim)
{
    struct replayed at = {
        .of_days = arena_alloc_array(&sim->arena, sim->days.count + 1, sizeof(*at.of_days))};
    CHECK(at.of_days != NULL);
    for (uint32_t partition = 0; partition < SIM_PARTITIONS; partition++) {
        uint64_t count = memory_event_count(sim->server.base, partition);
        for (uint64_t i = 0; i < count; i++) {
            struct event event;
            CHECK(event_decode(memory_event(sim->server.base, partition, i), &event) == STATUS_OK);
            verify_next(sim, &event, &at);
        }
    }
    for (uint32_t i = 0; i < sim->member_count; i++) {
        compare(sim, &sim->books[i], "the events' bytes", (int64_t)at.of_members[i],
                (int64_t)sim->books[i].full.len);
    }
    for (uint32_t i = 0; i < sim->days.count; i++) {
        if (at.of_days[i] != sim->days.items[i].day->full.len) {
            sim_violated(sim, "every append is one event", "%s: its events are not its log",
                         sim->days.items[i].day->id);
        }
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
            if (bound && claims_owner(sim, &item->identifier) != book) {
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
    for (uint32_t i = 0; i < sim->days.count; i++) {
        verify_day(sim, sim->days.items[i].day);
    }
    verify_events(sim);
    if (sim->server.losses == 0) {
        verify_claims(sim);
    }
}
