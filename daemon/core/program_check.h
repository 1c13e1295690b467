// Parts of program_compile, one a piece of the document, and the checks they share. Each looks at
// its piece, adds a problem for every mistake with the path a reader of the YAML would write, and
// fills the derived fields. Paths are a prefix ("earn.rules[3]", "" at the top) and a field below
// it, put together only when there is a problem. Every function fails with STATUS_NO_MEMORY alone.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "base/status.h"
#include "core/program.h"

// --- shared checks ---
// Adds a problem at prefix.field; `reason` as for program_problem_add.
MUST_CHECK enum status check_report(struct program_problems *problems, const char *prefix,
                                    const char *field, const char *reason);
// minimum <= value <= maximum.
MUST_CHECK enum status check_range(struct program_problems *problems, const char *prefix,
                                   const char *field, int64_t value, int64_t minimum,
                                   int64_t maximum);
// How many there are: at most `maximum`. Longer lists are not looked into: `ret_fits` is false.
MUST_CHECK enum status check_count(struct program_problems *problems, const char *prefix,
                                   const char *field, size_t count, size_t maximum, bool *ret_fits);
// 1 to LIMIT_NAME_BYTES of a-z 0-9 -.
MUST_CHECK enum status check_id(struct program_problems *problems, const char *prefix,
                                const char *field, struct span id);
// The ids of list[0], list[1], ...: each well-formed, none twice.
MUST_CHECK enum status check_ids(struct program_problems *problems, const char *list,
                                 const struct span *ids, size_t count);
// A list of names: at most LIMIT_RULE_LIST, each of 1 to LIMIT_NAME_BYTES bytes, none twice, and
// none with a byte of `forbidden` or a control character.
MUST_CHECK enum status check_names(struct program_problems *problems, const char *prefix,
                                   const char *field, const struct span_list *names,
                                   const char *forbidden);
// Ids of tiers of the program. `names` as above, its entries known.
MUST_CHECK enum status check_tier_ids(struct program_problems *problems, const char *prefix,
                                      const char *field, const struct program *program,
                                      const struct span_list *names);
MUST_CHECK enum status check_rate(struct program_problems *problems, const char *prefix,
                                  const char *field, const struct rate *rate);

// --- the pieces ---
MUST_CHECK enum status check_tiers(struct program *program, struct program_problems *problems);
MUST_CHECK enum status check_earn(struct program *program, struct program_problems *problems);
MUST_CHECK enum status check_condition(const struct program *program, struct condition *condition,
                                       const char *prefix, struct program_problems *problems);
// identifiers, notices, referral (program_check_members.c)
MUST_CHECK enum status check_members(struct program *program, struct program_problems *problems);
MUST_CHECK enum status check_perks(struct program *program, struct program_problems *problems);
