// The words of a line: numbers, money, dates.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scenario/story.h"

enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS };

void story_fail(struct story *story, const char *format, ...)
{
    if (story->wrongly) {
        longjmp(story->failed, 1);
    }
    printf("%s:%u: ", story->path, story->line);
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    fflush(stdout);
    _exit(1);
}

bool words_left(const struct story *story)
{
    return story->words.at < story->words.count;
}

const char *words_next(struct story *story)
{
    if (!words_left(story)) {
        story_fail(story, "the line ends too early");
    }
    return story->words.items[story->words.at++];
}

bool words_take(struct story *story, const char *word)
{
    if (words_left(story) && strcmp(story->words.items[story->words.at], word) == 0) {
        story->words.at++;
        return true;
    }
    return false;
}

int64_t words_number(struct story *story)
{
    const char *word = words_next(story);
    char *end;
    long long number = strtoll(word, &end, 10);
    if (end == word || *end != '\0') {
        story_fail(story, "%s is no number", word);
    }
    return number;
}

int64_t words_money(struct story *story)
{
    const char *word = words_next(story);
    char *end;
    long long whole = strtoll(word, &end, 10);
    if (end == word || *end != '.' || strlen(end) != 3) {
        story_fail(story, "%s is no amount of money", word);
    }
    long long cents = strtoll(end + 1, &end, 10);
    if (*end != '\0') {
        story_fail(story, "%s is no amount of money", word);
    }
    return whole * 100 + (word[0] == '-' ? -cents : cents);
}

struct civil_date words_date(struct story *story)
{
    const char *word = words_next(story);
    struct civil_date date;
    if (civil_parse_date(span_of_text(word), &date) != STATUS_OK) {
        story_fail(story, "%s is no date", word);
    }
    return date;
}

// Two digits at a place of a time, or -1.
static int64_t two_digits(const char *text)
{
    bool digits = text[0] >= '0' && text[0] <= '9' && text[1] >= '0' && text[1] <= '9';
    return digits ? (text[0] - '0') * 10 + text[1] - '0' : -1;
}

// "09:30", "09:30:15" or "09:30:15.001" as milliseconds of the day; -1 when it is none.
static int64_t parse_time(const char *word)
{
    size_t len = strlen(word);
    if ((len != 5 && len != 8 && len != 12) || word[2] != ':') {
        return -1;
    }
    int64_t ms = two_digits(word) * HOUR_MS + two_digits(word + 3) * MINUTE_MS;
    if (len >= 8) {
        ms += two_digits(word + 6) * 1000;
    }
    if (len == 12) {
        ms += strtol(word + 9, NULL, 10);
    }
    return ms;
}

int64_t words_instant(struct story *story)
{
    if (story->club.zone.count == 0) {
        story_fail(story, "no program gives a zone yet");
    }
    if (words_left(story) && story->words.items[story->words.at][0] == '@') {
        story->words.items[story->words.at]++;
        return words_number(story);
    }
    struct civil_time local = {.date = words_date(story)};
    if (words_left(story)) {
        int64_t ms = parse_time(story->words.items[story->words.at]);
        if (ms >= 0) {
            local.ms_of_day = ms;
            story->words.at++;
        }
    }
    return zone_instant(&story->club.zone, local);
}

int64_t words_end(struct story *story)
{
    return words_take(story, "never") ? INSTANT_NEVER : words_instant(story);
}

const char *story_instant(struct story *story, int64_t instant_ms)
{
    static char texts[4][40];
    static size_t next;
    if (instant_ms == INSTANT_NEVER) {
        return "never";
    }
    char *text = texts[next++ % 4];
    struct civil_time local = zone_local(&story->club.zone, instant_ms);
    snprintf(text, sizeof texts[0], "%04d-%02d-%02d %02d:%02d:%02d.%03d", local.date.year,
             local.date.month, local.date.day, (int)(local.ms_of_day / HOUR_MS),
             (int)(local.ms_of_day / MINUTE_MS % 60), (int)(local.ms_of_day / 1000 % 60),
             (int)(local.ms_of_day % 1000));
    return text;
}
