// The days' books.
#include "sim/days.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "sim/sim.h"

enum { CUT_DAYS = 395 }; // not before

static const char ONCE[] = "a receipt counts once";

const char *day_till_name(uint32_t till)
{
    static const char *const NAMES[DAY_TILLS] = {"store-1/till-1", "store-1/till-2"};
    CHECK(till < DAY_TILLS);
    return NAMES[till];
}

static struct day *day_new(struct sim *sim, uint32_t till, int64_t date)
{
    struct day *day = arena_alloc(&sim->arena, sizeof(*day));
    CHECK(day != NULL);
    *day = (struct day){.till = till, .date = date};
    const char *text = china_date(&sim->arena, date);
    day->id = arena_printf(&sim->arena, "@%.4s%.2s%.2s/%s", text, text + 5, text + 8,
                           day_till_name(till));
    CHECK(day->id != NULL);
    day->place = (struct store_account){.id = span_of_text(day->id)};
    buffer_init(&day->full, 0);
    CHECK(vec_reserve_one(&sim->days, UINT32_MAX) == STATUS_OK);
    sim->days.items[sim->days.count++].day = day;
    return day;
}

struct day *day_at(struct sim *sim, uint32_t till, int64_t date)
{
    for (uint32_t i = sim->days.count; i > 0; i--) {
        struct day *day = sim->days.items[i - 1].day;
        if (day->till == till && day->date == date) {
            return day;
        }
    }
    return day_new(sim, till, date);
}

struct day *day_find(struct sim *sim, struct span account_id)
{
    if (account_id.len == 0 || account_id.data[0] != '@') {
        return NULL;
    }
    for (uint32_t i = sim->days.count; i > 0; i--) {
        if (span_is_text(account_id, sim->days.items[i - 1].day->id)) {
            return sim->days.items[i - 1].day;
        }
    }
    sim_violated(sim, "logs hold together", "a day nobody named");
}

void day_fini(struct day *day)
{
    vec_fini(&day->claims);
    vec_fini(&day->appends);
    buffer_fini(&day->full);
}

// --- claims ---

static bool same_key(const struct day_key *a, const struct day_key *b)
{
    return a->operation == b->operation && a->number == b->number && a->original == b->original;
}

static struct day_claim *find_claim(const struct day *day, const struct day_key *key)
{
    for (uint32_t i = 0; i < day->claims.count; i++) {
        if (same_key(&day->claims.items[i].key, key)) {
            return &day->claims.items[i];
        }
    }
    return NULL;
}

static bool is_open(const struct day_claim *claim)
{
    return claim->stage == RECEIPT_CLAIMED || claim->stage == RECEIPT_TAKEN_OVER;
}

static void count(struct day *day, const struct day_claim *claim, int sign)
{
    struct receipt_total *total = &day->totals[claim->key.operation - 1];
    if (claim->stage != RECEIPT_VOIDED && claim->request != 0) {
        total->count = sign > 0 ? total->count + 1 : total->count - 1;
        total->points += sign * claim->points;
        total->amount_minor += sign * claim->amount_minor;
    }
}

// Who has landed under a receipt, and still has.
static const struct landed *find_landed(const struct sim *sim, const struct day *day,
                                        const struct day_key *key)
{
    for (uint32_t i = 0; i < sim->landed.count; i++) {
        const struct landed *landed = &sim->landed.items[i];
        if (landed->day == day && landed->ask->recorded && same_key(&landed->key, key)) {
            return landed;
        }
    }
    return NULL;
}

static void must(struct sim *sim, const struct day *day, const char *what, bool so)
{
    if (!so && sim->server.losses == 0) {
        sim_violated(sim, ONCE, "%s, record %llu: %s", day->id, (unsigned long long)day->seq + 1,
                     what);
    }
}

// Whether the request of a claim can count no more: its time is over, or it is decided otherwise.
static bool is_out(struct sim *sim, const struct day_claim *claim)
{
    const struct ask *ask = sim->asks.items[claim->request - 1].ask;
    bool decided = ask->recorded || book_buries(ask->book, ask->number);
    return decided || server_now(sim) > claim->not_after_ms;
}

bool day_is_cut(const struct sim *sim, const struct day *day)
{
    return china_day(server_now(sim)) - day->date > CUT_DAYS;
}

static void note_step(struct sim *sim, const struct day_claim *before,
                      const struct day_claim *claim)
{
    sim_note(sim, "receipt: operation, number, by request", (int64_t)claim->key.operation,
             (int64_t)claim->key.number, (int64_t)claim->request);
    sim_note(sim, "its stage; before, and by request", (int64_t)claim->stage,
             before == NULL ? 0 : (int64_t)before->stage,
             before == NULL ? 0 : (int64_t)before->request);
}

static void check_step(struct sim *sim, const struct day *day, const struct day_claim *before,
                       const struct day_claim *claim)
{
    note_step(sim, before, claim);
    const struct landed *landed = find_landed(sim, day, &claim->key);
    bool held = before != NULL && before->stage != RECEIPT_VOIDED;
    bool same = held && before->request == claim->request;
    bool counts = landed != NULL && landed->ask->number == claim->request;
    switch (claim->stage) {
    case RECEIPT_CLAIMED:
        must(sim, day, "a claim on what another request has", !held || (same && is_open(before)));
        must(sim, day, "another request has landed there", landed == NULL || counts);
        return;
    case RECEIPT_TAKEN_OVER:
        must(sim, day, "taken over from nobody", held && !same && is_open(before));
        must(sim, day, "taken over from what has landed", landed == NULL);
        must(sim, day, "taken over from what may still land", !held || is_out(sim, before));
        counts_case(sim->counts, "receipt taken over", true);
        return;
    case RECEIPT_CHANGED:
        must(sim, day, "settled, and not claimed", same && is_open(before));
        must(sim, day, "settled, and has not landed so",
             day_is_cut(sim, day) || (counts && landed->points == claim->points &&
                                      landed->amount_minor == claim->amount_minor));
        counts_case(sim->counts, "receipt settled", true);
        return;
    case RECEIPT_VOIDED:
        must(sim, day, "voided, and not claimed", same && is_open(before));
        must(sim, day, "voided, and has landed", !counts);
        counts_case(sim->counts, "receipt voided", true);
        return;
    case RECEIPT_DAY_CLOSED:
        return;
    }
}

// What a terminal gives a day is known before it is given.
static void check_guard(struct sim *sim, const struct day *day, int64_t before)
{
    const struct rules_set *versions = &sim->versions;
    int64_t points = day->totals[RECEIPT_AWARD - 1].points;
    int64_t guard = 0;
    for (int64_t back_ms = 0; back_ms <= 2; back_ms += 2) { // a daemon's clock may be behind
        int64_t at_ms = day->at_ms - back_ms * LIMIT_CLOCK_AHEAD_MS;
        const struct rules *rules = rules_at(versions, versions->entries, at_ms);
        bool free = rules == NULL || rules->terminal_guard == 0;
        int64_t most = free ? INT64_MAX : rules->terminal_guard;
        guard = most > guard ? most : guard;
    }
    if (points > before && points > guard && !sim->versions_lost) {
        sim_violated(sim, "a terminal gives no more a day than its guard",
                     "%s: %lld points, at most %lld", day->id, (long long)points, (long long)guard);
    }
}

static void close_day(struct sim *sim, struct day *day, const struct record_receipt *receipt)
{
    for (size_t i = 0; i < RECEIPT_OPERATIONS; i++) {
        const struct receipt_total *said = &receipt->totals[i];
        const struct receipt_total *ours = &day->totals[i];
        must(sim, day, "closed with other totals",
             said->count == ours->count && said->points == ours->points &&
                 said->amount_minor == ours->amount_minor);
    }
    day->closed = true;
}

static void take_step(struct sim *sim, struct day *day, const struct record_receipt *receipt,
                      bool live)
{
    struct day_claim claim = {
        .key = {.operation = receipt->operation, .number = receipt->number},
        .request = book_request(receipt->request),
        .stage = receipt->stage,
        .points = receipt->points,
        .amount_minor = receipt->amount_minor,
        .not_after_ms = receipt->not_after_ms,
    };
    bool reverses =
        receipt->operation == RECEIPT_REVERSE_AWARD || receipt->operation == RECEIPT_REVERSE_REDEEM;
    claim.key.original = reverses ? book_request(receipt->original) : 0;
    int64_t points = day->totals[RECEIPT_AWARD - 1].points;
    struct day_claim *before = find_claim(day, &claim.key);
    if (live) {
        check_step(sim, day, before, &claim);
    }
    if (before == NULL) {
        CHECK(vec_reserve_one(&day->claims, UINT32_MAX) == STATUS_OK);
        before = &day->claims.items[day->claims.count++];
        *before = (struct day_claim){.key = claim.key};
    }
    bool ends = claim.stage == RECEIPT_CHANGED || claim.stage == RECEIPT_VOIDED;
    claim.not_after_ms = ends ? before->not_after_ms : claim.not_after_ms;
    count(day, before, -1);
    count(day, &claim, 1);
    *before = claim;
    day->closed = false;
    if (live) {
        check_guard(sim, day, points);
    }
}

void day_take(struct sim *sim, struct day *day, const struct record *record, bool live)
{
    bool opens = record->type == RECORD_OPENED && record->opened.kind == ACCOUNT_TERMINAL_DAY &&
                 record->opened.day == day->date;
    if (opens == day->exists || (!opens && record->type != RECORD_RECEIPT) ||
        record->at_ms < day->at_ms) {
        sim_violated(sim, "logs hold together", "%s: a record of type %d at %lld", day->id,
                     (int)record->type, (long long)record->at_ms);
    }
    day->exists = true;
    day->at_ms = record->at_ms;
    if (!opens && record->receipt.stage == RECEIPT_DAY_CLOSED) {
        close_day(sim, day, &record->receipt);
    } else if (!opens) {
        take_step(sim, day, &record->receipt, live);
    }
    day->seq++;
}

void day_take_back(struct sim *sim, struct day *day)
{
    CHECK(day->appends.count > 0);
    day->appends.count--;
    buffer_truncate(&day->full, day->appends.items[day->appends.count]);
    day->exists = false;
    day->closed = false;
    day->seq = 0;
    day->at_ms = 0;
    day->claims.count = 0;
    memset(day->totals, 0, sizeof(day->totals));
    memset(day->tail, 0, sizeof(day->tail));
    struct record_cursor cursor = {.rest = buffer_span(&day->full)};
    struct record_place place;
    while (record_next(&cursor, &place) == STATUS_OK) {
        struct record record;
        arena_reset(&sim->scratch);
        CHECK(record_decode(place.body, &sim->scratch, &record) == STATUS_OK);
        day_take(sim, day, &record, false);
        memcpy(day->tail, place.hash, sizeof(day->tail));
    }
}

// --- what lands ---

// The key and figures under which a record counts; false: it does not.
static bool counts_as(const struct record *record, struct landed *landed)
{
    const struct record_reversed *reversed = &record->reversed;
    switch (record->type) {
    case RECORD_AWARDED:
        landed->key.operation = RECEIPT_AWARD;
        landed->points = record->awarded.points;
        landed->amount_minor = record->awarded.amount_minor;
        return true;
    case RECORD_REDEEMED:
        landed->key.operation = RECEIPT_REDEEM;
        landed->points = record->redeemed.points;
        return true;
    case RECORD_CAPTURED:
        landed->key.operation = RECEIPT_REDEEM;
        landed->points = record->captured.taken.points;
        return true;
    case RECORD_REVERSED:
        landed->key.operation =
            reversed->method == RECORD_AWARDED ? RECEIPT_REVERSE_AWARD : RECEIPT_REVERSE_REDEEM;
        landed->key.original = book_request(reversed->advice.original);
        landed->points = reversed->points;
        landed->amount_minor = reversed->sale.amount_minor;
        return reversed->result <= REVERSE_FURTHER_ACTIVITY && reversed->method != RECORD_HELD;
    default:
        return false;
    }
}

static void check_landing(struct sim *sim, const struct landed *landed)
{
    const struct day *day = landed->day;
    const struct day_claim *claim = find_claim(day, &landed->key);
    bool claimed =
        claim != NULL && claim->request == landed->ask->number && claim->stage != RECEIPT_VOIDED;
    must(sim, day, "lands, and is not claimed", claimed);
    must(sim, day, "lands for more than is claimed",
         !claimed ||
             (claim->points >= landed->points && claim->amount_minor >= landed->amount_minor));
    must(sim, day, "lands after its claim's time",
         !claimed || !is_open(claim) || server_now(sim) <= claim->not_after_ms);
    must(sim, day, "lands where another request has", find_landed(sim, day, &landed->key) == NULL);
}

void day_land(struct sim *sim, struct ask *ask, const struct record *record)
{
    const struct intent *intent = ask->winner;
    struct landed landed = {.ask = ask, .key = {.number = intent->receipt_number}};
    if (intent->receipt_number == 0 || !counts_as(record, &landed)) {
        return;
    }
    landed.day = intent->day;
    ask->recorded = false; // not to be met by itself
    check_landing(sim, &landed);
    ask->recorded = true;
    uint32_t at = 0;
    while (at < sim->landed.count && sim->landed.items[at].ask != ask) {
        at++;
    }
    if (at == sim->landed.count) {
        CHECK(vec_reserve_one(&sim->landed, UINT32_MAX) == STATUS_OK);
        sim->landed.count++;
    }
    sim->landed.items[at] = landed; // once more, if the store had lost it
}

void day_landed(const struct sim *sim, const struct day *day, struct receipt_total *ret_totals)
{
    memset(ret_totals, 0, RECEIPT_OPERATIONS * sizeof(*ret_totals));
    for (uint32_t i = 0; i < sim->landed.count; i++) {
        const struct landed *landed = &sim->landed.items[i];
        struct receipt_total *total = &ret_totals[landed->key.operation - 1];
        if (landed->day == day && landed->ask->recorded) {
            total->count++;
            total->points += landed->points;
            total->amount_minor += landed->amount_minor;
        }
    }
}

bool day_is_counted(const struct sim *sim, const struct ask *ask)
{
    const struct intent *intent = ask->variants[0];
    for (uint32_t i = 0; i < sim->landed.count; i++) {
        const struct landed *landed = &sim->landed.items[i];
        if (landed->day == intent->day && landed->key.number == intent->receipt_number &&
            landed->ask != ask && landed->ask->recorded) {
            return true;
        }
    }
    return false;
}
