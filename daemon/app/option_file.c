// The file of options: [sections] with `name = value`, `#` or `;` before a comment. Read by inih,
// line by line, so that every mistake is told with its line.
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "app/option_parts.h"

struct reading {
    struct gathering *gathering;
    const char *path;
    FILE *file;
    int line;
};

static struct options *options_of(const struct reading *reading)
{
    return reading->gathering->options;
}

static void complain(struct reading *reading, const char *what)
{
    option_error(options_of(reading), reading->gathering->errors, "%s:%d: %s", reading->path,
                 reading->line, what);
}

static void skip_rest(FILE *file)
{
    int one = 0;
    while (one != '\n' && one != EOF) {
        one = getc(file);
    }
}

// inih's reader: a line, as an empty one where it cannot be taken.
static char *next_line(char *buffer, int size, void *context)
{
    struct reading *reading = context;
    if (fgets(buffer, size, reading->file) == NULL) {
        return NULL;
    }
    reading->line++;
    size_t len = strlen(buffer);
    bool whole = len > 0 && buffer[len - 1] == '\n';
    if (!whole && !feof(reading->file)) {
        char what[64];
        (void)snprintf(what, sizeof what, "the line is longer than %d characters", size - 2);
        complain(reading, what);
        skip_rest(reading->file);
        (void)snprintf(buffer, (size_t)size, "\n");
    }
    return buffer;
}

static void complain_of_section(struct reading *reading, const struct option_row *row,
                                const char *section)
{
    option_error(options_of(reading), reading->gathering->errors,
                 "%s:%d: %s: it belongs into [%s], not [%s]", reading->path, reading->line,
                 row->name, row->section, section);
}

static int on_pair(void *context, const char *section, const char *name, const char *text)
{
    struct reading *reading = context;
    struct options *options = options_of(reading);
    struct option_errors *errors = reading->gathering->errors;
    size_t row = option_find(name);
    if (row == option_row_count() || (option_rows[row].flags & OPTION_COMMAND) != 0) {
        option_error(options, errors, "%s:%d: %s: there is no such option", reading->path,
                     reading->line, name);
        return 1;
    }
    if (strcmp(option_rows[row].section, section) != 0) {
        complain_of_section(reading, &option_rows[row], section);
        return 1;
    }
    char *copy = arena_printf(&options->arena, "%s", text);
    char *source = arena_printf(&options->arena, "%s:%d", reading->path, reading->line);
    if (copy == NULL || source == NULL) {
        complain(reading, "no memory");
        return 1;
    }
    option_give(reading->gathering, &reading->gathering->file[row], row, copy, source);
    return 1;
}

void option_file_read(const char *path, struct gathering *gathering)
{
    struct reading reading = {.gathering = gathering, .path = path, .file = fopen(path, "re")};
    if (reading.file == NULL) {
        option_error(gathering->options, gathering->errors, "%s: %s", path, strerror(errno));
        return;
    }
    int wrong = ini_parse_stream(next_line, &reading, on_pair, &reading);
    if (wrong != 0) {
        reading.line = wrong > 0 ? wrong : reading.line;
        complain(&reading, "neither `[section]` nor `name = value`");
    } else if (ferror(reading.file) != 0) {
        complain(&reading, "it cannot be read to its end");
    }
    (void)fclose(reading.file);
}
