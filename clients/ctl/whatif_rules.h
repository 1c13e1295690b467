// The programs that `program whatif` compares, as core takes them: from files, or from the service.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "core/program.h"
#include "ctl/document.h"
#include "ctl/session.h"

// Versions and what they are made of; all in the arena they were read with.
struct whatif_rules {
    struct program_version versions[LIMIT_PROGRAM_VERSIONS + 1];
    struct program_set set;
};

// This machine's table of a zone, from 1970 to 2200, and from here on local time is that of this
// zone. False, and said so, for one that it does not know.
bool whatif_zone(const char *name, struct arena *arena, struct zone *ret_zone);

// Adds a version behind those there are. CTL_OK, or an exit code with the reason told: CTL_USAGE
// for one that does not begin behind the last.
int whatif_rules_add(struct whatif_rules *rules, const Loyalty__V1__Program *document,
                     int64_t effective_from_ms, const struct zone *zone, struct arena *arena);
// Every version of the service that stands, by its instant; of `ret_latest` the document. CTL_OK,
// or an exit code with the reason told.
int whatif_rules_fetch(struct session *session, const struct zone *zone,
                       struct whatif_rules *rules);
// The version in force now, or the latest there is. CTL_REFUSED, told, when there is none.
int whatif_fetch_current(struct session *session, const Loyalty__V1__Program **ret_document);
// The latest version, in force or not, which is what the next one follows. The same.
int whatif_fetch_latest(struct session *session, const Loyalty__V1__Program **ret_document);
