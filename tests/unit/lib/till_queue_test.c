// The till's file: rows in order and their states, whose file it is, what a purge takes, and that
// no committed row is lost when the log beside the file is cut or spoilt at any place.
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "lib/till_queue.h"

enum { PATH_BYTES = 128, DAY_MS = 86400000, ROWS = 12 };

static char folder[] = "/tmp/till_queue_test.XXXXXX";
static const char *const identity = "spiffe://vip.example/pos/store-1/till-1";

static const char *in_folder(const char *name)
{
    static char paths[4][PATH_BYTES];
    static int next;
    next = (next + 1) % 4;
    (void)snprintf(paths[next], PATH_BYTES, "%s/%s", folder, name);
    return paths[next];
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    return remove(path);
}

static int drop_folder(void **state)
{
    (void)state;
    return nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static struct ly_queue *open_queue(const char *name)
{
    char error[LOYALTY_ERROR_BYTES] = "";
    struct ly_queue *queue = ly_queue_open(in_folder(name), identity, "", error);
    if (queue == NULL) {
        fail_msg("%s", error);
    }
    return queue;
}

static void assert_turned_away(const char *name, const char *who, const char *unit, const char *why)
{
    char error[LOYALTY_ERROR_BYTES] = "";
    assert_null(ly_queue_open(in_folder(name), who, unit, error));
    if (strstr(error, why) == NULL) {
        fail_msg("%s: not because of %s", error, why);
    }
}

static struct ly_row row_of(int number, enum loyalty_till_kind kind)
{
    struct ly_row row = {
        .created_at_ms = 1000 + number,
        .kind = kind,
        .points = kind == LOYALTY_TILL_REDEEM ? 100 : 0,
        .receipt_number = (uint64_t)number + 1,
        .business_date = "2026-05-30",
        .member = "0:anna",
        .message = span_of((const uint8_t *)"message", 7),
    };
    (void)snprintf(row.request_id, sizeof(row.request_id), "00000000-0000-4000-8000-%012d", number);
    return row;
}

static int64_t add(struct ly_queue *queue, int number, enum loyalty_till_kind kind)
{
    struct ly_row row = row_of(number, kind);
    int64_t sequence = 0;
    assert_true(ly_queue_add(queue, &row, &sequence));
    return sequence;
}

static void settle(struct ly_queue *queue, int64_t sequence, bool exception, int64_t now_ms)
{
    struct ly_posting posting = {
        .sequence = sequence, .operation = LOYALTY_OP_AWARD, .points = 10, .amount_minor = 1000};
    assert_true(ly_queue_settle(queue, sequence, span_of((const uint8_t *)"answer", 6), exception,
                                &posting, now_ms));
}

static struct ly_row find(struct ly_queue *queue, int number)
{
    struct ly_row row = row_of(number, LOYALTY_TILL_AWARD);
    bool found = false;
    assert_true(ly_queue_find(queue, row.request_id, &row, &found));
    assert_true(found);
    return row;
}

// --- rows ---

static void rows_keep_their_order_and_state(void **state)
{
    (void)state;
    struct ly_queue *queue = open_queue("rows");
    int64_t first = add(queue, 1, LOYALTY_TILL_AWARD);
    int64_t second = add(queue, 2, LOYALTY_TILL_REDEEM);
    int64_t third = add(queue, 3, LOYALTY_TILL_REDEEM);
    assert_true(first < second && second < third);
    struct ly_row twice = row_of(2, LOYALTY_TILL_AWARD);
    int64_t sequence = 0;
    assert_false(ly_queue_add(queue, &twice, &sequence));
    assert_int_equal(ly_queue_open_count(queue), 3);

    settle(queue, first, false, 5000);
    assert_true(ly_queue_accept(queue, second));
    int64_t spending = 0;
    assert_true(ly_queue_spending(queue, "0:anna", &spending));
    assert_int_equal(spending, 100);
    struct ly_row reversal = row_of(4, LOYALTY_TILL_REVERSE);
    assert_true(ly_queue_withdraw(queue, third, "OFFLINE", &reversal, 5000));
    assert_int_equal(ly_queue_open_count(queue), 2);
    assert_false(ly_queue_withdraw(queue, third, "OFFLINE", NULL, 5000));
    assert_false(ly_queue_accept(queue, third));

    struct ly_row row;
    bool found = false;
    assert_true(ly_queue_next(queue, LOYALTY_TILL_OPEN, 0, &row, &found));
    assert_true(found);
    assert_int_equal(row.sequence, second);
    assert_true(row.told);
    assert_memory_equal(row.message.data, "message", row.message.len);
    ly_row_fini(&row);
    ly_queue_close(queue);

    queue = open_queue("rows");
    assert_int_equal(ly_queue_open_count(queue), 2);
    assert_int_equal(ly_queue_row_count(queue), 4);
    assert_int_equal(ly_queue_last_old(queue), 4);
    row = find(queue, 1);
    assert_int_equal(row.state, LY_ROW_SETTLED);
    assert_int_equal(row.answer.len, 6);
    ly_row_fini(&row);
    row = find(queue, 3);
    assert_int_equal(row.state, LY_ROW_WITHDRAWN);
    assert_string_equal(row.reason, "OFFLINE");
    ly_row_fini(&row);
    ly_queue_close(queue);
}

static void a_withdrawal_is_whole_or_not_at_all(void **state)
{
    (void)state;
    struct ly_queue *queue = open_queue("whole");
    int64_t sequence = add(queue, 1, LOYALTY_TILL_REDEEM);
    struct ly_row taken = row_of(1, LOYALTY_TILL_REVERSE); // an id that is there already
    assert_false(ly_queue_withdraw(queue, sequence, "OFFLINE", &taken, 1));
    struct ly_row row = find(queue, 1);
    assert_int_equal(row.state, LY_ROW_OPEN);
    ly_row_fini(&row);
    assert_int_equal(ly_queue_open_count(queue), 1);
    ly_queue_close(queue);
}

static void a_purge_takes_what_is_settled_and_compared(void **state)
{
    (void)state;
    struct ly_queue *queue = open_queue("purge");
    settle(queue, add(queue, 1, LOYALTY_TILL_AWARD), false, 1000);
    settle(queue, add(queue, 2, LOYALTY_TILL_AWARD), true, 1000);
    (void)add(queue, 3, LOYALTY_TILL_AWARD);
    assert_int_equal(ly_queue_exception_count(queue), 1);
    int64_t later_ms = 1000 + (int64_t)46 * DAY_MS;
    assert_true(ly_queue_purge(queue, later_ms, 45));
    assert_int_equal(ly_queue_row_count(queue), 3); // the day was not compared
    assert_true(ly_queue_mark_day(queue, "2026-05-30", 2000));
    assert_true(ly_queue_purge(queue, 1000 + (int64_t)45 * DAY_MS, 45));
    assert_int_equal(ly_queue_row_count(queue), 3); // not old enough
    assert_true(ly_queue_purge(queue, later_ms, 45));
    assert_int_equal(ly_queue_row_count(queue), 2); // the exception and the open one stay
    assert_true(ly_queue_acknowledge(queue, 2));
    assert_true(ly_queue_purge(queue, later_ms, 45));
    assert_int_equal(ly_queue_row_count(queue), 1);

    settle(queue, 3, false, later_ms); // after the day was compared
    assert_true(ly_queue_purge(queue, later_ms + (int64_t)400 * DAY_MS, 45));
    assert_int_equal(ly_queue_row_count(queue), 1);
    assert_true(ly_queue_purge(queue, later_ms + (int64_t)401 * DAY_MS, 45));
    assert_int_equal(ly_queue_row_count(queue), 0);
    ly_queue_close(queue);
}

static void a_day_is_the_sum_of_its_postings(void **state)
{
    (void)state;
    struct ly_queue *queue = open_queue("day");
    settle(queue, add(queue, 1, LOYALTY_TILL_AWARD), false, 1000);
    settle(queue, add(queue, 2, LOYALTY_TILL_AWARD), false, 1000);
    struct loyalty_total totals[LOYALTY_OPERATIONS];
    assert_true(ly_queue_totals(queue, "2026-05-30", totals));
    assert_int_equal(totals[0].count, 2);
    assert_int_equal(totals[0].points, 20);
    assert_int_equal(totals[0].amount_minor, 2000);
    assert_int_equal(totals[1].count, 0);
    assert_true(ly_queue_totals(queue, "2026-05-31", totals));
    assert_int_equal(totals[0].count, 0);
    ly_queue_close(queue);
}

static void a_row_that_is_none_is_not_taken_for_one(void **state)
{
    (void)state;
    struct ly_queue *queue = open_queue("none");
    struct ly_row strange = row_of(1, (enum loyalty_till_kind)99);
    int64_t sequence = 0;
    assert_true(ly_queue_add(queue, &strange, &sequence));
    bool found = false;
    struct ly_row row;
    assert_false(ly_queue_next(queue, LOYALTY_TILL_OPEN, 0, &row, &found));
    assert_string_equal(ly_queue_error(queue), "The till's file: row 1 is none.");
    ly_queue_close(queue);
}

// --- whose file it is ---

static void write_file(const char *path, const void *data, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static uint8_t *read_file(const char *path, size_t *ret_len)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    uint8_t *data = malloc((size_t)status.st_size + 1);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_non_null(data);
    *ret_len = fread(data, 1, (size_t)status.st_size, file);
    assert_int_equal(fclose(file), 0);
    return data;
}

static void a_file_of_somebody_else_is_left_alone(void **state)
{
    (void)state;
    struct ly_queue *queue = open_queue("mine");
    assert_turned_away("mine", identity, "", "another process");
    ly_queue_close(queue);
    assert_turned_away("mine", "spiffe://vip.example/pos/store-1/till-2", "", "certificate");
    assert_turned_away("mine", identity, "store-1/till-3", "another unit");
    assert_turned_away("no/such/folder", identity, "", "No such file");

    write_file(in_folder("text"), "a letter to the cashier, long enough to be looked at", 52);
    assert_turned_away("text", identity, "", "not a database");

    // Another program's database, and a queue of a later schema: bytes of the first page.
    size_t len = 0;
    uint8_t *data = read_file(in_folder("mine"), &len);
    data[71]++; // application_id, the last byte
    write_file(in_folder("other"), data, len);
    assert_turned_away("other", identity, "", "no till's queue");
    data[71]--;
    data[63]++; // user_version
    write_file(in_folder("later"), data, len);
    assert_turned_away("later", identity, "", "another version");
    free(data);
}

// --- what a power cut leaves ---

struct cut {
    const uint8_t *file;
    size_t file_len;
    const uint8_t *log;
    size_t log_len[ROWS]; // of the log when this row was confirmed
};

static void assert_rows(const struct cut *cut, const uint8_t *log, size_t len, int rows)
{
    write_file(in_folder("cut"), cut->file, cut->file_len);
    write_file(in_folder("cut-wal"), log, len);
    struct ly_queue *queue = open_queue("cut");
    assert_true(ly_queue_row_count(queue) >= (uint64_t)rows);
    for (int i = 0; i < rows; i++) {
        struct ly_row row = find(queue, i);
        assert_memory_equal(row.message.data, "message", row.message.len);
        ly_row_fini(&row);
    }
    // It goes on from there.
    (void)add(queue, ROWS + 1, LOYALTY_TILL_AWARD);
    ly_queue_close(queue);
}

static int confirmed_within(const struct cut *cut, size_t len)
{
    int rows = 0;
    while (rows < ROWS && cut->log_len[rows] <= len) {
        rows++;
    }
    return rows;
}

static size_t size_of(const char *name)
{
    struct stat status;
    assert_int_equal(stat(in_folder(name), &status), 0);
    return (size_t)status.st_size;
}

// A queue as a power cut would find it: the file is read while it is open.
static void make_cut(struct cut *cut)
{
    struct ly_queue *queue = open_queue("whole_cut");
    ly_queue_close(queue); // the schema is in the file, the log is empty
    queue = open_queue("whole_cut");
    for (int i = 0; i < ROWS; i++) {
        int64_t sequence = add(queue, i, LOYALTY_TILL_AWARD);
        if (i % 3 == 0) {
            settle(queue, sequence, false, 1);
        }
        cut->log_len[i] = size_of("whole_cut-wal");
    }
    size_t len = 0;
    cut->file = read_file(in_folder("whole_cut"), &cut->file_len);
    cut->log = read_file(in_folder("whole_cut-wal"), &len);
    assert_int_equal(len, cut->log_len[ROWS - 1]);
    ly_queue_close(queue);
}

static void a_log_cut_anywhere_has_what_was_confirmed(void **state)
{
    (void)state;
    static struct cut cut;
    make_cut(&cut);
    size_t end = cut.log_len[ROWS - 1];
    for (size_t len = 0; len < end; len += 4099) {
        assert_rows(&cut, cut.log, len, confirmed_within(&cut, len));
    }
    for (int i = 0; i < ROWS; i++) {
        assert_rows(&cut, cut.log, cut.log_len[i], i + 1);
        assert_rows(&cut, cut.log, cut.log_len[i] - 1, i);
    }
    // Torn: of the last write some of it is there and the rest is not what was written.
    uint8_t *torn = malloc(end);
    assert_non_null(torn);
    for (int i = 1; i < ROWS; i++) {
        size_t from = cut.log_len[i - 1];
        memcpy(torn, cut.log, cut.log_len[i]);
        for (size_t at = from; at < cut.log_len[i]; at += 512) {
            torn[at] ^= 0x5a;
        }
        assert_rows(&cut, torn, cut.log_len[i], i);
    }
    free(torn);
    free((void *)cut.file);
    free((void *)cut.log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_keep_their_order_and_state),
        cmocka_unit_test(a_withdrawal_is_whole_or_not_at_all),
        cmocka_unit_test(a_purge_takes_what_is_settled_and_compared),
        cmocka_unit_test(a_day_is_the_sum_of_its_postings),
        cmocka_unit_test(a_row_that_is_none_is_not_taken_for_one),
        cmocka_unit_test(a_file_of_somebody_else_is_left_alone),
        cmocka_unit_test(a_log_cut_anywhere_has_what_was_confirmed),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
