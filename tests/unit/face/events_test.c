// Events as a stream, before a whole service over the memory store: what is told in each protocol,
// to whom there is room, once more to who has not acknowledged, and to one of a name alone.
#include "unit/face/fake_http.h"

#include "loyalty/v1/events.pb-c.h"
#include "service/dispatch.h"
#include "service/event.h"
#include "service/subscription.h"
#include "service/subscriptions.h"
#include "wire/message.h"

#define CRM "backend/crm"
#define SUBSCRIBE "/loyalty.v1.EventsService/Subscribe"

static struct world_daemon *daemon_of(size_t index)
{
    return &fake_world.daemons[index];
}

// --- a subscriber ---

static struct fake *subscribe_in(enum fake_protocol protocol, const char *json)
{
    struct fake *fake = fake_begin(CRM, protocol, SUBSCRIBE, "");
    assert_false(fake->is_call); // it may stay open
    fake_send(fake, fake_message(protocol, "EventsService/Subscribe", json), true);
    world_run(&fake_world);
    return fake;
}

static struct fake *subscribe(const char *json)
{
    return subscribe_in(GRPC, json);
}

static const Loyalty__V1__SubscribeResponse *response_of(struct span message)
{
    ProtobufCMessage *response = NULL;
    struct message_fault fault;
    if (message_decode(&loyalty__v1__subscribe_response__descriptor, message, &fake_world.arena,
                       &response, &fault) != STATUS_OK) {
        fail_msg("%s: %s", fault.path, fault.reason);
    }
    return (const Loyalty__V1__SubscribeResponse *)response;
}

// The n-th message; NULL when there are not so many.
static const Loyalty__V1__SubscribeResponse *message_at(const struct fake *fake, size_t index)
{
    uint8_t flag = 0xff;
    struct span part;
    return fake_part(fake, index, &flag, &part) && flag == 0 ? response_of(part) : NULL;
}

// "anna:1:1 bo:1:2 ", member, record and type of all events that were told.
static const char *told(const struct fake *fake)
{
    const char *text = "";
    const Loyalty__V1__SubscribeResponse *message = NULL;
    for (size_t i = 0; (message = message_at(fake, i)) != NULL; i++) {
        for (size_t j = 0; j < message->n_events; j++) {
            const Loyalty__V1__Event *event = message->events[j];
            text = world_text(&fake_world, "%s%s:%d:%d ", text, event->member_id, (int)event->seq,
                              (int)event->type);
        }
    }
    return text;
}

static size_t messages(const struct fake *fake)
{
    size_t count = 0;
    while (message_at(fake, count) != NULL) {
        count++;
    }
    return count;
}

// How it ended: "status/reason of the message", "" while it goes on.
static const char *ended(const struct fake *fake)
{
    if (!fake->ended) {
        return "";
    }
    return fake_field(fake->body.len == 0 ? fake->head : fake->trailers, "grpc-status");
}

static void acknowledge(const char *consumer, const struct fake *fake, const char *end)
{
    const char *places = "";
    const Loyalty__V1__SubscribeResponse *message = NULL;
    struct world_answer answer = {0};
    for (size_t i = 0; (message = message_at(fake, i)) != NULL; i++) {
        for (size_t j = 0; j < message->n_places; j++) {
            const Loyalty__V1__Place *place = message->places[j];
            places = world_text(
                &fake_world, "%s%s{\"partition\": %u, \"epoch\": \"%llu\", \"number\": \"%llu\"}",
                places, *places == '\0' ? "" : ", ", place->partition,
                (unsigned long long)place->epoch, (unsigned long long)place->number);
        }
    }
    const char *json =
        world_text(&fake_world, "{\"consumer\": \"%s\", \"places\": [%s]}", consumer, places);
    world_call(daemon_of(0), CRM, "EventsService/Acknowledge", json, &answer);
    assert_string_equal(world_end(&answer), end);
}

static uint32_t partition_of(const char *member)
{
    return world_place(member).partition;
}

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
    struct span part;
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

// --- going on ---

static void what_was_not_acknowledged_is_told_again(void **state)
{
    (void)state;
    struct fake *first = subscribe("{\"consumer\": \"crm\"}");
    (void)world_award(&fake_world, "anna", 100);
    world_pass(&fake_world, 50);
    fake_gone(first);
    struct fake *second = subscribe("{\"consumer\": \"crm\"}");
    assert_string_equal(told(second), "anna:1:1 anna:2:2 ");
    acknowledge("crm", second, "OK");
    acknowledge("crm", first, "OK"); // never back
    (void)world_award(&fake_world, "anna", 100);
    struct fake *third = subscribe("{\"consumer\": \"crm\"}");
    assert_string_equal(told(third), "anna:3:2 ");
}

static void the_later_subscription_stays(void **state)
{
    (void)state;
    struct fake *first = subscribe("{\"consumer\": \"crm\"}");
    struct fake *other = subscribe("{\"consumer\": \"mirror\"}");
    struct fake *second = subscribe("{\"consumer\": \"crm\"}");
    assert_string_equal(ended(first), "10");
    assert_string_equal(ended(second), "");
    assert_string_equal(ended(other), "");
    // At another daemon too, as soon as that is looked at.
    struct world_daemon *far = service_world_add(&fake_world);
    struct world_answer answer = {0};
    world_call(far, CRM, "EventsService/Subscribe", "{\"consumer\": \"crm\"}", &answer);
    assert_string_equal(world_end(&answer), "OK");
    world_pass(&fake_world, SERVICE_EVENTS_CHECK_MS + 1000);
    assert_string_equal(ended(second), "10");
    assert_string_equal(ended(other), "");
}

static void a_deleted_consumer_ends_and_is_new_again(void **state)
{
    (void)state;
    struct fake *first = subscribe("{\"consumer\": \"crm\"}");
    acknowledge("crm", first, "OK");
    struct world_answer answer = {0};
    world_call(daemon_of(0), CRM, "EventsService/DeleteConsumer", "{\"consumer\": \"crm\"}",
               &answer);
    assert_string_equal(world_end(&answer), "OK");
    world_run(&fake_world);
    assert_string_equal(ended(first), "10");
    acknowledge("crm", first, "UNKNOWN_CONSUMER");
    struct world_answer again = {0};
    world_call(daemon_of(0), CRM, "EventsService/DeleteConsumer", "{\"consumer\": \"crm\"}",
               &again);
    assert_string_equal(world_end(&again), "UNKNOWN_CONSUMER");
    assert_string_equal(told(subscribe("{\"consumer\": \"crm\"}")), "anna:1:1 ");
}

static void bad_places_are_refused(void **state)
{
    (void)state;
    struct fake *crm = subscribe("{\"consumer\": \"crm\"}");
    const Loyalty__V1__Place *place = message_at(crm, 0)->places[0];
    unsigned long long epoch = place->epoch;
    const struct {
        uint32_t partition;
        unsigned long long epoch;
        unsigned long long number;
        const char *reason;
        const char *field;
    } cases[] = {
        {WORLD_PARTITIONS, epoch, 1, "NO_SUCH_PARTITION", "places[0].partition"},
        {place->partition, epoch + 1, 1, "WRONG_EPOCH", "places[0].epoch"},
        {place->partition, epoch, 2, "NO_SUCH_EVENT", "places[0].number"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world_answer answer = {0};
        const char *json =
            world_text(&fake_world,
                       "{\"consumer\": \"crm\", \"places\": [{\"partition\": %u, \"epoch\": "
                       "\"%llu\", \"number\": \"%llu\"}]}",
                       cases[i].partition, cases[i].epoch, cases[i].number);
        world_call(daemon_of(0), CRM, "EventsService/Acknowledge", json, &answer);
        assert_string_equal(world_end(&answer), cases[i].reason);
        assert_string_equal(answer.field, cases[i].field);
    }
    static const char *const names[] = {"", "CRM", "crm.0",
                                        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *json = world_text(&fake_world, "{\"consumer\": \"%s\"}", names[i]);
        assert_string_equal(ended(subscribe(json)), "3");
    }
}

static const Loyalty__V1__Consumer *listed(size_t index)
{
    struct world_answer answer = {0};
    world_call(daemon_of(0), CRM, "EventsService/ListConsumers", "{}", &answer);
    assert_string_equal(world_end(&answer), "OK");
    const Loyalty__V1__ListConsumersResponse *response =
        (const Loyalty__V1__ListConsumersResponse *)answer.reply;
    return index < response->n_consumers ? response->consumers[index] : NULL;
}

static void on_trimmed(void *context, const struct store_reply *reply)
{
    (void)context;
    assert_int_equal(reply->result, STORE_OK);
}

static void what_was_dropped_is_told_exactly(void **state)
{
    (void)state;
    struct fake *crm = subscribe("{\"consumer\": \"crm\"}");
    acknowledge("crm", crm, "OK");
    fake_gone(crm);
    for (int i = 0; i < 9; i++) {
        (void)world_award(&fake_world, "anna", 100);
    }
    store_trim_events(daemon_of(0)->store, partition_of("anna"), 3, on_trimmed, NULL);
    world_run(&fake_world);
    assert_int_equal(listed(0)->behind, 3);
    assert_int_equal(listed(0)->missed, 6);
    crm = subscribe("{\"consumer\": \"crm\"}");
    const Loyalty__V1__SubscribeResponse *first = message_at(crm, 0);
    assert_int_equal(first->n_events, 0);
    assert_int_equal(first->n_missed, 1);
    assert_int_equal(first->missed[0]->partition, partition_of("anna"));
    assert_int_equal(first->missed[0]->first_number, 2);
    assert_int_equal(first->missed[0]->last_number, 7);
    assert_string_equal(told(crm), "anna:8:2 anna:9:2 anna:10:2 ");
    acknowledge("crm", crm, "OK");
    assert_int_equal(listed(0)->behind, 0);
    assert_int_equal(listed(0)->missed, 0);
    // A new one begins at what is kept, and has missed nothing.
    struct fake *fresh = subscribe("{\"consumer\": \"fresh\"}");
    assert_string_equal(told(fresh), "anna:8:2 anna:9:2 anna:10:2 ");
    assert_int_equal(message_at(fresh, 0)->n_missed, 0);
}

static void the_sweeper_trims_now_and_then(void **state)
{
    (void)state;
    struct service *service = daemon_of(0)->service;
    service->options.event_retention = 2;
    for (int i = 0; i < 9; i++) {
        (void)world_award(&fake_world, "anna", 100);
    }
    for (int i = 0; i < SERVICE_EVENTS_TRIM_VISITS; i++) {
        events_trim_turn(service, partition_of("anna"));
        world_run(&fake_world);
    }
    assert_string_equal(told(subscribe("{\"consumer\": \"crm\"}")), "anna:9:2 anna:10:2 ");
}

// An entry with more events than a message may have: birthdays of many.
static void append_birthdays(uint32_t partition, size_t count)
{
    static const char log_id[] = "-birthdays-test";
    struct buffer along;
    struct buffer entry;
    buffer_init(&along, 0);
    buffer_init(&entry, 0);
    assert_int_equal(event_put_birthdays(&along, 20463, WORLD_START_MS), STATUS_OK);
    for (size_t i = 0; i < count; i++) {
        const char *id = world_text(&fake_world, "m-%zu", i);
        assert_int_equal(event_put_id(&along, span_of_text(id)), STATUS_OK);
    }
    struct event event = {.format = EVENT_BIRTHDAYS,
                          .member_id = span_of_text(log_id),
                          .first_seq = 1,
                          .told = buffer_span(&along),
                          .records = span_of_text("sixteen bytes or more")};
    assert_int_equal(event_encode(&event, &entry), STATUS_OK);
    struct store_append append = {
        .account = {.partition = partition, .id = span_of_text(log_id)},
        .not_after_ms = INSTANT_NEVER,
        .records = event.records,
        .event = buffer_span(&entry),
    };
    store_append(daemon_of(0)->store, &append, on_trimmed, NULL);
    world_run(&fake_world);
    buffer_fini(&along);
    buffer_fini(&entry);
}

static void a_long_entry_takes_several_messages(void **state)
{
    (void)state;
    enum { MANY = 1000 };
    uint32_t partition = partition_of("anna");
    append_birthdays(partition, MANY);
    (void)world_award(&fake_world, "anna", 100);
    struct fake *crm = subscribe("{\"consumer\": \"crm\"}");
    world_pass(&fake_world, 50);
    size_t next = 0;
    const Loyalty__V1__SubscribeResponse *message = NULL;
    for (size_t i = 0; (message = message_at(crm, i)) != NULL; i++) {
        assert_in_range(message->n_events, 1, SERVICE_EVENTS_A_MESSAGE);
        for (size_t j = 0; j < message->n_events; j++) {
            const Loyalty__V1__Event *event = message->events[j];
            if (event->type != LOYALTY__V1__EVENT_TYPE__EVENT_TYPE_BIRTHDAY_DUE) {
                continue;
            }
            assert_string_equal(event->member_id, world_text(&fake_world, "m-%zu", next));
            assert_int_equal(event->place->number, 2);
            assert_int_equal(event->part, 20463);
            next++;
        }
        // Its place is told when all of it is.
        for (size_t j = 0; j < message->n_places; j++) {
            assert_true(message->places[j]->number < 2 || next == MANY);
        }
    }
    assert_int_equal(next, MANY);
    assert_non_null(strstr(told(crm), "anna:2:2 "));
    // One answer cannot tell it: that is said.
    struct world_answer answer = {0};
    acknowledge("crm", crm, "OK");
    world_call(daemon_of(0), CRM, "EventsService/Subscribe", "{\"consumer\": \"till\"}", &answer);
    world_call(daemon_of(0), CRM, "EventsService/Acknowledge",
               world_text(&fake_world,
                          "{\"consumer\": \"till\", \"places\": [{\"partition\": %u, \"epoch\": "
                          "\"%llu\", \"number\": \"1\"}]}",
                          partition,
                          (unsigned long long)message_at(crm, 0)->events[0]->place->epoch),
               &(struct world_answer){0});
    struct world_answer large = {0};
    world_call(daemon_of(0), CRM, "EventsService/Subscribe", "{\"consumer\": \"till\"}", &large);
    assert_string_equal(world_end(&large), "ANSWER_TOO_LARGE");
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
        TEST(what_was_not_acknowledged_is_told_again),
        TEST(the_later_subscription_stays),
        TEST(a_deleted_consumer_ends_and_is_new_again),
        TEST(bad_places_are_refused),
        TEST(what_was_dropped_is_told_exactly),
        TEST(the_sweeper_trims_now_and_then),
        TEST(a_long_entry_takes_several_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
