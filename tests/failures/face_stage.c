// The judgement of one request over HTTP.
#include "failures/face_stage.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "face/face_parts.h"
#include "failures/harness.h"
#include "failures/service_stage.h"
#include "support/fake_http.h"

enum {
    RETRIES = 60,
    RETRY_MS = 500,
    STEP_MS = 50,
    ANSWER_MS = 2 * LIMIT_REQUEST_MS,
    LITTLE_BYTES = 40,
    FIELDS = 3,
};

// What became of a request once.
struct heard {
    bool refused; // reset, and nothing was done
    bool broken;  // reset
    int code;
    bool replayed;
    char reason[64];
    size_t messages;
    uint64_t print; // of the first message
};

// What is right, found when nothing fails.
struct right {
    bool known;
    struct heard heard;
    uint64_t seq;
    int64_t balance;
    uint64_t events;
};

static struct face_scene scene;
static int64_t began_ms;

// --- the face ---

static void serve(void)
{
    CHECK(fake_serve(stage.daemon->service));
}

// All clients go, and it with them.
static void end_face(void)
{
    inject_enter();
    for (size_t i = 0; i < fake_count; i++) {
        fake_gone(&fakes[i]);
    }
    inject_leave();
    fake_forget_all();
    REQUIRE(fake_face->calls == 0 && fake_face->quotas.bytes == 0, "it keeps %zu calls, %zu bytes",
            fake_face->calls, fake_face->quotas.bytes);
    REQUIRE(fake_face->quotas.streams == 0 && fake_face->health.watchers == NULL,
            "it keeps streams of clients that have gone");
    face_free(fake_face);
    fake_face = NULL;
}

// Made with everything that is failing allowed to: then there is none, and nothing of it.
static void try_serve(void)
{
    inject_enter();
    bool served = fake_serve(stage.daemon->service);
    inject_leave();
    if (!served) {
        REQUIRE(!case_is_clean(), "there is no face, though nothing failed");
        serve();
    }
}

void face_stage_set(const struct face_scene *wanted)
{
    CHECK(sizeof(struct right) <= CASE_MEMORY_BYTES);
    scene = *wanted;
    fake_pause = inject_pause;
    fake_resume = inject_resume;
    if (!scene.cold) {
        serve();
    }
}

// --- a request ---

static void begin(struct fake *fake)
{
    const struct http_field fields[FIELDS] = {
        {span_of_text("content-type"), span_of_text(scene.type)},
        {span_of_text("te"), span_of_text("trailers")},
        {span_of_text("traceparent"),
         span_of_text("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")},
    };
    const struct http_request request = {span_of_text("POST"), span_of_text(scene.path), fields,
                                         FIELDS};
    size_t half = scene.body.len / 2;
    inject_enter();
    fake_open_request(fake, &request);
    if (!fake->was_reset) {
        fake_send(fake, span_of(scene.body.data, half), false);
    }
    if (!fake->was_reset) {
        fake_send(fake, span_from(scene.body, half), true);
    }
    inject_leave();
}

static void make_room(size_t bytes)
{
    inject_enter();
    fake_make_room(bytes);
    inject_leave();
    stage_settle();
}

static void take_time(const struct fake *fake)
{
    stage_settle();
    if (scene.slow) {
        make_room(LITTLE_BYTES);
        make_room(SIZE_MAX);
    }
    for (int64_t ms = 0; !fake_is_over(fake) && ms < ANSWER_MS; ms += STEP_MS) {
        stage_pass(STEP_MS);
    }
}

static void drain(void)
{
    stage_settle();
    inject_enter();
    face_drain(fake_face);
    inject_leave();
}

static void read_heard(const struct fake *fake, struct heard *ret_heard)
{
    struct rpc_answer answer;
    *ret_heard = (struct heard){0};
    if (fake->was_reset) {
        ret_heard->refused = fake->code == RESET_REFUSED;
        ret_heard->broken = true;
        return;
    }
    fake_read(fake, media_find(span_of_text(scene.type)), &stage.world.arena, &answer);
    REQUIRE(answer.problem == NULL, "no answer of its protocol: %s", answer.problem);
    ret_heard->code = answer.code;
    ret_heard->replayed = answer.replayed;
    ret_heard->messages = answer.messages;
    ret_heard->print = hash_fnv1a(answer.message);
    (void)snprintf(ret_heard->reason, sizeof(ret_heard->reason), "%s", answer.reason);
    REQUIRE(!answer.bare || !case_is_clean(), "an error without a reason");
}

// Asks; a face that had to drain for it is replaced.
static void ask(struct heard *ret_heard)
{
    struct fake *fake = fake_exchange(scene.peer);
    fake_room = scene.slow ? 3 : SIZE_MAX;
    begin(fake);
    if (scene.end == FACE_DRAINED) {
        drain();
    }
    take_time(fake);
    REQUIRE(fake_is_over(fake), "it is not answered");
    read_heard(fake, ret_heard);
    if (scene.end == FACE_DRAINED) {
        end_face();
        stage.daemon->service->draining = false; // as another daemon's would be
        serve();
    }
}

// --- judging ---

static bool is_right(const struct right *right, const struct heard *heard)
{
    return !heard->broken && heard->code == right->heard.code &&
           heard->messages == right->heard.messages &&
           strcmp(heard->reason, right->heard.reason) == 0;
}

// Whether it says that nothing was done, and to try again.
static bool is_later(const struct heard *heard)
{
    return heard->broken ? heard->refused
                         : heard->code == LOYALTY__V1__CODE__CODE_UNAVAILABLE ||
                               heard->code == LOYALTY__V1__CODE__CODE_RESOURCE_EXHAUSTED;
}

// Whether the request may have taken effect.
static bool judge_failed(const struct right *right, const struct heard *heard, uint64_t written)
{
    if (right->known && is_right(right, heard)) {
        return true;
    }
    REQUIRE(right->known || !case_is_clean(), "it fails by itself");
    if (is_later(heard)) {
        REQUIRE(strstr(heard->reason, "TOO_LARGE") == NULL, "it is not too large");
        REQUIRE(written == 0, "%d %s, but %llu records were written", heard->code, heard->reason,
                (unsigned long long)written);
        return false;
    }
    REQUIRE(heard->broken || heard->code == LOYALTY__V1__CODE__CODE_UNKNOWN,
            "answered %d %s with %zu messages", heard->code, heard->reason, heard->messages);
    REQUIRE(heard->broken || scene.mutation, "a read is answered %d %s", heard->code,
            heard->reason);
    return true;
}

static void note_right(struct right *right, const struct heard *heard)
{
    bool good =
        scene.end == FACE_DRAINED ? strcmp(heard->reason, "DRAINING") == 0 : heard->code == 0;
    REQUIRE(good && !heard->broken && heard->messages > 0, "answered %d %s", heard->code,
            heard->reason);
    right->known = true;
    right->heard = *heard;
    right->seq = stage_look(scene.member, &right->balance);
    right->events = stage_count_events();
}

// The failures are over: its answer comes, perhaps not at once.
static void ask_until_answered(const struct right *right, bool maybe)
{
    struct heard heard;
    ask(&heard);
    for (int i = 0; i < RETRIES && !is_right(right, &heard); i++) {
        REQUIRE(is_later(&heard), "afterwards: %d %s", heard.code, heard.reason);
        stage_pass(RETRY_MS);
        ask(&heard);
    }
    REQUIRE(is_right(right, &heard), "still %d %s long afterwards", heard.code, heard.reason);
    REQUIRE(maybe || !heard.replayed, "what was not done is replayed");
    bool comparable = stage.world.now_ms == began_ms;
    REQUIRE(!comparable || heard.print == right->heard.print, "another answer");
    if (scene.mutation) {
        struct heard again;
        ask(&again);
        REQUIRE(again.replayed && is_right(right, &again), "a retry is answered %d %s", again.code,
                again.reason);
        REQUIRE(again.print == heard.print, "a retry has another answer");
    }
}

static void judge_account(const struct right *right)
{
    int64_t balance = 0;
    uint64_t seq = stage_look(scene.member, &balance);
    REQUIRE(seq == right->seq && balance == right->balance, "%llu records and %lld points",
            (unsigned long long)seq, (long long)balance);
    REQUIRE(stage_count_events() == right->events, "another number of events");
}

void face_stage_run(void)
{
    struct right *right = case_memory();
    struct heard heard;
    int64_t balance = 0;
    uint64_t before = stage_look(scene.member, &balance);
    began_ms = stage.world.now_ms;
    if (scene.cold) {
        try_serve();
    }
    ask(&heard);
    if (case_is_clean() && !right->known) {
        note_right(right, &heard);
    }
    bool maybe = judge_failed(right, &heard, stage_look(scene.member, &balance) - before);
    inject_disarm();
    ask_until_answered(right, maybe);
    stage_settle();
    judge_account(right);
    end_face();
    stage_close();
}
