// What a reversal in the log of a merged member means for the member it was merged into.
#include "core/record.h"

// Behind the points that paid what was forgiven, and without those of lots that have ended.
static enum status give_back(const struct record *record, struct arena *arena,
                             struct carried *carried)
{
    const struct record_reversed *reversed = &record->reversed;
    carried->lots = arena_alloc_array(arena, reversed->lot_count, sizeof *carried->lots);
    if (carried->lots == NULL) {
        return STATUS_NO_MEMORY;
    }
    int64_t paying = reversed->forgiven;
    for (size_t i = 0; i < reversed->lot_count; i++) {
        struct lot_move move = reversed->lots[i];
        int64_t paid = paying < move.points ? paying : move.points;
        paying -= paid;
        move.points -= paid;
        if (move.points > 0 && move.ends_ms > record->at_ms) {
            carried->lots[carried->lot_count++] = move;
        }
    }
    return STATUS_OK;
}

enum status record_passed_on(const struct record *record, struct arena *arena,
                             struct carried *ret_carried)
{
    const struct record_reversed *reversed = &record->reversed;
    const struct reversed_sale *sale = &reversed->sale;
    *ret_carried = (struct carried){.card_until_ms = record->at_ms};
    if (reversed->method != RECORD_AWARDED) {
        return give_back(record, arena, ret_carried);
    }
    ret_carried->deficit = sale->deficit;
    if (sale->score == 0) {
        return STATUS_OK;
    }
    ret_carried->scores = arena_alloc(arena, sizeof *ret_carried->scores);
    if (ret_carried->scores == NULL) {
        return STATUS_NO_MEMORY;
    }
    ret_carried->scores[0] = (struct carried_score){
        .from_ms = record->at_ms, .until_ms = sale->score_until_ms, .score = -sale->score};
    ret_carried->score_count = 1;
    return STATUS_OK;
}
