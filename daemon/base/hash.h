// FNV-1a, 64 bits: for tables inside a process and for member -> partition, never where an attacker
// gains by a collision. What must not collide uses SHA-256, injected from outside (core/chain.h).
#pragma once

#include <stdint.h>

#include "base/span.h"

uint64_t hash_fnv1a(struct span bytes);
