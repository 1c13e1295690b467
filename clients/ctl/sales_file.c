// Read whole: the digest is over every byte, and one bad line stops the import before it begins.
#include "ctl/sales_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/cdnow.h"

static bool add_row(struct sales_file *file, size_t *capacity, const struct cdnow_row *row)
{
    if (file->row_count == *capacity) {
        size_t grown = *capacity == 0 ? 1024 : *capacity * 2;
        struct sale_row *rows = realloc(file->rows, grown * sizeof(*rows));
        if (rows == NULL) {
            return false;
        }
        file->rows = rows;
        *capacity = grown;
    }
    file->rows[file->row_count] = (struct sale_row){
        .customer = row->customer,
        .day = civil_to_days(row->date),
        .amount_minor = row->amount_minor,
        .number = file->row_count + 1,
    };
    file->row_count++;
    return true;
}

static bool parse_rows(const char *path, struct sales_file *file,
                       char ret_error[SALES_FILE_ERROR_BYTES])
{
    struct span rest = buffer_span(&file->text);
    struct span line;
    size_t capacity = 0;
    (void)cdnow_next_line(&rest, &line); // the header
    for (size_t number = 2; cdnow_next_line(&rest, &line); number++) {
        struct cdnow_row row;
        char reason[CDNOW_REASON_BYTES];
        if (!cdnow_parse_row(line, &row, reason)) {
            (void)snprintf(ret_error, SALES_FILE_ERROR_BYTES, "%.300s:%zu: %s", path, number,
                           reason);
            return false;
        }
        if (!add_row(file, &capacity, &row)) {
            (void)snprintf(ret_error, SALES_FILE_ERROR_BYTES, "out of memory");
            return false;
        }
    }
    if (file->row_count == 0) {
        (void)snprintf(ret_error, SALES_FILE_ERROR_BYTES, "%s holds no sales", path);
        return false;
    }
    return true;
}

static int compare_customers(struct span a, struct span b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = memcmp(a.data, b.data, len);
    if (order != 0) {
        return order;
    }
    return (a.len > b.len) - (a.len < b.len);
}

static int compare_rows(const void *left, const void *right)
{
    const struct sale_row *a = left;
    const struct sale_row *b = right;
    int order = compare_customers(a->customer, b->customer);
    if (order != 0) {
        return order;
    }
    if (a->day != b->day) {
        return a->day < b->day ? -1 : 1;
    }
    return a->number < b->number ? -1 : 1;
}

// Most sales first, so that no long history is left to be posted alone at the end.
static int compare_members(const void *left, const void *right)
{
    const struct sale_member *a = left;
    const struct sale_member *b = right;
    if (a->count != b->count) {
        return a->count > b->count ? -1 : 1;
    }
    return (a->first > b->first) - (a->first < b->first);
}

static bool group(struct sales_file *file, char ret_error[SALES_FILE_ERROR_BYTES])
{
    qsort(file->rows, file->row_count, sizeof(*file->rows), compare_rows);
    file->members = calloc(file->row_count, sizeof(*file->members));
    if (file->members == NULL) {
        (void)snprintf(ret_error, SALES_FILE_ERROR_BYTES, "out of memory");
        return false;
    }
    for (size_t i = 0; i < file->row_count; i++) {
        struct span customer = file->rows[i].customer;
        if (i == 0 || !span_equal(customer, file->rows[i - 1].customer)) {
            file->members[file->member_count++] =
                (struct sale_member){.customer = customer, .first = i};
        }
        file->members[file->member_count - 1].count++;
    }
    qsort(file->members, file->member_count, sizeof(*file->members), compare_members);
    return true;
}

bool sales_file_read(const char *path, struct sales_file *ret_file,
                     char ret_error[SALES_FILE_ERROR_BYTES])
{
    struct sales_file file = {0};
    if (!import_file_read(path, &file.text, ret_error) || !parse_rows(path, &file, ret_error) ||
        !group(&file, ret_error)) {
        sales_file_fini(&file);
        return false;
    }
    import_file_hash(buffer_span(&file.text), file.digest);
    *ret_file = file;
    return true;
}

void sales_file_fini(struct sales_file *file)
{
    if (file == NULL) {
        return;
    }
    buffer_fini(&file->text);
    free(file->rows);
    free(file->members);
    *file = (struct sales_file){0};
}

// `kind` keeps apart what is said of rows and of members.
static void make_id(const struct sales_file *file, const char *kind, struct span what,
                    char ret_id[LOYALTY_UUID_BYTES])
{
    struct span parts[] = {span_of(file->digest, sizeof(file->digest)), span_of_text(kind), what};
    import_file_id(parts, sizeof(parts) / sizeof(parts[0]), ret_id);
}

void sales_file_row_id(const struct sales_file *file, uint64_t number,
                       char ret_id[LOYALTY_UUID_BYTES])
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(number >> (8 * (sizeof(bytes) - 1 - i)));
    }
    make_id(file, "row", span_of(bytes, sizeof(bytes)), ret_id);
}

void sales_file_member_id(const struct sales_file *file, struct span member_id,
                          char ret_id[LOYALTY_UUID_BYTES])
{
    make_id(file, "member", member_id, ret_id);
}
