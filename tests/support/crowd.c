// A crowd at one account.
#include "support/crowd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"

#define TILL "pos/store-1/till-1"

uint64_t crowd_appends(const struct crowd *crowd)
{
    uint32_t partition = (uint32_t)(hash_fnv1a(span_of_text("anna")) % WORLD_PARTITIONS);
    return memory_event_count(crowd->a->store, partition);
}

void crowd_ask(struct crowd *crowd, size_t i, const char *method, const char *text)
{
    world_ask(crowd->a, TILL, method, text, &crowd->answers[i]);
}

const char *crowd_sale(struct crowd *crowd, int64_t points)
{
    return world_award_text(&crowd->world, world_id(&crowd->world), "anna", 100 * points);
}

void crowd_award(struct crowd *crowd, size_t i, int64_t points)
{
    crowd_ask(crowd, i, "PointsService/Award", crowd_sale(crowd, points));
}

void crowd_redeem(struct crowd *crowd, size_t i, int64_t points)
{
    crowd_ask(crowd, i, "PointsService/Redeem",
              world_redeem_text(&crowd->world, world_id(&crowd->world), "anna", points));
}

void crowd_award_until(struct crowd *crowd, size_t i, int64_t points, int64_t deadline_ms)
{
    const char *text = world_text(
        &crowd->world,
        "{\"mutation\": {\"request_id\": \"%s\", \"created_at\": \"%s\", \"deadline\": \"%s\"}, "
        "\"member\": {\"member_id\": \"anna\"}, \"sale\": {\"currency\": \"CNY\", \"lines\": "
        "[{\"amount_minor\": %lld}]}}",
        world_id(&crowd->world), world_instant(&crowd->world, crowd->world.now_ms),
        world_instant(&crowd->world, deadline_ms), (long long)points * 100);
    crowd_ask(crowd, i, "PointsService/Award", text);
}

void crowd_open(struct crowd *crowd)
{
    *crowd = (struct crowd){0};
    struct service_world *world = &crowd->world;
    service_world_open(world, 2);
    crowd->a = &world->daemons[0];
    crowd->b = &world->daemons[1];
    world_enroll(world, "anna");
    (void)world_award(world, "anna", 10000);
    (void)world_member(crowd->b, "anna");
    world_ask(crowd->a, TILL, "PointsService/Award", crowd_sale(crowd, 100), &crowd->ahead);
}

void crowd_let_ahead_land(struct crowd *crowd)
{
    assert_true(memory_step(crowd->a->store));
    assert_string_equal(world_end(&crowd->ahead), "OK");
}

void crowd_other_daemon_awards(struct crowd *crowd, int64_t points)
{
    struct world_answer answer;
    world_call(crowd->b, TILL, "PointsService/Award", crowd_sale(crowd, points), &answer);
    assert_string_equal(world_end(&answer), "OK");
}

void crowd_ended(const struct crowd *crowd, size_t i, const char *end)
{
    assert_string_equal(world_end(&crowd->answers[i]), end);
}

void crowd_told(const struct crowd *crowd, size_t i, int64_t balance)
{
    crowd_ended(crowd, i, "OK");
    const Loyalty__V1__AwardResponse *reply = (const void *)crowd->answers[i].reply;
    assert_int_equal(reply->standing->balance, balance);
}

void crowd_same_payload(const struct world_answer *a, const struct world_answer *b)
{
    assert_true(a->payload.len > 0);
    assert_int_equal(a->payload.len, b->payload.len);
    assert_memory_equal(a->payload.data, b->payload.data, a->payload.len);
}

void crowd_closes(struct crowd *crowd, uint64_t records, int64_t balance)
{
    int64_t found = 0;
    assert_int_equal(world_verify(&crowd->world, "anna", &found), records);
    assert_int_equal(found, balance);
    service_world_fini(&crowd->world);
}
