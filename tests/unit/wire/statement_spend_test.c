// Reservations and reversals as lines of a statement. Whatever is done, the points of all lines add
// up to what the member has: a hold moves nothing, what has ended or is forgiven is said once.
#include "unit/wire/statement_world.h"

static void assert_adds_up(struct world *world, struct listing *listing)
{
    const struct account *account = &world->account;
    int64_t points = 0;
    world_list(world, listing);
    for (size_t i = 0; i < listing->count; i++) {
        points += listing->items[i]->points;
    }
    assert_int_equal(points, account->balance + account->pending_points + account->held_points);
}

static void assert_line(const struct listing *listing, size_t back, Loyalty__V1__ActivityKind kind,
                        int64_t points, const char *related)
{
    const Loyalty__V1__Activity *line = listing->items[listing->count - back];
    assert_int_equal(line->kind, kind);
    assert_int_equal(line->points, points);
    assert_string_equal(line->related_request_id, related);
}

#define ID(number) "00000000-0000-0000-0000-0000000000" number

// Request 2 is a sale of 1,000 points until 2027-03-01.
static void a_hold_moves_nothing(void **state)
{
    (void)state;
    struct world world;
    struct listing listing;
    world_init(&world, day(2026, 1, 10));
    world_award(&world, day(2026, 2, 1), day(2026, 2, 1), 100000);
    assert_int_equal(world_reserve(&world, day(2026, 2, 2), 500), OUTCOME_APPLIED);
    assert_adds_up(&world, &listing);
    assert_line(&listing, 1, LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_RESERVED, 0, "");
    assert_int_equal(listing.items[listing.count - 1]->lots[0]->points, 500);
    assert_int_equal(world.account.held_points, 500);
    assert_int_equal(world_capture(&world, day(2026, 2, 2), 3, 300), OUTCOME_APPLIED);
    assert_adds_up(&world, &listing);
    assert_line(&listing, 1, LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_CAPTURED, -300, ID("03"));
    assert_int_equal(world_reserve(&world, day(2026, 2, 3), 200), OUTCOME_APPLIED);
    assert_int_equal(world_release(&world, day(2026, 2, 3), 5), OUTCOME_APPLIED);
    assert_adds_up(&world, &listing);
    assert_line(&listing, 1, LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_RELEASED, 0, ID("05"));
    assert_int_equal(world_reserve(&world, day(2026, 2, 4), 100), OUTCOME_APPLIED);
    world_advance(&world, day(2026, 2, 5));
    assert_adds_up(&world, &listing);
    assert_line(&listing, 1, LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_LAPSED, 0, ID("07"));
    assert_string_equal(listing.items[listing.count - 1]->request_id, "");
    assert_int_equal(world_capture(&world, day(2026, 2, 5), 7, 0), OUTCOME_REFUSED_RECORDED);
    assert_adds_up(&world, &listing);
    assert_string_equal(listing.items[listing.count - 1]->reason, "HOLD_LAPSED");
    world_fini(&world);
}

// Held over the end of their lot: gone when they are free.
static void what_is_freed_too_late_is_said_to_be_gone(void **state)
{
    (void)state;
    struct world world;
    struct listing listing;
    world_init(&world, day(2026, 1, 10));
    world.sample.program.hold_seconds = 86400;
    world_award(&world, day(2026, 2, 1), day(2026, 2, 1), 100000);
    assert_int_equal(world_reserve(&world, day(2027, 3, 1) - 1, 600), OUTCOME_APPLIED);
    assert_int_equal(world_capture(&world, day(2027, 3, 1), 3, 100), OUTCOME_APPLIED);
    assert_adds_up(&world, &listing);
    assert_line(&listing, 1, LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_CAPTURED, -600, ID("03"));
    assert_int_equal(world_reverse(&world, day(2027, 3, 2), 4, 0), OUTCOME_APPLIED);
    assert_adds_up(&world, &listing);
    assert_line(&listing, 1, LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_REVERSED, 0, ID("04"));
    world_fini(&world);
}

static void a_return_of_what_was_spent(bool clamp)
{
    struct world world;
    struct listing listing;
    world_init(&world, day(2026, 1, 10));
    world.sample.program.clamp_negative = clamp;
    world_award(&world, day(2026, 2, 1), day(2026, 2, 1), 100000);
    assert_int_equal(world_redeem(&world, day(2026, 2, 2), 700), OUTCOME_APPLIED);
    assert_int_equal(world_reverse(&world, day(2026, 2, 3), 2, 10000), OUTCOME_APPLIED);
    assert_adds_up(&world, &listing);
    assert_line(&listing, 1, LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_REVERSED, -100, ID("02"));
    assert_int_equal(listing.items[listing.count - 1]->score, -100);
    assert_string_equal(listing.items[listing.count - 1]->reason, "returned");
    assert_int_equal(world_reverse(&world, day(2026, 2, 3), 2, 0), OUTCOME_APPLIED);
    assert_adds_up(&world, &listing);
    assert_line(&listing, 1, LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_REVERSED,
                clamp ? -200 : -900, ID("02"));
    assert_int_equal(world_reverse(&world, day(2026, 2, 4), 3, 0), OUTCOME_APPLIED);
    assert_adds_up(&world, &listing);
    assert_line(&listing, 1, LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_REVERSED, clamp ? 0 : 700,
                ID("03"));
    assert_int_equal(world.account.balance, 0);
    assert_int_equal(world_reverse(&world, day(2026, 2, 4), 99, 0), OUTCOME_APPLIED);
    assert_adds_up(&world, &listing);
    assert_line(&listing, 1, LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_TOMBSTONE, 0, ID("63"));
    assert_string_equal(listing.items[listing.count - 1]->reason, "returned");
    world_fini(&world);
}

static void a_return_leaves_a_deficit(void **state)
{
    (void)state;
    a_return_of_what_was_spent(false);
}

static void a_return_is_forgiven(void **state)
{
    (void)state;
    a_return_of_what_was_spent(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hold_moves_nothing),
        cmocka_unit_test(what_is_freed_too_late_is_said_to_be_gone),
        cmocka_unit_test(a_return_leaves_a_deficit),
        cmocka_unit_test(a_return_is_forgiven),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
