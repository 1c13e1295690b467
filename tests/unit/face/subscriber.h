// A back end that subscribes to events, before the fake of net/http.h: what it was told, and how it
// acknowledges that.
#pragma once

#include "loyalty/v1/events.pb-c.h"
#include "unit/face/fake_http.h"
#include "wire/message.h"

#define CRM "backend/crm"
#define SUBSCRIBE "/loyalty.v1.EventsService/Subscribe"

static inline struct world_daemon *daemon_of(size_t index)
{
    return &fake_world.daemons[index];
}

// --- a subscriber ---

static inline struct fake *subscribe_in(enum fake_protocol protocol, const char *json)
{
    struct fake *fake = fake_begin(CRM, protocol, SUBSCRIBE, "");
    assert_false(fake->is_call); // it may stay open
    fake_send(fake, fake_message(protocol, "EventsService/Subscribe", json), true);
    world_run(&fake_world);
    return fake;
}

static inline struct fake *subscribe(const char *json)
{
    return subscribe_in(GRPC, json);
}

static inline const Loyalty__V1__SubscribeResponse *response_of(struct span message)
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
static inline const Loyalty__V1__SubscribeResponse *message_at(const struct fake *fake,
                                                               size_t index)
{
    uint8_t flag = 0xff;
    struct span part;
    return fake_part(fake, index, &flag, &part) && flag == 0 ? response_of(part) : NULL;
}

// "anna:1:1 bo:1:2 ", member, record and type of all events that were told.
static inline const char *told(const struct fake *fake)
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

static inline size_t messages(const struct fake *fake)
{
    size_t count = 0;
    while (message_at(fake, count) != NULL) {
        count++;
    }
    return count;
}

// How it ended: "status/reason of the message", "" while it goes on.
static inline const char *ended(const struct fake *fake)
{
    if (!fake->ended) {
        return "";
    }
    return fake_field(fake->body.len == 0 ? fake->head : fake->trailers, "grpc-status");
}

static inline const char *place_text(uint32_t partition, uint64_t epoch, uint64_t number)
{
    return world_text(&fake_world, "{\"partition\": %u, \"epoch\": \"%llu\", \"number\": \"%llu\"}",
                      partition, (unsigned long long)epoch, (unsigned long long)number);
}

static inline void acknowledge_places(const char *consumer, const char *places, const char *end)
{
    struct world_answer answer = {0};
    const char *json =
        world_text(&fake_world, "{\"consumer\": \"%s\", \"places\": [%s]}", consumer, places);
    world_call(daemon_of(0), CRM, "EventsService/Acknowledge", json, &answer);
    assert_string_equal(world_end(&answer), end);
}

// All that it was told.
static inline void acknowledge(const char *consumer, const struct fake *fake, const char *end)
{
    const char *places = "";
    const Loyalty__V1__SubscribeResponse *message = NULL;
    for (size_t i = 0; (message = message_at(fake, i)) != NULL; i++) {
        for (size_t j = 0; j < message->n_places; j++) {
            const Loyalty__V1__Place *place = message->places[j];
            places = world_text(&fake_world, "%s%s%s", places, *places == '\0' ? "" : ", ",
                                place_text(place->partition, place->epoch, place->number));
        }
    }
    acknowledge_places(consumer, places, end);
}

static inline uint32_t partition_of(const char *member)
{
    return world_place(member).partition;
}
