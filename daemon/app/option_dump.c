// Options told: to MonitorService, as a file, as a reference.
#include "app/option_dump.h"

#include <stdio.h>
#include <string.h>

#include "app/options.h"

static bool is_kept(const struct option_row *row)
{
    return (row->flags & OPTION_COMMAND) == 0;
}

void options_each(const struct options *options, monitor_option_fn *each, void *context)
{
    for (size_t i = 0; i < option_row_count(); i++) {
        const struct option_given *given = &options->given[i];
        if (!is_kept(&option_rows[i])) {
            continue;
        }
        char joined[OPTION_LIST * 256] = "";
        size_t len = 0;
        for (uint32_t j = 0; j < given->count && len < sizeof joined; j++) {
            len += (size_t)snprintf(joined + len, sizeof joined - len, "%s%s", j == 0 ? "" : " ",
                                    given->texts[j]);
        }
        const struct monitor_option option = {
            .name = option_rows[i].name,
            .value = given->count == 1 ? given->texts[0] : joined,
            .source = given->count == 0 ? "default" : given->source,
            .reloadable = (option_rows[i].flags & OPTION_RELOADABLE) != 0,
        };
        if (!each(context, &option)) {
            return;
        }
    }
}

// --- as a file ---

static void dump_row(const struct options *options, size_t row)
{
    const struct option_given *given = &options->given[row];
    if (given->count == 0) {
        (void)printf("# not given\n#%s =\n", option_rows[row].name);
        return;
    }
    (void)printf("# %s\n", given->source);
    for (uint32_t i = 0; i < given->count; i++) {
        (void)printf("%s = %s\n", option_rows[row].name, given->texts[i]);
    }
}

void options_dump(const struct options *options)
{
    for (size_t i = 0; i < option_section_count(); i++) {
        if (*option_sections[i].name == '\0') {
            continue;
        }
        (void)printf("%s[%s]\n", i == 0 ? "" : "\n", option_sections[i].name);
        for (size_t j = 0; j < option_row_count(); j++) {
            if (is_kept(&option_rows[j]) &&
                strcmp(option_rows[j].section, option_sections[i].name) == 0) {
                dump_row(options, j);
            }
        }
    }
}

// --- as a reference ---

static void print_facts(const struct option_row *row)
{
    char bounds[OPTION_BOUNDS_BYTES];
    option_bounds(row, bounds);
    (void)printf("It is %s%s%s.", bounds, row->unit == NULL ? "" : ", in ",
                 row->unit == NULL ? "" : row->unit);
    if (row->fallback != NULL) {
        (void)printf(" Default: %s.", row->fallback);
    }
    if ((row->flags & OPTION_REQUIRED) != 0) {
        (void)printf(" It is required.");
    }
    if (row->credential != NULL) {
        (void)printf(" When it is not given, systemd's credential %s is taken.", row->credential);
    }
    if ((row->flags & OPTION_RELOADABLE) != 0) {
        (void)printf(" SIGHUP takes a new value.");
    }
    (void)printf("\n");
}

static void print_row(const struct option_row *row, bool scdoc)
{
    bool flag = row->kind == OPTION_FLAG;
    const char *dashes = is_kept(row) ? "" : "--";
    const char *equals = flag && !is_kept(row) ? "" : " = ";
    const char *value = flag && is_kept(row) ? "yes|no" : flag ? "" : row->value;
    if (scdoc) {
        (void)printf("*%s%s*%s%s%s%s\n\t%c%s.\n\t", dashes, row->name, equals,
                     *value == '\0' ? "" : "_", value, *value == '\0' ? "" : "_", row->help[0],
                     row->help + 1);
    } else {
        (void)printf("* `%s%s%s%s`: %s.\n  ", dashes, row->name, equals, value, row->help);
    }
    print_facts(row);
    (void)printf("%s", scdoc ? "\n" : "");
}

void option_dump_reference(const char *form)
{
    bool scdoc = strcmp(form, "scdoc") == 0;
    for (size_t i = 0; i < option_section_count(); i++) {
        const struct option_section *section = &option_sections[i];
        bool line = *section->name == '\0';
        if (scdoc) {
            (void)printf("## %s%s%s\n\n%s.\n\n", line ? "" : "[",
                         line ? "command line" : section->name, line ? "" : "]", section->title);
        } else {
            (void)printf("## %s%s%s%s\n\n", section->title, line ? "" : ": `[", section->name,
                         line ? "" : "]`");
        }
        for (size_t j = 0; j < option_row_count(); j++) {
            const struct option_row *row = &option_rows[j];
            if (strcmp(row->section, section->name) == 0 && (row->flags & OPTION_UNLISTED) == 0) {
                print_row(row, scdoc);
            }
        }
        (void)printf("%s", scdoc ? "" : "\n");
    }
}
