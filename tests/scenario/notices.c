// What a member was told: that points will expire, that the card will end.
#include <string.h>

#include "core/ledger.h"
#include "scenario/story.h"

struct last_notice {
    bool found;
    int64_t at_ms;
    struct record_noticed last; // of those in the log
};

static enum status note(void *context, uint64_t seq, const struct record *record)
{
    struct last_notice *told = context;
    (void)seq;
    if (record->type == RECORD_NOTICED) {
        *told =
            (struct last_notice){.found = true, .at_ms = record->at_ms, .last = record->noticed};
    }
    return STATUS_OK;
}

// NAME nothing | NAME (POINTS | card) until END at INSTANT, of the last notice in the log
static void noticed(struct story *story)
{
    struct member *member = story_member(story);
    struct last_notice told = {0};
    if (ledger_walk(buffer_span(&member->log), &member->fold_arena, note, &told) != STATUS_OK) {
        story_fail(story, "the log cannot be walked");
    }
    bool nothing = words_take(story, "nothing");
    if (nothing != !told.found) {
        story_fail(story, told.found ? "a notice was given" : "no notice was given");
    }
    if (nothing) {
        return;
    }
    bool card = words_take(story, "card");
    if (card != (told.last.kind == NOTICE_CARD_ENDING)) {
        story_fail(story, "the last notice was of %s", card ? "points" : "the card");
    }
    if (!card) {
        same_number(story, "points told", told.last.points, words_number(story));
    }
    if (!words_take(story, "until")) {
        story_fail(story, "a notice is said as: noticed anna 300 until 2026-04-01 at 2026-03-02");
    }
    same_instant(story, "the end told", told.last.due_ms, words_instant(story));
    if (words_take(story, "at")) {
        same_instant(story, "the notice", told.at_ms, words_instant(story));
    }
}

bool story_notice_claim(struct story *story, const char *verb)
{
    if (strcmp(verb, "noticed") != 0) {
        return false;
    }
    noticed(story);
    return true;
}
