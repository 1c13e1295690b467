// Reads arguments and environment.
#include "failures/harness_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct harness_options options = {.kind = INJECT_NOTHING};

enum { OPTION_LIST = 1, OPTION_ONLY, OPTION_KIND, OPTION_NTH, OPTION_THEN, OPTION_EVERY };

static enum inject_kind kind_of_name(const char *name)
{
    for (int kind = 0; kind < INJECT_KINDS; kind++) {
        if (strcmp(inject_kind_name((enum inject_kind)kind), name) == 0) {
            return (enum inject_kind)kind;
        }
    }
    (void)fprintf(stderr, "there is no kind %s\n", name);
    exit(2);
}

static struct inject_point point_of_text(const char *text)
{
    char *end = NULL;
    struct inject_point point = {.nth = (uint32_t)strtoul(text, &end, 10)};
    if (*end == ':') {
        point.way = (uint32_t)strtoul(end + 1, NULL, 10);
    }
    return point;
}

static void take(int option, const char *argument)
{
    switch (option) {
    case OPTION_LIST:
        options.list = true;
        break;
    case OPTION_ONLY:
        options.only = argument;
        break;
    case OPTION_KIND:
        options.kind = kind_of_name(argument);
        break;
    case OPTION_NTH:
        options.nth = point_of_text(argument);
        break;
    case OPTION_THEN:
        options.then = point_of_text(argument);
        break;
    case OPTION_EVERY:
        options.every = true;
        break;
    default:
        exit(2);
    }
}

void harness_options_read(int argc, char **argv)
{
    static const struct option table[] = {
        {"list", no_argument, NULL, OPTION_LIST},
        {"only", required_argument, NULL, OPTION_ONLY},
        {"kind", required_argument, NULL, OPTION_KIND},
        {"nth", required_argument, NULL, OPTION_NTH},
        {"then", required_argument, NULL, OPTION_THEN},
        {"every", no_argument, NULL, OPTION_EVERY},
        {0},
    };
    int option = 0;
    while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
        take(option, optarg);
    }
    const char *every = getenv("LOYALTY_EVERY");
    const char *seed = getenv("LOYALTY_SEED");
    options.every = options.every || (every != NULL && strcmp(every, "0") != 0);
    options.seed = seed != NULL ? (uint32_t)strtoul(seed, NULL, 10) : (uint32_t)time(NULL);
}
