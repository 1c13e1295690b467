// The program's own log: records of versions and withdrawals behind a chain that is made to fit,
// through service/program_log. What is taken are versions in order; taken in two parts they are the
// same; what does not go on from the known tail is forgotten.
//
// Input: versions, each behind its length: two choices, then a program (or, if the choice says so,
// nothing that counts: the version of the second choice is withdrawn; or a record's body as it is).
#include "fuzz/fuzz.h"

#include <string.h>

#include "base/check.h"
#include "base/varint.h"
#include "core/record.h"
#include "fuzz/fuzz_club.h"
#include "fuzz/mutate_message.h"
#include "service/program_log.h"

enum { CHOICES = 2, ITEMS_MAX = 8, ITEM_BYTES_MAX = 4096, MEMORY_BYTES_MAX = 128 << 20 };
enum { CHOICE_RAW = 1, CHOICE_NUMBER = 2, CHOICE_BACK = 4, CHOICE_WITHDRAW = 8 };

struct places {
    size_t ends[ITEMS_MAX]; // behind each record
    size_t count;
    uint32_t versions; // of them
};

static void put_withdrawn(struct buffer *log, uint32_t number, int64_t at_ms)
{
    struct record record = {
        .type = RECORD_WITHDRAWN,
        .at_ms = at_ms > 0 ? at_ms : 0,
        .withdrawn = {.number = number, .by = span_of_text("admin/head-office")},
    };
    CHECK(record_encode(&record, log) == STATUS_OK);
}

static void put_published(struct buffer *log, const uint8_t *choices, struct span document,
                          uint32_t number, int64_t *at_ms)
{
    int64_t step_ms = (choices[1] + 1) * DAY_MS;
    *at_ms += (choices[0] & CHOICE_BACK) != 0 ? -step_ms : step_ms;
    struct record record = {
        .type = RECORD_PUBLISHED,
        .at_ms = *at_ms > 0 ? *at_ms : 0,
        .published = {.number = (choices[0] & CHOICE_NUMBER) != 0 ? choices[1] : number,
                      .effective_from_ms = *at_ms > 0 ? *at_ms : 0,
                      .document = document,
                      .by = span_of_text("admin/head-office")},
    };
    CHECK(record_encode(&record, log) == STATUS_OK);
}

static void put_item(struct buffer *log, struct span item, struct places *places, int64_t *at_ms,
                     uint8_t *tail)
{
    size_t start = log->len;
    struct span document = span_from(item, CHOICES);
    if ((item.data[0] & CHOICE_RAW) != 0) {
        CHECK(buffer_put_sized(log, document) == STATUS_OK);
    } else if ((item.data[0] & CHOICE_WITHDRAW) != 0) {
        put_withdrawn(log, item.data[1], *at_ms);
    } else {
        places->versions++;
        put_published(log, item.data, document, places->versions, at_ms);
    }
    fuzz_chain_hash(tail, span_from(buffer_span(log), start), tail);
    CHECK(buffer_append(log, span_of(tail, CHAIN_HASH_BYTES)) == STATUS_OK);
}

static void chain(struct span items, struct buffer *log, struct places *places)
{
    uint8_t tail[CHAIN_HASH_BYTES] = {0};
    struct reader reader = {.rest = items};
    int64_t at_ms = FUZZ_CLUB_FROM_MS;
    struct span item;
    *places = (struct places){0};
    while (places->count < ITEMS_MAX && reader_sized(&reader, ITEM_BYTES_MAX, &item) == STATUS_OK &&
           item.len >= CHOICES) {
        put_item(log, item, places, &at_ms, tail);
        places->ends[places->count++] = log->len;
    }
}

// --- what must hold ---

static void check_versions(const struct program_log *log)
{
    struct program_set set = program_log_set(log);
    CHECK(set.count <= log->count && log->count <= LIMIT_PROGRAM_VERSIONS);
    CHECK(log->records == 2 * log->count - set.count);
    for (size_t i = 0; i < set.count; i++) {
        CHECK(program_log_number(log, set.versions[i].number)->withdrawal == NULL);
        CHECK(i == 0 || set.versions[i].number > set.versions[i - 1].number);
        CHECK(i == 0 || set.versions[i].effective_from_ms > set.versions[i - 1].effective_from_ms);
        CHECK(set.versions[i].zone->count > 0 && set.versions[i].program->tier_count > 0);
    }
    CHECK(program_log_from(log) <= log->bytes);
}

static void begin(struct program_log *log)
{
    program_log_init(log, fuzz_chain_hash,
                     (struct zone_source){.load = fuzz_zone_load, .free = fuzz_zone_free});
}

// Read up to `cut`, then from the known tail on.
static void take_in_parts(const struct program_log *whole, struct span stored, size_t cut)
{
    struct program_log log;
    begin(&log);
    enum status status = program_log_take(&log, span_of(stored.data, cut), cut);
    CHECK(log.bytes <= cut);
    if (status == STATUS_OK) {
        CHECK(log.bytes == cut);
        status = program_log_take(&log, span_from(stored, program_log_from(&log)), stored.len);
    }
    check_versions(&log);
    CHECK(log.count == whole->count && log.bytes == whole->bytes);
    CHECK(log.standing_count == whole->standing_count);
    CHECK(memcmp(log.tail, whole->tail, sizeof(log.tail)) == 0);
    CHECK(status != STATUS_NOT_FOUND);
    program_log_fini(&log);
}

static void lose(struct program_log *log)
{
    uint8_t other[CHAIN_HASH_BYTES];
    memcpy(other, log->tail, sizeof(other));
    other[0] ^= 1;
    CHECK(program_log_take(log, span_of(other, sizeof(other)), log->bytes) == STATUS_NOT_FOUND);
    CHECK(log->count == 0 && log->bytes == 0 && program_log_from(log) == 0);
}

// --- the driver ---

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t len_max, unsigned seed)
{
    static uint8_t document[ITEM_BYTES_MAX];
    static struct buffer out; // for the life of the process
    struct fuzz_random random = fuzz_random_of(seed);
    struct span items[ITEMS_MAX];
    struct reader reader = {.rest = span_of(data, len)};
    size_t count = 0;
    while (count < ITEMS_MAX && reader_sized(&reader, ITEM_BYTES_MAX, &items[count]) == STATUS_OK &&
           items[count].len >= CHOICES) {
        count++;
    }
    if (count == 0 || fuzz_random_below(&random, 6) == 0) {
        return LLVMFuzzerMutate(data, len, len_max);
    }
    size_t chosen = fuzz_random_below(&random, count);
    size_t twice = fuzz_random_below(&random, 8) == 0 ? chosen : count;
    buffer_clear(&out);
    for (size_t i = 0; i < count; i++) {
        struct span item = items[i];
        if (i == chosen && twice == count) {
            memcpy(document, item.data, item.len);
            size_t changed =
                mutate_message(&loyalty__v1__program__descriptor, document + CHOICES,
                               item.len - CHOICES, sizeof(document) - CHOICES, &random);
            item = span_of(document, CHOICES + changed);
        }
        CHECK(buffer_put_sized(&out, item) == STATUS_OK);
        if (i == twice) {
            CHECK(buffer_put_sized(&out, item) == STATUS_OK);
        }
    }
    if (out.len > len_max) {
        return len;
    }
    memcpy(data, out.data, out.len);
    return out.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct buffer stored; // warm from input to input
    struct places places;
    struct program_log log;
    buffer_clear(&stored);
    fuzz_memory_begin(MEMORY_BYTES_MAX);
    chain(span_of(data, len), &stored, &places);
    begin(&log);
    enum status status = program_log_take(&log, buffer_span(&stored), stored.len);
    CHECK(status == STATUS_OK || status == STATUS_CORRUPT || status == STATUS_UNKNOWN_TYPE);
    CHECK((status == STATUS_OK) == (log.records == places.count));
    check_versions(&log);
    if (places.count > 0) {
        take_in_parts(&log, buffer_span(&stored), places.ends[len % places.count]);
    }
    if (log.count > 0) {
        lose(&log);
    }
    program_log_fini(&log);
    fuzz_memory_end();
    return 0;
}
