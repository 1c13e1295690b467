// Segments as files: looked through, brought together with the index, appended to.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/archive_parts.h"

enum { NAME_BYTES = 32, FILE_MODE = 0640, SEGMENTS_MAX = 999999 };

// --- names ---

static const char *name_of(uint64_t segment, char out[NAME_BYTES])
{
    (void)snprintf(out, NAME_BYTES, "%06llu.lya", (unsigned long long)segment);
    return out;
}

static uint64_t number_of(const char *name)
{
    char expected[NAME_BYTES];
    uint64_t number = strtoull(name, NULL, 10);
    return strcmp(name, name_of(number, expected)) == 0 ? number : 0;
}

enum status archive_last_segment(struct archive *archive, uint64_t *ret_segment)
{
    DIR *folder = opendir(archive->path);
    if (folder == NULL) {
        return archive_fail(archive, STATUS_IO, "%s", archive->path);
    }
    uint64_t last = 0;
    for (;;) {
        errno = 0;
        const struct dirent *file = readdir(folder);
        if (file == NULL) {
            break;
        }
        uint64_t number = number_of(file->d_name);
        last = number > last ? number : last;
    }
    int why = errno;
    (void)closedir(folder);
    errno = why;
    if (why != 0) {
        return archive_fail(archive, STATUS_IO, "%s", archive->path);
    }
    *ret_segment = last;
    return STATUS_OK;
}

int archive_open_segment(const struct archive *archive, uint64_t segment, int flags)
{
    char name[NAME_BYTES];
    return openat(archive->folder, name_of(segment, name), flags | O_CLOEXEC, FILE_MODE);
}

static enum status fail_segment(struct archive *archive, enum status status, uint64_t segment,
                                const char *what)
{
    char name[NAME_BYTES];
    return archive_fail(archive, status, "%s/%s%s", archive->path, name_of(segment, name), what);
}

// --- looking through ---

static enum status scan_entries(struct span bytes, uint64_t segment, archive_scan_fn *visit,
                                void *context, struct archive_scanned *scanned)
{
    for (;;) {
        struct segment_entry entry;
        struct span frame;
        size_t len;
        struct span rest = span_from(bytes, scanned->end);
        enum status status = segment_read_entry(rest, &entry, &frame, &len);
        if (status == STATUS_NOT_FOUND) {
            return STATUS_OK;
        }
        if (status != STATUS_OK) {
            scanned->damaged = segment_has_entry(rest);
            return STATUS_OK;
        }
        const struct archive_row place = {.segment = segment, .offset = scanned->end, .bytes = len};
        TRY(visit(context, &entry, frame, &place));
        scanned->end += len;
    }
}

static enum status scan_bytes(const struct archive *archive, struct span bytes, uint64_t segment,
                              archive_scan_fn *visit, void *context,
                              struct archive_scanned *scanned)
{
    if (scanned->end > bytes.len) {
        scanned->damaged = true; // the index knows of more
        return STATUS_OK;
    }
    if (scanned->end == 0) {
        if (segment_check_header(bytes, archive->id, segment) != STATUS_OK) {
            scanned->damaged = segment_has_entry(bytes);
            return STATUS_OK;
        }
        scanned->end = SEGMENT_HEADER_BYTES;
    }
    return scan_entries(bytes, segment, visit, context, scanned);
}

enum status archive_scan(struct archive *archive, uint64_t segment, uint64_t from,
                         archive_scan_fn *visit, void *context, struct archive_scanned *ret_scanned)
{
    struct archive_scanned scanned = {.end = from};
    struct stat stat;
    int file = archive_open_segment(archive, segment, O_RDONLY);
    if (file < 0 || fstat(file, &stat) != 0) {
        enum status failed = fail_segment(archive, STATUS_IO, segment, "");
        if (file >= 0) {
            (void)close(file);
        }
        return failed;
    }
    scanned.bytes = (uint64_t)stat.st_size;
    void *map = scanned.bytes == 0
                    ? NULL
                    : mmap(NULL, (size_t)scanned.bytes, PROT_READ, MAP_SHARED, file, 0);
    enum status status = STATUS_OK;
    if (map == MAP_FAILED) {
        status = fail_segment(archive, STATUS_IO, segment, "");
    } else {
        status = scan_bytes(archive, span_of(map, (size_t)scanned.bytes), segment, visit, context,
                            &scanned);
    }
    if (map != MAP_FAILED && map != NULL) {
        (void)munmap(map, (size_t)scanned.bytes);
    }
    (void)close(file);
    *ret_scanned = scanned;
    return status;
}

// --- bringing together ---

static enum status fail_index(struct archive *archive)
{
    return archive_fail(archive, STATUS_CORRUPT, "the index: %s",
                        archive_index_error(archive->index));
}

static enum status add_visit(void *context, const struct segment_entry *entry, struct span frame,
                             const struct archive_row *place)
{
    struct archive *archive = context;
    (void)frame;
    return archive_index_add(archive->index, entry, place->segment, place->offset, place->bytes) ==
                   STATUS_OK
               ? STATUS_OK
               : fail_index(archive);
}

// What is torn was never dropped from the store: it comes again.
static enum status cut_torn(struct archive *archive, int file, uint64_t segment,
                            const struct archive_scanned *scanned)
{
    char name[NAME_BYTES];
    bool whole = scanned->end > 0;
    (void)fprintf(stderr, "loyaltyctl: %s/%s: %llu bytes that were not written whole are cut off\n",
                  archive->path, name_of(segment, name),
                  (unsigned long long)(scanned->bytes - scanned->end));
    bool good = whole ? ftruncate(file, (off_t)scanned->end) == 0
                      : unlinkat(archive->folder, name, 0) == 0 && fsync(archive->folder) == 0;
    return good ? STATUS_OK : fail_segment(archive, STATUS_IO, segment, "");
}

static enum status settle_segment(struct archive *archive, uint64_t segment, uint64_t last,
                                  const struct archive_scanned *scanned, bool cut)
{
    bool torn = scanned->end < scanned->bytes || scanned->end == 0;
    if (scanned->damaged || (torn && segment != last)) {
        return fail_segment(archive, STATUS_CORRUPT, segment,
                            " is damaged: loyaltyctl archive check says where");
    }
    int file = archive_open_segment(archive, segment, O_RDWR);
    if (file < 0) {
        return fail_segment(archive, STATUS_IO, segment, "");
    }
    enum status status = torn && cut ? cut_torn(archive, file, segment, scanned) : STATUS_OK;
    if (status == STATUS_OK && fsync(file) != 0) {
        status = fail_segment(archive, STATUS_IO, segment, "");
    }
    if (status != STATUS_OK || segment != last || scanned->end == 0) {
        (void)close(file);
        return status;
    }
    archive->file = file;
    archive->end = scanned->end;
    return STATUS_OK;
}

static enum status recover_segments(struct archive *archive, uint64_t from, uint64_t end,
                                    uint64_t last, bool cut)
{
    for (uint64_t segment = from; segment <= last; segment++) {
        struct archive_scanned scanned = {0};
        TRY(archive_scan(archive, segment, segment == from ? end : 0, add_visit, archive,
                         &scanned));
        TRY(settle_segment(archive, segment, last, &scanned, cut));
    }
    return STATUS_OK;
}

enum status archive_recover(struct archive *archive, bool cut)
{
    uint64_t last = 0;
    uint64_t from = 0;
    uint64_t end = 0;
    TRY(archive_last_segment(archive, &last));
    if (archive_index_end(archive->index, &from, &end) != STATUS_OK) {
        return fail_index(archive);
    }
    if (from > last) {
        return fail_segment(archive, STATUS_CORRUPT, from, " is missing, which the index knows");
    }
    if (archive_index_begin(archive->index) != STATUS_OK) {
        return fail_index(archive);
    }
    enum status status = recover_segments(archive, from == 0 ? 1 : from, end, last, cut);
    if (status == STATUS_OK && archive_index_commit(archive->index) != STATUS_OK) {
        status = fail_index(archive);
    }
    if (status != STATUS_OK) {
        archive_index_rollback(archive->index);
        return status;
    }
    archive->segment = last == 0 || archive->file >= 0 ? last : last - 1;
    return STATUS_OK;
}

// --- appending ---

static bool write_all(int file, struct span bytes, uint64_t offset)
{
    while (bytes.len > 0) {
        ssize_t written = pwrite(file, bytes.data, bytes.len, (off_t)offset);
        if (written <= 0) {
            return false;
        }
        bytes = span_from(bytes, (size_t)written);
        offset += (uint64_t)written;
    }
    return true;
}

static enum status begin_segment(struct archive *archive)
{
    uint8_t bytes[SEGMENT_HEADER_BYTES];
    struct buffer header;
    buffer_init(&header, sizeof(bytes));
    enum status status = segment_put_header(&header, archive->id, archive->segment + 1);
    if (status != STATUS_OK) {
        buffer_fini(&header);
        return archive_fail(archive, status, "out of memory");
    }
    memcpy(bytes, header.data, sizeof(bytes));
    buffer_fini(&header);
    uint64_t segment = archive->segment + 1;
    int file = segment > SEGMENTS_MAX
                   ? -1
                   : archive_open_segment(archive, segment, O_RDWR | O_CREAT | O_EXCL);
    if (file < 0 || !write_all(file, span_of(bytes, sizeof(bytes)), 0) || fsync(file) != 0 ||
        fsync(archive->folder) != 0) {
        status = fail_segment(archive, STATUS_IO, segment, "");
        if (file >= 0) {
            char name[NAME_BYTES];
            (void)unlinkat(archive->folder, name_of(segment, name), 0);
            (void)close(file);
        }
        return status;
    }
    if (archive->file >= 0) {
        (void)close(archive->file);
    }
    archive->file = file;
    archive->segment = segment;
    archive->end = SEGMENT_HEADER_BYTES;
    return STATUS_OK;
}

static enum status index_rows(struct archive *archive)
{
    enum status status = archive_index_begin(archive->index);
    for (uint32_t i = 0; status == STATUS_OK && i < archive->rows.count; i++) {
        struct archive_row *row = &archive->rows.items[i];
        row->entry.member_id = span_of_text(row->member_id);
        status = archive_index_add(archive->index, &row->entry, archive->segment,
                                   archive->end + row->offset, row->bytes);
    }
    if (status == STATUS_OK) {
        status = archive_index_commit(archive->index);
    }
    if (status != STATUS_OK) {
        (void)archive_fail(archive, STATUS_CORRUPT, "the index: %s",
                           archive_index_error(archive->index));
        archive_index_rollback(archive->index);
        return STATUS_IO;
    }
    return STATUS_OK;
}

enum status archive_folder_flush(struct archive *archive)
{
    if (archive->rows.count == 0) {
        return STATUS_OK;
    }
    bool full = archive->file < 0 || (archive->end > SEGMENT_HEADER_BYTES &&
                                      archive->end + archive->bytes.len > archive->segment_max);
    enum status status = full ? begin_segment(archive) : STATUS_OK;
    if (status != STATUS_OK) {
        archive_folder_forget(archive);
        return status;
    }
    if (!write_all(archive->file, buffer_span(&archive->bytes), archive->end) ||
        fdatasync(archive->file) != 0) {
        status = fail_segment(archive, STATUS_IO, archive->segment, "");
    } else {
        status = index_rows(archive);
    }
    if (status == STATUS_OK) {
        archive->end += archive->bytes.len;
    } else {
        // Where even this fails, the next to open the folder cuts it off.
        (void)!ftruncate(archive->file, (off_t)archive->end);
    }
    archive_folder_forget(archive);
    return status;
}
