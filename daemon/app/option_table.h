// The one table of options: the command line and its help, the file, --dump-config, the man pages
// and the reference are made of it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OPTIONS_HOST_BYTES = 64, OPTION_LIST = 8, OPTION_ROWS_MAX = 64 };

// What a value is, and where it goes.
enum option_kind {
    OPTION_TEXT,     // const char *
    OPTION_FILE,     // const char *: a path
    OPTION_FOLDER,   // const char *
    OPTION_ADDRESS,  // struct option_address: numeric HOST:PORT
    OPTION_LOOPBACK, // the same, of this machine alone
    OPTION_STORE,    // struct option_store
    OPTION_NUMBER,   // uint32_t
    OPTION_OFFSET,   // int64_t, may be negative
    OPTION_WORD,     // uint32_t: index among `words`
    OPTION_SWITCH,   // bool: on, off
    OPTION_FLAG,     // bool: yes, no; without a value on the command line
    OPTION_FILES,    // struct option_list: may be given several times
};

struct option_address {
    char host[OPTIONS_HOST_BYTES]; // empty: none
    uint16_t port;
};

// Either a unix socket or an address.
struct option_store {
    const char *path;
    struct option_address at;
};

struct option_list {
    const char *items[OPTION_LIST];
    size_t count;
};

enum option_flags {
    OPTION_UNLISTED = 1,   // for tests: in no help
    OPTION_RELOADABLE = 2, // SIGHUP takes a new value
    OPTION_REQUIRED = 4,
    OPTION_COMMAND = 8, // of the command line only
};

struct option_row {
    const char *name;
    const char *section; // of the file, and heading of the help
    enum option_kind kind;
    unsigned flags;
    size_t offset; // in struct options
    int64_t least;
    int64_t most;             // of a list: how many
    const char *const *words; // NULL-terminated
    const char *value;        // "FILE", "N"
    const char *unit;         // "ms"; NULL: none
    const char *fallback;     // the default as it would be given; NULL: none
    const char *credential;   // systemd's, taken when nothing else is given; NULL: none
    const char *help;
};

struct option_section {
    const char *name; // empty: of the command line only
    const char *title;
};

extern const struct option_row option_rows[];
size_t option_row_count(void);
extern const struct option_section option_sections[];
size_t option_section_count(void);

// The row of a name, as an index; option_row_count() when there is none.
size_t option_find(const char *name);
// What the value may be: "a whole number from 1 to 100000".
enum { OPTION_BOUNDS_BYTES = 160 };
void option_bounds(const struct option_row *row, char ret_text[OPTION_BOUNDS_BYTES]);
