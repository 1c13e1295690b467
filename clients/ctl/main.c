// loyaltyctl: the service from the command line. Finds the command and hands it the rest of the
// line; `--help` behind a command tells of that command.
#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/commands.h"
#include "ctl/describe.h"

enum { NAME_BYTES = 64, KEY_DESCRIBE = 0x200 };

const char *argp_program_version = "loyaltyctl " LOYALTY_VERSION;

struct line {
    struct globals globals;
    int first; // index of the command's first word
};

// argp's signature. NOLINTNEXTLINE(readability-non-const-parameter)
static error_t take(int key, char *arg, struct argp_state *state)
{
    struct line *line = state->input;
    (void)arg;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->globals;
        return 0;
    case KEY_DESCRIBE:
        exit(describe_all());
    case ARGP_KEY_ARG:
        line->first = state->next - 1;
        state->next = state->argc;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which command?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

// The list of commands, behind the options in --help.
static char *help_filter(int key, const char *text, void *input)
{
    (void)input;
    if (key != ARGP_KEY_HELP_EXTRA) {
        return (char *)text;
    }
    char *list = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&list, &bytes);
    if (out == NULL) {
        return NULL;
    }
    (void)fprintf(out, "`loyaltyctl COMMAND --help` tells more of a command.\n\n");
    commands_help(out);
    (void)fprintf(out,
                  "\nINSTANT is RFC 3339 (2026-06-01T00:00:00+08:00) or now, now+90s, now-2d. "
                  "MEMBER is a member's id, or card:NUMBER, barcode:NUMBER, phone:+NUMBER, app:ID. "
                  "Instants are shown in the time zone of the environment (TZ).\n"
                  "\nExit codes:\n");
    for (const struct ctl_exit_meaning *exit = ctl_exits; exit->meaning != NULL; exit++) {
        (void)fprintf(out, "  %d  %s\n", (int)exit->code, exit->meaning);
    }
    return fclose(out) == 0 ? list : NULL;
}

static const struct argp_option options[] = {
    {"describe", KEY_DESCRIBE, NULL, OPTION_HIDDEN, "What the manual is made of, as JSON", 0},
    {0},
};

static const struct argp parser = {
    .options = options,
    .parser = take,
    .args_doc = "COMMAND [ARGUMENT...]",
    .doc = "Loyalty points and VIP membership from the command line.\v",
    .children = globals_child,
    .help_filter = help_filter,
};

// The command's code, unless its answer did not get out: then nobody has seen what became of it.
static int told(int code)
{
    bool out = fflush(stdout) == 0 && ferror(stdout) == 0;
    if (code != CTL_OK || out) {
        return code;
    }
    (void)fprintf(stderr, "loyaltyctl: the answer could not be written to stdout\n");
    return CTL_UNKNOWN;
}

int main(int argc, char **argv)
{
    argp_err_exit_status = CTL_USAGE;
    struct line line = {0};
    if (argp_parse(&parser, argc, argv, ARGP_IN_ORDER, NULL, &line) != 0) {
        return CTL_USAGE;
    }
    argc -= line.first;
    argv += line.first;
    int words = 0;
    const struct command *command = commands_find(argc, argv, &words);
    if (command == NULL) {
        (void)fprintf(stderr, "loyaltyctl: there is no command '%s%s%s'; see loyaltyctl --help\n",
                      argv[0], argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
        return CTL_USAGE;
    }
    static char name[NAME_BYTES];
    (void)snprintf(name, sizeof(name), "loyaltyctl %s", command->words);
    argv[words - 1] = name;
    return told(command->run(argc - words + 1, argv + words - 1, &line.globals));
}
