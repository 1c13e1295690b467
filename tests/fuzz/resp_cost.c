// Any '*' with a number behind it, wherever it stands.
#include "fuzz/resp_cost.h"

#include "base/limits.h"

enum { CHEAP_MAX = 2000 };

static const uint64_t refused_from = LIMIT_STORE_REPLY_BYTES / sizeof(void *);

bool resp_is_costly(struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        uint64_t count = 0;
        if (bytes.data[i] != '*') {
            continue;
        }
        for (size_t j = i + 1;
             j < bytes.len && bytes.data[j] >= '0' && bytes.data[j] <= '9' && count < refused_from;
             j++) {
            count = count * 10 + (uint64_t)(bytes.data[j] - '0');
        }
        if (count > CHEAP_MAX && count < refused_from) {
            return true;
        }
    }
    return false;
}
