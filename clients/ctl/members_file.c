// Lines and fields of a file of members. A line's fields are taken apart whenever they are needed,
// so that a large file costs no more than its text.
#include "ctl/members_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[MEMBERS_COLUMNS] = {
    [MEMBERS_ID] = "member_id",      [MEMBERS_CARD_NUMBER] = "card_number",
    [MEMBERS_BARCODE] = "barcode",   [MEMBERS_PHONE] = "phone",
    [MEMBERS_APP_ID] = "app_id",     [MEMBERS_BIRTHDAY] = "birthday",
    [MEMBERS_LANGUAGE] = "language", [MEMBERS_ENROLLED] = "enrolled",
    [MEMBERS_POINTS] = "points",     [MEMBERS_SCORE] = "score",
    [MEMBERS_CARD] = "card",
};

const char *members_column_name(enum members_column column)
{
    return names[column];
}

// The next line without its end; false when there is none. Empty lines are lines.
static bool next_line(struct span *rest, struct span *ret_line)
{
    if (rest->len == 0) {
        return false;
    }
    const uint8_t *end = memchr(rest->data, '\n', rest->len);
    size_t len = end == NULL ? rest->len : (size_t)(end - rest->data);
    *ret_line = span_of(rest->data, len);
    *rest = span_from(*rest, end == NULL ? len : len + 1);
    if (len > 0 && ret_line->data[len - 1] == '\r') {
        ret_line->len--;
    }
    return true;
}

static char *field_room(struct arena *arena, struct span line)
{
    return arena_alloc(arena, line.len + 1);
}

// A field in quotes, which doubles those it has. NULL where it does not end.
static char *quoted(struct span *rest, struct arena *arena)
{
    char *out = field_room(arena, *rest);
    size_t len = 0;
    size_t at = 1;
    for (; out != NULL && at < rest->len; at++) {
        bool quote = rest->data[at] == '"';
        if (quote && at + 1 < rest->len && rest->data[at + 1] == '"') {
            at++;
        } else if (quote) {
            *rest = span_from(*rest, at + 1);
            return out;
        }
        out[len++] = (char)rest->data[at];
    }
    return NULL;
}

// The next field of a line, NUL-terminated in the arena. NULL when it is none.
static char *take_field(struct span *rest, struct arena *arena)
{
    if (rest->len > 0 && rest->data[0] == '"') {
        return quoted(rest, arena);
    }
    const uint8_t *comma = rest->len == 0 ? NULL : memchr(rest->data, ',', rest->len);
    size_t len = comma == NULL ? rest->len : (size_t)(comma - rest->data);
    char *out = field_room(arena, span_of(rest->data, len));
    if (out != NULL && len > 0) {
        memcpy(out, rest->data, len);
    }
    *rest = span_from(*rest, len);
    return out;
}

enum { FIELDS_BAD = -1 };

// The fields of a line; how many there are, or FIELDS_BAD. More than `max` are counted, not kept.
static int split(struct span line, struct arena *arena, char **ret_fields, int max)
{
    if (line.len > 0 && memchr(line.data, '\0', line.len) != NULL) {
        return FIELDS_BAD;
    }
    for (int count = 0;;) {
        char *field = take_field(&line, arena);
        if (field == NULL || (line.len > 0 && line.data[0] != ',')) {
            return FIELDS_BAD;
        }
        if (count < max) {
            ret_fields[count] = field;
        }
        count++;
        if (line.len == 0) {
            return count;
        }
        line = span_from(line, 1);
    }
}

static bool find_column(const char *text, enum members_column *ret_column)
{
    for (size_t i = 0; i < MEMBERS_COLUMNS; i++) {
        if (strcmp(text, names[i]) == 0) {
            *ret_column = (enum members_column)i;
            return true;
        }
    }
    return false;
}

static bool read_header(struct members_file *file, struct span line, struct arena *arena,
                        char ret_error[IMPORT_FILE_ERROR_BYTES])
{
    char *fields[MEMBERS_COLUMNS];
    int count = split(line, arena, fields, MEMBERS_COLUMNS);
    bool has[MEMBERS_COLUMNS] = {false};
    if (count == FIELDS_BAD || count > MEMBERS_COLUMNS) {
        (void)snprintf(ret_error, IMPORT_FILE_ERROR_BYTES, "1: the first line names no columns");
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (!find_column(fields[i], &file->columns[i]) || has[file->columns[i]]) {
            (void)snprintf(ret_error, IMPORT_FILE_ERROR_BYTES,
                           "1: \"%.64s\" is no column, or there twice", fields[i]);
            return false;
        }
        has[file->columns[i]] = true;
    }
    file->column_count = (size_t)count;
    if (!has[MEMBERS_ID]) {
        (void)snprintf(ret_error, IMPORT_FILE_ERROR_BYTES, "1: there is no column member_id");
    }
    return has[MEMBERS_ID];
}

static bool add_line(struct members_file *file, size_t *capacity, struct span text, uint64_t number)
{
    if (file->count == *capacity) {
        size_t grown = *capacity == 0 ? 1024 : *capacity * 2;
        struct members_line *lines = realloc(file->lines, grown * sizeof(*lines));
        if (lines == NULL) {
            return false;
        }
        file->lines = lines;
        *capacity = grown;
    }
    file->lines[file->count++] = (struct members_line){.text = text, .number = number};
    return true;
}

static bool read_lines(struct members_file *file, struct arena *arena,
                       char ret_error[IMPORT_FILE_ERROR_BYTES])
{
    struct span rest = buffer_span(&file->text);
    struct span line = {0};
    size_t capacity = 0;
    struct span mark = span_of("\xEF\xBB\xBF", 3); // as some spreadsheets begin
    if (rest.len >= mark.len && span_equal(span_of(rest.data, mark.len), mark)) {
        rest = span_from(rest, mark.len);
    }
    (void)next_line(&rest, &line);
    if (!read_header(file, line, arena, ret_error)) {
        return false;
    }
    for (uint64_t number = 2; next_line(&rest, &line); number++) {
        if (line.len > 0 && !add_line(file, &capacity, line, number)) {
            (void)snprintf(ret_error, IMPORT_FILE_ERROR_BYTES, "out of memory");
            return false;
        }
    }
    if (file->count == 0) {
        (void)snprintf(ret_error, IMPORT_FILE_ERROR_BYTES, "there are no members in it");
    }
    return file->count > 0;
}

enum { HEADER_ARENA_BYTES = 1 << 20 };

bool members_file_read(const char *path, struct members_file *ret_file,
                       char ret_error[IMPORT_FILE_ERROR_BYTES])
{
    *ret_file = (struct members_file){0};
    if (!import_file_read(path, &ret_file->text, ret_error)) {
        return false;
    }
    struct arena arena;
    char error[IMPORT_FILE_ERROR_BYTES] = "";
    arena_init(&arena, HEADER_ARENA_BYTES);
    bool good = read_lines(ret_file, &arena, error);
    arena_fini(&arena);
    if (!good) {
        (void)snprintf(ret_error, IMPORT_FILE_ERROR_BYTES, "%.200s:%.256s", path, error);
    }
    return good;
}

void members_file_fini(struct members_file *file)
{
    buffer_fini(&file->text);
    free(file->lines);
    *file = (struct members_file){0};
}

bool members_file_fields(const struct members_file *file, size_t index, struct arena *arena,
                         char *ret_fields[MEMBERS_COLUMNS])
{
    char *fields[MEMBERS_COLUMNS];
    int count = split(file->lines[index].text, arena, fields, MEMBERS_COLUMNS);
    if (count != (int)file->column_count) {
        return false;
    }
    static char empty[1];
    for (size_t i = 0; i < MEMBERS_COLUMNS; i++) {
        ret_fields[i] = empty;
    }
    for (int i = 0; i < count; i++) {
        ret_fields[file->columns[i]] = fields[i];
    }
    return true;
}

void members_request_id(const char *kind, struct span member_id, char ret_id[LOYALTY_UUID_BYTES])
{
    struct span parts[] = {span_of_text("loyaltyctl import members"), span_of_text(kind),
                           member_id};
    import_file_id(parts, sizeof(parts) / sizeof(parts[0]), ret_id);
}
