// One argp parser that is a child of every command's, so that `-o json` is understood anywhere.
#include "ctl/globals.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/parse.h"
#include "lib/loyalty.h"

enum {
    KEY_SERVER = 's',
    KEY_OUTPUT = 'o',
    KEY_TLS = 0x100,
    KEY_AS,
    KEY_CA,
    KEY_CERT,
    KEY_KEY,
    KEY_TIMEOUT,
};

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "Connection:", 100},
    {"server", KEY_SERVER, "HOST:PORT", 0, "The service (LOYALTY_SERVER)", 0},
    {"tls", KEY_TLS, "DIR", 0, "Folder with ca.pem, NAME.pem and NAME.key (LOYALTY_TLS)", 0},
    {"as", KEY_AS, "NAME", 0, "The certificate to use of that folder (LOYALTY_AS; admin)", 0},
    {"ca", KEY_CA, "FILE", 0, "Who issues the server's certificate, instead of DIR/ca.pem", 0},
    {"cert", KEY_CERT, "FILE", 0, "Our certificate, instead of DIR/NAME.pem", 0},
    {"key", KEY_KEY, "FILE", 0, "Its key, instead of DIR/NAME.key", 0},
    {"timeout", KEY_TIMEOUT, "SECONDS", 0, "How long to wait for an answer, 1 to 10 (10)", 0},
    {NULL, 0, NULL, 0, "Output:", 110},
    {"output", KEY_OUTPUT, "table|json", 0, "How answers are written (table)", 0},
    {0},
};

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value == NULL || *value == '\0' ? NULL : value;
}

struct globals globals_from_environment(void)
{
    const char *as = environment("LOYALTY_AS");
    return (struct globals){
        .server = environment("LOYALTY_SERVER"),
        .tls = environment("LOYALTY_TLS"),
        .as = as == NULL ? "admin" : as,
    };
}

static void take_output(struct globals *globals, const char *arg, struct argp_state *state)
{
    if (strcmp(arg, "json") != 0 && strcmp(arg, "table") != 0) {
        argp_error(state, "%s is no output: table or json", arg);
    }
    globals->json = strcmp(arg, "json") == 0;
}

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct globals *globals = state->input;
    int64_t seconds = 0;
    switch (key) {
    case KEY_SERVER:
        globals->server = arg;
        return 0;
    case KEY_TLS:
        globals->tls = arg;
        return 0;
    case KEY_AS:
        globals->as = arg;
        return 0;
    case KEY_CA:
        globals->ca = arg;
        return 0;
    case KEY_CERT:
        globals->cert = arg;
        return 0;
    case KEY_KEY:
        globals->key = arg;
        return 0;
    case KEY_TIMEOUT:
        if (!parse_number(arg, 1, LOYALTY_TIMEOUT_MS_MAX / 1000, &seconds)) {
            argp_error(state, "%s is no number of seconds from 1 to 10", arg);
        }
        globals->timeout_ms = (uint32_t)seconds * 1000;
        return 0;
    case KEY_OUTPUT:
        take_output(globals, arg, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp globals_argp = {.options = options, .parser = take};
const struct argp_child globals_child[] = {{&globals_argp, 0, NULL, 0}, {0}};

void globals_parse(const struct argp *parser, int argc, char **argv, void *input)
{
    if (argp_parse(parser, argc, argv, 0, NULL, input) != 0) {
        exit(CTL_USAGE);
    }
}
