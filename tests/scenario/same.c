// Comparisons of what is with what a line claims.
#include <inttypes.h>

#include "base/check.h"
#include "scenario/story.h"

void same_number(struct story *story, const char *what, int64_t is, int64_t claimed)
{
    if (is != claimed) {
        story_fail(story, "%s is %" PRId64 ", not %" PRId64, what, is, claimed);
    }
}

void same_text(struct story *story, const char *what, struct span is, const char *claimed)
{
    if (!span_is_text(is, claimed)) {
        story_fail(story, "%s is %.*s, not %s", what, (int)is.len, (const char *)is.data, claimed);
    }
}

void same_instant(struct story *story, const char *what, int64_t is, int64_t claimed)
{
    if (is != claimed) {
        story_fail(story, "%s is %s, not %s", what, story_instant(story, is),
                   story_instant(story, claimed));
    }
}

void same_lots(struct story *story, const char *what, const struct lot *lots, size_t count)
{
    size_t claimed = 0;
    if (!words_take(story, "none")) {
        do {
            int64_t points = words_number(story);
            if (!words_take(story, "until")) {
                story_fail(story, "lots are said as POINTS until END");
            }
            int64_t ends_ms = words_end(story);
            if (claimed == count) {
                story_fail(story, "%s are %zu, not more", what, count);
            }
            same_number(story, what, lots[claimed].points, points);
            same_instant(story, what, lots[claimed].ends_ms, ends_ms);
            claimed++;
        } while (words_take(story, "and"));
    }
    same_number(story, what, (int64_t)count, (int64_t)claimed);
}

void same_moves(struct story *story, const char *what, const struct lot_move *moves, size_t count)
{
    struct lot lots[STORY_LOTS_MAX];
    CHECK(count <= STORY_LOTS_MAX);
    for (size_t i = 0; i < count; i++) {
        lots[i] = (struct lot){.ends_ms = moves[i].ends_ms, .points = moves[i].points};
    }
    same_lots(story, what, lots, count);
}
