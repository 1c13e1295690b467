// What the till has learned of the service and keeps over a restart: its time and its terms.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/till_sql.h"

bool ly_queue_read_clock(struct ly_queue *queue, struct ly_learned_clock *ret_clock)
{
    sqlite3_stmt *read = ly_sql(queue, LY_SQL_READ_CLOCK);
    bool found = false;
    if (!ly_sql_step(queue, read, &found) || !found) {
        return false;
    }
    *ret_clock = (struct ly_learned_clock){
        .server_ms = sqlite3_column_int64(read, 0),
        .wall_ms = sqlite3_column_int64(read, 1),
        .boot_ms = sqlite3_column_int64(read, 2),
        .stands = sqlite3_column_int(read, 4) != 0,
    };
    const char *boot_id = (const char *)sqlite3_column_text(read, 3);
    (void)snprintf(ret_clock->boot_id, sizeof(ret_clock->boot_id), "%s",
                   boot_id == NULL ? "" : boot_id);
    ly_sql_end(read);
    return true;
}

bool ly_queue_write_clock(struct ly_queue *queue, const struct ly_learned_clock *clock)
{
    sqlite3_stmt *write = ly_sql(queue, LY_SQL_WRITE_CLOCK);
    (void)sqlite3_bind_int64(write, 1, clock->server_ms);
    (void)sqlite3_bind_int64(write, 2, clock->wall_ms);
    (void)sqlite3_bind_int64(write, 3, clock->boot_ms);
    ly_sql_bind_text(write, 4, clock->boot_id);
    (void)sqlite3_bind_int(write, 5, clock->stands);
    return ly_sql_run(queue, write, NULL);
}

uint8_t *ly_queue_read_terms(struct ly_queue *queue, size_t *ret_len)
{
    sqlite3_stmt *read = ly_sql(queue, LY_SQL_READ_TERMS);
    bool found = false;
    if (!ly_sql_step(queue, read, &found) || !found) {
        return NULL;
    }
    const void *bytes = sqlite3_column_blob(read, 0);
    *ret_len = (size_t)sqlite3_column_bytes(read, 0);
    uint8_t *copy = malloc(*ret_len + 1);
    if (copy != NULL && *ret_len > 0) {
        memcpy(copy, bytes, *ret_len);
    }
    ly_sql_end(read);
    return copy;
}

bool ly_queue_write_terms(struct ly_queue *queue, struct span terms)
{
    sqlite3_stmt *write = ly_sql(queue, LY_SQL_WRITE_TERMS);
    ly_sql_bind_bytes(write, 1, terms);
    return ly_sql_run(queue, write, NULL);
}
