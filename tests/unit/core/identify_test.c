// What a member may be found by: ranges, check digits, payment cards, kinds; and every mistake a
// program can make about members, at its path.
#include "core/identify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/core/program_sample.h"

enum { ARENA_BYTES = 1 << 20, IN_FORCE_MS = 1000 };

// Cards 6200000000000000 to 6299999999999999 with a check digit, barcodes of 8 digits, telephones
// that families share, app ids that nobody is found by.
struct club {
    struct sample sample;
    struct number_range cards[2];
    struct number_range barcodes;
    struct identifier_rule rules[5];
};

static void club_init(struct club *club)
{
    *club = (struct club){0};
    sample_init(&club->sample);
    club->cards[0] = (struct number_range){span_of_text("6200000000000000"),
                                           span_of_text("6299999999999999"), true};
    club->barcodes = (struct number_range){span_of_text("20000000"), span_of_text("29999999"), 0};
    club->rules[0] = (struct identifier_rule){
        .kind = IDENTIFIER_CARD_NUMBER, .required = true, .ranges = club->cards, .range_count = 1};
    club->rules[1] = (struct identifier_rule){
        .kind = IDENTIFIER_BARCODE, .ranges = &club->barcodes, .range_count = 1};
    club->rules[2] = (struct identifier_rule){.kind = IDENTIFIER_PHONE, .shared = true};
    club->sample.program.identifiers = club->rules;
    club->sample.program.identifier_count = 3;
}

static enum refusal_reason judge(const struct club *club, uint32_t kind, const char *value)
{
    return identify_judge_new(&club->sample.program, kind, span_of_text(value));
}

static void luhn_is_that_of_iso_7812(void **state)
{
    (void)state;
    assert_true(identify_luhn(span_of_text("79927398713")));
    assert_false(identify_luhn(span_of_text("79927398710")));
    assert_false(identify_luhn(span_of_text("79927398731"))); // two digits changed places
    assert_true(identify_luhn(span_of_text("0")));
    assert_false(identify_luhn(span_of_text("")));
    assert_false(identify_luhn(span_of_text("7992739871x")));
}

static void payment_cards_are_known_by_their_look(void **state)
{
    (void)state;
    static const char *const CARDS[] = {"4111111111111111", "5555555555554444", "378282246310005",
                                        "6011111111111117", "4222222222222"};
    for (size_t i = 0; i < sizeof(CARDS) / sizeof(CARDS[0]); i++) {
        assert_true(identify_is_payment_card(span_of_text(CARDS[i])));
    }
    assert_false(identify_is_payment_card(span_of_text("4111111111111112"))); // check digit
    assert_false(identify_is_payment_card(span_of_text("9000000000000001"))); // no network's
    assert_false(identify_is_payment_card(span_of_text("400000000002")));     // 12 digits
    assert_false(identify_is_payment_card(span_of_text("+4111111111111111")));
    assert_false(identify_is_payment_card(span_of_text("41111111111111110000"))); // 20 digits
}

static void a_card_is_in_its_range_with_its_check_digit(void **state)
{
    (void)state;
    struct club club;
    club_init(&club);
    assert_int_equal(judge(&club, IDENTIFIER_CARD_NUMBER, "6200000000000005"), REFUSAL_NONE);
    assert_int_equal(judge(&club, IDENTIFIER_CARD_NUMBER, "6200000000000006"), REFUSAL_CHECK_DIGIT);
    assert_int_equal(judge(&club, IDENTIFIER_CARD_NUMBER, "6300000000000001"),
                     REFUSAL_IDENTIFIER_RANGE);
    assert_int_equal(judge(&club, IDENTIFIER_CARD_NUMBER, "62000000000000"),
                     REFUSAL_IDENTIFIER_RANGE);
    assert_int_equal(judge(&club, IDENTIFIER_CARD_NUMBER, "620000000000000x"),
                     REFUSAL_IDENTIFIER_RANGE);
    assert_int_equal(judge(&club, IDENTIFIER_CARD_NUMBER, "4111111111111111"),
                     REFUSAL_PAYMENT_CARD_NUMBER);
    assert_int_equal(judge(&club, IDENTIFIER_BARCODE, "20000001"), REFUSAL_NONE);
    // the program's own card, shown as what it is not
    assert_int_equal(judge(&club, IDENTIFIER_BARCODE, "6200000000000005"),
                     REFUSAL_IDENTIFIER_RANGE);
    // of ranges that overlap one is enough
    club.cards[1] = (struct number_range){span_of_text("6200000000000000"),
                                          span_of_text("6200000000000009"), false};
    club.rules[0].range_count = 2;
    assert_int_equal(judge(&club, IDENTIFIER_CARD_NUMBER, "6200000000000006"), REFUSAL_NONE);
}

static void kinds_are_the_programs(void **state)
{
    (void)state;
    struct club club;
    club_init(&club);
    const struct program *program = &club.sample.program;
    assert_int_equal(judge(&club, IDENTIFIER_PHONE, "+8613800000000"), REFUSAL_NONE);
    assert_int_equal(judge(&club, IDENTIFIER_APP_ID, "wx-1"), REFUSAL_IDENTIFIER_KIND);
    assert_true(identify_is_matched(program, IDENTIFIER_CARD_NUMBER));
    assert_false(identify_is_matched(program, IDENTIFIER_PHONE));
    assert_false(identify_is_matched(program, IDENTIFIER_APP_ID));
    assert_int_equal(identify_missing(program, 1 << IDENTIFIER_PHONE), IDENTIFIER_CARD_NUMBER);
    assert_int_equal(identify_missing(program, 1 << IDENTIFIER_CARD_NUMBER), 0);
    // without a word of the program every kind may be used, but no payment card
    club.sample.program.identifier_count = 0;
    assert_int_equal(judge(&club, IDENTIFIER_APP_ID, "wx-1"), REFUSAL_NONE);
    assert_int_equal(judge(&club, IDENTIFIER_APP_ID, "4111111111111111"),
                     REFUSAL_PAYMENT_CARD_NUMBER);
    assert_true(identify_is_matched(program, IDENTIFIER_PHONE));
    assert_int_equal(identify_missing(program, 0), 0);
}

// A later version that narrows a range does not lock out who is there.
static void what_was_let_in_is_found(void **state)
{
    (void)state;
    struct club old;
    struct club new;
    club_init(&old);
    club_init(&new);
    new.cards[0].from = span_of_text("6290000000000000");
    const struct program_version versions[] = {
        {.number = 1, .program = &old.sample.program},
        {.number = 2, .effective_from_ms = IN_FORCE_MS, .program = &new.sample.program},
    };
    const struct program_set set = {versions, 2};
    struct span card = span_of_text("6200000000000005");
    assert_int_equal(identify_judge_new(&new.sample.program, IDENTIFIER_CARD_NUMBER, card),
                     REFUSAL_PAYMENT_CARD_NUMBER);
    assert_false(identify_is_foreign_card(&set, card));
    assert_true(identify_is_foreign_card(&set, span_of_text("4111111111111111")));
    assert_false(identify_is_foreign_card(&set, span_of_text("4111111111111112")));
    const struct program_set none = {NULL, 0};
    assert_true(identify_is_foreign_card(&none, card));
}

static void assert_reported(struct club *club, const char *path, const char *reason)
{
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    struct program_problems problems = sample_check(&club->sample, &arena);
    assert_int_equal(problems.count, 1);
    const struct program_problem *problem = &problems.items[0];
    if (!span_is_text(problem->path, path) ||
        memmem(problem->reason.data, problem->reason.len, reason, strlen(reason)) == NULL) {
        fail_msg("'%.*s': '%.*s', expected '%s': '%s'", (int)problem->path.len,
                 (const char *)problem->path.data, (int)problem->reason.len,
                 (const char *)problem->reason.data, path, reason);
    }
    arena_fini(&arena);
    club_init(club);
}

static void mistakes_about_identifiers_are_reported(void **state)
{
    (void)state;
    struct club club;
    struct arena arena;
    club_init(&club);
    arena_init(&arena, ARENA_BYTES);
    sample_compile(&club.sample, &arena);
    arena_fini(&arena);
    club.rules[1].kind = 0;
    assert_reported(&club, "identifiers[1].kind", "is missing; must be CARD_NUMBER");
    club.rules[2].kind = -1;
    assert_reported(&club, "identifiers[2].kind", "unknown value");
    club.rules[1].kind = IDENTIFIER_CARD_NUMBER;
    assert_reported(&club, "identifiers[1].kind", "is that of identifiers[0] too");
    club.rules[2].ranges = club.cards;
    club.rules[2].range_count = 1;
    assert_reported(&club, "identifiers[2].ranges", "must be absent");
    club.sample.program.identifier_count = 5;
    assert_reported(&club, "identifiers", "at most 4");
    club.rules[0].range_count = 33;
    assert_reported(&club, "identifiers[0].ranges", "at most 32");
    club.barcodes.from = span_of_text("2000");
    assert_reported(&club, "identifiers[1].ranges[0].from", "6 to 32 digits");
    club.barcodes.from = span_of_text("2000000x");
    assert_reported(&club, "identifiers[1].ranges[0].from", "6 to 32 digits");
    club.barcodes.to = span_of_text("299999999");
    assert_reported(&club, "identifiers[1].ranges[0].to", "must be 8 digits");
    club.barcodes.to = span_of_text("19999999");
    assert_reported(&club, "identifiers[1].ranges[0].to", "is below from");
}

static void mistakes_about_notices_and_referral_are_reported(void **state)
{
    (void)state;
    struct club club;
    struct program *program = &club.sample.program;
    club_init(&club);
    program->notices.points_days = 366;
    assert_reported(&club, "notices.points_expiring_days", "must be 0 to 365");
    program->notices.card_days = 366;
    assert_reported(&club, "notices.card_ending_days", "must be 0 to 365");
    program->referral.referrer_points = 1000000001;
    assert_reported(&club, "referral.referrer_points", "must be 0 to 1000000000");
    program->referral.referred_points = -1;
    assert_reported(&club, "referral.referred_points", "must be 0 to 1000000000");
    program->referral.minimum_spend_minor = LIMIT_AMOUNT_MINOR_MAX + 1;
    assert_reported(&club, "referral.minimum_spend_minor", "must be 0 to");
    program->referral.within_days = 3651;
    assert_reported(&club, "referral.within_days", "must be 0 to 3650");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(luhn_is_that_of_iso_7812),
        cmocka_unit_test(payment_cards_are_known_by_their_look),
        cmocka_unit_test(a_card_is_in_its_range_with_its_check_digit),
        cmocka_unit_test(kinds_are_the_programs),
        cmocka_unit_test(what_was_let_in_is_found),
        cmocka_unit_test(mistakes_about_identifiers_are_reported),
        cmocka_unit_test(mistakes_about_notices_and_referral_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
