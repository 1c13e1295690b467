// Opening and closing the folder, and keeping prefixes in it.
#include "ctl/archive_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/archive_parts.h"
#include "wire/uuid.h"

enum { FORMAT = 1, FOLDER_MODE = 0750, FILE_MODE = 0640, JSON_BYTES_MAX = 4096, ROWS_MAX = 4096 };

static const char json_name[] = "archive.json";
static const char json_new_name[] = "archive.json.new";
static const char *const index_names[] = {"index.sqlite", "index.sqlite-wal", "index.sqlite-shm"};

enum status archive_fail(struct archive *archive, enum status status, const char *format, ...)
{
    int why = errno;
    va_list list;
    va_start(list, format);
    int len = vsnprintf(archive->error, sizeof(archive->error), format, list);
    va_end(list);
    if (status == STATUS_IO && len > 0 && (size_t)len < sizeof(archive->error)) {
        (void)snprintf(archive->error + len, sizeof(archive->error) - (size_t)len, ": %s",
                       strerror(why));
    }
    return status;
}

// --- archive.json ---

static enum status write_json(struct archive *archive)
{
    if (!loyalty_uuid(archive->id_text)) {
        return archive_fail(archive, STATUS_IO, "the system gives no random numbers");
    }
    char text[JSON_BYTES_MAX];
    int len = snprintf(text, sizeof(text), "{\n  \"format\": %d,\n  \"id\": \"%s\"\n}\n", FORMAT,
                       archive->id_text);
    int file =
        openat(archive->folder, json_new_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    bool good = file >= 0 && write(file, text, (size_t)len) == len && fsync(file) == 0;
    if (file >= 0) {
        good = close(file) == 0 && good;
    }
    good = good && renameat(archive->folder, json_new_name, archive->folder, json_name) == 0 &&
           fsync(archive->folder) == 0;
    return good ? STATUS_OK : archive_fail(archive, STATUS_IO, "%s/%s", archive->path, json_name);
}

static enum status read_json(struct archive *archive)
{
    char text[JSON_BYTES_MAX];
    ssize_t len = pread(archive->lock, text, sizeof(text), 0);
    json_t *object = len <= 0 ? NULL : json_loadb(text, (size_t)len, JSON_REJECT_DUPLICATES, NULL);
    int format = 0;
    const char *id = NULL;
    bool good =
        object != NULL && json_unpack(object, "{s:i, s:s}", "format", &format, "id", &id) == 0;
    good = good && format == FORMAT && uuid_parse(span_of_text(id), archive->id) == STATUS_OK;
    if (good) {
        uuid_format(archive->id, archive->id_text);
    }
    json_decref(object);
    return good ? STATUS_OK
                : archive_fail(archive, STATUS_CORRUPT, "%s/%s is none of this version's",
                               archive->path, json_name);
}

static enum status open_json(struct archive *archive, bool write)
{
    archive->lock = openat(archive->folder, json_name, O_RDONLY | O_CLOEXEC);
    if (archive->lock < 0 && errno == ENOENT && write) {
        TRY(write_json(archive));
        archive->lock = openat(archive->folder, json_name, O_RDONLY | O_CLOEXEC);
    }
    if (archive->lock < 0) {
        return archive_fail(archive, STATUS_IO, "%s/%s", archive->path, json_name);
    }
    if (write && flock(archive->lock, LOCK_EX | LOCK_NB) != 0) {
        return archive_fail(archive, errno == EWOULDBLOCK ? STATUS_RANGE : STATUS_IO,
                            "another process writes to %s", archive->path);
    }
    return read_json(archive);
}

// --- the index ---

static bool has_index(const struct archive *archive)
{
    struct stat stat;
    return fstatat(archive->folder, index_names[0], &stat, 0) == 0;
}

static void remove_index(struct archive *archive)
{
    archive_index_close(archive->index);
    archive->index = NULL;
    for (size_t i = 0; i < sizeof(index_names) / sizeof(index_names[0]); i++) {
        (void)unlinkat(archive->folder, index_names[i], 0);
    }
}

static enum status open_index(struct archive *archive, enum archive_mode mode)
{
    uint64_t last;
    char path[sizeof(archive->path) + sizeof(json_name)];
    TRY(archive_last_segment(archive, &last));
    if (mode == ARCHIVE_REBUILD) {
        remove_index(archive);
    } else if (!has_index(archive) && last > 0) {
        return archive_fail(archive, STATUS_CORRUPT,
                            "%s has no index: loyaltyctl archive index --rebuild %s", archive->path,
                            archive->path);
    }
    (void)snprintf(path, sizeof(path), "%s/%s", archive->path, index_names[0]);
    archive->index = archive_index_open(path, mode != ARCHIVE_READ, archive->error);
    return archive->index == NULL ? STATUS_IO : STATUS_OK;
}

// --- open and close ---

static enum status open_folder(struct archive *archive, enum archive_mode mode)
{
    bool made = false;
    if (mode == ARCHIVE_WRITE) {
        made = mkdir(archive->path, FOLDER_MODE) == 0;
        if (!made && errno != EEXIST) {
            return archive_fail(archive, STATUS_IO, "%s", archive->path);
        }
    }
    archive->folder = open(archive->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (archive->folder < 0) {
        return errno == ENOENT
                   ? archive_fail(archive, STATUS_NOT_FOUND, "there is no %s", archive->path)
                   : archive_fail(archive, STATUS_IO, "%s", archive->path);
    }
    return STATUS_OK;
}

enum status archive_folder_open(struct archive *archive, const char *path, enum archive_mode mode)
{
    *archive = (struct archive){
        .folder = -1, .lock = -1, .file = -1, .segment_max = ARCHIVE_SEGMENT_BYTES};
    buffer_init(&archive->bytes, 0);
    if (strlen(path) >= sizeof(archive->path) - SEGMENT_HEADER_BYTES) {
        return archive_fail(archive, STATUS_TOO_LARGE, "the folder's path is too long");
    }
    (void)snprintf(archive->path, sizeof(archive->path), "%s", path);
    TRY(open_folder(archive, mode));
    TRY(open_json(archive, mode == ARCHIVE_WRITE || mode == ARCHIVE_REBUILD));
    TRY(open_index(archive, mode));
    if (mode == ARCHIVE_READ) {
        return STATUS_OK;
    }
    enum status status = archive_recover(archive, mode == ARCHIVE_WRITE);
    if (status != STATUS_OK && mode == ARCHIVE_REBUILD) {
        remove_index(archive); // half an index is worse than none
    }
    return status;
}

static void close_one(int *descriptor)
{
    if (*descriptor >= 0) {
        (void)close(*descriptor);
    }
    *descriptor = -1;
}

void archive_folder_close(struct archive *archive)
{
    archive_index_close(archive->index);
    archive->index = NULL;
    close_one(&archive->file);
    close_one(&archive->lock);
    close_one(&archive->folder);
    buffer_fini(&archive->bytes);
    vec_fini(&archive->rows);
}

// --- keeping ---

static bool is_same(const struct segment_entry *a, const struct segment_entry *b)
{
    return span_equal(a->member_id, b->member_id) && a->log_bytes == b->log_bytes &&
           memcmp(a->before, b->before, sizeof(a->before)) == 0 &&
           memcmp(a->after, b->after, sizeof(a->after)) == 0;
}

static enum status put_new(struct archive *archive, const struct segment_entry *entry,
                           struct span prefix)
{
    size_t start = archive->bytes.len;
    enum status status = vec_reserve_one(&archive->rows, ROWS_MAX);
    if (status == STATUS_OK) {
        status = segment_put_entry(&archive->bytes, entry, prefix);
    }
    if (status != STATUS_OK) {
        return archive_fail(archive, status, "out of memory");
    }
    struct archive_row *row = &archive->rows.items[archive->rows.count++];
    *row =
        (struct archive_row){.entry = *entry, .offset = start, .bytes = archive->bytes.len - start};
    memcpy(row->member_id, entry->member_id.data, entry->member_id.len);
    return STATUS_OK;
}

enum status archive_folder_put(struct archive *archive, uint32_t partition, uint64_t epoch,
                               uint64_t number, struct span member_id, struct span prefix,
                               bool *ret_known)
{
    struct segment_entry entry = {
        .partition = partition, .epoch = epoch, .number = number, .member_id = member_id};
    struct archive_row known;
    if (member_id.len == 0 || member_id.len > LIMIT_MEMBER_ID_BYTES ||
        segment_describe(prefix, &entry) != STATUS_OK) {
        return archive_fail(archive, STATUS_CORRUPT, "what is to be kept is no log");
    }
    enum status status = archive_index_find(archive->index, partition, epoch, number, &known);
    if (status == STATUS_IO) {
        return archive_fail(archive, STATUS_IO, "the index: %s",
                            archive_index_error(archive->index));
    }
    *ret_known = status == STATUS_OK;
    if (status == STATUS_NOT_FOUND) {
        return put_new(archive, &entry, prefix);
    }
    return is_same(&known.entry, &entry)
               ? STATUS_OK
               : archive_fail(archive, STATUS_CORRUPT,
                              "the archive has another one by this number: the store was put back "
                              "to what it was before");
}

void archive_folder_forget(struct archive *archive)
{
    buffer_clear(&archive->bytes);
    archive->rows.count = 0;
}
