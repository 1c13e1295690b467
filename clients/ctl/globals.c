// One argp parser that is a child of every command's, so that `-o json` is understood anywhere.
#include "ctl/globals.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/contexts.h"
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
    KEY_CONTEXT,
    KEY_TIMEOUT,
};

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "Connection:", 100},
    {"context", KEY_CONTEXT, "CONTEXT", 0,
     "A server by the name it was given with context set (LOYALTY_CONTEXT)", 0},
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

const struct ctl_exit_meaning ctl_exits[] = {
    {CTL_OK, "done"},
    {CTL_REFUSED, "refused, or faults found"},
    {CTL_USAGE, "wrong command line or file"},
    {CTL_RETRY_LATER, "not executed, or no connection: try later"},
    {CTL_UNKNOWN, "outcome unknown: repeat with the same --request-id"},
    {CTL_OK, NULL},
};

static const struct value_row {
    const char *name;
    const char *variable;
    size_t offset;
} value_rows[GLOBALS_VALUES] = {
    [GLOBALS_SERVER] = {"server", "LOYALTY_SERVER", offsetof(struct globals, server)},
    [GLOBALS_TLS] = {"tls", "LOYALTY_TLS", offsetof(struct globals, tls)},
    [GLOBALS_AS] = {"as", "LOYALTY_AS", offsetof(struct globals, as)},
    [GLOBALS_CA] = {"ca", NULL, offsetof(struct globals, ca)},
    [GLOBALS_CERT] = {"cert", NULL, offsetof(struct globals, cert)},
    [GLOBALS_KEY] = {"key", NULL, offsetof(struct globals, key)},
    [GLOBALS_OUTPUT] = {"output", NULL, offsetof(struct globals, output)},
};

static globals_tell_fn *tell_instead;

const char *globals_name(enum globals_value value)
{
    return value_rows[value].name;
}

const char *globals_variable(enum globals_value value)
{
    return value_rows[value].variable;
}

static const char **value_of(struct globals *globals, enum globals_value value)
{
    return (const char **)(void *)((char *)globals + value_rows[value].offset);
}

const char *globals_get(const struct globals *globals, enum globals_value value)
{
    return *(const char *const *)(const void *)((const char *)globals + value_rows[value].offset);
}

bool globals_is_output(const char *text)
{
    return strcmp(text, "json") == 0 || strcmp(text, "table") == 0;
}

// --- the line ---

static error_t take_value(struct globals *globals, enum globals_value value, const char *arg)
{
    *value_of(globals, value) = arg;
    globals->from[value] = FROM_OPTION;
    return 0;
}

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct globals *globals = state->input;
    int64_t seconds = 0;
    switch (key) {
    case KEY_CONTEXT:
        globals->context = arg;
        globals->context_from = FROM_OPTION;
        return 0;
    case KEY_SERVER:
        return take_value(globals, GLOBALS_SERVER, arg);
    case KEY_TLS:
        return take_value(globals, GLOBALS_TLS, arg);
    case KEY_AS:
        return take_value(globals, GLOBALS_AS, arg);
    case KEY_CA:
        return take_value(globals, GLOBALS_CA, arg);
    case KEY_CERT:
        return take_value(globals, GLOBALS_CERT, arg);
    case KEY_KEY:
        return take_value(globals, GLOBALS_KEY, arg);
    case KEY_TIMEOUT:
        if (!parse_number(arg, 1, LOYALTY_TIMEOUT_MS_MAX / 1000, &seconds)) {
            argp_error(state, "%s is no number of seconds from 1 to 10", arg);
        }
        globals->timeout_ms = (uint32_t)seconds * 1000;
        return 0;
    case KEY_OUTPUT:
        if (!globals_is_output(arg)) {
            argp_error(state, "%s is no output: table or json", arg);
        }
        globals->json = strcmp(arg, "json") == 0;
        return take_value(globals, GLOBALS_OUTPUT, arg);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp globals_argp = {.options = options, .parser = take};
const struct argp_child globals_child[] = {{&globals_argp, 0, NULL, 0}, {0}};

void globals_tell_instead(globals_tell_fn *tell)
{
    tell_instead = tell;
}

void globals_parse_line(const struct argp *parser, int argc, char **argv, void *input)
{
    if (tell_instead != NULL) {
        tell_instead(parser);
        _exit(fflush(stdout) == 0 ? CTL_OK : CTL_REFUSED);
    }
    if (argp_parse(parser, argc, argv, 0, NULL, input) != 0) {
        exit(CTL_USAGE);
    }
}

// --- the environment, and the context ---

static const char *environment(const char *name)
{
    const char *value = name == NULL ? NULL : getenv(name);
    return value == NULL || *value == '\0' ? NULL : value;
}

static void offer(struct globals *globals, enum globals_value value, const char *text,
                  enum globals_source from)
{
    if (text != NULL && globals->from[value] < from) {
        *value_of(globals, value) = text;
        globals->from[value] = from;
    }
}

// A context's name belongs to its folder, its files to both: where a folder or a name comes from
// elsewhere, they are somebody else's.
static bool fits(const struct globals *globals, enum globals_value value)
{
    bool folder = globals->from[GLOBALS_TLS] <= FROM_CONTEXT;
    bool name = globals->from[GLOBALS_AS] <= FROM_CONTEXT;
    switch (value) {
    case GLOBALS_AS:
    case GLOBALS_CA:
        return folder;
    case GLOBALS_CERT:
    case GLOBALS_KEY:
        return folder && name;
    default:
        return true;
    }
}

static int settle_context(struct globals *globals)
{
    static struct contexts contexts; // the values are in it until the program ends
    int code = contexts_read(&contexts);
    if (code != CTL_OK) {
        return code;
    }
    if (globals->context == NULL && *contexts.current != '\0') {
        globals->context = contexts.current;
        globals->context_from = FROM_CONTEXT;
    }
    if (globals->context == NULL) {
        return CTL_OK;
    }
    struct context *context = contexts_find(&contexts, globals->context);
    if (context == NULL) {
        return contexts_unknown(&contexts, globals->context);
    }
    for (enum globals_value value = 0; value < GLOBALS_VALUES; value++) {
        const char *text = context->values[value];
        offer(globals, value, *text == '\0' || !fits(globals, value) ? NULL : text, FROM_CONTEXT);
    }
    return CTL_OK;
}

void globals_parse(const struct argp *parser, int argc, char **argv, void *input)
{
    struct globals *globals = input;
    globals_parse_line(parser, argc, argv, input);
    for (enum globals_value value = 0; value < GLOBALS_VALUES; value++) {
        offer(globals, value, environment(globals_variable(value)), FROM_ENVIRONMENT);
    }
    if (globals->context == NULL && environment("LOYALTY_CONTEXT") != NULL) {
        globals->context = environment("LOYALTY_CONTEXT");
        globals->context_from = FROM_ENVIRONMENT;
    }
    int code = settle_context(globals);
    if (code != CTL_OK) {
        exit(code);
    }
    offer(globals, GLOBALS_AS, "admin", FROM_DEFAULT);
    offer(globals, GLOBALS_OUTPUT, "table", FROM_DEFAULT);
    globals->json = strcmp(globals->output, "json") == 0;
}
