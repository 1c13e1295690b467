// Frames in, frames out: a real TLS connection before a service over the store in memory.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/log.h"
#include "face/frames.h"
#include "net/listen.h"
#include "support/server_world.h"
#include "support/service_world.h"
#include "wire/frame.h"
#include "wire/message.h"

static struct service_world service;
static struct world *net;
static struct frames face;
static struct tls_client *till;

static int open_world(void **state)
{
    (void)state;
    static const struct server_limits limits;
    char error[WORLD_ERROR_BYTES];
    int fd = -1;
    service_world_open(&service, 1);
    world_enroll(&service, "anna");
    frames_init(&face, service.daemons[0].service);
    net = world_new();
    CHECK(listen_bind("127.0.0.1", 0, &fd, &net->port) == STATUS_OK);
    CHECK(server_new(net->base, fd, &net->tls, &limits, frames_on_frame, &face, error,
                     sizeof(error), &net->server) == STATUS_OK);
    frames_set_server(&face, net->server);
    till = world_till(net);
    WORLD_UNTIL(net, till->ready);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    world_free(net);
    frames_set_server(&face, NULL);
    service_world_fini(&service); // answers what is still open, to nobody
    frames_fini(&face);
    return 0;
}

static void ask(uint64_t correlation, const char *path, struct span payload)
{
    struct frame_request request = {
        .correlation_id = correlation, .method = span_of_text(path), .payload = payload};
    struct span envelope;
    assert_int_equal(frame_encode_request(&request, &service.arena, &envelope), STATUS_OK);
    tls_client_send_frame(till, envelope);
}

static void receive(struct frame_reply *ret_reply)
{
    struct span frame;
    struct span copy;
    struct message_fault fault;
    WORLD_UNTIL(net, (world_run(&service), tls_client_take(till, &frame)));
    assert_int_equal(arena_copy(&service.arena, frame, &copy), STATUS_OK);
    assert_int_equal(frame_decode_reply(copy, &service.arena, ret_reply, &fault), STATUS_OK);
}

static const ProtobufCMessage *decode(const struct frame_reply *reply,
                                      const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = NULL;
    struct message_fault fault;
    assert_null(reply->error);
    assert_int_equal(message_decode(type, reply->payload, &service.arena, &message, &fault),
                     STATUS_OK);
    return message;
}

static struct span sale(const char *id, int64_t amount_minor)
{
    return world_bytes(&service, "PointsService/Award",
                       world_award_text(&service, id, "anna", amount_minor));
}

static void a_till_awards_and_asks_again(void **state)
{
    (void)state;
    struct frame_reply first;
    struct frame_reply again;
    struct span payload = sale(world_id(&service), 12345);
    ask(7, "/loyalty.v1.PointsService/Award", payload);
    receive(&first);
    assert_int_equal(first.correlation_id, 7);
    assert_false(first.replayed);
    const Loyalty__V1__AwardResponse *award = (const Loyalty__V1__AwardResponse *)decode(
        &first, &loyalty__v1__award_response__descriptor);
    assert_int_equal(award->points, 123);
    ask(UINT64_MAX, "/loyalty.v1.PointsService/Award", payload);
    receive(&again);
    assert_true(again.correlation_id == UINT64_MAX);
    assert_true(again.replayed);
    assert_true(span_equal(first.payload, again.payload));
}

// What needs no store is answered before what was asked earlier.
static void answers_come_in_any_order(void **state)
{
    (void)state;
    struct frame_reply reply;
    ask(1, "/loyalty.v1.PointsService/Award", sale(world_id(&service), 100));
    ask(2, "/loyalty.v1.ClockService/GetClock", (struct span){0});
    struct span frame;
    WORLD_UNTIL(net, tls_client_take(till, &frame)); // the store is not let answer
    struct message_fault fault;
    assert_int_equal(frame_decode_reply(frame, &service.arena, &reply, &fault), STATUS_OK);
    assert_int_equal(reply.correlation_id, 2);
    receive(&reply);
    assert_int_equal(reply.correlation_id, 1);
}

static void refusals_are_answers(void **state)
{
    (void)state;
    struct frame_reply reply;
    ask(1, "/loyalty.v1.PointsService/Nothing", (struct span){0});
    receive(&reply);
    assert_string_equal(reply.error->reason, "UNKNOWN_METHOD");
    ask(2, "/loyalty.v1.AdminService/VerifyAccounts", (struct span){0});
    receive(&reply);
    assert_string_equal(reply.error->reason, "ROLE_NOT_ALLOWED");
    ask(3, "/loyalty.v1.PointsService/Award", span_of("\xff", 1));
    receive(&reply);
    assert_int_equal(reply.correlation_id, 3);
    assert_string_equal(reply.error->reason, "MALFORMED");
}

// Told once to go, a till is answered on.
static void a_goaway_is_told_between_answers(void **state)
{
    (void)state;
    struct span frame;
    struct frame_reply reply;
    ask(1, "/loyalty.v1.PointsService/Award", sale(world_id(&service), 100));
    WORLD_UNTIL(net, server_in_flight(net->server) == 1);
    assert_int_equal(frames_goaway(&face, &frame), STATUS_OK);
    assert_int_equal(server_drain(net->server, frame), STATUS_OK);
    receive(&reply);
    assert_true(reply.goaway);
    assert_int_equal(reply.correlation_id, 0);
    receive(&reply);
    assert_false(reply.goaway);
    assert_int_equal(reply.correlation_id, 1);
    assert_null(reply.error);
}

// A trace is only carried; a malformed one is no mistake.
static void traces_do_no_harm(void **state)
{
    (void)state;
    static const char *const traces[] = {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                         "nonsense"};
    for (uint64_t i = 0; i < 2; i++) {
        struct frame_request request = {
            .correlation_id = i + 1,
            .method = span_of_text("/loyalty.v1.ClockService/GetClock"),
            .traceparent = span_of_text(traces[i]),
        };
        struct span envelope;
        struct frame_reply reply;
        assert_int_equal(frame_encode_request(&request, &service.arena, &envelope), STATUS_OK);
        tls_client_send_frame(till, envelope);
        receive(&reply);
        assert_int_equal(reply.correlation_id, i + 1);
        assert_null(reply.error);
    }
}

static void what_is_no_envelope_ends_the_connection(void **state)
{
    (void)state;
    tls_client_send_frame(till, span_of_text("not an envelope"));
    WORLD_UNTIL(net, till->ended);
    till = world_till(net); // others are not touched
    WORLD_UNTIL(net, till->ready);
    struct frame_reply reply;
    ask(1, "/loyalty.v1.ClockService/GetClock", (struct span){0});
    receive(&reply);
    assert_null(reply.error);
}

// The client is gone when its answer comes; the award stands.
static void an_answer_to_nobody(void **state)
{
    (void)state;
    ask(1, "/loyalty.v1.PointsService/Award", sale(world_id(&service), 100));
    WORLD_UNTIL(net, service_in_hand(service.daemons[0].service) == 1);
    world_drop(net, till);
    world_settle(net);
    world_run(&service);
    assert_int_equal(service_in_hand(service.daemons[0].service), 0);
    assert_int_equal(world_member(&service.daemons[0], "anna")->standing->balance, 1);
}

// The end comes while requests are open: close_world answers them to nobody.
static void the_end_with_requests_open(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 5; i++) {
        ask(i, "/loyalty.v1.PointsService/Award", sale(world_id(&service), 100));
    }
    WORLD_UNTIL(net, service_in_hand(service.daemons[0].service) == 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    log_set_level(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        TEST(a_till_awards_and_asks_again),
        TEST(answers_come_in_any_order),
        TEST(refusals_are_answers),
        TEST(what_is_no_envelope_ends_the_connection),
        TEST(a_goaway_is_told_between_answers),
        TEST(traces_do_no_harm),
        TEST(an_answer_to_nobody),
        TEST(the_end_with_requests_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
