// The table: everything that clients ask for and everything that logs may hold. A new kind of
// command is a row of the first (how it is made, what its answer must be); a new kind of record is
// a row of the second (what it does to a book, and that it is what was asked). README.md says how.
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/record.h"

struct sim;
struct book;
struct boundary;
struct intent;
struct call;

// An answer with a payload, decoded.
struct answer_view {
    struct sim *sim;
    const struct call *call;
    const struct intent *intent;
    const ProtobufCMessage *response;
};

struct command_row {
    const char *name;
    uint32_t weight; // how often, against the other rows
    const char *path;
    const char *peer; // "role/unit"
    // Fills the intent; false: there is nothing of this kind to ask now.
    bool (*make)(struct sim *sim, struct intent *intent);
    // Judges an answer: of a mutation the first one, of a read every one.
    void (*answered)(const struct answer_view *view);
};

extern const struct command_row commands[];
extern const size_t command_count;

// A record as it is appended; the book's instant is the record's already.
struct record_view {
    struct sim *sim;
    struct book *book;
    const struct record *record;
    const struct boundary *foretold; // what time had to say first; NULL: nothing
};

struct record_row {
    enum record_type type;
    const char *name;
    // Checks the record against the book and enters it there.
    void (*take)(const struct record_view *view);
    // Whether it is what the intent asked for; the book has it already. NULL: nothing that is asked
    // for makes it.
    bool (*is_of)(const struct record_view *view, const struct intent *intent);
};

// NULL for a type that no log may hold.
const struct record_row *table_record(enum record_type type);
// A command drawn by weight.
const struct command_row *table_draw(struct sim *sim);
