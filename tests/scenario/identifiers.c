// Lines about a member's identifiers: those an enrolment promises to claim, and how each claim
// ended. Their keys are made up from their numbers.
#include <string.h>

#include "base/check.h"
#include "scenario/story.h"

static struct identifier identifier_of(int64_t number)
{
    struct identifier identifier = {.kind = 1};
    memset(identifier.key, (int)number, sizeof identifier.key);
    return identifier;
}

void story_identifiers(struct story *story, struct enrol_command *enrol)
{
    if (!words_take(story, "with")) {
        return;
    }
    int64_t count = words_number(story);
    if (count < 0 || count > STORY_IDENTIFIERS_MAX || !words_take(story, "identifiers")) {
        story_fail(story, "an enrolment has at most %d identifiers", STORY_IDENTIFIERS_MAX);
    }
    for (int64_t i = 0; i < count; i++) {
        story->identifiers[i] = identifier_of(i + 1);
    }
    enrol->identifiers = story->identifiers;
    enrol->identifier_count = (size_t)count;
}

// Decides as the service does; gives what invariant broke, or NULL.
static const char *decide_claim(struct story *story, struct member *member,
                                const struct record_bound *bound)
{
    struct ledger_writer writer = {
        .out = &member->out, .hash = club_chain_hash, .programs = &story->club.programs};
    struct decide decide = {.account = &member->account,
                            .writer = &writer,
                            .arena = &member->arena,
                            .now_ms = story->now_ms};
    arena_reset(&member->arena);
    buffer_clear(&member->out);
    struct decision decision = {0};
    enum status status = decide_bound(&decide, bound, &decision);
    if (status != STATUS_OK) {
        return status_name(status);
    }
    story->last = (struct member_answer){.outcome = decision.outcome, .record = decision.record};
    if (member_fold(member, buffer_span(&member->out), &member->folded) != STATUS_OK ||
        buffer_append(&member->log, buffer_span(&member->out)) != STATUS_OK) {
        return "what was written does not fold";
    }
    return member_difference(&member->account, &member->folded);
}

void story_bound(struct story *story, bool lost)
{
    struct member *member = story_member(story);
    struct record_bound bound = {.identifier = identifier_of(words_number(story)), .lost = lost};
    const char *wrong = decide_claim(story, member, &bound);
    if (wrong != NULL) {
        story_fail(story, "%s: %s", member->id, wrong);
    }
    story->last_member = member;
}
