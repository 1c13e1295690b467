// loyalty-sim: runs episodes from a seed and reports what they held.
//
//     loyalty-sim [--seed N] [--operations N] [--episodes N] [--from N] [--kind NAME] [--twice]
//                 [--trace] [--complete]
//
// Exit code 0 when every invariant held (and, with --twice, both runs had the same traces; with
// --complete, every command, fault and refusal has occurred), 1 when not, 2 for a wrong call.
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/check.h"
#include "base/log.h"
#include "sim/sim.h"

enum { KEPT_BYTES = 1 << 30 };
enum { OPERATIONS = 100000, EPISODE_OPERATIONS = 100, EPISODE_MORE = 500 };

struct options {
    uint64_t seed;
    bool seed_given;
    uint64_t operations;
    uint64_t episodes; // 0: as many as the operations take
    uint64_t from;
    const struct kind *kind; // NULL: all in turn
    bool twice;
    bool trace;
    bool complete;
};

static int usage(void)
{
    (void)fprintf(stderr, "usage: loyalty-sim [--seed N] [--operations N] [--episodes N] [--from N]"
                          " [--kind NAME] [--twice] [--trace] [--complete]\nkinds:");
    for (size_t i = 0; i < kind_count; i++) {
        (void)fprintf(stderr, " %s", kinds[i].name);
    }
    (void)fprintf(stderr, "\n");
    return 2;
}

static bool read_number(const char *text, uint64_t *ret_number)
{
    char *end = NULL;
    errno = 0;
    uint64_t number = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || text[0] == '-') {
        return false;
    }
    *ret_number = number;
    return true;
}

static bool read_option(struct options *options, int option)
{
    switch (option) {
    case 's':
        options->seed_given = true;
        return read_number(optarg, &options->seed);
    case 'o':
        return read_number(optarg, &options->operations) && options->operations > 0;
    case 'e':
        return read_number(optarg, &options->episodes);
    case 'f':
        return read_number(optarg, &options->from);
    case 'k':
        options->kind = kind_find(optarg);
        return options->kind != NULL;
    case '2':
        options->twice = true;
        return true;
    case 't':
        options->trace = true;
        return true;
    case 'c':
        options->complete = true;
        return true;
    default:
        return false;
    }
}

static bool read_options(struct options *options, int argc, char **argv)
{
    static const struct option LONG[] = {
        {"seed", required_argument, NULL, 's'},
        {"operations", required_argument, NULL, 'o'},
        {"episodes", required_argument, NULL, 'e'},
        {"from", required_argument, NULL, 'f'},
        {"kind", required_argument, NULL, 'k'},
        {"twice", no_argument, NULL, '2'},
        {"trace", no_argument, NULL, 't'},
        {"complete", no_argument, NULL, 'c'},
        {NULL, 0, NULL, 0},
    };
    int option = 0;
    while ((option = getopt_long(argc, argv, "", LONG, NULL)) != -1) {
        if (!read_option(options, option)) {
            return false;
        }
    }
    if (!options->seed_given) {
        CHECK(getrandom(&options->seed, sizeof(options->seed), 0) == sizeof(options->seed));
        options->seed %= UINT64_C(1000000000);
    }
    return optind == argc;
}

// An episode is the same whichever others run: all it is made from is its seed and its number.
static void run_episode(const struct options *options, uint64_t episode, struct counts *counts)
{
    static struct sim sim;
    static struct trace trace;
    memset(&sim, 0, sizeof(sim));
    trace.print = options->trace;
    struct random sizes = random_of(options->seed ^ UINT64_C(0x51ce), episode);
    sim.seed = options->seed;
    sim.episode = episode;
    sim.kind = options->kind != NULL ? options->kind : &kinds[episode % kind_count];
    sim.kind_given = options->kind != NULL;
    sim.counts = counts;
    sim.trace = &trace;
    sim.operations = EPISODE_OPERATIONS + (uint64_t)random_below(&sizes, EPISODE_MORE);
    sim_run(&sim);
}

static void run(const struct options *options, struct counts *counts)
{
    *counts = (struct counts){.hash = options->seed};
    for (uint64_t episode = options->from;; episode++) {
        uint64_t done = episode - options->from;
        bool enough = options->episodes > 0 ? done == options->episodes
                                            : counts->operations >= options->operations;
        if (enough) {
            return;
        }
        run_episode(options, episode, counts);
    }
}

static double seconds_now(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    static struct counts counts;
    struct options options = {.operations = OPERATIONS};
    if (!read_options(&options, argc, argv)) {
        return usage();
    }
    log_set_level(options.trace ? LOG_DEBUG : (enum log_level)(LOG_ERROR + 1));
    // Worlds are made by the thousand: their large blocks are used again, not mapped anew.
    (void)mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
    (void)mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    (void)printf("seed %" PRIu64 "\n", options.seed);
    (void)fflush(stdout);
    double began = seconds_now();
    run(&options, &counts);
    counts_tell(&counts, seconds_now() - began);
    if (options.twice) {
        uint64_t first = counts.hash;
        run(&options, &counts);
        (void)printf("once more: hash %016" PRIx64 "\n", counts.hash);
        if (counts.hash != first) {
            (void)fprintf(stderr, "violated: the same seed gives the same traces\n");
            return 1;
        }
    }
    return options.complete && !counts_complete(&counts) ? 1 : 0;
}
