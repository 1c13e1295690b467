// What people type at loyaltyctl: single values through ctl/parse, whole command lines of a sale
// through argp and ctl/sale_line. What is accepted is within its bounds and means what a second,
// plain reading of the text says.
//
// Input: which of the two, then the text; a command line's arguments end in line ends.
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "ctl/parse.h"
#include "ctl/sale_line.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutate_text.h"

enum { CHOICES = 1, TEXT_BYTES_MAX = 2048, ARGUMENTS_MAX = 64, MEMORY_BYTES_MAX = 4 << 20 };

#define NOW_MS INT64_C(1768003200000)

static const char *const words[] = {
    "--amount",
    "--category",
    "--at",
    "--date",
    "--currency",
    "--paid-with-points",
    "--receipt",
    "--unit",
    "--channel",
    "--training",
    "-o",
    "json",
    "--timeout",
    "--",
    "=",
    "anna",
    "card:1",
    "phone:+86",
    "app:",
    "now",
    "now+90s",
    "now-2d",
    "now+1000000000d",
    "2026-06-01",
    "2026-06-01T00:00:00+08:00",
    "1970-01-01T00:00:00Z",
    "12.34",
    "1.2",
    "1.",
    ".5",
    "10000000000.00",
    "10000000000.01",
    "0190d5a8-7f4e-7cc2-8d5b-000000000001",
    "17:2026-01-01",
    "99999999999999999999",
};

// --- single values ---

static bool all_digits(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
    }
    return len > 0;
}

// Digits, and perhaps a point and one or two more.
static void check_amount(const char *text)
{
    int64_t minor = -1;
    const char *point = strchr(text, '.');
    size_t whole = point == NULL ? strlen(text) : (size_t)(point - text);
    size_t part = point == NULL ? 0 : strlen(point + 1);
    bool shaped =
        all_digits(text, whole) && (point == NULL || (part <= 2 && all_digits(point + 1, part)));
    bool accepted = parse_amount(text, &minor);
    CHECK(shaped || !accepted);
    if (shaped && whole <= 15) {
        int64_t expected = strtoll(text, NULL, 10) * 100;
        expected += part == 0 ? 0 : strtoll(point + 1, NULL, 10) * (part == 1 ? 10 : 1);
        CHECK(accepted == (expected <= LIMIT_AMOUNT_MINOR_MAX));
        CHECK(!accepted || minor == expected);
    }
}

static void check_values(const char *text)
{
    int64_t number = 0;
    struct loyalty_member member = {0};
    check_amount(text);
    if (parse_number(text, -5, 1000, &number)) {
        CHECK(number >= -5 && number <= 1000 && number == strtoll(text, NULL, 10));
    }
    if (parse_instant(text, NOW_MS, &number)) {
        CHECK(number >= LIMIT_INSTANT_MIN_MS && number < LIMIT_INSTANT_MAX_MS);
    }
    if (parse_member(text, &member)) {
        CHECK(member.value[0] != '\0' && strlen(member.value) <= strlen(text));
    }
    CHECK(!parse_date(text) || strlen(text) == 10);
    CHECK(!parse_uuid(text) || strlen(text) == 36);
}

// --- command lines ---

// Exits and messages are argp's; without them it reads on, so a line with a mistake says little.
static void check_line(char *text)
{
    static const struct argp_option options[] = {MEMBER_LINE_REQUEST_ID, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = sale_line_take,
        .children = sale_line_children,
    };
    char name[] = "award";
    char *arguments[ARGUMENTS_MAX + 1] = {name};
    struct sale_line line = {0};
    int count = 1;
    char *rest = text;
    while (rest != NULL && count < ARGUMENTS_MAX) {
        arguments[count++] = strsep(&rest, "\n");
    }
    (void)argp_parse(&argp, count, arguments, ARGP_NO_ERRS | ARGP_NO_EXIT | ARGP_NO_HELP, NULL,
                     &line);
    CHECK(line.line_count <= SALE_LINES_MAX);
    for (size_t i = 0; i < line.line_count; i++) {
        CHECK(line.lines[i].amount_minor >= 0);
        CHECK(line.lines[i].amount_minor <= LIMIT_AMOUNT_MINOR_MAX);
    }
    CHECK(line.sale.paid_with_points_minor >= 0);
    CHECK(line.sale.receipt_number == 0 || line.sale.business_date != NULL);
}

// --- the driver ---

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t len_max, unsigned seed)
{
    struct fuzz_random random = fuzz_random_of(seed);
    if (len < CHOICES) {
        return LLVMFuzzerMutate(data, len, len_max);
    }
    return CHOICES + mutate_text(words, sizeof(words) / sizeof(words[0]), data + CHOICES,
                                 len - CHOICES, len_max - CHOICES, &random);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz_input input = {.rest = span_of(data, len)};
    bool whole_line = (fuzz_byte(&input) & 1) != 0;
    size_t text_len = input.rest.len < TEXT_BYTES_MAX ? input.rest.len : TEXT_BYTES_MAX;
    char *text = malloc(text_len + 1); // of its very size, so that reading past it is seen
    CHECK(text != NULL);
    if (text_len > 0) {
        memcpy(text, input.rest.data, text_len);
    }
    text[text_len] = '\0';
    fuzz_memory_begin(MEMORY_BYTES_MAX);
    if (whole_line) {
        check_line(text);
    } else {
        check_values(text);
    }
    fuzz_memory_end();
    free(text);
    return 0;
}
