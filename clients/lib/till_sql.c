// SQL as a table, one row a statement, and the steps all of them are run by. A step that fails
// keeps SQLite's code and sentence and leaves no statement and no transaction open.
#include "lib/till_sql.h"

#include <stdio.h>

// Rows have sequences that are never used again. An open one is found by a small index of its own,
// however many are settled.
const char ly_sql_schema[] =
    "CREATE TABLE till (one INTEGER PRIMARY KEY CHECK (one = 1),"
    "  identity TEXT NOT NULL, unit TEXT NOT NULL,"
    "  clock_server_ms INTEGER NOT NULL DEFAULT 0, clock_wall_ms INTEGER NOT NULL DEFAULT 0,"
    "  clock_boot_ms INTEGER NOT NULL DEFAULT 0, clock_boot_id TEXT NOT NULL DEFAULT '',"
    "  clock_stands INTEGER NOT NULL DEFAULT 0, terms BLOB);"
    "CREATE TABLE queue (sequence INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  request_id TEXT NOT NULL UNIQUE, created_at_ms INTEGER NOT NULL, kind INTEGER NOT NULL,"
    "  state INTEGER NOT NULL DEFAULT 0, told INTEGER NOT NULL DEFAULT 0,"
    "  voids INTEGER NOT NULL, points INTEGER NOT NULL, amount_minor INTEGER NOT NULL,"
    "  receipt_number INTEGER NOT NULL, business_date TEXT NOT NULL, member TEXT NOT NULL,"
    "  digest BLOB NOT NULL, message BLOB NOT NULL, answer BLOB, reason TEXT NOT NULL DEFAULT '',"
    "  exception INTEGER NOT NULL DEFAULT 0, settled_at_ms INTEGER NOT NULL DEFAULT 0,"
    "  operation INTEGER NOT NULL DEFAULT 0, posted_points INTEGER NOT NULL DEFAULT 0,"
    "  posted_minor INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX queue_open ON queue (sequence) WHERE state = 0;"
    "CREATE INDEX queue_spending ON queue (member) WHERE state = 0 AND told = 1 AND points > 0;"
    "CREATE INDEX queue_exceptions ON queue (sequence) WHERE exception = 1;"
    "CREATE INDEX queue_days ON queue (business_date, sequence) WHERE operation <> 0;"
    "CREATE INDEX queue_settled ON queue (settled_at_ms) WHERE state <> 0;"
    "CREATE TABLE day (business_date TEXT PRIMARY KEY, reconciled_at_ms INTEGER NOT NULL)"
    "  WITHOUT ROWID;";

#define ROW_COLUMNS                                                                                \
    "sequence, request_id, created_at_ms, kind, state, told, voids, points, amount_minor,"         \
    " receipt_number, business_date, member, digest, message, answer, reason"
#define DAY_MS "86400000"

static const char *const sql[LY_SQL_COUNT_OF_STATEMENTS] = {
    [LY_SQL_BEGIN] = "BEGIN IMMEDIATE",
    [LY_SQL_COMMIT] = "COMMIT",
    [LY_SQL_ROLLBACK] = "ROLLBACK",
    [LY_SQL_ADD] = "INSERT INTO queue (request_id, created_at_ms, kind, told, voids, points,"
                   " amount_minor, receipt_number, business_date, member, digest, message)"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    [LY_SQL_ACCEPT] = "UPDATE queue SET told = 1 WHERE sequence = ?1 AND state = 0",
    [LY_SQL_RESTAMP] = "UPDATE queue SET created_at_ms = ?2, message = ?3 WHERE sequence = ?1",
    [LY_SQL_SETTLE] = "UPDATE queue SET state = 1, answer = ?2, exception = ?3, settled_at_ms = ?4"
                      " WHERE sequence = ?1 AND state = 0",
    [LY_SQL_POST] = "UPDATE queue SET operation = ?2, posted_points = ?3, posted_minor = ?4"
                    " WHERE sequence = ?1 AND receipt_number > 0",
    [LY_SQL_WITHDRAW] = "UPDATE queue SET state = 2, reason = ?2, settled_at_ms = ?3"
                        " WHERE sequence = ?1 AND state = 0",
    [LY_SQL_ACKNOWLEDGE] = "UPDATE queue SET exception = 2 WHERE sequence = ?1 AND exception = 1",
    [LY_SQL_NEXT] = "SELECT " ROW_COLUMNS " FROM queue WHERE sequence > ?1"
                    " ORDER BY sequence LIMIT 1",
    [LY_SQL_NEXT_OPEN] = "SELECT " ROW_COLUMNS " FROM queue WHERE state = 0 AND sequence > ?1"
                         " ORDER BY sequence LIMIT 1",
    [LY_SQL_NEXT_EXCEPTION] = "SELECT " ROW_COLUMNS " FROM queue WHERE exception = 1"
                              " AND sequence > ?1 ORDER BY sequence LIMIT 1",
    [LY_SQL_FIND] = "SELECT " ROW_COLUMNS " FROM queue WHERE request_id = ?1",
    [LY_SQL_SPENDING] = "SELECT sum(points) FROM queue WHERE state = 0 AND told = 1 AND points > 0"
                        " AND member = ?1",
    [LY_SQL_COUNT] = "SELECT count(*) FROM queue",
    [LY_SQL_COUNT_OPEN] = "SELECT count(*) FROM queue WHERE state = 0",
    [LY_SQL_COUNT_EXCEPTIONS] = "SELECT count(*) FROM queue WHERE exception = 1",
    [LY_SQL_LAST] = "SELECT max(sequence) FROM queue",
    [LY_SQL_TOTALS] = "SELECT operation, count(*), sum(posted_points), sum(posted_minor) FROM queue"
                      " WHERE business_date = ?1 AND operation <> 0 GROUP BY operation",
    [LY_SQL_POSTING] = "SELECT sequence, operation, posted_points, posted_minor FROM queue"
                       " WHERE request_id = ?2 AND business_date = ?1 AND operation <> 0",
    [LY_SQL_NEXT_POSTING] =
        "SELECT sequence, operation, posted_points, posted_minor, request_id, receipt_number"
        " FROM queue WHERE business_date = ?1 AND operation <> 0 AND sequence > ?2"
        " ORDER BY sequence LIMIT 1",
    [LY_SQL_MARK_DAY] = "INSERT INTO day (business_date, reconciled_at_ms) VALUES (?1, ?2)"
                        " ON CONFLICT (business_date) DO UPDATE SET reconciled_at_ms = ?2",
    // ?1 now, ?2 how long at least, ?3 at most, ?4 how many at a time.
    [LY_SQL_PURGE] =
        "DELETE FROM queue WHERE sequence IN (SELECT sequence FROM queue WHERE state <> 0"
        " AND exception <> 1 AND settled_at_ms < ?1 - ?2 * " DAY_MS
        " AND (business_date = '' OR settled_at_ms < ?1 - ?3 * " DAY_MS
        " OR EXISTS (SELECT 1 FROM day WHERE day.business_date = queue.business_date"
        " AND reconciled_at_ms >= settled_at_ms)) LIMIT ?4)",
    [LY_SQL_READ_CLOCK] = "SELECT clock_server_ms, clock_wall_ms, clock_boot_ms, clock_boot_id,"
                          " clock_stands FROM till",
    [LY_SQL_WRITE_CLOCK] =
        "UPDATE till SET clock_server_ms = ?1, clock_wall_ms = ?2, clock_boot_ms = ?3,"
        " clock_boot_id = ?4, clock_stands = ?5",
    [LY_SQL_READ_TERMS] = "SELECT terms FROM till WHERE terms IS NOT NULL",
    [LY_SQL_WRITE_TERMS] = "UPDATE till SET terms = ?1",
};

static bool fail(struct ly_queue *queue, int code)
{
    queue->failure = code;
    (void)snprintf(queue->error, sizeof(queue->error), "The till's file: %s.",
                   sqlite3_errmsg(queue->file));
    return false;
}

bool ly_sql_prepare(struct ly_queue *queue)
{
    for (int i = 0; i < LY_SQL_COUNT_OF_STATEMENTS; i++) {
        int code = sqlite3_prepare_v3(queue->file, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                                      &queue->statements[i], NULL);
        if (code != SQLITE_OK) {
            return fail(queue, code);
        }
    }
    return true;
}

void ly_sql_finish(struct ly_queue *queue)
{
    for (int i = 0; i < LY_SQL_COUNT_OF_STATEMENTS; i++) {
        (void)sqlite3_finalize(queue->statements[i]);
        queue->statements[i] = NULL;
    }
}

sqlite3_stmt *ly_sql(struct ly_queue *queue, enum ly_sql which)
{
    return queue->statements[which];
}

// A value that could not be bound for want of memory would be NULL, and no column takes it: the
// statement fails.
void ly_sql_bind_text(sqlite3_stmt *statement, int place, const char *text)
{
    (void)sqlite3_bind_text(statement, place, text, -1, SQLITE_STATIC);
}

void ly_sql_bind_bytes(sqlite3_stmt *statement, int place, struct span bytes)
{
    (void)sqlite3_bind_blob64(statement, place, bytes.len == 0 ? (const void *)"" : bytes.data,
                              bytes.len, SQLITE_STATIC);
}

void ly_sql_end(sqlite3_stmt *statement)
{
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
}

bool ly_sql_step(struct ly_queue *queue, sqlite3_stmt *statement, bool *ret_found)
{
    int code = sqlite3_step(statement);
    *ret_found = code == SQLITE_ROW;
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        (void)fail(queue, code);
        ly_sql_end(statement);
        return false;
    }
    if (code == SQLITE_DONE) {
        ly_sql_end(statement);
    }
    queue->failure = SQLITE_OK;
    return true;
}

bool ly_sql_run(struct ly_queue *queue, sqlite3_stmt *statement, int *ret_changes)
{
    bool found = false;
    if (!ly_sql_step(queue, statement, &found)) {
        return false;
    }
    if (ret_changes != NULL) {
        *ret_changes = sqlite3_changes(queue->file);
    }
    if (found) {
        ly_sql_end(statement);
    }
    return true;
}

bool ly_sql_number(struct ly_queue *queue, sqlite3_stmt *statement, int64_t *ret_number)
{
    bool found = false;
    if (!ly_sql_step(queue, statement, &found)) {
        return false;
    }
    *ret_number = found ? sqlite3_column_int64(statement, 0) : 0;
    if (found) {
        ly_sql_end(statement);
    }
    return true;
}

bool ly_sql_begin(struct ly_queue *queue)
{
    return ly_sql_run(queue, ly_sql(queue, LY_SQL_BEGIN), NULL);
}

bool ly_sql_commit(struct ly_queue *queue, bool good)
{
    if (good && ly_sql_run(queue, ly_sql(queue, LY_SQL_COMMIT), NULL)) {
        return true;
    }
    // Some failures have ended the transaction already.
    if (sqlite3_get_autocommit(queue->file) == 0) {
        sqlite3_stmt *rollback = ly_sql(queue, LY_SQL_ROLLBACK);
        (void)sqlite3_step(rollback);
        ly_sql_end(rollback);
    }
    return false;
}
