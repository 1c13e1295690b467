// Award, Redeem, Quote and GetOutcome through the whole service.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/service_world.h"

static void a_sale_is_awarded(void **state)
{
    (void)state;
    struct service_world world;
    service_world_init(&world, false);
    service_world_publish(&world);
    world_enroll(&world, "anna");
    const Loyalty__V1__AwardResponse *award = world_award(&world, "anna", 123456);
    assert_int_equal(award->points, 1234);
    assert_int_equal(award->seq, 2);
    assert_int_equal(award->standing->balance, 1234);
    assert_string_equal(award->standing->tier_id, "member");
    assert_int_equal(award->standing->missing_to_next, 766);
    const Loyalty__V1__GetMemberResponse *member = world_member(&world.daemons[0], "anna");
    assert_int_equal(member->standing->balance, 1234);
    assert_int_equal(member->seq, 2);
    int64_t balance = 0;
    assert_int_equal(world_verify(&world, "anna", &balance), 2);
    assert_int_equal(balance, 1234);
    service_world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sale_is_awarded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
