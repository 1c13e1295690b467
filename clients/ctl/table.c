// Tables: every cell is kept until the end, then columns are as wide as their widest cell.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "ctl/print.h"

struct print_table {
    size_t columns;
    unsigned right;
    size_t widths[PRINT_COLUMNS_MAX];
    char **cells;
    size_t count;
    size_t capacity;
};

// Columns on a terminal: characters, not bytes, of UTF-8.
static size_t text_width(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++) {
        width += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return width;
}

static void out_of_memory(void)
{
    (void)fprintf(stderr, "loyaltyctl: out of memory\n");
    exit(CTL_RETRY_LATER);
}

void print_table_add(struct print_table *table, const char *const *cells)
{
    if (table->count + table->columns > table->capacity) {
        size_t capacity = table->capacity == 0 ? 16 * table->columns : 2 * table->capacity;
        char **grown = realloc(table->cells, capacity * sizeof(*grown));
        if (grown == NULL) {
            out_of_memory();
            return;
        }
        table->cells = grown;
        table->capacity = capacity;
    }
    for (size_t i = 0; i < table->columns; i++) {
        char *cell = strdup(cells[i] == NULL ? "" : cells[i]);
        if (cell == NULL) {
            out_of_memory();
            return;
        }
        size_t width = text_width(cell);
        table->widths[i] = width > table->widths[i] ? width : table->widths[i];
        table->cells[table->count++] = cell;
    }
}

struct print_table *print_table_new(size_t columns, unsigned right, const char *const *headers)
{
    CHECK(columns >= 1 && columns <= PRINT_COLUMNS_MAX);
    struct print_table *table = calloc(1, sizeof(*table));
    if (table == NULL) {
        out_of_memory();
        return NULL;
    }
    table->columns = columns;
    table->right = right;
    print_table_add(table, headers);
    return table;
}

static void print_cell(const struct print_table *table, size_t column, const char *cell)
{
    int padding = (int)(table->widths[column] - text_width(cell));
    bool last = column + 1 == table->columns;
    if ((table->right >> column & 1) != 0) {
        (void)printf("%*s%s%s", padding, "", cell, last ? "" : "  ");
    } else {
        (void)printf("%s%*s", cell, last ? 0 : padding + 2, "");
    }
}

void print_table_end(struct print_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        size_t column = i % table->columns;
        print_cell(table, column, table->cells[i]);
        if (column + 1 == table->columns) {
            (void)putchar('\n');
        }
        free(table->cells[i]);
    }
    free(table->cells);
    free(table);
}
