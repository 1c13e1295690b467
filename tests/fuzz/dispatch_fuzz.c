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
#include "fuzz/fuzz_daemon.h"
#include "fuzz/mutate_message.h"
#include "fuzz/request_types.h"
#include "service/method.h"

enum {
    HEAD_BYTES = 5,
    CALLS_MAX = 6,
    MEMORY_BYTES_MAX = 64 << 20,
    JUMP_MS = 400000,
};

static const char *const peers[] = {
    "pos/store-1/till-1", "backend/crm", "admin/head-office", "job/nightly",
    "partner/lounge",     "pos/store-2", "nobody/x",          "admin/",
};

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
    world_ask_bytes(&fuzz_world.daemons[0], call->peer, call->method->path, call->payload, 0,
                    answer);
}

// What was done is answered the same, unless its time is over.
static void ask_again(struct call *call)
{
    const struct method *method = method_find(span_of_text(call->method->path));
    struct world_answer again;
    if (!method->mutating || call->answer.code != LOYALTY__V1__CODE__CODE_UNSPECIFIED ||
        fuzz_leaves_nothing(call->method->path, call->payload)) {
        return;
    }
    ask(call, &again);
    fuzz_daemon_run();
    check_answer(&again);
    if (again.code == LOYALTY__V1__CODE__CODE_UNSPECIFIED) {
        CHECK(again.replayed && span_equal(again.payload, call->answer.payload));
    } else {
        CHECK(again.code == LOYALTY__V1__CODE__CODE_UNAVAILABLE);
    }
}

static void happen(uint8_t what)
{
    if ((what & 1) == 0) {
        fuzz_daemon_run();
    }
    if ((what & 0x0e) == 0x0e) {
        fuzz_daemon_pass((int64_t)(what >> 4) * JUMP_MS);
    }
}

// What nobody will answer any more runs out of time.
static void run_out(void)
{
    fuzz_daemon_run();
    fuzz_daemon_pass(LIMIT_REQUEST_MS + 1);
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
    static bool checked;
    if (checked) {
        return;
    }
    checked = true;
    CHECK(request_type_count() == method_count());
    for (size_t i = 0; i < method_count(); i++) {
        const struct method *method = method_find(span_of_text(request_type_at(i)->path));
        CHECK(method != NULL && request_type_at(i)->type == method->request);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz_input input = {.rest = span_of(data, len)};
    struct call calls[CALLS_MAX];
    check_types();
    fuzz_daemon_begin(MEMORY_BYTES_MAX);
    size_t count = make_calls(&input, calls);
    run_out();
    for (size_t i = 0; i < count; i++) {
        check_answer(&calls[i].answer);
        ask_again(&calls[i]);
    }
    fuzz_daemon_verify();
    fuzz_daemon_end();
    return 0;
}
