// The table of commands, in groups. A new command is a row in commands.c and a function in
// command.h; help, completion and the manual have it from there.
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "ctl/command.h"

struct command_group {
    const char *title;
    const struct command *commands;
    size_t count;
};

const struct command_group *commands_groups(size_t *ret_count);
// The command that the line begins with, the one of most words, and how many those are; NULL if
// there is none.
const struct command *commands_find(int argc, char **argv, int *ret_words);
// The groups with a line for each command.
void commands_help(FILE *out);
