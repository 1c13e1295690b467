// RESP that says little and costs much: arrays of thousands, announced and not sent, are made room
// for. The drivers leave them to a seed.
#pragma once

#include <stdbool.h>

#include "base/span.h"

// Whether the bytes announce an array that is large but within what a reply may have.
bool resp_is_costly(struct span bytes);
