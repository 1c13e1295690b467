// A Redis's whole contents as of one instant, in a file.
#pragma once

#include "ctl/ledger_redis.h"

// Whether a copy of this Redis is a copy of a ledger; false with redis->error.
bool backup_fits(struct ledger_redis *redis);
// Into the file `path`, on disk when it returns. `redis` is open to the same address. An exit code;
// what is wrong is said on stderr.
int backup_fetch(const char *name, const struct ledger_address *from, struct ledger_redis *redis,
                 const char *path);
