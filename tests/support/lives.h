// Members whose memberships change, in a service world: what is asked for them, and what their logs
// say behind the daemons' backs.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/account.h"
#include "support/service_world.h"

#define LIFE_ADMIN "admin/hq"
#define LIFE_TILL "pos/store-1/till-1"

// Whole requests.
const char *life_status_text(struct service_world *world, const char *request_id,
                             const char *member_id, const char *status);
const char *life_merge_text(struct service_world *world, const char *request_id,
                            const char *member_id, const char *into);
const char *life_erase_text(struct service_world *world, const char *request_id,
                            const char *member_id);

// One call of a method, answered: how it ended. `answer` may be NULL.
const char *life_call(struct world_daemon *daemon, const char *peer, const char *method,
                      const char *json, struct world_answer *answer);
// The same request again and again until it has a definite end.
const char *life_until_definite(struct world_daemon *daemon, const char *peer, const char *method,
                                const char *json, struct world_answer *answer);

// Folds the stored log and checks it; freed by the caller (account_fini). No log: an empty account.
void life_fold(struct service_world *world, const char *member_id, struct account *ret_account);
// Spendable and pending points, less the deficit, of all of them.
int64_t life_points(struct service_world *world, const char *const *members, size_t count);
bool life_is_unfinished(struct service_world *world, const char *member_id);
enum member_status life_status(struct service_world *world, const char *member_id);
