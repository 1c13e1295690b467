// Perks: whether one is left, and its use.
#include "core/decide_perks.h"

#include <string.h>

#include "core/decide_parts.h"

const struct perk *perk_find(const struct program *program, struct span id)
{
    for (size_t i = 0; i < program->perk_count; i++) {
        if (span_equal(program->perks[i].id, id)) {
            return &program->perks[i];
        }
    }
    return NULL;
}

bool perk_is_served_by(const struct perk *perk, struct span partner)
{
    for (size_t i = 0; i < perk->partners.count; i++) {
        if (span_equal(perk->partners.items[i], partner)) {
            return true;
        }
    }
    return partner.len == 0 && perk->partners.count == 0;
}

// --- what is left ---

static const struct perk_quota *quota_of(const struct perk *perk, struct span tier)
{
    for (size_t i = 0; i < perk->quota_count; i++) {
        if (span_equal(perk->quotas[i].tier_id, tier)) {
            return &perk->quotas[i];
        }
    }
    return NULL;
}

// Uses of the calendar's period that covers the account's now.
static int64_t used_in_period(const struct account *account, const struct zone *zone, uint32_t perk,
                              enum period period, struct perk_left *left)
{
    struct civil_date first = zone_date(zone, account->now_ms);
    first.day = 1;
    first.month = period == PERIOD_YEAR ? 1 : first.month;
    struct civil_date end = civil_period_end(first, period);
    left->from_ms = zone_day_start(zone, first);
    left->until_ms = zone_day_start(zone, end);
    return account_perk_uses(account, perk, civil_to_days(first), civil_to_days(end));
}

static int64_t used_with_card(const struct account *account, uint32_t perk, struct perk_left *left)
{
    const struct card *card = account_card(account);
    left->from_ms = card->from_ms;
    left->until_ms = card->until_ms;
    return account_perk_uses_of_card(account, perk, account->cards.count);
}

static int64_t used_of(const struct account *account, const struct zone *zone, uint32_t perk,
                       int32_t per, struct perk_left *left)
{
    switch (per) {
    case PERK_CALENDAR_YEAR:
        return used_in_period(account, zone, perk, PERIOD_YEAR, left);
    case PERK_MONTH:
        return used_in_period(account, zone, perk, PERIOD_MONTH, left);
    case PERK_CARD:
        return used_with_card(account, perk, left);
    default:
        return account_perk_uses(account, perk, INT32_MIN, INT32_MAX);
    }
}

bool perk_left(const struct account *account, const struct program_version *version,
               const struct perk *perk, struct perk_left *ret_left)
{
    struct span tier = names_text(&account->names, account_card(account)->tier);
    const struct perk_quota *quota = quota_of(perk, tier);
    if (quota == NULL) {
        return false;
    }
    struct perk_left left = {.limited = quota->count > 0, .from_ms = INT64_MIN};
    left.until_ms = INSTANT_NEVER;
    if (left.limited) {
        uint32_t name = names_find(&account->names, perk->id); // 0: of no use yet
        left.count = quota->count;
        left.used = used_of(account, version->zone, name, quota->per, &left);
        left.left = left.used < left.count ? left.count - left.used : 0;
    }
    *ret_left = left;
    return true;
}

// --- its use ---

enum refusal_reason perk_place_refusal(const struct program *program,
                                       const struct use_perk_command *command)
{
    const struct perk *perk = perk_find(program, command->perk_id);
    if (perk == NULL) {
        return REFUSAL_UNKNOWN_PERK;
    }
    return perk_is_served_by(perk, command->partner) ? REFUSAL_NONE : REFUSAL_PERK_NOT_HERE;
}

static enum refusal_reason code_refusal(const struct account *account,
                                        const struct use_perk_command *command)
{
    if (!command->coded) {
        return REFUSAL_NONE;
    }
    if (account->now_ms >= command->code_ends_ms) {
        return REFUSAL_CODE_EXPIRED;
    }
    return account_knows_code(account, command->code) ? REFUSAL_CODE_USED : REFUSAL_NONE;
}

// The first no there is; or what is left before this use.
static struct refusal judge_use(const struct account *account,
                                const struct program_version *version,
                                const struct use_perk_command *command, struct perk_left *ret_left)
{
    struct refusal refusal = {.reason = perk_place_refusal(version->program, command)};
    if (refusal.reason == REFUSAL_NONE) {
        refusal.reason = decide_may(account, DECIDE_ACTIVE);
    }
    if (refusal.reason == REFUSAL_NONE) {
        refusal.reason = code_refusal(account, command);
    }
    if (refusal.reason != REFUSAL_NONE) {
        return refusal;
    }
    const struct perk *perk = perk_find(version->program, command->perk_id);
    if (!perk_left(account, version, perk, ret_left)) {
        refusal.reason = REFUSAL_PERK_NOT_IN_TIER;
    } else if (ret_left->limited && ret_left->left == 0) {
        refusal = (struct refusal){
            .reason = REFUSAL_PERK_USED_UP, .asked = ret_left->used, .limit = ret_left->count};
    }
    return refusal;
}

// Where it was used. A partner may not fill an account with names: beyond half of those it may have
// its certificate's own unit stands for new ones.
static enum status name_unit(const struct decide *decide, const struct use_perk_command *command,
                             struct record *record)
{
    const struct names *names = &decide->account->names;
    bool crowded = names->places.count >= LIMIT_NAMES_AN_ACCOUNT / 2;
    if (crowded && command->partner.len > 0 && names_find(names, command->unit) == 0) {
        record->perk_used.unit = 0;
        return STATUS_OK;
    }
    return decide_unit(decide, record, command->unit, &record->perk_used.unit);
}

enum status decide_use_perk(const struct decide *decide, const struct use_perk_command *command,
                            struct decision *ret_decision)
{
    const struct program_version *version;
    TRY(decide_open_for(decide, DECIDE_ADVICE, &version, ret_decision));
    if (version == NULL) {
        return STATUS_OK;
    }
    struct perk_left left;
    struct refusal refusal = judge_use(decide->account, version, command, &left);
    if (refusal.reason == REFUSAL_MERGED) {
        return decide_refuse(ret_decision, REFUSAL_MERGED, "member", 0, 0);
    }
    if (refusal.reason != REFUSAL_NONE) {
        return decide_refuse_recorded(decide, RECORD_PERK_USED, &refusal, ret_decision);
    }
    struct record record;
    TRY(decide_begin(decide, RECORD_PERK_USED, &record));
    record.perk_used = (struct record_perk_used){
        .day = zone_day(version->zone, record.at_ms),
        .settled = command->partner.len > 0,
        .coded = command->coded,
        .limited = left.limited,
        .left = left.limited ? (uint32_t)(left.left - 1) : 0,
    };
    memcpy(record.perk_used.code, command->code, sizeof record.perk_used.code);
    TRY(ledger_intern(decide->account, decide->arena, &record, command->perk_id,
                      &record.perk_used.perk));
    TRY(name_unit(decide, command, &record));
    return decide_emit(decide, &record, OUTCOME_APPLIED, ret_decision);
}
