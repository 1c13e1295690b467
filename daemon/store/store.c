// The names of the port's results, for logs and tests.
#include "store/store.h"

#include <stddef.h>

static const char *const names[] = {
    [STORE_OK] = "OK",
    [STORE_BEHIND] = "BEHIND",
    [STORE_RELOAD] = "RELOAD",
    [STORE_CLOCK] = "CLOCK",
    [STORE_EXPIRED] = "EXPIRED",
    [STORE_TAKEN] = "TAKEN",
    [STORE_UNAVAILABLE] = "UNAVAILABLE",
    [STORE_UNKNOWN] = "UNKNOWN",
    [STORE_FAILED] = "FAILED",
};

const char *store_result_name(enum store_result result)
{
    size_t index = (size_t)result;
    if (index >= sizeof(names) / sizeof(names[0])) {
        return "STORE_OUT_OF_RANGE";
    }
    return names[index];
}
