// What the corpora began with, made from real things: requests of every method, logs of random
// histories, the programs of this repository, zones of tzdata, certificates of a test authority.
#pragma once

#include "base/arena.h"
#include "base/span.h"

// Writes <folder>/<driver>/<name>, the folder being the program's argument.
void seed_write(const char *driver, const char *name, struct span bytes);
void seed_write_text(const char *driver, const char *name, const char *text);
// A request of a method (request_types.h), written as JSON.
struct span seed_request(size_t method, const char *json, struct arena *into);

void seeds_frames(void);
void seeds_messages(void);
void seeds_requests(void);
void seeds_trees(void);
void seeds_dispatch(void);
void seeds_calls(void);
void seeds_stored(void);
void seeds_programs(void);
void seeds_identities(void);
void seeds_certificates(void);
void seeds_redis(void);
void seeds_answers(void);
void seeds_zones(void);
void seeds_ctl(void);
