// Perks in the core beside the stories (tests/scenario/perks.txt): what obliges and what that says,
// what a record says for its answer, who is a partner, and records that the fold finds not to
// belong.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/decide_perks.h"
#include "core/settlement.h"
#include "support/member.h"

static struct club club;
static struct member anna;
static struct member_answer answer;
static uint64_t next_id;

static const char *const DESK = "partner/health-centre/desk";
static const char *const TILL = "pos/store-0007/till-02";

static int64_t local(int32_t year, int32_t month, int32_t day, int64_t hour)
{
    struct civil_time time = {.date = {year, month, day}, .ms_of_day = hour * 3600 * 1000};
    return zone_instant(&club.zone, time);
}

static void run(struct command command)
{
    command.id = command.id == 0 ? next_id++ : command.id;
    const char *wrong = member_do(&anna, &command, &answer);
    if (wrong != NULL) {
        fail_msg("%s", wrong);
    }
}

static void use(int64_t now_ms, uint64_t id, const char *perk, const char *partner)
{
    struct command command = {.kind = COMMAND_USE_PERK, .now_ms = now_ms, .id = id};
    command.actor = span_of_text(partner == NULL ? TILL : DESK);
    command.use_perk.perk_id = span_of_text(perk);
    command.use_perk.partner = partner == NULL ? (struct span){0} : span_of_text(partner);
    command.use_perk.unit =
        span_of_text(partner == NULL ? "store-0007/till-02" : "health-centre/2");
    run(command);
}

static void undo(int64_t now_ms, uint64_t id)
{
    struct command command = {.kind = COMMAND_REVERSE_PERK, .now_ms = now_ms};
    command.actor = span_of_text(TILL);
    member_request_id(id, command.reverse_perk.original);
    command.reverse_perk.original_created_ms = now_ms;
    run(command);
}

// Anna has diamond from 1 February 2026, 10:00 on.
static int setup(void **state)
{
    (void)state;
    struct program *program = NULL;
    struct command enrol = {.kind = COMMAND_ENROL};
    struct command contribute = {.kind = COMMAND_CONTRIBUTE};
    club_init(&club);
    assert_null(club_read(&club, "programs/vip-club.yaml", (struct span){0}, &program));
    assert_null(club_add(&club, program, local(2025, 1, 1, 0)));
    member_init(&anna, &club, "anna");
    next_id = 100;
    enrol.now_ms = contribute.now_ms = local(2026, 2, 1, 10);
    enrol.actor = contribute.actor = span_of_text(TILL);
    enrol.enrol = (struct enrol_command){.member_id = span_of_text("anna"),
                                         .partition = MEMBER_PARTITION,
                                         .enrolled_ms = enrol.now_ms};
    contribute.contribution.score = 50000;
    run(enrol);
    run(contribute);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    member_fini(&anna);
    club_fini(&club);
    return 0;
}

static void same_text(struct span is, const char *text)
{
    assert_int_equal(is.len, strlen(text));
    assert_memory_equal(is.data, text, is.len);
}

// --- what obliges ---

static void what_a_partner_served_is_settled(void **state)
{
    (void)state;
    struct settlement settlement;
    int64_t used_ms = local(2027, 1, 1, 0); // in UTC it is December still
    use(used_ms, 7, "health-check", "health-centre");
    assert_int_equal(answer.outcome, OUTCOME_APPLIED);
    assert_int_equal(anna.account.obligations.count, 1);
    assert_int_equal(settlement_of(&anna.account.names, &answer.record, &settlement), STATUS_OK);
    same_text(settlement.partner, "health-centre");
    same_text(settlement.perk, "health-check");
    same_text(settlement.unit, "health-centre/2");
    assert_int_equal(settlement.year, 2027);
    assert_int_equal(settlement.month, 1);
    assert_int_equal(settlement.used_at_ms, used_ms);
    assert_false(settlement.reversal);

    // Undone in a shop, months later: in the month of the use, to whom it was listed.
    undo(local(2027, 6, 1, 0), 7);
    assert_int_equal(anna.account.obligations.count, 2);
    assert_int_equal(settlement_of(&anna.account.names, &answer.record, &settlement), STATUS_OK);
    same_text(settlement.partner, "health-centre");
    same_text(settlement.perk, "health-check");
    assert_int_equal(settlement.year, 2027);
    assert_int_equal(settlement.month, 1);
    assert_true(settlement.reversal);

    undo(local(2027, 6, 1, 0), 7);
    assert_int_equal(answer.record.perk_reversed.result, REVERSE_PREVIOUSLY_REVERSED);
    assert_int_equal(anna.account.obligations.count, 2);
    assert_int_equal(settlement_of(&anna.account.names, &answer.record, &settlement),
                     STATUS_CORRUPT);
}

static void what_a_shop_gave_is_not(void **state)
{
    (void)state;
    struct settlement settlement;
    use(local(2026, 3, 1, 0), 7, "birthday-card", NULL);
    assert_int_equal(answer.outcome, OUTCOME_APPLIED);
    assert_true(answer.record.perk_used.limited);
    assert_int_equal(answer.record.perk_used.left, 0);
    assert_int_equal(settlement_of(&anna.account.names, &answer.record, &settlement),
                     STATUS_CORRUPT);
    undo(local(2026, 3, 1, 0), 7);
    assert_int_equal(anna.account.obligations.count, 0);
    assert_int_equal(
        account_perk_uses(&anna.account, answer.record.perk_reversed.perk, INT32_MIN, INT32_MAX),
        0);
}

static void every_no_but_that_of_nobody_is_recorded(void **state)
{
    (void)state;
    static const struct {
        const char *perk;
        const char *partner;
        enum refusal_reason reason;
    } ASKED[] = {{"no-such-perk", "health-centre", REFUSAL_UNKNOWN_PERK},
                 {"health-check", NULL, REFUSAL_PERK_NOT_HERE},
                 {"airport-lounge", "health-centre", REFUSAL_PERK_NOT_HERE},
                 {"health-check", "health-centre", REFUSAL_PERK_USED_UP}};
    use(local(2026, 3, 1, 0), 0, "health-check", "health-centre");
    uint64_t seq = anna.account.seq;
    for (size_t i = 0; i < sizeof ASKED / sizeof ASKED[0]; i++) {
        use(local(2026, 3, 1, 0), 0, ASKED[i].perk, ASKED[i].partner);
        assert_int_equal(answer.outcome, OUTCOME_REFUSED_RECORDED);
        assert_int_equal(answer.refusal.reason, ASKED[i].reason);
        assert_int_equal(answer.record.refused.method, RECORD_PERK_USED);
        assert_int_equal(anna.account.seq, seq + i + 1);
    }
}

// With the code of this nonce, which ends at an instant; what came of it.
static enum refusal_reason show_code(int64_t now_ms, uint64_t id, uint8_t nonce, int64_t ends_ms)
{
    struct command command = {.kind = COMMAND_USE_PERK, .now_ms = now_ms, .id = id};
    command.actor = span_of_text(TILL);
    command.use_perk.perk_id = span_of_text("vip-counter");
    command.use_perk.unit = span_of_text("store-0007/till-02");
    command.use_perk.coded = true;
    memset(command.use_perk.code, nonce, sizeof command.use_perk.code);
    command.use_perk.code_ends_ms = ends_ms;
    run(command);
    return answer.outcome == OUTCOME_REFUSED_RECORDED ? answer.refusal.reason : REFUSAL_NONE;
}

static void a_code_is_good_once_and_until_its_end(void **state)
{
    (void)state;
    int64_t now_ms = local(2026, 3, 1, 0);
    assert_int_equal(show_code(now_ms, 501, 7, now_ms + 1), REFUSAL_NONE);
    assert_int_equal(show_code(now_ms, 502, 7, now_ms + 1), REFUSAL_CODE_USED);
    assert_int_equal(show_code(now_ms, 503, 8, now_ms), REFUSAL_CODE_EXPIRED);
    undo(now_ms, 501);
    assert_int_equal(show_code(now_ms, 504, 7, now_ms + 1), REFUSAL_CODE_USED); // for good
    assert_int_equal(show_code(now_ms, 505, 8, now_ms + 1), REFUSAL_NONE);
}

// Of a shop's units all are kept as far as there is room, of a partner's new ones only so many.
static void a_partner_cannot_fill_the_names(void **state)
{
    (void)state;
    struct command shop = {.kind = COMMAND_USE_PERK, .now_ms = local(2026, 3, 1, 0)};
    shop.actor = span_of_text(TILL);
    shop.use_perk.perk_id = span_of_text("vip-counter");
    while (anna.account.names.places.count <= LIMIT_NAMES_AN_ACCOUNT / 2) {
        char unit[64];
        (void)snprintf(unit, sizeof unit, "store-0007/till-02/%u", anna.account.names.places.count);
        shop.use_perk.unit = span_of_text(unit);
        run(shop);
        assert_int_equal(answer.outcome, OUTCOME_APPLIED);
        assert_int_not_equal(answer.record.perk_used.unit, 0);
    }
    use(shop.now_ms, 7, "health-consultation", "health-centre");
    assert_int_equal(answer.outcome, OUTCOME_APPLIED);
    assert_int_equal(answer.record.perk_used.unit, 0);
}

// --- who is a partner ---

static void a_partner_is_the_first_part_of_its_unit(void **state)
{
    (void)state;
    same_text(settlement_partner(span_of_text("partner/lake-hotel/desk/2")), "lake-hotel");
    same_text(settlement_partner(span_of_text("partner/lake-hotel")), "lake-hotel");
    assert_int_equal(settlement_partner(span_of_text("pos/lake-hotel/desk")).len, 0);
    assert_int_equal(settlement_partner(span_of_text("partner/")).len, 0);
    assert_int_equal(settlement_partner(span_of_text("partnership/lake-hotel")).len, 0);
}

// Its months' accounts have the name in their ids.
static void a_partner_has_a_short_name(void **state)
{
    (void)state;
    for (int len = LIMIT_PARTNER_BYTES; len <= LIMIT_PARTNER_BYTES + 1; len++) {
        struct program *program = NULL;
        char perks[256];
        (void)snprintf(perks, sizeof perks,
                       "perks: [{id: spa, tiers: [{tier_id: gold}], partners: [x%0*d]}]", len - 1,
                       0);
        const char *wrong =
            club_read(&club, "programs/vip-club.yaml", span_of_text(perks), &program);
        assert_true((wrong == NULL) == (len == LIMIT_PARTNER_BYTES));
        assert_true(wrong == NULL || strstr(wrong, "perks[0].partners") != NULL);
    }
}

static void a_month_has_an_account(void **state)
{
    (void)state;
    char id[LIMIT_MEMBER_ID_BYTES + 1];
    char longest[LIMIT_PARTNER_BYTES + 1];
    memset(longest, 'x', sizeof longest);
    assert_int_equal(settlement_account(span_of_text("lake-hotel"), 2026, 6, id), STATUS_OK);
    assert_string_equal(id, "@2026-06/lake-hotel");
    assert_int_equal(settlement_account(span_of(longest, LIMIT_PARTNER_BYTES), 1970, 12, id),
                     STATUS_OK);
    assert_int_equal(strlen(id), LIMIT_MEMBER_ID_BYTES);
    assert_int_equal(settlement_account(span_of(longest, sizeof longest), 2026, 6, id),
                     STATUS_RANGE);
    assert_int_equal(settlement_account(span_of(longest, 0), 2026, 6, id), STATUS_RANGE);
    assert_int_equal(settlement_account(span_of_text("lake-hotel"), 2026, 13, id), STATUS_RANGE);
}

// --- what does not belong ---

static void refuses(struct record record)
{
    struct account_savepoint *savepoint;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    record.at_ms = anna.account.now_ms;
    assert_int_equal(account_save(&anna.account, &arena, &savepoint), STATUS_OK);
    assert_int_equal(account_apply(&anna.account, &record), STATUS_CORRUPT);
    account_restore(&anna.account, savepoint);
    arena_fini(&arena);
}

static void a_reversal_is_of_a_use(void **state)
{
    (void)state;
    use(local(2026, 3, 1, 0), 7, "birthday-card", NULL);
    struct record_perk_reversed good = {.result = REVERSE_REVERSED,
                                        .original_seq = anna.account.seq,
                                        .perk = answer.record.perk_used.perk,
                                        .day = answer.record.perk_used.day};
    struct record record = {.type = RECORD_PERK_REVERSED, .perk_reversed = good};
    record.perk_reversed.original_seq--;
    refuses(record);
    record.perk_reversed = good;
    record.perk_reversed.original_seq++;
    refuses(record);
    record.perk_reversed = good;
    record.perk_reversed.perk--;
    refuses(record);
    record.perk_reversed = good;
    record.perk_reversed.day++;
    refuses(record);
    undo(local(2026, 3, 1, 0), 7);
    record.perk_reversed = good;
    refuses(record); // once
}

static void a_member_keeps_no_settlement(void **state)
{
    (void)state;
    use(local(2026, 3, 1, 0), 7, "birthday-card", NULL);
    uint32_t perk = answer.record.perk_used.perk;
    refuses((struct record){.type = RECORD_SETTLED,
                            .mark = {.present = true, .id = {1}},
                            .settled = {.perk = perk, .unit = perk}});
    refuses((struct record){.type = RECORD_PERK_USED, .perk_used = {.perk = 0}});
    refuses((struct record){.type = RECORD_PERK_USED, .perk_used = {.perk = 99}});
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_a_partner_served_is_settled),
        TEST(what_a_shop_gave_is_not),
        TEST(every_no_but_that_of_nobody_is_recorded),
        TEST(a_code_is_good_once_and_until_its_end),
        TEST(a_partner_cannot_fill_the_names),
        TEST(a_partner_is_the_first_part_of_its_unit),
        TEST(a_partner_has_a_short_name),
        TEST(a_month_has_an_account),
        TEST(a_reversal_is_of_a_use),
        TEST(a_member_keeps_no_settlement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
