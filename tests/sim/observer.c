// Sees every change of the world as the store makes it: each append is held against its member's
// book, the request ids, the event stream, the due index, the versions and the clocks; each
// compaction against the log it stands for. When the store loses changes, books and ids go back
// with it.
#include "base/check.h"
#include "loyalty/v1/members.pb-c.h"
#include "service/bounds.h"
#include "service/event.h"
#include "sim/sim.h"

// --- the journal of changes ---

struct change *observer_note(struct sim *sim, enum change_kind kind)
{
    CHECK(vec_reserve_one(&sim->changes, UINT32_MAX) == STATUS_OK);
    struct change *change = &sim->changes.items[sim->changes.count++];
    *change = (struct change){.kind = kind, .at_ms = sim->now_ms};
    server_touched(sim);
    return change;
}

uint64_t observer_first(const struct sim *sim, int64_t from_ms)
{
    uint32_t i = 0;
    while (i < sim->changes.count && sim->changes.items[i].at_ms < from_ms) {
        i++;
    }
    return sim->first_change + i;
}

void observer_keep(struct sim *sim, uint64_t count)
{
    if (count <= sim->first_change) {
        return;
    }
    uint32_t kept = (uint32_t)(count - sim->first_change);
    CHECK(kept <= sim->changes.count);
    sim->changes.count -= kept;
    memmove(sim->changes.items, sim->changes.items + kept,
            sim->changes.count * sizeof(*sim->changes.items));
    sim->first_change = count;
}

static void forget_asks(const struct change *change)
{
    for (struct ask *ask = change->asks; ask != NULL; ask = ask->landed_next) {
        ask->recorded = false;
        ask->lost = true;
        ask->answered = false;
        ask->firsts = 0;
        ask->may_run++; // what was lost may still be on its way a second time
    }
}

// An identifier's end is lost: what its enrolment was told of it may turn out otherwise.
static void forget_enrolments(struct sim *sim, const struct book *book)
{
    for (uint32_t i = 0; i < sim->asks.count; i++) {
        struct ask *ask = sim->asks.items[i].ask;
        bool enrols =
            ask->variants[0]->message->descriptor == &loyalty__v1__enroll_request__descriptor;
        if (ask->book == book && enrols) {
            ask->answered = false;
            ask->firsts = 0;
        }
    }
}

static void take_back(struct sim *sim, const struct change *change)
{
    switch (change->kind) {
    case CHANGE_APPENDED:
        if (change->day != NULL) {
            day_take_back(sim, change->day);
            forget_asks(change);
            break;
        }
        book_take_back(sim, change->book);
        if (change->binds) {
            forget_enrolments(sim, change->book);
        }
        forget_asks(change);
        break;
    case CHANGE_PUBLISHED:
        if (change->withdrawn != NULL) {
            change->withdrawn->withdrawn = RULES_STAND;
        } else {
            sim->versions.count--;
        }
        sim->versions.entries--;
        sim->versions_lost = true;
        forget_asks(change);
        memcpy(sim->program_tail, change->tail, sizeof(sim->program_tail));
        break;
    case CHANGE_CLAIMED:
        sim->claims.items[change->claim].owner = change->book;
        return;
    case CHANGE_COMPACTED:
    case CHANGE_OTHER:
        return;
    }
    sim->events[change->partition]--;
}

void observer_lose(struct sim *sim, uint64_t count)
{
    CHECK(count >= sim->first_change);
    while (sim->first_change + sim->changes.count > count) {
        sim->changes.count--;
        struct change change = sim->changes.items[sim->changes.count];
        take_back(sim, &change);
    }
}

void observer_synced(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->member_count; i++) {
        sim->books[i].synced_seq = sim->books[i].seq;
    }
}

// --- what every append must keep ---

static void check_clocks(struct sim *sim, const struct store_append *append)
{
    int64_t store_ms = server_now(sim);
    if (store_ms > append->not_after_ms) {
        sim_violated(sim, "nothing lands after its deadline", "not after %lld, the store has %lld",
                     (long long)append->not_after_ms, (long long)store_ms);
    }
    if (append->now_ms == 0 || append->now_ms > store_ms + LIMIT_CLOCK_AHEAD_MS) {
        sim_violated(sim, "nothing lands from the future", "now %lld, the store has %lld",
                     (long long)append->now_ms, (long long)store_ms);
    }
}

static void check_event(struct sim *sim, const struct store_append *append, uint32_t partition,
                        uint64_t seq)
{
    uint32_t stream = append->account.meta ? (uint32_t)LIMIT_PARTITIONS : partition;
    uint64_t count = memory_event_count(sim->server.base, stream);
    sim->events[partition]++;
    if (count != sim->events[partition]) {
        sim_violated(sim, "every append is one event", "stream %u has %llu, must have %llu", stream,
                     (unsigned long long)count, (unsigned long long)sim->events[partition]);
    }
    struct event event = {0};
    enum status status = event_decode(memory_event(sim->server.base, stream, count - 1), &event);
    if (status != STATUS_OK || !span_equal(event.member_id, append->account.id) ||
        event.first_seq != seq + 1 || !span_equal(event.records, append->records)) {
        sim_violated(sim, "every append is one event", "stream %u, entry %llu is not the append's",
                     stream, (unsigned long long)count);
    }
}

static void check_chain(struct sim *sim, const uint8_t *tail, const struct record_place *place)
{
    uint8_t hash[CHAIN_HASH_BYTES];
    sim_chain_hash(tail, place->stored, hash);
    if (memcmp(hash, place->hash, sizeof(hash)) != 0) {
        sim_violated(sim, "the chain goes on",
                     "a record does not follow from the one before: two have written");
    }
}

// --- request ids ---

static struct ask *ask_of(struct sim *sim, const struct mark *mark)
{
    uint64_t number = book_request(mark->id);
    if (number == 0 || number > sim->asks.count || mark->system) {
        sim_violated(sim, "one effect per request id", "a record of request %llu, never asked",
                     (unsigned long long)number);
    }
    return sim->asks.items[number - 1].ask;
}

static void note_landed(struct sim *sim, struct change *change, struct ask *ask)
{
    sim->counts->together += change->asks != NULL ? 1 : 0;
    ask->landed_next = change->asks;
    change->asks = ask;
}

static const struct intent *winner_of(struct sim *sim, const struct ask *ask, struct book *book,
                                      const struct record *record)
{
    const struct record_view view = {.sim = sim, .book = book, .record = record};
    const struct record_row *row = table_record(record->type);
    for (size_t i = 0; i < SIM_VARIANTS && row != NULL && row->is_of != NULL; i++) {
        if (ask->variants[i] != NULL && row->is_of(&view, ask->variants[i])) {
            return ask->variants[i];
        }
    }
    return NULL;
}

static void take_mark(struct sim *sim, struct ask *ask, struct book *book,
                      const struct record *record)
{
    if (ask->recorded || ask->book != book) {
        sim_violated(sim, "one effect per request id", "request %llu is recorded %s",
                     (unsigned long long)ask->number,
                     ask->recorded ? "a second time" : "for another member");
    }
    ask->winner = winner_of(sim, ask, book, record);
    if (ask->winner == NULL) {
        sim_violated(sim, "what is recorded is what was asked",
                     "request %llu, %s of %lld at %lld, is recorded as %s at %lld",
                     (unsigned long long)ask->number, ask->variants[0]->row->name,
                     (long long)ask->variants[0]->amount, (long long)ask->variants[0]->occurred_ms,
                     table_record(record->type)->name, (long long)record->at_ms);
    }
    if (ask->may_run <= 0) {
        sim_violated(sim, "what was said not to be executed is not",
                     "request %llu lands, though each delivery was answered by a definite no",
                     (unsigned long long)ask->number);
    }
    if (server_now(sim) - ask->created_ms > LIMIT_HORIZON_MS + CLOCK_SLACK_MS) {
        sim_violated(sim, "nothing older than the horizon is executed", "request %llu is of %lld",
                     (unsigned long long)ask->number, (long long)ask->created_ms);
    }
    ask->recorded = true;
    ask->recorded_step = sim->trace->step;
}

// --- members ---

// History posted at its own time is let alone for a while: its next boundary is not in the index.
static bool waits_for_history(const struct sim *sim, const struct book *book, int64_t due_ms,
                              int64_t expected_ms)
{
    int64_t now_ms = server_now(sim);
    return expected_ms > book->at_ms && expected_ms <= now_ms + CLOCK_SLACK_MS && due_ms > now_ms &&
           due_ms <= now_ms + SERVICE_HISTORY_QUIET_MS + CLOCK_SLACK_MS;
}

static void check_due(struct sim *sim, struct book *book)
{
    size_t known = sim->server.known_entries;
    if (known == 0 || sim->versions_lost) {
        return;
    }
    int64_t due_ms = memory_due(sim->server.base, &book->place);
    int64_t expected_ms = book_due(book, &sim->versions, known);
    if (due_ms != expected_ms && !waits_for_history(sim, book, due_ms, expected_ms)) {
        sim_violated(sim, "the due index names the next boundary",
                     "%s: it has %lld, time has something to say at %lld", book->id,
                     (long long)due_ms, (long long)expected_ms);
    }
}

struct book *observer_book(struct sim *sim, struct span member_id)
{
    for (uint32_t i = 0; i < sim->member_count; i++) {
        if (span_is_text(member_id, sim->books[i].id)) {
            return &sim->books[i];
        }
    }
    sim_violated(sim, "logs hold together", "a member nobody named");
}

static void take_records(struct sim *sim, struct book *book, const struct store_append *append,
                         struct change *ret_change)
{
    int64_t latest_ms = server_now(sim) + LIMIT_CLOCK_AHEAD_MS;
    latest_ms = latest_ms > book->at_ms ? latest_ms : book->at_ms;
    struct record_cursor cursor = {.rest = append->records};
    struct record_place place;
    while (record_next(&cursor, &place) == STATUS_OK) {
        struct record record;
        check_chain(sim, book->tail, &place);
        arena_reset(&sim->scratch);
        CHECK(record_decode(place.body, &sim->scratch, &record) == STATUS_OK);
        if (record.at_ms > latest_ms) {
            sim_violated(sim, "nothing lands from the future", "%s: a record at %lld", book->id,
                         (long long)record.at_ms);
        }
        book_take(sim, book, &record);
        memcpy(book->tail, place.hash, sizeof(book->tail));
        sim->counts->records[record.type % COUNTS_RECORDS]++;
        ret_change->binds = ret_change->binds || record.type == RECORD_BOUND;
        if (record.mark.present) {
            struct ask *ask = ask_of(sim, &record.mark);
            take_mark(sim, ask, book, &record);
            ask->seq = book->seq;
            ask->figures = record.figures;
            ask->tier = book_card(book)->tier;
            ask->points = record.type == RECORD_AWARDED ? record.awarded.points : 0;
            note_landed(sim, ret_change, ask);
            day_land(sim, ask, &record);
        }
    }
    if (cursor.rest.len != 0) {
        sim_violated(sim, "logs hold together", "%s: an append that is no records", book->id);
    }
}

static void check_tail(struct sim *sim, const struct store_append *append, const uint8_t *tail)
{
    if (memcmp(append->expected_hash, tail, CHAIN_HASH_BYTES) != 0) {
        sim_violated(sim, "the chain goes on", "%.*s: an append to another tail: two have written",
                     (int)append->account.id.len, (const char *)append->account.id.data);
    }
}

static void take_append(struct sim *sim, const struct store_append *append)
{
    struct book *book = observer_book(sim, append->account.id);
    book->place.partition = append->account.partition;
    check_tail(sim, append, book->tail);
    check_event(sim, append, append->account.partition, book->seq);
    struct change change = {.book = book, .partition = append->account.partition};
    take_records(sim, book, append, &change);
    CHECK(vec_reserve_one(&book->appends, UINT32_MAX) == STATUS_OK);
    book->appends.items[book->appends.count++] = (uint32_t)book->full.len;
    CHECK(buffer_append(&book->full, append->records) == STATUS_OK);
    *observer_note(sim, CHANGE_APPENDED) = change;
    check_due(sim, book);
}

// --- terminals' days ---

static void take_steps(struct sim *sim, struct day *day, const struct store_append *append,
                       struct change *ret_change)
{
    struct record_cursor cursor = {.rest = append->records};
    struct record_place place;
    while (record_next(&cursor, &place) == STATUS_OK) {
        struct record record;
        check_chain(sim, day->tail, &place);
        arena_reset(&sim->scratch);
        CHECK(record_decode(place.body, &sim->scratch, &record) == STATUS_OK);
        day_take(sim, day, &record, true);
        memcpy(day->tail, place.hash, sizeof(day->tail));
        sim->counts->records[record.type % COUNTS_RECORDS]++;
        if (record.type == RECORD_RECEIPT && record.receipt.stage == RECEIPT_CLAIMED) {
            chaos_claimed(sim);
        }
        if (record.mark.present) {
            struct ask *ask = ask_of(sim, &record.mark);
            take_mark(sim, ask, NULL, &record);
            note_landed(sim, ret_change, ask);
        }
    }
}

static void take_day(struct sim *sim, struct day *day, const struct store_append *append)
{
    day->place.partition = append->account.partition;
    check_tail(sim, append, day->tail);
    check_event(sim, append, append->account.partition, day->seq);
    struct change change = {.day = day, .partition = append->account.partition};
    take_steps(sim, day, append, &change);
    CHECK(vec_reserve_one(&day->appends, UINT32_MAX) == STATUS_OK);
    day->appends.items[day->appends.count++] = (uint32_t)day->full.len;
    CHECK(buffer_append(&day->full, append->records) == STATUS_OK);
    *observer_note(sim, CHANGE_APPENDED) = change;
}

// --- the program ---

// Publishes and withdrawals alike land a minute before what they are about takes effect.
static void check_lead(struct sim *sim, uint32_t number, int64_t effective_ms)
{
    if (server_now(sim) > effective_ms - LIMIT_PUBLISH_LEAD_MS) {
        sim_violated(sim, "a version lands, or goes, a minute before it takes effect",
                     "version %u takes effect at %lld, the store has %lld", number,
                     (long long)effective_ms, (long long)server_now(sim));
    }
}

static void take_version(struct sim *sim, const struct ask *ask, const struct record *record)
{
    struct rules *rules = (struct rules *)ask->variants[0]->rules;
    struct rules_set *versions = &sim->versions;
    const struct record_published *published = &record->published;
    const struct rules *latest = rules_latest(versions, versions->entries);
    bool rises = latest == NULL || published->effective_from_ms > latest->effective_ms;
    if (published->number != versions->count + 1 || !rises) {
        sim_violated(sim, "versions take effect one after the other", "version %u",
                     published->number);
    }
    if (latest != NULL) {
        check_lead(sim, published->number, published->effective_from_ms);
    }
    CHECK(versions->count < SIM_VERSIONS);
    rules->number = published->number;
    rules->entry = versions->entries;
    rules->withdrawn = RULES_STAND;
    rules->effective_ms = published->effective_from_ms;
    sim->published[versions->count++] = rules;
    sim->counts->publishes++;
}

static void take_withdrawal(struct sim *sim, const struct record *record, struct change *ret_change)
{
    const struct rules_set *versions = &sim->versions;
    uint32_t number = record->withdrawn.number;
    if (number == 0 || number > versions->count ||
        !rules_stand(versions->items[number - 1], versions->entries)) {
        sim_violated(sim, "what is withdrawn stands", "version %u of %zu", number, versions->count);
    }
    struct rules *rules = (struct rules *)versions->items[number - 1];
    check_lead(sim, number, rules->effective_ms);
    rules->withdrawn = versions->entries;
    ret_change->withdrawn = rules;
}

// A version published or withdrawn.
static void take_program(struct sim *sim, const struct store_append *append)
{
    struct record_cursor cursor = {.rest = append->records};
    struct record_place place;
    struct record record = {0};
    struct change change = {.kind = CHANGE_PUBLISHED, .partition = SIM_PARTITIONS};
    memcpy(change.tail, sim->program_tail, sizeof(change.tail));
    check_event(sim, append, SIM_PARTITIONS, sim->versions.entries);
    CHECK(record_next(&cursor, &place) == STATUS_OK && cursor.rest.len == 0);
    check_chain(sim, sim->program_tail, &place);
    arena_reset(&sim->scratch);
    enum status status = record_decode(place.body, &sim->scratch, &record);
    if (status != STATUS_OK ||
        (record.type != RECORD_PUBLISHED && record.type != RECORD_WITHDRAWN)) {
        sim_violated(sim, "logs hold together", "the program's log has a record of type %d",
                     (int)record.type);
    }
    struct ask *ask = ask_of(sim, &record.mark);
    take_mark(sim, ask, NULL, &record);
    note_landed(sim, &change, ask);
    if (record.type == RECORD_PUBLISHED) {
        take_version(sim, ask, &record);
    } else {
        take_withdrawal(sim, &record, &change);
    }
    sim->versions.entries++;
    sim->counts->records[record.type % COUNTS_RECORDS]++;
    memcpy(sim->program_tail, place.hash, sizeof(sim->program_tail));
    *observer_note(sim, CHANGE_PUBLISHED) = change;
}

static void on_append(void *context, const struct store_append *append)
{
    struct sim *sim = context;
    sim->counts->appends++;
    trace_bytes(sim->trace, append->records);
    check_clocks(sim, append);
    struct day *day = append->account.meta ? NULL : day_find(sim, append->account.id);
    if (append->account.meta) {
        take_program(sim, append);
    } else if (day != NULL) {
        take_day(sim, day, append);
    } else {
        take_append(sim, append);
    }
}

// --- compactions and claims ---

static void on_compact(void *context, const struct store_compact *compact)
{
    struct sim *sim = context;
    sim->counts->compactions++;
    trace_bytes(sim->trace, compact->snapshot);
    (void)observer_note(sim, CHANGE_COMPACTED);
    struct day *day = day_find(sim, compact->account.id);
    if (day != NULL) {
        verify_day(sim, day);
    } else {
        verify_book(sim, observer_book(sim, compact->account.id));
    }
}

static void on_other(void *context)
{
    (void)observer_note(context, CHANGE_OTHER);
}

void observer_begin(struct sim *sim)
{
    sim->observer = (struct memory_observer){
        .context = sim,
        .on_append = on_append,
        .on_compact = on_compact,
        .on_claim = claims_take,
        .on_unclaim = claims_let_go,
        .on_other = on_other,
    };
    sim->versions.items = sim->published;
    memory_observe(sim->server.base, &sim->observer);
    memory_journal(sim->server.base);
}
