// The words of refusals. Names, numbers and sentences are part of the contract: they are rendered
// from the recorded reason at every retry, and a retry is answered by the same bytes as the first
// time. Codes are those of loyalty.v1.Code.
#include "core/refusal.h"

#include <stddef.h>

enum code {
    CODE_INVALID_ARGUMENT = 3,
    CODE_NOT_FOUND = 5,
    CODE_ALREADY_EXISTS = 6,
    CODE_RESOURCE_EXHAUSTED = 8,
    CODE_FAILED_PRECONDITION = 9,
    CODE_OUT_OF_RANGE = 11,
};

static const struct refusal_text unknown_reason = {
    .name = "REFUSED",
    .code = CODE_FAILED_PRECONDITION,
    .message = "The request was refused by a rule that this version of the service does not know.",
    .asked = NULL,
    .limit = NULL,
};

static const struct refusal_text texts[REFUSAL_COUNT] = {
    [REFUSAL_NO_PROGRAM] =
        {"NO_PROGRAM", CODE_FAILED_PRECONDITION,
         "No version of the program is in force at this time; publish one first.", NULL, NULL},
    [REFUSAL_ALREADY_ENROLLED] = {"ALREADY_ENROLLED", CODE_ALREADY_EXISTS,
                                  "A member with this id is enrolled already; choose another id.",
                                  NULL, NULL},
    [REFUSAL_UNKNOWN_MEMBER] = {"UNKNOWN_MEMBER", CODE_NOT_FOUND,
                                "No such member; check the card, or enrol the member first.", NULL,
                                NULL},
    [REFUSAL_SALE_FROM_FUTURE] = {"SALE_FROM_FUTURE", CODE_FAILED_PRECONDITION,
                                  "The sale is dated more than five minutes ahead; check the "
                                  "till's clock.",
                                  NULL, NULL},
    [REFUSAL_SALE_TOO_OLD] = {"SALE_TOO_OLD", CODE_FAILED_PRECONDITION,
                              "The sale is too many days old to earn points now.", NULL,
                              "late_days"},
    [REFUSAL_SALE_BEFORE_ENROLMENT] = {"SALE_BEFORE_ENROLMENT", CODE_FAILED_PRECONDITION,
                                       "The sale is older than the membership; only sales after "
                                       "the enrolment earn points.",
                                       NULL, NULL},
    [REFUSAL_OUT_OF_ORDER] = {"OUT_OF_ORDER", CODE_FAILED_PRECONDITION,
                              "The account has a later record already; history is posted in order "
                              "of time for each member.",
                              NULL, NULL},
    [REFUSAL_WRONG_CURRENCY] = {"WRONG_CURRENCY", CODE_INVALID_ARGUMENT,
                                "The sale is not in the program's currency; convert it first.",
                                NULL, NULL},
    [REFUSAL_FIGURE_OUT_OF_BOUNDS] = {"FIGURE_OUT_OF_BOUNDS", CODE_OUT_OF_RANGE,
                                      "A figure would leave the bounds of an account; check the "
                                      "amounts.",
                                      NULL, NULL},
    [REFUSAL_GUARD_SALE] = {"GUARD_SALE", CODE_FAILED_PRECONDITION,
                            "One sale may not earn so many points; check the amounts.", "points",
                            "points_a_sale"},
    [REFUSAL_GUARD_MEMBER_DAY] = {"GUARD_MEMBER_DAY", CODE_FAILED_PRECONDITION,
                                  "With this sale the member would earn more points than one day "
                                  "allows.",
                                  "points", "points_a_member_day"},
    [REFUSAL_INSUFFICIENT_POINTS] = {"INSUFFICIENT_POINTS", CODE_FAILED_PRECONDITION,
                                     "The member has too few spendable points; redeem fewer.",
                                     "asked", "available"},
    [REFUSAL_BELOW_MINIMUM] = {"BELOW_MINIMUM", CODE_FAILED_PRECONDITION,
                               "Fewer points than one redemption may have; redeem more.", "asked",
                               "minimum"},
    [REFUSAL_NOT_A_STEP] = {"NOT_A_STEP", CODE_FAILED_PRECONDITION,
                            "Points are redeemed in whole steps; redeem a multiple of the step.",
                            "asked", "step"},
    [REFUSAL_DAY_LIMIT] = {"DAY_LIMIT", CODE_FAILED_PRECONDITION,
                           "The member would redeem more than one day allows; redeem fewer.",
                           "asked", "left"},
    [REFUSAL_UNKNOWN_TIER] = {"UNKNOWN_TIER", CODE_INVALID_ARGUMENT,
                              "The program in force has no such tier; check its id.", NULL, NULL},
    [REFUSAL_BAD_INTERVAL] = {"BAD_INTERVAL", CODE_INVALID_ARGUMENT,
                              "An end must come after its beginning and lie in the future.", NULL,
                              NULL},
    [REFUSAL_ACCOUNT_FULL] = {"ACCOUNT_FULL", CODE_RESOURCE_EXHAUSTED,
                              "The account has no room for more; have it compacted.", NULL, NULL},
    [REFUSAL_NOT_ACTIVE] = {"NOT_ACTIVE", CODE_FAILED_PRECONDITION,
                            "The membership is not active at present.", NULL, NULL},
    [REFUSAL_IDENTIFIER_TAKEN] = {"IDENTIFIER_TAKEN", CODE_ALREADY_EXISTS,
                                  "Another member has this identifier already; check it.", NULL,
                                  NULL},
    [REFUSAL_HOLD_NOT_FOUND] = {"HOLD_NOT_FOUND", CODE_NOT_FOUND,
                                "The member has no such reservation; check its id.", NULL, NULL},
    [REFUSAL_HOLD_LAPSED] = {"HOLD_LAPSED", CODE_FAILED_PRECONDITION,
                             "The reservation has lapsed; reserve the points again.", NULL, NULL},
    [REFUSAL_HOLD_CAPTURED] = {"HOLD_CAPTURED", CODE_FAILED_PRECONDITION,
                               "The reservation was captured already; it is spent once.", NULL,
                               NULL},
    [REFUSAL_HOLD_RELEASED] = {"HOLD_RELEASED", CODE_FAILED_PRECONDITION,
                               "The reservation was released already; reserve the points again.",
                               NULL, NULL},
    [REFUSAL_HOLD_TOO_SMALL] = {"HOLD_TOO_SMALL", CODE_FAILED_PRECONDITION,
                                "The reservation holds fewer points; capture fewer.", "asked",
                                "held"},
    [REFUSAL_LINE_NOT_FOUND] = {"LINE_NOT_FOUND", CODE_INVALID_ARGUMENT,
                                "The sale has no line of this number; check the receipt.", "line",
                                "lines"},
    [REFUSAL_PART_DOES_NOT_FIT] = {"PART_DOES_NOT_FIT", CODE_INVALID_ARGUMENT,
                                   "A sale is reversed by amount or lines, a redemption by points.",
                                   NULL, NULL},
    [REFUSAL_ORIGINAL_ARCHIVED] = {"ORIGINAL_ARCHIVED", CODE_FAILED_PRECONDITION,
                                   "The original is too old to be reversed here; have the points "
                                   "adjusted.",
                                   NULL, NULL},
    [REFUSAL_REVERSED_BEFORE] = {"REVERSED_BEFORE", CODE_FAILED_PRECONDITION,
                                 "This request was reversed before it came; it has no effect.",
                                 NULL, NULL},
    [REFUSAL_RECEIPT_COUNTED] = {"RECEIPT_COUNTED", CODE_ALREADY_EXISTS,
                                 "Another request was counted with this receipt already; check its "
                                 "number.",
                                 NULL, NULL},
    [REFUSAL_GUARD_TERMINAL_DAY] = {"GUARD_TERMINAL_DAY", CODE_FAILED_PRECONDITION,
                                    "With this sale the terminal would award more points than one "
                                    "day allows.",
                                    "points", "points_a_terminal_day"},
};

const struct refusal_text *refusal_describe(uint32_t reason)
{
    if (reason >= REFUSAL_COUNT || texts[reason].name == NULL) {
        return &unknown_reason;
    }
    return &texts[reason];
}
