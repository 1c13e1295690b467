// The archive in memory: what compactions of a partition's logs have cut off and nobody has dropped
// yet, numbered behind what was dropped.
#include <string.h>

#include "base/check.h"
#include "store/bounds.h"
#include "store/memory_world.h"

static struct buffer copy_of(struct span bytes)
{
    struct buffer copy;
    buffer_init(&copy, 0);
    CHECK(buffer_append(&copy, bytes) == STATUS_OK);
    return copy;
}

static void archived_fini(struct memory_archived *archived)
{
    buffer_fini(&archived->id);
    buffer_fini(&archived->prefix);
}

void memory_archive_push(struct memory_partition *partition, struct span id, struct span prefix)
{
    CHECK(vec_reserve_one(&partition->archive, UINT32_MAX) == STATUS_OK);
    partition->archive.items[partition->archive.count++] =
        (struct memory_archived){.id = copy_of(id), .prefix = copy_of(prefix)};
}

uint64_t memory_archive_last(const struct memory_partition *partition)
{
    return partition->dropped + partition->archive.count;
}

void memory_archive_pop(struct memory_partition *partition, uint64_t last)
{
    while (memory_archive_last(partition) > last) {
        if (partition->archive.count > 0) {
            archived_fini(&partition->archive.items[--partition->archive.count]);
        } else {
            partition->dropped--; // it was dropped meanwhile
        }
    }
}

// --- reading ---

static void take_piece(const struct memory_partition *partition, uint64_t number, uint64_t offset,
                       size_t room, struct memory_pieces *out)
{
    const struct memory_archived *archived =
        &partition->archive.items[number - partition->dropped - 1];
    struct span prefix = buffer_span(&archived->prefix);
    struct span bytes = span_from(prefix, (size_t)offset);
    bytes.len = bytes.len < room ? bytes.len : room;
    CHECK(vec_reserve_one(&out->pieces, UINT32_MAX) == STATUS_OK);
    out->pieces.items[out->pieces.count++] = (struct store_archive_piece){
        .number = number,
        .account_id = buffer_span(&archived->id),
        .total_bytes = prefix.len,
        .offset = offset,
        .bytes = bytes,
    };
}

static void take_pieces(const struct memory_partition *partition,
                        const struct store_archive_place *place, struct memory_pieces *out)
{
    uint64_t wanted = place->number == 0 ? out->bounds.first : place->number;
    uint64_t number = wanted > out->bounds.first ? wanted : out->bounds.first;
    size_t room = store_archive_room(place->bytes_max);
    for (; number <= out->bounds.last && room > 0 && out->pieces.count < STORE_ARCHIVE_PIECES_MAX;
         number++) {
        uint64_t offset = number == wanted ? place->offset : 0;
        if (offset < partition->archive.items[number - partition->dropped - 1].prefix.len) {
            take_piece(partition, number, offset, room, out);
            room -= out->pieces.items[out->pieces.count - 1].bytes.len;
        }
    }
    if (out->pieces.count > 0) {
        out->waiting = out->bounds.last - out->pieces.items[out->pieces.count - 1].number;
    }
}

void memory_world_read_archive(const struct memory_world *world,
                               const struct store_archive_place *place,
                               struct memory_pieces *ret_pieces)
{
    const struct memory_partition *partition = &world->partitions[place->partition];
    memset(ret_pieces, 0, sizeof(*ret_pieces));
    ret_pieces->result = partition->created ? STORE_OK : STORE_FAILED;
    ret_pieces->bounds = (struct store_event_bounds){.first = partition->dropped + 1,
                                                     .last = memory_archive_last(partition)};
    take_pieces(partition, place, ret_pieces);
}

// --- dropping ---

struct store_reply memory_world_drop_archived(struct memory_world *world, uint32_t partition,
                                              uint64_t through)
{
    struct memory_partition *archive = &world->partitions[partition];
    uint64_t last = memory_archive_last(archive) < through ? memory_archive_last(archive) : through;
    uint32_t gone = last > archive->dropped ? (uint32_t)(last - archive->dropped) : 0;
    for (uint32_t i = 0; i < gone; i++) {
        archived_fini(&archive->archive.items[i]);
    }
    if (gone > 0) {
        archive->archive.count -= gone;
        memmove(archive->archive.items, archive->archive.items + gone,
                archive->archive.count * sizeof(archive->archive.items[0]));
        archive->dropped += gone;
    }
    return (struct store_reply){.result = STORE_OK, .dropped = gone};
}

void memory_archive_fini(struct memory_partition *partition)
{
    for (uint32_t i = 0; i < partition->archive.count; i++) {
        archived_fini(&partition->archive.items[i]);
    }
    vec_fini(&partition->archive);
}
