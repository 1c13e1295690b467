// One case: a fork of the scenario's process in which the plan is carried out, and how it ended.
#pragma once

#include "failures/harness.h"

// Shared by all processes of a program.
struct harness_board {
    struct inject_report report; // of the last case
    int64_t blocks;              // allocated more at its end than at its beginning
    int64_t clean_blocks;        // the same of a case in which nothing failed
    uint32_t cases;              // so far, of all scenarios
    uint32_t problems;
    uint32_t excluded;
    uint32_t failed[INJECT_KINDS]; // calls that were made to fail
    uint8_t ways[INJECT_KINDS][INJECT_TRACE_MAX];
    char problem[512];
    uint8_t memory[CASE_MEMORY_BYTES];
};

extern struct harness_board *board;

// Once, in main.
void harness_case_init(void);
// What this process writes to stderr goes where harness_case_show_output finds it; each case's
// takes the place of what was there before.
void harness_case_keep_output(void);
void harness_case_show_output(void);
// Runs it and tells what went wrong; false when something did.
bool harness_case_run(const struct scenario *scenario, const struct inject_plan *plan);
// The case in which nothing fails, which notes what calls there are and what is right.
bool harness_case_run_clean(const struct scenario *scenario);
