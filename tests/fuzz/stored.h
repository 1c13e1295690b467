// Logs for drivers: bodies of records (type and payload) without hashes, chained anew, and what a
// log that folds must then be good for. Figures are kept a second time, by plain addition over the
// records, so that an account cannot be sound by its own books alone.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "core/account.h"
#include "fuzz/fuzz.h"

enum { STORED_PARTITION = 7 };

// The log's member is "anna".
struct span stored_id(void);

// Writes the stored log of `bodies`, each behind its length as a varint, hashes included; what does
// not form a body ends it. A snapshot's body comes without its checksum, which is put in.
void stored_chain(struct span bodies, struct buffer *log);
// The bodies of a log, as stored_chain takes them; for seeds.
void stored_bodies(struct span log, struct buffer *bodies);
// `len` bytes of bodies changed in place, mostly so that they stay bodies.
size_t stored_mutate(uint8_t *data, size_t len, size_t len_max, struct fuzz_random *random);

// Folds and puts to use: whatever passes account_check must hold the figures that its records say,
// be the same folded in two parts, compacted, and lived on. `choice` picks where and how far.
void stored_check(struct span log, uint64_t choice);

// Whether an account that is sound has the figures of its records: only of logs without a snapshot,
// for of what that stands for there are no records.
void stored_books(const struct account *account, struct span log, struct arena *arena);
