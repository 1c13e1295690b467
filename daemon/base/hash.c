// FNV-1a as published by Fowler, Noll and Vo (draft-eastlake-fnv), 64-bit parameters. The partition
// of a member is derived from it and stored, so its values never change.
#include "base/hash.h"

static const uint64_t offset_basis = UINT64_C(0xcbf29ce484222325);
static const uint64_t prime = UINT64_C(0x100000001b3);

uint64_t hash_fnv1a(struct span bytes)
{
    uint64_t hash = offset_basis;
    for (size_t i = 0; i < bytes.len; i++) {
        hash = (hash ^ bytes.data[i]) * prime;
    }
    return hash;
}
