// The Redis Function library (functions.lua) that this binary carries.
#pragma once

#include "base/span.h"

#define REDIS_LIBRARY "loyalty_v1" // the version is in the name: its code never changes its meaning

struct span redis_functions_code(void);
