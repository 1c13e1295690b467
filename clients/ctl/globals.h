// The options every command takes, before it or behind it: where the server is, who we are, how
// answers are written. And the exit codes.
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

struct globals {
    const char *server;
    const char *tls; // folder with ca.pem, NAME.pem and NAME.key
    const char *as;  // NAME
    const char *ca;
    const char *cert;
    const char *key;
    bool json;
    uint32_t timeout_ms; // 0: the longest
};

// What the environment says.
struct globals globals_from_environment(void);
// A parser for these options; its input is a struct globals.
extern const struct argp globals_argp;
// The same as the one child of a command's own parser.
extern const struct argp_child globals_child[];
// One command's line taken: `parser` with globals_child, its input a struct that begins with struct
// globals. Ends the program on a wrong line (2) or --help (0).
void globals_parse(const struct argp *parser, int argc, char **argv, void *input);
