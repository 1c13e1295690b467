// What reading and publishing programs share.
#pragma once

#include "base/status.h"
#include "loyalty/v1/program.pb-c.h"
#include "service/request.h"

enum { PROGRAM_ETAG_BYTES = 2 * CHAIN_HASH_BYTES };

// A hash in hex; returns `out`.
char *programs_hash_text(const uint8_t *hash, char out[PROGRAM_ETAG_BYTES + 1]);
// The etag of the list of versions: its tail's hash in hex; empty when there is none.
void programs_etag(const struct program_log *log, char ret_etag[PROGRAM_ETAG_BYTES + 1]);
// Checks a document by itself and as the successor of the latest version that stands. Needs a
// lease.
MUST_CHECK enum status programs_judge(const struct service *service,
                                      const Loyalty__V1__Program *document,
                                      struct program_problems *problems);
// There is no version of the number asked for.
void programs_answer_unknown(struct request *request);
