// One partition's day at a time:
//
//     load its log -> (all told) -> done until tomorrow
//             \-> list the day's sets -> read each member: lives? -> append a page -> load its log
//
// Members go in the order of a keyed hash of their ids, so that a page's end can be remembered
// without naming anybody. Any failure ends the work; a later round begins anew.
#include "service/birthdays.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/log.h"
#include "core/calendar.h"
#include "service/bounds.h"
#include "service/event.h"
#include "service/profiles.h"
#include "service/service.h"

enum {
    HASH_BYTES = 32,
    LOG_ID_BYTES = 24,
    DAY_TEXT_BYTES = 8,
    ROUNDS_MAX = 64,  // appends of one visit
    ORDER_KIND = 'o', // no identifier is of this kind
    FEBRUARY = 2,
    LAST_OF_FEBRUARY = 28,
};

struct celebrant {
    uint64_t order;
    char id[LIMIT_MEMBER_ID_BYTES];
    uint32_t id_len;
    bool lives;
};

struct birthdays {
    struct service *service;
    int32_t *told; // by partition: the day up to which all were told, plus 1; 0: not known
    // the work at hand
    bool busy;
    uint32_t partition;
    int32_t today;
    uint32_t rounds;
    char log_id[LOG_ID_BYTES];
    size_t log_id_len;
    // its log as read
    uint64_t log_bytes;
    uint64_t log_records;
    uint8_t tail[CHAIN_HASH_BYTES];
    int64_t last_ms;
    struct record_birthdays last;
    // the page
    int32_t day;
    bool beginning; // of the day: none of it was told
    uint64_t after;
    bool leap_too; // the set of 29 February is still to be read
    struct celebrant page[EVENT_IDS_MAX];
    size_t count;
    bool more;
    size_t asked;
    struct arena arena; // of its task
    struct account_task task;
    struct buffer records;
    struct buffer told_ids;
    struct buffer entry;
};

static void work_load(struct birthdays *birthdays);
static void work_ask(struct birthdays *birthdays);

enum status birthdays_new(struct service *service, struct birthdays **ret_birthdays)
{
    struct birthdays *birthdays = calloc(1, sizeof(*birthdays));
    if (birthdays == NULL) {
        return STATUS_NO_MEMORY;
    }
    birthdays->service = service;
    arena_init(&birthdays->arena, LIMIT_ARENA_BYTES);
    buffer_init(&birthdays->records, LIMIT_RECORD_BYTES);
    buffer_init(&birthdays->told_ids, EVENT_TOLD_BYTES_MAX);
    buffer_init(&birthdays->entry, 2 * (size_t)LIMIT_RECORD_BYTES);
    *ret_birthdays = birthdays;
    return STATUS_OK;
}

void birthdays_free(struct birthdays *birthdays)
{
    if (birthdays == NULL) {
        return;
    }
    CHECK(!birthdays->busy);
    arena_fini(&birthdays->arena);
    buffer_fini(&birthdays->records);
    buffer_fini(&birthdays->told_ids);
    buffer_fini(&birthdays->entry);
    free(birthdays->told);
    free(birthdays);
}

static struct store *store_of(const struct birthdays *birthdays)
{
    return birthdays->service->options.store;
}

static struct store_account log_of(const struct birthdays *birthdays)
{
    return (struct store_account){.partition = birthdays->partition,
                                  .id = span_of(birthdays->log_id, birthdays->log_id_len)};
}

static void work_end(struct birthdays *birthdays)
{
    birthdays->busy = false;
}

static void work_done(struct birthdays *birthdays)
{
    birthdays->told[birthdays->partition] = birthdays->today + 1;
    work_end(birthdays);
}

// --- the page ---

static uint64_t order_of(const struct birthdays *birthdays, struct span id)
{
    const struct service_options *options = &birthdays->service->options;
    uint8_t bytes[1 + LIMIT_MEMBER_ID_BYTES] = {ORDER_KIND};
    uint8_t hash[HASH_BYTES];
    uint64_t order = 0;
    memcpy(bytes + 1, id.data, id.len);
    options->identifier_hash(options->identifier_context, span_of(bytes, 1 + id.len), hash);
    for (size_t i = 0; i < sizeof(order); i++) {
        order = order << 8 | hash[i];
    }
    return order;
}

// Keeps the first ones behind `after`, in order.
static void page_add(struct birthdays *birthdays, struct span id)
{
    struct celebrant celebrant = {.order = order_of(birthdays, id), .id_len = (uint32_t)id.len};
    size_t at = birthdays->count;
    if (!birthdays->beginning && celebrant.order <= birthdays->after) {
        return;
    }
    while (at > 0 && birthdays->page[at - 1].order > celebrant.order) {
        at--;
    }
    if (birthdays->count == EVENT_IDS_MAX) {
        birthdays->more = true;
        if (at == EVENT_IDS_MAX) {
            return;
        }
        birthdays->count--;
    }
    memcpy(celebrant.id, id.data, id.len);
    memmove(&birthdays->page[at + 1], &birthdays->page[at],
            (birthdays->count - at) * sizeof(birthdays->page[0]));
    birthdays->page[at] = celebrant;
    birthdays->count++;
}

static enum status page_told(struct birthdays *birthdays, const struct zone *zone)
{
    int64_t begun_ms = zone_day_start(zone, civil_from_days(birthdays->day));
    buffer_clear(&birthdays->told_ids);
    TRY(event_put_birthdays(&birthdays->told_ids, birthdays->day, begun_ms));
    for (size_t i = 0; i < birthdays->count; i++) {
        const struct celebrant *celebrant = &birthdays->page[i];
        if (celebrant->lives) {
            TRY(event_put_id(&birthdays->told_ids, span_of(celebrant->id, celebrant->id_len)));
        }
    }
    return STATUS_OK;
}

static enum status page_records(struct birthdays *birthdays, int64_t now_ms)
{
    uint8_t hash[CHAIN_HASH_BYTES];
    struct record record = {
        .type = RECORD_BIRTHDAYS,
        .at_ms = now_ms > birthdays->last_ms ? now_ms : birthdays->last_ms,
        .birthdays = {.day = birthdays->day,
                      .through = birthdays->count > 0 ? birthdays->page[birthdays->count - 1].order
                                                      : birthdays->after,
                      .last = !birthdays->more},
    };
    buffer_clear(&birthdays->records);
    TRY(record_encode(&record, &birthdays->records));
    birthdays->service->options.chain_hash(birthdays->tail, buffer_span(&birthdays->records), hash);
    return buffer_append(&birthdays->records, span_of(hash, sizeof(hash)));
}

// --- writing ---

static void on_appended(void *context, const struct store_reply *reply)
{
    struct birthdays *birthdays = context;
    bool again =
        reply->result == STORE_OK || reply->result == STORE_BEHIND || reply->result == STORE_RELOAD;
    birthdays->rounds++;
    if (again && birthdays->rounds < ROUNDS_MAX && !birthdays->service->stopping) {
        work_load(birthdays); // finds what stands now
    } else {
        work_end(birthdays);
    }
}

static enum status append(struct birthdays *birthdays)
{
    const struct lease *lease = birthdays->service->lease;
    int64_t now_ms = lease_now_ms(lease);
    const struct program_version *version = program_set_at(lease_set(lease), now_ms);
    if (version == NULL || lease_check(lease, true) != TROUBLE_NONE) {
        return STATUS_NOT_FOUND;
    }
    TRY(page_told(birthdays, version->zone));
    TRY(page_records(birthdays, now_ms));
    struct store_append append = {
        .account = log_of(birthdays),
        .expected_bytes = birthdays->log_bytes,
        .now_ms = lease_is_sandbox(lease) ? 0 : now_ms,
        .not_after_ms = lease_not_after_ms(lease),
        .records = buffer_span(&birthdays->records),
    };
    struct event event = {.format = EVENT_BIRTHDAYS,
                          .member_id = append.account.id,
                          .first_seq = birthdays->log_records + 1,
                          .told = buffer_span(&birthdays->told_ids),
                          .records = append.records};
    buffer_clear(&birthdays->entry);
    TRY(event_encode(&event, &birthdays->entry));
    append.event = buffer_span(&birthdays->entry);
    memcpy(append.expected_hash, birthdays->tail, sizeof(append.expected_hash));
    store_append(store_of(birthdays), &append, on_appended, birthdays);
    return STATUS_OK;
}

// --- whose membership lives ---

static void on_member(void *context, const struct task_result *result)
{
    struct birthdays *birthdays = context;
    struct celebrant *celebrant = &birthdays->page[birthdays->asked];
    birthdays->rounds = result->end == TASK_READ ? birthdays->rounds : ROUNDS_MAX;
    celebrant->lives = result->end == TASK_READ && account_exists(result->account) &&
                       account_lives(result->account);
}

static void on_member_released(void *context)
{
    struct birthdays *birthdays = context;
    if (birthdays->rounds == ROUNDS_MAX) {
        work_end(birthdays);
        return;
    }
    birthdays->asked++;
    work_ask(birthdays);
}

static void work_ask(struct birthdays *birthdays)
{
    struct service *service = birthdays->service;
    if (service->stopping) {
        work_end(birthdays);
        return;
    }
    if (birthdays->asked == birthdays->count) {
        if (append(birthdays) != STATUS_OK) {
            work_end(birthdays);
        }
        return;
    }
    const struct celebrant *celebrant = &birthdays->page[birthdays->asked];
    birthdays->task = (struct account_task){
        .id = span_of(celebrant->id, celebrant->id_len),
        .arena = &birthdays->arena,
        .expires_ms = timers_now(service->options.timers) + LIMIT_REQUEST_MS,
        .context = birthdays,
        .on_result = on_member,
        .on_released = on_member_released,
    };
    accounts_submit(service->accounts, &birthdays->task);
}

// --- the day's sets ---

static void list_set(struct birthdays *birthdays, struct civil_date date);

static void on_listed(void *context, const struct store_scan_reply *reply)
{
    struct birthdays *birthdays = context;
    if (reply->result != STORE_OK || birthdays->service->stopping) {
        work_end(birthdays);
        return;
    }
    for (size_t i = 0; i < reply->count; i++) {
        if (reply->ids[i].len <= LIMIT_MEMBER_ID_BYTES) {
            page_add(birthdays, reply->ids[i]);
        }
    }
    if (birthdays->leap_too) {
        birthdays->leap_too = false;
        list_set(birthdays, (struct civil_date){.month = FEBRUARY, .day = LAST_OF_FEBRUARY + 1});
        return;
    }
    birthdays->asked = 0;
    work_ask(birthdays);
}

static void list_set(struct birthdays *birthdays, struct civil_date date)
{
    char day[DAY_TEXT_BYTES];
    char set[PROFILE_SET_BYTES + 1];
    snprintf(day, sizeof(day), "%02u-%02u", (unsigned)date.month % 100, (unsigned)date.day % 100);
    if (!profiles_birthday_set(birthdays->service, span_of_text(day), set)) {
        work_end(birthdays);
        return;
    }
    store_list_set(store_of(birthdays), birthdays->partition, span_of(set, PROFILE_SET_BYTES),
                   on_listed, birthdays);
}

static void work_list(struct birthdays *birthdays)
{
    struct civil_date date = civil_from_days(birthdays->day);
    bool common = civil_days_in_month(date.year, FEBRUARY) == LAST_OF_FEBRUARY;
    birthdays->leap_too = common && date.month == FEBRUARY && date.day == LAST_OF_FEBRUARY;
    birthdays->count = 0;
    birthdays->more = false;
    list_set(birthdays, date);
}

// --- the log ---

static enum status read_log(struct birthdays *birthdays, struct span bytes)
{
    struct service *service = birthdays->service;
    struct record_cursor cursor = {.rest = bytes};
    struct record_place place;
    enum status status;
    birthdays->log_bytes = bytes.len;
    birthdays->log_records = 0;
    birthdays->last_ms = 0;
    birthdays->last = (struct record_birthdays){0};
    memset(birthdays->tail, 0, sizeof(birthdays->tail));
    while ((status = record_next(&cursor, &place)) == STATUS_OK) {
        uint8_t hash[CHAIN_HASH_BYTES];
        struct record record;
        service->options.chain_hash(birthdays->tail, place.stored, hash);
        TRY(record_decode(place.body, &service->scratch, &record));
        if (memcmp(hash, place.hash, sizeof(hash)) != 0 || record.type != RECORD_BIRTHDAYS) {
            return STATUS_CORRUPT;
        }
        memcpy(birthdays->tail, hash, sizeof(hash));
        birthdays->last = record.birthdays;
        birthdays->last_ms = record.at_ms;
        birthdays->log_records++;
        arena_reset(&service->scratch);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

// What is to be told next; false when nothing is.
static bool find_day(struct birthdays *birthdays)
{
    const struct record_birthdays *last = &birthdays->last;
    int32_t earliest = birthdays->today - BIRTHDAYS_MADE_UP_DAYS;
    birthdays->beginning = true;
    birthdays->after = 0;
    if (birthdays->log_records == 0) {
        birthdays->day = birthdays->today;
    } else if (!last->last) {
        birthdays->day = last->day;
        birthdays->beginning = false;
        birthdays->after = last->through;
    } else {
        birthdays->day = last->day + 1 > earliest ? last->day + 1 : earliest;
    }
    return birthdays->day <= birthdays->today;
}

static void on_loaded(void *context, const struct store_reply *reply)
{
    struct birthdays *birthdays = context;
    if (reply->result != STORE_OK || birthdays->service->stopping) {
        work_end(birthdays);
        return;
    }
    enum status status = read_log(birthdays, reply->bytes);
    arena_reset(&birthdays->service->scratch);
    if (status != STATUS_OK) {
        log_event(LOG_ERROR, "birthdays-broken", "partition=%" PRIu32 " status=%s",
                  birthdays->partition, status_name(status));
        work_done(birthdays); // once a day is enough to say so
        return;
    }
    if (find_day(birthdays)) {
        work_list(birthdays);
    } else {
        work_done(birthdays);
    }
}

static void work_load(struct birthdays *birthdays)
{
    struct store_account account = log_of(birthdays);
    store_load(store_of(birthdays), &account, on_loaded, birthdays);
}

// --- turns ---

// The civil day that has begun by all clocks; below 0 where none is to be told.
static int32_t today(const struct service *service)
{
    const struct lease *lease = service->lease;
    int64_t ours_ms = lease_now_ms(lease);
    int64_t shared_ms = lease_shared_now_ms(lease);
    int64_t now_ms = ours_ms < shared_ms ? ours_ms : shared_ms;
    const struct program_version *version = program_set_at(lease_set(lease), now_ms);
    bool told = version != NULL && version->program->notices.birthdays &&
                service->options.identifier_hash != NULL;
    return told ? zone_day(version->zone, now_ms) : -1;
}

void birthdays_turn(struct service *service, uint32_t partition)
{
    struct birthdays *birthdays = service->birthdays;
    if (service->stopping || birthdays->busy || partition >= LIMIT_PARTITIONS ||
        lease_check(service->lease, true) != TROUBLE_NONE) {
        return;
    }
    int32_t day = today(service);
    if (birthdays->told == NULL && day >= 0) {
        birthdays->told = calloc(LIMIT_PARTITIONS, sizeof(*birthdays->told));
    }
    if (day < 0 || birthdays->told == NULL || birthdays->told[partition] > day) {
        return;
    }
    birthdays->busy = true;
    birthdays->partition = partition;
    birthdays->today = day;
    birthdays->rounds = 0;
    int len =
        snprintf(birthdays->log_id, sizeof(birthdays->log_id), ":birthdays:%" PRIu32, partition);
    birthdays->log_id_len = (size_t)len;
    work_load(birthdays);
}
