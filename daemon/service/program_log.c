// Folds the program's log. Invariants: versions are numbered from 1 in their order, withdrawn ones
// too; of those that stand each takes effect later than the one before; `tail` is the hash behind
// the last record taken.
#include "service/program_log.h"

#include <stdlib.h>

#include "service/bounds.h"
#include "wire/message.h"
#include "wire/program_wire.h"

void program_log_init(struct program_log *log, chain_hash_fn *hash, struct zone_source zones)
{
    *log = (struct program_log){.hash = hash, .zones = zones};
}

static void entry_free(struct program_entry *entry)
{
    if (entry == NULL) {
        return;
    }
    arena_fini(&entry->arena);
    free(entry);
}

static void published_free(const struct program_log *log, struct published *item)
{
    if (item == NULL) {
        return;
    }
    log->zones.free(&item->zone);
    entry_free(item->withdrawal);
    arena_fini(&item->entry.arena);
    free(item);
}

void program_log_fini(struct program_log *log)
{
    for (size_t i = 0; i < log->count; i++) {
        published_free(log, log->items[i]);
    }
    program_log_init(log, log->hash, log->zones);
}

struct program_set program_log_set(const struct program_log *log)
{
    return (struct program_set){.versions = log->standing, .count = log->standing_count};
}

const struct published *program_log_number(const struct program_log *log, uint32_t number)
{
    return number >= 1 && number <= log->count ? log->items[number - 1] : NULL;
}

const struct published *program_log_latest(const struct program_log *log)
{
    return log->standing_count == 0
               ? NULL
               : program_log_number(log, log->standing[log->standing_count - 1].number);
}

static bool is_of(const struct program_entry *entry, const struct mark *mark)
{
    return entry != NULL && entry->record.mark.present &&
           memcmp(entry->record.mark.id, mark->id, sizeof(mark->id)) == 0;
}

const struct program_entry *program_log_find(const struct program_log *log, const struct mark *mark)
{
    for (size_t i = 0; i < log->count; i++) {
        const struct published *item = log->items[i];
        if (is_of(&item->entry, mark)) {
            return &item->entry;
        }
        if (is_of(item->withdrawal, mark)) {
            return item->withdrawal;
        }
    }
    return NULL;
}

uint64_t program_log_from(const struct program_log *log)
{
    return log->bytes < CHAIN_HASH_BYTES ? 0 : log->bytes - CHAIN_HASH_BYTES;
}

enum status program_log_compile(const struct program_log *log, const Loyalty__V1__Program *document,
                                struct program_problems *problems, struct program *ret_program,
                                struct zone *ret_zone)
{
    TRY(program_from_message(document, problems->arena, ret_program));
    TRY(program_compile(ret_program, problems));
    for (size_t i = 0; i < problems->count; i++) {
        if (span_is_text(problems->items[i].path, "zone")) {
            return STATUS_OK;
        }
    }
    enum status status = log->zones.load(document->zone, ret_zone);
    if (status == STATUS_NO_MEMORY || status == STATUS_IO) {
        return status; // nothing is known against the zone
    }
    if (status != STATUS_OK) {
        return program_problem_add(problems, "zone",
                                   "is not a time zone this machine knows; must be an IANA name "
                                   "such as 'Asia/Shanghai'");
    }
    if (problems->count > 0) {
        log->zones.free(ret_zone);
        *ret_zone = (struct zone){0};
    }
    return STATUS_OK;
}

// The record's spans point into bytes that will go: it is decoded from a copy.
static enum status entry_read(struct program_entry *entry, const struct record_place *place)
{
    struct span copy;
    arena_init(&entry->arena, SERVICE_PROGRAM_ARENA_BYTES);
    TRY(arena_copy(&entry->arena, place->body, &copy));
    TRY(record_decode(copy, &entry->arena, &entry->record));
    memcpy(entry->hash, place->hash, sizeof(entry->hash));
    return STATUS_OK;
}

// --- a version published ---

static enum status published_read(const struct program_log *log, const struct record_place *place,
                                  struct published *item)
{
    TRY(entry_read(&item->entry, place));
    const struct record *record = &item->entry.record;
    if (record->type != RECORD_PUBLISHED) {
        return STATUS_UNKNOWN_TYPE;
    }
    struct arena *arena = &item->entry.arena;
    ProtobufCMessage *message = NULL;
    struct message_fault fault;
    enum status status = message_decode(&loyalty__v1__program__descriptor,
                                        record->published.document, arena, &message, &fault);
    if (status != STATUS_OK) {
        return status == STATUS_NO_MEMORY ? status : STATUS_UNKNOWN_TYPE;
    }
    struct program_problems problems = {.arena = arena};
    item->document = (Loyalty__V1__Program *)message;
    TRY(program_log_compile(log, item->document, &problems, &item->program, &item->zone));
    // It was checked when it was published: now it does not pass only by a newer daemon's rules.
    return problems.count == 0 ? STATUS_OK : STATUS_UNKNOWN_TYPE;
}

static bool is_next(const struct program_log *log, const struct record_published *published)
{
    const struct published *latest = program_log_latest(log);
    return published->number == log->count + 1 &&
           (latest == NULL ||
            published->effective_from_ms > latest->entry.record.published.effective_from_ms);
}

static enum status add_published(struct program_log *log, const struct record_place *place)
{
    if (log->count == LIMIT_PROGRAM_VERSIONS) {
        return STATUS_TOO_LARGE;
    }
    struct published *item = calloc(1, sizeof(*item));
    if (item == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status status = published_read(log, place, item);
    const struct record_published *published = &item->entry.record.published;
    if (status == STATUS_OK && !is_next(log, published)) {
        status = STATUS_CORRUPT;
    }
    if (status != STATUS_OK) {
        published_free(log, item);
        return status;
    }
    log->items[log->count++] = item;
    log->standing[log->standing_count++] = (struct program_version){
        .number = published->number,
        .effective_from_ms = published->effective_from_ms,
        .program = &item->program,
        .zone = &item->zone,
    };
    log->last_ms = item->entry.record.at_ms;
    return STATUS_OK;
}

// --- a version withdrawn ---

static void leave_out(struct program_log *log, uint32_t number)
{
    size_t place = 0;
    while (log->standing[place].number != number) {
        place++;
    }
    log->standing_count--;
    memmove(&log->standing[place], &log->standing[place + 1],
            (log->standing_count - place) * sizeof(log->standing[0]));
}

static enum status add_withdrawn(struct program_log *log, const struct record_place *place)
{
    struct program_entry *entry = calloc(1, sizeof(*entry));
    if (entry == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status status = entry_read(entry, place);
    uint32_t number = entry->record.withdrawn.number;
    bool stands = status == STATUS_OK && program_log_number(log, number) != NULL &&
                  log->items[number - 1]->withdrawal == NULL;
    if (!stands) {
        entry_free(entry);
        return status == STATUS_OK ? STATUS_CORRUPT : status;
    }
    log->items[number - 1]->withdrawal = entry;
    log->last_ms = entry->record.at_ms;
    leave_out(log, number);
    return STATUS_OK;
}

static enum status program_log_add(struct program_log *log, const struct record_place *place)
{
    bool withdraws = place->body.len > 0 && place->body.data[0] == RECORD_WITHDRAWN;
    TRY(withdraws ? add_withdrawn(log, place) : add_published(log, place));
    log->records++;
    return STATUS_OK;
}

// Whether the bytes begin with the hash of the known tail.
static bool goes_on(const struct program_log *log, struct span bytes, uint64_t stored_bytes)
{
    return stored_bytes >= log->bytes && bytes.len == stored_bytes - program_log_from(log) &&
           memcmp(bytes.data, log->tail, CHAIN_HASH_BYTES) == 0;
}

enum status program_log_take(struct program_log *log, struct span bytes, uint64_t stored_bytes)
{
    struct record_cursor cursor = {.rest = bytes};
    if (log->bytes > 0) {
        if (!goes_on(log, bytes, stored_bytes)) {
            program_log_fini(log);
            return STATUS_NOT_FOUND;
        }
        cursor.rest = span_from(bytes, CHAIN_HASH_BYTES);
    }
    for (;;) {
        struct record_place place;
        enum status status = record_next(&cursor, &place);
        if (status != STATUS_OK) {
            return status == STATUS_NOT_FOUND ? STATUS_OK : status;
        }
        uint8_t expected[CHAIN_HASH_BYTES];
        log->hash(log->tail, place.stored, expected);
        if (memcmp(expected, place.hash, sizeof(expected)) != 0) {
            return STATUS_CORRUPT;
        }
        TRY(program_log_add(log, &place));
        memcpy(log->tail, place.hash, sizeof(log->tail));
        log->bytes += place.stored.len + CHAIN_HASH_BYTES;
    }
}
