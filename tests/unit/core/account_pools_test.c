// Referrals, bonuses and pools in the fold: what belongs is taken in, what does not is found.
#include "core/account.h"

#include "unit/core/account_fixture.h"

enum { BONUS_POINTS = 500, DAY = 20000 };

static struct record referred(const char *by)
{
    return (struct record){
        .type = RECORD_REFERRED, .at_ms = FIXTURE_MS, .referred = {.by = span_of_text(by)}};
}

static struct record bonus(enum bonus_reason reason, const char *other, int64_t other_points)
{
    return (struct record){
        .type = RECORD_BONUS,
        .at_ms = FIXTURE_MS,
        .bonus = {.reason = reason,
                  .other = span_of_text(other),
                  .version = 1,
                  .points = BONUS_POINTS,
                  .other_points = other_points,
                  .lot_ends_ms = SECOND_END_MS,
                  .spendable_ms = FIXTURE_MS},
    };
}

static struct record comes(const char *member_id, bool may)
{
    return (struct record){
        .type = RECORD_POOL_MEMBER,
        .at_ms = FIXTURE_MS,
        .pool_member = {.member_id = span_of_text(member_id), .may_award = may, .may_redeem = may}};
}

static struct record spends(const char *member_id, int64_t points, int32_t day)
{
    return (struct record){
        .type = RECORD_POOL_SPENT,
        .at_ms = FIXTURE_MS,
        .pool_spent = {.member_id = span_of_text(member_id), .points = points, .day = day}};
}

static void applies(struct account *account, struct record record)
{
    assert_int_equal(fixture_apply(account, &record), STATUS_OK);
    fixture_sound(account);
}

static void refuses(struct account *account, struct record record)
{
    fixture_refuses(account, &record);
}

// Just enrolled, brought by ben.
static void init_referred(struct account *account)
{
    account_init(account);
    applies(account, fixture_opened(FIXTURE_MS));
    applies(account, referred("ben"));
    assert_string_equal(account->referrer, "ben");
}

static void init_pool(struct account *account)
{
    struct record opened = {.type = RECORD_OPENED,
                            .at_ms = FIXTURE_MS,
                            .opened = {.kind = ACCOUNT_POOL, .id = span_of_text("acme")}};
    account_init(account);
    applies(account, opened);
    applies(account, comes("ann", true));
    applies(account, comes("ben", true));
}

static void a_bonus_ends_the_referral(void **state)
{
    struct account account;
    (void)state;
    init_referred(&account);
    refuses(&account, bonus(BONUS_REFERRED, "carl", 100));
    applies(&account, bonus(BONUS_REFERRED, "ben", 100));
    assert_int_equal(account.balance, BONUS_POINTS);
    assert_int_equal(account.awarded, BONUS_POINTS);
    assert_string_equal(account.referrer, "");
    assert_int_equal(account.obligations.count, 1);
    assert_int_equal(account.obligations.items[0].type, RECORD_BONUS);
    assert_int_equal(account.obligations.items[0].seq, account.seq);
    refuses(&account, bonus(BONUS_REFERRED, "ben", 100));
    account_fini(&account);
}

static void a_bonus_for_nobody_else_obliges_to_nothing(void **state)
{
    struct account account;
    (void)state;
    init_referred(&account);
    applies(&account, bonus(BONUS_REFERRED, "ben", 0));
    assert_int_equal(account.obligations.count, 0);
    account_fini(&account);
}

static void a_referrers_bonus_goes_where_its_instants_say(void **state)
{
    struct account account;
    (void)state;
    fixture_init(&account);
    int64_t before = account.balance;
    applies(&account, bonus(BONUS_REFERRER, "dora", 0));
    assert_int_equal(account.balance, before + BONUS_POINTS);
    assert_int_equal(account.obligations.count, 0);
    struct record ended = bonus(BONUS_REFERRER, "dora", 0);
    ended.bonus.lot_ends_ms = FIXTURE_MS;
    applies(&account, ended);
    assert_int_equal(account.balance, before + BONUS_POINTS);
    assert_int_equal(account.expired, BONUS_POINTS);
    account_fini(&account);
}

static void a_referral_stands_behind_the_enrolment_only(void **state)
{
    struct account account;
    (void)state;
    account_init(&account);
    applies(&account, fixture_opened(FIXTURE_MS));
    refuses(&account, referred("anna")); // herself
    refuses(&account, referred(""));
    applies(&account, referred("ben"));
    refuses(&account, referred("carl"));
    account_fini(&account);
    fixture_init(&account);
    refuses(&account, referred("ben"));
    account_fini(&account);
}

static void what_is_a_pools_is_no_members(void **state)
{
    struct account account;
    (void)state;
    fixture_init(&account);
    refuses(&account, comes("ben", true));
    refuses(&account, spends("ben", 1, DAY));
    account_fini(&account);
    init_pool(&account);
    refuses(&account, referred("ben"));
    refuses(&account, bonus(BONUS_REFERRER, "ben", 0));
    refuses(&account, spends("carl", 1, DAY));
    refuses(&account, comes("", true));
    account_fini(&account);
}

static void the_last_entry_says_what_a_member_may(void **state)
{
    struct account account;
    (void)state;
    init_pool(&account);
    assert_null(account_pool_member(&account, span_of_text("carl")));
    assert_true(account_pool_member(&account, span_of_text("ann"))->may_redeem);
    applies(&account, comes("ann", false));
    assert_false(account_pool_member(&account, span_of_text("ann"))->may_redeem);
    assert_true(account_pool_member(&account, span_of_text("ben"))->may_redeem);
    assert_ptr_equal(account_pool_member_first(&account, span_of_text("ann")),
                     &account.pool_members.items[0]);
    account_fini(&account);
}

static void what_is_spent_is_counted_by_member_and_day(void **state)
{
    struct account account;
    struct span ann = span_of_text("ann");
    (void)state;
    init_pool(&account);
    applies(&account, spends("ann", 10, DAY));
    applies(&account, spends("ben", 5, DAY));
    applies(&account, comes("ann", true));
    applies(&account, spends("ann", 20, DAY + 1));
    applies(&account, spends("ann", 0, DAY + 1)); // an award's
    assert_int_equal(account.pool_uses.count, 3);
    assert_int_equal(account_pool_spent(&account, ann, DAY, DAY + 2), 30);
    assert_int_equal(account_pool_spent(&account, ann, DAY, DAY + 1), 10);
    assert_int_equal(account_pool_spent(&account, ann, DAY + 2, DAY + 9), 0);
    assert_int_equal(account_pool_spent(&account, span_of_text("carl"), DAY, DAY + 2), 0);
    account_fini(&account);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bonus_ends_the_referral),
        cmocka_unit_test(a_bonus_for_nobody_else_obliges_to_nothing),
        cmocka_unit_test(a_referrers_bonus_goes_where_its_instants_say),
        cmocka_unit_test(a_referral_stands_behind_the_enrolment_only),
        cmocka_unit_test(what_is_a_pools_is_no_members),
        cmocka_unit_test(the_last_entry_says_what_a_member_may),
        cmocka_unit_test(what_is_spent_is_counted_by_member_and_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
