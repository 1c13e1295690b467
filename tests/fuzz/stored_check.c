// What a log that folds must be good for.
//
// Of statuses: a log of any bytes may be CORRUPT, RANGE, TOO_LARGE, UNKNOWN_TYPE or OK; what is
// done with an account that passed account_check may only fail for a bound, or because it lived
// before the program began.
#include "fuzz/stored.h"

#include <string.h>

#include "base/check.h"
#include "base/varint.h"
#include "core/advance.h"
#include "core/decide.h"
#include "core/ledger.h"
#include "core/snapshot.h"
#include "fuzz/fuzz_club.h"

enum {
    ARENA_BYTES = 8 << 20,
    RECORDS_MAX = 256,
};

static const int64_t year_ms = 365 * DAY_MS;

// Warm from input to input.
static struct arena arena = {.cap_bytes = ARENA_BYTES}; // as arena_init has it
static struct arena fold_arena = {.cap_bytes = ARENA_BYTES};
static struct buffer out;
static struct buffer compacted;

static void ready(void)
{
    arena_reset(&arena);
    buffer_clear(&out);
    buffer_clear(&compacted);
}

static enum status fold(struct account *account, struct span bytes)
{
    struct ledger_fault fault = {0};
    enum status status = ledger_fold(account, bytes, stored_id(), STORED_PARTITION, fuzz_chain_hash,
                                     &fold_arena, &fault);
    if (status != STATUS_OK) {
        CHECK(fault.record >= 1 && fault.offset <= bytes.len);
        CHECK(fault.what != NULL && fault.what[0] != '\0');
    }
    return status;
}

static void must_fold(struct account *account, struct span bytes)
{
    CHECK(fold(account, bytes) == STATUS_OK);
}

static bool sound(const struct account *account)
{
    const char *what = NULL;
    bool is = account_check(account, &what) == STATUS_OK;
    CHECK(is || (what != NULL && what[0] != '\0'));
    return is;
}

static void must_be_equal(const struct account *a, const struct account *b)
{
    const char *what = NULL;
    CHECK(account_equal(a, b, &what));
}

// --- the log as records ---

struct places {
    size_t ends[RECORDS_MAX]; // behind each record
    size_t count;
    bool has_snapshot;
};

static void same_record_twice(struct span body)
{
    static struct arena small = {.cap_bytes = 64};
    struct record record;
    struct record again;
    arena_reset(&small);
    CHECK(record_decode(body, &small, &record) != STATUS_OK || small.used_bytes <= 64);
    if (record_decode(body, &arena, &record) != STATUS_OK || record.type == RECORD_SNAPSHOT) {
        return;
    }
    struct buffer first;
    struct buffer second;
    buffer_init(&first, 0);
    buffer_init(&second, 0);
    CHECK(record_encode(&record, &first) == STATUS_OK);
    struct reader reader = {.rest = buffer_span(&first)};
    struct span written;
    CHECK(reader_sized(&reader, LIMIT_LOG_BYTES, &written) == STATUS_OK && reader.rest.len == 0);
    CHECK(record_decode(written, &arena, &again) == STATUS_OK);
    CHECK(record_encode(&again, &second) == STATUS_OK);
    CHECK(span_equal(buffer_span(&first), buffer_span(&second)));
    buffer_fini(&first);
    buffer_fini(&second);
}

static void look_at_records(struct span log, struct places *ret_places)
{
    struct record_cursor cursor = {.rest = log};
    struct record_place place;
    enum status status = STATUS_OK;
    *ret_places = (struct places){0};
    while ((status = record_next(&cursor, &place)) == STATUS_OK) {
        size_t end = log.len - cursor.rest.len;
        CHECK(place.stored.data + place.stored.len + CHAIN_HASH_BYTES == log.data + end);
        ret_places->has_snapshot |= place.body.data[0] == RECORD_SNAPSHOT;
        if (ret_places->count < RECORDS_MAX) {
            ret_places->ends[ret_places->count++] = end;
        }
        same_record_twice(place.body);
    }
    CHECK(status == STATUS_NOT_FOUND || status == STATUS_CORRUPT);
    CHECK((status == STATUS_NOT_FOUND) == (cursor.rest.len == 0));
}

// --- uses ---

// Folded in two parts it is the same account.
static void fold_in_parts(const struct account *whole, struct span log, size_t cut)
{
    struct account account;
    account_init(&account);
    must_fold(&account, span_of(log.data, cut));
    must_fold(&account, span_from(log, cut));
    must_be_equal(&account, whole);
    CHECK(account.log_bytes == log.len);
    account_fini(&account);
}

static bool prefix_is_sound(struct span prefix)
{
    struct account account;
    account_init(&account);
    must_fold(&account, prefix);
    bool is = sound(&account);
    account_fini(&account);
    return is;
}

// A snapshot of a sound prefix stands for it.
static void compact(const struct account *whole, struct span log, size_t cut, int64_t keep_from_ms)
{
    struct account account;
    if (!prefix_is_sound(span_of(log.data, cut))) {
        return;
    }
    account_init(&account);
    enum status status = snapshot_build(span_of(log.data, cut), stored_id(), STORED_PARTITION,
                                        keep_from_ms, fuzz_chain_hash, &fold_arena, &compacted);
    CHECK(status == STATUS_OK);
    CHECK(buffer_append(&compacted, span_from(log, cut)) == STATUS_OK);
    must_fold(&account, buffer_span(&compacted));
    must_be_equal(&account, whole);
    account_fini(&account);
}

static enum status find_nothing(void *context, uint64_t seq, const struct record *record)
{
    uint64_t *last = context;
    (void)record;
    CHECK(seq > *last);
    *last = seq;
    return STATUS_OK;
}

struct life {
    struct account *account;
    struct ledger_writer writer;
    struct span log;
    uint8_t original[REQUEST_ID_BYTES]; // of one of its requests
    uint64_t seed;
};

// Takes the id of the request behind which `left` more stand, or of the last there is.
struct pick {
    uint64_t left;
    uint8_t *id;
};

static enum status pick_request(void *context, uint64_t seq, const struct record *record)
{
    struct pick *pick = context;
    (void)seq;
    if (record->mark.present && pick->left > 0) {
        memcpy(pick->id, record->mark.id, REQUEST_ID_BYTES);
        pick->left--;
    }
    return STATUS_OK;
}

static bool only_a_bound(enum status status)
{
    return status == STATUS_RANGE || status == STATUS_TOO_LARGE || status == STATUS_NO_MEMORY;
}

static enum status sell(struct life *life, int64_t now_ms)
{
    struct sale_line line = {.amount_minor = 12345 + (int64_t)(life->seed % 1000000)};
    struct award_command command = {.sale = {.lines = &line, .line_count = 1},
                                    .currency = span_of_text("CNY")};
    struct decide decide = {.account = life->account,
                            .writer = &life->writer,
                            .arena = &arena,
                            .now_ms = now_ms,
                            .mark = {.present = true, .id = {1, 2, 3}},
                            .actor = span_of_text("pos/store-1/till-1")};
    struct decision decision;
    return decide_award(&decide, &command, &decision);
}

static enum status spend(struct life *life, int64_t now_ms)
{
    int64_t most = life->account->balance;
    struct redeem_command command = {.points = most > 1 ? 1 + most / 3 : 1};
    struct decide decide = {.account = life->account,
                            .writer = &life->writer,
                            .arena = &arena,
                            .now_ms = now_ms,
                            .actor = span_of_text("pos/store-1/till-1")};
    struct decision decision;
    return decide_redeem(&decide, &command, &decision);
}

static struct decide asked(struct life *life, int64_t now_ms, uint8_t id)
{
    return (struct decide){.account = life->account,
                           .writer = &life->writer,
                           .arena = &arena,
                           .now_ms = now_ms,
                           .mark = {.present = true, .id = {9, 9, id}},
                           .actor = span_of_text("pos/store-1/till-1"),
                           .log = life->log};
}

static enum status hold(struct life *life, int64_t now_ms)
{
    int64_t most = life->account->balance;
    struct reserve_command command = {.points = most > 1 ? 1 + most / 3 : 1};
    struct decide decide = asked(life, now_ms, 1);
    struct decision decision;
    return decide_reserve(&decide, &command, &decision);
}

// Of a request of the log, or of none.
static enum status take_back(struct life *life, int64_t now_ms)
{
    struct reverse_command command = {.original_created_ms = now_ms,
                                      .part =
                                          (life->seed & 1) != 0 ? REVERSE_AMOUNT : REVERSE_WHOLE,
                                      .amount_minor = 1 + (int64_t)(life->seed % 5000)};
    memcpy(command.original, life->original, sizeof command.original);
    struct decide decide = asked(life, now_ms, 2);
    struct decision decision;
    return decide_reverse(&decide, &command, &decision);
}

// One of the hold that the log left open, or of the request it began with.
static enum status capture(struct life *life, int64_t now_ms)
{
    struct capture_command command = {0};
    memcpy(command.reservation, life->original, sizeof command.reservation);
    if (life->account->holds.count > 0) {
        memcpy(command.reservation, life->account->holds.items[0].reservation,
               sizeof command.reservation);
    }
    struct decide decide = asked(life, now_ms, 3);
    struct decision decision;
    return decide_capture(&decide, &command, &decision);
}

// One thing done, and undone if it could not be.
static void step(struct life *life, enum status (*act)(struct life *life, int64_t now_ms),
                 int64_t now_ms)
{
    struct account_savepoint *saved = NULL;
    size_t written = out.len;
    CHECK(account_save(life->account, &arena, &saved) == STATUS_OK);
    enum status status =
        act == NULL ? advance(life->account, &life->writer, &arena, now_ms) : act(life, now_ms);
    if (status != STATUS_OK) {
        account_restore(life->account, saved);
        buffer_truncate(&out, written);
    }
    bool early = status == STATUS_NOT_FOUND && life->account->now_ms < FUZZ_CLUB_FROM_MS;
    // A sale's record may say other than what it gave, a hold be of a version that never was; that
    // is found when the one is taken back and the other captured.
    bool odd = (status == STATUS_CORRUPT && act == take_back) ||
               (status == STATUS_NOT_FOUND && act == capture);
    CHECK(status == STATUS_OK || only_a_bound(status) || early || odd);
    CHECK(sound(life->account));
}

// Sells, takes back, holds, spends, lets years pass; what was written folds to the same.
static void live_on(const struct account *whole, struct span log, uint64_t choice)
{
    struct account account;
    struct account copy;
    account_init(&account);
    account_init(&copy);
    must_fold(&account, log);
    must_fold(&copy, log);
    struct life life = {
        .account = &account,
        .writer = {.out = &out, .hash = fuzz_chain_hash, .programs = fuzz_club()},
        .log = log,
        .seed = choice,
    };
    struct pick pick = {.left = choice % 11, .id = life.original};
    CHECK(ledger_walk(log, &fold_arena, pick_request, &pick) == STATUS_OK);
    int64_t now_ms = whole->now_ms > FUZZ_CLUB_FROM_MS ? whole->now_ms : FUZZ_CLUB_FROM_MS;
    step(&life, sell, now_ms);
    step(&life, take_back, now_ms);
    step(&life, capture, now_ms);
    step(&life, hold, now_ms + DAY_MS);
    step(&life, spend, now_ms + 10 * DAY_MS);
    int64_t later_ms = now_ms + (int64_t)(choice % 8) * year_ms;
    step(&life, NULL, later_ms < LIMIT_INSTANT_MAX_MS ? later_ms : LIMIT_INSTANT_MAX_MS - 1);
    (void)advance_due(&account, fuzz_club());
    must_fold(&copy, buffer_span(&out));
    if (copy.now_ms == account.now_ms) {
        must_be_equal(&account, &copy);
    }
    account_fini(&account);
    account_fini(&copy);
}

void stored_check(struct span log, uint64_t choice)
{
    struct places places;
    struct account account;
    struct mark none = {.present = true};
    struct record record;
    uint64_t seq = 0;
    ready();
    look_at_records(log, &places);
    account_init(&account);
    enum status folded = fold(&account, log);
    CHECK(folded != STATUS_INVALID && folded != STATUS_IO && folded != STATUS_NOT_FOUND);
    enum status found = ledger_find(log, &none, &arena, &record, &seq);
    CHECK(folded != STATUS_OK || found == STATUS_OK || found == STATUS_NOT_FOUND);
    if (folded == STATUS_OK && places.count > 0 && sound(&account)) {
        uint64_t last = 0;
        size_t cut = places.ends[(choice >> 8) % places.count];
        CHECK(ledger_walk(log, &fold_arena, find_nothing, &last) == STATUS_OK);
        CHECK(last <= account.seq);
        if (!places.has_snapshot) {
            stored_books(&account, log, &fold_arena);
        }
        fold_in_parts(&account, log, cut);
        compact(&account, log, cut, (choice & 0x80) != 0 ? account.now_ms : 0);
        live_on(&account, log, choice);
    }
    account_fini(&account);
}
