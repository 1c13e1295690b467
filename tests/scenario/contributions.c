// Lines of partners: contributions reported, reduced and ended; and what is left of them.
#include <string.h>

#include "scenario/story.h"

static void tell(struct story *story, struct member *member, struct command *command)
{
    command->actor = span_of_text("partner/insurer/policies");
    story_run(story, member, command);
}

static void contributes(struct story *story, struct member *member)
{
    struct command command = {.kind = COMMAND_CONTRIBUTE};
    struct contribution_command *given = &command.contribution;
    member_contribution_key(words_next(story), given->key);
    given->score = words_number(story);
    given->has_from = words_take(story, "from");
    if (given->has_from) {
        given->from = words_date(story);
    }
    given->has_until = words_take(story, "until");
    if (given->has_until) {
        given->until = words_date(story);
    }
    tell(story, member, &command);
}

static void reduces(struct story *story, struct member *member)
{
    struct command command = {.kind = COMMAND_REDUCE};
    member_contribution_key(words_next(story), command.reduction.key);
    command.reduction.score = words_number(story);
    tell(story, member, &command);
}

static void ends(struct story *story, struct member *member)
{
    struct command command = {.kind = COMMAND_END};
    struct contribution_end_command *end = &command.contribution_end;
    member_contribution_key(words_next(story), end->key);
    end->has_on = words_take(story, "on");
    if (end->has_on) {
        end->on = words_date(story);
    }
    end->change = words_take(story, "matured") ? CONTRIBUTION_MATURED : CONTRIBUTION_SURRENDERED;
    tell(story, member, &command);
}

bool story_contribution(struct story *story, const char *verb)
{
    if (strcmp(verb, "contributes") == 0) {
        contributes(story, story_member(story));
    } else if (strcmp(verb, "reduces") == 0) {
        reduces(story, story_member(story));
    } else if (strcmp(verb, "ends") == 0) {
        ends(story, story_member(story));
    } else {
        return false;
    }
    return true;
}

// SCORE [from INSTANT] [until END]
static void counts(struct story *story)
{
    const struct record *record = &story->last.record;
    struct opening_score left = {.from_ms = record->contributed.from_ms,
                                 .until_ms = record->contributed.until_ms,
                                 .score = record->contributed.score};
    if (record->type == RECORD_CONTRIBUTION_REDUCED) {
        left = (struct opening_score){.from_ms = record->contribution_reduced.left_from_ms,
                                      .until_ms = record->contribution_reduced.left_until_ms,
                                      .score = record->contribution_reduced.left_score};
    } else if (record->type != RECORD_CONTRIBUTED) {
        story_fail(story, "the last command was of no contribution");
    }
    same_number(story, "score left", left.score, words_number(story));
    if (words_take(story, "from")) {
        same_instant(story, "beginning", left.from_ms, words_instant(story));
    }
    if (words_take(story, "until")) {
        same_instant(story, "end", left.until_ms, words_end(story));
    }
}

bool story_contribution_claim(struct story *story, const char *verb)
{
    if (strcmp(verb, "counts") != 0) {
        return false;
    }
    counts(story);
    return true;
}
