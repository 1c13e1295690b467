// Requests about memberships, and looks into their logs.
#include "support/lives.h"

#include <string.h>

#include "base/check.h"
#include "core/ledger.h"
#include "support/club.h"

static const char *about(struct service_world *world, const char *request_id, const char *member_id,
                         const char *rest)
{
    return world_text(world, "{%s, \"member\": {\"member_id\": \"%s\"}%s}",
                      world_mutation(world, request_id), member_id, rest);
}

const char *life_status_text(struct service_world *world, const char *request_id,
                             const char *member_id, const char *status)
{
    return about(world, request_id, member_id,
                 world_text(world, ", \"status\": \"%s\", \"reason\": \"asked\"", status));
}

const char *life_merge_text(struct service_world *world, const char *request_id,
                            const char *member_id, const char *into)
{
    return about(
        world, request_id, member_id,
        world_text(world, ", \"into\": {\"member_id\": \"%s\"}, \"reason\": \"one\"", into));
}

const char *life_erase_text(struct service_world *world, const char *request_id,
                            const char *member_id)
{
    return about(world, request_id, member_id, ", \"reason\": \"asked\"");
}

const char *life_call(struct world_daemon *daemon, const char *peer, const char *method,
                      const char *json, struct world_answer *answer)
{
    struct world_answer *told =
        answer != NULL ? answer : arena_alloc(&daemon->world->arena, sizeof(*told));
    CHECK(told != NULL);
    world_call(daemon, peer, method, json, told);
    if (told->times == 0) {
        world_pass(daemon->world, 1000); // it waits for a timer
    }
    return world_end(told);
}

static bool is_open(const char *end)
{
    static const char *const ends[] = {"STORE_UNAVAILABLE", "OUTCOME_UNKNOWN", "MERGING",
                                       "UNFINISHED",        "NO_LEASE",        "RECEIPT_BUSY"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (strcmp(end, ends[i]) == 0) {
            return true;
        }
    }
    return false;
}

const char *life_until_definite(struct world_daemon *daemon, const char *peer, const char *method,
                                const char *json, struct world_answer *answer)
{
    const char *end = life_call(daemon, peer, method, json, answer);
    for (size_t i = 0; i < 20 && is_open(end); i++) {
        world_run(daemon->world);
        world_pass(daemon->world, 1000);
        end = life_call(daemon, peer, method, json, answer);
    }
    CHECK(!is_open(end));
    return end;
}

void life_fold(struct service_world *world, const char *member_id, struct account *ret_account)
{
    struct store_account place = world_place(member_id);
    struct span log = world_log(world, member_id);
    struct arena arena;
    const char *what = NULL;
    arena_init(&arena, (size_t)1 << 24);
    account_init(ret_account);
    CHECK(ledger_fold(ret_account, log, place.id, place.partition, club_chain_hash, &arena, NULL) ==
          STATUS_OK);
    CHECK(log.len == 0 || account_check(ret_account, &what) == STATUS_OK);
    arena_fini(&arena);
}

int64_t life_points(struct service_world *world, const char *const *members, size_t count)
{
    int64_t points = 0;
    for (size_t i = 0; i < count; i++) {
        struct account account;
        life_fold(world, members[i], &account);
        points += account.balance + account.pending_points + account.held_points;
        account_fini(&account);
    }
    return points;
}

bool life_is_unfinished(struct service_world *world, const char *member_id)
{
    struct account account;
    life_fold(world, member_id, &account);
    bool unfinished = account_unfinished(&account);
    account_fini(&account);
    return unfinished;
}

enum member_status life_status(struct service_world *world, const char *member_id)
{
    struct account account;
    life_fold(world, member_id, &account);
    enum member_status status = account_status(&account);
    account_fini(&account);
    return status;
}
