// Health: asked and watched, over the store that comes and goes, and at the end.
#include "unit/face/fake_http.h"

#include "grpc/health/v1/health.pb-c.h"
#include "wire/message.h"

#define TILL "pos/store-1/till-1"
#define CHECK_PATH "/grpc.health.v1.Health/Check"
#define WATCH_PATH "/grpc.health.v1.Health/Watch"

enum { SERVING = 1, NOT_SERVING = 2, SERVICE_UNKNOWN = 3 };

static struct span request(enum fake_protocol protocol, const char *service)
{
    if (fake_is_json(protocol)) {
        const char *text = world_text(&fake_world, "{\"service\": \"%s\"}", service);
        return fake_framed(protocol, span_of_text(text));
    }
    Grpc__Health__V1__HealthCheckRequest message = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    message.service = (char *)service;
    struct span bytes;
    assert_int_equal(message_encode(&message.base, &fake_world.arena, &bytes), STATUS_OK);
    return fake_framed(protocol, bytes);
}

static int status_in(struct span message)
{
    ProtobufCMessage *response = NULL;
    struct message_fault fault;
    assert_int_equal(message_decode(&grpc__health__v1__health_check_response__descriptor, message,
                                    &fake_world.arena, &response, &fault),
                     STATUS_OK);
    return (int)((const Grpc__Health__V1__HealthCheckResponse *)response)->status;
}

static int checked(const char *service)
{
    struct fake *fake = fake_begin(TILL, GRPC, CHECK_PATH, "");
    fake_send(fake, request(GRPC, service), true);
    assert_string_equal(fake_field(fake->trailers, "grpc-status"), "0");
    return status_in(fake_answer(fake, GRPC));
}

static struct fake *watch(const char *service)
{
    struct fake *fake = fake_begin(TILL, GRPC, WATCH_PATH, "");
    assert_false(fake->is_call); // it may stay open
    fake_send(fake, request(GRPC, service), true);
    return fake;
}

// The statuses a watcher was told, one digit each.
static const char *told(const struct fake *fake)
{
    const char *digits = "";
    uint8_t flag = 0;
    struct span part;
    for (size_t i = 0; fake_part(fake, i, &flag, &part); i++) {
        assert_int_equal(flag, 0);
        digits = world_text(&fake_world, "%s%d", digits, status_in(part));
    }
    return digits;
}

// Until the lease has run out, or is there again.
static void store_goes(bool gone)
{
    fake_world.daemons[0].cut = gone;
    world_pass(&fake_world, LIMIT_LEASE_MS + 1000);
    timers_run(&fake_world.daemons[0].timers);
}

static void services_of_the_contract_are_known(void **state)
{
    (void)state;
    static const char *const known[] = {"",
                                        "loyalty.v1.PointsService",
                                        "loyalty.v1.MembersService",
                                        "loyalty.v1.ProgramsService",
                                        "loyalty.v1.AdminService",
                                        "loyalty.v1.ClockService"};
    static const char *const unknown[] = {
        "loyalty.v1.PointsServic",   "loyalty.v1", "loyalty",
        "/loyalty.v1.PointsService", "points",     "loyalty.v1.PointsService/Award"};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        assert_int_equal(checked(known[i]), SERVING);
    }
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        for (int protocol = 0; protocol < FAKE_PROTOCOLS; protocol++) {
            struct fake *fake = fake_begin(TILL, protocol, CHECK_PATH, "");
            fake_send(fake, request(protocol, unknown[i]), true);
            if (fake_is_framed(protocol)) {
                assert_string_equal(fake_field(fake->head, "grpc-status"), "5");
            } else {
                assert_int_equal(fake->status, 404);
            }
        }
        assert_string_equal(told(watch(unknown[i])), "3");
    }
}

static void check_is_unary_in_every_protocol(void **state)
{
    (void)state;
    for (int protocol = 0; protocol < FAKE_PROTOCOLS; protocol++) {
        struct fake *fake = fake_begin(TILL, protocol, CHECK_PATH, "");
        fake_send(fake, request(protocol, ""), true);
        struct span answer = fake_answer(fake, protocol);
        if (fake_is_json(protocol)) {
            assert_true(span_is_text(answer, "{\"status\":\"SERVING\"}"));
        } else {
            assert_int_equal(status_in(answer), SERVING);
        }
        fake = fake_begin(TILL, protocol, CHECK_PATH, "");
        fake_send(fake, fake_framed(protocol, span_of_text("\xff")), true);
        assert_true(fake->ended);
        assert_true(!fake_is_framed(protocol) ||
                    strcmp(fake_field(fake->head, "grpc-status"), "3") == 0);
    }
    struct fake *late = fake_begin(TILL, GRPC, CHECK_PATH, "grpc-timeout: 0S\n");
    fake_send(late, request(GRPC, ""), true);
    assert_string_equal(fake_field(late->head, "grpc-status"), "14");
}

static void watching_is_no_unary_call(void **state)
{
    (void)state;
    struct fake *fake = fake_begin(TILL, CONNECT, WATCH_PATH, "");
    assert_int_equal(fake->status, 415);
    fake = fake_begin(TILL, WEB, WATCH_PATH, "");
    fake_send(fake, request(WEB, ""), true);
    assert_string_equal(told(fake), "1");
    fake = fake_begin(TILL, GRPC, WATCH_PATH, "");
    fake_send(fake, (struct span){0}, true); // asks nothing
    assert_string_equal(fake_field(fake->head, "grpc-status"), "12");
    fake = fake_begin(TILL, GRPC, WATCH_PATH, "");
    fake_send(fake, request(GRPC, ""), false);
    fake_send(fake, request(GRPC, ""), true); // asks twice
    assert_string_equal(fake_field(fake->head, "grpc-status"), "12");
}

static void changes_are_told_once(void **state)
{
    (void)state;
    struct fake *whole = watch("");
    struct fake *one = watch("loyalty.v1.PointsService");
    struct fake *unknown = watch("nothing");
    world_pass(&fake_world, 5000);
    assert_string_equal(told(whole), "1");
    store_goes(true);
    assert_int_equal(checked(""), NOT_SERVING);
    assert_string_equal(told(whole), "12");
    assert_string_equal(told(one), "12");
    assert_string_equal(told(unknown), "3");
    fake_gone(one);
    store_goes(false);
    assert_string_equal(told(whole), "121");
    assert_string_equal(told(one), "12");
    assert_false(whole->ended || unknown->ended);
}

static void who_is_slow_is_told_how_things_stand(void **state)
{
    (void)state;
    struct fake *slow = watch("");
    fake_room = 0;
    store_goes(true);
    store_goes(false);
    store_goes(true);
    assert_string_equal(told(slow), "1");
    store_goes(false);
    fake_make_room(SIZE_MAX);
    assert_string_equal(told(slow),
                        "121"); // the first change was on its way, of others one is left
    assert_false(slow->ended);
    store_goes(true);
    assert_string_equal(told(slow), "1212"); // and hears of the next one
}

static void a_drain_ends_the_streams(void **state)
{
    (void)state;
    struct fake *watcher = watch("");
    struct fake *other = watch("nothing");
    struct fake *begun = fake_begin(TILL, GRPC, CHECK_PATH, "");
    face_drain(fake_face);
    face_drain(fake_face);
    assert_string_equal(told(watcher), "12");
    assert_true(watcher->ended && other->ended);
    assert_string_equal(fake_field(watcher->trailers, "grpc-status"), "14");
    assert_false(begun->ended); // calls are answered on
    fake_send(begun, request(GRPC, ""), true);
    assert_int_equal(status_in(fake_answer(begun, GRPC)), NOT_SERVING);
    struct fake *late = fake_begin(TILL, GRPC, WATCH_PATH, "");
    assert_string_equal(fake_field(late->head, "grpc-status"), "14");
    struct fake *award =
        fake_call(TILL, GRPC, "PointsService/Award",
                  world_award_text(&fake_world, world_id(&fake_world), "anna", 100));
    assert_string_equal(fake_field(award->trailers, "grpc-status"), "0");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_open, fake_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(services_of_the_contract_are_known),
        TEST(check_is_unary_in_every_protocol),
        TEST(watching_is_no_unary_call),
        TEST(changes_are_told_once),
        TEST(who_is_slow_is_told_how_things_stand),
        TEST(a_drain_ends_the_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
