// The table of error codes, the first word of an error reply (redis 7.0.15, server.c:shared).
#include "store/redis_error.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *prefix;
    struct redis_error meaning;
} known[] = {
    // Not this server, not now, or not this user any more: look again from the start.
    {"LOADING ", {STORE_UNAVAILABLE, true}},
    {"READONLY ", {STORE_UNAVAILABLE, true}},
    {"MASTERDOWN ", {STORE_UNAVAILABLE, true}},
    {"NOAUTH ", {STORE_UNAVAILABLE, true}},
    {"ERR Function not found", {STORE_UNAVAILABLE, true}},
    // It will pass, or an operator must act; the connection is good.
    {"MISCONF ", {STORE_UNAVAILABLE, false}},
    {"OOM ", {STORE_UNAVAILABLE, false}},
    {"BUSY ", {STORE_UNAVAILABLE, false}},
    {"NOREPLICAS ", {STORE_UNAVAILABLE, false}},
    {"TRYAGAIN ", {STORE_UNAVAILABLE, false}},
    {"CLUSTERDOWN ", {STORE_UNAVAILABLE, false}},
    {"MOVED ", {STORE_UNAVAILABLE, false}},
    {"ASK ", {STORE_UNAVAILABLE, false}},
};

struct redis_error redis_error_judge(struct span text)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        size_t len = strlen(known[i].prefix);
        if (text.len >= len && memcmp(text.data, known[i].prefix, len) == 0) {
            return known[i].meaning;
        }
    }
    return (struct redis_error){STORE_FAILED, false};
}
