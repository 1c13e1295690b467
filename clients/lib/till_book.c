// The till's own book of a business date, kept in the rows themselves: what was applied under a
// receipt. And what may leave the file.
#include <stdio.h>

#include "lib/till_sql.h"

enum { PURGE_AT_A_TIME = 500, PURGES_A_TURN = 20 };

bool ly_queue_totals(struct ly_queue *queue, const char *business_date,
                     struct loyalty_total ret_totals[LOYALTY_OPERATIONS])
{
    for (int i = 0; i < LOYALTY_OPERATIONS; i++) {
        ret_totals[i] = (struct loyalty_total){.operation = (enum loyalty_operation)(i + 1)};
    }
    sqlite3_stmt *sums = ly_sql(queue, LY_SQL_TOTALS);
    ly_sql_bind_text(sums, 1, business_date);
    bool found = false;
    while (ly_sql_step(queue, sums, &found)) {
        if (!found) {
            return true;
        }
        int operation = sqlite3_column_int(sums, 0);
        if (operation >= 1 && operation <= LOYALTY_OPERATIONS) {
            struct loyalty_total *total = &ret_totals[operation - 1];
            total->count = (uint64_t)sqlite3_column_int64(sums, 1);
            total->points = sqlite3_column_int64(sums, 2);
            total->amount_minor = sqlite3_column_int64(sums, 3);
        }
    }
    return false;
}

static struct ly_posting read_posting(sqlite3_stmt *from)
{
    return (struct ly_posting){
        .sequence = sqlite3_column_int64(from, 0),
        .operation = (enum loyalty_operation)sqlite3_column_int(from, 1),
        .points = sqlite3_column_int64(from, 2),
        .amount_minor = sqlite3_column_int64(from, 3),
    };
}

bool ly_queue_posting(struct ly_queue *queue, const char *business_date, const char *request_id,
                      struct ly_posting *ret_posting)
{
    sqlite3_stmt *read = ly_sql(queue, LY_SQL_POSTING);
    ly_sql_bind_text(read, 1, business_date);
    ly_sql_bind_text(read, 2, request_id);
    bool found = false;
    if (!ly_sql_step(queue, read, &found)) {
        return false;
    }
    *ret_posting = (struct ly_posting){0};
    if (found) {
        *ret_posting = read_posting(read);
        ly_sql_end(read);
    }
    return true;
}

bool ly_queue_next_posting(struct ly_queue *queue, const char *business_date, int64_t after,
                           struct ly_posting *ret_posting, struct loyalty_till_difference *ret_who)
{
    sqlite3_stmt *read = ly_sql(queue, LY_SQL_NEXT_POSTING);
    ly_sql_bind_text(read, 1, business_date);
    (void)sqlite3_bind_int64(read, 2, after);
    bool found = false;
    if (!ly_sql_step(queue, read, &found)) {
        return false;
    }
    *ret_posting = (struct ly_posting){0};
    if (!found) {
        return true;
    }
    *ret_posting = read_posting(read);
    *ret_who = (struct loyalty_till_difference){
        .side = LOYALTY_TILL_SIDE_TILL,
        .operation = ret_posting->operation,
        .receipt_number = (uint64_t)sqlite3_column_int64(read, 5),
        .till_points = ret_posting->points,
        .till_amount_minor = ret_posting->amount_minor,
    };
    (void)snprintf(ret_who->request_id, sizeof(ret_who->request_id), "%s",
                   (const char *)sqlite3_column_text(read, 4));
    ly_sql_end(read);
    return true;
}

bool ly_queue_mark_day(struct ly_queue *queue, const char *business_date, int64_t now_ms)
{
    sqlite3_stmt *mark = ly_sql(queue, LY_SQL_MARK_DAY);
    ly_sql_bind_text(mark, 1, business_date);
    (void)sqlite3_bind_int64(mark, 2, now_ms);
    return ly_sql_run(queue, mark, NULL);
}

bool ly_queue_purge(struct ly_queue *queue, int64_t now_ms, uint32_t keep_days)
{
    int changes = PURGE_AT_A_TIME;
    for (int i = 0; i < PURGES_A_TURN && changes == PURGE_AT_A_TIME; i++) {
        sqlite3_stmt *purge = ly_sql(queue, LY_SQL_PURGE);
        (void)sqlite3_bind_int64(purge, 1, now_ms);
        (void)sqlite3_bind_int64(purge, 2, keep_days);
        (void)sqlite3_bind_int64(purge, 3, LOYALTY_TILL_KEEP_DAYS_MAX);
        (void)sqlite3_bind_int64(purge, 4, PURGE_AT_A_TIME);
        if (!ly_sql_run(queue, purge, &changes)) {
            return false;
        }
        queue->row_count -= (uint64_t)changes;
    }
    return true;
}
