// Two and three daemons over one store, every order of steps: first all orders of two requests,
// then long random runs with retries, faults, restarts and compaction. Whatever the order, each
// request is one record, every answer to it is the same bytes, and no point is lost or counted
// twice.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/log.h"
#include "service/event.h"
#include "support/random_club.h"
#include "support/service_world.h"

#define TILL "pos/store-1/till-1"

static uint64_t seed;

// --- all orders of two requests ---

enum { ORDER_STEPS = 8 };

// One request each on two daemons that both know the member, or neither does; `order` says who
// steps.
static void race_once(struct service_world *world, uint32_t order, bool same_id, bool cached)
{
    const char *member = world_text(world, "m-%u-%d-%d", order, same_id, cached);
    struct world_answer answers[2];
    world_enroll(world, member);
    for (size_t i = 0; i < 2; i++) {
        (void)world_member(&world->daemons[i], member);
        if (!cached) {
            accounts_forget(world->daemons[i].service->accounts);
        }
    }
    const char *first = world_id(world);
    const char *second = same_id ? first : world_id(world);
    const char *texts[] = {world_award_text(world, first, member, 10000),
                           world_award_text(world, second, member, same_id ? 10000 : 20000)};
    for (size_t i = 0; i < 2; i++) {
        world_ask(&world->daemons[i], TILL, "PointsService/Award", texts[i], &answers[i]);
    }
    for (uint32_t step = 0; step < ORDER_STEPS; step++) {
        (void)world_step(&world->daemons[order >> step & 1]);
    }
    world_run(world);
    int64_t balance = 0;
    assert_int_equal(world_verify(world, member, &balance), same_id ? 2 : 3);
    assert_int_equal(balance, same_id ? 100 : 300);
    if (!same_id) {
        assert_string_equal(world_end(&answers[0]), "OK");
        assert_string_equal(world_end(&answers[1]), "OK");
        return;
    }
    assert_int_equal(answers[0].times + answers[1].times, 2);
    assert_int_equal(answers[0].replayed + answers[1].replayed, 1);
    assert_int_equal(answers[0].payload.len, answers[1].payload.len);
    assert_memory_equal(answers[0].payload.data, answers[1].payload.data, answers[0].payload.len);
}

static void every_order_of_two_daemons(void **state)
{
    (void)state;
    struct service_world world;
    service_world_init(&world, false);
    (void)service_world_add(&world);
    service_world_publish(&world);
    world_pass(&world, 6000); // the second daemon reads the program
    for (uint32_t order = 0; order < 1U << ORDER_STEPS; order++) {
        race_once(&world, order, true, true);
        race_once(&world, order, false, true);
        race_once(&world, order, true, false);
        race_once(&world, order, false, false);
    }
    service_world_fini(&world);
}

// --- random runs ---

enum {
    RUN_ROUNDS = 8,
    RUN_ACTIONS = 3000,
    RUN_DAEMONS = 3,
    RUN_MEMBERS = 3,
    RUN_INTENTS_MAX = 400,
    RUN_CALLS_MAX = 48,
    RUN_COMPACT_BYTES = 600,
};

enum kind { AWARD, REDEEM, RESERVE, CAPTURE, RELEASE, REVERSE, KINDS };

static const char *const methods[KINDS] = {
    "PointsService/Award",   "PointsService/Redeem",  "PointsService/Reserve",
    "PointsService/Capture", "PointsService/Release", "PointsService/Reverse",
};

// What a client wants, under one id; retried until it is answered for good.
struct intent {
    enum kind kind;
    size_t member;
    int64_t moved; // points that its answer says came (above 0) or went
    const char *id;
    const char *json;
    bool answered;
    bool refused;    // a record says so
    bool in_vain;    // refused without a trace: asked again it may be done
    uint32_t firsts; // answers that were not replays
    struct span payload;
    const char *message;
};

struct call {
    struct world_answer answer;
    struct intent *intent; // NULL: free
};

struct run {
    struct service_world world;
    struct random random;
    struct intent intents[RUN_INTENTS_MAX];
    size_t intent_count;
    struct call calls[RUN_CALLS_MAX];
    uint32_t enders[4]; // answers: first, replayed, unavailable, unknown
    uint32_t done[KINDS];
    uint32_t buried; // refused, for their reversal had come before
};

static const char *member_name(size_t member)
{
    static const char *const names[RUN_MEMBERS] = {"anna", "bert", "cleo"};
    return names[member];
}

static struct world_daemon *any_daemon(struct run *run)
{
    return &run->world.daemons[random_below(&run->random, RUN_DAEMONS)];
}

// An earlier intent of this member, the latest one often; NULL: it has none.
static const struct intent *any_earlier(struct run *run, size_t member)
{
    const struct intent *found = NULL;
    for (size_t i = run->intent_count; i > 0; i--) {
        const struct intent *intent = &run->intents[i - 1];
        if (intent->member == member && (found == NULL || random_once_in(&run->random, 3))) {
            found = intent;
        }
        if (found == intent && random_once_in(&run->random, 2)) {
            break;
        }
    }
    return found;
}

static const char *fields_of(struct run *run, const struct intent *intent,
                             const struct intent *earlier)
{
    struct service_world *world = &run->world;
    long long points = 1 + random_below(&run->random, 900);
    const char *of = earlier == NULL ? world_id(world) : earlier->id;
    switch (intent->kind) {
    case AWARD:
        return world_text(
            world, "\"sale\": {\"currency\": \"CNY\", \"lines\": [{\"amount_minor\": %lld}]}",
            100 * points);
    case REDEEM:
    case RESERVE:
        return world_text(world, "\"points\": %lld", points);
    case CAPTURE:
        return world_text(world, "\"reservation_id\": \"%s\", \"points\": %lld", of,
                          random_once_in(&run->random, 2) ? 0 : points);
    case RELEASE:
        return world_text(world, "\"reservation_id\": \"%s\"", of);
    default:
        return world_text(world, "\"original_request_id\": \"%s\", \"original_created_at\": \"%s\"",
                          of, world_instant(world, world->now_ms));
    }
}

static struct intent *new_intent(struct run *run)
{
    static const enum kind dice[] = {AWARD,   AWARD,   AWARD,   REDEEM,  RESERVE,
                                     RESERVE, CAPTURE, CAPTURE, RELEASE, REVERSE};
    struct intent *intent = &run->intents[run->intent_count];
    struct service_world *world = &run->world;
    intent->member = (size_t)random_below(&run->random, RUN_MEMBERS);
    intent->kind = dice[random_below(&run->random, 10)];
    intent->id = world_id(world);
    const struct intent *earlier = any_earlier(run, intent->member);
    intent->json = world_points_text(world, intent->id, member_name(intent->member),
                                     fields_of(run, intent, earlier));
    run->intent_count++;
    return intent;
}

static void ask(struct run *run, struct intent *intent)
{
    for (size_t i = 0; i < RUN_CALLS_MAX; i++) {
        struct call *call = &run->calls[i];
        if (call->intent == NULL) {
            call->intent = intent;
            world_ask(any_daemon(run), TILL, methods[intent->kind], intent->json, &call->answer);
            return;
        }
    }
}

// What an answer says that came to the member, or went, held points being his.
static int64_t moved_by(enum kind kind, const ProtobufCMessage *reply)
{
    const Loyalty__V1__ReverseResponse *reversal = (const Loyalty__V1__ReverseResponse *)reply;
    switch (kind) {
    case AWARD:
        return ((const Loyalty__V1__AwardResponse *)reply)->points;
    case REDEEM:
        return -((const Loyalty__V1__RedeemResponse *)reply)->points;
    case CAPTURE:
        return -((const Loyalty__V1__CaptureResponse *)reply)->points;
    case REVERSE:
        return (reversal->value == NULL ? 0 : reversal->points_returned) - reversal->points_taken;
    default:
        return 0;
    }
}

static void take_definite(struct run *run, struct intent *intent, const struct world_answer *answer,
                          bool refused)
{
    intent->firsts += answer->replayed ? 0 : 1;
    assert_true(intent->firsts <= 1);
    if (!intent->answered) {
        intent->answered = true;
        intent->refused = refused;
        intent->payload = answer->payload;
        intent->message = answer->message;
        if (!refused) {
            intent->moved = moved_by(intent->kind, answer->reply);
            run->done[intent->kind]++;
        }
        return;
    }
    assert_int_equal(intent->refused, refused);
    assert_int_equal(intent->payload.len, answer->payload.len);
    if (refused) {
        assert_string_equal(intent->message, answer->message);
    } else {
        assert_memory_equal(intent->payload.data, answer->payload.data, answer->payload.len);
    }
}

// A no that leaves no record: nothing was done under this id, and nothing was before.
static bool is_in_vain(const struct intent *intent, const struct world_answer *answer)
{
    return strcmp(answer->reason, "REVERSED_BEFORE") == 0 ||
           strcmp(answer->reason, "HOLD_NOT_FOUND") == 0 ||
           (intent->kind == RELEASE && strncmp(answer->reason, "HOLD_", 5) == 0);
}

static void take_refusal(struct run *run, struct intent *intent, const struct world_answer *answer)
{
    if (!is_in_vain(intent, answer)) {
        take_definite(run, intent, answer, true);
        return;
    }
    assert_false(intent->answered || answer->replayed);
    run->buried += strcmp(answer->reason, "REVERSED_BEFORE") == 0 && !intent->in_vain;
    intent->in_vain = true;
}

// Looks at what was answered since; free again are the calls that were.
static void collect(struct run *run)
{
    for (size_t i = 0; i < RUN_CALLS_MAX; i++) {
        struct call *call = &run->calls[i];
        if (call->intent == NULL || call->answer.times == 0) {
            continue;
        }
        const struct world_answer *answer = &call->answer;
        if (answer->code == LOYALTY__V1__CODE__CODE_UNSPECIFIED) {
            run->enders[answer->replayed ? 1 : 0]++;
            take_definite(run, call->intent, answer, false);
        } else if (answer->code == LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION ||
                   answer->code == LOYALTY__V1__CODE__CODE_NOT_FOUND) {
            run->enders[answer->replayed ? 1 : 0]++;
            take_refusal(run, call->intent, answer);
        } else if (answer->code == LOYALTY__V1__CODE__CODE_UNAVAILABLE) {
            run->enders[2]++;
        } else {
            assert_string_equal(answer->reason, "OUTCOME_UNKNOWN");
            run->enders[3]++;
        }
        assert_int_equal(answer->times, 1);
        call->intent = NULL;
    }
}

static void move_clock(struct run *run, int64_t ms)
{
    run->world.now_ms += ms;
    memory_set_now(run->world.daemons[0].store, run->world.now_ms);
    for (size_t i = 0; i < RUN_DAEMONS; i++) {
        timers_run(&run->world.daemons[i].timers);
    }
}

static void ask_something(struct run *run)
{
    bool again = run->intent_count > 0 && random_once_in(&run->random, 2);
    if (again || run->intent_count == RUN_INTENTS_MAX) {
        ask(run, &run->intents[random_below(&run->random, (int64_t)run->intent_count)]);
    } else {
        struct intent *intent = new_intent(run);
        ask(run, intent);
        if (random_once_in(&run->random, 4)) {
            ask(run, intent); // pressed twice
        }
    }
}

static void act(struct run *run)
{
    int64_t dice = random_below(&run->random, 1000);
    if (dice < 250) {
        ask_something(run);
    } else if (dice < 940) {
        (void)world_step(any_daemon(run));
    } else if (dice < 965) {
        move_clock(run, random_below(&run->random, 300));
    } else if (dice < 985) {
        enum memory_fault fault = (enum memory_fault)(1 + random_below(&run->random, 3));
        memory_fail_next(any_daemon(run)->store, fault);
    } else if (dice < 996) {
        accounts_forget(any_daemon(run)->service->accounts);
    } else {
        service_world_restart(any_daemon(run));
    }
    collect(run);
}

// Asks all that is open again until everything is answered for good.
static void settle(struct run *run)
{
    for (size_t round = 0; round < 50; round++) {
        world_pass(&run->world, 2000);
        collect(run);
        for (size_t i = 0; i < run->intent_count; i++) {
            if (!run->intents[i].answered && !run->intents[i].in_vain) {
                ask(run, &run->intents[i]);
            }
        }
    }
    world_pass(&run->world, 12000);
    collect(run);
    for (size_t i = 0; i < run->intent_count; i++) {
        ask(run, &run->intents[i]); // once more each: a replay
        world_run(&run->world);
        collect(run);
        assert_true(run->intents[i].answered || run->intents[i].in_vain);
    }
}

// Every commit is one event: contiguous by member, and all of them make up the account.
static void check_events(struct run *run, size_t member, uint64_t records)
{
    struct span id = span_of_text(member_name(member));
    uint32_t partition = (uint32_t)(hash_fnv1a(id) % WORLD_PARTITIONS);
    const struct store *store = run->world.daemons[0].store;
    uint64_t seen = 0;
    for (uint64_t i = 0; i < memory_event_count(store, partition); i++) {
        struct event event;
        assert_int_equal(event_decode(memory_event(store, partition, i), &event), STATUS_OK);
        if (!span_equal(event.member_id, id)) {
            continue;
        }
        assert_int_equal(event.first_seq, seen + 1);
        struct record_cursor cursor = {.rest = event.records};
        struct record_place place;
        while (record_next(&cursor, &place) == STATUS_OK) {
            seen++;
        }
    }
    assert_int_equal(seen, records);
}

static void check_totals(struct run *run)
{
    for (size_t member = 0; member < RUN_MEMBERS; member++) {
        int64_t expected = 0;
        uint64_t records = 1;
        for (size_t i = 0; i < run->intent_count; i++) {
            const struct intent *intent = &run->intents[i];
            if (intent->member == member) {
                records += intent->answered ? 1 : 0;
                expected += intent->moved;
            }
        }
        int64_t balance = 0;
        assert_int_equal(world_verify(&run->world, member_name(member), &balance), records);
        const Loyalty__V1__GetMemberResponse *read =
            world_member(&run->world.daemons[0], member_name(member));
        assert_int_equal(balance + read->standing->held, expected);
        check_events(run, member, records);
    }
}

static void run_round(uint64_t round, uint64_t compact_bytes, uint64_t *ret_archived,
                      uint64_t *ret_buried)
{
    static struct run run;
    run = (struct run){.random = random_of(seed, round)};
    service_world_init(&run.world, false);
    if (compact_bytes > 0) {
        service_world_compact(&run.world, compact_bytes);
    }
    service_world_publish(&run.world);
    for (size_t i = 1; i < RUN_DAEMONS; i++) {
        (void)service_world_add(&run.world);
    }
    for (size_t i = 0; i < RUN_MEMBERS; i++) {
        world_enroll(&run.world, member_name(i));
    }
    for (size_t i = 0; i < RUN_ACTIONS; i++) {
        act(&run);
    }
    settle(&run);
    check_totals(&run);
    printf("round %d: %zu intents; %u first, %u replayed, %u unavailable, %u unknown\n", (int)round,
           run.intent_count, run.enders[0], run.enders[1], run.enders[2], run.enders[3]);
    for (size_t i = 0; i < 3; i++) {
        assert_true(run.enders[i] > 0);
    }
    for (size_t i = 0; i < KINDS; i++) {
        assert_true(run.done[i] > 0);
    }
    *ret_buried += run.buried;
    for (uint32_t i = 0; i < WORLD_PARTITIONS; i++) {
        *ret_archived += memory_archived_bytes(run.world.daemons[0].store, i);
    }
    service_world_fini(&run.world);
}

static void random_runs_lose_and_double_nothing(void **state)
{
    (void)state;
    uint64_t archived = 0;
    uint64_t buried = 0;
    for (uint64_t round = 0; round < RUN_ROUNDS; round++) {
        run_round(round, 0, &archived, &buried);
    }
    assert_int_equal(archived, 0);
    assert_true(buried > 0);
}

static void nor_with_compaction_all_the_while(void **state)
{
    (void)state;
    uint64_t archived = 0;
    uint64_t buried = 0;
    for (uint64_t round = 0; round < RUN_ROUNDS; round++) {
        run_round(RUN_ROUNDS + round, RUN_COMPACT_BYTES, &archived, &buried);
    }
    assert_true(archived > UINT64_C(100) * RUN_COMPACT_BYTES);
}

int main(void)
{
    log_set_level(LOG_ERROR);
    seed = random_seed("races");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order_of_two_daemons),
        cmocka_unit_test(random_runs_lose_and_double_nothing),
        cmocka_unit_test(nor_with_compaction_all_the_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
