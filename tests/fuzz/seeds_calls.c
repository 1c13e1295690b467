// Exchanges over HTTP/2, in every protocol: whole ones, such in pieces, such that are wrong, and
// clients that are slow or go.
#include "fuzz/seeds.h"

#include <stdio.h>

#include "base/buffer.h"
#include "base/check.h"
#include "fuzz/calls_input.h"

enum { ARENA_BYTES = 1 << 20, WATCH = CALLS_OWN_PATHS + 1, REFLECTION = CALLS_OWN_PATHS + 2 };
enum { AWARD = 0, REDEEM = 1, GET_MEMBER = 4, ENROLL = 5, VERIFY = 13 };

static struct arena arena;
static struct buffer seed;

#define MUTATION                                                                                   \
    "\"mutation\":{\"request_id\":\"0190d5a8-7f4e-7cc2-8d5b-000000000001\","                       \
    "\"created_at\":\"2026-01-10T00:00:00Z\"}"
#define MEMBER "\"member\":{\"member_id\":\"anna\"}"

static const struct {
    uint8_t method;
    uint8_t peer;
    const char *json;
} requests[] = {
    {AWARD, 0,
     "{" MUTATION "," MEMBER ",\"sale\":{\"currency\":\"CNY\",\"lines\":[{\"amount_minor\":9999,"
     "\"category\":\"t\\u00e9\"}]}}"},
    {REDEEM, 0, "{" MUTATION "," MEMBER ",\"points\":500}"},
    {REDEEM, 0, "{" MUTATION "," MEMBER ",\"points\":500000}"},
    {GET_MEMBER, 1, "{" MEMBER "}"},
    {ENROLL, 1,
     "{" MUTATION ",\"member_id\":\"carl\",\"identifiers\":[{\"kind\":\"PHONE\",\"value\":"
     "\"+8613800138000\"}]}"},
    {VERIFY, 3, "{\"partition\":3}"},
};

// --- steps ---

#define BYTES(text) (text), sizeof(text) - 1

static void step(enum calls_kind kind, uint8_t a, uint8_t b, uint8_t c, struct span bytes)
{
    const uint8_t head[CALLS_HEAD_BYTES] = {(uint8_t)kind,     a, b, c, (uint8_t)(bytes.len >> 8),
                                            (uint8_t)bytes.len};
    CHECK(buffer_append(&seed, span_of(head, sizeof(head))) == STATUS_OK);
    CHECK(buffer_append(&seed, bytes) == STATUS_OK);
}

static void bare(enum calls_kind kind, uint8_t a, uint8_t b, uint8_t c)
{
    step(kind, a, b, c, (struct span){0});
}

static void raw(const char *bytes, size_t len, bool last)
{
    step(CALLS_BODY, 0, CALLS_AS_IT_IS | (last ? CALLS_LAST : 0), 0, span_of(bytes, len));
}

static void room(uint16_t bytes)
{
    bare(CALLS_ROOM, 0, (uint8_t)(bytes >> 8), (uint8_t)bytes);
}

static void ask(size_t request, uint8_t type, uint8_t piece)
{
    struct span bytes = seed_request(requests[request].method, requests[request].json, &arena);
    bare(CALLS_OPEN, requests[request].peer, type, requests[request].method);
    step(CALLS_BODY, 0, CALLS_AS_MESSAGE | CALLS_LAST, piece, bytes);
}

static void done(const char *name)
{
    seed_write("calls", name, buffer_span(&seed));
    buffer_clear(&seed);
}

// --- seeds ---

static void whole_calls(void)
{
    char name[64];
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        for (int type = 0; type < CALLS_TYPES; type++) {
            ask(i, (uint8_t)type, (uint8_t)(type % 3));
            bare(CALLS_PASS, 0, CALLS_RUN, 0);
            ask(i, (uint8_t)((type + 3) % CALLS_TYPES), 0);
            (void)snprintf(name, sizeof(name), "whole-%zu-%d", i, type);
            done(name);
        }
    }
}

static void heads(void)
{
    char name[64];
    for (uint8_t i = 0; i < 24; i++) {
        const uint8_t fields[] = {3, CALLS_TE, i, CALLS_TRACEPARENT};
        step(CALLS_OPEN, 0, CALLS_GRPC, AWARD, span_of(fields, sizeof(fields)));
        step(CALLS_OPEN, 1, CALLS_CONNECT_JSON, GET_MEMBER, span_of(fields, sizeof(fields)));
        bare(CALLS_OPEN, 0, i, GET_MEMBER);
        bare(CALLS_OPEN, 0xc0, i, AWARD);
        bare(CALLS_OPEN, 6, i, WATCH);
        bare(CALLS_OPEN, 0, i % CALLS_TYPES, (uint8_t)(CALLS_ODD_PATHS + i));
        (void)snprintf(name, sizeof(name), "heads-%u", (unsigned)i);
        done(name);
    }
    step(CALLS_OPEN, 0, CALLS_WEB, CALLS_ANY_PATH,
         span_of(BYTES("\2\xf0\4name\5value\0/loyalty.v1.PointsService/Award")));
    done("heads-any");
}

static void framing(void)
{
    static const struct {
        const char *name;
        const char *bytes;
        size_t len;
    } cases[] = {
        {"none", BYTES("")},
        {"two", BYTES("\0\0\0\0\0\0\0\0\0\0")},
        {"cut-short", BYTES("\0\0\0\0\2x")},
        {"compressed", BYTES("\1\0\0\0\0")},
        {"bad-flag", BYTES("\x80\0\0\0\0")},
        {"too-large", BYTES("\0\0\x10\0\1")},
        {"json-escape", BYTES("{\"member\":{\"member_id\":\"\\\"\\u00e9\xc3\xa9\"}}")},
        {"json-unknown", BYTES("{\"m\xc3\xa9mber\":{\"x\":[1,2,{}]}}")},
    };
    char name[64];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int type = 0; type < CALLS_TYPES; type++) {
            bare(CALLS_OPEN, 1, (uint8_t)type, GET_MEMBER);
            raw(cases[i].bytes, cases[i].len, true);
        }
        (void)snprintf(name, sizeof(name), "body-%s", cases[i].name);
        done(name);
    }
}

// A MiB and more, of one exchange and of a connection.
static void large(void)
{
    for (uint8_t i = 0; i < 3; i++) {
        bare(CALLS_OPEN, 0, i == 1 ? CALLS_GRPC : CALLS_CONNECT, AWARD);
        if (i == 1) {
            raw("\0\0\x0f\xff\xff", 5, false);
        }
        step(CALLS_FILL, 0, 0xff, 0xff, span_of("\n", 1));
    }
    step(CALLS_FILL, 1, 0, 1, span_of("\n", 1));
    bare(CALLS_END, 0, 0, 0);
    done("large");
    bare(CALLS_OPEN, 0, CALLS_CONNECT_JSON, AWARD);
    step(CALLS_FILL, 0, 0x3f, 0xff, span_of("[", 1));
    bare(CALLS_END, 0, 0, 0);
    done("large-json");
}

// Health and reflection, to clients that take little.
static void streams(void)
{
    static const char list[] = "\0\0\0\0\2\x3a\0\0\0\0\0\x1b\x22\x19loyalty.v1.MembersService";
    for (int type = 0; type < CALLS_TYPES; type++) {
        bare(CALLS_OPEN, 0, (uint8_t)type, CALLS_OWN_PATHS);
        step(CALLS_BODY, 0, CALLS_AS_MESSAGE | CALLS_LAST, 0, span_of("\n\0", 2));
    }
    done("health");
    for (uint8_t i = 0; i < 18; i++) {
        bare(CALLS_OPEN, 0, i % 6, WATCH);
        step(CALLS_BODY, 0, CALLS_AS_MESSAGE | CALLS_LAST, 0, (struct span){0});
    }
    room(3);
    bare(CALLS_PASS, 0, CALLS_LONG, 3);
    room(CALLS_ALL_ROOM);
    bare(CALLS_GO, 3, 0, 0);
    bare(CALLS_DRAIN, 0, 1, 0);
    bare(CALLS_OPEN, 0, 0, WATCH);
    done("watch");
    for (uint8_t type = 0; type < 6; type += 5) {
        bare(CALLS_OPEN, 8, CALLS_GRPC, (uint8_t)(REFLECTION + type / 5));
        raw(list, sizeof(list) - 1, false);
        room(100);
        raw(list, sizeof(list) - 1, false);
        raw(list, sizeof(list) - 1, true);
        room(0x7fff);
        room(0x7fff);
        done(type == 0 ? "reflection" : "reflection-alpha");
    }
}

// Many small requests to reflection, whose answers are taken now and then.
static void slow_stream(void)
{
    bare(CALLS_OPEN, 8, CALLS_GRPC, REFLECTION);
    room(0);
    for (uint8_t i = 0; i < 8; i++) {
        step(CALLS_FILL, 0, 0x40, 0, span_of("", 1));
        room(40);
    }
    done("slow-stream");
}

static void comings_and_goings(void)
{
    ask(0, CALLS_GRPC, 1);
    bare(CALLS_GO, 0, 0, 0);
    room(10);
    ask(1, CALLS_WEB_JSON, 0);
    bare(CALLS_PASS, 0, CALLS_RUN, 1);
    bare(CALLS_OPEN, 0, CALLS_CONNECT, AWARD);
    raw("\n", 1, false);
    room(50);
    ask(3, CALLS_GRPC_JSON, 0);
    bare(CALLS_PASS, 0, 0, 250);
    room(CALLS_ALL_ROOM);
    bare(CALLS_GO, 1, 1, 0);
    done("who-goes");
    ask(0, CALLS_CONNECT_JSON, 0);
    bare(CALLS_PASS, 0, 0, 255);
    bare(CALLS_DRAIN, 0, 1, 0);
    ask(0, CALLS_WEB, 0);
    done("too-late");
}

void seeds_calls(void)
{
    arena_init(&arena, ARENA_BYTES);
    buffer_init(&seed, 0);
    whole_calls();
    heads();
    framing();
    large();
    streams();
    slow_stream();
    comings_and_goings();
    buffer_fini(&seed);
    arena_fini(&arena);
}
