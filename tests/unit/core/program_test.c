// Questions to compiled programs: tiers by id and score, the version in force, and the next
// re-scoring across versions with different dates, each date judged by the version in force at it.
#include "core/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/core/program_sample.h"

enum { ARENA_BYTES = 1 << 20 };

static const struct zone_step SHANGHAI_STEPS[] = {{0, 8 * 3600 * 1000}};
static const struct zone SHANGHAI = {SHANGHAI_STEPS, 1};

static int64_t midnight(int32_t year, int32_t month, int32_t day)
{
    return zone_day_start(&SHANGHAI, (struct civil_date){year, month, day});
}

static void a_tier_is_found_by_id(void **state)
{
    (void)state;
    static struct sample sample;
    sample_init(&sample);
    assert_int_equal(program_tier_rank(&sample.program, span_of_text("member")), 0);
    assert_int_equal(program_tier_rank(&sample.program, span_of_text("diamond")), 3);
    assert_int_equal(program_tier_rank(&sample.program, span_of_text("diamon")), -1);
    assert_int_equal(program_tier_rank(&sample.program, span_of_text("")), -1);
}

static void a_score_reaches_its_tier_at_the_threshold(void **state)
{
    (void)state;
    static struct sample sample;
    sample_init(&sample);
    assert_int_equal(program_tier_of_score(&sample.program, 0), 0);
    assert_int_equal(program_tier_of_score(&sample.program, -5), 0);
    assert_int_equal(program_tier_of_score(&sample.program, 1999), 0);
    assert_int_equal(program_tier_of_score(&sample.program, 2000), 1);
    assert_int_equal(program_tier_of_score(&sample.program, 49999), 2);
    assert_int_equal(program_tier_of_score(&sample.program, 50000), 3);
    assert_int_equal(program_tier_of_score(&sample.program, INT64_MAX), 3);
}

// Three versions: 06-01 and 12-01; from 2027-03-01 on 03-01 and 09-01; from 2028-06-01 on 06-01.
struct versions {
    struct sample samples[3];
    struct program_version versions[3];
    struct program_set set;
    struct arena arena;
};

static void versions_init(struct versions *versions)
{
    static const char *const DATES[3][2] = {{"06-01", "12-01"}, {"03-01", "09-01"}, {"06-01", ""}};
    static const size_t DATE_COUNT[3] = {2, 2, 1};
    const int64_t from[3] = {midnight(2026, 1, 1), midnight(2027, 3, 1), midnight(2028, 6, 1)};
    arena_init(&versions->arena, ARENA_BYTES);
    for (size_t i = 0; i < 3; i++) {
        struct sample *sample = &versions->samples[i];
        sample_init(sample);
        sample->rescores[0].text = span_of_text(DATES[i][0]);
        sample->rescores[1].text = span_of_text(DATES[i][1]);
        sample->program.rescore_count = DATE_COUNT[i];
        versions->versions[i] = (struct program_version){
            .number = (uint32_t)i + 1,
            .effective_from_ms = from[i],
            .program = sample_compile(sample, &versions->arena),
            .zone = &SHANGHAI,
        };
    }
    versions->set = (struct program_set){versions->versions, 3};
}

static void the_new_version_is_in_force_at_its_instant(void **state)
{
    (void)state;
    static struct versions versions;
    versions_init(&versions);
    assert_null(program_set_at(&versions.set, midnight(2026, 1, 1) - 1));
    assert_ptr_equal(program_set_at(&versions.set, midnight(2026, 1, 1)), &versions.versions[0]);
    assert_ptr_equal(program_set_at(&versions.set, midnight(2027, 3, 1) - 1),
                     &versions.versions[0]);
    assert_ptr_equal(program_set_at(&versions.set, midnight(2027, 3, 1)), &versions.versions[1]);
    assert_ptr_equal(program_set_at(&versions.set, INSTANT_NEVER), &versions.versions[2]);
    arena_fini(&versions.arena);
}

static void rescorings_follow_the_version_in_force_at_each(void **state)
{
    (void)state;
    static struct versions versions;
    versions_init(&versions);
    // 2027-06-01 and 2027-12-01 are dates of the first version alone, 2028-03-01 of the second; at
    // 2027-03-01 and 2028-06-01 the new version's own date counts.
    const int64_t expected[] = {
        midnight(2026, 6, 1), midnight(2026, 12, 1), midnight(2027, 3, 1), midnight(2027, 9, 1),
        midnight(2028, 3, 1), midnight(2028, 6, 1),  midnight(2029, 6, 1), midnight(2030, 6, 1),
    };
    int64_t at = INT64_MIN;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        int64_t next = program_set_next_rescore(&versions.set, at, INSTANT_NEVER);
        assert_int_equal(next, expected[i]);
        assert_int_equal(program_set_next_rescore(&versions.set, at, next), next);
        assert_int_equal(program_set_next_rescore(&versions.set, at, next - 1), INSTANT_NEVER);
        assert_int_equal(program_set_next_rescore(&versions.set, next - 1, next), next);
        at = next;
    }
    arena_fini(&versions.arena);
}

// An old version's date on the day a new one without it takes over does not count.
static void at_equality_only_the_new_version_s_dates_count(void **state)
{
    (void)state;
    static struct versions versions;
    versions_init(&versions);
    versions.versions[1].effective_from_ms = midnight(2026, 12, 1);
    versions.set.count = 2;
    assert_int_equal(program_set_next_rescore(&versions.set, midnight(2026, 6, 1), INSTANT_NEVER),
                     midnight(2027, 3, 1));
    assert_int_equal(
        program_set_next_rescore(&versions.set, midnight(2026, 6, 1), midnight(2026, 12, 1)),
        INSTANT_NEVER);
    arena_fini(&versions.arena);
}

static void without_dates_or_versions_there_is_no_rescoring(void **state)
{
    (void)state;
    static struct versions versions;
    versions_init(&versions);
    struct program_set none = {0};
    assert_int_equal(program_set_next_rescore(&none, 0, INSTANT_NEVER), INSTANT_NEVER);
    versions.samples[2].program.rescore_count = 0;
    assert_int_equal(
        program_set_next_rescore(&versions.set, midnight(2028, 6, 1) - 1, INSTANT_NEVER),
        INSTANT_NEVER);
    assert_int_equal(program_set_next_rescore(&versions.set, INSTANT_NEVER, INSTANT_NEVER),
                     INSTANT_NEVER);
    assert_int_equal(
        program_set_next_rescore(&versions.set, midnight(2026, 6, 1) - 1, midnight(2026, 6, 1) - 1),
        INSTANT_NEVER);
    arena_fini(&versions.arena);
}

// In a zone whose new year's midnight comes twice, the date of 1 January is the earlier one and
// does not come again in the hour that is repeated.
static void a_repeated_midnight_rescores_once(void **state)
{
    (void)state;
    static struct versions versions;
    versions_init(&versions);
    int64_t utc_midnight = midnight(2027, 1, 1) + INT64_C(28800000);
    int64_t change = utc_midnight + 1800000;
    const struct zone_step steps[] = {{0, 0}, {change, -3600000}};
    const struct zone zone = {steps, 2};
    struct program *program = &versions.samples[0].program;
    program->rescore_count = 1;
    program->rescores[0].month = 1;
    program->rescores[0].day = 1;
    versions.versions[0].zone = &zone;
    versions.set.count = 1;
    assert_int_equal(program_set_next_rescore(&versions.set, utc_midnight - 1, INSTANT_NEVER),
                     utc_midnight);
    int64_t year_later = utc_midnight + 365 * DAY_MS + 3600000;
    for (int64_t after = utc_midnight; after < change + INT64_C(7200000); after += 600000) {
        assert_int_equal(program_set_next_rescore(&versions.set, after, INSTANT_NEVER), year_later);
    }
    arena_fini(&versions.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tier_is_found_by_id),
        cmocka_unit_test(a_score_reaches_its_tier_at_the_threshold),
        cmocka_unit_test(the_new_version_is_in_force_at_its_instant),
        cmocka_unit_test(rescorings_follow_the_version_in_force_at_each),
        cmocka_unit_test(at_equality_only_the_new_version_s_dates_count),
        cmocka_unit_test(without_dates_or_versions_there_is_no_rescoring),
        cmocka_unit_test(a_repeated_midnight_rescores_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
