// Daemons in one process.
#include "support/service_world.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "app/zone_tzdata.h"
#include "base/check.h"
#include "base/hash.h"
#include "jobs/compact.h"
#include "jobs/runner.h"
#include "jobs/sweep.h"
#include "net/identity.h"
#include "service/bounds.h"
#include "service/dispatch.h"
#include "service/method.h"
#include "support/club.h"
#include "wire/document.h"
#include "wire/instant.h"
#include "wire/message.h"

enum { WORLD_ARENA_BYTES = 512 << 20 };

// --- what is injected ---

static void digest_hash(struct span method, struct span payload, uint8_t *ret_digest)
{
    uint64_t a = hash_fnv1a(method);
    uint64_t b = hash_fnv1a(payload);
    a = a * UINT64_C(0x9e3779b97f4a7c15) ^ b;
    memcpy(ret_digest, &a, REQUEST_DIGEST_BYTES);
}

static void identifier_hash(void *context, struct span bytes, uint8_t *ret_hash)
{
    (void)context;
    CHECK(HMAC(EVP_sha256(), "key", 3, bytes.data, bytes.len, ret_hash, NULL) != NULL);
}

static int64_t monotonic_ms(void *context)
{
    const struct service_world *world = context;
    return world->now_ms;
}

static int64_t wall_ms(void *context)
{
    const struct world_daemon *daemon = context;
    return daemon->world->now_ms + daemon->clock_offset_ms;
}

// --- daemons ---

static void daemon_compact(struct world_daemon *daemon)
{
    struct compact_options options = {.service = daemon->service,
                                      .bytes = daemon->world->compact_bytes};
    if (options.bytes > 0) {
        CHECK(compact_new(&options, &daemon->compact) == STATUS_OK);
    }
}

static void daemon_sweep(struct world_daemon *daemon)
{
    struct sweep_options options = {.service = daemon->service,
                                    .pace = daemon->world->sweep_pace,
                                    .seed = (uint64_t)(daemon - daemon->world->daemons)};
    if (options.pace > 0) {
        CHECK(sweep_new(&options, &daemon->sweep) == STATUS_OK);
    }
}

static void daemon_run_jobs(struct world_daemon *daemon)
{
    struct runner_options options = {.service = daemon->service,
                                     .pace = daemon->world->jobs_pace,
                                     .census_ms = daemon->world->census_ms};
    if (daemon->world->runs_jobs) {
        CHECK(runner_new(&options, &daemon->runner) == STATUS_OK);
    }
}

static void daemon_start(struct world_daemon *daemon, size_t number)
{
    struct service_world *world = daemon->world;
    CHECK(timers_init(&daemon->timers, SERVICE_TIMERS, monotonic_ms, world) == STATUS_OK);
    daemon->front = world->wrap == NULL ? daemon->store : world->wrap(daemon->store);
    struct service_options options = {
        .store = daemon->front,
        .timers = &daemon->timers,
        .wall_ms = wall_ms,
        .wall_context = daemon,
        .chain_hash = club_chain_hash,
        .digest_hash = digest_hash,
        .identifier_hash = world->keyless ? NULL : identifier_hash,
        .profiles = world->profiles,
        .zones = {.load = zone_tzdata_load, .free = zone_tzdata_free},
        .partitions = WORLD_PARTITIONS,
        .sandbox = world->sandbox,
        .cache_accounts = world->cache_accounts,
        .seed = number + 1,
    };
    CHECK(service_new(&options, &daemon->service) == STATUS_OK);
    daemon_compact(daemon);
    daemon_sweep(daemon);
    daemon_run_jobs(daemon);
    service_kick(daemon->service);
}

static void daemon_stop(struct world_daemon *daemon)
{
    service_stop(daemon->service);
    store_free(daemon->front);
    compact_free(daemon->compact);
    daemon->compact = NULL;
    sweep_free(daemon->sweep);
    daemon->sweep = NULL;
    runner_free(daemon->runner);
    daemon->runner = NULL;
    service_free(daemon->service);
    timers_fini(&daemon->timers);
}

struct world_daemon *service_world_add(struct service_world *world)
{
    CHECK(world->daemon_count < WORLD_DAEMONS);
    struct world_daemon *daemon = &world->daemons[world->daemon_count];
    daemon->world = world;
    if (world->daemon_count == 0) {
        CHECK(memory_new(&daemon->store) == STATUS_OK);
        memory_set_now(daemon->store, world->now_ms);
    } else {
        CHECK(memory_share(world->daemons[0].store, &daemon->store) == STATUS_OK);
    }
    world->daemon_count++;
    daemon_start(daemon, world->daemon_count);
    world_run_daemon(daemon);
    return daemon;
}

void service_world_restart_apart(struct world_daemon *daemon)
{
    struct store *store = NULL;
    CHECK(memory_share(daemon->store, &store) == STATUS_OK);
    daemon_stop(daemon);
    daemon->store = store;
    daemon_start(daemon, (size_t)(daemon - daemon->world->daemons) + 1);
}

void service_world_restart(struct world_daemon *daemon)
{
    service_world_restart_apart(daemon);
    world_run_daemon(daemon);
}

void service_world_compact(struct service_world *world, uint64_t bytes)
{
    world->compact_bytes = bytes;
    for (size_t i = 0; i < world->daemon_count; i++) {
        CHECK(world->daemons[i].compact == NULL);
        daemon_compact(&world->daemons[i]);
    }
}

void service_world_sweep(struct service_world *world, uint32_t pace)
{
    world->sweep_pace = pace;
    for (size_t i = 0; i < world->daemon_count; i++) {
        CHECK(world->daemons[i].sweep == NULL);
        daemon_sweep(&world->daemons[i]);
    }
}

void service_world_run_jobs(struct service_world *world)
{
    world->runs_jobs = true;
    for (size_t i = 0; i < world->daemon_count; i++) {
        CHECK(world->daemons[i].runner == NULL);
        daemon_run_jobs(&world->daemons[i]);
    }
}

void service_world_init(struct service_world *world, bool sandbox)
{
    *world = (struct service_world){.now_ms = WORLD_START_MS, .sandbox = sandbox};
    arena_init(&world->arena, WORLD_ARENA_BYTES);
    (void)service_world_add(world);
}

void service_world_fini(struct service_world *world)
{
    for (size_t i = 0; i < world->daemon_count; i++) {
        daemon_stop(&world->daemons[i]);
    }
    arena_fini(&world->arena);
}

// --- calls ---

static void on_reply(void *context, const struct dispatch_origin *origin,
                     const struct dispatch_reply *reply)
{
    (void)origin;
    struct world_answer *answer = context;
    struct service_world *world = answer->world;
    answer->times++;
    answer->replayed = reply->replayed;
    if (reply->error != NULL) {
        answer->code = reply->error->code;
        answer->reason = world_text(world, "%s", reply->error->reason);
        answer->field = world_text(world, "%s", reply->error->field);
        answer->message = world_text(world, "%s", reply->error->message);
        return;
    }
    struct message_fault fault;
    CHECK(arena_copy(&world->arena, reply->payload, &answer->payload) == STATUS_OK);
    CHECK(message_decode(answer->type, answer->payload, &world->arena, &answer->reply, &fault) ==
          STATUS_OK);
}

static struct identity identity_of(const char *peer)
{
    struct identity identity = {0};
    const char *slash = strchr(peer, '/');
    size_t role_len = slash == NULL ? strlen(peer) : (size_t)(slash - peer);
    CHECK(role_len < sizeof(identity.role));
    memcpy(identity.role, peer, role_len);
    if (slash != NULL) {
        snprintf(identity.unit, sizeof(identity.unit), "%s", slash + 1);
    }
    return identity;
}

void world_ask_bytes(struct world_daemon *daemon, const char *peer, const char *path,
                     struct span payload, uint32_t timeout_ms, struct world_answer *answer)
{
    const struct method *method = method_find(span_of_text(path));
    struct identity identity = identity_of(peer);
    *answer = (struct world_answer){.world = daemon->world,
                                    .type = method == NULL ? NULL : method->response};
    struct dispatch_call call = {
        .peer = &identity,
        .method = span_of_text(path),
        .payload = payload,
        .timeout_ms = timeout_ms,
        .on_reply = on_reply,
        .context = answer,
    };
    dispatch_call(daemon->service, &call);
}

static ProtobufCMessage *read_json(struct service_world *world, const struct method *method,
                                   const char *json)
{
    struct problems problems = {.arena = &world->arena};
    ProtobufCMessage *message = NULL;
    CHECK(document_read(span_of_text(json), method->request, &problems, &message) == STATUS_OK);
    if (problems.count > 0) {
        fprintf(stderr, "%.*s: %.*s in %s\n", (int)problems.items[0].path.len,
                (const char *)problems.items[0].path.data, (int)problems.items[0].reason.len,
                (const char *)problems.items[0].reason.data, json);
    }
    CHECK(message != NULL);
    return message;
}

static const struct method *find_method(struct service_world *world, const char *name)
{
    const char *path = *name == '/' ? name : world_text(world, "/loyalty.v1.%s", name);
    const struct method *method = method_find(span_of_text(path));
    CHECK(method != NULL);
    return method;
}

struct span world_bytes(struct service_world *world, const char *method, const char *json)
{
    ProtobufCMessage *message = read_json(world, find_method(world, method), json);
    struct span bytes;
    CHECK(message_encode(message, &world->arena, &bytes) == STATUS_OK);
    return bytes;
}

void world_ask(struct world_daemon *daemon, const char *peer, const char *method, const char *json,
               struct world_answer *answer)
{
    struct service_world *world = daemon->world;
    const struct method *row = find_method(world, method);
    world_ask_bytes(daemon, peer, row->path, world_bytes(world, method, json), 0, answer);
}

void world_digest(struct service_world *world, const char *method, const char *json,
                  uint8_t *ret_digest)
{
    const struct method *row = find_method(world, method);
    CHECK(commands_digest(&world->arena, span_of_text(row->path), read_json(world, row, json),
                          digest_hash, ret_digest) == STATUS_OK);
}

void world_call(struct world_daemon *daemon, const char *peer, const char *method, const char *json,
                struct world_answer *answer)
{
    world_ask(daemon, peer, method, json, answer);
    world_run_daemon(daemon);
}

const char *world_end(const struct world_answer *answer)
{
    if (answer->times != 1) {
        return answer->times == 0 ? "NONE" : "TWICE";
    }
    if (answer->code != LOYALTY__V1__CODE__CODE_UNSPECIFIED) {
        return answer->reason;
    }
    return answer->replayed ? "REPLAYED" : "OK";
}

// --- running ---

bool world_step(struct world_daemon *daemon)
{
    bool stepped = memory_step(daemon->store);
    timers_run(&daemon->timers);
    return stepped;
}

void world_run_daemon(struct world_daemon *daemon)
{
    timers_run(&daemon->timers);
    while (world_step(daemon)) {
    }
}

void world_run(struct service_world *world)
{
    bool stepped = true;
    while (stepped) {
        stepped = false;
        for (size_t i = 0; i < world->daemon_count; i++) {
            timers_run(&world->daemons[i].timers);
            stepped = (!world->daemons[i].cut && world_step(&world->daemons[i])) || stepped;
        }
    }
}

void world_pass(struct service_world *world, int64_t ms)
{
    while (ms > 0) {
        int64_t step_ms = ms < 50 ? ms : 50;
        world->now_ms += step_ms;
        ms -= step_ms;
        memory_set_now(world->daemons[0].store, world->now_ms);
        world_run(world);
    }
}

// --- common calls ---

static void must_succeed(const struct world_answer *answer, const char *what)
{
    if (answer->times != 1 || answer->code != LOYALTY__V1__CODE__CODE_UNSPECIFIED) {
        fprintf(stderr, "%s: answered %u times, %s: %s\n", what, answer->times,
                answer->reason == NULL ? "" : answer->reason,
                answer->message == NULL ? "" : answer->message);
    }
    CHECK(answer->times == 1 && answer->code == LOYALTY__V1__CODE__CODE_UNSPECIFIED);
}

void service_world_publish(struct service_world *world)
{
    struct world_answer answer;
    world_call(&world->daemons[0], "admin/head-office", "ProgramsService/PublishProgram",
               world_text(world,
                          "{%s, \"program\": %s, \"effective_from\": \"2020-01-01T00:00:00Z\"}",
                          world_mutation(world, world_id(world)), service_world_program(world, "")),
               &answer);
    must_succeed(&answer, "publish");
}

void world_enroll(struct service_world *world, const char *member_id)
{
    struct world_answer answer;
    world_call(&world->daemons[0], "backend/crm", "MembersService/Enroll",
               world_enroll_text(world, world_id(world), member_id, NULL), &answer);
    must_succeed(&answer, "enroll");
}

const Loyalty__V1__AwardResponse *world_award(struct service_world *world, const char *member_id,
                                              int64_t amount_minor)
{
    struct world_answer answer;
    world_call(&world->daemons[0], "pos/store-1/till-1", "PointsService/Award",
               world_award_text(world, world_id(world), member_id, amount_minor), &answer);
    must_succeed(&answer, "award");
    return (const Loyalty__V1__AwardResponse *)answer.reply;
}

const Loyalty__V1__GetMemberResponse *world_member(struct world_daemon *daemon,
                                                   const char *member_id)
{
    struct world_answer answer;
    world_call(daemon, "backend/app", "MembersService/GetMember",
               world_member_text(daemon->world, member_id), &answer);
    must_succeed(&answer, "member");
    return (const Loyalty__V1__GetMemberResponse *)answer.reply;
}

void service_world_open(struct service_world *world, size_t daemons)
{
    service_world_init(world, false);
    service_world_publish(world);
    for (size_t i = 1; i < daemons; i++) {
        (void)service_world_add(world);
    }
}
