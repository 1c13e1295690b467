// Cutting logs where accounts hold together.
#include "support/log_cut.h"

#include "base/check.h"
#include "core/ledger.h"

static bool holds_together(struct span prefix, struct span id, uint32_t partition,
                           chain_hash_fn *hash, struct arena *arena)
{
    struct account account;
    const char *what;
    account_init(&account);
    CHECK(ledger_fold(&account, prefix, id, partition, hash, arena, NULL) == STATUS_OK);
    bool sound = account_check(&account, &what) == STATUS_OK;
    account_fini(&account);
    return sound;
}

size_t log_cut(struct span log, size_t cut, struct span id, uint32_t partition, chain_hash_fn *hash)
{
    struct record_cursor cursor = {.rest = span_from(log, cut)};
    struct record_place place;
    struct arena arena;
    arena_init(&arena, LIMIT_LOG_BYTES);
    while (!holds_together(span_of(log.data, log.len - cursor.rest.len), id, partition, hash,
                           &arena)) {
        CHECK(record_next(&cursor, &place) == STATUS_OK); // a whole log holds together
    }
    arena_fini(&arena);
    return log.len - cursor.rest.len;
}
