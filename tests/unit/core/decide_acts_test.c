// Acts by hand where stories cannot look: what they oblige to, what the fold takes for corrupt, and
// the month's list.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/audit.h"
#include "support/member.h"

struct scene {
    struct club club;
    struct member anna;
    int64_t now_ms;
};

static struct scene scene;

static int begin(void **state)
{
    (void)state;
    struct program *program = NULL;
    scene = (struct scene){.now_ms = INT64_C(1767229200000)}; // 2026-01-01 09:00 in Shanghai
    club_init(&scene.club);
    assert_null(club_read(&scene.club, "programs/retail.yaml", (struct span){0}, &program));
    assert_null(club_add(&scene.club, program, scene.now_ms - DAY_MS));
    member_init(&scene.anna, &scene.club, "anna");
    struct command enrol = {.kind = COMMAND_ENROL,
                            .now_ms = scene.now_ms,
                            .enrol = {.member_id = span_of_text("anna"),
                                      .partition = MEMBER_PARTITION,
                                      .enrolled_ms = scene.now_ms}};
    struct member_answer answer;
    assert_null(member_do(&scene.anna, &enrol, &answer));
    return 0;
}

static int end(void **state)
{
    (void)state;
    member_fini(&scene.anna);
    club_fini(&scene.club);
    return 0;
}

static struct member_answer act(struct command command, uint64_t id)
{
    struct member_answer answer;
    command.now_ms = scene.now_ms;
    command.id = id;
    command.actor = span_of_text("admin/head-office");
    assert_null(member_do(&scene.anna, &command, &answer));
    return answer;
}

static struct command grant(const char *tier)
{
    return (struct command){.kind = COMMAND_GRANT,
                            .grant = {.tier = span_of_text(tier),
                                      .until = {2027, 1, 1},
                                      .reason_code = ACT_GOODWILL,
                                      .reason = span_of_text("a guest")}};
}

static struct command adjust(int64_t points, int64_t score)
{
    return (struct command){.kind = COMMAND_ADJUST,
                            .adjust = {.points = points,
                                       .score = score,
                                       .reason_code = ACT_COMPENSATION,
                                       .reason = span_of_text("the till was wrong")}};
}

static void listed(const struct member_answer *answer, enum audit_act act, enum act_reason code,
                   const char *reason)
{
    struct record_audited audited;
    const struct account *account = &scene.anna.account;
    assert_int_equal(answer->outcome, OUTCOME_APPLIED);
    assert_non_null(account_obligation(account, answer->seq));
    assert_int_equal(audit_of(account, &answer->record, answer->seq, &audited), STATUS_OK);
    assert_int_equal(audited.act, act);
    assert_int_equal(audited.reason_code, code);
    assert_true(span_is_text(audited.reason, reason));
    assert_true(span_is_text(audited.subject, "anna"));
    assert_true(span_is_text(audited.actor, "admin/head-office"));
    assert_int_equal(audited.seq, answer->seq);
    assert_int_equal(audited.acted_ms, scene.now_ms);
    assert_memory_equal(audited.request, answer->record.mark.id, sizeof audited.request);
}

static void every_act_is_to_be_listed(void **state)
{
    (void)state;
    struct member_answer answer = act(adjust(5, 0), 1);
    listed(&answer, AUDIT_POINTS_ADJUSTED, ACT_COMPENSATION, "the till was wrong");
    answer = act(adjust(0, 5), 2);
    listed(&answer, AUDIT_SCORE_ADJUSTED, ACT_COMPENSATION, "the till was wrong");
    answer = act(grant("gold"), 3);
    listed(&answer, AUDIT_TIER_GRANTED, ACT_GOODWILL, "a guest");
    answer = act((struct command){.kind = COMMAND_REVOKE,
                                  .revoke = {.reason_code = ACT_FRAUD,
                                             .reason = span_of_text("receipts of others")}},
                 4);
    listed(&answer, AUDIT_TIER_REVOKED, ACT_FRAUD, "receipts of others");
    answer = act((struct command){.kind = COMMAND_STATUS,
                                  .status = {.status = MEMBER_SUSPENDED,
                                             .reason = span_of_text("asked for")}},
                 5);
    listed(&answer, AUDIT_STATUS_CHANGED, 0, "asked for");
    assert_int_equal(scene.anna.account.obligations.count, 5);
    struct record_audited audited;
    struct record sale = {.type = RECORD_AWARDED};
    assert_int_equal(audit_of(&scene.anna.account, &sale, 1, &audited), STATUS_CORRUPT);
}

// A status changed before there was an audit obliges to nothing, and its record is read as it was.
static void a_status_of_yesterday_is_not_listed(void **state)
{
    (void)state;
    struct record record = {.type = RECORD_STATUS_CHANGED,
                            .at_ms = scene.now_ms,
                            .status_changed = {.status = MEMBER_SUSPENDED}};
    assert_int_equal(account_apply(&scene.anna.account, &record), STATUS_OK);
    assert_int_equal(scene.anna.account.obligations.count, 0);
}

static void a_full_list_of_obligations_is_a_refusal(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < LIMIT_OBLIGATIONS; i++) {
        assert_int_equal(act(adjust(1, 0), 1 + i).outcome, OUTCOME_APPLIED);
    }
    struct member_answer answer = act(adjust(1, 0), 1 + LIMIT_OBLIGATIONS);
    assert_int_equal(answer.outcome, OUTCOME_REFUSED);
    assert_int_equal(answer.refusal.reason, REFUSAL_UNFINISHED);
    assert_int_equal(scene.anna.account.balance, LIMIT_OBLIGATIONS);
}

static void refuses(struct record record)
{
    struct account *account = &scene.anna.account;
    struct account_savepoint *savepoint;
    record.at_ms = scene.now_ms;
    assert_int_equal(account_save(account, &scene.anna.arena, &savepoint), STATUS_OK);
    assert_int_equal(account_apply(account, &record), STATUS_CORRUPT);
    account_restore(account, savepoint);
}

static struct record adjusted(struct record_adjusted outcome)
{
    return (struct record){.type = RECORD_ADJUSTED, .adjusted = outcome};
}

static void what_does_not_fit_is_corrupt(void **state)
{
    (void)state;
    (void)act(adjust(100, 0), 1);
    (void)act(adjust(0, 100), 2);
    int64_t later_ms = scene.now_ms + DAY_MS;
    struct adjusted_score own = {.seq = 3, .until_ms = INSTANT_NEVER, .score = -100};
    struct adjusted_score given = {.until_ms = later_ms, .score = 5};
    struct lot_move other = {.ends_ms = later_ms, .points = 10};
    refuses(adjusted((struct record_adjusted){.points = 0}));
    refuses(adjusted((struct record_adjusted){.points = 1, .lot_ends_ms = scene.now_ms}));
    refuses(adjusted((struct record_adjusted){.points = LIMIT_POINTS_A_RECORD + 1,
                                              .lot_ends_ms = INSTANT_NEVER}));
    refuses(adjusted((struct record_adjusted){.points = -10, .lots = &other, .lot_count = 1}));
    refuses(adjusted((struct record_adjusted){.points = -10, .deficit = 10}));
    refuses(adjusted((struct record_adjusted){.points = -10, .deficit = 11}));
    refuses(adjusted((struct record_adjusted){.score = 6, .scores = &given, .score_count = 1}));
    refuses(adjusted((struct record_adjusted){.score = 5}));
    // Of what there is not, or more than there is of it.
    refuses(adjusted((struct record_adjusted){.score = -100, .scores = &own, .score_count = 1}));
    own.until_ms = scene.anna.account.contributions.items[0].until_ms;
    own.score = -101;
    refuses(adjusted((struct record_adjusted){.score = -101, .scores = &own, .score_count = 1}));
    own.score = -100;
    refuses(adjusted((struct record_adjusted){.score = -99, .scores = &own, .score_count = 1}));
    own.score = INT64_MIN;
    refuses(
        adjusted((struct record_adjusted){.score = INT64_MIN, .scores = &own, .score_count = 1}));
    refuses(adjusted((struct record_adjusted){.points = INT64_MIN, .deficit = 1}));
    own.score = -100;
    own.seq = 1;
    refuses(adjusted((struct record_adjusted){.score = -100, .scores = &own, .score_count = 1}));
    refuses((struct record){.type = RECORD_CARD_GRANTED});
    refuses((struct record){.type = RECORD_CARD_GRANTED,
                            .card_count = 1,
                            .cards = {{.tier = 1,
                                       .from_ms = scene.now_ms,
                                       .until_ms = INSTANT_NEVER,
                                       .cause = CARD_GRANTED}}});
    refuses((struct record){.type = RECORD_CARD_REVOKED,
                            .card_count = 1,
                            .cards = {{.tier = 1,
                                       .from_ms = scene.now_ms - 1,
                                       .until_ms = INSTANT_NEVER,
                                       .cause = CARD_REVOKED}}});
    refuses((struct record){.type = RECORD_AUDITED, .audited = {.subject = span_of_text("anna")}});
}

static void months_have_names(void **state)
{
    (void)state;
    char id[LIMIT_MEMBER_ID_BYTES + 1];
    assert_int_equal(audit_account(2026, 11, id), STATUS_OK);
    assert_string_equal(id, "@audit-2026-11");
    assert_int_equal(audit_account(2026, 13, id), STATUS_RANGE);
    assert_int_equal(audit_account(2026, 0, id), STATUS_RANGE);
    assert_int_equal(audit_account(10000, 1, id), STATUS_RANGE);
}

// Opened when new, then one record an act; and it folds.
static void acts_are_listed_in_their_month(void **state)
{
    (void)state;
    struct member month;
    member_init(&month, &scene.club, "@audit-2026-01");
    struct ledger_writer writer = {
        .out = &month.log, .hash = club_chain_hash, .programs = &scene.club.programs};
    struct decide decide = {.account = &month.account,
                            .writer = &writer,
                            .arena = &month.arena,
                            .now_ms = scene.now_ms,
                            .actor = span_of_text("service")};
    struct audited_command command = {.account_id = span_of_text(month.id),
                                      .partition = MEMBER_PARTITION,
                                      .audited = {.act = AUDIT_TIER_GRANTED,
                                                  .acted_ms = scene.now_ms,
                                                  .subject = span_of_text("anna"),
                                                  .actor = span_of_text("admin/head-office"),
                                                  .seq = 7,
                                                  .reason_code = ACT_GOODWILL,
                                                  .reason = span_of_text("a guest")}};
    for (uint64_t i = 1; i <= 2; i++) {
        struct decision decision;
        decide.mark = member_mark(i, span_of_text("x"));
        assert_int_equal(decide_audited(&decide, &command, &decision), STATUS_OK);
        assert_int_equal(decision.outcome, OUTCOME_APPLIED);
    }
    assert_int_equal(month.account.kind, ACCOUNT_AUDIT);
    assert_int_equal(month.account.seq, 3);
    assert_int_equal(member_fold(&month, buffer_span(&month.log), &month.folded), STATUS_OK);
    assert_null(member_difference(&month.account, &month.folded));
    struct mark mark = member_mark(2, span_of_text("x"));
    struct record record;
    uint64_t seq;
    assert_int_equal(ledger_find(buffer_span(&month.log), &mark, &month.fold_arena, &record, &seq),
                     STATUS_OK);
    assert_true(span_is_text(record.audited.subject, "anna"));
    assert_int_equal(record.audited.seq, 7);
    member_fini(&month);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_act_is_to_be_listed, begin, end),
        cmocka_unit_test_setup_teardown(a_status_of_yesterday_is_not_listed, begin, end),
        cmocka_unit_test_setup_teardown(a_full_list_of_obligations_is_a_refusal, begin, end),
        cmocka_unit_test_setup_teardown(what_does_not_fit_is_corrupt, begin, end),
        cmocka_unit_test(months_have_names),
        cmocka_unit_test_setup_teardown(acts_are_listed_in_their_month, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
