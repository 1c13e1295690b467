// The statements of the till's file, prepared once, and the few steps they are run by. Only for
// the files that work on it: till_queue.c, till_rows.c, till_book.c, till_learned.c and
// till_restamp.c.
#pragma once

#include <sqlite3.h>

#include "lib/till_queue.h"

enum ly_sql {
    LY_SQL_BEGIN,
    LY_SQL_COMMIT,
    LY_SQL_ROLLBACK,
    LY_SQL_ADD,
    LY_SQL_ACCEPT,
    LY_SQL_RESTAMP,
    LY_SQL_SETTLE,
    LY_SQL_POST,
    LY_SQL_WITHDRAW,
    LY_SQL_ACKNOWLEDGE,
    LY_SQL_NEXT,
    LY_SQL_NEXT_OPEN,
    LY_SQL_NEXT_EXCEPTION,
    LY_SQL_FIND,
    LY_SQL_SPENDING,
    LY_SQL_COUNT,
    LY_SQL_COUNT_OPEN,
    LY_SQL_COUNT_EXCEPTIONS,
    LY_SQL_LAST,
    LY_SQL_TOTALS,
    LY_SQL_POSTING,
    LY_SQL_NEXT_POSTING,
    LY_SQL_MARK_DAY,
    LY_SQL_PURGE,
    LY_SQL_READ_CLOCK,
    LY_SQL_WRITE_CLOCK,
    LY_SQL_READ_TERMS,
    LY_SQL_WRITE_TERMS,
    LY_SQL_COUNT_OF_STATEMENTS
};

struct ly_queue {
    sqlite3 *file;
    sqlite3_stmt *statements[LY_SQL_COUNT_OF_STATEMENTS];
    uint64_t row_count;
    uint64_t open_count;
    uint64_t exception_count;
    int64_t last_old;
    int failure; // SQLite's code of the last step that failed; 0: it did not
    char error[LOYALTY_ERROR_BYTES];
};

// All statements, made ready. False with the error set.
bool ly_sql_prepare(struct ly_queue *queue);
void ly_sql_finish(struct ly_queue *queue);
// Text of the schema, for a file that is new.
extern const char ly_sql_schema[];

// A statement ready to be bound; ly_sql_run or ly_sql_end ends its use.
sqlite3_stmt *ly_sql(struct ly_queue *queue, enum ly_sql which);
void ly_sql_bind_text(sqlite3_stmt *statement, int place, const char *text);
void ly_sql_bind_bytes(sqlite3_stmt *statement, int place, struct span bytes);
// Runs one that gives no row; *ret_changes (or NULL): how many rows it changed.
bool ly_sql_run(struct ly_queue *queue, sqlite3_stmt *statement, int *ret_changes);
// The next row of one that does; *ret_found false: no more.
bool ly_sql_step(struct ly_queue *queue, sqlite3_stmt *statement, bool *ret_found);
void ly_sql_end(sqlite3_stmt *statement);
// One number; 0 if there is none.
bool ly_sql_number(struct ly_queue *queue, sqlite3_stmt *statement, int64_t *ret_number);

// Several changes as one. Commit fails whole: what was changed since begin is undone.
bool ly_sql_begin(struct ly_queue *queue);
bool ly_sql_commit(struct ly_queue *queue, bool good);
