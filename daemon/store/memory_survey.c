// What stands in a partition, counted anew at each look: a world in memory is small.
#include "store/memory_world.h"

static struct store_survey survey_of(const struct memory_partition *partition)
{
    struct store_survey survey = {
        .first_due_ms = INSTANT_NEVER,
        .events = partition->events.count,
        .last_event = partition->trimmed + partition->events.count,
        .waiting = partition->archive.count,
    };
    for (uint32_t i = 0; i < partition->due.count; i++) {
        int64_t due_ms = partition->due.items[i].entry->due_ms;
        survey.due += due_ms != INSTANT_NEVER ? 1 : 0;
        survey.first_due_ms = due_ms < survey.first_due_ms ? due_ms : survey.first_due_ms;
    }
    for (uint32_t i = 0; i < partition->archive.count; i++) {
        survey.waiting_bytes += partition->archive.items[i].prefix.len;
    }
    return survey;
}

bool memory_world_survey(const struct memory_world *world, uint32_t from, uint32_t count,
                         struct store_survey *ret_partitions)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!world->partitions[from + i].created) {
            return false;
        }
        ret_partitions[i] = survey_of(&world->partitions[from + i]);
    }
    return true;
}
