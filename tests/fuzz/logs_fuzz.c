// Stored bytes as they are: nearly every change breaks the chain and must be found. What folds is
// put to use, and then damaged in every record: no damage may pass.
//
// Input: a stored log, hashes included (fuzz_chain_hash).
#include "fuzz/stored.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "core/ledger.h"
#include "core/snapshot.h"
#include "fuzz/fuzz_club.h"

enum { MEMORY_BYTES_MAX = 64 << 20, FLIPS = 24, ARENA_BYTES = 8 << 20 };

static struct arena arena = {.cap_bytes = ARENA_BYTES}; // as arena_init has it

static bool folds(struct span log, struct account *account)
{
    account_init(account);
    return ledger_fold(account, log, stored_id(), STORED_PARTITION, fuzz_chain_hash, &arena,
                       NULL) == STATUS_OK;
}

// A byte changed, or cut off inside a record, is found. What is cut between records is an earlier
// state.
static void damage(struct span log, uint64_t seq)
{
    struct fuzz_random random = fuzz_random_of(log.len);
    uint8_t *copy = malloc(log.len);
    CHECK(copy != NULL);
    memcpy(copy, log.data, log.len);
    for (int i = 0; i < FLIPS; i++) {
        struct account account;
        size_t at = fuzz_random_below(&random, log.len);
        uint8_t flip = (uint8_t)(1 + fuzz_random_below(&random, 255));
        copy[at] ^= flip;
        CHECK(!folds(span_of(copy, log.len), &account));
        account_fini(&account);
        copy[at] ^= flip;
        if (folds(span_of(copy, at), &account)) {
            CHECK(account.seq < seq);
        }
        account_fini(&account);
    }
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span log = span_of(data, len);
    struct account account;
    fuzz_memory_begin(MEMORY_BYTES_MAX);
    stored_check(log, len);
    if (folds(log, &account) && len > 0) {
        damage(log, account.seq);
    }
    account_fini(&account);
    fuzz_memory_end();
    return 0;
}
