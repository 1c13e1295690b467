// The index as a file of SQLite's, in WAL so that it is read while an archiver writes.
#include "ctl/archive_index.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUSY_MS = 10000 };

#define APPLICATION_ID "1819898440"
#define SCHEMA_VERSION "1"

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS entry (partition INTEGER NOT NULL, epoch INTEGER NOT NULL,"
    "  number INTEGER NOT NULL, member TEXT NOT NULL, first_record INTEGER NOT NULL,"
    "  records INTEGER NOT NULL, log_bytes INTEGER NOT NULL, before BLOB NOT NULL,"
    "  after BLOB NOT NULL, segment INTEGER NOT NULL, offset INTEGER NOT NULL,"
    "  bytes INTEGER NOT NULL, PRIMARY KEY (partition, epoch, number)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS entry_member ON entry (member, after);"
    "CREATE UNIQUE INDEX IF NOT EXISTS entry_place ON entry (segment, offset);"
    "PRAGMA application_id = " APPLICATION_ID "; PRAGMA user_version = " SCHEMA_VERSION ";";

#define COLUMNS                                                                                    \
    "partition, epoch, number, member, first_record, records, log_bytes, before, after, segment,"  \
    " offset, bytes"

enum statement {
    ADD,
    FIND,
    ENDING,
    NEWEST,
    AT,
    END,
    COUNT,
    NEXT_MEMBER,
    STATEMENTS,
};

static const char *const sql[STATEMENTS] = {
    [ADD] = "INSERT INTO entry (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
            " ?12)",
    [FIND] = "SELECT " COLUMNS " FROM entry WHERE partition = ?1 AND epoch = ?2 AND number = ?3",
    [ENDING] = "SELECT " COLUMNS " FROM entry WHERE member = ?1 AND after = ?2"
               " ORDER BY epoch DESC, number DESC LIMIT 1",
    [NEWEST] = "SELECT " COLUMNS " FROM entry WHERE member = ?1"
               " ORDER BY first_record + records DESC LIMIT 1",
    [AT] = "SELECT " COLUMNS " FROM entry WHERE (segment, offset) >= (?1, ?2)"
           " ORDER BY segment, offset LIMIT 1",
    [END] = "SELECT segment, offset + bytes FROM entry ORDER BY segment DESC, offset DESC LIMIT 1",
    [COUNT] = "SELECT count(*) FROM entry WHERE member = ?1",
    [NEXT_MEMBER] = "SELECT min(member) FROM entry WHERE member > ?1 HAVING min(member) NOTNULL",
};

struct archive_index {
    sqlite3 *file;
    sqlite3_stmt *statements[STATEMENTS];
};

static bool execute(struct archive_index *index, const char *text)
{
    return sqlite3_exec(index->file, text, NULL, NULL, NULL) == SQLITE_OK;
}

static bool set_up(struct archive_index *index, bool write)
{
    bool good = sqlite3_busy_timeout(index->file, BUSY_MS) == SQLITE_OK;
    if (write) {
        good = good && execute(index, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL") &&
               execute(index, schema);
    }
    for (int i = 0; good && i < STATEMENTS; i++) {
        good = sqlite3_prepare_v3(index->file, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                                  &index->statements[i], NULL) == SQLITE_OK;
    }
    return good;
}

struct archive_index *archive_index_open(const char *path, bool write,
                                         char ret_error[ARCHIVE_ERROR_BYTES])
{
    struct archive_index *index = calloc(1, sizeof(*index));
    if (index == NULL) {
        (void)snprintf(ret_error, ARCHIVE_ERROR_BYTES, "out of memory");
        return NULL;
    }
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE | (write ? SQLITE_OPEN_CREATE : 0);
    if (sqlite3_open_v2(path, &index->file, flags, NULL) != SQLITE_OK || !set_up(index, write)) {
        (void)snprintf(ret_error, ARCHIVE_ERROR_BYTES, "%s: %s", path, sqlite3_errmsg(index->file));
        archive_index_close(index);
        return NULL;
    }
    return index;
}

void archive_index_close(struct archive_index *index)
{
    if (index == NULL) {
        return;
    }
    for (int i = 0; i < STATEMENTS; i++) {
        (void)sqlite3_finalize(index->statements[i]);
    }
    (void)sqlite3_close(index->file);
    free(index);
}

const char *archive_index_error(const struct archive_index *index)
{
    return sqlite3_errmsg(index->file);
}

// --- transactions ---

static enum status run(struct archive_index *index, const char *text)
{
    return execute(index, text) ? STATUS_OK : STATUS_IO;
}

enum status archive_index_begin(struct archive_index *index)
{
    return run(index, "BEGIN IMMEDIATE");
}

enum status archive_index_commit(struct archive_index *index)
{
    return run(index, "COMMIT");
}

void archive_index_rollback(struct archive_index *index)
{
    if (sqlite3_get_autocommit(index->file) == 0) {
        (void)execute(index, "ROLLBACK");
    }
}

// --- values ---

static sqlite3_stmt *take(struct archive_index *index, enum statement which)
{
    sqlite3_stmt *statement = index->statements[which];
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
    return statement;
}

// What could not be bound is NULL: no column takes it, and no row is found by it.
static void bind(sqlite3_stmt *statement, int at, uint64_t number)
{
    (void)sqlite3_bind_int64(statement, at, (sqlite3_int64)number);
}

static void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    (void)sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

static void bind_hash(sqlite3_stmt *statement, int at, const uint8_t *hash)
{
    (void)sqlite3_bind_blob(statement, at, hash, CHAIN_HASH_BYTES, SQLITE_STATIC);
}

static enum status step(sqlite3_stmt *statement)
{
    switch (sqlite3_step(statement)) {
    case SQLITE_ROW:
        return STATUS_OK;
    case SQLITE_DONE:
        (void)sqlite3_reset(statement);
        return STATUS_NOT_FOUND;
    default:
        return STATUS_IO;
    }
}

static uint64_t number_of(sqlite3_stmt *statement, int column)
{
    return (uint64_t)sqlite3_column_int64(statement, column);
}

static void copy_hash(sqlite3_stmt *statement, int column, uint8_t *ret_hash)
{
    memset(ret_hash, 0, CHAIN_HASH_BYTES);
    if (sqlite3_column_bytes(statement, column) == CHAIN_HASH_BYTES) {
        memcpy(ret_hash, sqlite3_column_blob(statement, column), CHAIN_HASH_BYTES);
    }
}

static enum status read_row(sqlite3_stmt *statement, struct archive_row *ret_row)
{
    TRY(step(statement));
    struct archive_row *row = ret_row;
    *row = (struct archive_row){
        .entry = {.partition = (uint32_t)number_of(statement, 0),
                  .epoch = number_of(statement, 1),
                  .number = number_of(statement, 2),
                  .first_record = number_of(statement, 4),
                  .records = number_of(statement, 5),
                  .log_bytes = (uint32_t)number_of(statement, 6)},
        .segment = number_of(statement, 9),
        .offset = number_of(statement, 10),
        .bytes = number_of(statement, 11),
    };
    copy_hash(statement, 7, row->entry.before);
    copy_hash(statement, 8, row->entry.after);
    (void)snprintf(row->member_id, sizeof(row->member_id), "%s",
                   (const char *)sqlite3_column_text(statement, 3));
    row->entry.member_id = span_of_text(row->member_id);
    (void)sqlite3_reset(statement);
    return STATUS_OK;
}

// --- what is asked ---

enum status archive_index_add(struct archive_index *index, const struct segment_entry *entry,
                              uint64_t segment, uint64_t offset, uint64_t bytes)
{
    sqlite3_stmt *add = take(index, ADD);
    bind(add, 1, entry->partition);
    bind(add, 2, entry->epoch);
    bind(add, 3, entry->number);
    (void)sqlite3_bind_text(add, 4, (const char *)entry->member_id.data, (int)entry->member_id.len,
                            SQLITE_STATIC);
    bind(add, 5, entry->first_record);
    bind(add, 6, entry->records);
    bind(add, 7, entry->log_bytes);
    bind_hash(add, 8, entry->before);
    bind_hash(add, 9, entry->after);
    bind(add, 10, segment);
    bind(add, 11, offset);
    bind(add, 12, bytes);
    return step(add) == STATUS_NOT_FOUND ? STATUS_OK : STATUS_IO;
}

enum status archive_index_find(struct archive_index *index, uint32_t partition, uint64_t epoch,
                               uint64_t number, struct archive_row *ret_row)
{
    sqlite3_stmt *find = take(index, FIND);
    bind(find, 1, partition);
    bind(find, 2, epoch);
    bind(find, 3, number);
    return read_row(find, ret_row);
}

enum status archive_index_ending(struct archive_index *index, const char *member_id,
                                 const uint8_t *after, struct archive_row *ret_row)
{
    sqlite3_stmt *ending = take(index, ENDING);
    bind_text(ending, 1, member_id);
    bind_hash(ending, 2, after);
    return read_row(ending, ret_row);
}

enum status archive_index_newest(struct archive_index *index, const char *member_id,
                                 struct archive_row *ret_row)
{
    sqlite3_stmt *newest = take(index, NEWEST);
    bind_text(newest, 1, member_id);
    return read_row(newest, ret_row);
}

enum status archive_index_at(struct archive_index *index, uint64_t segment, uint64_t offset,
                             struct archive_row *ret_row)
{
    sqlite3_stmt *at = take(index, AT);
    bind(at, 1, segment);
    bind(at, 2, offset);
    return read_row(at, ret_row);
}

enum status archive_index_end(struct archive_index *index, uint64_t *ret_segment, uint64_t *ret_end)
{
    sqlite3_stmt *end = take(index, END);
    enum status status = step(end);
    *ret_segment = status == STATUS_OK ? number_of(end, 0) : 0;
    *ret_end = status == STATUS_OK ? number_of(end, 1) : 0;
    (void)sqlite3_reset(end);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status archive_index_count(struct archive_index *index, const char *member_id,
                                uint64_t *ret_count)
{
    sqlite3_stmt *count = take(index, COUNT);
    bind_text(count, 1, member_id);
    TRY(step(count));
    *ret_count = number_of(count, 0);
    (void)sqlite3_reset(count);
    return STATUS_OK;
}

enum status archive_index_next_member(struct archive_index *index, const char *after,
                                      char ret_id[LIMIT_MEMBER_ID_BYTES + 1])
{
    sqlite3_stmt *next = take(index, NEXT_MEMBER);
    char id[LIMIT_MEMBER_ID_BYTES + 1];
    bind_text(next, 1, after);
    TRY(step(next));
    (void)snprintf(id, sizeof(id), "%s", (const char *)sqlite3_column_text(next, 0));
    (void)sqlite3_reset(next);
    memcpy(ret_id, id, sizeof(id));
    return STATUS_OK;
}
