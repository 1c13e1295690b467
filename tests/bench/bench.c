// loyalty-bench: the options, and which load they are for.
#include "bench/bench.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/face.h"
#include "bench/watch.h"

enum option_key {
    OPTION_FIRST = 256,
    OPTION_RATE,
    OPTION_CREATED,
    OPTION_KEYS,
    OPTION_SEED,
    OPTION_MIX,
    OPTION_DUE,
    OPTION_RECEIPTS,
    OPTION_FULL,
    OPTION_NO_CHECK,
    OPTION_EXISTING,
    OPTION_WATCH,
};

enum needs { NEEDS_TLS, NEEDS_SERVER, NEEDS_REDIS };

static const struct {
    const char *name;
    bench_load_fn *run;
    enum needs needs;
} loads[] = {
    {"enrol", bench_enrol, NEEDS_SERVER},
    {"award", bench_award, NEEDS_SERVER},
    {"lookup", bench_lookup, NEEDS_SERVER},
    {"mixed", bench_mixed, NEEDS_SERVER},
    {"once", bench_once, NEEDS_SERVER},
    {"append", bench_append, NEEDS_REDIS},
    {"handshake", bench_handshake, NEEDS_SERVER},
    {"handshake-memory", bench_handshake_memory, NEEDS_TLS},
    {"idle", bench_idle, NEEDS_SERVER},
};

enum { LOAD_COUNT = sizeof(loads) / sizeof(loads[0]) };

static const struct argp_option argp_options[] = {
    {"server", 's', "HOST:PORT", 0, "the server", 0},
    {"tls", 't', "DIR", 0, "certificates", 0},
    {"as", 'a', "NAME", 0, "whose certificate", 0},
    {"redis", 'r', "PATH", 0, "unix socket of a Redis of its own (append)", 0},
    {"face", 'f', "NAME", 0, "frames, grpc or http (JSON); default frames", 0},
    {"members", 'm', "N", 0, "members, enrolled as bench-0000000 and on", 0},
    {"first", OPTION_FIRST, "N", 0, "the first of them; default 0", 0},
    {"operations", 'n', "N", 0, "operations in all", 0},
    {"connections", 'c', "N", 0, "connections", 0},
    {"depth", 'd', "N", 0, "requests in flight a connection", 0},
    {"keys", OPTION_KEYS, "KIND", 0, "members: round, uniform or zipf; default round", 0},
    {"seed", OPTION_SEED, "N", 0, "of what is drawn at random", 0},
    {"mix", OPTION_MIX, "L,A,R", 0, "percent of lookups, awards, redemptions (mixed)", 0},
    {"due", OPTION_DUE, "HOW", 0,
     "due instants move as real ones (default), or with no append (still), or each (moving)", 0},
    {"receipts", OPTION_RECEIPTS, NULL, 0, "each award bears a receipt key", 0},
    {"full", OPTION_FULL, NULL, 0, "lookups ask for the forecast and the progress too", 0},
    {"rate", OPTION_RATE, "N", 0,
     "so many operations a second by schedule; latency counts from the scheduled instant", 0},
    {"created-at", OPTION_CREATED, "SECONDS", 0,
     "when requests say they were made, since 1970: a sandbox's clock; default now", 0},
    {"watch", OPTION_WATCH, "NAME=PID", 0, "another process whose CPU counts; may be repeated", 0},
    {"existing", OPTION_EXISTING, NULL, 0, "members are there already (append)", 0},
    {"no-check", OPTION_NO_CHECK, NULL, 0, "balances are not compared", 0},
    {0},
};

static uint32_t parse_number(const char *text, uint32_t least, struct argp_state *state)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || value < least || value > BENCH_COUNT_MAX) {
        argp_error(state, "'%s' is not a number from %u to %u", text, least,
                   (unsigned)BENCH_COUNT_MAX);
    }
    return (uint32_t)value;
}

static uint32_t parse_instant(const char *text, struct argp_state *state)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || value == 0 || value > UINT32_MAX) {
        argp_error(state, "'%s' is no instant in seconds since 1970", text);
    }
    return (uint32_t)value;
}

static const struct bench_face *parse_face(const char *text, struct argp_state *state)
{
    static const struct bench_face *const faces[] = {&bench_face_frames, &bench_face_grpc,
                                                     &bench_face_http};
    for (size_t i = 0; i < sizeof(faces) / sizeof(faces[0]); i++) {
        if (strcmp(text, faces[i]->name) == 0) {
            return faces[i];
        }
    }
    argp_error(state, "there is no face '%s'", text);
    return NULL;
}

// The words, ended by NULL, are the names of 0 and on.
static uint32_t parse_word(const char *text, const char *const *words, struct argp_state *state)
{
    for (uint32_t i = 0; words[i] != NULL; i++) {
        if (strcmp(text, words[i]) == 0) {
            return i;
        }
    }
    argp_error(state, "'%s' is none of the words that it takes", text);
    return 0;
}

static struct bench_mix parse_mix(const char *text, struct argp_state *state)
{
    unsigned long shares[3] = {0};
    unsigned long sum = 0;
    char *end = NULL;
    for (size_t i = 0; i < 3; i++) {
        const char *from = i == 0 ? text : end + (*end == ',');
        shares[i] = strtoul(from, &end, 10);
        sum += shares[i] <= 100 ? shares[i] : 101;
    }
    if (sum != 100 || *end != '\0') {
        argp_error(state, "--mix is three shares of 100 percent");
    }
    return (struct bench_mix){.lookup_percent = (uint32_t)shares[0],
                              .award_percent = (uint32_t)shares[1],
                              .redeem_percent = (uint32_t)shares[2]};
}

static const char *const keys_words[] = {
    [BENCH_KEYS_ROUND] = "round",
    [BENCH_KEYS_UNIFORM] = "uniform",
    [BENCH_KEYS_ZIPF] = "zipf",
    NULL,
};
static const char *const due_words[] = {
    [BENCH_DUE_REAL] = "real",
    [BENCH_DUE_STILL] = "still",
    [BENCH_DUE_MOVING] = "moving",
    NULL,
};

static error_t parse_long_option(int key, char *text, struct argp_state *state)
{
    struct bench_options *options = state->input;
    switch (key) {
    case OPTION_FIRST:
        options->first = parse_number(text, 0, state);
        return 0;
    case OPTION_RATE:
        options->rate = parse_number(text, 1, state);
        return 0;
    case OPTION_CREATED:
        options->created_s = parse_instant(text, state);
        return 0;
    case OPTION_KEYS:
        options->keys = (enum bench_keys_kind)parse_word(text, keys_words, state);
        return 0;
    case OPTION_SEED:
        options->seed = parse_number(text, 0, state);
        return 0;
    case OPTION_MIX:
        options->mix = parse_mix(text, state);
        return 0;
    case OPTION_DUE:
        options->due = (enum bench_due)parse_word(text, due_words, state);
        return 0;
    case OPTION_FULL:
        options->full = true;
        return 0;
    case OPTION_RECEIPTS:
        options->receipts = true;
        return 0;
    case OPTION_EXISTING:
        options->existing = true;
        return 0;
    case OPTION_NO_CHECK:
        options->check = false;
        return 0;
    case OPTION_WATCH:
        if (!watch_add(text)) {
            argp_error(state, "'%s' is no NAME=PID of a process", text);
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct bench_options *options = state->input;
    switch (key) {
    case 's':
        options->server = text;
        return 0;
    case 't':
        options->tls = text;
        return 0;
    case 'a':
        options->as = text;
        return 0;
    case 'r':
        options->redis = text;
        return 0;
    case 'f':
        options->face = parse_face(text, state);
        return 0;
    case 'm':
        options->members = parse_number(text, 1, state);
        return 0;
    case 'n':
        options->operations = parse_number(text, 1, state);
        return 0;
    case 'c':
        options->connections = parse_number(text, 1, state);
        return 0;
    case 'd':
        options->depth = parse_number(text, 1, state);
        return 0;
    default:
        return parse_long_option(key, text, state);
    }
}

static const char *missing(enum needs needs, const struct bench_options *options)
{
    if (needs == NEEDS_REDIS) {
        return options->redis == NULL ? "--redis" : NULL;
    }
    if (needs == NEEDS_SERVER && options->server == NULL) {
        return "--server";
    }
    if (options->tls == NULL) {
        return "--tls";
    }
    return needs == NEEDS_SERVER && options->as == NULL ? "--as" : NULL;
}

static int usage(void)
{
    fprintf(stderr, "usage: loyalty-bench LOAD [OPTION...]; loads:");
    for (size_t i = 0; i < LOAD_COUNT; i++) {
        fprintf(stderr, " %s", loads[i].name);
    }
    fprintf(stderr, "\n");
    return 2;
}

int main(int argc, char **argv)
{
    static const struct argp argp = {
        .options = argp_options,
        .parser = parse_option,
        .doc = "One load on a server, or on append_if alone.",
    };
    struct bench_options options = {.face = &bench_face_frames,
                                    .members = 20000,
                                    .operations = 100000,
                                    .connections = 50,
                                    .depth = 16,
                                    .mix = {70, 25, 5},
                                    .check = true};
    for (size_t i = 0; argc >= 2 && i < LOAD_COUNT; i++) {
        if (strcmp(argv[1], loads[i].name) != 0) {
            continue;
        }
        argv[1] = argv[0];
        argp_parse(&argp, argc - 1, argv + 1, 0, NULL, &options);
        const char *lacking = missing(loads[i].needs, &options);
        if (lacking != NULL) {
            fprintf(stderr, "loyalty-bench: %s needs %s\n", loads[i].name, lacking);
            return 2;
        }
        bench_must(options.first + options.members <= BENCH_MEMBERS_MAX, "too many members");
        return loads[i].run(&options);
    }
    return usage();
}
