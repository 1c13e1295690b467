// What reads answer, on members moved by real decisions: the worked examples E1 to E3 of the rules
// seen through GetMember, and the log as a statement whose points add up.
#include "wire/statement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "unit/wire/statement_world.h"

static Loyalty__V1__GetMemberResponse *read_member(struct world *world)
{
    Loyalty__V1__GetMemberResponse *response = NULL;
    assert_int_equal(statement_member(&arena, &world->account, &world->programs, 3, 0, &response),
                     STATUS_OK);
    return response;
}

// E1, as far as before the re-scoring.
static void world_e1(struct world *world)
{
    world_init(world, day(2026, 1, 10));
    world_award(world, day(2026, 2, 1) + 1, day(2026, 2, 1), 123456);
    world_award(world, day(2026, 3, 5) + 1, day(2026, 3, 5), 90000);
}

static void a_member_before_the_rescoring(void **state)
{
    (void)state;
    struct world world;
    world_e1(&world);
    world_advance(&world, day(2026, 5, 31));
    Loyalty__V1__GetMemberResponse *member = read_member(&world);
    assert_string_equal(member->member_id, "m-1");
    assert_int_equal(member->seq, 3);
    assert_instant(member->as_of, day(2026, 5, 31));
    assert_instant(member->enrolled_at, day(2026, 1, 10));
    assert_int_equal(member->standing->balance, 2134);
    assert_int_equal(member->standing->score, 2134);
    assert_string_equal(member->standing->tier_id, "member");
    assert_string_equal(member->standing->next_tier_id, "silver");
    assert_int_equal(member->standing->missing_to_next, 0);
    assert_string_equal(member->card->tier_id, "member");
    assert_null(member->card->until);
    assert_int_equal(member->n_lots, 2);
    assert_int_equal(member->lots[0]->points, 1234);
    assert_instant(member->lots[0]->expires_at, day(2027, 3, 1));
    assert_instant(member->next_change_at, day(2026, 6, 1));
    assert_int_equal(member->program_version, 1);
    world_fini(&world);
}

// E6: a reader after the instant sees silver, whether or not it was written.
static void a_member_after_the_rescoring(void **state)
{
    (void)state;
    struct world world;
    world_e1(&world);
    world_advance(&world, day(2026, 6, 2));
    Loyalty__V1__GetMemberResponse *member = read_member(&world);
    assert_string_equal(member->standing->tier_id, "silver");
    assert_string_equal(member->standing->next_tier_id, "gold");
    assert_int_equal(member->standing->missing_to_next, 7866);
    assert_string_equal(member->card->tier_id, "silver");
    assert_int_equal(member->card->cause, LOYALTY__V1__CARD_CAUSE__CARD_CAUSE_RESCORE);
    assert_instant(member->card->from, day(2026, 6, 1));
    assert_instant(member->card->until, day(2028, 6, 1));
    // Score of February ends with February a year later, before any points do.
    assert_instant(member->next_change_at, day(2027, 3, 1));
    world_fini(&world);
}

static void the_top_has_no_next(void **state)
{
    (void)state;
    struct world world;
    world_e1(&world);
    world_award(&world, day(2026, 7, 15), day(2026, 7, 15), 6000000);
    Loyalty__V1__GetMemberResponse *member = read_member(&world);
    assert_string_equal(member->standing->tier_id, "diamond");
    assert_string_equal(member->standing->next_tier_id, "");
    assert_int_equal(member->standing->missing_to_next, 0);
    world_fini(&world);
}

static void silent_changes_are_foreseen(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, day(2026, 1, 10));
    world.sample.program.pending_days = 14;
    world_award(&world, day(2026, 2, 1) + 1, day(2026, 2, 1), 100);
    Loyalty__V1__GetMemberResponse *member = read_member(&world);
    assert_int_equal(member->standing->pending, 1);
    assert_int_equal(member->n_lots, 0);
    assert_instant(member->next_change_at, day(2026, 2, 15));
    world_fini(&world);
}

static void nothing_is_said_before_the_first_version(void **state)
{
    (void)state;
    struct world world;
    world_e1(&world);
    world.version.effective_from_ms = day(2030, 1, 1);
    Loyalty__V1__GetMemberResponse *member = NULL;
    Loyalty__V1__ExplainTierResponse *explained = NULL;
    assert_int_equal(statement_member(&arena, &world.account, &world.programs, 3, 0, &member),
                     STATUS_NOT_FOUND);
    assert_int_equal(statement_tier(&arena, &world.account, &world.programs, &explained),
                     STATUS_NOT_FOUND);
    world_fini(&world);
}

// --- activities ---

static void world_of_everything(struct world *world)
{
    world_init(world, day(2025, 1, 10));
    world->sample.program.pending_days = 3;
    static const struct opening_item lots[] = {
        {.points_or_score = 700, .has_until = true, .until = {2025, 6, 15}},
        {.points_or_score = 50}};
    static const struct opening_item scores[] = {{.points_or_score = 60, .has_until = false}};
    struct opening_command opening = {
        .lots = lots, .lot_count = 2, .scores = scores, .score_count = 1};
    assert_int_equal(world_open(world, day(2025, 1, 11), &opening), OUTCOME_APPLIED);
    world_award(world, day(2025, 2, 1), day(2025, 2, 1), 300000);
    assert_int_equal(world_redeem(world, day(2025, 2, 2), 100), OUTCOME_APPLIED);
    assert_int_equal(world_redeem(world, day(2025, 2, 3), 100000), OUTCOME_REFUSED_RECORDED);
    world_award(world, day(2026, 3, 5), day(2026, 3, 5), 4200);
}

static void a_statement_tells_all(void **state)
{
    (void)state;
    struct world world;
    world_of_everything(&world);
    struct listing listing;
    world_list(&world, &listing);
    static const struct {
        int kind;
        int64_t points;
        int64_t score;
    } expected[] = {
        {1, 0, 0},                                 // enrolled
        {6, 750, 60},                              // opening balance
        {2, 3000, 3000}, {3, -100, 0},  {4, 0, 0}, // refused
        {5, 0, 0},                                 // silver at the re-scoring of June
        {5, -600, 0},    {5, -3000, 0},            // at the end of February
        {2, 46, 42},
    };
    assert_int_equal(listing.count, sizeof(expected) / sizeof(expected[0]));
    for (size_t i = 0; i < listing.count; i++) {
        assert_int_equal(listing.items[i]->seq, i + 1);
        assert_int_equal(listing.items[i]->kind, expected[i].kind);
        assert_int_equal(listing.items[i]->points, expected[i].points);
        assert_int_equal(listing.items[i]->score, expected[i].score);
        assert_false(listing.items[i]->unwritten);
    }
    assert_string_equal(listing.items[3]->request_id, "00000000-0000-0000-0000-000000000004");
    assert_string_equal(listing.items[3]->unit, "store-0007/till-02");
    assert_int_equal(listing.items[3]->n_lots, 1);
    assert_string_equal(listing.items[4]->reason, "INSUFFICIENT_POINTS");
    assert_string_equal(listing.items[5]->request_id, "");
    assert_string_equal(listing.items[5]->unit, "");
    assert_string_equal(listing.items[5]->new_card->tier_id, "silver");
    assert_instant(listing.items[5]->at, day(2025, 6, 1));
    assert_int_equal(listing.items[6]->lots[0]->points, 600);
    assert_instant(listing.items[8]->occurred_at, day(2026, 3, 5));
    assert_string_equal(listing.items[8]->by_rule[0]->rule_id, "base");
    world_fini(&world);
}

static void a_statement_adds_up(void **state)
{
    (void)state;
    struct world world;
    world_of_everything(&world);
    world_award(&world, day(2027, 3, 2), day(2027, 2, 27), 1000);
    struct listing listing;
    world_list(&world, &listing);
    int64_t sum = 0;
    for (size_t i = 0; i < listing.count; i++) {
        sum += listing.items[i]->points;
    }
    const struct account *account = &world.account;
    assert_int_equal(sum, account->balance + account->pending_points + account->held_points);
    world_fini(&world);
}

// A sale whose points had ended when it arrived changes nothing.
static void points_gone_on_arrival_are_no_change(void **state)
{
    (void)state;
    struct world world;
    world_e1(&world);
    struct replies replies = replies_of_account(&world.account, &arena);
    struct record record = {.type = RECORD_AWARDED,
                            .at_ms = day(2026, 6, 1),
                            .awarded = {.points = 10, .lot_ends_ms = day(2026, 6, 1)}};
    Loyalty__V1__Activity *activity = NULL;
    assert_int_equal(statement_activity(&replies, &record, 4, true, &activity), STATUS_OK);
    assert_int_equal(activity->points, 0);
    assert_int_equal(activity->lots[0]->points, 10);
    assert_true(activity->unwritten);
    world_fini(&world);
}

static void other_records_are_told_too(void **state)
{
    (void)state;
    struct world world;
    world_e1(&world);
    struct replies replies = replies_of_account(&world.account, &arena);
    struct record bound = {.type = RECORD_BOUND, .mark = {.present = true, .system = true}};
    Loyalty__V1__Activity *activity = NULL;
    assert_int_equal(statement_activity(&replies, &bound, 4, false, &activity), STATUS_OK);
    assert_int_equal(activity->kind, LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_IDENTIFIER_BOUND);
    assert_string_equal(activity->reason, "");
    assert_string_equal(activity->request_id, "");
    bound.bound.lost = true;
    assert_int_equal(statement_activity(&replies, &bound, 4, false, &activity), STATUS_OK);
    assert_string_equal(activity->reason, "IDENTIFIER_TAKEN");
    struct record snapshot = {.type = RECORD_SNAPSHOT};
    assert_int_equal(statement_activity(&replies, &snapshot, 4, false, &activity), STATUS_OK);
    assert_int_equal(activity->kind, LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_COMPACTED);
    world_fini(&world);
}

static void actors_without_a_unit_show_their_role(void **state)
{
    (void)state;
    struct world world;
    world_e1(&world);
    struct span added[] = {span_of_text("admin")};
    struct replies replies = replies_of_account(&world.account, &arena);
    struct record record = {.type = RECORD_BOUND,
                            .names = added,
                            .name_count = 1,
                            .actor = world.account.names.places.count + 1};
    Loyalty__V1__Activity *activity = NULL;
    assert_int_equal(statement_activity(&replies, &record, 4, false, &activity), STATUS_OK);
    assert_string_equal(activity->unit, "admin");
    world_fini(&world);
}

static void pages_say_how_to_go_on(void **state)
{
    (void)state;
    struct world world;
    world_of_everything(&world);
    struct listing listing;
    world_list(&world, &listing);
    Loyalty__V1__ListActivityResponse *page = NULL;
    assert_int_equal(statement_page(&arena, listing.items, 4, true, &page), STATUS_OK);
    assert_int_equal(page->n_activities, 4);
    struct commands commands = {.arena = &arena};
    struct page next;
    assert_int_equal(commands_page(&commands, 0, page->next_page_token, &next), STATUS_OK);
    assert_int_equal(next.before_seq, 4);
    assert_int_equal(statement_page(&arena, listing.items, 4, false, &page), STATUS_OK);
    assert_string_equal(page->next_page_token, "");
    assert_int_equal(statement_page(&arena, listing.items, 0, true, &page), STATUS_OK);
    assert_string_equal(page->next_page_token, "");
    world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_before_the_rescoring),
        cmocka_unit_test(a_member_after_the_rescoring),
        cmocka_unit_test(the_top_has_no_next),
        cmocka_unit_test(silent_changes_are_foreseen),
        cmocka_unit_test(nothing_is_said_before_the_first_version),
        cmocka_unit_test(a_statement_tells_all),
        cmocka_unit_test(a_statement_adds_up),
        cmocka_unit_test(points_gone_on_arrival_are_no_change),
        cmocka_unit_test(other_records_are_told_too),
        cmocka_unit_test(actors_without_a_unit_show_their_role),
        cmocka_unit_test(pages_say_how_to_go_on),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
