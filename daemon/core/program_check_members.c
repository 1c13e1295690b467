// What a program says of members: identifiers, notices, referral. A kind stands once; only numbers
// have ranges, whose ends are as long as each other.
#include <stdbool.h>
#include <string.h>

#include "core/identify.h"
#include "core/program_check.h"

#define REFERRAL_POINTS_MAX INT64_C(1000000000)

enum { RANGE_DIGITS_MIN = 6, RANGE_DIGITS_MAX = 32, REFERRAL_DAYS_MAX = 3650 };

static bool is_end(struct span text)
{
    bool good = text.len >= RANGE_DIGITS_MIN && text.len <= RANGE_DIGITS_MAX;
    for (size_t i = 0; good && i < text.len; i++) {
        good = text.data[i] >= '0' && text.data[i] <= '9';
    }
    return good;
}

static enum status check_number_range(const struct number_range *range, const char *prefix,
                                      struct program_problems *problems)
{
    if (!is_end(range->from)) {
        return check_report(problems, prefix, "from", "is no number; must be 6 to 32 digits");
    }
    if (!is_end(range->to) || range->to.len != range->from.len) {
        return check_report(
            problems, prefix, "to",
            arena_printf(problems->arena, "must be %zu digits, as many as from", range->from.len));
    }
    if (memcmp(range->to.data, range->from.data, range->from.len) < 0) {
        return check_report(problems, prefix, "to", "is below from; must not be");
    }
    return STATUS_OK;
}

static enum status check_ranges(const struct identifier_rule *rule, const char *prefix,
                                struct program_problems *problems)
{
    bool words = rule->kind == IDENTIFIER_PHONE || rule->kind == IDENTIFIER_APP_ID;
    if (words && rule->range_count > 0) {
        return check_report(problems, prefix, "ranges",
                            "only card numbers and barcodes have ranges; must be absent");
    }
    bool fits = false;
    TRY(check_count(problems, prefix, "ranges", rule->range_count, LIMIT_NUMBER_RANGES, &fits));
    for (size_t i = 0; fits && i < rule->range_count; i++) {
        const char *range = arena_printf(problems->arena, "%s.ranges[%zu]", prefix, i);
        if (range == NULL) {
            return STATUS_NO_MEMORY;
        }
        TRY(check_number_range(&rule->ranges[i], range, problems));
    }
    return STATUS_OK;
}

static enum status check_kind(const struct program *program, size_t index, const char *prefix,
                              struct program_problems *problems)
{
    int32_t kind = program->identifiers[index].kind;
    if (kind < IDENTIFIER_CARD_NUMBER || kind > IDENTIFIER_APP_ID) {
        return check_report(problems, prefix, "kind",
                            kind == 0
                                ? "is missing; must be CARD_NUMBER, BARCODE, PHONE or APP_ID"
                                : "unknown value; must be CARD_NUMBER, BARCODE, PHONE or APP_ID");
    }
    for (size_t earlier = 0; earlier < index; earlier++) {
        if (program->identifiers[earlier].kind == kind) {
            return check_report(problems, prefix, "kind",
                                arena_printf(problems->arena,
                                             "is that of identifiers[%zu] too; must stand once",
                                             earlier));
        }
    }
    return STATUS_OK;
}

static enum status check_identifiers(const struct program *program,
                                     struct program_problems *problems)
{
    bool fits = false;
    TRY(check_count(problems, "", "identifiers", program->identifier_count, IDENTIFIER_KINDS,
                    &fits));
    for (size_t i = 0; fits && i < program->identifier_count; i++) {
        const char *prefix = arena_printf(problems->arena, "identifiers[%zu]", i);
        if (prefix == NULL) {
            return STATUS_NO_MEMORY;
        }
        TRY(check_kind(program, i, prefix, problems));
        TRY(check_ranges(&program->identifiers[i], prefix, problems));
    }
    return STATUS_OK;
}

enum status check_members(struct program *program, struct program_problems *problems)
{
    const struct notices *notices = &program->notices;
    const struct referral *referral = &program->referral;
    TRY(check_identifiers(program, problems));
    TRY(check_range(problems, "notices", "points_expiring_days", notices->points_days, 0,
                    LIMIT_NOTICE_DAYS));
    TRY(check_range(problems, "notices", "card_ending_days", notices->card_days, 0,
                    LIMIT_NOTICE_DAYS));
    TRY(check_range(problems, "referral", "referrer_points", referral->referrer_points, 0,
                    REFERRAL_POINTS_MAX));
    TRY(check_range(problems, "referral", "referred_points", referral->referred_points, 0,
                    REFERRAL_POINTS_MAX));
    TRY(check_range(problems, "referral", "minimum_spend_minor", referral->minimum_spend_minor, 0,
                    LIMIT_AMOUNT_MINOR_MAX));
    return check_range(problems, "referral", "within_days", referral->within_days, 0,
                       REFERRAL_DAYS_MAX);
}
