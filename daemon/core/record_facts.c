// Questions asked of a record by itself.
#include "core/record.h"

#include <string.h>

int64_t lot_moves_points(const struct lot_move *moves, size_t count)
{
    int64_t points = 0;
    for (size_t i = 0; i < count; i++) {
        points += moves[i].points;
    }
    return points;
}

int64_t lot_moves_ended(const struct lot_move *moves, size_t count, int64_t at_ms)
{
    int64_t points = 0;
    for (size_t i = 0; i < count; i++) {
        points += moves[i].ends_ms <= at_ms ? moves[i].points : 0;
    }
    return points;
}

bool record_answers(const struct record *record, const struct mark *mark)
{
    return record->mark.present && mark->present && record->mark.system == mark->system &&
           memcmp(record->mark.id, mark->id, sizeof mark->id) == 0;
}

bool record_buries(const struct record *record, const struct mark *mark)
{
    return record->type == RECORD_TOMBSTONE && mark->present && !mark->system &&
           !record_answers(record, mark) &&
           memcmp(record->tombstone.advice.original, mark->id, sizeof mark->id) == 0;
}
