// Lines that spend, hold and take back: redemptions, reservations and what becomes of them,
// reversals.
#include <ctype.h>
#include <string.h>

#include "scenario/story.h"

static const char *const UNIT = "store-0007/till-02";

static void request_id(struct story *story, uint8_t *ret_id)
{
    member_request_id((uint64_t)words_number(story), ret_id);
}

static bool number_next(const struct story *story)
{
    return words_left(story) && isdigit((unsigned char)story->words.items[story->words.at][0]);
}

static void redeem(struct story *story, struct member *member)
{
    struct command command = {
        .kind = COMMAND_REDEEM,
        .redeem = {.points = words_number(story), .unit = span_of_text(UNIT)}};
    story_run(story, member, &command);
}

static void reserve(struct story *story, struct member *member)
{
    struct command command = {
        .kind = COMMAND_RESERVE,
        .reserve = {.points = words_number(story), .unit = span_of_text(UNIT)}};
    if (words_take(story, "for")) {
        command.reserve.lifetime_ms = words_number(story) * 1000;
    }
    story_run(story, member, &command);
}

static void capture(struct story *story, struct member *member)
{
    struct command command = {.kind = COMMAND_CAPTURE, .capture = {.unit = span_of_text(UNIT)}};
    request_id(story, command.capture.reservation);
    if (number_next(story)) {
        command.capture.points = words_number(story);
    }
    story_run(story, member, &command);
}

static void release(struct story *story, struct member *member)
{
    struct command command = {.kind = COMMAND_RELEASE, .release = {.unit = span_of_text(UNIT)}};
    request_id(story, command.release.reservation);
    story_run(story, member, &command);
}

static void reverse(struct story *story, struct member *member)
{
    enum { ARCHIVED_DAYS = 401 };
    uint32_t lines[STORY_LINES_MAX];
    struct command command = {
        .kind = COMMAND_REVERSE,
        .reverse = {.original_created_ms = story->now_ms, .unit = span_of_text(UNIT)}};
    struct reverse_command *reverse = &command.reverse;
    request_id(story, reverse->original);
    if (words_take(story, "amount")) {
        reverse->part = REVERSE_AMOUNT;
        reverse->amount_minor = words_money(story);
    } else if (words_take(story, "points")) {
        reverse->part = REVERSE_POINTS;
        reverse->points = words_number(story);
    } else if (words_take(story, "lines")) {
        reverse->part = REVERSE_LINES;
        reverse->lines = lines;
        while (number_next(story) && reverse->line_count < STORY_LINES_MAX) {
            lines[reverse->line_count++] = (uint32_t)words_number(story);
        }
    }
    if (words_take(story, "archived")) {
        reverse->original_created_ms -= ARCHIVED_DAYS * DAY_MS;
    }
    story_run(story, member, &command);
}

bool story_spending(struct story *story, const char *verb)
{
    static const struct {
        const char *verb;
        void (*tell)(struct story *story, struct member *member);
    } LINES[] = {{"redeem", redeem},
                 {"reserve", reserve},
                 {"capture", capture},
                 {"release", release},
                 {"reverse", reverse}};
    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
        if (strcmp(verb, LINES[i].verb) == 0) {
            LINES[i].tell(story, story_member(story));
            return true;
        }
    }
    return false;
}
