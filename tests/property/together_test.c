// Going along with others changes nothing: whatever is asked of an account at once, some of it
// under ids that were used before, has the answers, the replays and the log, byte for byte, that it
// has when each waits for the one before; only the appends are fewer, and a read may know of what
// was asked behind it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "support/random_club.h"
#include "support/service_world.h"

#define TILL "pos/store-1/till-1"

enum { ROUNDS = 60, ASKED = 80, AT_ONCE_MAX = 50 };

struct request {
    const char *method;
    const char *id; // NULL: a read
    const char *json;
};

struct run {
    struct random random;
    struct service_world *texts; // whose arena has them
    struct request requests[ASKED];
    struct world_answer alone[ASKED];
    struct world_answer after[ASKED]; // how the member stood then
    struct world_answer together[ASKED];
};

static uint64_t seed;

// --- what is asked ---

static const char *new_id(struct run *run)
{
    return world_id(run->texts);
}

// An id that was used before, or one that never was.
static const char *some_id(struct run *run, size_t count)
{
    const char *id =
        count == 0 ? NULL : run->requests[random_below(&run->random, (int64_t)count)].id;
    return id == NULL ? new_id(run) : id;
}

static struct request points(struct run *run, const char *method, const char *fields)
{
    const char *id = new_id(run);
    return (struct request){method, id, world_points_text(run->texts, id, "anna", fields)};
}

static const char *sale_text(struct run *run, const char *currency, const char *more)
{
    int64_t amount_minor = random_below(&run->random, 300) * 100;
    return world_text(run->texts,
                      "\"sale\": {\"currency\": \"%s\", %s\"lines\": [{\"amount_minor\": %lld}]}",
                      currency, more, (long long)amount_minor);
}

static const char *points_text(struct run *run)
{
    return world_text(run->texts, "\"points\": %lld", // where 100 are the least
                      (long long)(1 + random_below(&run->random, 3)) * 100);
}

static const char *reservation_text(struct run *run, size_t count)
{
    return world_text(run->texts, "\"reservation_id\": \"%s\"", some_id(run, count));
}

static struct request draw_rare(struct run *run, size_t count)
{
    struct service_world *texts = run->texts;
    switch (random_below(&run->random, 6)) {
    case 0:
        return points(run, "PointsService/Capture", reservation_text(run, count));
    case 1:
        return points(run, "PointsService/Release", reservation_text(run, count));
    case 2:
        return points(run, "PointsService/Reverse",
                      world_text(texts,
                                 "\"original_request_id\": \"%s\", \"original_created_at\": \"%s\"",
                                 some_id(run, count), world_instant(texts, texts->now_ms)));
    case 3:
        return (struct request){"MembersService/GetMember", NULL, world_member_text(texts, "anna")};
    case 4:
        return (struct request){"PointsService/GetOutcome", NULL,
                                world_outcome_text(texts, some_id(run, count), "anna")};
    default:
        return (struct request){"PointsService/Quote", NULL,
                                world_text(texts, "{\"member\": {\"member_id\": \"anna\"}, %s}",
                                           sale_text(run, "CNY", ""))};
    }
}

static struct request draw(struct run *run, size_t count)
{
    switch (random_below(&run->random, 16)) {
    case 0:
        return points(run, "PointsService/Award", sale_text(run, "EUR", ""));
    case 1:
        return points(run, "PointsService/Award", sale_text(run, "CNY", "\"training\": true, "));
    case 2:
    case 3:
        return points(run, "PointsService/Redeem", points_text(run));
    case 4:
        return points(run, "PointsService/Reserve", points_text(run));
    case 5:
    case 6: // asked again, as it was
        return count == 0 ? draw_rare(run, count)
                          : run->requests[random_below(&run->random, (int64_t)count)];
    case 7: { // its id for something else
        const char *id = some_id(run, count);
        return (struct request){
            "PointsService/Award", id,
            world_award_text(run->texts, id, "anna", random_below(&run->random, 300) * 100)};
    }
    case 8:
        return draw_rare(run, count);
    default:
        return points(run, "PointsService/Award", sale_text(run, "CNY", ""));
    }
}

// --- both ways ---

static void open_world(struct service_world *world)
{
    service_world_open(world, 1);
    world_enroll(world, "anna");
    (void)world_award(world, "anna", 20000);
}

static const char *peer_of(const struct request *request)
{
    return strcmp(request->method, "MembersService/GetMember") == 0 ? "backend/app" : TILL;
}

static uint64_t appends_of(struct service_world *world)
{
    return memory_event_count(world->daemons[0].store, world_place("anna").partition);
}

static void ask_alone(struct run *run, struct service_world *world)
{
    for (size_t i = 0; i < ASKED; i++) {
        const struct request *request = &run->requests[i];
        world_call(&world->daemons[0], peer_of(request), request->method, request->json,
                   &run->alone[i]);
        world_call(&world->daemons[0], "backend/app", "MembersService/GetMember",
                   world_member_text(world, "anna"), &run->after[i]);
    }
}

static void ask_together(struct run *run, struct service_world *world)
{
    for (size_t i = 0; i < ASKED;) {
        int64_t at_once = 1 + random_below(&run->random, AT_ONCE_MAX);
        for (; i < ASKED && at_once > 0; at_once--, i++) {
            const struct request *request = &run->requests[i];
            world_ask(&world->daemons[0], peer_of(request), request->method, request->json,
                      &run->together[i]);
        }
        for (int64_t steps = random_below(&run->random, 6); steps > 0; steps--) {
            (void)world_step(&world->daemons[0]);
        }
    }
    world_run(world);
}

static bool is_same_payload(const struct world_answer *a, const struct world_answer *b)
{
    return a->payload.len == b->payload.len &&
           (a->payload.len == 0 || memcmp(a->payload.data, b->payload.data, a->payload.len) == 0);
}

// A read tells how the member stood when it was asked, or later.
static void stood_so(const struct run *run, size_t i)
{
    const struct world_answer *read = &run->together[i];
    assert_string_equal(world_end(read), "OK");
    while (i < ASKED && !is_same_payload(read, &run->after[i])) {
        i++;
    }
    assert_true(i < ASKED);
}

static void same_answer(const struct world_answer *a, const struct world_answer *b)
{
    assert_string_equal(world_end(a), world_end(b));
    assert_int_equal(a->code, b->code);
    assert_int_equal(a->replayed, b->replayed);
    assert_true(is_same_payload(a, b));
}

static void one_round(uint64_t round)
{
    static struct run run;
    static struct service_world alone;
    static struct service_world together;
    run = (struct run){.random = random_of(seed, round), .texts = &alone};
    open_world(&alone);
    open_world(&together);
    for (size_t i = 0; i < ASKED; i++) {
        run.requests[i] = draw(&run, i);
    }
    ask_alone(&run, &alone);
    ask_together(&run, &together);
    for (size_t i = 0; i < ASKED; i++) {
        const char *method = run.requests[i].method;
        if (strcmp(method, "MembersService/GetMember") == 0) {
            stood_so(&run, i);
        } else if (strcmp(method, "PointsService/GetOutcome") == 0) {
            assert_string_equal(world_end(&run.together[i]), "OK");
        } else {
            same_answer(&run.alone[i], &run.together[i]);
        }
    }
    struct span log = world_log(&alone, "anna");
    assert_int_equal(log.len, world_log(&together, "anna").len);
    assert_memory_equal(log.data, world_log(&together, "anna").data, log.len);
    assert_true(appends_of(&together) * 3 < appends_of(&alone) * 2);
    service_world_fini(&alone);
    service_world_fini(&together);
}

static void together_as_alone(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        one_round(round);
    }
}

int main(void)
{
    log_set_level(LOG_ERROR);
    seed = random_seed("together");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(together_as_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
