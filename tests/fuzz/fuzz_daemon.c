// The world is made once and kept, for making it takes longer than most inputs.
#include "fuzz/fuzz_daemon.h"

#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/log.h"
#include "fuzz/fuzz.h"
#include "fuzz/fuzz_club.h"
#include "loyalty/v1/admin.pb-c.h"
#include "loyalty/v1/points.pb-c.h"
#include "loyalty/v1/tills.pb-c.h"
#include "service/method.h"
#include "support/club.h"
#include "wire/message.h"

enum {
    TIMERS = 256,
    CACHED_ACCOUNTS = 16,
    INPUTS_A_WORLD = 20000, // names of members that were there for a while stay in it
};

struct service_world fuzz_world;

static struct service_world *const world = &fuzz_world;
static int64_t began_ms;

// --- the daemon ---

static void digest_hash(struct span method, struct span payload, uint8_t *ret_digest)
{
    uint64_t digest = hash_fnv1a(method) * 31 + hash_fnv1a(payload);
    memcpy(ret_digest, &digest, REQUEST_DIGEST_BYTES);
}

static void identifier_hash(void *context, struct span bytes, uint8_t *ret_hash)
{
    (void)context;
    for (uint64_t i = 0; i < 4; i++) {
        uint64_t hash = (hash_fnv1a(bytes) + i) * UINT64_C(0x9e3779b97f4a7c15);
        memcpy(ret_hash + 8 * i, &hash, sizeof(hash));
    }
}

static int64_t now_ms(void *context)
{
    (void)context;
    return world->now_ms;
}

static void start(struct world_daemon *daemon)
{
    CHECK(timers_init(&daemon->timers, TIMERS, now_ms, NULL) == STATUS_OK);
    daemon->front = daemon->store;
    struct service_options options = {
        .store = daemon->store,
        .timers = &daemon->timers,
        .wall_ms = now_ms,
        .chain_hash = club_chain_hash,
        .digest_hash = digest_hash,
        .identifier_hash = identifier_hash,
        .zones = {.load = fuzz_zone_load, .free = fuzz_zone_free},
        .partitions = WORLD_PARTITIONS,
        .cache_accounts = CACHED_ACCOUNTS,
        .seed = 1,
    };
    CHECK(service_new(&options, &daemon->service) == STATUS_OK);
    service_kick(daemon->service);
    world_run_daemon(daemon);
}

static void stop(struct world_daemon *daemon)
{
    struct store *store = NULL;
    CHECK(memory_share(daemon->store, &store) == STATUS_OK);
    service_stop(daemon->service);
    store_free(daemon->store);
    service_free(daemon->service);
    timers_fini(&daemon->timers);
    daemon->store = store;
}

// --- the world ---

// Two members, one with a card and points; the clock a little later.
static void make_world(void)
{
    struct world_answer answer;
    log_set_level((enum log_level)(LOG_ERROR + 1)); // nothing at all
    service_world_open(world, 1);
    world_call(&world->daemons[0], "backend/crm", "MembersService/Enroll",
               world_enroll_text(world, world_id(world), "anna", "4006381333931"), &answer);
    CHECK(strcmp(world_end(&answer), "OK") == 0);
    world_enroll(world, "ben");
    (void)world_award(world, "anna", 250000);
    world_pass(world, 1000);
    stop(&world->daemons[0]);
    memory_journal(world->daemons[0].store);
}

static void free_world(void)
{
    start(&world->daemons[0]); // as the world expects it
    service_world_fini(world);
}

void fuzz_daemon_begin(size_t memory_bytes)
{
    static uint32_t inputs;
    if (inputs++ % INPUTS_A_WORLD == 0) {
        if (inputs > 1) {
            free_world();
        }
        make_world();
    }
    began_ms = world->now_ms;
    fuzz_memory_begin(memory_bytes);
    start(&world->daemons[0]);
}

void fuzz_daemon_end(void)
{
    stop(&world->daemons[0]);
    fuzz_memory_end();
    memory_journal_lose(world->daemons[0].store, 0);
    arena_reset(&world->arena);
    world->now_ms = began_ms;
    memory_set_now(world->daemons[0].store, began_ms);
}

// --- what happens in it ---

void fuzz_daemon_run(void)
{
    world_run_daemon(&world->daemons[0]);
}

void fuzz_daemon_pass(int64_t ms)
{
    world->now_ms += ms;
    memory_set_now(world->daemons[0].store, world->now_ms);
    fuzz_daemon_run();
}

void fuzz_daemon_verify(void)
{
    if (memory_journal_count(world->daemons[0].store) == 0) {
        return;
    }
    for (uint32_t i = 0; i < WORLD_PARTITIONS; i++) {
        Loyalty__V1__VerifyAccountsRequest request = LOYALTY__V1__VERIFY_ACCOUNTS_REQUEST__INIT;
        struct world_answer answer;
        struct span bytes;
        request.partition = i;
        CHECK(message_encode(&request.base, &world->arena, &bytes) == STATUS_OK);
        world_ask_bytes(&world->daemons[0], "job/nightly",
                        "/loyalty.v1.AdminService/VerifyAccounts", bytes, 0, &answer);
        fuzz_daemon_run();
        CHECK(answer.times == 1 && answer.code == LOYALTY__V1__CODE__CODE_UNSPECIFIED);
        CHECK(((const Loyalty__V1__VerifyAccountsResponse *)answer.reply)->n_faults == 0);
    }
}

// A message of the type, in the world's arena; NULL: it is none.
static const ProtobufCMessage *read_as(const ProtobufCMessageDescriptor *type, struct span bytes)
{
    ProtobufCMessage *message = NULL;
    struct message_fault fault;
    enum status status = message_decode(type, bytes, &world->arena, &message, &fault);
    return status == STATUS_OK ? message : NULL;
}

bool fuzz_leaves_nothing(const char *path, struct span request)
{
    const struct method *method = method_find(span_of_text(path));
    if (method == NULL || method->request == &loyalty__v1__reconcile_request__descriptor) {
        return method != NULL;
    }
    if (method->request == &loyalty__v1__award_request__descriptor) {
        const Loyalty__V1__AwardRequest *award =
            (const Loyalty__V1__AwardRequest *)read_as(method->request, request);
        return award != NULL && award->sale != NULL && award->sale->training;
    }
    return false;
}
