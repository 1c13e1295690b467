// Opening the till's file: it must be whole, ours, of this schema, this certificate's and this
// unit's, and in no other process's hands. What a crash has left torn in the write-ahead log is
// dropped by SQLite: a transaction is there when its last frame is, and then it was confirmed or
// could have been.
#include "lib/till_queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/till_sql.h"

// "LyTi"; a file of another kind, and one of a later schema, is left alone.
#define APPLICATION_ID "1283019881"
#define SCHEMA_VERSION "1"

static bool explain(char ret_error[LOYALTY_ERROR_BYTES], const char *path, const char *why)
{
    (void)snprintf(ret_error, LOYALTY_ERROR_BYTES, "%s: %s.", path, why);
    return false;
}

// Made here, so that nobody else may read it; the log beside it gets the same mode.
static bool make_file(const char *path, char ret_error[LOYALTY_ERROR_BYTES])
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return explain(ret_error, path, strerror(errno));
    }
    (void)close(fd);
    return true;
}

static bool execute(struct ly_queue *queue, const char *text)
{
    return sqlite3_exec(queue->file, text, NULL, NULL, NULL) == SQLITE_OK;
}

// Whether a pragma answers just this.
static bool says(struct ly_queue *queue, const char *text, const char *expected)
{
    sqlite3_stmt *statement = NULL;
    bool same = sqlite3_prepare_v2(queue->file, text, -1, &statement, NULL) == SQLITE_OK &&
                sqlite3_step(statement) == SQLITE_ROW &&
                strcmp((const char *)sqlite3_column_text(statement, 0), expected) == 0;
    (void)sqlite3_finalize(statement);
    return same;
}

// Exclusive before the first look at the log: so its index is in our memory, and no other process
// can have the file.
static const char *const settings =
    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;"
    "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA journal_size_limit = "
    "4194304;";

static bool set_up(struct ly_queue *queue, const char *path, char ret_error[LOYALTY_ERROR_BYTES])
{
    if (!execute(queue, settings) || !says(queue, "PRAGMA journal_mode = WAL", "wal") ||
        !execute(queue, "BEGIN EXCLUSIVE; COMMIT")) {
        return explain(ret_error, path,
                       (sqlite3_errcode(queue->file) & 0xff) == SQLITE_BUSY
                           ? "another process has this queue"
                           : sqlite3_errmsg(queue->file));
    }
    if (!says(queue, "PRAGMA quick_check(1)", "ok")) {
        return explain(ret_error, path, "the file is damaged");
    }
    if (says(queue, "SELECT count(*) FROM sqlite_schema", "0")) {
        bool made = execute(queue, "BEGIN IMMEDIATE") && execute(queue, ly_sql_schema) &&
                    execute(queue, "PRAGMA application_id = " APPLICATION_ID) &&
                    execute(queue, "PRAGMA user_version = " SCHEMA_VERSION) &&
                    execute(queue, "COMMIT");
        return made || explain(ret_error, path, sqlite3_errmsg(queue->file));
    }
    if (!says(queue, "PRAGMA application_id", APPLICATION_ID)) {
        return explain(ret_error, path, "the file is no till's queue");
    }
    return says(queue, "PRAGMA user_version", SCHEMA_VERSION) ||
           explain(ret_error, path, "the queue is of another version of this library");
}

// The first one to open the file owns it.
static bool claim(struct ly_queue *queue, const char *identity, const char *unit)
{
    static const char text[] = "INSERT INTO till (one, identity, unit) VALUES (1, ?1, ?2)"
                               " ON CONFLICT DO NOTHING";
    sqlite3_stmt *statement = NULL;
    bool done = sqlite3_prepare_v2(queue->file, text, -1, &statement, NULL) == SQLITE_OK;
    if (done) {
        ly_sql_bind_text(statement, 1, identity);
        ly_sql_bind_text(statement, 2, unit);
        done = sqlite3_step(statement) == SQLITE_DONE;
    }
    (void)sqlite3_finalize(statement);
    return done;
}

static bool own(struct ly_queue *queue, const char *path, const char *identity, const char *unit,
                char ret_error[LOYALTY_ERROR_BYTES])
{
    if (!claim(queue, identity, unit)) {
        return explain(ret_error, path, sqlite3_errmsg(queue->file));
    }
    if (!says(queue, "SELECT identity FROM till", identity)) {
        return explain(ret_error, path, "the queue belongs to another certificate");
    }
    return says(queue, "SELECT unit FROM till", unit) ||
           explain(ret_error, path, "the queue belongs to another unit");
}

static bool count_rows(struct ly_queue *queue)
{
    int64_t rows = 0;
    int64_t open = 0;
    int64_t exceptions = 0;
    if (!ly_sql_number(queue, ly_sql(queue, LY_SQL_COUNT), &rows) ||
        !ly_sql_number(queue, ly_sql(queue, LY_SQL_COUNT_OPEN), &open) ||
        !ly_sql_number(queue, ly_sql(queue, LY_SQL_COUNT_EXCEPTIONS), &exceptions) ||
        !ly_sql_number(queue, ly_sql(queue, LY_SQL_LAST), &queue->last_old)) {
        return false;
    }
    queue->row_count = (uint64_t)rows;
    queue->open_count = (uint64_t)open;
    queue->exception_count = (uint64_t)exceptions;
    return true;
}

struct ly_queue *ly_queue_open(const char *path, const char *identity, const char *unit,
                               char ret_error[LOYALTY_ERROR_BYTES])
{
    struct ly_queue *queue = calloc(1, sizeof(*queue));
    if (queue == NULL) {
        (void)explain(ret_error, path, "out of memory");
        return NULL;
    }
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    bool good = make_file(path, ret_error);
    if (good && sqlite3_open_v2(path, &queue->file, flags, NULL) != SQLITE_OK) {
        good = explain(ret_error, path, sqlite3_errmsg(queue->file));
    }
    good = good && set_up(queue, path, ret_error) && own(queue, path, identity, unit, ret_error);
    if (good && (!ly_sql_prepare(queue) || !count_rows(queue))) {
        good = explain(ret_error, path, sqlite3_errmsg(queue->file));
    }
    if (!good) {
        ly_queue_close(queue);
        return NULL;
    }
    return queue;
}

void ly_queue_close(struct ly_queue *queue)
{
    if (queue == NULL) {
        return;
    }
    ly_sql_finish(queue);
    (void)sqlite3_close(queue->file);
    free(queue);
}

const char *ly_queue_error(const struct ly_queue *queue)
{
    return queue->error;
}

bool ly_queue_disk_full(const struct ly_queue *queue)
{
    return (queue->failure & 0xff) == SQLITE_FULL;
}

uint64_t ly_queue_row_count(const struct ly_queue *queue)
{
    return queue->row_count;
}

int64_t ly_queue_last_old(const struct ly_queue *queue)
{
    return queue->last_old;
}

uint64_t ly_queue_open_count(const struct ly_queue *queue)
{
    return queue->open_count;
}

uint64_t ly_queue_exception_count(const struct ly_queue *queue)
{
    return queue->exception_count;
}
