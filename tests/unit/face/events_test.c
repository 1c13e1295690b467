// Events as a stream, before a whole service over the memory store: what is told in each protocol,
// and to whom there is room.
#include "unit/face/subscriber.h"

#include "service/dispatch.h"
#include "service/subscription.h"

// --- what is told ---

static void what_happens_is_told(void **state)
{
    (void)state;
    struct fake *crm = subscribe("{\"consumer\": \"crm\"}");
    assert_string_equal(told(crm), "anna:1:1 ");
    (void)world_award(&fake_world, "anna", 12345);
    world_pass(&fake_world, 50);
    assert_string_equal(told(crm), "anna:1:1 anna:2:2 ");
    const Loyalty__V1__Event *award = message_at(crm, 1)->events[0];
    assert_string_equal(award->activity->unit, "store-1/till-1");
    assert_string_equal(award->activity->by_rule[0]->rule_id, "base");
    assert_int_equal(award->activity->points, 123);
    assert_int_equal(award->place->number, 2);
    assert_int_equal(award->place->partition, partition_of("anna"));
    assert_int_equal(message_at(crm, 1)->n_places, 1);
    assert_int_equal(message_at(crm, 1)->places[0]->number, 2);
    assert_string_equal(ended(crm), "");
}

static void all_protocols_that_stream_tell_it(void **state)
{
    (void)state;
    for (int protocol = GRPC; protocol <= WEB_JSON; protocol++) {
        const char *json = world_text(&fake_world, "{\"consumer\": \"c-%d\"}", protocol);
        struct fake *fake = subscribe_in(protocol, json);
        struct span first = fake_answer(fake, protocol);
        if (fake_is_json(protocol)) {
            assert_non_null(memmem(first.data, first.len, "EVENT_TYPE_ENROLLED", 19));
        } else {
            assert_string_equal(told(fake), "anna:1:1 ");
        }
        assert_false(fake->ended);
    }
    for (int protocol = CONNECT; protocol <= CONNECT_JSON; protocol++) {
        struct fake *fake = fake_begin(CRM, protocol, SUBSCRIBE, "");
        assert_int_equal(fake->status, 415);
    }
}

static struct fake *connect_stream(const char *type, const char *path, const char *more)
{
    struct fake *fake = fake_exchange(CRM);
    fake_request(fake, "POST", path, world_text(&fake_world, "content-type: %s\n%s", type, more));
    return fake;
}

static void connect_streams_have_their_own_end(void **state)
{
    (void)state;
    struct fake *fake = connect_stream("application/connect+json", SUBSCRIBE, "");
    fake_send(fake, fake_framed(GRPC, span_of_text("{\"consumer\": \"crm\"}")), true);
    world_run(&fake_world);
    assert_int_equal(fake->status, 200);
    assert_string_equal(fake_field(fake->head, "content-type"), "application/connect+json");
    uint8_t flag = 0xff;
    struct span part = {0};
    assert_true(fake_part(fake, 0, &flag, &part) && flag == 0);
    assert_non_null(memmem(part.data, part.len, "anna", 4));
    assert_false(fake->ended);
    face_drain(fake_face);
    assert_true(fake_part(fake, 1, &flag, &part) && flag == 2);
    assert_non_null(memmem(part.data, part.len, "\"code\":\"unavailable\"", 20));
    assert_non_null(memmem(part.data, part.len, "DRAINING", 8));
    assert_true(fake->ended);
    assert_string_equal(fake->trailers, "");
    world_run(&fake_world);
    // Nor is it for methods with one answer; and errors come in the same way.
    fake = connect_stream("application/connect+proto", "/loyalty.v1.ClockService/GetClock", "");
    assert_int_equal(fake->status, 415);
    fake = connect_stream("application/connect+proto", SUBSCRIBE, "connect-timeout-ms: x\n");
    assert_int_equal(fake->status, 200);
    assert_true(fake_part(fake, 0, &flag, &part) && flag == 2);
    assert_non_null(memmem(part.data, part.len, "MALFORMED_TIMEOUT", 17));
}

static void over_frames_there_is_one_answer(void **state)
{
    (void)state;
    struct world_answer answer = {0};
    world_call(daemon_of(0), CRM, "EventsService/Subscribe", "{\"consumer\": \"till\"}", &answer);
    assert_string_equal(world_end(&answer), "OK");
    const Loyalty__V1__SubscribeResponse *first =
        (const Loyalty__V1__SubscribeResponse *)answer.reply;
    assert_int_equal(first->n_events, 1);
    // Nothing new: shortly before its time is over it says so.
    struct world_answer quiet = {0};
    const char *json = "{\"consumer\": \"quiet\", \"from_now\": true}";
    world_ask_bytes(daemon_of(0), CRM, SUBSCRIBE,
                    world_bytes(&fake_world, "EventsService/Subscribe", json), 2000, &quiet);
    world_pass(&fake_world, 1700);
    assert_string_equal(world_end(&quiet), "NONE");
    world_pass(&fake_world, 200);
    quiet.type = &loyalty__v1__subscribe_response__descriptor;
    assert_string_equal(world_end(&quiet), "OK");
    assert_int_equal(dispatch_in_hand(daemon_of(0)->service->dispatch), 0);
}

static void types_are_filtered_and_places_told_all_the_same(void **state)
{
    (void)state;
    struct fake *crm = subscribe("{\"consumer\": \"crm\", \"types\": [\"EVENT_TYPE_REDEEMED\"]}");
    (void)world_award(&fake_world, "anna", 12345);
    world_pass(&fake_world, 1000);
    assert_int_equal(messages(crm), 0);
    world_pass(&fake_world, 10000); // a sign of life
    assert_int_equal(messages(crm), 1);
    assert_int_equal(message_at(crm, 0)->n_events, 0);
    assert_int_equal(message_at(crm, 0)->places[0]->number, 2);
    struct world_answer answer = {0};
    const char *json = world_redeem_text(&fake_world, world_id(&fake_world), "anna", 100);
    world_call(daemon_of(0), "pos/store-1/till-1", "PointsService/Redeem", json, &answer);
    world_pass(&fake_world, 50);
    assert_string_equal(told(crm), "anna:3:3 ");
}

static void a_new_consumer_may_begin_now(void **state)
{
    (void)state;
    struct fake *crm = subscribe("{\"consumer\": \"crm\", \"from_now\": true}");
    world_enroll(&fake_world, "bo");
    world_pass(&fake_world, 50);
    assert_string_equal(told(crm), "bo:1:1 ");
}

static void what_others_write_is_seen_soon(void **state)
{
    (void)state;
    struct fake *crm = subscribe("{\"consumer\": \"crm\"}");
    struct world_daemon *other = service_world_add(&fake_world);
    struct world_answer answer = {0};
    const char *json = world_award_text(&fake_world, world_id(&fake_world), "anna", 700);
    world_call(other, "pos/store-1/till-1", "PointsService/Award", json, &answer);
    assert_string_equal(world_end(&answer), "OK");
    world_pass(&fake_world, 2 * SERVICE_EVENTS_POLL_MS + 50);
    assert_string_equal(told(crm), "anna:1:1 anna:2:2 ");
}

// --- room ---

static void who_does_not_read_is_waited_for(void **state)
{
    (void)state;
    enum { AWARDS = 40 };
    fake_room = 0;
    struct fake *crm = subscribe("{\"consumer\": \"crm\"}");
    for (int i = 0; i < AWARDS; i++) {
        (void)world_award(&fake_world, "anna", 100);
        world_pass(&fake_world, 50);
    }
    assert_int_equal(crm->body.len, 0);
    const struct call *call = crm->shared.owner;
    assert_in_range(call->output.len, 1, 1000); // the first message, and no more
    fake_make_room(SIZE_MAX);
    world_pass(&fake_world, 50);
    const char *text = told(crm);
    assert_int_equal(messages(crm), 2);
    assert_non_null(strstr(text, "anna:1:1 anna:2:2 anna:3:2 "));
    assert_non_null(strstr(text, "anna:41:2 "));
}

static void who_goes_leaves_nothing(void **state)
{
    (void)state;
    struct service *service = daemon_of(0)->service;
    struct fake *crm = subscribe("{\"consumer\": \"crm\"}");
    assert_non_null(service->subscriptions->first);
    fake_gone(crm);
    world_run(&fake_world);
    assert_null(service->subscriptions->first);
    assert_null(service->streams);
    assert_int_equal(dispatch_in_hand(service->dispatch), 0);
}

static void a_deadline_ends_it(void **state)
{
    (void)state;
    struct fake *fake = fake_begin(CRM, GRPC, SUBSCRIBE, "grpc-timeout: 30S\n");
    fake_send(fake, fake_message(GRPC, "EventsService/Subscribe", "{\"consumer\": \"crm\"}"), true);
    world_pass(&fake_world, 29000);
    assert_string_equal(ended(fake), "");
    world_pass(&fake_world, 2000);
    assert_string_equal(ended(fake), "14");
    assert_null(daemon_of(0)->service->subscriptions->first);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_open, fake_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_happens_is_told),
        TEST(all_protocols_that_stream_tell_it),
        TEST(connect_streams_have_their_own_end),
        TEST(over_frames_there_is_one_answer),
        TEST(types_are_filtered_and_places_told_all_the_same),
        TEST(a_new_consumer_may_begin_now),
        TEST(what_others_write_is_seen_soon),
        TEST(who_does_not_read_is_waited_for),
        TEST(who_goes_leaves_nothing),
        TEST(a_deadline_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
