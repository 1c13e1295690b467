// Reading entries back, one or all.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/archive_parts.h"

enum { WHERE_BYTES = 128 };

// --- one ---

static enum status unpack_row(const struct archive_row *row, struct span bytes, struct buffer *out)
{
    struct segment_entry entry;
    struct span frame;
    size_t len;
    TRY(segment_read_entry(bytes, &entry, &frame, &len));
    bool same = entry.number == row->entry.number && entry.epoch == row->entry.epoch &&
                entry.partition == row->entry.partition && len == row->bytes &&
                span_is_text(entry.member_id, row->member_id) &&
                memcmp(entry.after, row->entry.after, sizeof(entry.after)) == 0;
    return same ? segment_unpack(&entry, frame, out) : STATUS_CORRUPT;
}

enum status archive_folder_read(struct archive *archive, const struct archive_row *row,
                                struct buffer *out)
{
    struct buffer bytes;
    buffer_init(&bytes, SEGMENT_ENTRY_BYTES_MAX);
    int file = archive_open_segment(archive, row->segment, O_RDONLY);
    enum status status = file < 0 ? STATUS_IO : buffer_reserve(&bytes, (size_t)row->bytes);
    if (status == STATUS_OK) {
        ssize_t got = pread(file, bytes.data, (size_t)row->bytes, (off_t)row->offset);
        status = got < 0 ? STATUS_IO : STATUS_OK;
        bytes.len = got < 0 ? 0 : (size_t)got;
    }
    if (status == STATUS_OK) {
        status = unpack_row(row, buffer_span(&bytes), out);
    }
    if (status != STATUS_OK) {
        (void)archive_fail(archive, status, "segment %llu at %llu does not hold together",
                           (unsigned long long)row->segment, (unsigned long long)row->offset);
    }
    if (file >= 0) {
        (void)close(file);
    }
    buffer_fini(&bytes);
    return status;
}

// --- all ---

struct checking {
    struct archive *archive;
    struct archive_sums *sums;
    void (*on_fault)(const char *where, const char *what);
    struct buffer prefix;
    uint64_t indexed_segment; // where the index ended before the look
    uint64_t indexed_end;
};

static void fault(struct checking *checking, uint64_t segment, uint64_t offset, const char *what)
{
    char where[WHERE_BYTES];
    checking->sums->faults++;
    (void)snprintf(where, sizeof(where), "%06llu.lya at %llu", (unsigned long long)segment,
                   (unsigned long long)offset);
    checking->on_fault(where, what);
}

static bool is_described(const struct segment_entry *entry, struct span prefix)
{
    struct segment_entry said = {.partition = entry->partition};
    return segment_describe(prefix, &said) == STATUS_OK && said.records == entry->records &&
           said.first_record == entry->first_record &&
           memcmp(said.before, entry->before, sizeof(said.before)) == 0 &&
           memcmp(said.after, entry->after, sizeof(said.after)) == 0;
}

static bool is_indexed(const struct checking *checking, const struct archive_row *place)
{
    return place->segment < checking->indexed_segment ||
           (place->segment == checking->indexed_segment && place->offset < checking->indexed_end);
}

static enum status check_visit(void *context, const struct segment_entry *entry, struct span frame,
                               const struct archive_row *place)
{
    struct checking *checking = context;
    struct archive_row row;
    checking->sums->entries++;
    checking->sums->records += entry->records;
    checking->sums->log_bytes += entry->log_bytes;
    if (segment_unpack(entry, frame, &checking->prefix) != STATUS_OK ||
        !is_described(entry, buffer_span(&checking->prefix))) {
        fault(checking, place->segment, place->offset, "the entry is not what it says");
    }
    if (!is_indexed(checking, place)) {
        return STATUS_OK; // written behind the index, or while we look
    }
    enum status status =
        archive_index_at(checking->archive->index, place->segment, place->offset, &row);
    if (status == STATUS_IO) {
        return status;
    }
    if (status != STATUS_OK || row.segment != place->segment || row.offset != place->offset ||
        row.bytes != place->bytes || row.entry.number != entry->number ||
        row.entry.epoch != entry->epoch || row.entry.partition != entry->partition ||
        row.entry.records != entry->records || row.entry.first_record != entry->first_record ||
        memcmp(row.entry.before, entry->before, sizeof(entry->before)) != 0 ||
        memcmp(row.entry.after, entry->after, sizeof(entry->after)) != 0 ||
        !span_equal(row.entry.member_id, entry->member_id)) {
        fault(checking, place->segment, place->offset, "the index does not say so");
    }
    return STATUS_OK;
}

// Rows whose place has no entry.
static enum status check_rows(struct checking *checking, uint64_t segment, uint64_t end)
{
    struct archive_row row;
    enum status status = archive_index_at(checking->archive->index, segment, end, &row);
    if (status == STATUS_OK && row.segment == segment && is_indexed(checking, &row)) {
        fault(checking, row.segment, row.offset, "the index has an entry where none is");
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status check_segments(struct checking *checking, uint64_t last)
{
    uint64_t until = last > checking->indexed_segment ? last : checking->indexed_segment;
    for (uint64_t segment = 1; segment <= until; segment++) {
        struct archive_scanned scanned = {0};
        enum status status =
            archive_scan(checking->archive, segment, 0, check_visit, checking, &scanned);
        if (status == STATUS_IO && errno == ENOENT) {
            fault(checking, segment, 0, "the segment is missing");
            continue;
        }
        TRY(status);
        checking->sums->segments++;
        checking->sums->bytes += scanned.bytes;
        if (scanned.damaged || scanned.end == 0 ||
            (scanned.end < scanned.bytes && segment != last)) {
            fault(checking, segment, scanned.end, "the bytes do not form an entry");
        } else if (scanned.end < scanned.bytes) {
            fault(checking, segment, scanned.end,
                  "the last bytes were not written whole: the next run cuts them off");
        }
        TRY(check_rows(checking, segment, scanned.end));
    }
    return STATUS_OK;
}

enum status archive_folder_check(struct archive *archive, struct archive_sums *ret_sums,
                                 void (*on_fault)(const char *where, const char *what))
{
    struct checking checking = {.archive = archive, .sums = ret_sums, .on_fault = on_fault};
    uint64_t last;
    *ret_sums = (struct archive_sums){0};
    TRY(archive_index_end(archive->index, &checking.indexed_segment, &checking.indexed_end));
    TRY(archive_last_segment(archive, &last));
    buffer_init(&checking.prefix, LIMIT_LOG_BYTES);
    enum status status = check_segments(&checking, last);
    buffer_fini(&checking.prefix);
    return status;
}
