// Field by field from the message to the plain struct. Absent messages count as empty ones.
#include "wire/program_wire.h"

#include <assert.h>

static_assert((int)UPGRADE_IMMEDIATE == LOYALTY__V1__UPGRADE_TIMING__UPGRADE_TIMING_IMMEDIATE &&
                  (int)UPGRADE_AT_RESCORE == LOYALTY__V1__UPGRADE_TIMING__UPGRADE_TIMING_AT_RESCORE,
              "numbers of upgrade timings are the contract's");
static_assert((int)PERK_CALENDAR_YEAR == LOYALTY__V1__PERK_PERIOD__PERK_PERIOD_CALENDAR_YEAR &&
                  (int)PERK_LIFETIME == LOYALTY__V1__PERK_PERIOD__PERK_PERIOD_LIFETIME,
              "numbers of perk periods are the contract's");

static enum status texts_of(size_t count, char *const *texts, struct arena *arena,
                            struct span_list *ret_list)
{
    struct span *items = arena_alloc_array(arena, count, sizeof(*items));
    if (items == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        items[i] = span_of_text(texts[i]);
    }
    *ret_list = (struct span_list){.items = items, .count = count};
    return STATUS_OK;
}

// Both kinds of names are maps with entries of one shape.
#define NAMES_OF(message, arena, ret_names)                                                        \
    do {                                                                                           \
        struct local_name *items_ =                                                                \
            arena_alloc_array((arena), (message)->n_names, sizeof(*items_));                       \
        if (items_ == NULL) {                                                                      \
            return STATUS_NO_MEMORY;                                                               \
        }                                                                                          \
        for (size_t j_ = 0; j_ < (message)->n_names; j_++) {                                       \
            items_[j_] = (struct local_name){.language = span_of_text((message)->names[j_]->key),  \
                                             .text = span_of_text((message)->names[j_]->value)};   \
        }                                                                                          \
        *(ret_names) = (struct local_names){.items = items_, .count = (message)->n_names};         \
    } while (0)

static struct rate rate_of(const Loyalty__V1__Rate *message)
{
    if (message == NULL) {
        return (struct rate){0};
    }
    return (struct rate){.points = message->points, .money_minor = message->money_minor};
}

// --- head and tiers ---

static enum status rescores_of(const Loyalty__V1__Program *message, struct arena *arena,
                               struct program *program)
{
    struct rescore_date *dates = arena_alloc_array(arena, message->n_rescore, sizeof(*dates));
    if (dates == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < message->n_rescore; i++) {
        dates[i].text = span_of_text(message->rescore[i]);
    }
    program->rescores = dates;
    program->rescore_count = message->n_rescore;
    return STATUS_OK;
}

static enum upgrade upgrade_of(Loyalty__V1__UpgradeTiming timing)
{
    switch (timing) {
    case LOYALTY__V1__UPGRADE_TIMING__UPGRADE_TIMING_UNSPECIFIED:
    case LOYALTY__V1__UPGRADE_TIMING__UPGRADE_TIMING_IMMEDIATE:
    case LOYALTY__V1__UPGRADE_TIMING__UPGRADE_TIMING_AT_RESCORE:
        return (enum upgrade)timing;
    default:
        return (enum upgrade) - 1;
    }
}

static enum status tiers_of(const Loyalty__V1__Program *message, struct arena *arena,
                            struct program *program)
{
    struct tier *tiers = arena_alloc_array(arena, message->n_tiers, sizeof(*tiers));
    if (tiers == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < message->n_tiers; i++) {
        const Loyalty__V1__Tier *tier = message->tiers[i];
        tiers[i] = (struct tier){
            .id = span_of_text(tier->id),
            .threshold = tier->threshold,
            .upgrade = upgrade_of(tier->upgrade),
            .validity_months = tier->validity_months,
            .multiplier_bp = tier->multiplier_bp,
        };
        NAMES_OF(tier, arena, &tiers[i].names);
    }
    program->tiers = tiers;
    program->tier_count = message->n_tiers;
    return STATUS_OK;
}

// --- choices that are a bool in core: unspecified is the first one ---

static bool choice_of(int number, int first, int second, enum program_unmapped unmapped,
                      struct program *program)
{
    if (number != 0 && number != first && number != second) {
        program->unmapped |= unmapped;
    }
    return number == second;
}

static void choices_of(const Loyalty__V1__Program *message, struct program *program)
{
    program->keep_validity_on_upgrade =
        choice_of((int)message->validity_on_upgrade,
                  LOYALTY__V1__VALIDITY_ON_UPGRADE__VALIDITY_ON_UPGRADE_RESTART,
                  LOYALTY__V1__VALIDITY_ON_UPGRADE__VALIDITY_ON_UPGRADE_KEEP,
                  UNMAPPED_VALIDITY_ON_UPGRADE, program);
    program->one_down_on_card_end =
        choice_of((int)message->on_card_end, LOYALTY__V1__ON_CARD_END__ON_CARD_END_TO_SCORE,
                  LOYALTY__V1__ON_CARD_END__ON_CARD_END_ONE_DOWN, UNMAPPED_ON_CARD_END, program);
    program->clamp_negative = choice_of(
        (int)message->negative_balance, LOYALTY__V1__NEGATIVE_BALANCE__NEGATIVE_BALANCE_ALLOW,
        LOYALTY__V1__NEGATIVE_BALANCE__NEGATIVE_BALANCE_CLAMP, UNMAPPED_NEGATIVE_BALANCE, program);
}

// --- earning ---

static enum status weekdays_of(const Loyalty__V1__Condition *message, struct arena *arena,
                               struct condition *condition)
{
    int32_t *weekdays = arena_alloc_array(arena, message->n_weekdays, sizeof(*weekdays));
    if (weekdays == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < message->n_weekdays; i++) {
        int number = (int)message->weekdays[i];
        weekdays[i] = number >= 0 && number <= LOYALTY__V1__WEEKDAY__WEEKDAY_SUNDAY ? number : -1;
    }
    condition->weekdays = weekdays;
    condition->weekday_count = message->n_weekdays;
    return STATUS_OK;
}

static enum status condition_of(const Loyalty__V1__Condition *message, struct arena *arena,
                                struct condition *condition)
{
    if (message == NULL) {
        return STATUS_OK;
    }
    TRY(texts_of(message->n_stores, message->stores, arena, &condition->stores));
    TRY(texts_of(message->n_channels, message->channels, arena, &condition->channels));
    TRY(texts_of(message->n_categories, message->categories, arena, &condition->categories));
    TRY(texts_of(message->n_tiers, message->tiers, arena, &condition->tiers));
    TRY(weekdays_of(message, arena, condition));
    condition->from_hour = message->from_hour;
    condition->until_hour = message->until_hour;
    condition->birthday_month = message->birthday_month != 0;
    condition->minimum_spend_minor = message->minimum_spend_minor;
    condition->from = span_of_text(message->from);
    condition->until = span_of_text(message->until);
    return STATUS_OK;
}

static void effect_of(const Loyalty__V1__EarnRule *message, struct earn_rule *rule)
{
    switch (message->effect_case) {
    case LOYALTY__V1__EARN_RULE__EFFECT_RATE:
        rule->kind = EARN_RATE;
        rule->rate = rate_of(message->rate);
        return;
    case LOYALTY__V1__EARN_RULE__EFFECT_MULTIPLIER_BP:
        rule->kind = EARN_MULTIPLIER;
        rule->multiplier_bp = message->multiplier_bp;
        return;
    case LOYALTY__V1__EARN_RULE__EFFECT_BONUS_POINTS:
        rule->kind = EARN_BONUS;
        rule->bonus_points = message->bonus_points;
        return;
    default:
        rule->kind = EARN_UNSPECIFIED;
    }
}

static enum status rules_of(const Loyalty__V1__Earn *message, struct arena *arena,
                            struct program *program)
{
    struct earn_rule *rules = arena_alloc_array(arena, message->n_rules, sizeof(*rules));
    if (rules == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < message->n_rules; i++) {
        const Loyalty__V1__EarnRule *rule = message->rules[i];
        rules[i].id = span_of_text(rule->id);
        TRY(condition_of(rule->when, arena, &rules[i].when));
        effect_of(rule, &rules[i]);
        rules[i].cap_sale = rule->cap_sale;
        rules[i].cap_day = rule->cap_day;
        rules[i].cap_month = rule->cap_month;
    }
    program->rules = rules;
    program->rule_count = message->n_rules;
    return STATUS_OK;
}

static enum rounding rounding_of(Loyalty__V1__Rounding rounding)
{
    switch (rounding) {
    case LOYALTY__V1__ROUNDING__ROUNDING_UNSPECIFIED:
    case LOYALTY__V1__ROUNDING__ROUNDING_FLOOR:
        return ROUNDING_FLOOR;
    case LOYALTY__V1__ROUNDING__ROUNDING_HALF_UP:
        return ROUNDING_HALF_UP;
    default:
        return (enum rounding) - 1;
    }
}

static enum status earn_of(const Loyalty__V1__Earn *message, struct arena *arena,
                           struct program *program)
{
    if (message == NULL) {
        return STATUS_OK;
    }
    TRY(rules_of(message, arena, program));
    program->stack_best =
        choice_of((int)message->stacking, LOYALTY__V1__STACKING__STACKING_SUM,
                  LOYALTY__V1__STACKING__STACKING_BEST, UNMAPPED_STACKING, program);
    program->rounding = rounding_of(message->rounding);
    program->points_paid_earns = message->points_paid_earns != 0;
    program->score_share_bp = message->score_share_bp;
    program->no_score = message->no_score != 0;
    return STATUS_OK;
}

// --- how long score and points count ---

// Core's PERIOD_MONTH stands for "not given" here: a calendar of months there is none.
static enum period calendar_of(Loyalty__V1__CalendarPeriod period)
{
    switch (period) {
    case LOYALTY__V1__CALENDAR_PERIOD__CALENDAR_PERIOD_UNSPECIFIED:
        return PERIOD_MONTH;
    case LOYALTY__V1__CALENDAR_PERIOD__CALENDAR_PERIOD_HALF_YEAR:
        return PERIOD_HALF_YEAR;
    case LOYALTY__V1__CALENDAR_PERIOD__CALENDAR_PERIOD_YEAR:
        return PERIOD_YEAR;
    default:
        return (enum period) - 1;
    }
}

static void score_of(const Loyalty__V1__Score *message, struct program *program)
{
    if (message == NULL) {
        return;
    }
    switch (message->window_case) {
    case LOYALTY__V1__SCORE__WINDOW_IN_FORCE:
        program->window = SCORE_IN_FORCE;
        return;
    case LOYALTY__V1__SCORE__WINDOW_ROLLING_MONTHS:
        program->window = SCORE_ROLLING;
        program->rolling_months = message->rolling_months;
        return;
    case LOYALTY__V1__SCORE__WINDOW_CALENDAR:
        program->window = SCORE_CALENDAR;
        program->calendar_period = calendar_of(message->calendar);
        return;
    default:
        return;
    }
}

static enum period expiry_of(Loyalty__V1__ExpiryRounding rounding)
{
    switch (rounding) {
    case LOYALTY__V1__EXPIRY_ROUNDING__EXPIRY_ROUNDING_UNSPECIFIED:
    case LOYALTY__V1__EXPIRY_ROUNDING__EXPIRY_ROUNDING_MONTH:
        return PERIOD_MONTH;
    case LOYALTY__V1__EXPIRY_ROUNDING__EXPIRY_ROUNDING_HALF_YEAR:
        return PERIOD_HALF_YEAR;
    case LOYALTY__V1__EXPIRY_ROUNDING__EXPIRY_ROUNDING_YEAR:
        return PERIOD_YEAR;
    default:
        return (enum period) - 1;
    }
}

static void points_of(const Loyalty__V1__Points *message, struct program *program)
{
    if (message == NULL) {
        return;
    }
    program->expiry_months = message->expiry_months;
    program->expiry_period = expiry_of(message->expiry_to_end_of);
    program->pending_days = message->pending_days;
}

// --- spending, guards, perks ---

static void redeem_of(const Loyalty__V1__Redemption *message, struct program *program)
{
    if (message == NULL) {
        return;
    }
    program->redeem_minimum = message->minimum_points;
    program->redeem_step = message->step_points;
    program->redeem_a_day = message->maximum_a_day;
    program->redeem_value = rate_of(message->value);
    program->hold_seconds = message->hold_seconds;
    program->offline_floor = message->offline_floor_points;
}

static void guards_of(const Loyalty__V1__Guards *message, struct program *program)
{
    if (message == NULL) {
        return;
    }
    program->guard_sale = message->points_a_sale;
    program->guard_member_day = message->points_a_member_day;
    program->guard_terminal_day = message->points_a_terminal_day;
}

static enum status perk_of(const Loyalty__V1__Perk *message, struct arena *arena, struct perk *perk)
{
    struct perk_quota *quotas = arena_alloc_array(arena, message->n_tiers, sizeof(*quotas));
    if (quotas == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < message->n_tiers; i++) {
        const Loyalty__V1__PerkQuota *quota = message->tiers[i];
        int per = (int)quota->per;
        quotas[i] = (struct perk_quota){
            .tier_id = span_of_text(quota->tier_id),
            .count = quota->count,
            .per = per >= PERK_UNSPECIFIED && per <= PERK_LIFETIME ? per : -1,
        };
    }
    perk->id = span_of_text(message->id);
    NAMES_OF(message, arena, &perk->names);
    perk->quotas = quotas;
    perk->quota_count = message->n_tiers;
    return texts_of(message->n_partners, message->partners, arena, &perk->partners);
}

static enum status perks_of(const Loyalty__V1__Program *message, struct arena *arena,
                            struct program *program)
{
    struct perk *perks = arena_alloc_array(arena, message->n_perks, sizeof(*perks));
    if (perks == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < message->n_perks; i++) {
        TRY(perk_of(message->perks[i], arena, &perks[i]));
    }
    program->perks = perks;
    program->perk_count = message->n_perks;
    return STATUS_OK;
}

static enum status ranges_of(const Loyalty__V1__IdentifierRule *message, struct arena *arena,
                             struct identifier_rule *rule)
{
    struct number_range *ranges = arena_alloc_array(arena, message->n_ranges, sizeof(*ranges));
    if (ranges == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < message->n_ranges; i++) {
        ranges[i] = (struct number_range){
            .from = span_of_text(message->ranges[i]->from),
            .to = span_of_text(message->ranges[i]->to),
            .luhn = message->ranges[i]->luhn != 0,
        };
    }
    rule->ranges = ranges;
    rule->range_count = message->n_ranges;
    return STATUS_OK;
}

static enum status identifiers_of(const Loyalty__V1__Program *message, struct arena *arena,
                                  struct program *program)
{
    struct identifier_rule *rules =
        arena_alloc_array(arena, message->n_identifiers, sizeof(*rules));
    if (rules == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < message->n_identifiers; i++) {
        const Loyalty__V1__IdentifierRule *rule = message->identifiers[i];
        int kind = (int)rule->kind;
        bool known = kind >= 0 && kind <= LOYALTY__V1__IDENTIFIER_KIND__IDENTIFIER_KIND_APP_ID;
        rules[i] = (struct identifier_rule){
            .kind = known ? kind : -1,
            .required = rule->required != 0,
            .shared = rule->shared != 0,
            .no_match = rule->no_match != 0,
        };
        TRY(ranges_of(rule, arena, &rules[i]));
    }
    program->identifiers = rules;
    program->identifier_count = message->n_identifiers;
    return STATUS_OK;
}

static void notices_of(const Loyalty__V1__Notices *message, struct notices *ret_notices)
{
    if (message != NULL) {
        *ret_notices = (struct notices){
            .points_days = message->points_expiring_days,
            .card_days = message->card_ending_days,
            .birthdays = message->birthdays != 0,
        };
    }
}

static void referral_of(const Loyalty__V1__Referral *message, struct referral *ret_referral)
{
    if (message != NULL) {
        *ret_referral = (struct referral){
            .referrer_points = message->referrer_points,
            .referred_points = message->referred_points,
            .minimum_spend_minor = message->minimum_spend_minor,
            .within_days = message->within_days,
        };
    }
}

enum status program_from_message(const Loyalty__V1__Program *message, struct arena *arena,
                                 struct program *ret_program)
{
    struct program program = {
        .id = span_of_text(message->id),
        .zone_name = span_of_text(message->zone),
        .currency = span_of_text(message->currency),
        .late_days =
            message->late_days == NULL ? PROGRAM_LATE_DAYS_DEFAULT : message->late_days->days,
    };
    program.attach_days =
        message->attach_days == NULL ? program.late_days : message->attach_days->days;
    TRY(rescores_of(message, arena, &program));
    TRY(tiers_of(message, arena, &program));
    choices_of(message, &program);
    TRY(earn_of(message->earn, arena, &program));
    score_of(message->score, &program);
    points_of(message->points, &program);
    redeem_of(message->redeem, &program);
    guards_of(message->guards, &program);
    TRY(perks_of(message, arena, &program));
    TRY(identifiers_of(message, arena, &program));
    notices_of(message->notices, &program.notices);
    referral_of(message->referral, &program.referral);
    *ret_program = program;
    return STATUS_OK;
}
