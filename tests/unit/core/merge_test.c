// What one member brings another, in figures: lots by their ends, deficits paid, the higher card as
// it is, score that reaches a tier together, contributions that go on under their names; and who
// takes nobody.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/calendar.h"
#include "core/ledger.h"
#include "support/merging.h"

// 2026-01-10T02:00:00Z, 10:00 in Shanghai
#define START_MS INT64_C(1768010400000)

static struct club club;
static struct member anna;
static struct member bert;
static struct merging at;
static uint64_t ids;

static struct civil_date date(int32_t year, int32_t month, int32_t day)
{
    return (struct civil_date){.year = year, .month = month, .day = day};
}

static struct command begin(enum command_kind kind)
{
    return (struct command){.kind = kind,
                            .now_ms = at.now_ms,
                            .id = ++ids,
                            .actor = span_of_text("pos/store-1/till-1")};
}

static struct member_answer must(struct member *member, const struct command *command)
{
    struct member_answer answer;
    const char *wrong = member_do(member, command, &answer);
    if (wrong != NULL || answer.outcome != OUTCOME_APPLIED) {
        fail_msg("%s", wrong == NULL ? "refused" : wrong);
    }
    return answer;
}

static void enrol(struct member *member, const char *id)
{
    member_init(member, &club, id);
    struct command command = begin(COMMAND_ENROL);
    command.enrol = (struct enrol_command){
        .member_id = span_of_text(id), .partition = MEMBER_PARTITION, .enrolled_ms = at.now_ms};
    (void)must(member, &command);
}

static int open_club(void **state)
{
    (void)state;
    struct program *program = NULL;
    club_init(&club);
    assert_null(club_read(&club, "programs/retail.yaml", (struct span){0}, &program));
    assert_null(club_add(&club, program, START_MS - 1000 * DAY_MS));
    at = (struct merging){.programs = &club.programs, .now_ms = START_MS};
    enrol(&anna, "anna");
    enrol(&bert, "bert");
    return 0;
}

static int close_club(void **state)
{
    (void)state;
    member_fini(&anna);
    member_fini(&bert);
    club_fini(&club);
    return 0;
}

// Points that end as this month begins.
static void give(struct member *member, int64_t points, int32_t year, int32_t month)
{
    struct opening_item lot = {
        .points_or_score = points, .has_until = true, .until = date(year, month, 1)};
    struct command command = begin(COMMAND_OPENING);
    command.opening = (struct opening_command){.lots = &lot, .lot_count = 1};
    (void)must(member, &command);
}

static void give_score(struct member *member, int64_t score)
{
    struct opening_item item = {
        .points_or_score = score, .has_until = true, .until = date(2027, 1, 1)};
    struct command command = begin(COMMAND_OPENING);
    command.opening = (struct opening_command){.scores = &item, .score_count = 1};
    (void)must(member, &command);
}

static void give_card(struct member *member, const char *tier, int32_t until_year)
{
    struct command command = begin(COMMAND_OPENING);
    command.opening = (struct opening_command){.has_card = true,
                                               .card_tier = span_of_text(tier),
                                               .card = {.has_from = true,
                                                        .from = date(2025, 6, 1),
                                                        .has_until = true,
                                                        .until = date(until_year, 6, 1)}};
    (void)must(member, &command);
}

// A member who owes so many points: they were spent, then their sale was taken back.
static void owe(struct member *member, int64_t points)
{
    struct sale_line line = {.amount_minor = points * 100};
    struct command award = begin(COMMAND_AWARD);
    award.award = (struct award_command){
        .sale = {.lines = &line, .line_count = 1, .unit = span_of_text("store-1/till-1")},
        .currency = span_of_text("CNY")};
    (void)must(member, &award);
    struct command redeem = begin(COMMAND_REDEEM);
    redeem.redeem =
        (struct redeem_command){.points = points, .unit = span_of_text("store-1/till-1")};
    (void)must(member, &redeem);
    struct command reverse = begin(COMMAND_REVERSE);
    reverse.reverse.original_created_ms = at.now_ms;
    member_request_id(award.id, reverse.reverse.original);
    (void)must(member, &reverse);
    assert_int_equal(member->account.deficit, points);
}

// The record by which bert takes what anna carries.
static struct record merge_after(int64_t pause_ms)
{
    struct decision gone = merging_give_up(&at, &anna, &bert);
    assert_int_equal(gone.outcome, OUTCOME_APPLIED);
    assert_int_equal(anna.account.balance, 0);
    at.now_ms += pause_ms;
    struct decision taken = merging_take(&at, &bert, &anna, &gone.record.merged.carried);
    assert_int_equal(taken.outcome, OUTCOME_APPLIED);
    return taken.record;
}

static bool is_tier(const struct member *member, const char *tier)
{
    const struct account *account = &member->account;
    return span_is_text(names_text(&account->names, account_card(account)->tier), tier);
}

static void lots_of_one_end_are_one(void **state)
{
    (void)state;
    give(&anna, 300, 2026, 4);
    give(&anna, 100, 2026, 7);
    give(&bert, 50, 2026, 4);
    (void)merge_after(0);
    const struct account *account = &bert.account;
    assert_int_equal(account->lots.count, 2);
    assert_int_equal(account->lots.items[0].points, 350);
    assert_int_equal(account->lots.items[1].points, 100);
    assert_int_equal(account->moved_in, 400);
    assert_int_equal(anna.account.moved_out, 400);
    assert_string_equal(account->absorbed.items[0].member_id, "anna");
}

// Taken too late: what has ended by then expires with the other.
static void lots_that_ended_meanwhile_expire(void **state)
{
    (void)state;
    give(&anna, 300, 2026, 4);
    give(&anna, 100, 2026, 7);
    (void)merge_after(120 * DAY_MS);
    assert_int_equal(bert.account.balance, 100);
    assert_int_equal(bert.account.expired, 300);
    assert_int_equal(bert.account.moved_in, 400);
}

static void a_debt_is_paid_by_the_earliest_points(void **state)
{
    (void)state;
    owe(&anna, 120);
    give(&bert, 100, 2026, 7);
    give(&bert, 80, 2026, 4);
    (void)merge_after(0);
    assert_int_equal(bert.account.lots.count, 1);
    assert_int_equal(bert.account.lots.items[0].points, 60);
    assert_int_equal(bert.account.deficit, 0);
    assert_int_equal(bert.account.moved_in, -120);
}

static void points_brought_pay_a_debt(void **state)
{
    (void)state;
    owe(&bert, 120);
    give(&anna, 100, 2026, 7);
    (void)merge_after(0);
    assert_int_equal(bert.account.balance, -20);
    assert_int_equal(bert.account.deficit, 20);
}

static void the_higher_card_is_taken_as_it_is(void **state)
{
    (void)state;
    give_card(&anna, "gold", 2027);
    give_card(&bert, "silver", 2028);
    struct card gold = *account_card(&anna.account);
    struct record record = merge_after(0);
    assert_int_equal(record.card_count, 1);
    assert_int_equal(record.cards[0].cause, CARD_MERGED);
    assert_int_equal(record.cards[0].from_ms, gold.from_ms);
    assert_int_equal(record.cards[0].until_ms, gold.until_ms);
    assert_true(is_tier(&bert, "gold"));
}

static void a_card_no_higher_is_not_taken(void **state)
{
    (void)state;
    give_card(&anna, "silver", 2028);
    give_card(&bert, "silver", 2027);
    assert_int_equal(merge_after(0).card_count, 0);
}

static void a_card_that_ended_meanwhile_is_not_taken(void **state)
{
    (void)state;
    give_card(&anna, "gold", 2026);
    assert_int_equal(merge_after(200 * DAY_MS).card_count, 0);
    assert_true(is_tier(&bert, "member"));
}

static void score_reaches_a_tier_together(void **state)
{
    (void)state;
    give_card(&anna, "gold", 2027);
    give_score(&anna, 30000);
    give_score(&bert, 25000);
    struct record record = merge_after(0);
    assert_int_equal(bert.account.score, 55000);
    assert_int_equal(record.card_count, 2); // gold as it is, then diamond by the score
    assert_int_equal(record.cards[1].cause, CARD_IMMEDIATE);
    assert_int_equal(record.cards[1].from_ms, at.now_ms);
    assert_true(is_tier(&bert, "diamond"));
}

static void contributions_go_on_under_their_names(void **state)
{
    (void)state;
    struct command command = begin(COMMAND_CONTRIBUTE);
    command.contribution =
        (struct contribution_command){.score = 5000, .has_until = true, .until = date(2026, 9, 1)};
    member_contribution_key("policy-1", command.contribution.key);
    (void)must(&anna, &command);
    give_score(&anna, 700);
    (void)merge_after(DAY_MS);
    assert_int_equal(bert.account.score, 5700);
    struct command reduce = begin(COMMAND_REDUCE);
    reduce.reduction.score = 2000;
    member_contribution_key("policy-1", reduce.reduction.key);
    (void)must(&bert, &reduce);
    assert_int_equal(bert.account.score, 3700);
}

static void report_policy(struct member *member, int64_t score)
{
    struct command command = begin(COMMAND_CONTRIBUTE);
    command.contribution = (struct contribution_command){.score = score};
    member_contribution_key("policy-1", command.contribution.key);
    (void)must(member, &command);
}

// The same policy of the same partner, told of the same person twice.
static void a_contribution_that_both_have_counts_once(void **state)
{
    (void)state;
    report_policy(&anna, 5000);
    give_score(&anna, 700);
    report_policy(&bert, 6000);
    struct record record = merge_after(DAY_MS);
    assert_int_equal(record.absorbed.carried.score_count, 1);
    assert_int_equal(bert.account.score, 6700);
    struct command reduce = begin(COMMAND_REDUCE);
    reduce.reduction.score = 6000; // all of the taker's own is still there
    member_contribution_key("policy-1", reduce.reduction.key);
    (void)must(&bert, &reduce);
    assert_int_equal(bert.account.score, 700);
}

// The no stands in the log of who says it, so that nobody who comes later may say yes.
static void who_takes_nobody_says_so_for_good(void **state)
{
    (void)state;
    struct member carl;
    enrol(&carl, "carl");
    give(&anna, 300, 2026, 4);
    struct decision gone = merging_give_up(&at, &anna, &bert);
    struct decision theirs = merging_give_up(&at, &bert, &anna); // the other way round
    assert_int_equal(theirs.outcome, OUTCOME_APPLIED);
    const struct carried *carried = &gone.record.merged.carried;
    struct decision taken = merging_take(&at, &bert, &anna, carried);
    assert_int_equal(taken.outcome, OUTCOME_REFUSED_RECORDED);
    assert_int_equal(taken.refusal.reason, REFUSAL_MERGED);
    taken = merging_take(&at, &anna, &anna, carried); // led back to herself
    assert_int_equal(taken.outcome, OUTCOME_REFUSED_RECORDED);
    assert_int_equal(merging_give_up(&at, &carl, &carl).refusal.reason, REFUSAL_SAME_MEMBER);
    member_fini(&carl);
}

static void what_is_given_back_is_there_again(void **state)
{
    (void)state;
    give(&anna, 300, 2026, 4);
    give_score(&anna, 700);
    struct decision gone = merging_give_up(&at, &anna, &bert);
    struct decision done = merging_done(&at, &anna, true, &gone.record.merged.carried);
    assert_int_equal(done.outcome, OUTCOME_APPLIED);
    assert_int_equal(anna.account.balance, 300);
    assert_int_equal(anna.account.score, 700);
    assert_int_equal(account_status(&anna.account), MEMBER_ACTIVE);
    assert_int_equal(anna.account.moved_out, 0);
}

#define IN_CLUB(test) cmocka_unit_test_setup_teardown(test, open_club, close_club)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_CLUB(lots_of_one_end_are_one),
        IN_CLUB(lots_that_ended_meanwhile_expire),
        IN_CLUB(a_debt_is_paid_by_the_earliest_points),
        IN_CLUB(points_brought_pay_a_debt),
        IN_CLUB(the_higher_card_is_taken_as_it_is),
        IN_CLUB(a_card_no_higher_is_not_taken),
        IN_CLUB(a_card_that_ended_meanwhile_is_not_taken),
        IN_CLUB(score_reaches_a_tier_together),
        IN_CLUB(contributions_go_on_under_their_names),
        IN_CLUB(a_contribution_that_both_have_counts_once),
        IN_CLUB(who_takes_nobody_says_so_for_good),
        IN_CLUB(what_is_given_back_is_there_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
