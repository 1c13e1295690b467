// Kinds, ranges and check digits.
#include "core/identify.h"

enum { PAYMENT_DIGITS_MIN = 13, PAYMENT_DIGITS_MAX = 19 };

static bool is_number(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
    }
    return text.len > 0;
}

bool identify_luhn(struct span number)
{
    unsigned sum = 0;
    for (size_t i = 0; i < number.len; i++) {
        unsigned digit = (unsigned)(number.data[number.len - 1 - i] - '0');
        if (i % 2 == 1) {
            digit = digit * 2 - (digit > 4 ? 9 : 0);
        }
        sum += digit;
    }
    return is_number(number) && sum % 10 == 0;
}

bool identify_is_payment_card(struct span value)
{
    return value.len >= PAYMENT_DIGITS_MIN && value.len <= PAYMENT_DIGITS_MAX &&
           value.data[0] >= '2' && value.data[0] <= '6' && identify_luhn(value);
}

static const struct identifier_rule *rule_of(const struct program *program, uint32_t kind)
{
    for (size_t i = 0; i < program->identifier_count; i++) {
        if (program->identifiers[i].kind == (int32_t)kind) {
            return &program->identifiers[i];
        }
    }
    return NULL;
}

static bool is_in(const struct number_range *range, struct span value)
{
    return value.len == range->from.len && is_number(value) &&
           memcmp(value.data, range->from.data, value.len) >= 0 &&
           memcmp(value.data, range->to.data, value.len) <= 0;
}

// Whether any kind's ranges have the number: then it is the program's own.
static bool is_ours(const struct program *program, struct span value)
{
    for (size_t i = 0; i < program->identifier_count; i++) {
        const struct identifier_rule *rule = &program->identifiers[i];
        for (size_t j = 0; j < rule->range_count; j++) {
            if (is_in(&rule->ranges[j], value)) {
                return true;
            }
        }
    }
    return false;
}

// Of ranges that overlap, one that takes the value is enough.
static enum refusal_reason judge_ranges(const struct identifier_rule *rule, struct span value)
{
    bool in_one = rule->range_count == 0;
    bool taken = in_one;
    for (size_t i = 0; i < rule->range_count && !taken; i++) {
        if (is_in(&rule->ranges[i], value)) {
            in_one = true;
            taken = !rule->ranges[i].luhn || identify_luhn(value);
        }
    }
    if (taken) {
        return REFUSAL_NONE;
    }
    return in_one ? REFUSAL_CHECK_DIGIT : REFUSAL_IDENTIFIER_RANGE;
}

enum refusal_reason identify_judge_new(const struct program *program, uint32_t kind,
                                       struct span value)
{
    if (identify_is_payment_card(value) && !is_ours(program, value)) {
        return REFUSAL_PAYMENT_CARD_NUMBER;
    }
    const struct identifier_rule *rule = rule_of(program, kind);
    if (rule == NULL) {
        return program->identifier_count == 0 ? REFUSAL_NONE : REFUSAL_IDENTIFIER_KIND;
    }
    return judge_ranges(rule, value);
}

bool identify_is_foreign_card(const struct program_set *programs, struct span value)
{
    bool foreign = identify_is_payment_card(value);
    for (size_t i = 0; i < programs->count && foreign; i++) {
        foreign = !is_ours(programs->versions[i].program, value);
    }
    return foreign;
}

bool identify_is_matched(const struct program *program, uint32_t kind)
{
    const struct identifier_rule *rule = rule_of(program, kind);
    return rule == NULL ? program->identifier_count == 0 : !rule->shared && !rule->no_match;
}

uint32_t identify_missing(const struct program *program, uint32_t kinds)
{
    for (size_t i = 0; i < program->identifier_count; i++) {
        const struct identifier_rule *rule = &program->identifiers[i];
        if (rule->required && (kinds & (UINT32_C(1) << rule->kind)) == 0) {
            return (uint32_t)rule->kind;
        }
    }
    return 0;
}
