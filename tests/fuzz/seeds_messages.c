// Streams of frames, nests of messages, and a request of every method.
#include "fuzz/seeds.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/varint.h"
#include "fuzz/mutate_message.h"
#include "fuzz/request_types.h"
#include "loyalty/v1/common.pb-c.h"
#include "wire/document.h"
#include "wire/frame.h"
#include "wire/message.h"

enum { ARENA_BYTES = 32 << 20, DEPTH = 16, VALUES = 16384, FIRST_SOLD = 19, STORY = 6 };

static struct arena arena;

static void put(struct buffer *out, struct span bytes)
{
    CHECK(buffer_append(out, bytes) == STATUS_OK);
}

// --- requests ---

#define MUTATION                                                                                   \
    "\"mutation\":{\"request_id\":\"0190d5a8-7f4e-7cc2-8d5b-000000000001\","                       \
    "\"created_at\":\"2026-01-10T00:00:00Z\",\"deadline\":\"2026-01-10T00:00:05Z\",\"min_seq\":1}"
#define MEMBER "\"member\":{\"member_id\":\"anna\"}"
#define CARD "\"member\":{\"identifier\":{\"kind\":\"CARD_NUMBER\",\"value\":\"4006381333931\"}}"
#define SALE                                                                                       \
    "\"sale\":{\"occurred_at\":\"2026-01-09T10:00:00.5Z\",\"currency\":\"CNY\",\"lines\":"         \
    "[{\"amount_minor\":9999,\"category\":\"wine\"},{\"amount_minor\":1}],"                        \
    "\"paid_with_points_minor\":100,\"receipt\":{\"number\":17,\"business_date\":\"2026-01-09\"}," \
    "\"unit\":\"store-1/till-1\",\"channel\":\"shop\",\"training\":true}"
#define DATED                                                                                      \
    "\"sale\":{\"occurred_date\":\"2024-02-29\",\"currency\":\"EUR\",\"lines\":"                   \
    "[{\"amount_minor\":\"1000000000000\"}]}"
// With the ids of their place in a story: a sale, a reservation, its capture, what takes it back.
#define MUTATION_AS(number)                                                                        \
    "\"mutation\":{\"request_id\":\"0190d5a8-7f4e-7cc2-8d5b-00000000000" number "\","              \
    "\"created_at\":\"2026-01-10T00:00:00Z\"}"
#define RESERVATION "\"reservation_id\":\"0190d5a8-7f4e-7cc2-8d5b-000000000003\""
#define ORIGINAL(number)                                                                           \
    "\"original_request_id\":\"0190d5a8-7f4e-7cc2-8d5b-00000000000" number "\","                   \
    "\"original_created_at\":\"2026-01-10T00:00:00Z\""
#define PROGRAM                                                                                    \
    "\"program\":{\"id\":\"club\",\"zone\":\"Asia/Shanghai\",\"currency\":\"CNY\",\"rescore\":"    \
    "[\"06-01\"],\"tiers\":[{\"id\":\"member\",\"names\":{\"en\":\"Member\",\"zh\":\"a\"}},"       \
    "{\"id\":\"gold\",\"threshold\":100,\"upgrade\":\"IMMEDIATE\",\"validity_months\":12}],"       \
    "\"earn\":{\"rules\":[{\"id\":\"base\",\"rate\":{\"points\":1,\"money_minor\":100},"           \
    "\"when\":{\"stores\":[\"store-1\"],\"weekdays\":[\"MONDAY\",\"SUNDAY\"],"                     \
    "\"from\":\"2026-01-01\",\"until\":\"2027-01-01\"}}]},\"score\":{\"rolling_months\":12},"      \
    "\"perks\":[{\"id\":\"lounge\",\"tiers\":[{\"tier_id\":\"gold\",\"count\":1,\"per\":"          \
    "\"MONTH\"}]}]}"

// By the index of the method, and of who may call it in dispatch_fuzz.c; several of one are told
// apart by their place here.
static const struct {
    size_t method;
    uint8_t peer;
    const char *json;
} requests[] = {
    {0, 0, "{" MUTATION "," MEMBER "," SALE "}"},
    {0, 0, "{" MUTATION "," CARD "," DATED "}"},
    {1, 0,
     "{" MUTATION "," MEMBER ",\"points\":500,\"receipt\":{\"number\":1,\"business_date\":"
     "\"2026-01-10\"},\"unit\":\"store-1/till-1\"}"},
    {2, 0, "{" MEMBER "," SALE "}"},
    {3, 0, "{" MEMBER ",\"request_id\":\"0190d5a8-7f4e-7cc2-8d5b-000000000001\"}"},
    {4, 1, "{" CARD "}"},
    {5, 1,
     "{" MUTATION ",\"member_id\":\"anna\",\"identifiers\":[{\"kind\":\"CARD_NUMBER\","
     "\"value\":\"4006381333931\"},{\"kind\":\"PHONE\",\"value\":\"+8613800138000\"}],"
     "\"enrolled_at\":\"2025-01-01T00:00:00Z\"}"},
    {5, 1, "{" MUTATION "}"},
    {6, 1, "{" MEMBER ",\"page_size\":200,\"page_token\":\"p1f\"}"},
    {7, 1, "{" MEMBER "}"},
    {8, 2, "{" PROGRAM "}"},
    {9, 2, "{" MUTATION "," PROGRAM ",\"effective_from\":\"2026-02-01T00:00:00Z\"}"},
    {10, 2, "{}"},
    {11, 2,
     "{" MUTATION "," MEMBER ",\"lots\":[{\"points\":100,\"expires_on\":\"2027-01-01\"},"
     "{\"points\":5}],\"scores\":[{\"score\":2000,\"from\":\"2025-06-01\",\"until\":"
     "\"2026-06-01\"}],\"card\":{\"tier_id\":\"gold\",\"from\":\"2025-06-01\",\"until\":"
     "\"2027-06-01\"}}"},
    {12, 2, "{" MUTATION "," MEMBER "," DATED "}"},
    {13, 3, "{\"partition\":3,\"cursor\":1}"},
    {13, 3, "{" MEMBER "}"},
    {14, 0, "{}"},
    {15, 2, "{\"now\":\"2026-03-01T00:00:00Z\"}"},
    // FIRST_SOLD
    {0, 0,
     "{" MUTATION_AS("2") "," MEMBER ",\"sale\":{\"currency\":\"CNY\",\"lines\":"
                          "[{\"amount_minor\":50000},{\"amount_minor\":20000}]}}"},
    {16, 0, "{" MUTATION_AS("3") "," MEMBER ",\"points\":500,\"hold_seconds\":60}"},
    {17, 0, "{" MUTATION_AS("4") "," MEMBER "," RESERVATION ",\"points\":300}"},
    {18, 0, "{" MUTATION_AS("5") "," MEMBER "," RESERVATION "}"},
    {19, 0, "{" MUTATION_AS("6") "," MEMBER "," ORIGINAL("3") ",\"points\":100}"},
    {19, 0, "{" MUTATION_AS("7") "," MEMBER "," ORIGINAL("2") ",\"lines\":{\"numbers\":[2,1]}}"},
    {19, 0,
     "{" MUTATION_AS("8") "," MEMBER "," ORIGINAL("9") ",\"amount_minor\":1,"
                                                       "\"reason\":\"returned\"}"},
    {20, 0, "{}"},
    {21, 0,
     "{" MUTATION ",\"business_date\":\"2026-01-10\",\"totals\":[{\"operation\":\"AWARD\","
     "\"count\":1,\"points\":5,\"amount_minor\":500}],\"request_ids\":"
     "[\"0190d5a8-7f4e-7cc2-8d5b-000000000002\"]}"},
};

struct span seed_request(size_t method, const char *json, struct arena *into)
{
    struct problems problems = {.arena = into};
    ProtobufCMessage *message = NULL;
    struct span bytes;
    CHECK(document_read(span_of_text(json), request_type_at(method)->type, &problems, &message) ==
          STATUS_OK);
    CHECK(message != NULL && message_encode(message, into, &bytes) == STATUS_OK);
    return bytes;
}

// --- calls, one after the other ---

static void put_call(struct buffer *seed, size_t request, uint8_t before)
{
    struct span bytes = seed_request(requests[request].method, requests[request].json, &arena);
    const uint8_t head[] = {requests[request].peer, (uint8_t)requests[request].method, before,
                            (uint8_t)(bytes.len >> 8), (uint8_t)bytes.len};
    put(seed, span_of(head, sizeof(head)));
    put(seed, bytes);
}

void seeds_dispatch(void)
{
    struct buffer seed;
    char name[64];
    arena_init(&arena, ARENA_BYTES);
    buffer_init(&seed, 0);
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        buffer_clear(&seed);
        put_call(&seed, i, 0);
        put_call(&seed, i, 1);
        (void)snprintf(name, sizeof(name), "twice-%zu", i);
        seed_write("dispatch", name, buffer_span(&seed));
    }
    buffer_clear(&seed);
    for (size_t i = 0; i < 6; i++) {
        put_call(&seed, i, i == 3 ? 0x3e : 0);
    }
    seed_write("dispatch", "one-after-the-other", buffer_span(&seed));
    buffer_clear(&seed);
    for (size_t i = FIRST_SOLD; i < FIRST_SOLD + STORY; i++) {
        put_call(&seed, i, 0);
    }
    seed_write("dispatch", "held-and-taken-back", buffer_span(&seed));
    buffer_fini(&seed);
    arena_fini(&arena);
}

// The type's number in trees_fuzz.c, and its JSON.
static void write_tree(const char *name, size_t type, const char *json)
{
    struct buffer seed;
    buffer_init(&seed, 0);
    CHECK(buffer_append_byte(&seed, (uint8_t)type) == STATUS_OK);
    put(&seed, span_of_text(json));
    seed_write("trees", name, buffer_span(&seed));
    buffer_fini(&seed);
}

void seeds_trees(void)
{
    char name[64];
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        (void)snprintf(name, sizeof(name), "request-%zu", i);
        write_tree(name, requests[i].method + 3, requests[i].json);
    }
    write_tree("envelope", 0, "{\"correlationId\":\"18446744073709551615\",\"payload\":\"AAEC\"}");
    write_tree("reply", 1, "{\"error\":{\"code\":\"CODE_NOT_FOUND\",\"figures\":{\"a\":\"-1\"}}}");
    write_tree("tier", 2,
               "{\"parts\":[{\"seq\":1,\"score\":-5,\"from\":\"2026-01-10T00:00:00.5Z\","
               "\"countsNow\":true}],\"card\":{\"cause\":\"CARD_CAUSE_RESCORE\"}}");
}

void seeds_requests(void)
{
    arena_init(&arena, ARENA_BYTES);
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        struct span bytes = seed_request(requests[i].method, requests[i].json, &arena);
        const char *path = request_type_at(requests[i].method)->path;
        char name[64];
        struct buffer seed;
        buffer_init(&seed, 0);
        (void)snprintf(name, sizeof(name), "%s-%zu", strrchr(path, '/') + 1, i);
        CHECK(buffer_append_byte(&seed, (uint8_t)requests[i].method) == STATUS_OK);
        CHECK(buffer_append_byte(&seed, 1) == STATUS_OK);
        put(&seed, bytes);
        seed_write("requests", name, buffer_span(&seed));
        buffer_fini(&seed);
    }
    arena_fini(&arena);
}

// --- frames ---

static void put_frame(struct buffer *out, struct span envelope)
{
    uint8_t prefix[FRAME_PREFIX_BYTES];
    frame_prefix(envelope.len, prefix);
    put(out, span_of(prefix, sizeof(prefix)));
    put(out, envelope);
}

// Choices of chunk sizes, then the stream.
static void write_stream(const char *name, const char *choices, size_t count, struct span stream)
{
    struct buffer seed;
    buffer_init(&seed, 0);
    CHECK(buffer_append_byte(&seed, (uint8_t)count) == STATUS_OK);
    put(&seed, span_of(choices, count));
    put(&seed, stream);
    seed_write("frames", name, buffer_span(&seed));
    buffer_fini(&seed);
}

static void put_envelopes(struct buffer *stream)
{
    Loyalty__V1__Error error = LOYALTY__V1__ERROR__INIT;
    Loyalty__V1__Error__FiguresEntry figure = LOYALTY__V1__ERROR__FIGURES_ENTRY__INIT;
    Loyalty__V1__Error__FiguresEntry *figures[] = {&figure};
    figure.key = (char *)"limit";
    figure.value = 100;
    error.code = LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION;
    error.reason = (char *)"BELOW_MINIMUM";
    error.message = (char *)"too few";
    error.n_figures = 1;
    error.figures = figures;
    struct frame_request request = {.correlation_id = 7,
                                    .method = span_of_text("/loyalty.v1.PointsService/Award"),
                                    .timeout_ms = 5000,
                                    .payload = seed_request(0, requests[0].json, &arena)};
    struct frame_reply refused = {.correlation_id = 8, .error = &error};
    struct frame_reply applied = {.payload = span_of_text("abc"), .replayed = true};
    struct span envelope;
    CHECK(frame_encode_request(&request, &arena, &envelope) == STATUS_OK);
    put_frame(stream, envelope);
    CHECK(frame_encode_reply(&refused, &arena, &envelope) == STATUS_OK);
    put_frame(stream, envelope);
    CHECK(frame_encode_reply(&applied, &arena, &envelope) == STATUS_OK);
    put_frame(stream, envelope);
}

void seeds_frames(void)
{
    arena_init(&arena, ARENA_BYTES);
    struct buffer stream;
    buffer_init(&stream, 0);
    put_envelopes(&stream);
    write_stream("envelopes-at-once", "", 0, buffer_span(&stream));
    write_stream("envelopes-in-bytes", "\x00\x00\x00\x00\x00\x1f\x42\x40", 8, buffer_span(&stream));
    write_stream("value-before-key", "", 0,
                 span_of("\x00\x00\x00\x0b\x1a\x09\x2a\x07\x10\x05\x0a\x03"
                         "abc",
                         15));
    write_stream("empty", "", 0, span_of("\x00\x00\x00\x01\x08\x00\x00\x00\x00", 9));
    write_stream("longest", "\x03\xff\xff\xff\xff\xff", 6, span_of("\x00\x01\x00\x00", 4));
    write_stream("too-long", "\x03", 1, span_of("\x00\x01\x00\x01", 4));
    write_stream("too-much-held", "\x03\xff\xff\xff\xff\xff\xff", 7,
                 span_of("\x00\x00\x00\x01", 4));
    buffer_fini(&stream);
    arena_fini(&arena);
}

// --- messages ---

// `levels` messages inside one another, written from the innermost out.
static void write_nest(const char *name, size_t levels)
{
    uint8_t bytes[256];
    size_t at = sizeof(bytes);
    for (size_t i = 1; i < levels; i++) {
        size_t len = sizeof(bytes) - at;
        bytes[--at] = (uint8_t)len;
        bytes[--at] = i % 2 == 0 ? 0x0a : 0x12;
    }
    seed_write("messages", name, span_of(bytes + at, sizeof(bytes) - at));
}

// A list of so many numbers, packed.
static void write_many(const char *name, size_t count)
{
    static uint8_t ones[VALUES + 1];
    struct buffer seed;
    buffer_init(&seed, 0);
    memset(ones, 1, sizeof(ones));
    CHECK(buffer_append_byte(&seed, 0x62) == STATUS_OK);
    CHECK(buffer_put_sized(&seed, span_of(ones, count)) == STATUS_OK);
    seed_write("messages", name, buffer_span(&seed));
    buffer_fini(&seed);
}

void seeds_messages(void)
{
    static const uint8_t one_of_each[] = {
        0x1a, 1, 'a', 0x22, 2, 0,    255, 0x28, 5, 0x30, 6,    0x38, 7, 0x40, 1,    0x48, 1,
        0x55, 1, 2,   3,    4, 0x59, 1,   2,    3, 4,    5,    6,    7, 8,    0x60, 3,    0x62,
        2,    1, 2,   0x70, 9, 0x7d, 1,   2,    3, 4,    0x7a, 4,    1, 2,    3,    4,
    };
    seed_write("messages", "one-of-each", span_of(one_of_each, sizeof(one_of_each)));
    write_nest("deepest", DEPTH);
    write_nest("too-deep", DEPTH + 1);
    write_many("most-values", VALUES - 1);
    write_many("too-many-values", VALUES + 1);
}
