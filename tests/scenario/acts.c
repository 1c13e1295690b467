// Lines of admins: what is done by hand, and the end of what that obliges to.
#include <string.h>

#include "scenario/story.h"

static void act(struct story *story, struct member *member, struct command *command)
{
    command->actor = span_of_text("admin/head-office");
    story_run(story, member, command);
}

// adjusts NAME (points | score) NUMBER [until DATE | never] [owing]
static void adjusts(struct story *story, struct member *member)
{
    struct command command = {
        .kind = COMMAND_ADJUST,
        .adjust = {.reason_code = ACT_CORRECTION, .reason = span_of_text("counted again")}};
    struct adjust_command *adjust = &command.adjust;
    if (words_take(story, "points")) {
        adjust->points = words_number(story);
    } else if (words_take(story, "score")) {
        adjust->score = words_number(story);
    } else {
        story_fail(story, "points or score are adjusted");
    }
    if (words_take(story, "until")) {
        adjust->end = words_take(story, "never") ? ACT_END_NEVER : ACT_END_ON;
    }
    if (adjust->end == ACT_END_ON) {
        adjust->ends_on = words_date(story);
    }
    adjust->may_owe = words_take(story, "owing");
    act(story, member, &command);
}

// grants NAME TIER until DATE
static void grants(struct story *story, struct member *member)
{
    struct command command = {
        .kind = COMMAND_GRANT,
        .grant = {.reason_code = ACT_GOODWILL, .reason = span_of_text("a guest of the house")}};
    command.grant.tier = span_of_text(words_next(story));
    if (!words_take(story, "until")) {
        story_fail(story, "a card is granted to a date");
    }
    command.grant.until = words_date(story);
    act(story, member, &command);
}

// revokes NAME [to TIER]
static void revokes(struct story *story, struct member *member)
{
    struct command command = {
        .kind = COMMAND_REVOKE,
        .revoke = {.reason_code = ACT_FRAUD, .reason = span_of_text("receipts of others")}};
    if (words_take(story, "to")) {
        command.revoke.tier = span_of_text(words_next(story));
    }
    act(story, member, &command);
}

static void changes(struct story *story, enum member_status status)
{
    struct command command = {.kind = COMMAND_STATUS,
                              .status = {.status = status, .reason = span_of_text("asked for")}};
    act(story, story_member(story), &command);
}

// All that was done is listed in the month's audit.
static void listed(struct story *story)
{
    struct member *member = story_member(story);
    if (member->account.obligations.count == 0) {
        story_fail(story, "nothing is to be listed");
    }
    while (member->account.obligations.count > 0) {
        struct command command = {.kind = COMMAND_DONE,
                                  .done = {.seq = member->account.obligations.items[0].seq}};
        act(story, member, &command);
    }
}

bool story_act(struct story *story, const char *verb)
{
    if (strcmp(verb, "adjusts") == 0) {
        adjusts(story, story_member(story));
    } else if (strcmp(verb, "grants") == 0) {
        grants(story, story_member(story));
    } else if (strcmp(verb, "revokes") == 0) {
        revokes(story, story_member(story));
    } else if (strcmp(verb, "suspends") == 0) {
        changes(story, MEMBER_SUSPENDED);
    } else if (strcmp(verb, "reinstates") == 0) {
        changes(story, MEMBER_ACTIVE);
    } else if (strcmp(verb, "closes") == 0) {
        changes(story, MEMBER_CLOSED);
    } else if (strcmp(verb, "listed") == 0) {
        listed(story);
    } else {
        return false;
    }
    return true;
}
