// Requests over HTTP, in every protocol there is, with every allocation failing from the first byte
// of the head to the last of the trailers.
#include "failures/excluded.h"
#include "failures/face_stage.h"
#include "failures/harness.h"
#include "failures/service_stage.h"

#include <string.h>

#include "base/check.h"
#include "face/body.h"

#define TILL "pos/store-1/till-1"
#define CRM "backend/crm"
#define GRPC "application/grpc"
#define WEB "application/grpc-web+proto"
#define CONNECT_JSON "application/json"
#define REFLECTION "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"

#define MEMORY                                                                                     \
    (INJECT_BIT(INJECT_MEMORY) | INJECT_BIT(INJECT_MEMORY_ON) | INJECT_BIT(INJECT_ARENA) |         \
     INJECT_BIT(INJECT_ARENA_ON))

const uint32_t scenario_cases = 8;

static struct service_world *const world = &stage.world;

// --- bodies ---

static struct span framed(struct span message)
{
    uint8_t *bytes = arena_alloc(&world->arena, message.len + BODY_PREFIX_BYTES);
    CHECK(bytes != NULL);
    body_prefix(0, message.len, bytes);
    if (message.len > 0) {
        memcpy(bytes + BODY_PREFIX_BYTES, message.data, message.len);
    }
    return span_of(bytes, message.len + BODY_PREFIX_BYTES);
}

static void open_with_anna(void)
{
    stage_open();
    world_enroll(world, "anna");
    (void)world_award(world, "anna", 10000);
}

// As each protocol writes it.
static struct span body_in(const char *type, const char *method, const char *json)
{
    if (strcmp(type, CONNECT_JSON) == 0) {
        return span_of_text(json);
    }
    return framed(strstr(type, "+json") != NULL ? span_of_text(json)
                                                : world_bytes(world, method, json));
}

// --- the contract ---

static void set_award(const char *type, bool slow)
{
    open_with_anna();
    face_stage_set(&(struct face_scene){
        .peer = TILL,
        .type = type,
        .path = "/loyalty.v1.PointsService/Award",
        .body = body_in(type, "PointsService/Award",
                        world_award_text(world, world_id(world), "anna", 5000)),
        .member = "anna",
        .mutation = true,
        .slow = slow,
    });
}

static void prepare_award(void)
{
    set_award(GRPC, false);
}

static void prepare_award_slow(void)
{
    set_award(GRPC, true);
}

static void prepare_award_web(void)
{
    set_award(WEB, false);
}

static void prepare_award_web_slow(void)
{
    set_award(WEB, true);
}

static void prepare_award_json(void)
{
    set_award(CONNECT_JSON, false);
}

static void prepare_award_json_slow(void)
{
    set_award(CONNECT_JSON, true);
}

static void set_read(const char *type, bool cold)
{
    open_with_anna();
    face_stage_set(&(struct face_scene){
        .peer = CRM,
        .type = type,
        .path = "/loyalty.v1.MembersService/GetMember",
        .body = body_in(type, "MembersService/GetMember", world_member_text(world, "anna")),
        .member = "anna",
        .cold = cold,
    });
}

static void prepare_member(void)
{
    set_read(GRPC, true);
}

static void prepare_member_web_json(void)
{
    set_read("application/grpc-web+json", false);
}

static void prepare_member_json(void)
{
    set_read(CONNECT_JSON, true);
}

// Stays open until the face drains; what failed is told to who asks again.
static void set_subscribe(const char *type)
{
    open_with_anna();
    face_stage_set(&(struct face_scene){
        .peer = CRM,
        .type = type,
        .path = "/loyalty.v1.EventsService/Subscribe",
        .body = body_in(type, "EventsService/Subscribe", "{\"consumer\": \"crm\"}"),
        .member = "anna",
        .slow = true,
        .end = FACE_DRAINED,
    });
}

static void prepare_subscribe(void)
{
    set_subscribe(GRPC);
}

static void prepare_subscribe_web_json(void)
{
    set_subscribe("application/grpc-web+json");
}

// --- the face's own ---

static void set_own(const char *type, const char *path, struct span body, enum face_end end)
{
    stage_open();
    face_stage_set(&(struct face_scene){
        .peer = TILL, .type = type, .path = path, .body = body, .slow = true, .end = end});
}

static void prepare_check(void)
{
    set_own(CONNECT_JSON, "/grpc.health.v1.Health/Check", span_of_text("{}"), FACE_UNARY);
}

static void prepare_watch(void)
{
    set_own(GRPC, "/grpc.health.v1.Health/Watch", span_of("\0\0\0\0\0", 5), FACE_DRAINED);
}

static void prepare_watch_web_json(void)
{
    set_own("application/grpc-web+json", "/grpc.health.v1.Health/Watch", span_of("\0\0\0\0\2{}", 7),
            FACE_DRAINED);
}

// The list of services, a symbol that is there and one that is not.
static void prepare_reflection(void)
{
    static const char requests[] = "\0\0\0\0\2\x3a\0"
                                   "\0\0\0\0\x1b\x22\x19loyalty.v1.MembersService"
                                   "\0\0\0\0\5\x22\3abc";
    set_own(GRPC, REFLECTION, span_of(requests, sizeof(requests) - 1), FACE_UNARY);
}

static void prepare_reflection_json(void)
{
    static const char requests[] = "\0\0\0\0\x13{\"listServices\":\"\"}"
                                   "\0\0\0\0\x1d{\"fileByFilename\":\"nowhere\"}\n";
    set_own("application/grpc+json", REFLECTION, span_of(requests, sizeof(requests) - 1),
            FACE_UNARY);
}

#define SCENE(name_)                                                                               \
    {                                                                                              \
        .name = #name_, .kinds = MEMORY, .prepare = prepare_##name_, .run = face_stage_run         \
    }

const struct excluded excluded[] = {
    {NULL, NULL},
};

const struct scenario scenarios[] = {
    SCENE(award),       SCENE(award_slow),      SCENE(award_web), SCENE(award_web_slow),
    SCENE(award_json),  SCENE(award_json_slow), SCENE(member),    SCENE(member_web_json),
    SCENE(member_json), SCENE(check),           SCENE(watch),     SCENE(watch_web_json),
    SCENE(reflection),  SCENE(reflection_json), SCENE(subscribe), SCENE(subscribe_web_json),
};
const size_t scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);
