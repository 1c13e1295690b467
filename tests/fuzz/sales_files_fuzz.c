// Files of past sales, through loyaltyctl's reader: what is accepted is every line of the file, in
// the order it is posted, each row with an id of its own; what is not names the file and the line.
//
// Input: the file.
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "base/limits.h"
#include "ctl/cdnow.h"
#include "ctl/sales_file.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutate_text.h"

enum { MEMORY_BYTES_MAX = 4 << 20 };

static const char *const words[] = {
    "00001",
    "00002",
    "anna",
    "19970101",
    "19980630",
    "20240229",
    "20250229",
    "22001231",
    "99991231",
    "1",
    "0",
    "11.77",
    "12.00",
    "0.01",
    "1.234",
    "-1.00",
    "10000000000.00",
    "10000000000.01",
    " ",
    "\t",
    "\r\n",
    "\n",
    ".",
    "1e5",
    "00000000",
};

static int file = -1;
static char path[32];

static size_t count_lines(struct span text)
{
    struct span line;
    size_t lines = 0;
    while (cdnow_next_line(&text, &line)) {
        CHECK(line.len == 0 || memchr(line.data, '\n', line.len) == NULL);
        lines++;
    }
    CHECK(text.len == 0);
    return lines;
}

static void check_row(const struct sale_row *row)
{
    CHECK(row->customer.len >= 1 && row->customer.len <= LIMIT_MEMBER_ID_BYTES);
    CHECK(row->amount_minor >= 0 && row->amount_minor <= LIMIT_AMOUNT_MINOR_MAX);
    CHECK(civil_is_valid(civil_from_days(row->day)));
}

// By member, then by day, then as in the file.
static bool in_order(const struct sale_row *a, const struct sale_row *b)
{
    if (!span_equal(a->customer, b->customer)) {
        return true; // the members' own order is checked elsewhere
    }
    return a->day < b->day || (a->day == b->day && a->number < b->number);
}

static void check_rows(const struct sales_file *sales, size_t lines)
{
    char first[LOYALTY_UUID_BYTES];
    char other[LOYALTY_UUID_BYTES];
    CHECK(sales->row_count + 1 == lines);
    for (size_t i = 0; i < sales->row_count; i++) {
        check_row(&sales->rows[i]);
        CHECK(i == 0 || in_order(&sales->rows[i - 1], &sales->rows[i]));
        sales_file_row_id(sales, sales->rows[0].number, first);
        sales_file_row_id(sales, sales->rows[i].number, other);
        CHECK((strcmp(first, other) == 0) == (i == 0) && strlen(other) == LOYALTY_UUID_BYTES - 1);
    }
}

static void check_members(const struct sales_file *sales)
{
    size_t rows = 0;
    for (size_t i = 0; i < sales->member_count; i++) {
        const struct sale_member *member = &sales->members[i];
        CHECK(member->count > 0 && member->first + member->count <= sales->row_count);
        CHECK(i == 0 || member[-1].count >= member->count);
        rows += member->count;
        for (size_t j = 0; j < member->count; j++) {
            CHECK(span_equal(sales->rows[member->first + j].customer, member->customer));
        }
    }
    CHECK(rows == sales->row_count);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t len_max, unsigned seed)
{
    struct fuzz_random random = fuzz_random_of(seed);
    return mutate_text(words, sizeof(words) / sizeof(words[0]), data, len, len_max, &random);
}

// A file in memory, the same for all inputs.
static void ready(void)
{
    if (file < 0) {
        file = memfd_create("sales", MFD_CLOEXEC);
        CHECK(file >= 0);
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sales_file sales = {0};
    char error[SALES_FILE_ERROR_BYTES] = "";
    ready();
    CHECK(ftruncate(file, 0) == 0 && pwrite(file, data, len, 0) == (ssize_t)len);
    fuzz_memory_begin(MEMORY_BYTES_MAX);
    if (sales_file_read(path, &sales, error)) {
        check_rows(&sales, count_lines(span_of(data, len)));
        check_members(&sales);
        sales_file_fini(&sales);
    } else {
        CHECK(strncmp(error, path, strlen(path)) == 0 && strlen(error) < sizeof(error));
        CHECK(sales.rows == NULL && sales.members == NULL);
    }
    fuzz_memory_end();
    return 0;
}
