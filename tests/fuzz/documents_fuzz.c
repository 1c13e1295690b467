// Programs as people write them, in YAML or JSON: text through wire/document. One that is refused
// has a list of problems, in the order of its lines, each saying what is wrong; one that is
// accepted comes back the same and can be lived by.
//
// Input: the text.
#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutate_text.h"
#include "fuzz/program_use.h"
#include "wire/document.h"

enum { MEMORY_BYTES_MAX = WIRE_DOCUMENT_ARENA_BYTES + PROGRAM_USE_BYTES };

static struct arena arena = {.cap_bytes = WIRE_DOCUMENT_ARENA_BYTES}; // as arena_init has it

static const char *const words[] = {
    "id",
    "zone",
    "currency",
    "rescore",
    "tiers",
    "names",
    "en",
    "threshold",
    "upgrade",
    "IMMEDIATE",
    "AT_RESCORE",
    "validity_months",
    "earn",
    "rules",
    "rate",
    "points",
    "money_minor",
    "when",
    "stores",
    "weekdays",
    "MONDAY",
    "from",
    "until",
    "cap_day",
    "score",
    "in_force",
    "rolling_months",
    "calendar",
    "YEAR",
    "expiry_months",
    "redeem",
    "value",
    "step_points",
    "late_days",
    "days",
    "guards",
    "perks",
    "tier_id",
    "count",
    "per",
    "CARD",
    "partners",
    "null",
    "true",
    "~",
    "&a",
    "*a",
    "!!int",
    "<<",
    "---",
    "...",
    "|",
    ">",
    "%YAML",
    "{",
    "}",
    "[",
    "]",
    ": ",
    "- ",
    "\"",
    "'",
    "#",
    "\\u0000",
    "\\ud800",
    "1e3",
    "0x10",
    "06-01",
    "2026-01-01",
    "multiplier_bp",
    "bonus_points",
    "validityMonths",
};

static size_t count_lines(struct span text)
{
    size_t lines = 1;
    for (size_t i = 0; i < text.len; i++) {
        lines += text.data[i] == '\n' || text.data[i] == '\r' ? 1 : 0;
        // YAML has more ends of a line: NEL, LS and PS.
        lines += text.data[i] == 0x85 || text.data[i] == 0xa8 || text.data[i] == 0xa9 ? 1 : 0;
    }
    return lines;
}

static void check_problems(struct span text, const struct problems *problems)
{
    size_t lines = count_lines(text);
    CHECK(problems->count <= LIMIT_PROGRAM_PROBLEMS);
    for (size_t i = 0; i < problems->count; i++) {
        const struct problem *problem = &problems->items[i];
        bool last = i + 1 == LIMIT_PROGRAM_PROBLEMS;
        CHECK(problem->reason.len > 5 && problem->line <= lines + 1);
        CHECK(problem->path.len < PATH_BYTES);
        CHECK(i == 0 || last || problem[-1].line <= problem->line);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t len_max, unsigned seed)
{
    struct fuzz_random random = fuzz_random_of(seed);
    return mutate_text(words, sizeof(words) / sizeof(words[0]), data, len, len_max, &random);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span text = span_of(data, len);
    struct problems problems = {.arena = &arena};
    Loyalty__V1__Program *message = NULL;
    struct program *program = NULL;
    arena_reset(&arena);
    fuzz_memory_begin(MEMORY_BYTES_MAX);
    CHECK(document_read_program(text, &problems, &message, &program) == STATUS_OK);
    CHECK((message != NULL) == (problems.count == 0));
    CHECK((program != NULL) == (message != NULL));
    check_problems(text, &problems);
    if (program != NULL) {
        uint64_t choice = hash_fnv1a(text);
        program_use_rewrite(message, program, true);
        program_use_live(program, choice);
    }
    fuzz_memory_end();
    return 0;
}
