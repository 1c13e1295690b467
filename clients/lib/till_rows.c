// The rows of the queue: added, accepted, settled, withdrawn, found. The counts in memory follow
// what is committed.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/till_sql.h"

void ly_row_fini(struct ly_row *row)
{
    free(row->memory);
    *row = (struct ly_row){.reason = ""};
}

static bool insert(struct ly_queue *queue, const struct ly_row *row)
{
    sqlite3_stmt *add = ly_sql(queue, LY_SQL_ADD);
    ly_sql_bind_text(add, 1, row->request_id);
    (void)sqlite3_bind_int64(add, 2, row->created_at_ms);
    (void)sqlite3_bind_int(add, 3, (int)row->kind);
    (void)sqlite3_bind_int(add, 4, row->told);
    (void)sqlite3_bind_int64(add, 5, row->voids);
    (void)sqlite3_bind_int64(add, 6, row->points);
    (void)sqlite3_bind_int64(add, 7, row->amount_minor);
    (void)sqlite3_bind_int64(add, 8, (int64_t)row->receipt_number);
    ly_sql_bind_text(add, 9, row->business_date);
    ly_sql_bind_text(add, 10, row->member);
    ly_sql_bind_bytes(add, 11, span_of(row->digest, LY_DIGEST_BYTES));
    ly_sql_bind_bytes(add, 12, row->message);
    return ly_sql_run(queue, add, NULL);
}

bool ly_queue_add(struct ly_queue *queue, const struct ly_row *row, int64_t *ret_sequence)
{
    if (!insert(queue, row)) {
        return false;
    }
    *ret_sequence = sqlite3_last_insert_rowid(queue->file);
    queue->open_count++;
    queue->row_count++;
    return true;
}

bool ly_queue_accept(struct ly_queue *queue, int64_t sequence)
{
    sqlite3_stmt *accept = ly_sql(queue, LY_SQL_ACCEPT);
    (void)sqlite3_bind_int64(accept, 1, sequence);
    int changes = 0;
    return ly_sql_run(queue, accept, &changes) && changes == 1;
}

static bool post(struct ly_queue *queue, const struct ly_posting *posting)
{
    if (posting->operation == 0) {
        return true;
    }
    sqlite3_stmt *update = ly_sql(queue, LY_SQL_POST);
    (void)sqlite3_bind_int64(update, 1, posting->sequence);
    (void)sqlite3_bind_int(update, 2, (int)posting->operation);
    (void)sqlite3_bind_int64(update, 3, posting->points);
    (void)sqlite3_bind_int64(update, 4, posting->amount_minor);
    return ly_sql_run(queue, update, NULL);
}

bool ly_queue_settle(struct ly_queue *queue, int64_t sequence, struct span answer, bool exception,
                     const struct ly_posting *posting, int64_t now_ms)
{
    if (!ly_sql_begin(queue)) {
        return false;
    }
    sqlite3_stmt *settle = ly_sql(queue, LY_SQL_SETTLE);
    (void)sqlite3_bind_int64(settle, 1, sequence);
    ly_sql_bind_bytes(settle, 2, answer);
    (void)sqlite3_bind_int(settle, 3, exception);
    (void)sqlite3_bind_int64(settle, 4, now_ms);
    int changes = 0;
    bool good = ly_sql_run(queue, settle, &changes) && changes == 1 && post(queue, posting);
    if (!ly_sql_commit(queue, good)) {
        return false;
    }
    queue->open_count--;
    queue->exception_count += exception ? 1 : 0;
    return true;
}

bool ly_queue_withdraw(struct ly_queue *queue, int64_t sequence, const char *reason,
                       const struct ly_row *reversal, int64_t now_ms)
{
    if (!ly_sql_begin(queue)) {
        return false;
    }
    sqlite3_stmt *withdraw = ly_sql(queue, LY_SQL_WITHDRAW);
    (void)sqlite3_bind_int64(withdraw, 1, sequence);
    ly_sql_bind_text(withdraw, 2, reason);
    (void)sqlite3_bind_int64(withdraw, 3, now_ms);
    int changes = 0;
    bool good = ly_sql_run(queue, withdraw, &changes) && changes == 1;
    good = good && (reversal == NULL || insert(queue, reversal));
    if (!ly_sql_commit(queue, good)) {
        return false;
    }
    queue->open_count -= reversal == NULL ? 1 : 0;
    queue->row_count += reversal == NULL ? 0 : 1;
    return true;
}

bool ly_queue_acknowledge(struct ly_queue *queue, int64_t sequence)
{
    sqlite3_stmt *acknowledge = ly_sql(queue, LY_SQL_ACKNOWLEDGE);
    (void)sqlite3_bind_int64(acknowledge, 1, sequence);
    int changes = 0;
    if (!ly_sql_run(queue, acknowledge, &changes) || changes == 0) {
        return false;
    }
    queue->exception_count--;
    return true;
}

// --- reading ---

static void copy_text(sqlite3_stmt *statement, int column, char *ret_text, size_t bytes)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    (void)snprintf(ret_text, bytes, "%s", text == NULL ? "" : text);
}

// Bytes of a column, put to `*at`, which is moved behind them and a NUL.
static struct span copy_bytes(sqlite3_stmt *statement, int column, uint8_t **at)
{
    size_t len = (size_t)sqlite3_column_bytes(statement, column);
    const void *bytes = sqlite3_column_blob(statement, column);
    struct span copy = span_of(*at, len);
    if (len > 0) {
        memcpy(*at, bytes, len);
    }
    (*at)[len] = '\0';
    *at += len + 1;
    return copy;
}

static bool read_row(struct ly_queue *queue, sqlite3_stmt *from, struct ly_row *ret_row)
{
    enum { DIGEST = 12, MESSAGE, ANSWER, REASON };
    size_t bytes = 3;
    for (int column = MESSAGE; column <= REASON; column++) {
        bytes += (size_t)sqlite3_column_bytes(from, column);
    }
    uint8_t *at = malloc(bytes);
    if (at == NULL) {
        (void)snprintf(queue->error, sizeof(queue->error), "Out of memory.");
        return false;
    }
    *ret_row = (struct ly_row){
        .sequence = sqlite3_column_int64(from, 0),
        .created_at_ms = sqlite3_column_int64(from, 2),
        .kind = (enum loyalty_till_kind)sqlite3_column_int(from, 3),
        .state = (enum ly_row_state)sqlite3_column_int(from, 4),
        .told = sqlite3_column_int(from, 5) != 0,
        .voids = sqlite3_column_int64(from, 6),
        .points = sqlite3_column_int64(from, 7),
        .amount_minor = sqlite3_column_int64(from, 8),
        .receipt_number = (uint64_t)sqlite3_column_int64(from, 9),
        .memory = at,
    };
    copy_text(from, 1, ret_row->request_id, sizeof(ret_row->request_id));
    copy_text(from, 10, ret_row->business_date, sizeof(ret_row->business_date));
    copy_text(from, 11, ret_row->member, sizeof(ret_row->member));
    const void *digest = sqlite3_column_blob(from, DIGEST);
    if (digest != NULL && sqlite3_column_bytes(from, DIGEST) == LY_DIGEST_BYTES) {
        memcpy(ret_row->digest, digest, LY_DIGEST_BYTES);
    }
    ret_row->message = copy_bytes(from, MESSAGE, &at);
    ret_row->answer = copy_bytes(from, ANSWER, &at);
    ret_row->reason = (const char *)copy_bytes(from, REASON, &at).data;
    return true;
}

// Of a file that somebody else may have written.
static bool is_row(const struct ly_row *row)
{
    return row->kind >= LOYALTY_TILL_AWARD && row->kind <= LOYALTY_TILL_REVERSE &&
           row->state >= LY_ROW_OPEN && row->state <= LY_ROW_WITHDRAWN && row->member[0] != '\0' &&
           row->member[1] == ':';
}

static bool read_one(struct ly_queue *queue, sqlite3_stmt *statement, struct ly_row *ret_row,
                     bool *ret_found)
{
    if (!ly_sql_step(queue, statement, ret_found)) {
        return false;
    }
    bool good = true;
    if (*ret_found) {
        good = read_row(queue, statement, ret_row);
        ly_sql_end(statement);
    }
    if (*ret_found && good && !is_row(ret_row)) {
        (void)snprintf(queue->error, sizeof(queue->error), "The till's file: row %lld is none.",
                       (long long)ret_row->sequence);
        ly_row_fini(ret_row);
        good = false;
    }
    return good;
}

bool ly_queue_next(struct ly_queue *queue, enum loyalty_till_which which, int64_t after,
                   struct ly_row *ret_row, bool *ret_found)
{
    sqlite3_stmt *next = ly_sql(queue, which == LOYALTY_TILL_OPEN         ? LY_SQL_NEXT_OPEN
                                       : which == LOYALTY_TILL_EXCEPTIONS ? LY_SQL_NEXT_EXCEPTION
                                                                          : LY_SQL_NEXT);
    (void)sqlite3_bind_int64(next, 1, after);
    return read_one(queue, next, ret_row, ret_found);
}

bool ly_queue_find(struct ly_queue *queue, const char *request_id, struct ly_row *ret_row,
                   bool *ret_found)
{
    sqlite3_stmt *find = ly_sql(queue, LY_SQL_FIND);
    ly_sql_bind_text(find, 1, request_id);
    return read_one(queue, find, ret_row, ret_found);
}

bool ly_queue_spending(struct ly_queue *queue, const char *member, int64_t *ret_points)
{
    sqlite3_stmt *sum = ly_sql(queue, LY_SQL_SPENDING);
    ly_sql_bind_text(sum, 1, member);
    return ly_sql_number(queue, sum, ret_points);
}
