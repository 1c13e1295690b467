// Questions asked of a record by itself.
#include "core/record.h"

#include <string.h>

// Moves of a record that is not judged yet may say anything: the sum stops at the top.
static int64_t sum_up_to(const struct lot_move *moves, size_t count, int64_t ends_ms_max)
{
    int64_t points = 0;
    for (size_t i = 0; i < count; i++) {
        if (moves[i].ends_ms > ends_ms_max) {
            continue;
        }
        if (moves[i].points > INT64_MAX - points) {
            return INT64_MAX;
        }
        points += moves[i].points;
    }
    return points;
}

int64_t lot_moves_points(const struct lot_move *moves, size_t count)
{
    return sum_up_to(moves, count, INSTANT_NEVER);
}

int64_t lot_moves_ended(const struct lot_move *moves, size_t count, int64_t at_ms)
{
    return sum_up_to(moves, count, at_ms);
}

bool record_answers(const struct record *record, const struct mark *mark)
{
    return record->mark.present && mark->present && record->mark.system == mark->system &&
           memcmp(record->mark.id, mark->id, sizeof mark->id) == 0;
}

const uint8_t *record_buried(const struct record *record)
{
    switch (record->type) {
    case RECORD_TOMBSTONE:
        return record->tombstone.advice.original;
    case RECORD_PERK_REVERSED:
        return record->perk_reversed.result == REVERSE_ORIGINAL_NOT_FOUND
                   ? record->perk_reversed.original
                   : NULL;
    default:
        return NULL;
    }
}

bool record_buries(const struct record *record, const struct mark *mark)
{
    const uint8_t *original = record_buried(record);
    return original != NULL && mark->present && !mark->system && !record_answers(record, mark) &&
           memcmp(original, mark->id, sizeof mark->id) == 0;
}
