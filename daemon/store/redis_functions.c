// functions.lua as bytes. The figures it repeats are tied to base/limits.h here.
#include "store/redis_functions.h"

#include <assert.h>
#include <stdint.h>

#include "base/limits.h"
#include "store/bounds.h"
#include "store/store.h"

static_assert(STORE_HASH_BYTES == 16, "HASH_BYTES in functions.lua");
static_assert(LIMIT_SUFFIX_BYTES == 65536, "SUFFIX_BYTES in functions.lua");
static_assert(LIMIT_LOG_BYTES == 16777216, "LOG_BYTES in functions.lua");
static_assert(STORE_ARCHIVE_PIECES_MAX == 256, "ARCHIVE_PIECES in functions.lua");
static_assert(LIMIT_CLOCK_AHEAD_MS == 2000, "CLOCK_AHEAD_MS in functions.lua");

static const uint8_t code[] = {
#include "store/functions_lua.inc"
};

struct span redis_functions_code(void)
{
    return span_of(code, sizeof(code));
}
