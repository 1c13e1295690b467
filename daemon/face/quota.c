// A table of chains by connection id; entries that were needed once are kept for reuse.
#include "face/quota.h"

#include <stdlib.h>

#include "base/check.h"

void quotas_fini(struct quotas *quotas)
{
    for (size_t i = 0; i < QUOTA_BUCKETS; i++) {
        CHECK(quotas->buckets[i] == NULL);
    }
    while (quotas->spare != NULL) {
        struct quota *quota = quotas->spare;
        quotas->spare = quota->next;
        free(quota);
    }
}

// Where the connection's entry hangs, or would.
static struct quota **find(struct quotas *quotas, uint64_t connection)
{
    struct quota **place = &quotas->buckets[connection % QUOTA_BUCKETS];
    while (*place != NULL && (*place)->connection != connection) {
        place = &(*place)->next;
    }
    return place;
}

struct quota *quotas_enter(struct quotas *quotas, uint64_t connection)
{
    struct quota **place = find(quotas, connection);
    if (*place == NULL) {
        struct quota *made = quotas->spare;
        if (made != NULL) {
            quotas->spare = made->next;
        } else {
            made = malloc(sizeof(*made));
        }
        if (made == NULL) {
            return NULL;
        }
        *made = (struct quota){.connection = connection};
        *place = made;
    }
    (*place)->calls++;
    return *place;
}

void quotas_leave(struct quotas *quotas, struct quota *quota)
{
    CHECK(quota->calls > 0);
    quota->calls--;
    if (quota->calls > 0) {
        return;
    }
    CHECK(quota->bytes == 0 && quota->streams == 0);
    struct quota **place = find(quotas, quota->connection);
    CHECK(*place == quota);
    *place = quota->next;
    quota->next = quotas->spare;
    quotas->spare = quota;
}

void quotas_charge(struct quotas *quotas, struct quota *quota, size_t from_bytes, size_t to_bytes)
{
    CHECK(quota->bytes >= from_bytes && quotas->bytes >= from_bytes);
    quota->bytes = quota->bytes - from_bytes + to_bytes;
    quotas->bytes = quotas->bytes - from_bytes + to_bytes;
}
