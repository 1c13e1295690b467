// Events in memory: the stream of a partition is what it has kept, numbered behind what was
// trimmed.
#include <string.h>

#include "base/check.h"
#include "store/bounds.h"
#include "store/memory_world.h"

static void take_share(const struct memory_partition *stream, const struct store_event_place *place,
                       uint32_t share, uint32_t room, struct memory_events *out)
{
    uint64_t after = place->after > stream->trimmed ? place->after - stream->trimmed : 0;
    size_t bytes = 0;
    for (uint64_t i = after; i < stream->events.count && i - after < share && bytes < room; i++) {
        CHECK(vec_reserve_one(&out->events, UINT32_MAX) == STATUS_OK);
        struct store_event *event = &out->events.items[out->events.count++];
        *event = (struct store_event){.partition = place->partition,
                                      .number = stream->trimmed + i + 1,
                                      .bytes = buffer_span(&stream->events.items[i])};
        bytes += event->bytes.len;
    }
}

bool memory_world_read_events(const struct memory_world *world,
                              const struct store_event_place *places, size_t count,
                              uint32_t events_max, struct memory_events *ret_events)
{
    for (size_t i = 0; i < count; i++) {
        if (!world->partitions[places[i].partition].created) {
            return false;
        }
    }
    memset(ret_events, 0, sizeof(*ret_events));
    for (size_t i = 0; i < count; i++) {
        const struct memory_partition *stream = &world->partitions[places[i].partition];
        ret_events->bounds[i] = (struct store_event_bounds){
            .first = stream->trimmed + 1, .last = stream->trimmed + stream->events.count};
        take_share(stream, &places[i], store_events_share(count, events_max),
                   store_events_room(count), ret_events);
    }
    return true;
}

struct store_reply memory_world_trim(struct memory_world *world, uint32_t partition, uint64_t keep)
{
    struct memory_partition *stream = &world->partitions[partition];
    uint32_t gone = keep < stream->events.count ? stream->events.count - (uint32_t)keep : 0;
    for (uint32_t i = 0; i < gone; i++) {
        buffer_fini(&stream->events.items[i]);
    }
    if (gone > 0) {
        stream->events.count -= gone;
        memmove(stream->events.items, stream->events.items + gone,
                stream->events.count * sizeof(stream->events.items[0]));
        stream->trimmed += gone;
    }
    return (struct store_reply){.result = STORE_OK};
}
