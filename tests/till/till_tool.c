// A till that is driven by lines on its standard input, and says one line of JSON for each.
// Whatever it has said, it has told its cashier: tests hold it to that when they have killed it.
//     till_tool --server H:P --tls FOLDER --name CERTIFICATE --queue FILE [--unit UNIT]
//               [--retry-first MS] [--retry-max MS] [--keep-days N] [--open-max N]
//               [--kill-at STEP] [--torn] [--clock-ahead MS]
// Lines: award|redeem|reserve|capture|release|reverse NAME VALUE ..., drain ms N, online ms N,
// each, exceptions, find id ID, acknowledge sequence N, state, terms, totals date D,
// reconcile date D, disconnect, full on 0|1, limit bytes N, submit COMMAND ..., version.
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "till/till_lines.h"
#include "till/till_steps.h"

enum { PATH_BYTES = 512, PATIENCE_MS = 1000, POLL_MS = 50 };

static char ca_path[PATH_BYTES];
static char certificate_path[PATH_BYTES];
static char key_path[PATH_BYTES];
static int64_t clock_ahead_ms;

static int64_t now_ms(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t wrong_clock(void *user)
{
    (void)user;
    return now_ms(CLOCK_REALTIME) + clock_ahead_ms;
}

static void on_listed(void *user, const struct loyalty_till_answer *answer)
{
    (void)user;
    print_answer(answer);
}

// Lists are lines, and one that is empty at their end.
static void list(struct loyalty_till *till, enum loyalty_till_which which)
{
    (void)loyalty_till_each(till, which, 0, 0, on_listed, NULL);
    printf("{}\n");
}

// Polls until the queue is empty, or the service has told its terms, or the time is over.
static void drain(struct loyalty_till *till, int64_t ms, bool until_online)
{
    int64_t end_ms = now_ms(CLOCK_MONOTONIC) + ms;
    struct loyalty_till_state state;
    struct loyalty_terms terms;
    bool waits = true;
    while (waits && now_ms(CLOCK_MONOTONIC) < end_ms) {
        (void)loyalty_till_poll(till, POLL_MS);
        loyalty_till_look(till, &state);
        waits = until_online ? !state.online || !loyalty_till_terms(till, &terms) : state.open > 0;
    }
    print_state(till);
}

static void find(struct loyalty_till *till, const char *request_id)
{
    struct loyalty_till_answer answer;
    if (request_id == NULL || !loyalty_till_find(till, request_id, &answer)) {
        printf("{}\n");
        return;
    }
    print_answer(&answer);
    loyalty_till_answer_fini(&answer);
}

static void reconcile(struct loyalty_till *till, const char *date)
{
    struct loyalty_till_day day;
    enum loyalty_till_status status = loyalty_till_reconcile(till, date, &day);
    print_day(status, &day);
    loyalty_till_day_fini(&day);
}

static void totals(struct loyalty_till *till, const char *date)
{
    struct loyalty_total totals[LOYALTY_OPERATIONS];
    if (loyalty_till_totals(till, date, totals)) {
        print_totals("till", totals);
    }
}

// No file of this process may grow beyond this.
static void limit(int64_t bytes)
{
    struct rlimit limit;
    (void)getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes < 0 ? limit.rlim_max : (rlim_t)bytes;
    (void)setrlimit(RLIMIT_FSIZE, &limit);
    printf("{}\n");
}

static void shift(struct line *line)
{
    memmove(line->words, line->words + 1, sizeof(line->words) - sizeof(line->words[0]));
    line->count--;
}

static void do_intent(struct loyalty_till *till, struct line *line)
{
    struct loyalty_intent intent;
    struct loyalty_till_answer answer;
    bool waits = strcmp(line->words[0], "submit") != 0;
    if (!waits) {
        shift(line);
    }
    uint32_t patience_ms = (uint32_t)line_number(line, "patience", PATIENCE_MS);
    if (!line_intent(line, &intent)) {
        printf("{\"status\": \"NO_COMMAND\"}\n");
    } else if (waits) {
        (void)loyalty_till_do(till, &intent, patience_ms, &answer);
        print_answer(&answer);
        loyalty_till_answer_fini(&answer);
    } else {
        bool stored = loyalty_till_submit(till, &intent, patience_ms, on_listed, NULL);
        printf("{\"stored\": %s}\n", stored ? "true" : "false");
    }
}

static bool is(const struct line *line, const char *word)
{
    return strcmp(line->words[0], word) == 0;
}

static void obey(struct loyalty_till *till, struct line *line)
{
    if (is(line, "drain") || is(line, "online")) {
        drain(till, line_number(line, "ms", 0), is(line, "online"));
    } else if (is(line, "each")) {
        list(till, LOYALTY_TILL_ALL);
    } else if (is(line, "exceptions")) {
        list(till, LOYALTY_TILL_EXCEPTIONS);
    } else if (is(line, "find")) {
        find(till, line_text(line, "id"));
    } else if (is(line, "acknowledge")) {
        bool done = loyalty_till_acknowledge(till, line_number(line, "sequence", 0));
        printf("{\"done\": %s}\n", done ? "true" : "false");
    } else if (is(line, "state")) {
        print_state(till);
    } else if (is(line, "terms")) {
        print_terms(till);
    } else if (is(line, "totals")) {
        totals(till, line_text(line, "date"));
    } else if (is(line, "reconcile")) {
        reconcile(till, line_text(line, "date"));
    } else if (is(line, "disconnect")) {
        loyalty_till_disconnect(till);
        printf("{}\n");
    } else if (is(line, "full")) {
        steps_disk_full(line_number(line, "on", 1) != 0);
        printf("{}\n");
    } else if (is(line, "limit")) {
        limit(line_number(line, "bytes", -1));
    } else if (is(line, "version")) {
        printf("{\"version\": \"%s\", \"steps\": %" PRIu64 "}\n", loyalty_version(), steps_taken());
    } else {
        do_intent(till, line);
    }
}

static void take_folder(const char *folder, const char *name, struct loyalty_till_options *options)
{
    (void)snprintf(ca_path, sizeof(ca_path), "%s/ca.pem", folder);
    (void)snprintf(certificate_path, sizeof(certificate_path), "%s/%s.pem", folder, name);
    (void)snprintf(key_path, sizeof(key_path), "%s/%s.key", folder, name);
    options->connection.ca_path = ca_path;
    options->connection.certificate_path = certificate_path;
    options->connection.key_path = key_path;
}

enum option_name {
    SERVER = 1,
    TLS,
    NAME,
    QUEUE,
    UNIT,
    RETRY_FIRST,
    RETRY_MAX,
    KEEP_DAYS,
    OPEN_MAX,
    KILL_AT,
    TORN,
    CLOCK_AHEAD,
};

static const struct option option_names[] = {
    {"server", required_argument, NULL, SERVER},
    {"tls", required_argument, NULL, TLS},
    {"name", required_argument, NULL, NAME},
    {"queue", required_argument, NULL, QUEUE},
    {"unit", required_argument, NULL, UNIT},
    {"retry-first", required_argument, NULL, RETRY_FIRST},
    {"retry-max", required_argument, NULL, RETRY_MAX},
    {"keep-days", required_argument, NULL, KEEP_DAYS},
    {"open-max", required_argument, NULL, OPEN_MAX},
    {"kill-at", required_argument, NULL, KILL_AT},
    {"torn", no_argument, NULL, TORN},
    {"clock-ahead", required_argument, NULL, CLOCK_AHEAD},
    {NULL, 0, NULL, 0},
};

static void take_arguments(int argc, char **argv, struct loyalty_till_options *options)
{
    const char *given[CLOCK_AHEAD + 1] = {[TLS] = ".", [NAME] = "till"};
    int name = 0;
    while ((name = getopt_long(argc, argv, "", option_names, NULL)) != -1) {
        if (name < SERVER || name > CLOCK_AHEAD) {
            exit(2);
        }
        given[name] = optarg == NULL ? "" : optarg;
    }
    uint32_t numbers[CLOCK_AHEAD + 1] = {0};
    for (int i = RETRY_FIRST; i <= KILL_AT; i++) {
        numbers[i] = given[i] == NULL ? 0 : (uint32_t)strtoul(given[i], NULL, 10);
    }
    options->connection.server = given[SERVER];
    options->path = given[QUEUE];
    options->unit = given[UNIT];
    options->retry_first_ms = numbers[RETRY_FIRST];
    options->retry_max_ms = numbers[RETRY_MAX];
    options->keep_days = numbers[KEEP_DAYS];
    options->open_max = numbers[OPEN_MAX];
    if (given[CLOCK_AHEAD] != NULL) {
        clock_ahead_ms = strtoll(given[CLOCK_AHEAD], NULL, 10);
        options->wall_ms = wrong_clock;
    }
    take_folder(given[TLS], given[NAME], options);
    steps_init(numbers[KILL_AT], given[TORN] != NULL);
}

int main(int argc, char **argv)
{
    static struct line line;
    struct loyalty_till_options options = {0};
    char error[LOYALTY_ERROR_BYTES];
    (void)signal(SIGXFSZ, SIG_IGN);
    take_arguments(argc, argv, &options);
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct loyalty_till *till = loyalty_till_open(&options, error);
    if (till == NULL) {
        printf("{\"opened\": false, \"error\": \"%s\"}\n", error);
        return 1;
    }
    printf("{\"opened\": true}\n");
    while (fgets(line.text, sizeof(line.text), stdin) != NULL) {
        line_split(&line);
        if (line.count > 0) {
            obey(till, &line);
        }
    }
    loyalty_till_close(till);
    return 0;
}
