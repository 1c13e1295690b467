// What publishing and withdrawing share: one conditional append to the program's own log. Each
// attempt reads the head first, so that the etag, the place in time and a retry are judged by what
// is there now; losing a race shows as another etag on the next reading.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "service/program_log.h"
#include "service/request.h"

// One kind of edit.
struct program_edit_kind {
    const char *event; // of the log line
    // The etag that the request names; it has been judged when `answer_unfit` is called.
    const char *(*etag)(const struct request *request);
    // Judges the rest by the head just read. True when it was answered.
    bool (*answer_unfit)(struct request *request);
    // Until when it may land, by the rules of when; INSTANT_NEVER: at any time.
    int64_t (*not_after_ms)(const struct request *request);
    // Fills in the record's type and what is its own.
    void (*fill)(const struct request *request, struct record *record);
    // Answers by what was recorded.
    enum status (*answer)(struct request *request, const struct program_entry *entry,
                          bool replayed);
};

// Of a request at work; the first member of its state.
struct program_edit {
    const struct program_edit_kind *kind;
    uint32_t attempts;
    bool landed; // by this very request: the next head shows it
};

// Begins the first attempt. The request's state is a struct that begins with struct program_edit.
void program_edit_begin(struct request *request, const struct program_edit_kind *kind);
