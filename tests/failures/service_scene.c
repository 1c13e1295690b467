// The judgement of one request.
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "failures/harness.h"
#include "failures/service_stage.h"
#include "lib/reply.h"
#include "support/receipts_world.h"

enum { RETRIES = 60, RETRY_MS = 500, TRIES = 3 };

// What is right, found when nothing fails.
struct right {
    bool known;
    enum loyalty_outcome outcome;
    char reason[64];
    uint64_t seq;
    int64_t balance;
    uint64_t events;
    struct receipt_total totals[RECEIPT_OPERATIONS];
    size_t len;
    uint8_t payload[LIMIT_REPLY_BYTES];
};

static struct scene scene;
static struct stage_call request;
static struct stage_call again;

void scene_set(const struct scene *wanted)
{
    CHECK(sizeof(struct right) <= CASE_MEMORY_BYTES);
    scene = *wanted;
    request.peer = scene.peer;
    request.method = scene.method;
    request.bytes = world_bytes(&stage.world, scene.method, scene.json);
    again = request;
}

static enum loyalty_outcome outcome_of(const struct stage_call *call)
{
    if (call->code == LOYALTY__V1__CODE__CODE_UNSPECIFIED) {
        return call->replayed ? LOYALTY_DUPLICATE : LOYALTY_APPLIED;
    }
    return ly_outcome_of_code((int)call->code);
}

static bool same_payload(const struct stage_call *call, const uint8_t *payload, size_t len)
{
    return call->len == len && memcmp(call->payload, payload, len) == 0;
}

static void take_totals(struct receipt_total totals[RECEIPT_OPERATIONS])
{
    for (size_t i = 0; i < RECEIPT_OPERATIONS; i++) {
        totals[i] = receipts_total(&stage.world, (enum receipt_operation)(i + 1));
    }
}

static void note_right(struct right *right)
{
    right->known = true;
    right->outcome = outcome_of(&request);
    (void)snprintf(right->reason, sizeof(right->reason), "%s", request.reason);
    right->seq = stage_look(scene.member, &right->balance);
    right->events = stage_count_events();
    take_totals(right->totals);
    right->len = request.len;
    memcpy(right->payload, request.payload, request.len);
}

// Whether this is the answer that nothing failing gives, now or replayed.
static bool is_right(const struct right *right, const struct stage_call *call)
{
    enum loyalty_outcome outcome = outcome_of(call);
    if (right->outcome == LOYALTY_REFUSED) {
        return outcome == LOYALTY_REFUSED && strcmp(call->reason, right->reason) == 0;
    }
    return outcome == LOYALTY_APPLIED || outcome == LOYALTY_DUPLICATE;
}

// What of it may be believed is true: asks until the failures have come, as a client does. Returns
// whether it may have taken effect.
static bool ask_with_failures(const struct right *right)
{
    bool maybe = false;
    for (int try = 0; try < (case_is_pair() ? TRIES : 1); try++) {
        uint64_t rivals = stage.rival_records;
        int64_t balance = 0;
        uint64_t before = stage_look(scene.member, &balance);
        stage_call(&request);
        enum loyalty_outcome outcome = outcome_of(&request);
        bool definite = outcome != LOYALTY_RETRY_LATER && outcome != LOYALTY_OUTCOME_UNKNOWN;
        if (outcome == LOYALTY_REFUSED && case_failed_by("ENOENT")) {
            return maybe; // the file is not there: what it stands for is not known
        }
        if (definite) {
            REQUIRE(!right->known || is_right(right, &request), "answered %s %s",
                    loyalty_outcome_name(outcome), request.reason);
            return true;
        }
        REQUIRE(outcome == LOYALTY_RETRY_LATER || scene.mutation, "a read is answered %s %s",
                loyalty_outcome_name(outcome), request.reason);
        uint64_t written =
            stage_look(scene.member, &balance) - before - (stage.rival_records - rivals);
        REQUIRE(outcome != LOYALTY_RETRY_LATER || written == 0, "%s, but %llu records were written",
                request.reason, (unsigned long long)written);
        maybe = maybe || outcome == LOYALTY_OUTCOME_UNKNOWN;
    }
    return maybe;
}

// The failures are over: its answer comes, perhaps not at once (a lease has to be read).
static void ask_until_answered(const struct right *right, bool maybe)
{
    for (int i = 0; i < RETRIES; i++) {
        stage_call(&again);
        if (is_right(right, &again)) {
            break;
        }
        enum loyalty_outcome outcome = outcome_of(&again);
        REQUIRE(outcome == LOYALTY_RETRY_LATER || (outcome == LOYALTY_OUTCOME_UNKNOWN && maybe),
                "afterwards: %s %s", loyalty_outcome_name(outcome), again.reason);
        stage_pass(RETRY_MS);
    }
    REQUIRE(is_right(right, &again), "still %s long afterwards", again.reason);
    REQUIRE(maybe || scene.done || !again.replayed, "what was not done is replayed");
}

// A retry of a mutation that is known to be done.
static void ask_once_more(void)
{
    request = again;
    stage_call(&again);
    REQUIRE(again.replayed && again.code == request.code, "a retry is answered %u %s", again.code,
            again.reason);
    REQUIRE(same_payload(&again, request.payload, request.len), "a retry has another answer");
}

// The day counts the same in every case.
static void judge_day(const struct right *right)
{
    struct receipt_total totals[RECEIPT_OPERATIONS];
    take_totals(totals);
    for (size_t i = 0; i < RECEIPT_OPERATIONS; i++) {
        REQUIRE(totals[i].count == right->totals[i].count &&
                    totals[i].points == right->totals[i].points,
                "%llu receipts and %lld points of %zu, right are %llu and %lld",
                (unsigned long long)totals[i].count, (long long)totals[i].points, i + 1,
                (unsigned long long)right->totals[i].count, (long long)right->totals[i].points);
    }
}

static void judge_account(const struct right *right)
{
    int64_t balance = 0;
    uint64_t seq = stage_look(scene.member, &balance);
    uint64_t events = stage_count_events();
    REQUIRE(seq == right->seq + stage.rival_records &&
                balance == right->balance + stage.rival_points,
            "%llu records and %lld points, right are %llu and %lld", (unsigned long long)seq,
            (long long)balance, (unsigned long long)(right->seq + stage.rival_records),
            (long long)(right->balance + stage.rival_points));
    uint64_t wanted = right->events + stage.rival_events;
    REQUIRE(events == wanted || (scene.claims && events > wanted), "%llu events, right are %llu",
            (unsigned long long)events, (unsigned long long)wanted);
    if (scene.claims) {
        judge_day(right);
    }
}

void scene_run(void)
{
    struct right *right = case_memory();
    int64_t began_ms = stage.world.now_ms;
    if (scene.cold) {
        accounts_forget(stage.daemon->service->accounts);
    }
    bool maybe = ask_with_failures(right);
    inject_disarm();
    if (!right->known) {
        REQUIRE(outcome_of(&request) <= LOYALTY_REFUSED, "answered %s", request.reason);
        note_right(right);
    }
    ask_until_answered(right, maybe);
    bool comparable = stage.rival_events == 0 && stage.world.now_ms == began_ms;
    REQUIRE(!comparable || same_payload(&again, right->payload, right->len), "another answer");
    if (scene.mutation && right->outcome != LOYALTY_REFUSED) {
        ask_once_more();
    }
    gate_store_land(stage.daemon->front);
    stage_settle();
    judge_account(right);
    stage_close();
}
