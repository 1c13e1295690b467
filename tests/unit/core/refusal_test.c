// The words of refusals: complete, well formed, and with the codes the contract gives them.
#include "core/refusal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <string.h>

static void every_reason_has_its_words(void **state)
{
    (void)state;
    for (uint32_t reason = 1; reason < REFUSAL_COUNT; reason++) {
        const struct refusal_text *text = refusal_describe(reason);
        assert_string_not_equal(text->name, "REFUSED");
        for (const char *c = text->name; *c != '\0'; c++) {
            assert_true(isupper((unsigned char)*c) || *c == '_');
        }
        assert_in_range(text->code, 3, 11);
        assert_true(isupper((unsigned char)text->message[0]));
        assert_int_equal(text->message[strlen(text->message) - 1], '.');
        for (uint32_t other = 1; other < reason; other++) {
            assert_string_not_equal(text->name, refusal_describe(other)->name);
        }
    }
}

static void unknown_reasons_have_general_words(void **state)
{
    (void)state;
    static const uint32_t unknown[] = {REFUSAL_NONE, REFUSAL_COUNT, 4711, UINT32_MAX};
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        assert_string_equal(refusal_describe(unknown[i])->name, "REFUSED");
        assert_int_equal(refusal_describe(unknown[i])->code, 9);
        assert_null(refusal_describe(unknown[i])->asked);
    }
}

static void codes_are_those_of_the_contract(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t reason;
        int code;
    } cases[] = {
        {"ALREADY_ENROLLED", REFUSAL_ALREADY_ENROLLED, 6},
        {"UNKNOWN_MEMBER", REFUSAL_UNKNOWN_MEMBER, 5},
        {"SALE_TOO_OLD", REFUSAL_SALE_TOO_OLD, 9},
        {"WRONG_CURRENCY", REFUSAL_WRONG_CURRENCY, 3},
        {"BAD_INTERVAL", REFUSAL_BAD_INTERVAL, 3},
        {"UNKNOWN_TIER", REFUSAL_UNKNOWN_TIER, 3},
        {"FIGURE_OUT_OF_BOUNDS", REFUSAL_FIGURE_OUT_OF_BOUNDS, 11},
        {"INSUFFICIENT_POINTS", REFUSAL_INSUFFICIENT_POINTS, 9},
        {"ACCOUNT_FULL", REFUSAL_ACCOUNT_FULL, 8},
        {"IDENTIFIER_TAKEN", REFUSAL_IDENTIFIER_TAKEN, 6},
        {"NOT_ACTIVE", REFUSAL_NOT_ACTIVE, 9},
        {"HOLD_NOT_FOUND", 21, 5},
        {"HOLD_LAPSED", 22, 9},
        {"HOLD_CAPTURED", 23, 9},
        {"HOLD_RELEASED", 24, 9},
        {"HOLD_TOO_SMALL", 25, 9},
        {"LINE_NOT_FOUND", 26, 3},
        {"PART_DOES_NOT_FIT", 27, 3},
        {"ORIGINAL_ARCHIVED", 28, 9},
        {"REVERSED_BEFORE", 29, 9},
        {"RECEIPT_COUNTED", 30, 6},
        {"GUARD_TERMINAL_DAY", 31, 9},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(refusal_describe(cases[i].reason)->name, cases[i].name);
        assert_int_equal(refusal_describe(cases[i].reason)->code, cases[i].code);
    }
    assert_string_equal(refusal_describe(REFUSAL_INSUFFICIENT_POINTS)->limit, "available");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reason_has_its_words),
        cmocka_unit_test(unknown_reasons_have_general_words),
        cmocka_unit_test(codes_are_those_of_the_contract),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
