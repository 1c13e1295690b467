// A partition is read from its oldest entry on. An entry may come in pieces; what is behind the
// last whole one is asked for with the next answer.
#include "ctl/archive_drain.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/arena.h"
#include "loyalty/v1/archive.pb-c.h"

// The session's memory is that of one step.
static int call(struct archive_drain *drain, const char *method, const ProtobufCMessage *request,
                const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret_answer)
{
    arena_reset(&drain->session->arena);
    return session_call(drain->session, method, request, NULL, type, ret_answer);
}

int archive_drain_open(struct archive_drain *drain, bool take_over)
{
    Loyalty__V1__OpenArchiveRequest request = LOYALTY__V1__OPEN_ARCHIVE_REQUEST__INIT;
    request.archive_id = drain->archive->id_text;
    request.take_over = take_over;
    ProtobufCMessage *answer = NULL;
    int code = call(drain, "/loyalty.v1.ArchiveService/OpenArchive", &request.base,
                    &loyalty__v1__open_archive_response__descriptor, &answer);
    if (code == CTL_OK) {
        const Loyalty__V1__OpenArchiveResponse *response =
            (const Loyalty__V1__OpenArchiveResponse *)answer;
        drain->partitions = response->partitions;
        drain->epoch = response->epoch;
        buffer_init(&drain->whole, LIMIT_LOG_BYTES);
    }
    return code;
}

void archive_drain_end(struct archive_drain *drain)
{
    buffer_fini(&drain->whole);
}

static int complain(const struct archive_drain *drain, uint32_t partition, const char *what)
{
    (void)fprintf(stderr, "loyaltyctl: partition %" PRIu32 ", entry %" PRIu64 ": %s\n", partition,
                  drain->number, what);
    return CTL_REFUSED;
}

static int keep_whole(struct archive_drain *drain, uint32_t partition, const char *member_id)
{
    bool known = false;
    enum status status =
        archive_folder_put(drain->archive, partition, drain->epoch, drain->number,
                           span_of_text(member_id), buffer_span(&drain->whole), &known);
    if (status != STATUS_OK) {
        (void)complain(drain, partition, drain->archive->error);
        return status == STATUS_CORRUPT ? CTL_REFUSED : CTL_RETRY_LATER;
    }
    drain->known += known ? 1 : 0;
    drain->entries += known ? 0 : 1;
    drain->log_bytes += known ? 0 : drain->whole.len;
    return CTL_OK;
}

// One piece more; `ret_through` moves when an entry is whole with it.
static int take_piece(struct archive_drain *drain, uint32_t partition,
                      const Loyalty__V1__ArchivePiece *piece, uint64_t *ret_through)
{
    if (piece->number != drain->number) {
        buffer_clear(&drain->whole);
        drain->number = piece->number;
    }
    if (piece->offset != drain->whole.len ||
        buffer_append(&drain->whole, span_of(piece->bytes.data, piece->bytes.len)) != STATUS_OK ||
        drain->whole.len > piece->total_bytes) {
        return complain(drain, partition, "the pieces do not fit together");
    }
    if (drain->whole.len < piece->total_bytes) {
        return CTL_OK;
    }
    int code = keep_whole(drain, partition, piece->member_id);
    if (code == CTL_OK) {
        *ret_through = piece->number;
        buffer_clear(&drain->whole);
        drain->number = 0;
    }
    return code;
}

static int drop(struct archive_drain *drain, uint32_t partition, uint64_t through)
{
    Loyalty__V1__DropArchivedRequest request = LOYALTY__V1__DROP_ARCHIVED_REQUEST__INIT;
    request.archive_id = drain->archive->id_text;
    request.partition = partition;
    request.epoch = drain->epoch;
    request.through = through;
    ProtobufCMessage *answer = NULL;
    int code = call(drain, "/loyalty.v1.ArchiveService/DropArchived", &request.base,
                    &loyalty__v1__drop_archived_response__descriptor, &answer);
    if (code == CTL_OK) {
        drain->dropped += ((const Loyalty__V1__DropArchivedResponse *)answer)->dropped;
    }
    return code;
}

// The pieces of an answer, kept; `ret_through` is the last entry that is.
static int keep_pieces(struct archive_drain *drain, uint32_t partition,
                       const Loyalty__V1__ReadArchiveResponse *response, uint64_t *ret_through)
{
    if (response->epoch != drain->epoch) {
        return complain(drain, partition, "the store is another one than before");
    }
    int code = CTL_OK;
    for (size_t i = 0; code == CTL_OK && i < response->n_pieces; i++) {
        code = take_piece(drain, partition, response->pieces[i], ret_through);
    }
    if (archive_folder_flush(drain->archive) != STATUS_OK) {
        (void)fprintf(stderr, "loyaltyctl: %s. Nothing of it was dropped from the store.\n",
                      drain->archive->error);
        *ret_through = 0;
        return CTL_RETRY_LATER;
    }
    return code;
}

static int drain_partition(struct archive_drain *drain, uint32_t partition)
{
    bool more = true;
    buffer_clear(&drain->whole);
    drain->number = 0;
    while (more && !*drain->stop) {
        Loyalty__V1__ReadArchiveRequest request = LOYALTY__V1__READ_ARCHIVE_REQUEST__INIT;
        request.archive_id = drain->archive->id_text;
        request.partition = partition;
        request.number = drain->number;
        request.offset = drain->whole.len;
        ProtobufCMessage *answer = NULL;
        int code = call(drain, "/loyalty.v1.ArchiveService/ReadArchive", &request.base,
                        &loyalty__v1__read_archive_response__descriptor, &answer);
        if (code != CTL_OK) {
            return code;
        }
        const Loyalty__V1__ReadArchiveResponse *response =
            (const Loyalty__V1__ReadArchiveResponse *)answer;
        uint64_t through = 0;
        more = response->n_pieces > 0;
        code = keep_pieces(drain, partition, response, &through);
        if (through > 0) {
            int dropped = drop(drain, partition, through);
            code = dropped == CTL_OK ? code : dropped;
        }
        if (code != CTL_OK) {
            return code;
        }
    }
    return CTL_OK;
}

int archive_drain_all(struct archive_drain *drain)
{
    int worst = CTL_OK;
    for (uint32_t partition = 0; partition < drain->partitions && !*drain->stop; partition++) {
        int code = drain_partition(drain, partition);
        if (code != CTL_OK && code != CTL_REFUSED) {
            return code;
        }
        worst = code == CTL_OK ? worst : code;
    }
    return worst;
}
