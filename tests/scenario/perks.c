// Lines of shops and partners: perks used, uses undone; and what is left of them.
#include <stdio.h>
#include <string.h>

#include "core/calendar.h"
#include "scenario/story.h"

enum { ACTOR_BYTES = 128 };

// "at health-centre": a desk of that partner; else a till.
static struct span who(struct story *story, struct span *ret_partner, char actor[ACTOR_BYTES])
{
    *ret_partner = (struct span){0};
    if (!words_take(story, "at")) {
        return span_of_text("pos/store-0007/till-02");
    }
    *ret_partner = span_of_text(words_next(story));
    int len = snprintf(actor, ACTOR_BYTES, "partner/%.*s/desk", (int)ret_partner->len,
                       (const char *)ret_partner->data);
    return span_of(actor, (size_t)len);
}

static void uses(struct story *story, struct member *member)
{
    char actor[ACTOR_BYTES];
    struct command command = {.kind = COMMAND_USE_PERK};
    struct use_perk_command *use = &command.use_perk;
    use->perk_id = span_of_text(words_next(story));
    command.actor = who(story, &use->partner, actor);
    use->unit = span_from(command.actor, use->partner.len > 0 ? sizeof "partner" : sizeof "pos");
    use->coded = words_take(story, "code");
    if (use->coded) {
        use->code[0] = (uint8_t)words_number(story);
        use->code_ends_ms = words_take(story, "until") ? words_instant(story) : INSTANT_NEVER;
    }
    story_run(story, member, &command);
}

static void undoes(struct story *story, struct member *member)
{
    enum { ARCHIVED_DAYS = 401 };
    char actor[ACTOR_BYTES];
    struct command command = {.kind = COMMAND_REVERSE_PERK};
    struct reverse_perk_command *reverse = &command.reverse_perk;
    member_request_id((uint64_t)words_number(story), reverse->original);
    command.actor = who(story, &reverse->partner, actor);
    reverse->original_created_ms =
        story->now_ms - (words_take(story, "archived") ? ARCHIVED_DAYS * DAY_MS : 0);
    story_run(story, member, &command);
}

bool story_perk(struct story *story, const char *verb)
{
    if (strcmp(verb, "uses") == 0) {
        uses(story, story_member(story));
    } else if (strcmp(verb, "undoes") == 0) {
        undoes(story, story_member(story));
    } else {
        return false;
    }
    return true;
}

static void claim_left(struct story *story, const struct perk_left *left)
{
    if (!left->limited) {
        same_text(story, "left", span_of_text("unlimited"), words_next(story));
        return;
    }
    same_number(story, "left", left->left, words_number(story));
    if (words_take(story, "of")) {
        same_number(story, "uses a period", left->count, words_number(story));
    }
    if (words_take(story, "from")) {
        same_instant(story, "beginning of the period", left->from_ms, words_instant(story));
    }
    if (words_take(story, "until")) {
        same_instant(story, "end of the period", left->until_ms, words_end(story));
    }
}

static void left(struct story *story, struct member *member)
{
    uint64_t unwritten;
    const char *wrong = member_look(member, story->now_ms, &unwritten);
    if (wrong != NULL) {
        story_fail(story, "%s: %s", member->id, wrong);
    }
    const struct program_version *version =
        program_set_at(&story->club.programs, member->account.now_ms);
    const char *id = words_next(story);
    const struct perk *perk = perk_find(version->program, span_of_text(id));
    struct perk_left left;
    if (perk == NULL) {
        story_fail(story, "the program has no perk %s", id);
    } else if (perk_left(&member->account, version, perk, &left)) {
        claim_left(story, &left);
    } else {
        same_text(story, "left", span_of_text("nothing"), words_next(story));
    }
    member_look_end(member);
}

static void undone(struct story *story)
{
    static const char *const NAMES[] = {[REVERSE_REVERSED] = "REVERSED",
                                        [REVERSE_PREVIOUSLY_REVERSED] = "PREVIOUSLY_REVERSED",
                                        [REVERSE_ORIGINAL_NOT_FOUND] = "ORIGINAL_NOT_FOUND"};
    const struct record *record = &story->last.record;
    if (record->type != RECORD_PERK_REVERSED) {
        story_fail(story, "the last command undid no use of a perk");
    }
    same_text(story, "the result", span_of_text(NAMES[record->perk_reversed.result]),
              words_next(story));
}

bool story_perk_claim(struct story *story, const char *verb)
{
    if (strcmp(verb, "left") == 0) {
        left(story, story_member(story));
    } else if (strcmp(verb, "undone") == 0) {
        undone(story);
    } else {
        return false;
    }
    return true;
}
