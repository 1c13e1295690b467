// A program built in memory, without files or YAML, for drivers that let accounts live: two
// versions, caps, pending points, every kind of rule, a zone with summer time. The ids are those of
// the seeds' histories.
#pragma once

#include "core/chain.h"
#include "core/program.h"

// Compiled once; lives as long as the process.
const struct program_set *fuzz_club(void);
// 2020-01-01, when the first version takes effect.
#define FUZZ_CLUB_FROM_MS INT64_C(1577836800000)

// Zones without tzdata: every program of the seeds is at home in these; others are not known.
enum status fuzz_zone_load(const char *name, struct zone *ret_zone);
void fuzz_zone_free(struct zone *freed);

// A chain hash that costs little: mutated logs get their hashes anew before they are folded.
chain_hash_fn fuzz_chain_hash;
