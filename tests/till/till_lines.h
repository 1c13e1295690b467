// A line of words taken apart: `name value` pairs behind a command, and answers printed as one line
// of JSON.
#pragma once

#include "lib/till.h"

enum { LINE_BYTES = 4096, LINE_WORDS_MAX = 64 };

struct line {
    char text[LINE_BYTES];
    char *words[LINE_WORDS_MAX];
    int count;
};

void line_split(struct line *line);
// The word behind this name; NULL when it is not there.
const char *line_text(const struct line *line, const char *name);
int64_t line_number(const struct line *line, const char *name, int64_t otherwise);

// The intent that a line says; its parts live in static memory until the next one. False: none.
bool line_intent(const struct line *line, struct loyalty_intent *ret_intent);

void print_answer(const struct loyalty_till_answer *answer);
void print_state(struct loyalty_till *till);
void print_terms(struct loyalty_till *till);
void print_totals(const char *name, const struct loyalty_total totals[LOYALTY_OPERATIONS]);
void print_day(enum loyalty_till_status status, const struct loyalty_till_day *day);
