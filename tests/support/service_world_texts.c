// Requests of a world as texts.
#include <stdarg.h>
#include <stdio.h>

#include "base/check.h"
#include "support/service_world.h"
#include "wire/instant.h"

const char *world_text(struct service_world *world, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    CHECK(len >= 0);
    char *text = arena_alloc(&world->arena, (size_t)len + 1);
    CHECK(text != NULL);
    va_start(args, format);
    CHECK(vsnprintf(text, (size_t)len + 1, format, args) == len);
    va_end(args);
    return text;
}

const char *world_id(struct service_world *world)
{
    world->ids++;
    return world_text(world, "00000000-0000-4000-8000-%012llx", (unsigned long long)world->ids);
}

const char *world_instant(struct service_world *world, int64_t instant_ms)
{
    char text[INSTANT_TEXT_BYTES];
    Google__Protobuf__Timestamp *timestamp = NULL;
    CHECK(instant_to_timestamp(instant_ms, &world->arena, &timestamp) == STATUS_OK);
    CHECK(instant_format(timestamp, text) == STATUS_OK);
    return world_text(world, "%s", text);
}

const char *world_mutation(struct service_world *world, const char *request_id)
{
    return world_text(world, "\"mutation\": {\"request_id\": \"%s\", \"created_at\": \"%s\"}",
                      request_id, world_instant(world, world->now_ms));
}

const char *world_award_text(struct service_world *world, const char *request_id,
                             const char *member_id, int64_t amount_minor)
{
    return world_text(world,
                      "{%s, \"member\": {\"member_id\": \"%s\"}, \"sale\": {\"currency\": "
                      "\"CNY\", \"lines\": [{\"amount_minor\": %lld}]}}",
                      world_mutation(world, request_id), member_id, (long long)amount_minor);
}

const char *world_redeem_text(struct service_world *world, const char *request_id,
                              const char *member_id, int64_t points)
{
    return world_text(world, "{%s, \"member\": {\"member_id\": \"%s\"}, \"points\": %lld}",
                      world_mutation(world, request_id), member_id, (long long)points);
}

const char *world_points_text(struct service_world *world, const char *request_id,
                              const char *member_id, const char *fields)
{
    return world_text(world, "{%s, \"member\": {\"member_id\": \"%s\"}, %s}",
                      world_mutation(world, request_id), member_id, fields);
}

const char *world_enroll_text(struct service_world *world, const char *request_id,
                              const char *member_id, const char *card)
{
    const char *mutation = world_mutation(world, request_id);
    if (card == NULL) {
        return world_text(world, "{%s, \"member_id\": \"%s\"}", mutation, member_id);
    }
    return world_text(world,
                      "{%s, \"member_id\": \"%s\", \"identifiers\": [{\"kind\": \"CARD_NUMBER\", "
                      "\"value\": \"%s\"}]}",
                      mutation, member_id, card);
}

const char *world_member_text(struct service_world *world, const char *member_id)
{
    return world_text(world, "{\"member\": {\"member_id\": \"%s\"}}", member_id);
}

const char *world_outcome_text(struct service_world *world, const char *request_id,
                               const char *member_id)
{
    return world_text(world, "{\"member\": {\"member_id\": \"%s\"}, \"request_id\": \"%s\"}",
                      member_id, request_id);
}

const char *service_world_program(struct service_world *world, const char *extra)
{
    return world_text(world,
                      "{\"id\": \"retail\", \"zone\": \"Asia/Shanghai\", \"currency\": \"CNY\","
                      " \"rescore\": [\"06-01\", \"12-01\"],"
                      " \"tiers\": [{\"id\": \"member\"},"
                      "  {\"id\": \"silver\", \"threshold\": 2000, \"upgrade\": \"AT_RESCORE\","
                      "   \"validity_months\": 24, \"multiplier_bp\": 11000},"
                      "  {\"id\": \"gold\", \"threshold\": 10000, \"upgrade\": \"AT_RESCORE\","
                      "   \"validity_months\": 24, \"multiplier_bp\": 12500},"
                      "  {\"id\": \"diamond\", \"threshold\": 50000, \"upgrade\": \"IMMEDIATE\","
                      "   \"validity_months\": 24, \"multiplier_bp\": 15000}],"
                      " \"earn\": {\"rules\": [{\"id\": \"base\","
                      "   \"rate\": {\"points\": 1, \"money_minor\": 100}}]},"
                      " \"score\": {\"rolling_months\": 12},"
                      " \"points\": {\"expiry_months\": 12, \"expiry_to_end_of\": \"MONTH\"},"
                      " \"redeem\": {\"value\": {\"points\": 100, \"money_minor\": 100}}%s}",
                      extra);
}
