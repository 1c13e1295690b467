// AdminService.ExportAccounts and ReadLog: accounts' logs as they are stored, past the cache, for
// whoever folds them elsewhere. One page of a partition an answer; a log that does not fit beside
// those before it is named with its length alone and read in pieces. Nothing is checked here: the
// chain says to the reader whether what he has put together is whole.
#include "core/record.h"
#include "loyalty/v1/admin.pb-c.h"
#include "service/bounds.h"
#include "service/handlers.h"
#include "service/request.h"
#include "wire/message.h"
#include "wire/replies.h"

enum { NAMED_BYTES = 32 }; // an account in an answer, besides its id and its log

static_assert(SERVICE_EXPORT_PAGE * (NAMED_BYTES + LIMIT_MEMBER_ID_BYTES) + SERVICE_EXPORT_BYTES <
                  LIMIT_REPLY_BYTES,
              "a page fits an answer with the logs it takes along");

static bool may_begin(struct request *request)
{
    enum trouble trouble = lease_check(request->service->lease, false);
    if (trouble != TROUBLE_NONE) {
        request_trouble(request, trouble);
        request_end(request);
    }
    return trouble == TROUBLE_NONE;
}

// Whether the store said no, which is then the answer.
static bool has_failed(struct request *request, enum store_result result)
{
    bool failed = result != STORE_OK || request->service->stopping;
    if (failed) {
        request_trouble(request, TROUBLE_STORE_UNAVAILABLE);
    }
    return failed;
}

static enum status copy_bytes(struct arena *arena, struct span bytes, ProtobufCBinaryData *ret)
{
    struct span copy;
    TRY(arena_copy(arena, bytes, &copy));
    *ret = (ProtobufCBinaryData){.len = copy.len, .data = (uint8_t *)copy.data};
    return STATUS_OK;
}

// --- ExportAccounts ---

struct exporting {
    struct request *request;
    uint32_t partition;
    size_t looked;
    size_t room_bytes; // for logs
    Loyalty__V1__ExportAccountsResponse response;
};

static void export_next(struct exporting *exporting);

static void export_end(struct exporting *exporting, enum status status)
{
    struct request *request = exporting->request;
    if (!request->answered && status != STATUS_OK) {
        request_internal(request, status);
    } else if (!request->answered) {
        request_reply(request, &exporting->response.base, false);
    }
    request_end(request);
}

static void on_account(void *context, const struct store_reply *reply)
{
    struct exporting *exporting = context;
    struct request *request = exporting->request;
    enum status status = STATUS_OK;
    if (request->answered || has_failed(request, reply->result)) {
        export_end(exporting, status);
        return;
    }
    Loyalty__V1__AccountLog *account = exporting->response.accounts[exporting->looked];
    account->log_bytes = reply->bytes.len;
    if (reply->bytes.len <= exporting->room_bytes) {
        exporting->room_bytes -= reply->bytes.len;
        status = copy_bytes(&request->arena, reply->bytes, &account->log);
    }
    exporting->looked++;
    if (status != STATUS_OK) {
        export_end(exporting, status);
        return;
    }
    export_next(exporting);
}

static void export_next(struct exporting *exporting)
{
    if (exporting->looked == exporting->response.n_accounts) {
        export_end(exporting, STATUS_OK);
        return;
    }
    const Loyalty__V1__AccountLog *account = exporting->response.accounts[exporting->looked];
    struct store_account place = {.partition = exporting->partition,
                                  .id = span_of_text(account->member_id)};
    store_load(exporting->request->service->options.store, &place, on_account, exporting);
}

// No member's or pool's id begins so (core/settlement.h), and the sentinel's neither.
static bool is_other_kind(struct span id)
{
    return id.data[0] == '@' || id.data[0] == ':';
}

static enum status name_accounts(struct exporting *exporting, const struct store_scan_reply *reply)
{
    struct arena *arena = &exporting->request->arena;
    const Loyalty__V1__ExportAccountsRequest *message =
        (const Loyalty__V1__ExportAccountsRequest *)exporting->request->message;
    Loyalty__V1__ExportAccountsResponse *response = &exporting->response;
    response->accounts = arena_alloc_array(arena, reply->count, sizeof(Loyalty__V1__AccountLog *));
    if (response->accounts == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < reply->count; i++) {
        struct span id = reply->ids[i];
        if (id.len == 0 || id.len > LIMIT_MEMBER_ID_BYTES ||
            (is_other_kind(id) && !message->all_kinds)) {
            continue;
        }
        Loyalty__V1__AccountLog *account =
            (Loyalty__V1__AccountLog *)message_new(&loyalty__v1__account_log__descriptor, arena);
        if (account == NULL) {
            return STATUS_NO_MEMORY;
        }
        TRY(replies_text(arena, id, &account->member_id));
        response->accounts[response->n_accounts] = account;
        response->n_accounts++;
    }
    return STATUS_OK;
}

// A store may give more ids than it was asked for: then there is less room for logs.
static size_t room_beside(const Loyalty__V1__ExportAccountsResponse *response)
{
    size_t named = response->n_accounts * (NAMED_BYTES + LIMIT_MEMBER_ID_BYTES);
    size_t room = named < LIMIT_REPLY_BYTES ? LIMIT_REPLY_BYTES - named : 0;
    return room < SERVICE_EXPORT_BYTES ? room : SERVICE_EXPORT_BYTES;
}

static void on_ids(void *context, const struct store_scan_reply *reply)
{
    struct exporting *exporting = context;
    enum status status = STATUS_OK;
    if (!has_failed(exporting->request, reply->result)) {
        exporting->response.next_cursor = reply->next_cursor;
        status = name_accounts(exporting, reply);
    }
    if (exporting->request->answered || status != STATUS_OK) {
        export_end(exporting, status);
        return;
    }
    exporting->room_bytes = room_beside(&exporting->response);
    export_next(exporting);
}

void admin_export_accounts(struct request *request)
{
    const Loyalty__V1__ExportAccountsRequest *message =
        (const Loyalty__V1__ExportAccountsRequest *)request->message;
    if (!may_begin(request)) {
        return;
    }
    uint32_t partitions = lease_partitions(request->service->lease);
    if (message->partition >= partitions) {
        request_fail(request, LOYALTY__V1__CODE__CODE_OUT_OF_RANGE, "NO_SUCH_PARTITION",
                     "partition", "There are fewer partitions than that.");
        request_end(request);
        return;
    }
    struct exporting *exporting = request_state(request, sizeof(*exporting));
    if (exporting == NULL) {
        return;
    }
    exporting->request = request;
    exporting->partition = message->partition;
    loyalty__v1__export_accounts_response__init(&exporting->response);
    exporting->response.partitions = partitions;
    store_scan(request->service->options.store, message->partition, message->cursor,
               SERVICE_EXPORT_PAGE, on_ids, exporting);
}

// --- ReadLog ---

// Past the end there is an empty piece: its `log_bytes` tells who reads on that it was compacted.
static void answer_piece(struct request *request, struct span log)
{
    const Loyalty__V1__ReadLogRequest *message =
        (const Loyalty__V1__ReadLogRequest *)request->message;
    size_t from = message->offset < log.len ? (size_t)message->offset : log.len;
    struct span rest = span_from(log, from);
    size_t len = rest.len < SERVICE_EXPORT_BYTES ? rest.len : SERVICE_EXPORT_BYTES;
    Loyalty__V1__ReadLogResponse response = LOYALTY__V1__READ_LOG_RESPONSE__INIT;
    response.log_bytes = log.len;
    response.offset = message->offset;
    enum status status =
        replies_text(&request->arena, request_member(request), &response.member_id);
    if (status == STATUS_OK) {
        status = copy_bytes(&request->arena, span_of(rest.data, len), &response.log);
    }
    if (status != STATUS_OK) {
        request_internal(request, status);
        return;
    }
    request_reply(request, &response.base, false);
}

static void on_log(void *context, const struct store_reply *reply)
{
    struct request *request = context;
    if (!request->answered && !has_failed(request, reply->result)) {
        if (reply->bytes.len == 0) {
            struct refusal refusal = {.reason = REFUSAL_UNKNOWN_MEMBER, .field = "member"};
            request_refuse(request, &refusal);
        } else {
            answer_piece(request, reply->bytes);
        }
    }
    request_end(request);
}

static void read_member(struct request *request)
{
    struct span id = request_member(request);
    struct store_account place = {.partition = accounts_partition(request->service->accounts, id),
                                  .id = id};
    store_load(request->service->options.store, &place, on_log, request);
}

// Accounts that are nobody's have ids that no member can have: they are named as they are listed.
static bool names_other_kind(const Loyalty__V1__MemberRef *member)
{
    return member != NULL && member->by_case == LOYALTY__V1__MEMBER_REF__BY_MEMBER_ID &&
           member->member_id[0] == '@' && strlen(member->member_id) <= LIMIT_MEMBER_ID_BYTES;
}

void admin_read_log(struct request *request)
{
    const Loyalty__V1__ReadLogRequest *message =
        (const Loyalty__V1__ReadLogRequest *)request->message;
    if (!may_begin(request)) {
        return;
    }
    if (names_other_kind(message->member)) {
        request_set_member(request, span_of_text(message->member->member_id));
        read_member(request);
        return;
    }
    request_resolve(request, message->member, read_member);
}
