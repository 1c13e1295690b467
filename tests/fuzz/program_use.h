// What a program that was accepted must be good for: written and read again it is the same, and a
// member can live by it.
#pragma once

#include "core/program.h"
#include "loyalty/v1/program.pb-c.h"

// Memory of one use, to be counted by the driver beside its own.
enum { PROGRAM_USE_BYTES = 64 << 20 };

// `message` as it was accepted, `program` compiled from it. As protobuf, JSON and YAML it comes
// back the same; compiled again nothing is found or changed. `as_text` is false where that would
// cost too much.
void program_use_rewrite(const Loyalty__V1__Program *message, const struct program *program,
                         bool as_text);
// Enrols a member, sells, spends, lets years pass; `choice` varies the sale.
void program_use_live(const struct program *program, uint64_t choice);
