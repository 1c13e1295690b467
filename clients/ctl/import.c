// `import sales FILE`.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/import_begin.h"
#include "ctl/import_run.h"
#include "ctl/print.h"
#include "ctl/sales_file.h"
#include "ctl/session.h"

enum {
    KEY_FORMAT = 0x200,
    KEY_CURRENCY,
    KEY_PREFIX,
    PREFIX_BYTES_MAX = 32,
};

struct import_line {
    struct globals globals;
    const char *path;
    const char *format;
    struct import_options options;
};

static void take_prefix(struct import_line *line, const char *arg, struct argp_state *state)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t len = strlen(arg);
    if (len > PREFIX_BYTES_MAX || strspn(arg, good) != len) {
        argp_error(state, "%s cannot begin a member's id", arg);
    }
    line->options.prefix = arg;
}

static void check(const struct import_line *line, struct argp_state *state)
{
    if (line->path == NULL) {
        argp_error(state, "which file?");
    } else if (line->format == NULL || strcmp(line->format, "cdnow") != 0) {
        argp_error(state, "--format cdnow is what there is");
    }
}

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct import_line *line = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->globals;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0) {
            argp_usage(state);
        }
        line->path = arg;
        return 0;
    case KEY_FORMAT:
        line->format = arg;
        return 0;
    case KEY_CURRENCY:
        line->options.currency = arg;
        return 0;
    case KEY_PREFIX:
        take_prefix(line, arg, state);
        return 0;
    case ARGP_KEY_END:
        check(line, state);
        return 0;
    default:
        return import_begin_take(key, arg, state, &line->options.pace);
    }
}

// Sets the currency as the program in force has it.
static int follow_program(const Loyalty__V1__Program *program, struct import_options *options)
{
    if (options->currency != NULL && strcmp(options->currency, program->currency) != 0) {
        (void)fprintf(stderr, "loyaltyctl: the program's currency is %s, not %s\n",
                      program->currency, options->currency);
        return CTL_REFUSED;
    }
    options->currency = program->currency;
    return CTL_OK;
}

static void print_totals_json(const struct import_totals *totals, int64_t rate)
{
    (void)printf("{\n  \"members\": %" PRIu64 ",\n  \"members_already_there\": %" PRIu64
                 ",\n  \"sales\": %" PRIu64 ",\n  \"replayed\": %" PRIu64
                 ",\n  \"refused\": %" PRIu64 ",\n  \"left_out\": %" PRIu64
                 ",\n  \"retries\": %" PRIu64 ",\n  \"points\": %" PRId64 ",\n  \"score\": %" PRId64
                 ",\n  \"milliseconds\": %" PRId64 ",\n  \"rows_a_second\": %" PRId64 "\n}\n",
                 totals->members, totals->members_there, totals->sales, totals->course.replayed,
                 totals->refused, totals->left_out, totals->course.retries, totals->points,
                 totals->score, totals->course.passed_ms, rate);
}

static void print_totals(const struct import_totals *totals, bool json)
{
    int64_t passed_ms = totals->course.passed_ms < 1 ? 1 : totals->course.passed_ms;
    int64_t rate = (int64_t)totals->sales * 1000 / passed_ms;
    if (json) {
        print_totals_json(totals, rate);
        return;
    }
    char members[PRINT_TEXT_BYTES];
    char sales[PRINT_TEXT_BYTES];
    char points[PRINT_TEXT_BYTES];
    char score[PRINT_TEXT_BYTES];
    char per_second[PRINT_TEXT_BYTES];
    (void)printf("%s members, %s sales, %" PRIu64 " replayed, %" PRIu64 " refused, %s points, "
                 "%s score, %" PRId64 ".%" PRId64 " s, %s rows/s",
                 print_number((int64_t)totals->members, members),
                 print_number((int64_t)totals->sales, sales), totals->course.replayed,
                 totals->refused, print_number(totals->points, points),
                 print_number(totals->score, score), passed_ms / 1000, passed_ms % 1000 / 100,
                 print_number(rate, per_second));
    if (totals->course.retries > 0) {
        (void)printf(", %" PRIu64 " retries", totals->course.retries);
    }
    if (totals->members_there > 0) {
        (void)printf(", %" PRIu64 " members were there", totals->members_there);
    }
    if (totals->left_out > 0) {
        (void)printf(", %" PRIu64 " sales left out", totals->left_out);
    }
    (void)putchar('\n');
}

static int import_file(const struct sales_file *file, struct import_line *line)
{
    struct session session;
    const Loyalty__V1__GetProgramResponse *current = NULL;
    int code = import_begin(&session, &line->globals, &line->options.pace, &current);
    if (code == CTL_OK) {
        code = follow_program(current->program, &line->options);
    }
    if (code == CTL_OK) {
        struct import_totals totals;
        code = import_run(&session, file, &line->options, &totals);
        print_totals(&totals, line->globals.json);
    }
    session_close(&session);
    return code;
}

static const struct argp_option options[] = {
    {"format", KEY_FORMAT, "cdnow", 0,
     "A header line, then `CUSTOMER YYYYMMDD PIECES DOLLARS` a line", 0},
    {"currency", KEY_CURRENCY, "CODE", 0, "The file's; must be the program's", 0},
    {"enrol-prefix", KEY_PREFIX, "TEXT", 0,
     "Members are enrolled as TEXT and the file's customer (no text)", 0},
    IMPORT_BEGIN_OPTIONS,
    {0},
};

int import_sales(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = options,
        .parser = take,
        .args_doc = "FILE",
        .doc = "Enrols every customer of a file as of his first day and backfills his sales, "
               "oldest first. Each request's id follows from the file and the row, so importing "
               "the same file again changes nothing and goes on where an earlier import ended; a "
               "file that differs in one byte is another file.",
        .children = globals_child,
    };
    struct import_line line = {
        .globals = *globals,
        .options = {.prefix = "", .pace = import_pace_default},
    };
    globals_parse(&parser, argc, argv, &line);
    struct sales_file file;
    char error[SALES_FILE_ERROR_BYTES];
    if (!sales_file_read(line.path, &file, error)) {
        (void)fprintf(stderr, "loyaltyctl: %s\n", error);
        return CTL_USAGE;
    }
    int code = import_file(&file, &line);
    sales_file_fini(&file);
    return code;
}
