// Pools and referrals decided: who of a pool may do what, how much a month, what time makes of a
// pool; which sale gives the bonus, and when none is given. Every step is folded from its bytes too
// (support/member.h).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/advance.h"
#include "core/decide_pools.h"
#include "core/snapshot.h"
#include "support/member.h"

enum { REFERRER_POINTS = 500, REFERRED_POINTS = 200, MINIMUM_MINOR = 10000, WITHIN_DAYS = 30 };

static struct club club;
static struct member anna; // a member, or a pool
static struct member_answer answer;
static uint64_t next_id;

static int64_t local(int32_t year, int32_t month, int32_t day, int64_t hour)
{
    struct civil_time time = {.date = {year, month, day}, .ms_of_day = hour * 3600 * 1000};
    return zone_instant(&club.zone, time);
}

static void run(struct command command)
{
    command.id = command.id == 0 ? next_id++ : command.id;
    command.actor = span_of_text("pos/store-0007/till-02");
    const char *wrong = member_do(&anna, &command, &answer);
    if (wrong != NULL) {
        fail_msg("%s", wrong);
    }
}

static void open_account(bool pool, const char *referrer)
{
    run((struct command){.kind = COMMAND_ENROL,
                         .now_ms = local(2026, 1, 10, 10),
                         .enrol = {.pool = pool,
                                   .referrer = span_of_text(referrer),
                                   .member_id = span_of_text("anna"),
                                   .partition = MEMBER_PARTITION,
                                   .enrolled_ms = local(2026, 1, 10, 10)}});
    assert_int_equal(answer.outcome, OUTCOME_APPLIED);
    assert_int_equal(answer.record.type, RECORD_OPENED);
    assert_int_equal(answer.seq, 1);
}

static struct pool_person person(const char *id)
{
    return (struct pool_person){
        .named = true, .named_id = span_of_text(id), .member_id = span_of_text(id)};
}

static struct command sale(int64_t now_ms, int64_t yuan)
{
    static struct sale_line line;
    line.amount_minor = yuan * 100;
    return (struct command){
        .kind = COMMAND_AWARD,
        .now_ms = now_ms,
        .award = {.sale = {.lines = &line, .line_count = 1}, .currency = span_of_text("CNY")}};
}

static void sell_to(int64_t now_ms, int64_t yuan, const char *by)
{
    struct command command = sale(now_ms, yuan);
    command.award.person = person(by);
    run(command);
}

static void sell(int64_t now_ms, int64_t yuan)
{
    run(sale(now_ms, yuan));
}

static void spend(int64_t now_ms, int64_t points, const char *by)
{
    run((struct command){.kind = COMMAND_REDEEM,
                         .now_ms = now_ms,
                         .redeem = {.points = points, .person = person(by)}});
}

static void let(const char *id, bool award, bool redeem, int64_t a_month)
{
    run((struct command){.kind = COMMAND_POOL_MEMBER,
                         .now_ms = local(2026, 1, 10, 11),
                         .pool_member = {.named = span_of_text(id),
                                         .member_id = span_of_text(id),
                                         .lives = true,
                                         .may_award = award,
                                         .may_redeem = redeem,
                                         .redeem_a_month = a_month}});
}

static void applied(void)
{
    assert_int_equal(answer.outcome, OUTCOME_APPLIED);
}

static void refused(enum refusal_reason reason, enum outcome outcome)
{
    assert_int_equal(answer.refusal.reason, reason);
    assert_int_equal(answer.outcome, outcome);
}

static int setup(void **state)
{
    struct program *program = NULL;
    (void)state;
    club_init(&club);
    assert_null(club_read(&club, "programs/retail.yaml",
                          span_of_text("referral: {referrer_points: 500, referred_points: 200, "
                                       "minimum_spend_minor: 10000, within_days: 30}"),
                          &program));
    assert_null(club_add(&club, program, local(2025, 1, 1, 0)));
    member_init(&anna, &club, "anna");
    next_id = 100;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    member_fini(&anna);
    club_fini(&club);
    return 0;
}

// --- referral ---

static void the_first_sale_that_qualifies_gives_the_bonus(void **state)
{
    (void)state;
    open_account(false, "ben");
    assert_int_equal(anna.account.seq, 2);
    sell(local(2026, 1, 11, 10), MINIMUM_MINOR / 100 - 1);
    assert_int_equal(anna.account.seq, 3);
    sell(local(2026, 1, 12, 10), MINIMUM_MINOR / 100);
    applied();
    assert_int_equal(answer.record.type, RECORD_AWARDED);
    assert_int_equal(answer.record.awarded.points, 100);
    assert_int_equal(answer.record.figures.balance, 99 + 100 + REFERRED_POINTS);
    assert_int_equal(anna.account.seq, 5);
    assert_int_equal(anna.account.obligations.count, 1);
    assert_int_equal(anna.account.obligations.items[0].seq, 4);
    assert_true(advance_due(&anna.account, &club.programs) <= local(2026, 1, 12, 10));
    sell(local(2026, 1, 13, 10), 1000);
    assert_int_equal(anna.account.seq, 6);
}

static void after_its_days_no_sale_qualifies(void **state)
{
    (void)state;
    open_account(false, "ben");
    sell(local(2026, 2, 10, 0), 1000); // the 31st day after
    assert_int_equal(answer.record.figures.balance, 1000);
    // One that was made in time qualifies, however late it comes.
    struct command late = sale(local(2026, 2, 20, 10), 100);
    late.award.sale.has_date = true;
    late.award.sale.date = (struct civil_date){2026, 2, 9};
    run(late);
    assert_int_equal(answer.record.figures.balance, 1000 + 100 + REFERRED_POINTS);
}

static void quotes_training_and_history_do_not_qualify(void **state)
{
    (void)state;
    open_account(false, "ben");
    struct command command = sale(local(2026, 1, 11, 10), 1000);
    command.award.quote = true;
    run(command);
    assert_int_equal(answer.outcome, OUTCOME_NOTHING);
    assert_int_equal(answer.record.figures.balance, 1000);
    command.award.quote = false;
    command.award.backfill = true;
    command.award.sale.has_occurred = true;
    command.award.sale.occurred_ms = local(2026, 1, 11, 9);
    run(command);
    applied();
    assert_int_equal(anna.account.balance, 1000);
    assert_string_equal(anna.account.referrer, "ben");
}

static void a_bonus_past_a_bound_is_not_given(void **state)
{
    (void)state;
    open_account(false, "ben");
    int64_t now_ms = local(2026, 1, 11, 10);
    anna.account.balance = LIMIT_POINTS_A_BALANCE - 100 - REFERRED_POINTS + 1;
    struct decide decide = {.account = &anna.account, .arena = &anna.arena, .now_ms = now_ms};
    struct decision decision;
    struct ledger_writer writer = {
        .out = &anna.out, .hash = club_chain_hash, .programs = &club.programs};
    decide.writer = &writer;
    struct referred_sale sold = {.version = &club.versions[0],
                                 .occurred_ms = now_ms,
                                 .total_minor = MINIMUM_MINOR,
                                 .kept = 100};
    assert_int_equal(decide_referred(&decide, &sold), STATUS_OK);
    assert_int_equal(anna.account.awarded, 0);
    assert_string_equal(anna.account.referrer, "");
    assert_int_equal(anna.account.obligations.count, 1); // the other side gets its own
    struct bonus_command given = {.referred = span_of_text("dora"),
                                  .points = LIMIT_POINTS_A_BALANCE};
    assert_int_equal(decide_bonus(&decide, &given, &decision), STATUS_OK);
    assert_int_equal(decision.outcome, OUTCOME_NOTHING);
}

static void the_referrers_bonus_is_given_once(void **state)
{
    (void)state;
    open_account(false, "");
    struct command given = {
        .kind = COMMAND_BONUS,
        .now_ms = local(2026, 1, 12, 10),
        .id = 7,
        .bonus = {.referred = span_of_text("dora"), .points = REFERRER_POINTS, .version = 1}};
    run(given);
    applied();
    assert_int_equal(answer.record.bonus.lot_ends_ms, local(2027, 2, 1, 0));
    run(given);
    assert_true(answer.replayed);
    assert_int_equal(anna.account.balance, REFERRER_POINTS);
}

// --- pools ---

static void a_pool_earns_as_the_base_tier_without_score(void **state)
{
    (void)state;
    open_account(true, "");
    assert_int_equal(anna.account.cards.count, 0);
    let("ben", true, true, 0);
    sell_to(local(2026, 1, 11, 10), 60000, "ben");
    applied();
    assert_int_equal(answer.record.awarded.points, 60000);
    assert_int_equal(answer.record.awarded.score, 0);
    assert_int_equal(answer.record.card_count, 0);
    assert_int_equal(answer.record.figures.tier, 0);
    sell_to(local(2026, 7, 1, 10), 100, "ben");
    assert_int_equal(answer.record.awarded.points, 100);
}

static void who_of_a_pool_may_what(void **state)
{
    int64_t now_ms = local(2026, 1, 11, 10);
    (void)state;
    open_account(true, "");
    let("ben", true, false, 0);
    applied();
    let("carl", false, true, 0);
    sell(now_ms, 10);
    refused(REFUSAL_POOL_MEMBER_MISSING, OUTCOME_REFUSED);
    sell_to(now_ms, 10, "carl");
    refused(REFUSAL_POOL_MAY_NOT, OUTCOME_REFUSED);
    sell_to(now_ms, 10, "dora");
    refused(REFUSAL_NOT_IN_POOL, OUTCOME_REFUSED);
    sell_to(now_ms, 10, "ben");
    applied();
    spend(now_ms, 5, "ben");
    refused(REFUSAL_POOL_MAY_NOT, OUTCOME_REFUSED_RECORDED);
    spend(now_ms, 5, "carl");
    applied();
    spend(now_ms, 6, "carl");
    refused(REFUSAL_INSUFFICIENT_POINTS, OUTCOME_REFUSED_RECORDED);
    let("carl", false, false, 0);
    applied();
    spend(now_ms, 1, "carl");
    refused(REFUSAL_NOT_IN_POOL, OUTCOME_REFUSED_RECORDED);
    let("carl", false, false, 0);
    refused(REFUSAL_NOT_IN_POOL, OUTCOME_REFUSED);
}

static void what_a_member_may_is_changed_often(void **state)
{
    (void)state;
    open_account(true, "");
    for (int i = 0; i < 100; i++) {
        let("ben", true, i % 2 == 0, 0);
        applied();
        assert_int_equal(account_pool_member(&anna.account, span_of_text("ben"))->may_redeem,
                         i % 2 == 0);
    }
}

static void who_was_merged_is_known_by_either_id(void **state)
{
    int64_t now_ms = local(2026, 1, 11, 10);
    (void)state;
    open_account(true, "");
    let("ben", true, true, 0);
    struct command command = sale(now_ms, 10);
    command.award.person = person("ben");
    command.award.person.member_id = span_of_text("carl"); // whom ben was merged into
    run(command);
    applied();
    command.award.person = person("carl");
    command.id = 0;
    run(command);
    refused(REFUSAL_NOT_IN_POOL, OUTCOME_REFUSED);
}

static void a_member_is_no_pool(void **state)
{
    (void)state;
    open_account(false, "");
    let("ben", true, true, 0);
    refused(REFUSAL_NOT_A_POOL, OUTCOME_REFUSED);
    sell_to(local(2026, 1, 11, 10), 10, "ben");
    refused(REFUSAL_NOT_A_POOL, OUTCOME_REFUSED);
    spend(local(2026, 1, 11, 10), 10, "ben");
    refused(REFUSAL_NOT_A_POOL, OUTCOME_REFUSED);
}

static void what_one_spends_a_month_is_bounded(void **state)
{
    (void)state;
    open_account(true, "");
    let("ben", true, true, 100);
    let("carl", true, true, 0);
    sell_to(local(2026, 1, 11, 10), 1000, "ben");
    spend(local(2026, 1, 31, 23), 70, "ben");
    applied();
    spend(local(2026, 1, 31, 23), 31, "ben");
    refused(REFUSAL_POOL_MONTH_LIMIT, OUTCOME_REFUSED_RECORDED);
    assert_int_equal(answer.refusal.limit, 30);
    spend(local(2026, 1, 31, 23), 30, "ben");
    applied();
    spend(local(2026, 1, 31, 23), 500, "carl");
    applied();
    spend(local(2026, 2, 1, 0), 100, "ben"); // another month
    applied();
    spend(local(2026, 2, 28, 23), 1, "ben");
    refused(REFUSAL_POOL_MONTH_LIMIT, OUTCOME_REFUSED_RECORDED);
}

static void points_of_a_pool_end(void **state)
{
    (void)state;
    open_account(true, "");
    let("ben", true, true, 0);
    sell_to(local(2026, 1, 11, 10), 1000, "ben");
    assert_int_equal(advance_due(&anna.account, &club.programs), local(2027, 2, 1, 0));
    run((struct command){.kind = COMMAND_JOB, .now_ms = local(2027, 3, 1, 0)});
    assert_int_equal(anna.account.balance, 0);
    assert_int_equal(anna.account.expired, 1000);
    assert_true(advance_due(&anna.account, &club.programs) == INSTANT_NEVER);
}

static void so_many_belong_to_a_pool_and_no_more(void **state)
{
    char id[16];
    (void)state;
    open_account(true, "");
    for (int i = 0; i < LIMIT_POOL_MEMBERS_AT_ONCE; i++) {
        (void)snprintf(id, sizeof id, "m-%d", i);
        let(id, true, false, 0);
        applied();
    }
    let("one-more", true, false, 0);
    refused(REFUSAL_ACCOUNT_FULL, OUTCOME_REFUSED);
    let("m-7", true, true, 0);
    applied();
    let("m-7", false, false, 0);
    let("one-more", true, false, 0);
    applied();
}

// --- compaction ---

// A snapshot of the whole log, folded, is the account; what was asked at `keep_from_ms` or later is
// known.
static void survives_compaction(int64_t keep_from_ms)
{
    struct buffer snapshot;
    struct account folded;
    account_init(&folded);
    buffer_init(&snapshot, LIMIT_LOG_BYTES);
    assert_int_equal(snapshot_build(buffer_span(&anna.log), span_of_text("anna"), MEMBER_PARTITION,
                                    keep_from_ms, club_chain_hash, &anna.arena, &snapshot),
                     STATUS_OK);
    assert_int_equal(member_fold(&anna, buffer_span(&snapshot), &folded), STATUS_OK);
    folded.log_bytes = anna.account.log_bytes;
    const char *differs = member_difference(&anna.account, &folded);
    if (differs != NULL) {
        fail_msg("%s", differs);
    }
    account_fini(&folded);
    buffer_fini(&snapshot);
}

static void pools_and_referrals_survive_compaction(void **state)
{
    (void)state;
    open_account(true, "");
    let("ben", true, true, 100);
    let("carl", false, true, 0);
    sell_to(local(2026, 1, 11, 10), 1000, "ben");
    spend(local(2026, 1, 12, 10), 70, "ben");
    survives_compaction(0);
    member_fini(&anna);
    member_init(&anna, &club, "anna");
    open_account(false, "ben");
    survives_compaction(local(2026, 2, 1, 0)); // enrolled then as of January, it may be
    sell(local(2026, 1, 11, 10), 1000);
    survives_compaction(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_sale_that_qualifies_gives_the_bonus, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(after_its_days_no_sale_qualifies, setup, teardown),
        cmocka_unit_test_setup_teardown(quotes_training_and_history_do_not_qualify, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_bonus_past_a_bound_is_not_given, setup, teardown),
        cmocka_unit_test_setup_teardown(the_referrers_bonus_is_given_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_pool_earns_as_the_base_tier_without_score, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(who_of_a_pool_may_what, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_member_may_is_changed_often, setup, teardown),
        cmocka_unit_test_setup_teardown(who_was_merged_is_known_by_either_id, setup, teardown),
        cmocka_unit_test_setup_teardown(a_member_is_no_pool, setup, teardown),
        cmocka_unit_test_setup_teardown(what_one_spends_a_month_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(points_of_a_pool_end, setup, teardown),
        cmocka_unit_test_setup_teardown(pools_and_referrals_survive_compaction, setup, teardown),
        cmocka_unit_test_setup_teardown(so_many_belong_to_a_pool_and_no_more, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
