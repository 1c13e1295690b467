// Accounts left alone: a few at most, so they are looked through one by one.
#include "base/hash.h"
#include "jobs/sweep_parts.h"

void sweep_skips_add(struct sweep_skips *skips, uint32_t partition, struct span id,
                     int64_t until_ms)
{
    skips->items[skips->next].account = hash_fnv1a(id);
    skips->items[skips->next].partition = partition;
    skips->items[skips->next].until_ms = until_ms;
    skips->next = (skips->next + 1) % SWEEP_SKIPS;
}

bool sweep_skips_has(const struct sweep_skips *skips, uint32_t partition, struct span id,
                     int64_t now_ms)
{
    uint64_t account = hash_fnv1a(id);
    for (uint32_t i = 0; i < SWEEP_SKIPS; i++) {
        if (skips->items[i].account == account && skips->items[i].partition == partition &&
            skips->items[i].until_ms > now_ms) {
            return true;
        }
    }
    return false;
}

uint32_t sweep_skips_of(const struct sweep_skips *skips, uint32_t partition, int64_t now_ms)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < SWEEP_SKIPS; i++) {
        bool counts = skips->items[i].partition == partition && skips->items[i].until_ms > now_ms;
        count += counts ? 1 : 0;
    }
    return count;
}
