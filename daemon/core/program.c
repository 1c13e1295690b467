// A compiled program asked: tiers by id and by score, the version in force at an instant, the next
// re-scoring. Everything here is a short search; the checks that make a program usable are in
// program_compile.c. Each re-scoring date is judged by the version in force at its own instant, so
// a date that only an older or a newer version has does not count there.
#include "core/program.h"

#include "base/check.h"

int program_tier_rank(const struct program *program, struct span tier_id)
{
    for (size_t rank = 0; rank < program->tier_count; rank++) {
        if (span_equal(program->tiers[rank].id, tier_id)) {
            return (int)rank;
        }
    }
    return -1;
}

int program_tier_of_score(const struct program *program, int64_t score)
{
    int reached = 0;
    for (size_t rank = 1; rank < program->tier_count; rank++) {
        if (program->tiers[rank].threshold <= score) {
            reached = (int)rank;
        }
    }
    return reached;
}

const struct program_version *program_set_at(const struct program_set *set, int64_t instant_ms)
{
    const struct program_version *found = NULL;
    for (size_t i = 0; i < set->count && set->versions[i].effective_from_ms <= instant_ms; i++) {
        found = &set->versions[i];
    }
    return found;
}

const struct program_version *program_set_number(const struct program_set *set, uint32_t number)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->versions[i].number == number) {
            return &set->versions[i];
        }
    }
    return NULL;
}

// The first re-scoring instant after `after_ms` by one version's dates, if it may be one up to
// `until_ms`. Three years are looked at: where midnight of new year comes twice, the second year's
// date may lie before `after_ms`.
static int64_t next_rescore_of(const struct program_version *version, int64_t after_ms,
                               int64_t until_ms)
{
    enum { YEARS_AHEAD = 2 };
    const struct program *program = version->program;
    if (program->rescore_count == 0 || zone_is_one_day(version->zone, after_ms, until_ms)) {
        return INSTANT_NEVER;
    }
    int32_t year = zone_date(version->zone, after_ms).year;
    for (int32_t ahead = 0; ahead <= YEARS_AHEAD; ahead++) {
        for (size_t i = 0; i < program->rescore_count; i++) {
            struct civil_date date = {
                .year = year + ahead,
                .month = program->rescores[i].month,
                .day = program->rescores[i].day,
            };
            int64_t at_ms = zone_day_start(version->zone, date);
            if (at_ms > after_ms) {
                return at_ms;
            }
        }
    }
    return INSTANT_NEVER;
}

int64_t program_set_next_rescore(const struct program_set *set, int64_t after_ms, int64_t until_ms)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct program_version *version = &set->versions[i];
        int64_t after = after_ms;
        if (after < version->effective_from_ms) {
            after = version->effective_from_ms - 1; // at equality the new version's dates count
        }
        int64_t until = until_ms;
        if (i + 1 < set->count && until >= set->versions[i + 1].effective_from_ms) {
            until = set->versions[i + 1].effective_from_ms - 1;
        }
        if (after >= until) {
            continue;
        }
        int64_t at_ms = next_rescore_of(version, after, until);
        if (at_ms <= until && at_ms != INSTANT_NEVER) {
            return at_ms;
        }
    }
    return INSTANT_NEVER;
}

enum status program_problem_add(struct program_problems *problems, const char *path,
                                const char *reason)
{
    CHECK(problems->count <= LIMIT_PROGRAM_PROBLEMS);
    if (path == NULL || reason == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (problems->items == NULL) {
        problems->items =
            arena_alloc_array(problems->arena, LIMIT_PROGRAM_PROBLEMS, sizeof(*problems->items));
        if (problems->items == NULL) {
            return STATUS_NO_MEMORY;
        }
    }
    if (problems->count == LIMIT_PROGRAM_PROBLEMS) {
        path = "";
        reason = "there are more problems; mend these and check again";
        problems->count--;
    }
    problems->items[problems->count] = (struct program_problem){
        .path = span_of_text(path),
        .reason = span_of_text(reason),
    };
    problems->count++;
    return STATUS_OK;
}
