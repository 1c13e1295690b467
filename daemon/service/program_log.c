// Folds the program's log. Invariant: versions are numbered from 1 in their order, each takes
// effect later than the one before; `tail` is the hash behind the last one taken.
#include "service/program_log.h"

#include <stdlib.h>

#include "service/bounds.h"
#include "wire/message.h"
#include "wire/program_wire.h"

void program_log_init(struct program_log *log, chain_hash_fn *hash, struct zone_source zones)
{
    *log = (struct program_log){.hash = hash, .zones = zones};
}

static void published_free(const struct program_log *log, struct published *item)
{
    if (item == NULL) {
        return;
    }
    log->zones.free(&item->zone);
    arena_fini(&item->arena);
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
    return (struct program_set){.versions = log->versions, .count = log->count};
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
    if (problems->count > 0) {
        return STATUS_OK;
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
    return STATUS_OK;
}

static enum status published_read(const struct program_log *log, struct span body,
                                  struct published *item)
{
    // The record's spans point into bytes that will go: it is decoded from a copy.
    struct span copy;
    TRY(arena_copy(&item->arena, body, &copy));
    TRY(record_decode(copy, &item->arena, &item->record));
    if (item->record.type != RECORD_PUBLISHED) {
        return STATUS_UNKNOWN_TYPE;
    }
    ProtobufCMessage *message = NULL;
    struct message_fault fault;
    enum status status =
        message_decode(&loyalty__v1__program__descriptor, item->record.published.document,
                       &item->arena, &message, &fault);
    if (status != STATUS_OK) {
        return status == STATUS_NO_MEMORY ? status : STATUS_UNKNOWN_TYPE;
    }
    struct program_problems problems = {.arena = &item->arena};
    item->document = (Loyalty__V1__Program *)message;
    TRY(program_log_compile(log, item->document, &problems, &item->program, &item->zone));
    // It was checked when it was published: now it does not pass only by a newer daemon's rules.
    return problems.count == 0 ? STATUS_OK : STATUS_UNKNOWN_TYPE;
}

static enum status program_log_add(struct program_log *log, struct span body)
{
    if (log->count == LIMIT_PROGRAM_VERSIONS) {
        return STATUS_TOO_LARGE;
    }
    struct published *item = calloc(1, sizeof(*item));
    if (item == NULL) {
        return STATUS_NO_MEMORY;
    }
    arena_init(&item->arena, SERVICE_PROGRAM_ARENA_BYTES);
    enum status status = published_read(log, body, item);
    const struct record_published *published = &item->record.published;
    if (status == STATUS_OK) {
        bool in_order = published->number == log->count + 1 &&
                        (log->count == 0 || published->effective_from_ms >
                                                log->versions[log->count - 1].effective_from_ms);
        status = in_order ? STATUS_OK : STATUS_CORRUPT;
    }
    if (status != STATUS_OK) {
        published_free(log, item);
        return status;
    }
    log->items[log->count] = item;
    log->versions[log->count] = (struct program_version){
        .number = published->number,
        .effective_from_ms = published->effective_from_ms,
        .program = &item->program,
        .zone = &item->zone,
    };
    log->count++;
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
        TRY(program_log_add(log, place.body));
        memcpy(log->items[log->count - 1]->hash, place.hash, CHAIN_HASH_BYTES);
        memcpy(log->tail, place.hash, sizeof(log->tail));
        log->bytes += place.stored.len + CHAIN_HASH_BYTES;
    }
}
