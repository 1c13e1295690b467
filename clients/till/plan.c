// The command line.
#include "till/plan.h"

#include <argp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/describe.h"
#include "ctl/parse.h"

enum {
    KEY_SERVER = 's',
    KEY_TLS = 0x100,
    KEY_EMBEDDED,
    KEY_PROGRAM,
    KEY_CSV,
    KEY_KEEP,
    KEY_PREFIX,
    KEY_TILLS,
    KEY_SHOPS,
    KEY_MEMBERS,
    KEY_PACE,
    KEY_MINUTES,
    KEY_SECONDS,
    KEY_SEED,
    KEY_CHAOS,
    KEY_JSON,
    KEY_DESCRIBE,
    MEMBERS_A_TILL = 2,
    MEMBERS_MAX = 100000,
    PACE_MS_LEAST = 700,
    PACE_MS_A_TILL = 10, // each sale is synced to the disk twice, and all have one disk
    PACE_MS_MAX = 3600000,
    MINUTES_MAX = 1440,
    SECONDS_MAX = 86400,
    CHAOS_ALL = (1 << CHAOS_KINDS) - 1,
};

const char *const plan_chaos_names[CHAOS_KINDS] = {
    "duplicates", "power", "network", "offline", "clock", "kills",
};

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "The service:", 1},
    {"embedded", KEY_EMBEDDED, NULL, 0, "Start one of our own, with certificates (default)", 1},
    {"server", KEY_SERVER, "HOST:PORT", 0,
     "Use one that runs (a numeric address); it gets new members and tills", 1},
    {"tls", KEY_TLS, "DIR", 0,
     "With --server: a folder of `loyaltyctl cert` with ca.pem, ca.key and admin.pem", 1},
    {"program", KEY_PROGRAM, "FILE", 0, "Of our own service (programs/retail.yaml)", 1},
    {NULL, 0, NULL, 0, "The tills:", 2},
    {"tills", KEY_TILLS, "N", 0, "How many (20)", 2},
    {"shops", KEY_SHOPS, "M", 0, "In how many shops (4); every fourth has a concentrator", 2},
    {"members", KEY_MEMBERS, "N", 0, "Customers with a card (2 a till)", 2},
    {"minutes", KEY_MINUTES, "T", 0, "How long they sell (1)", 2},
    {"seconds", KEY_SECONDS, "T", 0, "The same in seconds", 2},
    {"pace", KEY_PACE, "MS", 0,
     "Between a till's customers, on average (700, and 10 more for each till)", 2},
    {"seed", KEY_SEED, "S", 0, "What everything random follows from (the time)", 2},
    {"csv", KEY_CSV, "FILE", 0, "Sell what this file of past sales holds (format cdnow)", 2},
    {"prefix", KEY_PREFIX, "TEXT", 0,
     "What names of members and shops begin with; new for each run on one service (made up)", 2},
    {"chaos", KEY_CHAOS, "LIST", 0,
     "none, all, or some of duplicates,power,network,offline,clock,kills (all)", 2},
    {NULL, 0, NULL, 0, "Output:", 3},
    {"json", KEY_JSON, NULL, 0, "The result as JSON, nothing else on stdout", 3},
    {"keep", KEY_KEEP, "DIR", 0, "Work in this folder, which must be empty or new, and keep it", 3},
    {"describe", KEY_DESCRIBE, NULL, OPTION_HIDDEN, "What the manual is made of, as JSON", 3},
    {0},
};

static int64_t take_number(const char *name, const char *text, int64_t min, int64_t max,
                           struct argp_state *state)
{
    int64_t number = min;
    if (!parse_number(text, min, max, &number)) {
        argp_error(state, "--%s: %s is no number from %lld to %lld", name, text, (long long)min,
                   (long long)max);
    }
    return number;
}

static const char *take_prefix(const char *arg, struct argp_state *state)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    size_t len = strlen(arg);
    if (len == 0 || len > PLAN_PREFIX_BYTES_MAX || strspn(arg, good) != len) {
        argp_error(state, "--prefix: %s is not 1 to %d of a-z 0-9 -", arg, PLAN_PREFIX_BYTES_MAX);
    }
    return arg;
}

static unsigned chaos_of(const char *word, size_t len)
{
    for (unsigned i = 0; i < CHAOS_KINDS; i++) {
        if (strlen(plan_chaos_names[i]) == len && strncmp(plan_chaos_names[i], word, len) == 0) {
            return 1U << i;
        }
    }
    return 0;
}

static unsigned take_chaos(const char *text, struct argp_state *state)
{
    if (strcmp(text, "none") == 0) {
        return 0;
    }
    if (strcmp(text, "all") == 0) {
        return CHAOS_ALL;
    }
    unsigned chaos = 0;
    while (*text != '\0') {
        size_t len = strcspn(text, ",");
        unsigned kind = chaos_of(text, len);
        if (kind == 0) {
            argp_error(state,
                       "--chaos: %.*s is none of none, all, duplicates, power, network, "
                       "offline, clock, kills",
                       (int)len, text);
        }
        chaos |= kind;
        text += len + (text[len] == ',' ? 1 : 0);
    }
    return chaos;
}

static void check(struct plan *plan, struct argp_state *state)
{
    if ((plan->server == NULL) != (plan->tls == NULL)) {
        argp_error(state, "--server and --tls go together");
    }
    if (plan->shops > plan->tills) {
        argp_error(state, "%u shops need at least as many tills", plan->shops);
    }
    if (plan->pace_ms == 0) {
        plan->pace_ms = PACE_MS_LEAST + PACE_MS_A_TILL * plan->tills;
    }
    if (plan->members == 0) {
        plan->members = plan->tills * MEMBERS_A_TILL;
    }
    if (plan->server != NULL) {
        plan->chaos &= ~(unsigned)CHAOS_KILLS; // not ours to kill
    }
}

static error_t take_numbers(int key, const char *arg, struct argp_state *state)
{
    struct plan *plan = state->input;
    switch (key) {
    case KEY_TILLS:
        plan->tills = (uint32_t)take_number("tills", arg, 1, PLAN_TILLS_MAX, state);
        return 0;
    case KEY_SHOPS:
        plan->shops = (uint32_t)take_number("shops", arg, 1, PLAN_SHOPS_MAX, state);
        return 0;
    case KEY_MEMBERS:
        plan->members = (uint32_t)take_number("members", arg, 1, MEMBERS_MAX, state);
        return 0;
    case KEY_PACE:
        plan->pace_ms = (uint32_t)take_number("pace", arg, 1, PACE_MS_MAX, state);
        return 0;
    case KEY_MINUTES:
        plan->run_ms = take_number("minutes", arg, 1, MINUTES_MAX, state) * 60000;
        return 0;
    case KEY_SECONDS:
        plan->run_ms = take_number("seconds", arg, 1, SECONDS_MAX, state) * 1000;
        return 0;
    case KEY_SEED:
        plan->seed = (uint64_t)take_number("seed", arg, 0, INT32_MAX, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

// argp's signature. NOLINTNEXTLINE(readability-non-const-parameter)
static const struct argp parser; // below

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct plan *plan = state->input;
    switch (key) {
    case KEY_SERVER:
        plan->server = arg;
        return 0;
    case KEY_TLS:
        plan->tls = arg;
        return 0;
    case KEY_EMBEDDED:
        return 0;
    case KEY_PROGRAM:
        plan->program = arg;
        return 0;
    case KEY_CSV:
        plan->csv = arg;
        return 0;
    case KEY_DESCRIBE:
        exit(describe_program("loyalty-till", &parser));
    case KEY_KEEP:
        plan->keep = arg;
        return 0;
    case KEY_PREFIX:
        plan->prefix = take_prefix(arg, state);
        return 0;
    case KEY_CHAOS:
        plan->chaos = take_chaos(arg, state);
        return 0;
    case KEY_JSON:
        plan->json = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_usage(state);
        return 0;
    case ARGP_KEY_END:
        check(plan, state);
        return 0;
    default:
        return take_numbers(key, arg, state);
    }
}

static const struct argp parser = {
    .options = options,
    .parser = take,
    .doc = "Tills in shops sell to customers with cards, and everything goes wrong on the way. "
           "In the end what the tills told their cashiers is compared with the service, to the "
           "last point.\vExit code: 0 when there is no difference, 1 when there is one, 2 for a "
           "wrong line, 3 when it could not be done.",
};

void plan_parse(int argc, char **argv, struct plan *ret_plan)
{
    *ret_plan = (struct plan){
        .program = "programs/retail.yaml",
        .tills = 20,
        .shops = 4,
        .run_ms = 60000,
        .seed = (uint64_t)time(NULL) % INT32_MAX,
        .chaos = CHAOS_ALL,
    };
    argp_err_exit_status = 2;
    if (argp_parse(&parser, argc, argv, 0, NULL, ret_plan) != 0) {
        exit(2);
    }
}
