// What a command takes, read off the very parser that takes it: completion and the manual cannot
// say anything else than the program does. A command is run in a child process with an empty line;
// globals_parse then shows its parser in place of parsing.
#pragma once

#include <argp.h>
#include <stdbool.h>

#include "ctl/command.h"

enum { DESCRIBE_DEPTH_MAX = 8 };

struct described_option {
    const char *name;   // without dashes
    int letter;         // 0: none
    const char *value;  // "HOST:PORT", "table|json"; NULL if it takes none
    const char *help;   //
    const char *header; // of the options it stands among; "" if none
};

typedef void describe_option_fn(const struct described_option *option, void *context);

// Every option of the parser and its children, in the order help has; not those of globals_argp
// unless that is the parser, nor hidden ones.
void describe_options(const struct argp *parser, describe_option_fn *each, void *context);

// Runs `tell` with the command's parser in a child, which writes to stdout. False if the command
// does not come to its parser.
bool describe_command(const struct command *command, globals_tell_fn *tell);

// All commands as one JSON object on stdout: what the manual is made of. Returns an exit code.
int describe_all(void);
// A program of one parser likewise.
int describe_program(const char *name, const struct argp *parser);
