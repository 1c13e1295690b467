// Tiers and perks of a program: ids, thresholds that rise strictly from 0, validity and timing of
// every tier but the base one, quotas that name tiers. A base tier is where everyone is: nobody is
// upgraded to it and it does not end.
#include "core/program_check.h"

#include <stdbool.h>

enum { VALIDITY_MONTHS_MAX = 1200, MULTIPLIER_BP_MAX = 1000000 };

static enum status check_threshold(const struct program *program, size_t rank, const char *prefix,
                                   struct program_problems *problems)
{
    int64_t threshold = program->tiers[rank].threshold;
    if (rank == 0) {
        return check_range(problems, prefix, "threshold", threshold, 0, 0);
    }
    int64_t below = program->tiers[rank - 1].threshold;
    if (threshold > below) {
        return check_range(problems, prefix, "threshold", threshold, 1, LIMIT_POINTS_A_BALANCE);
    }
    return check_report(problems, prefix, "threshold",
                        arena_printf(problems->arena,
                                     "is %lld; must be above %lld, the threshold of tiers[%zu]",
                                     (long long)threshold, (long long)below, rank - 1));
}

static enum status check_upgrade(size_t rank, enum upgrade upgrade, const char *prefix,
                                 struct program_problems *problems)
{
    switch (upgrade) {
    case UPGRADE_IMMEDIATE:
    case UPGRADE_AT_RESCORE:
        return STATUS_OK;
    case UPGRADE_UNSPECIFIED:
        return rank == 0 ? STATUS_OK
                         : check_report(problems, prefix, "upgrade",
                                        "is missing; must be IMMEDIATE or AT_RESCORE");
    default:
        return check_report(problems, prefix, "upgrade",
                            "unknown value; must be IMMEDIATE or AT_RESCORE");
    }
}

static enum status check_tier(struct program *program, size_t rank,
                              struct program_problems *problems)
{
    struct tier *tier = &program->tiers[rank];
    const char *prefix = arena_printf(problems->arena, "tiers[%zu]", rank);
    if (prefix == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(check_threshold(program, rank, prefix, problems));
    TRY(check_upgrade(rank, tier->upgrade, prefix, problems));
    if (rank > 0) {
        TRY(check_range(problems, prefix, "validity_months", tier->validity_months, 1,
                        VALIDITY_MONTHS_MAX));
    } else if (tier->validity_months != 0) {
        TRY(check_report(problems, prefix, "validity_months",
                         "the base tier does not end; must be absent"));
    }
    if (tier->multiplier_bp == 0) {
        tier->multiplier_bp = BASIS_POINTS;
    }
    return check_range(problems, prefix, "multiplier_bp", tier->multiplier_bp, 1,
                       MULTIPLIER_BP_MAX);
}

enum status check_tiers(struct program *program, struct program_problems *problems)
{
    bool fits = false;
    TRY(check_count(problems, "", "tiers", program->tier_count, LIMIT_TIERS, &fits));
    if (!fits) {
        return STATUS_OK;
    }
    if (program->tier_count == 0) {
        return program_problem_add(problems, "tiers", "there is none; must have a base tier");
    }
    struct span ids[LIMIT_TIERS];
    for (size_t rank = 0; rank < program->tier_count; rank++) {
        ids[rank] = program->tiers[rank].id;
        TRY(check_tier(program, rank, problems));
    }
    return check_ids(problems, "tiers", ids, program->tier_count);
}

// A quota without a count has no period to count in; it gets one, so that later code need not ask.
static enum status check_period(struct perk_quota *quota, const char *prefix,
                                struct program_problems *problems)
{
    if (quota->per >= PERK_CALENDAR_YEAR && quota->per <= PERK_LIFETIME) {
        return STATUS_OK;
    }
    if (quota->per != PERK_UNSPECIFIED) {
        return check_report(problems, prefix, "per",
                            "unknown value; must be CALENDAR_YEAR, CARD, MONTH or LIFETIME");
    }
    if (quota->count > 0) {
        return check_report(problems, prefix, "per",
                            "is missing; must be CALENDAR_YEAR, CARD, MONTH or LIFETIME");
    }
    quota->per = PERK_LIFETIME;
    return STATUS_OK;
}

static enum status check_quota_tier(const struct program *program, const struct perk *perk,
                                    size_t i, const char *prefix, struct program_problems *problems)
{
    struct span tier_id = perk->quotas[i].tier_id;
    if (program_tier_rank(program, tier_id) < 0) {
        return check_report(problems, prefix, "tier_id",
                            "no tier has this id; must be the id of one of tiers");
    }
    for (size_t earlier = 0; earlier < i; earlier++) {
        if (span_equal(perk->quotas[earlier].tier_id, tier_id)) {
            return check_report(problems, prefix, "tier_id",
                                arena_printf(problems->arena,
                                             "is that of tiers[%zu] too; must stand once",
                                             earlier));
        }
    }
    return STATUS_OK;
}

// A name that is none is reported as that alone.
static enum status check_partners(const struct perk *perk, const char *prefix,
                                  struct program_problems *problems)
{
    TRY(check_names(problems, prefix, "partners", &perk->partners, ""));
    for (size_t i = 0; perk->partners.count <= LIMIT_RULE_LIST && i < perk->partners.count; i++) {
        size_t len = perk->partners.items[i].len;
        if (len > LIMIT_PARTNER_BYTES && len <= LIMIT_NAME_BYTES) {
            return check_report(problems, prefix, "partners",
                                arena_printf(problems->arena,
                                             "a partner's name has more than %d characters; its "
                                             "certificate must have a shorter one",
                                             LIMIT_PARTNER_BYTES));
        }
    }
    return STATUS_OK;
}

static enum status check_perk(const struct program *program, size_t index,
                              struct program_problems *problems)
{
    struct perk *perk = &program->perks[index];
    const char *prefix = arena_printf(problems->arena, "perks[%zu]", index);
    if (prefix == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(check_partners(perk, prefix, problems));
    bool fits = false;
    TRY(check_count(problems, prefix, "tiers", perk->quota_count, LIMIT_TIERS, &fits));
    for (size_t i = 0; fits && i < perk->quota_count; i++) {
        const char *quota = arena_printf(problems->arena, "%s.tiers[%zu]", prefix, i);
        if (quota == NULL) {
            return STATUS_NO_MEMORY;
        }
        TRY(check_quota_tier(program, perk, i, quota, problems));
        TRY(check_period(&perk->quotas[i], quota, problems));
    }
    return STATUS_OK;
}

enum status check_perks(struct program *program, struct program_problems *problems)
{
    bool fits = false;
    TRY(check_count(problems, "", "perks", program->perk_count, LIMIT_PERKS, &fits));
    if (!fits) {
        return STATUS_OK;
    }
    struct span ids[LIMIT_PERKS];
    for (size_t i = 0; i < program->perk_count; i++) {
        ids[i] = program->perks[i].id;
        TRY(check_perk(program, i, problems));
    }
    return check_ids(problems, "perks", ids, program->perk_count);
}
