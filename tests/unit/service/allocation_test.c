// No allocation per request: a warm service answers from its pools, arenas and buffers. Counted is
// every malloc, calloc and realloc made while the service's own code runs; the store in memory,
// which allocates for each call, and the test itself are left out. What may grow is an account's
// history, and its arrays double: so many awards, so few allocations.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/crypto.h>

#include "base/check.h"
#include "base/log.h"
#include "net/identity.h"
#include "service/dispatch.h"
#include "support/allocations.h"
#include "support/service_world.h"

// --- what is not counted ---

// The service's code stops here, to go on after another's; returns whether it was being counted.
static bool pause_counting(void)
{
    bool was = counting;
    counting = false;
    return was;
}

static void *crypto_malloc(size_t bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    bool was = pause_counting();
    void *memory = malloc(bytes);
    counting = was;
    return memory;
}

static void *crypto_realloc(void *old, size_t bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    bool was = pause_counting();
    void *memory = realloc(old, bytes);
    counting = was;
    return memory;
}

static void crypto_free(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

enum { FRONT_CALLS = 64 };

struct front_call {
    struct front *front;
    bool taken;
    void (*done)(void);
    void *context;
};

struct front {
    struct store store; // first
    struct store *inner;
    struct front_call calls[FRONT_CALLS];
};

static struct front_call *take_call(struct store *store, void (*done)(void), void *context)
{
    struct front *front = (struct front *)store;
    size_t at = 0;
    while (at < FRONT_CALLS && front->calls[at].taken) {
        at++;
    }
    CHECK(at < FRONT_CALLS);
    front->calls[at] = (struct front_call){front, true, done, context};
    return &front->calls[at];
}

static void on_done(void *context, const struct store_reply *reply)
{
    struct front_call *call = context;
    call->taken = false;
    counting = true;
    ((store_done_fn *)call->done)(call->context, reply);
    counting = false;
}

static void on_head(void *context, const struct store_head *head)
{
    struct front_call *call = context;
    call->taken = false;
    ((store_head_fn *)call->done)(call->context, head); // not a request
}

static struct store *inner_of(struct store *store)
{
    return ((struct front *)store)->inner;
}

static void front_load(struct store *store, const struct store_account *account,
                       store_done_fn *done, void *context)
{
    bool was = pause_counting();
    struct front_call *call = take_call(store, (void (*)(void))done, context);
    store_load(inner_of(store), account, on_done, call);
    counting = was;
}

static void front_load_from(struct store *store, const struct store_account *account,
                            uint64_t from_bytes, store_done_fn *done, void *context)
{
    bool was = pause_counting();
    struct front_call *call = take_call(store, (void (*)(void))done, context);
    store_load_from(inner_of(store), account, from_bytes, on_done, call);
    counting = was;
}

static void front_append(struct store *store, const struct store_append *append,
                         store_done_fn *done, void *context)
{
    bool was = pause_counting();
    struct front_call *call = take_call(store, (void (*)(void))done, context);
    store_append(inner_of(store), append, on_done, call);
    counting = was;
}

static void front_head(struct store *store, uint64_t from_bytes, store_head_fn *done, void *context)
{
    bool was = pause_counting();
    struct front_call *call = take_call(store, (void (*)(void))done, context);
    store_head(inner_of(store), from_bytes, on_head, call);
    counting = was;
}

static bool front_is_ready(const struct store *store, const char **ret_reason)
{
    return store_is_ready(((const struct front *)store)->inner, ret_reason);
}

static void front_free(struct store *store)
{
    store_free(inner_of(store));
    free(store);
}

static const struct store_ops front_ops = {
    .load = front_load,
    .load_from = front_load_from,
    .append = front_append,
    .head = front_head,
    .is_ready = front_is_ready,
    .free = front_free,
};

static struct store *front_new(struct store *inner)
{
    struct front *front = calloc(1, sizeof(*front));
    CHECK(front != NULL);
    front->store.ops = &front_ops;
    front->inner = inner;
    return &front->store;
}

// --- requests ---

enum { MEMBERS = 10, WARM = 200, COUNTED = 1000 };

static struct service_world world;
static uint32_t answered;
static uint32_t replayed;

static int open_world(void **state)
{
    (void)state;
    service_world_open(&world, 1);
    for (int i = 0; i < MEMBERS; i++) {
        world_enroll(&world, world_text(&world, "member-%d", i));
    }
    world.wrap = front_new;
    (void)service_world_add(&world);
    (void)service_world_add(&world);
    answered = 0;
    replayed = 0;
    allocations = 0;
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

static void on_reply(void *context, const struct dispatch_origin *origin,
                     const struct dispatch_reply *reply)
{
    (void)context;
    (void)origin;
    answered += reply->error == NULL ? 1 : 0;
    replayed += reply->replayed ? 1 : 0;
}

// Sends bytes to one of the counted daemons and lets its store answer.
static void send(size_t daemon, const char *path, struct span bytes)
{
    static const struct identity till = {.role = "pos", .unit = "store-1/till-1"};
    struct dispatch_call call = {
        .peer = &till, .method = span_of_text(path), .payload = bytes, .on_reply = on_reply};
    struct world_daemon *counted = &world.daemons[daemon];
    counting = true;
    dispatch_call(counted->service, &call);
    counting = false;
    memory_run(counted->store);
}

// A request whose id is written over in place, so that none is made anew.
struct template
{
    uint8_t bytes[256];
    size_t len;
    char *digits; // the last of its id
};

static void template_init(struct template *template, const char *method, const char *json,
                          const char *id)
{
    struct span bytes = world_bytes(&world, method, json);
    CHECK(bytes.len <= sizeof(template->bytes));
    memcpy(template->bytes, bytes.data, bytes.len);
    template->len = bytes.len;
    template->digits = memmem(template->bytes, template->len, id, strlen(id));
    CHECK(template->digits != NULL);
    template->digits += strlen(id) - 8;
}

static void template_number(struct template *template, uint32_t number)
{
    for (int i = 7; i >= 0; i--) {
        template->digits[i] = "0123456789abcdef"[number & 15];
        number >>= 4;
    }
}

static void send_templates(struct template *templates, size_t count, uint32_t requests,
                           const char *path, size_t daemons)
{
    static uint32_t number = 0x10000000; // no id of the world itself
    for (uint32_t i = 0; i < requests; i++) {
        struct template *template = &templates[i % count];
        template_number(template, number++);
        send(1 + i % daemons, path, span_of(template->bytes, template->len));
    }
}

// --- what is allocated ---

// Allocations an account's arrays may make while it grows: request ids (two arrays) and
// contributions, each doubling.
static size_t growth(size_t from, size_t to)
{
    size_t doublings = 1;
    while (from * 2 < to) {
        from *= 2;
        doublings++;
    }
    return 3 * doublings;
}

static void awards_to_one_member(void **state)
{
    (void)state;
    struct template award;
    const char *id = world_id(&world);
    template_init(&award, "PointsService/Award", world_award_text(&world, id, "member-0", 100), id);
    send_templates(&award, 1, WARM, "/loyalty.v1.PointsService/Award", 1);
    allocations = 0;
    send_templates(&award, 1, COUNTED, "/loyalty.v1.PointsService/Award", 1);
    print_message("%zu allocations in %d awards\n", allocations, COUNTED);
    assert_int_equal(answered, WARM + COUNTED);
    assert_true(allocations <= growth(WARM, WARM + COUNTED));
    int64_t balance = 0;
    assert_int_equal(world_verify(&world, "member-0", &balance), 1 + WARM + COUNTED);
}

static void awards_to_many_members(void **state)
{
    (void)state;
    struct template awards[MEMBERS];
    for (int i = 0; i < MEMBERS; i++) {
        const char *id = world_id(&world);
        const char *member = world_text(&world, "member-%d", i);
        template_init(&awards[i], "PointsService/Award", world_award_text(&world, id, member, 100),
                      id);
    }
    send_templates(awards, MEMBERS, WARM, "/loyalty.v1.PointsService/Award", 1);
    allocations = 0;
    send_templates(awards, MEMBERS, COUNTED, "/loyalty.v1.PointsService/Award", 1);
    print_message("%zu allocations in %d awards\n", allocations, COUNTED);
    assert_int_equal(answered, WARM + COUNTED);
    assert_true(allocations <= MEMBERS * growth(WARM / MEMBERS, (WARM + COUNTED) / MEMBERS));
}

// Two daemons in turn: each answer to an append is BEHIND first, and what came is folded.
static void awards_behind_another_daemon(void **state)
{
    (void)state;
    struct template award;
    const char *id = world_id(&world);
    template_init(&award, "PointsService/Award", world_award_text(&world, id, "member-0", 100), id);
    send_templates(&award, 1, WARM, "/loyalty.v1.PointsService/Award", 2);
    allocations = 0;
    send_templates(&award, 1, COUNTED, "/loyalty.v1.PointsService/Award", 2);
    print_message("%zu allocations in %d awards\n", allocations, COUNTED);
    assert_int_equal(answered, WARM + COUNTED);
    assert_true(allocations <= 2 * growth(WARM, WARM + COUNTED));
}

// Reads, quotes and retries leave nothing behind, so they may allocate nothing at all.
static void what_leaves_nothing_allocates_nothing(void **state)
{
    (void)state;
    struct template award;
    const char *id = world_id(&world);
    template_init(&award, "PointsService/Award", world_award_text(&world, id, "member-0", 100), id);
    send_templates(&award, 1, WARM, "/loyalty.v1.PointsService/Award", 1);
    struct span read =
        world_bytes(&world, "MembersService/GetMember", world_member_text(&world, "member-0"));
    struct span quote = world_bytes(&world, "PointsService/Quote",
                                    "{\"member\": {\"member_id\": \"member-0\"}, \"sale\": "
                                    "{\"currency\": \"CNY\", \"lines\": [{\"amount_minor\": 5}]}}");
    struct span retry = span_of(award.bytes, award.len);
    for (int round = 0; round < 2; round++) {
        allocations = 0;
        for (int i = 0; i < COUNTED; i++) {
            send(1, "/loyalty.v1.MembersService/GetMember", read);
            send(1, "/loyalty.v1.PointsService/Quote", quote);
        }
        assert_true(round == 0 || allocations == 0);
    }
    answered = 0;
    replayed = 0;
    send(1, "/loyalty.v1.PointsService/Award", retry);
    assert_int_equal(answered, 1);
    assert_int_equal(replayed, 1);
}

// A retry folds its account anew; what that takes does not grow with the number of retries.
static void retries_do_not_add_up(void **state)
{
    (void)state;
    struct template award;
    const char *id = world_id(&world);
    template_init(&award, "PointsService/Award", world_award_text(&world, id, "member-0", 100), id);
    send_templates(&award, 1, WARM, "/loyalty.v1.PointsService/Award", 1);
    size_t counts[3];
    for (size_t i = 0; i < 3; i++) {
        allocations = 0;
        send(1, "/loyalty.v1.PointsService/Award", span_of(award.bytes, award.len));
        counts[i] = allocations;
    }
    print_message("%zu allocations in a retry\n", counts[2]);
    assert_int_equal(replayed, 3);
    assert_int_equal(counts[1], counts[2]);
    assert_true(counts[2] <= 3 * growth(1, WARM) + 16);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    log_set_level(LOG_ERROR);
    count_allocations();
    CHECK(CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free) == 1);
    const struct CMUnitTest tests[] = {
        TEST(awards_to_one_member),         TEST(awards_to_many_members),
        TEST(awards_behind_another_daemon), TEST(what_leaves_nothing_allocates_nothing),
        TEST(retries_do_not_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
