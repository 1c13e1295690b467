// Lines that do something: programs, members, sales, redemptions, opening balances, jobs.
#include <string.h>

#include "scenario/story.h"

void story_run(struct story *story, struct member *member, struct command *command)
{
    command->now_ms = story->now_ms;
    if (command->actor.len == 0) {
        command->actor = span_of_text("pos/store-0007/till-02");
    }
    if (words_take(story, "as")) {
        command->id = (uint64_t)words_number(story);
    } else if (command->kind != COMMAND_JOB && command->kind != COMMAND_DONE) {
        command->id = story->next_id++;
    }
    const char *wrong = member_do(member, command, &story->last);
    if (wrong != NULL) {
        story_fail(story, "%s: %s", member->id, wrong);
    }
    story->last_member = member;
    story->refusal_open = story->last.id_conflict || story->last.outcome == OUTCOME_REFUSED ||
                          story->last.outcome == OUTCOME_REFUSED_RECORDED;
}

static void enrol(struct story *story)
{
    const char *name = words_next(story);
    struct member *member = NULL;
    for (size_t i = 0; i < story->member_count; i++) {
        member = strcmp(story->members[i].id, name) == 0 ? &story->members[i] : member;
    }
    if (member == NULL) {
        if (story->member_count == STORY_MEMBERS_MAX) {
            story_fail(story, "too many members for a story");
        }
        member = &story->members[story->member_count++];
        member_init(member, &story->club, name);
    }
    struct command command = {
        .kind = COMMAND_ENROL,
        .enrol = {.member_id = span_of_text(member->id),
                  .partition = MEMBER_PARTITION,
                  .enrolled_ms = story->now_ms},
    };
    if (words_take(story, "at")) {
        command.enrol.enrolled_ms = words_instant(story);
    }
    story_identifiers(story, &command.enrol);
    story_run(story, member, &command);
}

// AMOUNT [CATEGORY] { + AMOUNT [CATEGORY] }
static void sale_lines(struct story *story, struct sale_line *lines, struct sale *sale)
{
    static const char *const OPTIONS[] = {"on",       "at",       "in",   "by",       "as",
                                          "currency", "training", "paid", "attached", "exchange"};
    sale->lines = lines;
    do {
        if (sale->line_count == STORY_LINES_MAX) {
            story_fail(story, "too many lines for a story");
        }
        struct sale_line *line = &lines[sale->line_count++];
        *line = (struct sale_line){.amount_minor = words_money(story)};
        bool option = !words_left(story) || strcmp(story->words.items[story->words.at], "+") == 0;
        for (size_t i = 0; i < sizeof OPTIONS / sizeof OPTIONS[0] && !option; i++) {
            option = strcmp(story->words.items[story->words.at], OPTIONS[i]) == 0;
        }
        if (!option) {
            line->category = span_of_text(words_next(story));
        }
    } while (words_take(story, "+"));
}

static void sale_options(struct story *story, struct award_command *award)
{
    struct sale *sale = &award->sale;
    for (;;) {
        if (words_take(story, "on")) {
            sale->has_date = true;
            sale->date = words_date(story);
        } else if (words_take(story, "at")) {
            sale->has_occurred = true;
            sale->occurred_ms = words_instant(story);
        } else if (words_take(story, "in")) {
            sale->unit = span_of_text(words_next(story));
        } else if (words_take(story, "by")) {
            sale->channel = span_of_text(words_next(story));
        } else if (words_take(story, "currency")) {
            award->currency = span_of_text(words_next(story));
        } else if (words_take(story, "paid")) {
            sale->paid_with_points_minor = words_money(story);
        } else if (words_take(story, "training")) {
            sale->training = true;
        } else if (words_take(story, "attached")) {
            sale->attached = true;
        } else if (words_take(story, "exchange")) {
            sale->exchanged = true;
            member_request_id((uint64_t)words_number(story), sale->exchange_of);
        } else {
            return;
        }
    }
}

static void sale(struct story *story, bool backfill, bool quote)
{
    struct member *member = story_member(story);
    if (story->club.programs.count == 0) {
        story_fail(story, "no program has a currency yet");
    }
    struct sale_line lines[STORY_LINES_MAX];
    struct command command = {
        .kind = COMMAND_AWARD,
        .award = {.backfill = backfill,
                  .quote = quote,
                  .currency = story->club.versions[0].program->currency,
                  .sale = {.unit = span_of_text("store-0007/till-02")}},
    };
    sale_lines(story, lines, &command.award.sale);
    sale_options(story, &command.award);
    story_run(story, member, &command);
}

// [from DATE] [until DATE]
static void item_dates(struct story *story, struct opening_item *item)
{
    if (words_take(story, "from")) {
        item->has_from = true;
        item->from = words_date(story);
    }
    if (words_take(story, "until")) {
        item->has_until = true;
        item->until = words_date(story);
    }
}

static void opening(struct story *story)
{
    struct member *member = story_member(story);
    struct opening_item lots[STORY_LINES_MAX] = {0};
    struct opening_item scores[STORY_LINES_MAX] = {0};
    struct command command = {.kind = COMMAND_OPENING,
                              .actor = span_of_text("admin/head-office"),
                              .opening = {.lots = lots, .scores = scores}};
    struct opening_command *given = &command.opening;
    for (;;) {
        if (words_take(story, "points") && given->lot_count < STORY_LINES_MAX) {
            struct opening_item *lot = &lots[given->lot_count++];
            lot->points_or_score = words_number(story);
            item_dates(story, lot);
        } else if (words_take(story, "score") && given->score_count < STORY_LINES_MAX) {
            struct opening_item *score = &scores[given->score_count++];
            score->points_or_score = words_number(story);
            item_dates(story, score);
        } else if (words_take(story, "card")) {
            given->has_card = true;
            given->card_tier = span_of_text(words_next(story));
            item_dates(story, &given->card);
        } else {
            break;
        }
    }
    story_run(story, member, &command);
}

static void clock_to(struct story *story, bool behind)
{
    int64_t now_ms = words_instant(story);
    if ((now_ms < story->now_ms) != behind) {
        story_fail(story, behind ? "this clock is not behind" : "time does not run back");
    }
    story->now_ms = now_ms;
}

bool story_command(struct story *story, const char *verb)
{
    if (strcmp(verb, "at") == 0 ||
        (strcmp(verb, "TIME") == 0 && words_take(story, "passes") && words_take(story, "to"))) {
        clock_to(story, false);
    } else if (strcmp(verb, "behind") == 0 && words_take(story, "at")) {
        clock_to(story, true);
    } else if (strcmp(verb, "enrol") == 0) {
        enrol(story);
    } else if (strcmp(verb, "sale") == 0 ||
               (strcmp(verb, "offline") == 0 && words_take(story, "sale"))) {
        sale(story, false, false);
    } else if (strcmp(verb, "backfill") == 0) {
        sale(story, true, false);
    } else if (strcmp(verb, "quote") == 0) {
        sale(story, false, true);
    } else if (strcmp(verb, "opening") == 0) {
        opening(story);
    } else if (strcmp(verb, "job") == 0) {
        struct command command = {.kind = COMMAND_JOB};
        story_run(story, story_member(story), &command);
    } else if (strcmp(verb, "bound") == 0 || strcmp(verb, "lost") == 0) {
        story_bound(story, strcmp(verb, "lost") == 0);
    } else {
        return story_spending(story, verb) || story_contribution(story, verb) ||
               story_perk(story, verb) || story_act(story, verb);
    }
    return true;
}
