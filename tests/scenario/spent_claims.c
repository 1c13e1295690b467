// Claims about what the last command spent, held, freed or took back.
#include <string.h>

#include "scenario/story.h"

// What a redemption, a reservation or a capture took; NULL when the last command was none.
static const struct record_redeemed *last_taken(const struct story *story)
{
    const struct record *record = &story->last.record;
    switch (record->type) {
    case RECORD_REDEEMED:
        return &record->redeemed;
    case RECORD_HELD:
        return &record->held.taken;
    case RECORD_CAPTURED:
        return &record->captured.taken;
    default:
        return NULL;
    }
}

// takes [worth 5.00] LOTS
static void takes(struct story *story)
{
    const struct record_redeemed *taken = last_taken(story);
    if (taken == NULL) {
        story_fail(story, "the last command spent nothing");
    }
    if (words_take(story, "worth")) {
        same_number(story, "the value", taken->value_minor, words_money(story));
    }
    same_moves(story, "lots taken", taken->lots, taken->lot_count);
}

// holds until INSTANT
static void holds(struct story *story)
{
    if (story->last.record.type != RECORD_HELD || !words_take(story, "until")) {
        story_fail(story, "what was reserved is said to be held: holds until INSTANT");
    }
    same_instant(story, "the lapse", story->last.record.held.lapses_ms, words_end(story));
}

// freed POINTS [expired POINTS]
static void freed(struct story *story)
{
    const struct record *record = &story->last.record;
    if (record->type != RECORD_CAPTURED && record->type != RECORD_RELEASED) {
        story_fail(story, "the last command freed nothing");
    }
    const struct points_freed *freed =
        record->type == RECORD_CAPTURED ? &record->captured.freed : &record->released.freed;
    same_number(story, "points freed", lot_moves_points(freed->lots, freed->lot_count),
                words_number(story));
    if (words_take(story, "expired")) {
        same_number(story, "freed points that have ended",
                    lot_moves_ended(freed->lots, freed->lot_count, record->at_ms),
                    words_number(story));
    }
}

static const char *result_name(const struct record *record)
{
    static const char *const NAMES[] = {"?",
                                        "REVERSED",
                                        "FURTHER_ACTIVITY",
                                        "PREVIOUSLY_REVERSED",
                                        "ORIGINAL_NOT_FOUND",
                                        "NOTHING_TO_REVERSE"};
    bool buried = record->type == RECORD_TOMBSTONE;
    return NAMES[buried ? REVERSE_ORIGINAL_NOT_FOUND : record->reversed.result];
}

// Points that a reversed award took from its own lot, or from others.
static int64_t from_lots(const struct record_reversed *reversed, bool own)
{
    int64_t points = 0;
    for (size_t i = 0; i < reversed->lot_count; i++) {
        const struct lot_move *move = &reversed->lots[i];
        points += (move->ends_ms == reversed->sale.lot_ends_ms) == own ? move->points : 0;
    }
    return points;
}

// Takes a figure of the reversal and what it should be.
static bool reversed_figure(struct story *story, const struct record_reversed *reversed)
{
    const struct reversed_sale *sale = &reversed->sale;
    const struct {
        const char *name;
        int64_t value;
        bool money;
    } FIGURES[] = {
        {"points", reversed->points, false},    {"score", sale->score, false},
        {"amount", sale->amount_minor, true},   {"paid", sale->refund_points_minor, true},
        {"pending", sale->pending, false},      {"lot", from_lots(reversed, true), false},
        {"expired", reversed->expired, false},  {"others", from_lots(reversed, false), false},
        {"deficit", sale->deficit, false},      {"forgiven", reversed->forgiven, false},
        {"worth", reversed->value_minor, true},
    };
    for (size_t i = 0; i < sizeof FIGURES / sizeof FIGURES[0]; i++) {
        if (words_take(story, FIGURES[i].name)) {
            int64_t claimed = FIGURES[i].money ? words_money(story) : words_number(story);
            same_number(story, FIGURES[i].name, FIGURES[i].value, claimed);
            return true;
        }
    }
    return false;
}

// reversed RESULT [points P] [score S] ...
static void reversed(struct story *story)
{
    static const struct record_reversed nothing;
    const struct record *record = &story->last.record;
    if (record->type != RECORD_REVERSED && record->type != RECORD_TOMBSTONE) {
        story_fail(story, "the last command reversed nothing");
    }
    same_text(story, "the result", span_of_text(result_name(record)), words_next(story));
    while (words_left(story)) {
        if (!reversed_figure(story,
                             record->type == RECORD_REVERSED ? &record->reversed : &nothing)) {
            story_fail(story, "what is %s?", words_next(story));
        }
    }
}

// gives back LOTS
static void gives_back(struct story *story)
{
    const struct record *record = &story->last.record;
    if (record->type != RECORD_REVERSED || record->reversed.method == RECORD_AWARDED) {
        story_fail(story, "the last command gave nothing back");
    }
    same_moves(story, "lots given back to", record->reversed.lots, record->reversed.lot_count);
}

bool story_spent_claim(struct story *story, const char *verb)
{
    if (strcmp(verb, "takes") == 0) {
        takes(story);
    } else if (strcmp(verb, "holds") == 0) {
        holds(story);
    } else if (strcmp(verb, "freed") == 0) {
        freed(story);
    } else if (strcmp(verb, "reversed") == 0) {
        reversed(story);
    } else if (strcmp(verb, "gives") == 0 && words_take(story, "back")) {
        gives_back(story);
    } else {
        return false;
    }
    return true;
}
