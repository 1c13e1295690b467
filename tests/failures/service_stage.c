// The stage, and the judgement of one request.
#include "failures/service_stage.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/check.h"
#include "failures/harness.h"
#include "lib/reply.h"
#include "net/identity.h"
#include "service/dispatch.h"
#include "service/method.h"

enum { STEP_MS = 50, ANSWER_MS = 2 * LIMIT_REQUEST_MS };

struct stage stage;

// --- OpenSSL is the test's here: its allocations do not fail ---

static void *crypto_malloc(size_t bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    unsigned depth = inject_pause();
    void *memory = malloc(bytes);
    inject_resume(depth);
    return memory;
}

static void *crypto_realloc(void *old, size_t bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    unsigned depth = inject_pause();
    void *memory = realloc(old, bytes);
    inject_resume(depth);
    return memory;
}

static void crypto_free(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

// --- the world ---

void stage_own_crypto(void)
{
    CHECK(CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free) == 1);
}

static void open_world(bool sandbox)
{
    stage_own_crypto();
    service_world_init(&stage.world, sandbox);
    service_world_publish(&stage.world);
    stage.world.wrap = gate_store_new;
    (void)service_world_add(&stage.world);
    stage.rival = &stage.world.daemons[0];
    stage.daemon = &stage.world.daemons[1];
    stage_settle();
}

void stage_open(void)
{
    open_world(false);
}

void stage_open_sandbox(void)
{
    open_world(true);
}

void stage_close(void)
{
    service_world_fini(&stage.world);
}

// The rival's store is run by its own calls; what waits at the gate and behind it is run here.
bool stage_step(void)
{
    bool stepped = gate_store_step(stage.daemon->front) || memory_step(stage.daemon->store);
    inject_enter();
    timers_run(&stage.daemon->timers);
    inject_leave();
    return stepped;
}

void stage_settle(void)
{
    while (stage_step()) {
    }
}

void stage_pass(int64_t ms)
{
    while (ms > 0) {
        int64_t step_ms = ms < STEP_MS ? ms : STEP_MS;
        ms -= step_ms;
        stage.world.now_ms += step_ms;
        memory_set_now(stage.rival->store, stage.world.now_ms);
        world_run_daemon(stage.rival);
        stage_settle();
    }
}

uint64_t stage_look(const char *member, int64_t *ret_balance)
{
    *ret_balance = 0;
    bool there = member != NULL && world_log(&stage.world, member).len > 0;
    return there ? world_verify(&stage.world, member, ret_balance) : 0;
}

uint64_t stage_count_events(void)
{
    uint64_t events = 0;
    for (uint32_t i = 0; i < WORLD_PARTITIONS; i++) {
        events += memory_event_count(stage.rival->store, i);
    }
    return events + memory_event_count(stage.rival->store, LIMIT_PARTITIONS);
}

// --- calls ---

static void take_reply(struct stage_call *call, const struct dispatch_reply *reply)
{
    call->times++;
    call->replayed = reply->replayed;
    call->code = LOYALTY__V1__CODE__CODE_UNSPECIFIED;
    call->len = 0;
    call->reason[0] = '\0';
    if (reply->error != NULL) {
        call->code = reply->error->code;
        (void)snprintf(call->reason, sizeof(call->reason), "%s", reply->error->reason);
        return;
    }
    REQUIRE(reply->payload.len <= sizeof(call->payload), "an answer of %zu bytes",
            reply->payload.len);
    memcpy(call->payload, reply->payload.data, reply->payload.len);
    call->len = reply->payload.len;
}

static void on_reply(void *context, const struct dispatch_origin *origin,
                     const struct dispatch_reply *reply)
{
    (void)origin;
    unsigned depth = inject_pause();
    take_reply(context, reply);
    inject_resume(depth);
}

static struct identity identity_of(const char *peer)
{
    struct identity identity = {0};
    const char *slash = strchr(peer, '/');
    CHECK(slash != NULL && (size_t)(slash - peer) < sizeof(identity.role));
    memcpy(identity.role, peer, (size_t)(slash - peer));
    (void)snprintf(identity.unit, sizeof(identity.unit), "%s", slash + 1);
    return identity;
}

void stage_ask(struct stage_call *call)
{
    char path[128];
    struct identity identity = identity_of(call->peer);
    (void)snprintf(path, sizeof(path), "/loyalty.v1.%s", call->method);
    struct dispatch_call asked = {
        .peer = &identity,
        .method = span_of_text(path),
        .payload = call->bytes,
        .on_reply = on_reply,
        .context = call,
    };
    call->times = 0;
    inject_enter();
    dispatch_call(stage.daemon->service, &asked);
    inject_leave();
}

void stage_call(struct stage_call *call)
{
    stage_ask(call);
    stage_settle();
    for (int64_t passed_ms = 0; call->times == 0 && passed_ms < ANSWER_MS; passed_ms += STEP_MS) {
        stage_pass(STEP_MS);
    }
    REQUIRE(call->times == 1, "answered %u times", call->times);
}

void stage_rival_gives(enum gate_rival what)
{
    const Loyalty__V1__AwardResponse *award = world_award(&stage.world, "anna", 1000);
    stage.rival_points += award->points;
    stage.rival_records++;
    stage.rival_events++;
    if (what == RIVAL_COMPACTS) {
        world_compact_now(&stage.world, "anna", 0);
    }
}
