// Daemons: real services over a store whose calls go through the simulated network, on a clock that
// may be wrong. What a daemon needs from the machine (hashes, zones) is given here, cheap and the
// same on every machine.
#include <stdio.h>

#include "app/zone_tzdata.h"
#include "base/check.h"
#include "net/identity.h"
#include "service/bounds.h"
#include "service/method.h"
#include "sim/sim.h"

enum { CACHED_ALL = 4096 }; // members and terminals' days

// --- what is injected ---

// A chain needs no cryptography here: nobody attacks it, and 128 mixed bits find every mistake.
void sim_chain_hash(const uint8_t *previous, struct span record, uint8_t *ret_hash)
{
    uint64_t words[2];
    uint64_t start = trace_hash(1, span_of(previous, CHAIN_HASH_BYTES));
    words[0] = trace_hash(start, record);
    words[1] = trace_hash(words[0] ^ start, span_of(words, sizeof(words[0])));
    memcpy(ret_hash, words, CHAIN_HASH_BYTES);
}

static void digest_hash(struct span method, struct span payload, uint8_t *ret_digest)
{
    uint64_t hash = trace_hash(trace_hash(2, method), payload);
    memcpy(ret_digest, &hash, sizeof(hash));
}

static void identifier_hash(void *context, struct span bytes, uint8_t *ret_hash)
{
    (void)context;
    for (uint64_t i = 0; i < 4; i++) {
        uint64_t hash = trace_hash(3 + i, bytes);
        memcpy(ret_hash + i * sizeof(hash), &hash, sizeof(hash));
    }
}

void sim_identifier(uint32_t kind, struct span value, struct identifier *ret_identifier)
{
    uint8_t bytes[1 + LIMIT_IDENTIFIER_BYTES];
    uint8_t hash[32];
    CHECK(value.len <= LIMIT_IDENTIFIER_BYTES);
    bytes[0] = (uint8_t)kind;
    memcpy(bytes + 1, value.data, value.len);
    identifier_hash(NULL, span_of(bytes, 1 + value.len), hash);
    ret_identifier->kind = kind;
    memcpy(ret_identifier->key, hash, sizeof(ret_identifier->key));
}

static int64_t monotonic_ms(void *context)
{
    const struct sim *sim = context;
    return sim->now_ms;
}

static int64_t wall_ms(void *context)
{
    const struct daemon *daemon = context;
    return daemon->sim->now_ms + daemon->clock_offset_ms;
}

// The one zone of all programs, read once in the process.
static enum status load_zone(const char *name, struct zone *ret_zone)
{
    static struct zone zone;
    if (strcmp(name, "Asia/Shanghai") != 0) {
        return STATUS_NOT_FOUND;
    }
    if (zone.count == 0) {
        TRY(zone_tzdata_load(name, &zone));
    }
    *ret_zone = zone;
    return STATUS_OK;
}

static void free_zone(struct zone *zone)
{
    *zone = (struct zone){0};
}

// --- life ---

bool daemon_is_frozen(const struct daemon *daemon)
{
    return daemon->paused_until_ms > daemon->sim->now_ms;
}

static void start_compaction(struct daemon *daemon)
{
    struct compact_options options = {.service = daemon->service,
                                      .bytes = daemon->sim->kind->compact_bytes};
    if (options.bytes > 0) {
        CHECK(compact_new(&options, &daemon->compact) == STATUS_OK);
    }
}

static void start_sweeping(struct daemon *daemon)
{
    struct sweep_options options = {
        .service = daemon->service, .pace = daemon->sim->kind->sweep_pace, .seed = daemon->number};
    if (options.pace > 0) {
        CHECK(sweep_new(&options, &daemon->sweep) == STATUS_OK);
    }
}

void daemon_start(struct daemon *daemon)
{
    struct sim *sim = daemon->sim;
    CHECK(!daemon->up);
    CHECK(timers_init(&daemon->timers, SERVICE_TIMERS, monotonic_ms, sim) == STATUS_OK);
    link_open(daemon);
    struct service_options options = {
        .store = daemon->store,
        .timers = &daemon->timers,
        .wall_ms = wall_ms,
        .wall_context = daemon,
        .chain_hash = sim_chain_hash,
        .digest_hash = digest_hash,
        .identifier_hash = identifier_hash,
        .zones = {.load = load_zone, .free = free_zone},
        .partitions = SIM_PARTITIONS,
        .cache_accounts = sim->kind->cache_accounts > 0 ? sim->kind->cache_accounts : CACHED_ALL,
        .seed = random_u64(&sim->random),
    };
    CHECK(service_new(&options, &daemon->service) == STATUS_OK);
    start_compaction(daemon);
    start_sweeping(daemon);
    daemon->up = true;
    daemon->known_entries = 0;
    daemon->head_store_ms = 0;
    daemon->head_asked_ms = 0;
    memset(daemon->knew, 0, sizeof(daemon->knew));
    sim_note(sim, "daemon starts: daemon", daemon->number, 0, 0);
    service_kick(daemon->service);
}

static void count_swept(const struct daemon *daemon)
{
    if (daemon->sweep != NULL) {
        struct sweep_counts counts = sweep_counts(daemon->sweep);
        daemon->sim->counts->swept += counts.written;
        daemon->sim->counts->due_corrected += counts.corrected;
    }
}

void daemon_kill(struct daemon *daemon)
{
    CHECK(daemon->up && !daemon->dying);
    sim_note(daemon->sim, "daemon is killed: daemon, open calls", daemon->number,
             (int64_t)daemon->open_calls, 0);
    daemon->dying = true;
    service_stop(daemon->service);
    while (daemon->open_first != NULL) {
        link_break(daemon);
    }
    store_free(daemon->store);
    compact_free(daemon->compact);
    count_swept(daemon);
    sweep_free(daemon->sweep);
    service_free(daemon->service);
    timers_fini(&daemon->timers);
    CHECK(daemon->open_calls == 0);
    daemon->compact = NULL;
    daemon->sweep = NULL;
    daemon->paused_until_ms = 0;
    daemon->dying = false;
    daemon->up = false;
}

void daemon_run_timers(struct daemon *daemon)
{
    timers_run(&daemon->timers);
}

// --- requests ---

static void call_free(struct call *call)
{
    struct sim *sim = call->sim;
    sim->daemons[call->daemon].open_calls--;
    call->open = false;
    call->next = sim->spare_calls;
    sim->spare_calls = call;
}

static void on_reply(void *context, const struct dispatch_origin *origin,
                     const struct dispatch_reply *reply)
{
    struct call *call = context;
    struct sim *sim = call->sim;
    if (!call->open || origin->correlation != call->number) {
        sim_violated(sim, "no request is answered twice", "call %llu was answered again",
                     (unsigned long long)origin->correlation);
    }
    if (!sim->daemons[call->daemon].dying) {
        judge_answer(sim, call, reply);
        client_answered(sim, call, reply);
    }
    call_free(call);
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

void daemon_ask(struct daemon *daemon, struct call *call)
{
    struct sim *sim = daemon->sim;
    const struct intent *intent = call->intent;
    struct identity identity = identity_of(intent->row->peer);
    struct dispatch_call dispatch = {
        .peer = &identity,
        .method = span_of_text(intent->row->path),
        .payload = call->payload,
        .origin = {.correlation = call->number},
        .on_reply = on_reply,
        .context = call,
    };
    call->open = true;
    call->step = sim->trace->step;
    call->at_ms = sim->now_ms;
    call->least_seq = intent->book == NULL ? 0 : intent->book->synced_seq;
    call->losses = sim->server.losses;
    call->excused_ms = sim->leapt_ms + daemon->paused_ms;
    daemon->open_calls++;
    sim->counts->deliveries++;
    if (intent->ask != NULL) {
        intent->ask->may_run++;
    }
    sim_note(sim, "request comes: call, request id, daemon", (int64_t)call->number,
             intent->ask == NULL ? 0 : (int64_t)intent->ask->number, daemon->number);
    dispatch_call(daemon->service, &dispatch);
}
