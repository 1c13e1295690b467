// What a member has and what is to come: forecasts, what ends soon, and the line of a statement
// that each record of a membership makes.
#include "wire/statement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/wire/statement_world.h"

static Loyalty__V1__GetMemberResponse *read_member(struct world *world, int view)
{
    Loyalty__V1__GetMemberResponse *response = NULL;
    assert_int_equal(statement_member(&arena, &world->account, &world->programs, 3,
                                      (Loyalty__V1__MemberView)view, &response),
                     STATUS_OK);
    return response;
}

static void pass(struct world *world, int64_t now_ms)
{
    struct decide decide = world_decide(world, now_ms);
    assert_int_equal(advance(&world->account, decide.writer, decide.arena, now_ms), STATUS_OK);
}

// Silver from 2026-06-01 to 2028-06-01 by score that counts to 2027-03-01 and 2027-04-01.
static void what_is_to_come(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, day(2026, 1, 10));
    world_award(&world, day(2026, 2, 1) + 1, day(2026, 2, 1), 123456);
    world_award(&world, day(2026, 3, 5) + 1, day(2026, 3, 5), 90000);
    Loyalty__V1__TierForecast *forecast = read_member(&world, 0)->forecast;
    assert_instant(forecast->next_rescore_at, day(2026, 6, 1));
    assert_int_equal(forecast->next_rescore_score, 2134);
    assert_string_equal(forecast->next_rescore_tier_id, "silver");
    assert_null(forecast->card_ends_at); // the base tier's
    pass(&world, day(2026, 6, 2));
    Loyalty__V1__GetMemberResponse *member = read_member(&world, 0);
    forecast = member->forecast;
    assert_instant(forecast->next_rescore_at, day(2026, 12, 1));
    assert_string_equal(forecast->next_rescore_tier_id, "silver");
    assert_instant(forecast->card_ends_at, day(2028, 6, 1));
    assert_int_equal(forecast->card_end_score, 0);
    assert_string_equal(forecast->card_end_tier_id, "member");
    assert_int_equal(forecast->missing_to_keep, 2000);
    assert_int_equal(member->n_progress, 4);
    assert_string_equal(member->progress[2]->tier_id, "gold");
    assert_int_equal(member->progress[2]->missing, 7866);
    assert_int_equal(member->status, LOYALTY__V1__MEMBER_STATUS__MEMBER_STATUS_ACTIVE);
    assert_int_equal(member->kind, LOYALTY__V1__ACCOUNT_KIND__ACCOUNT_KIND_MEMBER);
    world_fini(&world);
}

// Lots of February and March 2026 end with those months of 2027.
static void what_ends_soon(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, day(2026, 1, 10));
    world_award(&world, day(2026, 2, 1) + 1, day(2026, 2, 1), 10000);
    world_award(&world, day(2026, 3, 5) + 1, day(2026, 3, 5), 20000);
    pass(&world, day(2027, 1, 1) - 1);
    Loyalty__V1__GetMemberResponse *member = read_member(&world, 0);
    assert_int_equal(member->expiring_in_30_days, 0);
    assert_int_equal(member->expiring_in_90_days, 100);
    pass(&world, day(2027, 2, 1));
    member = read_member(&world, 0);
    assert_int_equal(member->expiring_in_30_days, 100);
    assert_int_equal(member->expiring_in_90_days, 300);
    world_fini(&world);
}

static void tills_are_told_less(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, day(2026, 1, 10));
    Loyalty__V1__GetMemberResponse *member =
        read_member(&world, LOYALTY__V1__MEMBER_VIEW__MEMBER_VIEW_BASIC);
    assert_null(member->forecast);
    assert_int_equal(member->n_progress, 0);
    assert_int_equal(member->n_tier_names, 0);
    assert_string_equal(member->card->tier_id, "member");
    world_fini(&world);
}

static Loyalty__V1__Activity *line_of(struct world *world, const struct record *record)
{
    struct replies replies = replies_of_account(&world->account, &arena);
    Loyalty__V1__Activity *activity = NULL;
    assert_int_equal(statement_activity(&replies, record, 9, false, &activity), STATUS_OK);
    return activity;
}

static void lines_of_a_merge(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, day(2026, 1, 10));
    int64_t now_ms = day(2026, 2, 1);
    struct lot_move lots[] = {{.ends_ms = now_ms, .points = 5},
                              {.ends_ms = now_ms + 1, .points = 30}};
    struct carried_pending pending[] = {{.spendable_ms = now_ms, .ends_ms = now_ms, .points = 7}};
    struct carried_score scores[] = {{.score = 40}, {.score = 2}};
    struct carried carried = {.lots = lots,
                              .lot_count = 2,
                              .pending = pending,
                              .pending_count = 1,
                              .scores = scores,
                              .score_count = 2};
    struct record merged = {.type = RECORD_MERGED,
                            .at_ms = now_ms - 1,
                            .merged = {.into = span_of_text("b"), .carried = carried}};
    Loyalty__V1__Activity *line = line_of(&world, &merged);
    assert_int_equal(line->kind, LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_MERGED);
    assert_int_equal(line->points, -42);
    assert_int_equal(line->score, -42);
    assert_string_equal(line->other_member_id, "b");
    assert_int_equal(line->new_status, LOYALTY__V1__MEMBER_STATUS__MEMBER_STATUS_MERGED);
    struct record absorbed = {.type = RECORD_ABSORBED,
                              .at_ms = now_ms,
                              .absorbed = {.from = span_of_text("a"), .carried = carried}};
    line = line_of(&world, &absorbed);
    assert_int_equal(line->points, 30); // the rest ended on the way
    assert_int_equal(line->score, 42);
    assert_string_equal(line->other_member_id, "a");
    assert_int_equal(line->n_lots, 2);
    world_fini(&world);
}

static void lines_of_a_membership(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, day(2026, 1, 10));
    int64_t now_ms = day(2026, 2, 1);
    struct record closed = {.type = RECORD_STATUS_CHANGED,
                            .at_ms = now_ms,
                            .status_changed = {.status = MEMBER_CLOSED,
                                               .reason = span_of_text("moved away"),
                                               .forfeited = 10,
                                               .forgiven = 3}};
    Loyalty__V1__Activity *line = line_of(&world, &closed);
    assert_int_equal(line->points, -7);
    assert_string_equal(line->reason, "moved away");
    assert_int_equal(line->new_status, LOYALTY__V1__MEMBER_STATUS__MEMBER_STATUS_CLOSED);
    struct record bonus = {.type = RECORD_BONUS,
                           .at_ms = now_ms,
                           .bonus = {.other = span_of_text("b"),
                                     .points = 500,
                                     .other_points = 200,
                                     .lot_ends_ms = now_ms + 1}};
    line = line_of(&world, &bonus);
    assert_int_equal(line->points, 500);
    assert_int_equal(line->n_lots, 1);
    assert_string_equal(line->other_member_id, "b");
    struct record cut = {.type = RECORD_CONTRIBUTION_REDUCED,
                         .at_ms = now_ms,
                         .contribution_reduced = {.score = 500}};
    line = line_of(&world, &cut);
    assert_int_equal(line->kind, LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_CONTRIBUTION_REDUCED);
    assert_int_equal(line->score, -500);
    struct record given = {
        .type = RECORD_CONTRIBUTED, .at_ms = now_ms, .contributed = {.score = 12000}};
    assert_int_equal(line_of(&world, &given)->score, 12000);
    world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_to_come),       cmocka_unit_test(what_ends_soon),
        cmocka_unit_test(tills_are_told_less),   cmocka_unit_test(lines_of_a_merge),
        cmocka_unit_test(lines_of_a_membership),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
