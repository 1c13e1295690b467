// The options every command takes, before it or behind it: where the server is, who we are, how
// answers are written. And the exit codes. What no option says, the environment may say, and what
// that does not say, a context (contexts.h).
#pragma once

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

enum ctl_exit {
    CTL_OK = 0,
    CTL_REFUSED = 1,     // a definite no, or faults were found
    CTL_USAGE = 2,       // the command line, or a file it names
    CTL_RETRY_LATER = 3, // not executed, or no connection
    CTL_UNKNOWN = 4,     // the outcome is unknown: repeat with the same --request-id
};

// The same in words, for help and the manual; ends with a row without meaning. They are stable.
struct ctl_exit_meaning {
    enum ctl_exit code;
    const char *meaning;
};

extern const struct ctl_exit_meaning ctl_exits[];

// What a context can give.
enum globals_value {
    GLOBALS_SERVER,
    GLOBALS_TLS,
    GLOBALS_AS,
    GLOBALS_CA,
    GLOBALS_CERT,
    GLOBALS_KEY,
    GLOBALS_OUTPUT,
    GLOBALS_VALUES,
};

// Where a value comes from; what is greater wins.
enum globals_source { FROM_NOWHERE, FROM_DEFAULT, FROM_CONTEXT, FROM_ENVIRONMENT, FROM_OPTION };

struct globals {
    const char *server;
    const char *tls; // folder with ca.pem, NAME.pem and NAME.key
    const char *as;  // NAME
    const char *ca;
    const char *cert;
    const char *key;
    const char *output;  // "table" or "json"
    bool json;           // output is "json"
    uint32_t timeout_ms; // 0: the longest
    const char *context; // NULL: none is in use
    enum globals_source context_from;
    enum globals_source from[GLOBALS_VALUES];
};

// "server", as the option and the file have it.
const char *globals_name(enum globals_value value);
// The variable of the environment that gives it; NULL if none does.
const char *globals_variable(enum globals_value value);
const char *globals_get(const struct globals *globals, enum globals_value value);
// A value that may be "table" or "json".
bool globals_is_output(const char *text);

// A parser for these options; its input is a struct globals.
extern const struct argp globals_argp;
// The same as the one child of a command's own parser.
extern const struct argp_child globals_child[];
// One command's line taken: `parser` with globals_child, its input a struct that begins with struct
// globals; then what the environment and the context say. Ends the program on a wrong line or a
// faulty file (2) or --help (0).
void globals_parse(const struct argp *parser, int argc, char **argv, void *input);
// The line alone, for what looks after contexts itself.
void globals_parse_line(const struct argp *parser, int argc, char **argv, void *input);

// From now on a line's parser is told instead, and the process ends (describe.h).
typedef void globals_tell_fn(const struct argp *parser);
void globals_tell_instead(globals_tell_fn *tell);
