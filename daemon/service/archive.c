// ArchiveService: what compaction cuts off, handed to the one archive that is open. Which that is
// stands in the value ly:{meta}:c:archive, changed by compare-and-set and read anew by each
// request; so an archive whose place was taken hears of it with its next request. What it drops it
// has on disk, whoever's turn it is.
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "loyalty/v1/archive.pb-c.h"
#include "loyaltyd/archive.pb-c.h"
#include "service/bounds.h"
#include "service/handlers.h"
#include "service/request.h"
#include "wire/message.h"
#include "wire/replies.h"
#include "wire/uuid.h"

enum {
    ATTEMPTS_MAX = 8,       // to be the one that opens
    READ_BYTES = 48 * 1024, // of pieces in an answer
    NAMED_BYTES = 64,       // a piece besides its id and its bytes
    TEXT_BYTES = 64,
};

static_assert((int)READ_BYTES + (int)NAMED_BYTES + (int)LIMIT_MEMBER_ID_BYTES <
                  (int)LIMIT_REPLY_BYTES,
              "a piece fits an answer");

struct archiving {
    struct request *request;
    uint8_t archive_id[UUID_BYTES];
    method_fn *go_on; // when it is the one that is open
    int attempts;
};

static const struct store_value place = {.meta = true, .name = {(const uint8_t *)"archive", 7}};

// Whether the store gave what was hoped for; false: the request has ended.
static bool goes_on(struct request *request, bool good)
{
    if (!good || request->service->stopping) {
        request_trouble(request, TROUBLE_STORE_UNAVAILABLE);
    }
    if (request->answered) {
        request_end(request);
        return false;
    }
    return true;
}

static void end_badly(struct request *request, enum status status)
{
    request_internal(request, status);
    request_end(request);
}

static void fail(struct request *request, Loyalty__V1__Code code, const char *reason,
                 const char *field, const char *message)
{
    request_fail(request, code, reason, field, message);
    request_end(request);
}

// Method state with the archive's id; NULL: the request has ended.
static struct archiving *begin(struct request *request, const char *archive_id, method_fn *go_on)
{
    uint8_t id[UUID_BYTES];
    enum trouble trouble = lease_check(request->service->lease, false);
    if (trouble != TROUBLE_NONE) {
        request_trouble(request, trouble);
        request_end(request);
        return NULL;
    }
    if (uuid_parse(span_of_text(archive_id), id) != STATUS_OK) {
        fail(request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "BAD_ARCHIVE_ID", "archive_id",
             "An archive's id is a UUID.");
        return NULL;
    }
    struct archiving *archiving = request_state(request, sizeof(*archiving));
    if (archiving != NULL) {
        archiving->request = request;
        archiving->go_on = go_on;
        memcpy(archiving->archive_id, id, sizeof(id));
    }
    return archiving;
}

static enum status decode(struct request *request, struct span bytes,
                          const Loyaltyd__Archive **ret_archive)
{
    struct message_fault fault;
    ProtobufCMessage *decoded = NULL;
    enum status status =
        message_decode(&loyaltyd__archive__descriptor, bytes, &request->arena, &decoded, &fault);
    if (status != STATUS_OK) {
        return status == STATUS_NO_MEMORY ? status : STATUS_CORRUPT;
    }
    *ret_archive = (const Loyaltyd__Archive *)decoded;
    return STATUS_OK;
}

static bool is_this(const struct archiving *archiving, const Loyaltyd__Archive *archive)
{
    return span_equal(span_of(archive->archive_id.data, archive->archive_id.len),
                      span_of(archiving->archive_id, sizeof(archiving->archive_id)));
}

static void refuse_taken(struct request *request, const Loyaltyd__Archive *archive)
{
    char at[TEXT_BYTES] = "";
    char id[UUID_TEXT_BYTES + 1] = "?";
    time_t seconds = (time_t)(archive->opened_ms / 1000);
    struct tm calendar;
    if (gmtime_r(&seconds, &calendar) != NULL) {
        (void)strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", &calendar);
    }
    if (archive->archive_id.len == UUID_BYTES) {
        uuid_format(archive->archive_id.data, id);
    }
    const char *text = arena_printf(&request->arena,
                                    "The store is drained into archive %s, opened %s by %s; "
                                    "another has to take over.",
                                    id, at, archive->opened_by);
    if (text == NULL) {
        end_badly(request, STATUS_NO_MEMORY);
        return;
    }
    fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "ARCHIVE_TAKEN", "archive_id", text);
}

// --- OpenArchive ---

static void open_look(struct archiving *archiving);

static void open_reply(struct request *request)
{
    Loyalty__V1__OpenArchiveResponse response = LOYALTY__V1__OPEN_ARCHIVE_RESPONSE__INIT;
    response.partitions = lease_partitions(request->service->lease);
    response.epoch = lease_epoch(request->service->lease);
    request_reply(request, &response.base, false);
    request_end(request);
}

static void on_opened(void *context, const struct store_value_reply *reply)
{
    struct archiving *archiving = context;
    struct request *request = archiving->request;
    if (reply->result == STORE_BEHIND && archiving->attempts < ATTEMPTS_MAX) {
        open_look(archiving);
        return;
    }
    // One whose outcome is open is looked at by the next.
    if (goes_on(request, reply->result == STORE_OK)) {
        open_reply(request);
    }
}

static void open_put(struct archiving *archiving, uint64_t revision)
{
    struct request *request = archiving->request;
    Loyaltyd__Archive archive = LOYALTYD__ARCHIVE__INIT;
    archive.archive_id = (ProtobufCBinaryData){.len = UUID_BYTES, .data = archiving->archive_id};
    archive.opened_ms = lease_now_ms(request->service->lease);
    struct store_put put = {.value = place, .expected_revision = revision};
    enum status status = replies_text(&request->arena, request_actor(request), &archive.opened_by);
    if (status == STATUS_OK) {
        status = message_encode(&archive.base, &request->arena, &put.bytes);
    }
    if (status != STATUS_OK) {
        end_badly(request, status);
        return;
    }
    store_put(request->service->options.store, &put, on_opened, archiving);
}

static void on_open_look(void *context, const struct store_value_reply *reply)
{
    struct archiving *archiving = context;
    struct request *request = archiving->request;
    const Loyalty__V1__OpenArchiveRequest *message =
        (const Loyalty__V1__OpenArchiveRequest *)request->message;
    if (!goes_on(request, reply->result == STORE_OK)) {
        return;
    }
    const Loyaltyd__Archive *archive = NULL;
    enum status status = reply->revision == 0 ? STATUS_OK : decode(request, reply->bytes, &archive);
    if (status != STATUS_OK) {
        end_badly(request, status);
    } else if (archive != NULL && is_this(archiving, archive)) {
        open_reply(request);
    } else if (archive != NULL && !message->take_over) {
        refuse_taken(request, archive);
    } else {
        open_put(archiving, reply->revision);
    }
}

static void open_look(struct archiving *archiving)
{
    archiving->attempts++;
    store_get(archiving->request->service->options.store, &place, on_open_look, archiving);
}

void archive_open(struct request *request)
{
    const Loyalty__V1__OpenArchiveRequest *message =
        (const Loyalty__V1__OpenArchiveRequest *)request->message;
    struct archiving *archiving = begin(request, message->archive_id, NULL);
    if (archiving != NULL) {
        open_look(archiving);
    }
}

// --- whether it is the one that is open ---

static void on_look(void *context, const struct store_value_reply *reply)
{
    struct archiving *archiving = context;
    struct request *request = archiving->request;
    if (!goes_on(request, reply->result == STORE_OK)) {
        return;
    }
    const Loyaltyd__Archive *archive = NULL;
    enum status status = reply->revision == 0 ? STATUS_OK : decode(request, reply->bytes, &archive);
    if (status != STATUS_OK) {
        end_badly(request, status);
    } else if (archive == NULL) {
        fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "ARCHIVE_NOT_OPEN", "archive_id",
             "No archive has been opened.");
    } else if (!is_this(archiving, archive)) {
        refuse_taken(request, archive);
    } else {
        archiving->go_on(request);
    }
}

static void look(struct archiving *archiving, uint32_t partition)
{
    struct request *request = archiving->request;
    if (partition >= lease_partitions(request->service->lease)) {
        fail(request, LOYALTY__V1__CODE__CODE_OUT_OF_RANGE, "NO_SUCH_PARTITION", "partition",
             "There are fewer partitions than that.");
        return;
    }
    store_get(request->service->options.store, &place, on_look, archiving);
}

// --- ReadArchive ---

static enum status copy_piece(struct arena *arena, const struct store_archive_piece *from,
                              Loyalty__V1__ArchivePiece **ret_piece)
{
    struct span bytes;
    Loyalty__V1__ArchivePiece *piece =
        (Loyalty__V1__ArchivePiece *)message_new(&loyalty__v1__archive_piece__descriptor, arena);
    if (piece == NULL) {
        return STATUS_NO_MEMORY;
    }
    piece->number = from->number;
    piece->total_bytes = from->total_bytes;
    piece->offset = from->offset;
    TRY(replies_text(arena, from->account_id, &piece->member_id));
    TRY(arena_copy(arena, from->bytes, &bytes));
    piece->bytes = (ProtobufCBinaryData){.len = bytes.len, .data = (uint8_t *)bytes.data};
    *ret_piece = piece;
    return STATUS_OK;
}

// As many as fit an answer; the others wait behind these.
static enum status copy_pieces(struct request *request, const struct store_archive_reply *reply,
                               Loyalty__V1__ReadArchiveResponse *response)
{
    struct arena *arena = &request->arena;
    response->pieces = arena_alloc_array(arena, reply->count, sizeof(Loyalty__V1__ArchivePiece *));
    if (response->pieces == NULL) {
        return STATUS_NO_MEMORY;
    }
    size_t room = LIMIT_REPLY_BYTES;
    while (response->n_pieces < reply->count) {
        const struct store_archive_piece *from = &reply->pieces[response->n_pieces];
        size_t bytes = NAMED_BYTES + from->account_id.len + from->bytes.len;
        if (bytes > room) {
            break;
        }
        room -= bytes;
        TRY(copy_piece(arena, from, &response->pieces[response->n_pieces]));
        response->n_pieces++;
    }
    response->waiting = reply->waiting + (reply->count - response->n_pieces);
    return STATUS_OK;
}

static void on_read(void *context, const struct store_archive_reply *reply)
{
    struct archiving *archiving = context;
    struct request *request = archiving->request;
    if (!goes_on(request, reply->result == STORE_OK)) {
        return;
    }
    Loyalty__V1__ReadArchiveResponse response = LOYALTY__V1__READ_ARCHIVE_RESPONSE__INIT;
    response.epoch = lease_epoch(request->service->lease);
    enum status status = copy_pieces(request, reply, &response);
    if (status != STATUS_OK) {
        end_badly(request, status);
        return;
    }
    request_reply(request, &response.base, false);
    request_end(request);
}

static void read_waiting(struct request *request)
{
    const Loyalty__V1__ReadArchiveRequest *message =
        (const Loyalty__V1__ReadArchiveRequest *)request->message;
    struct store_archive_place from = {
        .partition = message->partition,
        .number = message->number,
        .offset = message->offset,
        .bytes_max = READ_BYTES,
    };
    store_read_archive(request->service->options.store, &from, on_read, request->state);
}

void archive_read(struct request *request)
{
    const Loyalty__V1__ReadArchiveRequest *message =
        (const Loyalty__V1__ReadArchiveRequest *)request->message;
    struct archiving *archiving = begin(request, message->archive_id, read_waiting);
    if (archiving != NULL) {
        look(archiving, message->partition);
    }
}

// --- DropArchived ---

static void on_dropped(void *context, const struct store_reply *reply)
{
    struct archiving *archiving = context;
    struct request *request = archiving->request;
    if (goes_on(request, reply->result == STORE_OK)) {
        Loyalty__V1__DropArchivedResponse response = LOYALTY__V1__DROP_ARCHIVED_RESPONSE__INIT;
        response.dropped = reply->dropped;
        request_reply(request, &response.base, false);
        request_end(request);
    }
}

static void drop(struct request *request)
{
    const Loyalty__V1__DropArchivedRequest *message =
        (const Loyalty__V1__DropArchivedRequest *)request->message;
    if (message->epoch != lease_epoch(request->service->lease)) {
        fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "EPOCH_CHANGED", "epoch",
             "The store is not the one that this was read from.");
        return;
    }
    store_drop_archived(request->service->options.store, message->partition, message->through,
                        on_dropped, request->state);
}

void archive_drop(struct request *request)
{
    const Loyalty__V1__DropArchivedRequest *message =
        (const Loyalty__V1__DropArchivedRequest *)request->message;
    struct archiving *archiving = begin(request, message->archive_id, drop);
    if (archiving != NULL) {
        look(archiving, message->partition);
    }
}
