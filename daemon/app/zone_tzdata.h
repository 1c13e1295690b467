// The offset table of a named IANA zone, from the system's compiled tzdata (TZif, RFC 9636). Read
// once at start and handed to core as data; the process's own TZ plays no part.
#pragma once

#include "base/span.h"
#include "base/status.h"
#include "core/calendar.h"

// The zone's offsets from 1970 to the end of 2200. `ret_zone` owns its steps: zone_tzdata_free.
// STATUS_NOT_FOUND: no zone of that name, or not a zone's name at all ("../etc/passwd", "/UTC", a
// "right/" zone, which counts leap seconds). STATUS_CORRUPT: its file does not parse. STATUS_IO: it
// could not be read. STATUS_NO_MEMORY.
MUST_CHECK enum status zone_tzdata_load(const char *name, struct zone *ret_zone);
// The same from a TZif file's bytes; STATUS_INVALID when they are not one that this zone table can
// come from (no TZif, or one with leap seconds).
MUST_CHECK enum status zone_tzdata_parse(struct span file, struct zone *ret_zone);
// Accepts a zeroed zone; zeroes it.
void zone_tzdata_free(struct zone *zone);
