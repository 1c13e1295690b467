// Events and those who subscribe by name, before a whole service over the memory store: what was
// not acknowledged is told again, one of a name stays, and what was dropped is told exactly.
#include "unit/face/subscriber.h"

#include "service/event.h"
#include "service/subscription.h"
#include "service/subscriptions.h"

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
    const Loyalty__V1__Place *place = message_at(first, 0)->places[0];
    assert_int_equal(place->number, 1);
    acknowledge_places("crm", place_text(place->partition, place->epoch, 1), "OK"); // never back
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
    uint64_t epoch = message_at(crm, 0)->events[0]->place->epoch;
    acknowledge_places("till", place_text(partition, epoch, 1), "OK");
    struct world_answer large = {0};
    world_call(daemon_of(0), CRM, "EventsService/Subscribe", "{\"consumer\": \"till\"}", &large);
    assert_string_equal(world_end(&large), "ANSWER_TOO_LARGE");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_open, fake_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_not_acknowledged_is_told_again),  TEST(the_later_subscription_stays),
        TEST(a_deleted_consumer_ends_and_is_new_again), TEST(bad_places_are_refused),
        TEST(what_was_dropped_is_told_exactly),         TEST(the_sweeper_trims_now_and_then),
        TEST(a_long_entry_takes_several_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
