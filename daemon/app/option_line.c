// The command line, by argp; its options and help are the table's.
#include <argp.h>
#include <stdlib.h>

#include "app/option_parts.h"

const char *argp_program_version = "loyaltyd " LOYALTY_VERSION;

enum { KEY_FIRST = 256, LINES_MAX = OPTION_ROWS_MAX + 16 };

static error_t take(int key, char *text, struct argp_state *state)
{
    struct gathering *gathering = state->input;
    size_t row = (size_t)(key - KEY_FIRST);
    if (key == ARGP_KEY_ARG) {
        argp_error(state, "'%s' is no option", text);
        return EINVAL;
    }
    if (key < KEY_FIRST || row >= option_row_count()) {
        return ARGP_ERR_UNKNOWN;
    }
    option_give(gathering, &gathering->line[row], row, text == NULL ? "yes" : text, "command line");
    return 0;
}

// "at a time; above it clients wait (100 to 60000 ms, default 5000)"
static const char *help_of(const struct option_row *row, struct options *options)
{
    const char *unit = row->unit == NULL ? "" : row->unit;
    const char *bounds = "";
    if (row->kind == OPTION_NUMBER) {
        bounds = arena_printf(&options->arena, "%lld to %lld%s%s", (long long)row->least,
                              (long long)row->most, *unit == '\0' ? "" : " ", unit);
    }
    const char *fallback = row->fallback == NULL || row->kind == OPTION_FLAG
                               ? ""
                               : arena_printf(&options->arena, "default %s", row->fallback);
    const char *required = (row->flags & OPTION_REQUIRED) != 0 ? "required" : "";
    if (bounds == NULL || fallback == NULL) {
        return row->help;
    }
    const char *between = *bounds != '\0' && *fallback != '\0' ? ", " : "";
    const char *more =
        arena_printf(&options->arena, "%s%s%s%s", bounds, between, fallback, required);
    if (more == NULL || *more == '\0') {
        return row->help;
    }
    return arena_printf(&options->arena, "%s (%s)", row->help, more);
}

// One row of help for each of ours, under its section's heading.
static size_t make_lines(struct options *options, struct argp_option lines[LINES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < option_section_count(); i++) {
        int group = (int)i + 1;
        char *title = arena_printf(&options->arena, "%s:", option_sections[i].title);
        lines[count++] = (struct argp_option){.doc = title, .group = group};
        for (size_t j = 0; j < option_row_count(); j++) {
            const struct option_row *row = &option_rows[j];
            if (strcmp(row->section, option_sections[i].name) != 0) {
                continue;
            }
            lines[count++] = (struct argp_option){
                .name = row->name,
                .key = KEY_FIRST + (int)j,
                .arg = row->kind == OPTION_FLAG ? NULL : row->value,
                .flags = (row->flags & OPTION_UNLISTED) != 0 ? OPTION_HIDDEN : 0,
                .doc = help_of(row, options),
                .group = group,
            };
        }
    }
    return count;
}

void option_line_read(int argc, char **argv, struct gathering *gathering)
{
    struct argp_option lines[LINES_MAX] = {0};
    const struct argp argp = {
        .options = lines,
        .parser = take,
        .doc = "loyaltyd keeps loyalty points and VIP membership: requests over TLS, the ledger in "
               "Redis.\vSIGTERM ends it after the requests in hand. SIGHUP reads the file, "
               "certificates and the revocation list again, all or nothing.",
    };
    (void)make_lines(gathering->options, lines);
    argp_err_exit_status = 2;
    argp_parse(&argp, argc, argv, 0, NULL, gathering);
}
