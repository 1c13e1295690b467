// Putting a history together. The fold of all goes on from part to part, past the snapshots; each
// snapshot is folded by itself beside it, and both must be the same account.
#include "ctl/archive_history.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "core/ledger.h"
#include "core/record.h"
#include "core/snapshot.h"
#include "ctl/chain_hash.h"

enum { ARENA_BYTES = 128 << 20, ROWS_MAX = 1 << 20, STATE_BYTES_MAX = 2 * LIMIT_LOG_BYTES };

#define RECORDS_MAX UINT32_MAX

static enum status fault(struct archive_history *history, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum status fault(struct archive_history *history, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)vsnprintf(history->fault, sizeof(history->fault), format, list);
    va_end(list);
    return STATUS_CORRUPT;
}

// --- finding the prefixes ---

// What a log's first record says: the hash and the number it goes on from, zero for a beginning.
static enum status begins_behind(struct span log, const uint8_t **ret_hash, uint64_t *ret_records)
{
    struct record_cursor cursor = {.rest = log};
    struct record_place place;
    enum status status = record_next(&cursor, &place);
    if (status != STATUS_OK || place.body.data[0] != RECORD_SNAPSHOT) {
        *ret_hash = NULL;
        return status;
    }
    struct snapshot_cursor retained;
    *ret_hash = place.hash;
    return snapshot_begin(span_from(place.body, 1), &retained, ret_records);
}

static enum status tell_gap(struct archive_history *history, uint64_t records)
{
    struct archive_row newest;
    enum status status = archive_index_newest(history->archive->index, history->member_id, &newest);
    if (status == STATUS_IO) {
        return status;
    }
    uint64_t has = status == STATUS_OK ? newest.entry.first_record + newest.entry.records - 1 : 0;
    return fault(history,
                 "the archive has no prefix that ends in record %" PRIu64 "; its newest ends in "
                 "record %" PRIu64 ". What still waits in the store comes with `loyaltyctl "
                 "archive --to`",
                 records, has);
}

static enum status find_rows(struct archive_history *history, const uint8_t *hash, uint64_t records)
{
    static const uint8_t none[CHAIN_HASH_BYTES];
    uint8_t wanted[CHAIN_HASH_BYTES];
    memcpy(wanted, hash, sizeof(wanted));
    while (memcmp(wanted, none, sizeof(none)) != 0) {
        TRY(vec_reserve_one(&history->rows, ROWS_MAX));
        struct archive_row *row = &history->rows.items[history->rows.count];
        enum status status =
            archive_index_ending(history->archive->index, history->member_id, wanted, row);
        if (status == STATUS_NOT_FOUND) {
            return tell_gap(history, records);
        }
        TRY(status);
        if (row->entry.records == 0 ||
            row->entry.first_record + row->entry.records - 1 != records) {
            return fault(history, "the prefix that ends in record %" PRIu64 " says it has others",
                         records);
        }
        history->rows.count++;
        records = row->entry.first_record - 1;
        memcpy(wanted, row->entry.before, sizeof(wanted));
    }
    return STATUS_OK;
}

enum status archive_history_init(struct archive_history *history, struct archive *archive,
                                 const char *member_id, struct span live)
{
    *history = (struct archive_history){.archive = archive, .live = live};
    (void)snprintf(history->member_id, sizeof(history->member_id), "%s", member_id);
    arena_init(&history->arena, ARENA_BYTES);
    buffer_init(&history->part, LIMIT_LOG_BYTES);
    account_init(&history->whole);
    const uint8_t *hash = NULL;
    uint64_t records = 0;
    if (begins_behind(live, &hash, &records) != STATUS_OK) {
        return fault(history, "the log is none");
    }
    return hash == NULL ? STATUS_OK : find_rows(history, hash, records);
}

void archive_history_fini(struct archive_history *history)
{
    account_fini(&history->whole);
    buffer_fini(&history->part);
    arena_fini(&history->arena);
    vec_fini(&history->rows);
    vec_fini(&history->prints);
}

enum status archive_history_part(struct archive_history *history, uint32_t part,
                                 struct span *ret_log)
{
    if (part == history->rows.count) {
        *ret_log = history->live;
        return STATUS_OK;
    }
    const struct archive_row *row = &history->rows.items[history->rows.count - 1 - part];
    enum status status = archive_folder_read(history->archive, row, &history->part);
    if (status != STATUS_OK) {
        return status == STATUS_CORRUPT ? fault(history, "%s", history->archive->error) : status;
    }
    *ret_log = buffer_span(&history->part);
    return STATUS_OK;
}

enum status archive_history_partition(struct archive_history *history, uint32_t *ret_partition)
{
    if (history->rows.count > 0) {
        *ret_partition = history->rows.items[0].entry.partition;
        return STATUS_OK;
    }
    struct record_cursor cursor = {.rest = history->live};
    struct record_place place;
    struct record record;
    arena_reset(&history->arena);
    if (record_next(&cursor, &place) != STATUS_OK ||
        record_decode(place.body, &history->arena, &record) != STATUS_OK ||
        record.type != RECORD_OPENED) {
        return fault(history, "the first record does not open the account");
    }
    *ret_partition = record.opened.partition;
    return STATUS_OK;
}

// --- folding ---

// Whether both are the same account, all that a snapshot keeps of one.
static enum status compare(struct account *a, struct account *b, bool *ret_same)
{
    struct buffer bytes[2];
    buffer_init(&bytes[0], STATE_BYTES_MAX);
    buffer_init(&bytes[1], STATE_BYTES_MAX);
    enum status status = snapshot_put_state(a, &bytes[0]);
    if (status == STATUS_OK) {
        status = snapshot_put_state(b, &bytes[1]);
    }
    *ret_same = span_equal(buffer_span(&bytes[0]), buffer_span(&bytes[1])) &&
                memcmp(a->tail, b->tail, sizeof(a->tail)) == 0;
    buffer_fini(&bytes[0]);
    buffer_fini(&bytes[1]);
    return status;
}

// A log folded by itself is the account that the whole is by now.
static enum status check_fold(struct archive_history *history, struct span log, uint32_t partition,
                              const char *what)
{
    struct account alone;
    bool same = false;
    account_init(&alone);
    enum status status = ledger_fold(&alone, log, span_of_text(history->member_id), partition,
                                     chain_hash_sha256, &history->arena, NULL);
    if (status == STATUS_OK) {
        status = compare(&alone, &history->whole, &same);
    }
    account_fini(&alone);
    if (status == STATUS_NO_MEMORY || (status == STATUS_OK && same)) {
        return status;
    }
    return fault(history, "%s at record %" PRIu64 " is not the fold of all before it", what,
                 history->whole.seq);
}

static enum status check_retained(struct archive_history *history, struct span payload)
{
    struct snapshot_cursor cursor;
    uint64_t seq;
    struct span body;
    enum status status = snapshot_begin(payload, &cursor, &seq);
    while (status == STATUS_OK) {
        status = snapshot_next(&cursor, &seq, &body);
        if (status == STATUS_OK && (seq == 0 || seq > history->prints.count ||
                                    history->prints.items[seq - 1] != hash_fnv1a(body))) {
            return fault(history, "a snapshot has another record %" PRIu64, seq);
        }
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : fault(history, "a snapshot does not parse");
}

static enum status note_records(struct archive_history *history, struct span log)
{
    struct record_cursor cursor = {.rest = log};
    struct record_place place;
    while (record_next(&cursor, &place) == STATUS_OK) {
        TRY(vec_reserve_one(&history->prints, RECORDS_MAX));
        history->prints.items[history->prints.count] = hash_fnv1a(place.body);
        history->prints.count++;
    }
    return STATUS_OK;
}

// A part's records, behind the snapshot if it begins with one.
static enum status fold_part(struct archive_history *history, struct span log, uint32_t partition)
{
    struct record_cursor cursor = {.rest = log};
    struct record_place first;
    struct ledger_fault why = {0};
    if (record_next(&cursor, &first) != STATUS_OK) {
        return fault(history, "behind record %" PRIu64 " the bytes do not form a record",
                     history->whole.seq);
    }
    if (first.body.data[0] == RECORD_SNAPSHOT) {
        size_t stands = log.len - cursor.rest.len;
        TRY(check_fold(history, span_of(log.data, stands), partition, "the snapshot"));
        TRY(check_retained(history, span_from(first.body, 1)));
        log = cursor.rest;
    }
    enum status status = ledger_fold(&history->whole, log, span_of_text(history->member_id),
                                     partition, chain_hash_sha256, &history->arena, &why);
    if (status != STATUS_OK) {
        return status == STATUS_NO_MEMORY
                   ? status
                   : fault(history, "record %" PRIu64 ": %s", history->whole.seq + 1, why.what);
    }
    return note_records(history, log);
}

static enum status check_forks(struct archive_history *history)
{
    uint64_t count;
    TRY(archive_index_count(history->archive->index, history->member_id, &count));
    return count == history->rows.count ? STATUS_OK
                                        : fault(history,
                                                "the archive has %" PRIu64
                                                " prefixes, of which %" PRIu32 " lead to this log",
                                                count, history->rows.count);
}

enum status archive_history_fold(struct archive_history *history, uint32_t partition)
{
    struct span log = {0};
    for (uint32_t part = 0; part <= history->rows.count; part++) {
        TRY(archive_history_part(history, part, &log));
        TRY(fold_part(history, log, partition));
    }
    TRY(check_fold(history, history->live, partition, "the live log"));
    return check_forks(history);
}
