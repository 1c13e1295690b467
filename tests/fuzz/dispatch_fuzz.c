// Whole requests through the service: dispatch, handlers, core, the store in memory and back. Each
// input has a daemon of its own, started over the same few members; what it wrote is taken back.
// Every call is answered once, with an answer or an error that says why; what was applied is the
// same when it is asked again; the accounts verify.
//
// Input: calls one after the other: who, which method, what happens before, two bytes of length,
// the request.
#include "fuzz/fuzz.h"

#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/log.h"
#include "fuzz/fuzz_club.h"
#include "fuzz/mutate_message.h"
#include "fuzz/request_types.h"
#include "loyalty/v1/admin.pb-c.h"
#include "loyalty/v1/tills.pb-c.h"
#include "service/method.h"
#include "support/club.h"
#include "support/service_world.h"
#include "wire/message.h"

enum {
    HEAD_BYTES = 5,
    CALLS_MAX = 6,
    TIMERS = 64,
    CACHED_ACCOUNTS = 16,
    INPUTS_A_WORLD = 20000, // names of members that were there for a while stay in it
    MEMORY_BYTES_MAX = 64 << 20,
    JUMP_MS = 400000,
};

static const char *const peers[] = {
    "pos/store-1/till-1", "backend/crm", "admin/head-office", "job/nightly",
    "partner/lounge",     "pos/store-2", "nobody/x",          "admin/",
};

static struct service_world world;

// --- a daemon an input ---

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
    return world.now_ms;
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

// Two members, one with a card and points; the clock a little later.
static void make_world(void)
{
    struct world_answer answer;
    log_set_level((enum log_level)(LOG_ERROR + 1)); // nothing at all
    service_world_open(&world, 1);
    world_call(&world.daemons[0], "backend/crm", "MembersService/Enroll",
               world_enroll_text(&world, world_id(&world), "anna", "4006381333931"), &answer);
    CHECK(strcmp(world_end(&answer), "OK") == 0);
    world_enroll(&world, "ben");
    (void)world_award(&world, "anna", 250000);
    world_pass(&world, 1000);
    stop(&world.daemons[0]);
    memory_journal(world.daemons[0].store);
}

static void free_world(void)
{
    start(&world.daemons[0]); // as the world expects it
    service_world_fini(&world);
}

// --- calls ---

struct call {
    const char *peer;
    const struct request_type *method;
    struct span payload;
    struct world_answer answer;
};

static void check_answer(const struct world_answer *answer)
{
    CHECK(answer->times == 1);
    if (answer->code == LOYALTY__V1__CODE__CODE_UNSPECIFIED) {
        CHECK(answer->reply != NULL);
        return;
    }
    CHECK(answer->code != LOYALTY__V1__CODE__CODE_INTERNAL);
    CHECK(answer->reason[0] != '\0' && strlen(answer->message) > 10);
    bool bad = answer->code == LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT;
    CHECK(!bad || answer->field != NULL);
}

static void ask(struct call *call, struct world_answer *answer)
{
    world_ask_bytes(&world.daemons[0], call->peer, call->method->path, call->payload, 0, answer);
}

// A training sale is told as if real and leaves nothing to be repeated.
static bool is_training(const struct call *call)
{
    ProtobufCMessage *message = NULL;
    struct message_fault fault;
    if (call->method->type != &loyalty__v1__award_request__descriptor ||
        message_decode(call->method->type, call->payload, &world.arena, &message, &fault) !=
            STATUS_OK) {
        return false;
    }
    const Loyalty__V1__Sale *sale = ((const Loyalty__V1__AwardRequest *)message)->sale;
    return sale != NULL && sale->training;
}

// A day that is not closed by it is only looked at, each time anew.
static bool is_look(const struct call *call)
{
    return call->answer.type == &loyalty__v1__reconcile_response__descriptor &&
           !((const Loyalty__V1__ReconcileResponse *)call->answer.reply)->closed;
}

// What was done is answered the same, unless its time is over.
static void ask_again(struct call *call)
{
    const struct method *method = method_find(span_of_text(call->method->path));
    struct world_answer again;
    if (!method->mutating || call->answer.code != LOYALTY__V1__CODE__CODE_UNSPECIFIED ||
        is_training(call) || is_look(call)) {
        return;
    }
    ask(call, &again);
    world_run_daemon(&world.daemons[0]);
    check_answer(&again);
    if (again.code == LOYALTY__V1__CODE__CODE_UNSPECIFIED) {
        CHECK(again.replayed && span_equal(again.payload, call->answer.payload));
    } else {
        CHECK(again.code == LOYALTY__V1__CODE__CODE_UNAVAILABLE);
    }
}

static void verify(void)
{
    for (uint32_t i = 0; i < WORLD_PARTITIONS; i++) {
        Loyalty__V1__VerifyAccountsRequest request = LOYALTY__V1__VERIFY_ACCOUNTS_REQUEST__INIT;
        struct world_answer answer;
        struct span bytes;
        request.partition = i;
        CHECK(message_encode(&request.base, &world.arena, &bytes) == STATUS_OK);
        world_ask_bytes(&world.daemons[0], "job/nightly", "/loyalty.v1.AdminService/VerifyAccounts",
                        bytes, 0, &answer);
        world_run_daemon(&world.daemons[0]);
        CHECK(answer.times == 1 && answer.code == LOYALTY__V1__CODE__CODE_UNSPECIFIED);
        CHECK(((const Loyalty__V1__VerifyAccountsResponse *)answer.reply)->n_faults == 0);
    }
}

static void happen(uint8_t what)
{
    if ((what & 1) == 0) {
        world_run_daemon(&world.daemons[0]);
    }
    if ((what & 0x0e) == 0x0e) {
        world.now_ms += (int64_t)(what >> 4) * JUMP_MS;
        memory_set_now(world.daemons[0].store, world.now_ms);
        world_run_daemon(&world.daemons[0]);
    }
}

// What nobody will answer any more runs out of time.
static void run_out(void)
{
    world_run_daemon(&world.daemons[0]);
    world.now_ms += LIMIT_REQUEST_MS + 1;
    memory_set_now(world.daemons[0].store, world.now_ms);
    world_run_daemon(&world.daemons[0]);
}

static size_t make_calls(struct fuzz_input *input, struct call *calls)
{
    size_t count = 0;
    while (count < CALLS_MAX && input->rest.len >= HEAD_BYTES) {
        struct call *call = &calls[count++];
        call->peer = peers[fuzz_byte(input) % (sizeof(peers) / sizeof(peers[0]))];
        call->method = request_type_at(fuzz_byte(input));
        happen(fuzz_byte(input));
        size_t len = (size_t)fuzz_byte(input) << 8;
        len |= fuzz_byte(input);
        call->payload = fuzz_bytes(input, len);
        ask(call, &call->answer);
    }
    return count;
}

// --- the driver ---

// The head of the last call that starts at or before `at`.
static size_t find_call(const uint8_t *data, size_t len, size_t at)
{
    size_t head = 0;
    for (;;) {
        size_t next = head + HEAD_BYTES + ((size_t)data[head + 3] << 8 | data[head + 4]);
        if (next > at || next + HEAD_BYTES > len) {
            return head;
        }
        head = next;
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t len_max, unsigned seed)
{
    static uint8_t payload[UINT16_MAX];
    struct fuzz_random random = fuzz_random_of(seed);
    if (len < HEAD_BYTES || fuzz_random_below(&random, 5) == 0) {
        return LLVMFuzzerMutate(data, len, len_max);
    }
    size_t head = find_call(data, len, fuzz_random_below(&random, len - HEAD_BYTES + 1));
    size_t begin = head + HEAD_BYTES;
    size_t old = (size_t)data[head + 3] << 8 | data[head + 4];
    old = old < len - begin ? old : len - begin;
    size_t room = len_max - (len - old);
    room = room < sizeof(payload) ? room : sizeof(payload);
    if (old > room) {
        return len;
    }
    memcpy(payload, data + begin, old);
    size_t new = mutate_message(request_type_at(data[head + 1])->type, payload, old, room, &random);
    memmove(data + begin + new, data + begin + old, len - begin - old);
    memcpy(data + begin, payload, new);
    data[head + 3] = (uint8_t)(new >> 8);
    data[head + 4] = (uint8_t) new;
    return len - old + new;
}

// The table that the drivers share is the service's own.
static void check_types(void)
{
    CHECK(request_type_count() == method_count());
    for (size_t i = 0; i < method_count(); i++) {
        const struct method *method = method_find(span_of_text(request_type_at(i)->path));
        CHECK(method != NULL && request_type_at(i)->type == method->request);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static uint32_t inputs;
    struct fuzz_input input = {.rest = span_of(data, len)};
    struct call calls[CALLS_MAX];
    if (inputs++ % INPUTS_A_WORLD == 0) {
        if (inputs > 1) {
            free_world();
        }
        check_types();
        make_world();
    }
    int64_t begin_ms = world.now_ms;
    fuzz_memory_begin(MEMORY_BYTES_MAX);
    start(&world.daemons[0]);
    size_t count = make_calls(&input, calls);
    run_out();
    for (size_t i = 0; i < count; i++) {
        check_answer(&calls[i].answer);
        ask_again(&calls[i]);
    }
    if (memory_journal_count(world.daemons[0].store) > 0) {
        verify();
    }
    stop(&world.daemons[0]);
    fuzz_memory_end();
    memory_journal_lose(world.daemons[0].store, 0);
    arena_reset(&world.arena);
    world.now_ms = begin_ms;
    memory_set_now(world.daemons[0].store, begin_ms);
    return 0;
}
