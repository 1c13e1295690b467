// `program whatif NEW.yaml --sales FILE | --live`.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/document.h"
#include "ctl/export.h"
#include "ctl/parse.h"
#include "ctl/progress.h"
#include "ctl/sales_file.h"
#include "ctl/session.h"
#include "ctl/whatif.h"
#include "ctl/whatif_report.h"
#include "ctl/whatif_rules.h"

enum {
    KEY_SALES = 0x200,
    KEY_FORMAT,
    KEY_LIVE,
    KEY_OLD,
    KEY_UNTIL,
    KEY_EFFECTIVE,
    KEY_SVG,
    KEY_SET,
    KEY_MEMBERS,
    MEMBERS_A_STEP = 64, // between looks at the progress
};

#define MINUTE_MS INT64_C(60000)
#define EVER_MS INT64_C(0) // since 1970: before any sale

struct whatif_line {
    struct globals globals;
    const char *path;
    const char *sales;
    const char *old;
    const char *until;
    const char *effective_from;
    const char *svg;
    const char *members;
    bool live;
    struct document_sets sets;
};

// What is being compared.
struct comparison {
    const struct whatif_line *line;
    struct arena arena;
    struct session session; // of what a server is asked
    bool asks;              // a session was opened
    const Loyalty__V1__Program *old_document;
    Loyalty__V1__Program *new_document;
    struct zone zone;
    struct whatif_rules old;
    struct whatif_rules new;
    struct whatif *whatif;
    struct whatif_roll roll;
    struct progress progress;
};

static void check(const struct whatif_line *line, struct argp_state *state)
{
    if (line->path == NULL) {
        argp_error(state, "which program?");
    } else if (line->live == (line->sales != NULL)) {
        argp_error(state, "--sales FILE, or --live");
    } else if (line->live && (line->old != NULL || line->sets.count > 0)) {
        argp_error(state, "live accounts have their own program: neither --old nor --set");
    } else if (!line->live && line->effective_from != NULL) {
        argp_error(state, "--effective-from is of --live: sales are all under each program");
    }
}

static void take_set(struct whatif_line *line, const char *arg, struct argp_state *state)
{
    if (line->sets.count == DOCUMENT_SETS_MAX) {
        argp_error(state, "at most %d times --set", DOCUMENT_SETS_MAX);
    }
    line->sets.items[line->sets.count++] = arg;
}

static void take_argument(struct whatif_line *line, const char *arg, struct argp_state *state)
{
    if (state->arg_num > 0) {
        argp_usage(state);
    }
    line->path = arg;
}

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct whatif_line *line = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->globals;
        return 0;
    case ARGP_KEY_ARG:
        take_argument(line, arg, state);
        return 0;
    case KEY_SALES:
        line->sales = arg;
        return 0;
    case KEY_FORMAT:
        if (strcmp(arg, "cdnow") != 0) {
            argp_error(state, "--format cdnow is what there is");
        }
        return 0;
    case KEY_LIVE:
        line->live = true;
        return 0;
    case KEY_OLD:
        line->old = arg;
        return 0;
    case KEY_UNTIL:
        line->until = arg;
        return 0;
    case KEY_EFFECTIVE:
        line->effective_from = arg;
        return 0;
    case KEY_SVG:
        line->svg = arg;
        return 0;
    case KEY_MEMBERS:
        line->members = arg;
        return 0;
    case KEY_SET:
        take_set(line, arg, state);
        return 0;
    case ARGP_KEY_END:
        check(line, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int no_memory(void)
{
    (void)fprintf(stderr, "loyaltyctl: out of memory\n");
    return CTL_RETRY_LATER;
}

static int tell_status(enum status status)
{
    if (status == STATUS_NO_MEMORY) {
        return no_memory();
    }
    (void)fprintf(stderr, "loyaltyctl: an account does not fit these programs\n");
    return CTL_REFUSED;
}

// --- the programs ---

static int open_session(struct comparison *comparison)
{
    comparison->asks = true;
    return session_open(&comparison->session, &comparison->line->globals);
}

// What the new program is compared with, as a document.
static int read_old(struct comparison *comparison)
{
    const struct whatif_line *line = comparison->line;
    if (line->old != NULL) {
        Loyalty__V1__Program *program = NULL;
        int code = document_load(line->old, &line->sets, &comparison->arena, &program);
        comparison->old_document = program;
        return code == CTL_OK ? CTL_OK : CTL_USAGE;
    }
    int code = open_session(comparison);
    if (code == CTL_OK) {
        code = line->live ? whatif_fetch_latest(&comparison->session, &comparison->old_document)
                          : whatif_fetch_current(&comparison->session, &comparison->old_document);
    }
    return code;
}

// A document with mistakes is a wrong file here, whatever they are.
static int read_programs(struct comparison *comparison)
{
    const struct whatif_line *line = comparison->line;
    struct document document;
    int code = document_open(line->path, &line->sets, &comparison->arena, &document);
    if (code != CTL_OK ||
        document_check(&document, NULL, &comparison->arena, &comparison->new_document) != CTL_OK) {
        return CTL_USAGE;
    }
    code = read_old(comparison);
    if (code == CTL_OK && document_check(&document, comparison->old_document, &comparison->arena,
                                         &comparison->new_document) != CTL_OK) {
        code = CTL_USAGE;
    }
    bool zoned = code == CTL_OK &&
                 whatif_zone(comparison->new_document->zone, &comparison->arena, &comparison->zone);
    return code == CTL_OK && !zoned ? CTL_USAGE : code;
}

static int parse_until(const struct comparison *comparison, int64_t end_ms, int64_t *ret_until_ms)
{
    const struct whatif_line *line = comparison->line;
    int64_t most_ms = zone_add_months(&comparison->zone, end_ms, WHATIF_AHEAD_MONTHS_MAX);
    if (line->until == NULL) {
        *ret_until_ms =
            line->live ? most_ms
                       : whatif_default_until(&comparison->old.set, &comparison->new.set, end_ms);
        return CTL_OK;
    }
    if (!parse_instant(line->until, end_ms, ret_until_ms) || *ret_until_ms < end_ms) {
        (void)fprintf(stderr, "loyaltyctl: %s is no instant behind the data\n", line->until);
        return CTL_USAGE;
    }
    if (*ret_until_ms > most_ms) {
        (void)fprintf(stderr, "loyaltyctl: --until is at most %d months behind the data\n",
                      WHATIF_AHEAD_MONTHS_MAX);
        return CTL_USAGE;
    }
    return CTL_OK;
}

static int cannot_write(const char *path)
{
    (void)fprintf(stderr, "loyaltyctl: %s cannot be written: %s\n", path, strerror(errno));
    return CTL_USAGE;
}

static int open_roll(struct comparison *comparison)
{
    struct whatif_roll *roll = &comparison->roll;
    *roll = (struct whatif_roll){.whatif = comparison->whatif,
                                 .out = fopen(comparison->line->members, "we")};
    if (roll->out == NULL) {
        return cannot_write(comparison->line->members);
    }
    whatif_roll_begin(roll);
    comparison->whatif->on_change = whatif_roll_add;
    comparison->whatif->context = roll;
    return CTL_OK;
}

// True when all of it was written.
static bool close_roll(struct comparison *comparison)
{
    FILE *out = comparison->roll.out;
    bool written = out == NULL || ferror(out) == 0;
    written = (out == NULL || fclose(out) == 0) && written;
    comparison->roll.out = NULL;
    return written;
}

static int begin(struct comparison *comparison, struct whatif_times *times)
{
    int code = parse_until(comparison, times->end_ms, &times->until_ms);
    if (code != CTL_OK) {
        return code;
    }
    comparison->whatif =
        whatif_new(&comparison->old.set, &comparison->new.set, times, comparison->line->live);
    if (comparison->whatif == NULL) {
        return no_memory();
    }
    return comparison->line->members == NULL ? CTL_OK : open_roll(comparison);
}

// --- sales ---

static struct whatif_times times_of(const struct sales_file *file, const struct zone *zone)
{
    int32_t first = file->rows[0].day;
    int32_t last = first;
    for (size_t i = 0; i < file->row_count; i++) {
        first = file->rows[i].day < first ? file->rows[i].day : first;
        last = file->rows[i].day > last ? file->rows[i].day : last;
    }
    return (struct whatif_times){
        .begin_ms = zone_day_start(zone, civil_from_days(first)),
        .end_ms = zone_day_start(zone, civil_from_days(last + 1)),
    };
}

static int replay_all(struct comparison *comparison, const struct sales_file *file)
{
    enum status status = STATUS_OK;
    progress_begin(&comparison->progress, file->member_count);
    for (size_t i = 0; status == STATUS_OK && i < file->member_count; i++) {
        const struct sale_member *member = &file->members[i];
        status = whatif_replay(comparison->whatif, member->customer, &file->rows[member->first],
                               member->count);
        if (i % MEMBERS_A_STEP == 0) {
            progress_update(&comparison->progress, i, "");
        }
    }
    progress_end(&comparison->progress);
    return status == STATUS_OK ? CTL_OK : tell_status(status);
}

static int compare_sales(struct comparison *comparison)
{
    struct sales_file file;
    char error[SALES_FILE_ERROR_BYTES];
    if (!sales_file_read(comparison->line->sales, &file, error)) {
        (void)fprintf(stderr, "loyaltyctl: %s\n", error);
        return CTL_USAGE;
    }
    struct whatif_times times = times_of(&file, &comparison->zone);
    int code = whatif_rules_add(&comparison->old, comparison->old_document, EVER_MS,
                                &comparison->zone, &comparison->arena);
    if (code == CTL_OK) {
        code = whatif_rules_add(&comparison->new, comparison->new_document, EVER_MS,
                                &comparison->zone, &comparison->arena);
    }
    if (code == CTL_OK) {
        code = begin(comparison, &times);
    }
    if (code == CTL_OK) {
        code = replay_all(comparison, &file);
    }
    sales_file_fini(&file);
    return code;
}

// --- live accounts ---

static int on_account(void *context, const struct export_visit *visit)
{
    struct comparison *comparison = context;
    enum status status = whatif_live(comparison->whatif, visit->account, visit->log);
    return status == STATUS_OK ? CTL_OK : tell_status(status);
}

static void on_partition(void *context, uint32_t done, uint32_t total)
{
    struct comparison *comparison = context;
    if (done == 0) {
        progress_begin(&comparison->progress, total);
    } else if (done == total) {
        progress_end(&comparison->progress);
    } else {
        progress_update(&comparison->progress, done, "partitions");
    }
}

static int add_new_version(struct comparison *comparison, int64_t now_ms)
{
    const struct whatif_line *line = comparison->line;
    int64_t from_ms = now_ms + MINUTE_MS;
    if (line->effective_from != NULL && !parse_instant(line->effective_from, now_ms, &from_ms)) {
        (void)fprintf(stderr, "loyaltyctl: %s is no instant\n", line->effective_from);
        return CTL_USAGE;
    }
    if (from_ms <= now_ms) {
        (void)fprintf(stderr, "loyaltyctl: a version can only take effect ahead of now\n");
        return CTL_USAGE;
    }
    memcpy(comparison->new.versions, comparison->old.versions, sizeof(comparison->old.versions));
    comparison->new.set = (struct program_set){.versions = comparison->new.versions,
                                               .count = comparison->old.set.count};
    return whatif_rules_add(&comparison->new, comparison->new_document, from_ms, &comparison->zone,
                            &comparison->arena);
}

static int compare_live(struct comparison *comparison)
{
    int64_t now_ms = loyalty_now_ms(comparison->session.client);
    struct whatif_times times = {.begin_ms = now_ms, .end_ms = now_ms};
    int code = whatif_rules_fetch(&comparison->session, &comparison->zone, &comparison->old);
    if (code == CTL_OK) {
        code = add_new_version(comparison, now_ms);
    }
    if (code == CTL_OK) {
        code = begin(comparison, &times);
    }
    if (code != CTL_OK) {
        return code;
    }
    const struct export_walk walk = {
        .session = &comparison->session,
        .visit = on_account,
        .on_partition = on_partition,
        .context = comparison,
    };
    return export_run(&walk);
}

// --- what is said ---

static int draw(const struct comparison *comparison, const struct whatif_titles *titles)
{
    const char *path = comparison->line->svg;
    FILE *file = fopen(path, "we");
    bool drawn = file != NULL && whatif_draw(comparison->whatif, titles, file);
    bool closed = file != NULL && fclose(file) == 0;
    return drawn && closed ? CTL_OK : cannot_write(path);
}

static int report(const struct comparison *comparison)
{
    const struct whatif_line *line = comparison->line;
    const struct whatif_titles titles = {
        .old = line->old != NULL ? line->old : "the program in force",
        .new = line->path,
        .sales = line->sales,
    };
    if (line->globals.json && !whatif_print_json(comparison->whatif, &titles)) {
        return no_memory();
    }
    if (!line->globals.json) {
        whatif_print_table(comparison->whatif, &titles);
    }
    return line->svg == NULL ? CTL_OK : draw(comparison, &titles);
}

static const struct argp_option options[] = {
    {"sales", KEY_SALES, "FILE", 0, "Replay these sales from their first day on", 0},
    {"format", KEY_FORMAT, "cdnow", 0, "Of the file, as `import sales` has it (cdnow)", 0},
    {"live", KEY_LIVE, NULL, 0, "Look at every live account of the service", 0},
    {"old", KEY_OLD, "FILE", 0,
     "Compare with this program (the one in force); then no service is needed", 0},
    {"until", KEY_UNTIL, "INSTANT", 0,
     "Go on without sales until then, at most 24 months (as long as it matters; live: 24 months)",
     0},
    {"effective-from", KEY_EFFECTIVE, "INSTANT", 0,
     "Of --live: from when on the new program would be in force (now+1m)", 0},
    {"svg", KEY_SVG, "FILE", 0, "Draw the sizes of tiers month by month", 0},
    {"members", KEY_MEMBERS, "FILE", 0, "List who fares otherwise, with tiers and points (CSV)", 0},
    {"set", KEY_SET, "FIELD=VALUE", 0,
     "Of --sales: put VALUE in the place of a top-level field of both files", 0},
    {0},
};

int program_whatif(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = options,
        .parser = take,
        .args_doc = "NEW.yaml",
        .doc = "Says what a program would change before it is published: the rules themselves are "
               "run over past sales, or over every live account, under both programs. Points, "
               "their cost at the program's value of a point, tiers and who moves between them, "
               "who gains and who loses. Nothing is written to the service. Of live accounts the "
               "last twelve months' sales are judged again with the tiers members had; those that "
               "a log does not tell enough of are counted and left as they were.",
        .children = globals_child,
    };
    struct whatif_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    static struct comparison comparison; // large, and one is enough
    comparison = (struct comparison){.line = &line};
    arena_init(&comparison.arena, SESSION_ARENA_BYTES);
    int code = read_programs(&comparison);
    if (code == CTL_OK) {
        code = line.live ? compare_live(&comparison) : compare_sales(&comparison);
    }
    if (!close_roll(&comparison) && code == CTL_OK) {
        code = cannot_write(line.members);
    }
    if (code == CTL_OK) {
        code = report(&comparison);
    }
    whatif_free(comparison.whatif);
    if (comparison.asks) {
        session_close(&comparison.session);
    }
    arena_fini(&comparison.arena);
    return code;
}
