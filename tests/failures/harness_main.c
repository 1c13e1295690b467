// main of every program here: its scenarios one after the other, and the loop over n.
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "failures/harness_case.h"
#include "failures/harness_options.h"

// Which of a row of cases are run: all, or every so many from a place the seed gives.
struct stride {
    uint32_t step;
    uint32_t left; // before the next one taken
};

static struct stride stride_over(uint32_t cases)
{
    struct stride stride = {.step = 1};
    if (!options.every && cases > scenario_cases) {
        stride.step = (cases + scenario_cases - 1) / scenario_cases;
        stride.left = options.seed % stride.step;
    }
    return stride;
}

static bool takes(struct stride *stride)
{
    bool taken = stride->left == 0;
    stride->left = taken ? stride->step - 1 : stride->left - 1;
    return taken;
}

// How many ways the n-th call has when nothing fails before it.
static uint32_t ways_of(enum inject_kind kind, uint32_t nth)
{
    return nth >= INJECT_TRACE_MAX ? 1 : board->ways[inject_counted(kind)][nth];
}

__attribute__((format(printf, 2, 3))) static void complain(const struct scenario *scenario,
                                                           const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)printf("FAILED %s: ", scenario->name);
    (void)vprintf(format, args);
    (void)printf("\n");
    va_end(args);
    board->problems++;
}

// The loop ends with a run that fails nothing, since its n is past the last call. A call that was
// not there before makes the loop longer.
static void end_loop(const struct scenario *scenario, enum inject_kind kind, uint32_t count)
{
    for (uint32_t nth = count + 1; nth <= 2 * count + 1; nth++) {
        struct inject_plan plan = {.kind = kind, .first = {.nth = nth}};
        (void)harness_case_run(scenario, &plan);
        if (board->report.ways[0] == 0) {
            return;
        }
    }
    complain(scenario, "the %s calls never end", inject_kind_name(kind));
}

static void run_singles(const struct scenario *scenario, enum inject_kind kind, uint32_t count)
{
    uint32_t cases = 0;
    for (uint32_t nth = 1; nth <= count; nth++) {
        cases += ways_of(kind, nth);
    }
    struct stride stride = stride_over(cases);
    for (uint32_t nth = 1; nth <= count; nth++) {
        for (uint32_t way = 0; way < ways_of(kind, nth); way++) {
            struct inject_plan plan = {.kind = kind, .first = {.nth = nth, .way = way}};
            if (takes(&stride)) {
                (void)harness_case_run(scenario, &plan);
            }
        }
    }
    end_loop(scenario, kind, count);
}

// --- pairs ---

// All second failures behind one first, until none is reached.
static void run_seconds(const struct scenario *scenario, enum inject_kind kind,
                        struct inject_point first)
{
    uint32_t ways = 1;
    for (uint32_t then = first.nth + 1; ways > 0; then++) {
        ways = 1;
        for (uint32_t way = 0; way < ways; way++) {
            struct inject_plan plan = {.kind = kind, .first = first, .second = {then, way}};
            (void)harness_case_run(scenario, &plan);
            ways = board->report.ways[1];
        }
    }
}

static uint32_t draw(uint32_t *random)
{
    *random = *random * UINT32_C(1664525) + UINT32_C(1013904223);
    return *random >> 8;
}

enum { SECOND_WITHIN = 5, WAYS_MAX = 16 };

static void run_pairs(const struct scenario *scenario, enum inject_kind kind, uint32_t count)
{
    uint32_t random = options.seed;
    for (uint32_t i = 0; !options.every && count > 0 && i < scenario_cases; i++) {
        uint32_t nth = 1 + draw(&random) % count;
        struct inject_plan plan = {
            .kind = kind,
            .first = {nth, draw(&random) % WAYS_MAX},
            .second = {nth + 1 + draw(&random) % SECOND_WITHIN, draw(&random) % WAYS_MAX}};
        (void)harness_case_run(scenario, &plan);
    }
    for (uint32_t nth = 1; options.every && nth <= count; nth++) {
        for (uint32_t way = 0; way < ways_of(kind, nth); way++) {
            run_seconds(scenario, kind, (struct inject_point){nth, way});
        }
    }
}

// --- a scenario ---

// Whether two runs had the same number of calls of each kind that is wanted.
static bool same_counts(const struct scenario *scenario, const uint32_t one[INJECT_KINDS],
                        const uint32_t other[INJECT_KINDS])
{
    for (int kind = 0; kind < INJECT_KINDS; kind++) {
        if ((scenario->kinds & INJECT_BIT(kind)) != 0 && one[kind] != other[kind]) {
            return false;
        }
    }
    return true;
}

static bool run_clean(const struct scenario *scenario, uint32_t ret_counts[INJECT_KINDS])
{
    bool good = harness_case_run_clean(scenario);
    for (int i = 0; i < INJECT_KINDS; i++) {
        ret_counts[i] = board->report.counts[inject_counted((enum inject_kind)i)];
    }
    return good;
}

// The counts of runs in which nothing fails: two in a row must have the same. With real processes
// beside it a slow machine may come between, hence the tries. False when it makes no sense to go
// on.
static bool count_calls(const struct scenario *scenario, uint32_t ret_counts[INJECT_KINDS])
{
    enum { TRIES = 4 };
    uint32_t before[INJECT_KINDS];
    memset(board->memory, 0, sizeof(board->memory));
    bool good = run_clean(scenario, ret_counts);
    bool same = false;
    for (int i = 0; good && !same && i < (scenario->loose ? 1 : TRIES); i++) {
        memcpy(before, ret_counts, sizeof(before));
        good = run_clean(scenario, ret_counts);
        same = same_counts(scenario, before, ret_counts);
    }
    for (int i = 0; good && i < INJECT_KINDS; i++) {
        const char *kind = inject_kind_name((enum inject_kind)i);
        if (!same && !scenario->loose && before[i] != ret_counts[i]) {
            complain(scenario, "two runs differ: %u %s calls, then %u", before[i], kind,
                     ret_counts[i]);
        }
        if ((scenario->kinds & INJECT_BIT(i)) != 0 && ret_counts[i] == 0) {
            complain(scenario, "it is blind: no %s call", kind);
        }
    }
    return good;
}

static void run_kinds(const struct scenario *scenario, const uint32_t counts[INJECT_KINDS])
{
    for (int i = 0; i < INJECT_KINDS; i++) {
        enum inject_kind kind = (enum inject_kind)i;
        bool asked_for = options.kind == INJECT_NOTHING || options.kind == kind;
        if ((scenario->kinds & INJECT_BIT(kind)) == 0 || !asked_for) {
            continue;
        }
        run_singles(scenario, kind, counts[kind]);
        if (kind == INJECT_STORE) {
            run_pairs(scenario, kind, counts[kind]);
        }
    }
}

static void tell_scenario(const struct scenario *scenario, const uint32_t counts[INJECT_KINDS],
                          const struct harness_board *before, double seconds)
{
    (void)printf("%-28s", scenario->name);
    for (int kind = 0; kind < INJECT_KINDS; kind++) {
        if ((scenario->kinds & INJECT_BIT(kind)) != 0) {
            (void)printf("  %s %u of %u", inject_kind_name((enum inject_kind)kind),
                         board->failed[kind] - before->failed[kind], counts[kind]);
        }
    }
    (void)printf("  runs %u  problems %u  %.1f s\n", board->cases - before->cases,
                 board->problems - before->problems, seconds);
    (void)fflush(stdout);
}

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// In the scenario's own process.
__attribute__((noreturn)) static void run_scenario(const struct scenario *scenario)
{
    struct harness_board *before = malloc(sizeof(*before));
    uint32_t counts[INJECT_KINDS] = {0};
    CHECK(before != NULL);
    memcpy(before, board, sizeof(*before));
    double began_s = now_s();
    harness_case_keep_output();
    if (scenario->prepare != NULL) {
        scenario->prepare();
    }
    if (count_calls(scenario, counts) && options.nth.nth == 0) {
        run_kinds(scenario, counts);
    } else if (options.nth.nth > 0) {
        struct inject_plan plan = {
            .kind = options.kind, .first = options.nth, .second = options.then};
        (void)harness_case_run(scenario, &plan);
    }
    if (scenario->finish != NULL) {
        scenario->finish();
    }
    tell_scenario(scenario, counts, before, now_s() - began_s);
    free(before);
    _exit(EXIT_SUCCESS);
}

static void run_apart(const struct scenario *scenario)
{
    (void)fflush(NULL);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        run_scenario(scenario);
    }
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS) {
        complain(scenario, "it could not be prepared");
        harness_case_show_output();
    }
}

static void tell_total(double seconds)
{
    (void)printf("seed %u%s: failed", options.seed, options.every ? ", every case" : "");
    for (int kind = 0; kind < INJECT_KINDS; kind++) {
        (void)printf(" %s %u,", inject_kind_name((enum inject_kind)kind), board->failed[kind]);
    }
    (void)printf(" excluded %u, runs %u, problems %u, %.1f s\n", board->excluded, board->cases,
                 board->problems, seconds);
}

int main(int argc, char **argv)
{
    harness_options_read(argc, argv);
    harness_case_init();
    (void)signal(SIGPIPE, SIG_IGN); // as in the daemon
    double began_s = now_s();
    for (size_t i = 0; i < scenario_count; i++) {
        if (options.list) {
            (void)printf("%s\n", scenarios[i].name);
        } else if (options.only == NULL || strcmp(options.only, scenarios[i].name) == 0) {
            run_apart(&scenarios[i]);
        }
    }
    tell_total(now_s() - began_s);
    return board->problems == 0 && (board->cases > 0 || options.list) ? EXIT_SUCCESS : EXIT_FAILURE;
}
