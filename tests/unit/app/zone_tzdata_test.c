// Zone tables against the C library's: every zone of the system, around each change and at even
// steps up to 2200. Then what is no zone, what is no TZif file, and the POSIX rules that few zones
// use. The tests set TZ, as an operator's environment may; the code under test must not care.
#include "app/zone_tzdata.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "app/zone_posix.h"
#include "base/limits.h"

enum { NAME_BYTES = 128, FILE_BYTES = 64 * 1024 };

#define HOUR_MS INT64_C(3600000)

static const char ZONES[] = "/usr/share/zoneinfo/tzdata.zi";

static void assert_offset(const char *name, const struct zone *zone, int64_t at_ms)
{
    time_t at = (time_t)(at_ms / 1000);
    struct tm tm = {0};
    assert_non_null(localtime_r(&at, &tm));
    struct civil_time ours = zone_local(zone, at_ms);
    int64_t ours_ms = civil_to_days(ours.date) * DAY_MS + ours.ms_of_day;
    if (ours_ms - at_ms != tm.tm_gmtoff * INT64_C(1000)) {
        fail_msg("%s at %lld: offset %lld, the C library says %ld", name, (long long)at_ms / 1000,
                 (long long)(ours_ms - at_ms) / 1000, tm.tm_gmtoff);
    }
}

static void assert_like_the_library(const char *name)
{
    struct zone zone = {0};
    assert_int_equal(zone_tzdata_load(name, &zone), STATUS_OK);
    assert_true(zone.count > 0);
    setenv("TZ", name, 1);
    tzset();
    for (size_t i = 0; i < zone.count; i++) {
        if (i > 0) {
            assert_true(zone.steps[i].from_ms > zone.steps[i - 1].from_ms);
            assert_true(zone.steps[i].offset_ms != zone.steps[i - 1].offset_ms);
            assert_offset(name, &zone, zone.steps[i].from_ms - 1000);
        }
        assert_offset(name, &zone, zone.steps[i].from_ms);
    }
    // 61 days and some: drifts through the year and the day, so no missing change escapes.
    for (int64_t at = 0; at < INT64_C(7289654400000); at += 61 * DAY_MS + 7 * HOUR_MS) {
        assert_offset(name, &zone, at);
    }
    zone_tzdata_free(&zone);
}

// Lines of tzdata.zi: "Z <name> ..." a zone, "L <target> <name>" another name of one.
static void every_zone_of_the_system_is_like_the_library_s(void **state)
{
    (void)state;
    char line[512];
    char name[NAME_BYTES];
    int zones = 0;
    FILE *list = fopen(ZONES, "re");
    if (list == NULL) {
        print_message("no %s here\n", ZONES);
        skip();
    }
    while (fgets(line, sizeof(line), list) != NULL) {
        if (sscanf(line, "Z %127s", name) == 1 || sscanf(line, "L %*s %127s", name) == 1) {
            assert_like_the_library(name);
            zones++;
        }
    }
    fclose(list);
    assert_true(zones > 300);
}

static void the_environment_is_left_alone(void **state)
{
    (void)state;
    struct zone zone = {0};
    setenv("TZ", "America/New_York", 1);
    tzset();
    assert_int_equal(zone_tzdata_load("Asia/Shanghai", &zone), STATUS_OK);
    assert_string_equal(getenv("TZ"), "America/New_York");
    assert_int_equal(timezone, 5 * 3600);
    zone_tzdata_free(&zone);
}

static void berlin_changes_as_the_law_says(void **state)
{
    (void)state;
    struct zone zone = {0};
    assert_int_equal(zone_tzdata_load("Europe/Berlin", &zone), STATUS_OK);
    // 29 March 2026 and 28 March 2100, 01:00Z: the first is listed, the other follows from the rule
    assert_int_equal(zone_local(&zone, INT64_C(1774746000000) - 1).ms_of_day, 2 * HOUR_MS - 1);
    assert_int_equal(zone_local(&zone, INT64_C(1774746000000)).ms_of_day, 3 * HOUR_MS);
    struct civil_date late = {.year = 2100, .month = 3, .day = 28};
    int64_t change = civil_to_days(late) * DAY_MS + HOUR_MS;
    assert_int_equal(zone_local(&zone, change - 1).ms_of_day, 2 * HOUR_MS - 1);
    assert_int_equal(zone_local(&zone, change).ms_of_day, 3 * HOUR_MS);
    zone_tzdata_free(&zone);
    assert_null(zone.steps);
    zone_tzdata_free(&zone);
    zone_tzdata_free(NULL);
}

static void what_is_no_zone_is_not_found(void **state)
{
    (void)state;
    static const char *const NONE[] = {
        "",
        "Europe",
        "Europe/",
        "/Europe/Berlin",
        "Europe//Berlin",
        "Europe/Atlantis",
        "Europe/Berlin/Mitte",
        "../etc/passwd",
        "Europe/../Europe/Berlin",
        "./UTC",
        "tzdata.zi",
        "leapseconds",
        "Europe/Berlin ",
        "Europe/Ber\nlin",
        "right/Europe/Berlin",
        "CET-1CEST,M3.5.0,M10.5.0/3",
        "Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };
    struct zone zone = {.count = 7};
    for (size_t i = 0; i < sizeof(NONE) / sizeof(NONE[0]); i++) {
        assert_int_equal(zone_tzdata_load(NONE[i], &zone), STATUS_NOT_FOUND);
        assert_int_equal(zone.count, 7);
    }
}

static size_t read_berlin(uint8_t *bytes)
{
    FILE *file = fopen("/usr/share/zoneinfo/Europe/Berlin", "re");
    assert_non_null(file);
    size_t len = fread(bytes, 1, FILE_BYTES, file);
    fclose(file);
    return len;
}

static void a_file_cut_short_does_not_parse(void **state)
{
    (void)state;
    static uint8_t bytes[FILE_BYTES];
    size_t len = read_berlin(bytes);
    struct zone zone = {0};
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *copy = malloc(cut + 1); // so that reading too far is seen
        memcpy(copy, bytes, cut);
        assert_int_not_equal(zone_tzdata_parse(span_of(copy, cut), &zone), STATUS_OK);
        free(copy);
    }
    assert_int_equal(zone_tzdata_parse(span_of(bytes, len), &zone), STATUS_OK);
    zone_tzdata_free(&zone);
}

static void a_broken_byte_does_no_harm(void **state)
{
    (void)state;
    static uint8_t bytes[FILE_BYTES];
    size_t len = read_berlin(bytes);
    for (size_t i = 0; i < len; i++) {
        static const uint8_t FLIPS[] = {0x01, 0x80, 0xff};
        for (size_t f = 0; f < sizeof(FLIPS); f++) {
            struct zone zone = {0};
            bytes[i] ^= FLIPS[f];
            if (zone_tzdata_parse(span_of(bytes, len), &zone) == STATUS_OK) {
                assert_true(zone.count > 0);
                (void)zone_local(&zone, INT64_C(1774746000000));
            }
            zone_tzdata_free(&zone);
            bytes[i] ^= FLIPS[f];
        }
    }
}

static void rules_that_do_not_parse_are_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "",
        "CET",
        "CE-1",
        "CET-25",
        "CET-1:60",
        "CET-1x",
        "<+03-3",
        "<>-3",
        "CET-1CEST",
        "CET-1CEST,M3.5.0",
        "CET-1CEST,M3.5.0,M13.5.0",
        "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,M3.5.0,M10.5.0/168",
        "CET-1CEST,M3.5.0,M10.5.0/3,",
        "CET-1CEST,J0,J100",
        "CET-1CEST,J366,J100",
        "CET-1CEST,366,100",
        "CET-1CEST,M3.5,M10.5.0",
        "CET-0001",
    };
    struct zone_posix rule = {0};
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        if (zone_posix_parse(span_of_text(BAD[i]), &rule) != STATUS_CORRUPT) {
            fail_msg("'%s' was taken for a rule", BAD[i]);
        }
    }
}

// Seconds of a UTC date and time of day.
static int64_t utc_s(int32_t year, int32_t month, int32_t day, int64_t second)
{
    struct civil_date date = {.year = year, .month = month, .day = day};
    return civil_to_days(date) * INT64_C(86400) + second;
}

static void rules_of_every_form_are_read(void **state)
{
    (void)state;
    struct zone_posix rule = {0};
    assert_int_equal(zone_posix_parse(span_of_text("<+0545>-5:45"), &rule), STATUS_OK);
    assert_int_equal(rule.standard_offset_s, 20700);
    assert_false(rule.has_summer);
    // Greenland: the change comes the evening before the last Sunday
    assert_int_equal(zone_posix_parse(span_of_text("<-02>2<-01>,M3.5.0/-1,M10.5.0/0"), &rule),
                     STATUS_OK);
    assert_int_equal(rule.standard_offset_s, -7200);
    assert_int_equal(rule.summer_offset_s, -3600);
    assert_int_equal(zone_posix_start(&rule, 2026), utc_s(2026, 3, 29, 3600));
    assert_int_equal(zone_posix_end(&rule, 2026), utc_s(2026, 10, 25, 3600));
    // Ireland: winter is the exception
    assert_int_equal(zone_posix_parse(span_of_text("IST-1GMT0,M10.5.0,M3.5.0/1"), &rule),
                     STATUS_OK);
    assert_int_equal(zone_posix_start(&rule, 2026), utc_s(2026, 10, 25, 3600));
    assert_int_equal(zone_posix_end(&rule, 2026), utc_s(2026, 3, 29, 3600));
    // days of the year, with and without 29 February
    assert_int_equal(zone_posix_parse(span_of_text("AAA+3:30:15BBB1,J60/0,59/25"), &rule),
                     STATUS_OK);
    assert_int_equal(rule.standard_offset_s, -12615);
    assert_int_equal(zone_posix_start(&rule, 2027), utc_s(2027, 3, 1, 12615));
    assert_int_equal(zone_posix_start(&rule, 2028), utc_s(2028, 3, 1, 12615));
    assert_int_equal(zone_posix_end(&rule, 2027), utc_s(2027, 3, 2, 7200));
    assert_int_equal(zone_posix_end(&rule, 2028), utc_s(2028, 3, 1, 7200));
}

static const char SUMMER_RULE[] = "\nXXX3EDT4,0/0,J365/23\n";
enum {
    PART_BYTES = 44 + 6 + 1,
    RULE_AT = 2 * PART_BYTES,
    MADE_BYTES = RULE_AT + sizeof(SUMMER_RULE) - 1,
};

// A file made here: no changes listed, one type of offset 0, and a rule of summer all year.
static void make_file(uint8_t *bytes)
{
    static const uint8_t MAGIC[] = {'T', 'Z', 'i', 'f', '2'};
    memset(bytes, 0, MADE_BYTES);
    for (size_t part = 0; part < RULE_AT; part += PART_BYTES) {
        memcpy(bytes + part, MAGIC, sizeof(MAGIC));
        bytes[part + 39] = 1; // types
        bytes[part + 43] = 1; // letters
    }
    for (size_t i = 0; i < MADE_BYTES - RULE_AT; i++) {
        bytes[RULE_AT + i] = (uint8_t)SUMMER_RULE[i];
    }
}

static void summer_all_year_is_one_offset(void **state)
{
    (void)state;
    uint8_t bytes[MADE_BYTES];
    struct zone zone = {0};
    make_file(bytes);
    assert_int_equal(zone_tzdata_parse(span_of(bytes, MADE_BYTES), &zone), STATUS_OK);
    assert_int_equal(zone.count, 1);
    assert_int_equal(zone.steps[0].offset_ms, -4 * 3600 * 1000);
    zone_tzdata_free(&zone);
}

// The file with one byte changed.
static void assert_refused(size_t offset, uint8_t value, enum status expected)
{
    uint8_t bytes[MADE_BYTES];
    struct zone zone = {0};
    make_file(bytes);
    bytes[offset] = value;
    assert_int_equal(zone_tzdata_parse(span_of(bytes, MADE_BYTES), &zone), expected);
    assert_null(zone.steps);
}

static void files_that_do_not_hold_together_are_refused(void **state)
{
    (void)state;
    assert_refused(0, 't', STATUS_INVALID);
    assert_refused(4, '1', STATUS_CORRUPT);                 // an old file, 32 bits only
    assert_refused(PART_BYTES, 't', STATUS_INVALID);        // the second header
    assert_refused(PART_BYTES + 31, 1, STATUS_INVALID);     // leap seconds
    assert_refused(PART_BYTES + 39, 0, STATUS_CORRUPT);     // no type
    assert_refused(PART_BYTES + 44 + 1, 2, STATUS_CORRUPT); // an offset of 36 hours
    assert_refused(PART_BYTES + 44, 0xff, STATUS_CORRUPT);  // and of months back
    assert_refused(RULE_AT, 'X', STATUS_CORRUPT);           // no beginning of the rule
    assert_refused(RULE_AT + 1, '?', STATUS_CORRUPT);       // no rule
    assert_refused(MADE_BYTES - 1, '3', STATUS_CORRUPT);    // no end of the rule
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_zone_of_the_system_is_like_the_library_s),
        cmocka_unit_test(the_environment_is_left_alone),
        cmocka_unit_test(berlin_changes_as_the_law_says),
        cmocka_unit_test(what_is_no_zone_is_not_found),
        cmocka_unit_test(a_file_cut_short_does_not_parse),
        cmocka_unit_test(a_broken_byte_does_no_harm),
        cmocka_unit_test(rules_that_do_not_parse_are_refused),
        cmocka_unit_test(rules_of_every_form_are_read),
        cmocka_unit_test(summer_all_year_is_one_offset),
        cmocka_unit_test(files_that_do_not_hold_together_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
