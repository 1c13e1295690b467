// What the readers of options share: what was given is gathered first, each text with where it came
// from, then judged whole (options.c). Nobody else includes this.
#pragma once

#include "app/options.h"

struct gathering {
    struct options *options;
    struct option_errors *errors;
    struct option_given file[OPTION_ROWS_MAX];
    struct option_given line[OPTION_ROWS_MAX];
};

// "WHERE: name: 'text' is not ..." and the like; kept while there is room, else counted.
void option_error(struct options *options, struct option_errors *errors, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// Adds a text that was given at `source` (both outlive the options, or are in their arena); an
// error when there may be no more of them, or when it is none of what the row allows.
void option_give(struct gathering *gathering, struct option_given *given, size_t row,
                 const char *text, const char *source);

// The command line; ends the process for --help, --version and what is no option.
void option_line_read(int argc, char **argv, struct gathering *gathering);
void option_file_read(const char *path, struct gathering *gathering);
