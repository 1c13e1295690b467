// Gathers what was given, then judges it whole.
#include "app/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/option_parts.h"
#include "app/option_value.h"
#include "base/limits.h"

enum { OPTION_TEXT_SHOWN = 80 };

// --- errors ---

void option_error(struct options *options, struct option_errors *errors, const char *format, ...)
{
    char text[LIMIT_LOG_LINE_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    char *copy = errors->count < OPTION_ERRORS ? arena_printf(&options->arena, "%s", text) : NULL;
    if (copy == NULL) {
        errors->more++;
    } else {
        errors->lines[errors->count++] = copy;
    }
}

void options_errors_print(const struct option_errors *errors)
{
    for (uint32_t i = 0; i < errors->count; i++) {
        (void)fprintf(stderr, "loyaltyd: %s\n", errors->lines[i]);
    }
    if (errors->more > 0) {
        (void)fprintf(stderr, "loyaltyd: and %u more\n", errors->more);
    }
}

// --- what was given ---

// Tried on options that are thrown away: what is overridden must be right, too.
static bool is_allowed(const struct option_row *row, const char *text)
{
    struct options trial = {0};
    return option_set(row, text, &trial);
}

void option_give(struct gathering *gathering, struct option_given *given, size_t row,
                 const char *text, const char *source)
{
    const struct option_row *option = &option_rows[row];
    bool line = strcmp(source, "command line") == 0;
    const char *place = line ? "" : source;
    const char *dashes = line ? "--" : ": ";
    uint32_t most = option->kind == OPTION_FILES ? (uint32_t)option->most : 1;
    char bounds[OPTION_BOUNDS_BYTES];
    option_bounds(option, bounds);
    if (!is_allowed(option, text)) {
        option_error(gathering->options, gathering->errors, "%s%s%s: '%.*s' is not %s", place,
                     dashes, option->name, OPTION_TEXT_SHOWN, text, bounds);
    } else if (given->count >= most && !(line && most == 1)) {
        option_error(gathering->options, gathering->errors, "%s%s%s: given more than %u times",
                     place, dashes, option->name, most);
    } else {
        given->count = most == 1 ? 0 : given->count; // of a line the last one wins
        given->texts[given->count++] = text;
        given->source = source;
    }
}

// systemd's credential of that name, if there is one and nothing else was given.
static void take_credential(struct options *options, size_t row, struct option_errors *errors)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    const char *name = option_rows[row].credential;
    if (folder == NULL || name == NULL || options->given[row].count > 0) {
        return;
    }
    char *path = arena_printf(&options->arena, "%s/%s", folder, name);
    char *source = arena_printf(&options->arena, "credential %s", name);
    if (path == NULL || source == NULL) {
        option_error(options, errors, "credential %s: no memory", name);
    } else if (access(path, F_OK) == 0) {
        options->given[row] = (struct option_given){.texts = {path}, .count = 1, .source = source};
    }
}

static void take_default(struct options *options, size_t row)
{
    if (options->given[row].count == 0 && option_rows[row].fallback != NULL) {
        options->given[row] = (struct option_given){
            .texts = {option_rows[row].fallback}, .count = 1, .source = "default"};
    }
}

// --- the whole ---

static bool is_given(const struct options *options, const char *name)
{
    return options->given[option_find(name)].count > 0;
}

static void check_required(struct options *options, struct option_errors *errors)
{
    for (size_t i = 0; i < option_row_count(); i++) {
        if ((option_rows[i].flags & OPTION_REQUIRED) != 0 && options->given[i].count == 0) {
            option_error(options, errors, "--%s: it is required", option_rows[i].name);
        }
    }
}

static void check_together(struct options *options, struct option_errors *errors)
{
    if (is_given(options, "redis") == is_given(options, "embedded")) {
        option_error(options, errors, "give either --redis or --embedded");
    }
    if (is_given(options, "redis-user") && !is_given(options, "redis-password-file")) {
        option_error(options, errors, "--redis-user: it needs --redis-password-file");
    }
    if (is_given(options, "monitor-port-file") && !is_given(options, "monitor-listen")) {
        option_error(options, errors, "--monitor-port-file: it needs --monitor-listen");
    }
}

static void put_values(struct options *options)
{
    for (size_t i = 0; i < option_row_count(); i++) {
        const struct option_given *given = &options->given[i];
        for (uint32_t j = 0; j < given->count; j++) {
            (void)option_set(&option_rows[i], given->texts[j], options); // was allowed
        }
    }
}

static bool is_reference(const char *form)
{
    return strcmp(form, "markdown") == 0 || strcmp(form, "scdoc") == 0;
}

bool options_load(int argc, char **argv, struct options *ret_options,
                  struct option_errors *ret_errors)
{
    struct gathering gathering = {.options = ret_options, .errors = ret_errors};
    *ret_options = (struct options){0};
    *ret_errors = (struct option_errors){0};
    arena_init(&ret_options->arena, OPTIONS_ARENA_BYTES);
    option_line_read(argc, argv, &gathering);
    const struct option_given *file = &gathering.line[option_find("config")];
    if (file->count > 0) {
        option_file_read(file->texts[0], &gathering);
    }
    for (size_t i = 0; i < option_row_count(); i++) {
        bool line = gathering.line[i].count > 0;
        ret_options->given[i] = line ? gathering.line[i] : gathering.file[i];
        take_credential(ret_options, i, ret_errors);
        take_default(ret_options, i);
    }
    put_values(ret_options);
    if (ret_options->dump_reference != NULL && is_reference(ret_options->dump_reference)) {
        return ret_errors->count == 0;
    }
    if (ret_options->dump_reference != NULL) {
        option_error(ret_options, ret_errors, "--dump-reference: markdown or scdoc");
    }
    if (!ret_options->dump_config) { // a file may be made of one that is not whole
        check_required(ret_options, ret_errors);
        check_together(ret_options, ret_errors);
    }
    return ret_errors->count + ret_errors->more == 0;
}

void options_fini(struct options *options)
{
    arena_fini(&options->arena);
}

// --- two of them ---

static bool is_same(const struct option_given *one, const struct option_given *other)
{
    bool same = one->count == other->count;
    for (uint32_t i = 0; same && i < one->count; i++) {
        same = strcmp(one->texts[i], other->texts[i]) == 0;
    }
    return same;
}

bool options_may_replace(const struct options *old, struct options *fresh,
                         struct option_errors *ret_errors)
{
    for (size_t i = 0; i < option_row_count(); i++) {
        const struct option_row *row = &option_rows[i];
        if ((row->flags & (OPTION_RELOADABLE | OPTION_COMMAND)) == 0 &&
            !is_same(&old->given[i], &fresh->given[i])) {
            option_error(fresh, ret_errors, "%s: %s: needs a restart",
                         fresh->given[i].count > 0 ? fresh->given[i].source : "not given any more",
                         row->name);
        }
    }
    return ret_errors->count + ret_errors->more == 0;
}
