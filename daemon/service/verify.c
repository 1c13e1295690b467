// AdminService.VerifyAccounts: reads logs as they are stored, past the cache, and judges each: the
// chain, the contents, the figures. One page of a partition an answer, its accounts one by one.
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "core/advance.h"
#include "core/ledger.h"
#include "loyalty/v1/admin.pb-c.h"
#include "service/bounds.h"
#include "service/handlers.h"
#include "service/index_look.h"
#include "service/request.h"
#include "wire/message.h"
#include "wire/replies.h"

struct verifying {
    struct request *request;
    struct span *ids;
    int64_t *due_ms;        // of each, as the index said; NULL: nobody asked it
    bool index;             // is compared too
    struct index_look look; // at the account at hand
    size_t count;
    size_t looked;
    uint32_t partition;
    Loyalty__V1__VerifyAccountsResponse response;
    Loyalty__V1__Fault *faults[SERVICE_VERIFY_FAULTS];
    Loyalty__V1__IndexFault *index_faults[SERVICE_VERIFY_FAULTS];
};

static void verify_next(struct verifying *verifying);
static void verify_following(struct verifying *verifying);

static enum status add_fault(struct verifying *verifying, struct span id, uint64_t record,
                             const char *what)
{
    struct arena *arena = &verifying->request->arena;
    if (verifying->response.n_faults == SERVICE_VERIFY_FAULTS) {
        return STATUS_OK;
    }
    Loyalty__V1__Fault *fault =
        (Loyalty__V1__Fault *)message_new(&loyalty__v1__fault__descriptor, arena);
    if (fault == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(replies_text(arena, id, &fault->member_id));
    TRY(replies_text(arena, span_of_text(what == NULL ? "it does not hold together" : what),
                     &fault->what));
    fault->record = record;
    verifying->faults[verifying->response.n_faults] = fault;
    verifying->response.n_faults++;
    return STATUS_OK;
}

// Sums are over accounts as of now: points that time has ended do not count.
static enum status sum_account(struct verifying *verifying, struct account *account)
{
    struct service *service = verifying->request->service;
    Loyalty__V1__VerifyAccountsResponse *response = &verifying->response;
    struct buffer out;
    buffer_init(&out, LIMIT_LOG_BYTES);
    struct ledger_writer writer = {
        .out = &out, .hash = service->options.chain_hash, .programs = lease_set(service->lease)};
    response->accounts++;
    response->records += account->seq;
    response->log_bytes += account->log_bytes;
    arena_reset(&service->scratch);
    enum status status = advance(account, &writer, &service->scratch, lease_now_ms(service->lease));
    buffer_fini(&out);
    response->balance += account->balance;
    response->points_awarded += account->awarded;
    response->score_given += account->score_given;
    return status;
}

static enum status judge(struct verifying *verifying, struct account *account, struct span id,
                         struct span log)
{
    struct service *service = verifying->request->service;
    struct ledger_fault fault = {0};
    const char *what = NULL;
    verifying->look.sound = false;
    enum status status = ledger_fold(account, log, id, verifying->partition,
                                     service->options.chain_hash, &service->scratch, &fault);
    if (status == STATUS_NO_MEMORY) {
        return status;
    }
    if (status != STATUS_OK) {
        return add_fault(verifying, id, fault.record, fault.what);
    }
    if (!account_exists(account)) {
        return STATUS_OK; // gone since it was listed, or never there
    }
    if (account_check(account, &what) != STATUS_OK) {
        return add_fault(verifying, id, 0, what);
    }
    if (verifying->index) {
        const int64_t *due_ms =
            verifying->due_ms == NULL ? NULL : &verifying->due_ms[verifying->looked];
        index_look_take(&verifying->look, service, account, due_ms);
    }
    if (verifying->look.again) {
        return STATUS_OK; // it was summed the first time
    }
    status = sum_account(verifying, account);
    if (status == STATUS_OK && account_check(account, &what) != STATUS_OK) {
        return add_fault(verifying, id, 0, what);
    }
    return status;
}

static void verify_end(struct verifying *verifying, enum status status)
{
    struct request *request = verifying->request;
    Loyalty__V1__VerifyAccountsResponse *response = &verifying->response;
    response->partitions = lease_partitions(request->service->lease);
    response->faults = verifying->faults;
    response->index_faults = verifying->index_faults;
    if (status == STATUS_OK) {
        status = replies_instant(&request->arena, lease_now_ms(request->service->lease),
                                 &response->as_of);
    }
    if (status != STATUS_OK) {
        request_internal(request, status);
    } else {
        request_reply(request, &response->base, false);
    }
    request_end(request);
}

static void on_log(void *context, const struct store_reply *reply)
{
    struct verifying *verifying = context;
    struct request *request = verifying->request;
    if (reply->result != STORE_OK || request->service->stopping) {
        request_trouble(request, TROUBLE_STORE_UNAVAILABLE);
    }
    if (request->answered) {
        request_end(request);
        return;
    }
    struct account account;
    account_init(&account);
    enum status status =
        judge(verifying, &account, verifying->ids[verifying->looked], reply->bytes);
    account_fini(&account);
    arena_reset(&request->service->scratch);
    if (status != STATUS_OK) {
        verify_end(verifying, status);
    } else if (verifying->look.sound) {
        index_look_begin(&verifying->look);
    } else {
        verify_following(verifying);
    }
}

// --- the index ---

static enum status add_index_fault(struct verifying *verifying, Loyalty__V1__IndexFaultKind kind,
                                   const struct index_claim *claim)
{
    struct arena *arena = &verifying->request->arena;
    const struct index_look *look = &verifying->look;
    if (verifying->response.n_index_faults == SERVICE_VERIFY_FAULTS) {
        return STATUS_OK;
    }
    Loyalty__V1__IndexFault *fault =
        (Loyalty__V1__IndexFault *)message_new(&loyalty__v1__index_fault__descriptor, arena);
    if (fault == NULL) {
        return STATUS_NO_MEMORY;
    }
    fault->kind = kind;
    fault->partition = verifying->partition;
    TRY(replies_text(arena, look->id, &fault->member_id));
    if (claim != NULL) {
        TRY(replies_text(arena, span_of(claim->owner_id, claim->owner_len),
                         &fault->other_member_id));
    } else if (look->due_ms != INSTANT_NEVER) {
        TRY(replies_instant(arena, look->due_ms, &fault->due));
    }
    verifying->index_faults[verifying->response.n_index_faults++] = fault;
    return STATUS_OK;
}

static enum status add_index_faults(struct verifying *verifying)
{
    const struct index_look *look = &verifying->look;
    if (look->due == INDEX_WRONG) {
        TRY(add_index_fault(verifying, LOYALTY__V1__INDEX_FAULT_KIND__INDEX_FAULT_KIND_DUE, NULL));
    }
    for (uint32_t i = 0; i < look->claim_count; i++) {
        const struct index_claim *claim = &look->claims[i];
        Loyalty__V1__IndexFaultKind kind =
            claim->owner_len == 0
                ? LOYALTY__V1__INDEX_FAULT_KIND__INDEX_FAULT_KIND_UNCLAIMED
                : LOYALTY__V1__INDEX_FAULT_KIND__INDEX_FAULT_KIND_CLAIMED_BY_ANOTHER;
        if (claim->wrong) {
            TRY(add_index_fault(verifying, kind, claim));
        }
    }
    return STATUS_OK;
}

static void on_index(struct index_look *look, enum store_result result)
{
    struct verifying *verifying =
        (struct verifying *)(void *)((char *)look - offsetof(struct verifying, look));
    struct request *request = verifying->request;
    if (result != STORE_OK || request->service->stopping) {
        request_trouble(request, TROUBLE_STORE_UNAVAILABLE);
        request_end(request);
        return;
    }
    if (index_look_is_wrong(look) && !look->again) {
        look->again = true;
        verify_next(verifying);
        return;
    }
    verifying->response.claims += look->claim_count;
    enum status status = add_index_faults(verifying);
    if (status != STATUS_OK) {
        verify_end(verifying, status);
        return;
    }
    verify_following(verifying);
}

// --- from account to account ---

static void verify_following(struct verifying *verifying)
{
    verifying->look.again = false;
    verifying->looked++;
    verify_next(verifying);
}

static void verify_next(struct verifying *verifying)
{
    if (verifying->looked == verifying->count) {
        verify_end(verifying, STATUS_OK);
        return;
    }
    verifying->look.id = verifying->ids[verifying->looked];
    verifying->look.partition = verifying->partition;
    verifying->look.on_done = on_index;
    struct store_account place = {.partition = verifying->partition,
                                  .id = verifying->ids[verifying->looked]};
    store_load(verifying->request->service->options.store, &place, on_log, verifying);
}

static enum status copy_ids(struct verifying *verifying, const struct store_scan_reply *reply)
{
    struct arena *arena = &verifying->request->arena;
    verifying->ids = arena_alloc_array(arena, reply->count, sizeof(*verifying->ids));
    verifying->due_ms = arena_alloc_array(arena, reply->count, sizeof(*verifying->due_ms));
    if (verifying->ids == NULL || verifying->due_ms == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < reply->count; i++) {
        if (reply->ids[i].len == 0 || reply->ids[i].len > LIMIT_MEMBER_ID_BYTES) {
            continue; // the partition's sentinel
        }
        TRY(arena_copy(arena, reply->ids[i], &verifying->ids[verifying->count]));
        verifying->due_ms[verifying->count] = reply->due_ms[i];
        verifying->count++;
    }
    return STATUS_OK;
}

static void on_ids(void *context, const struct store_scan_reply *reply)
{
    struct verifying *verifying = context;
    struct request *request = verifying->request;
    enum status status = STATUS_OK;
    if (reply->result != STORE_OK || request->service->stopping) {
        request_trouble(request, TROUBLE_STORE_UNAVAILABLE);
    } else {
        verifying->response.next_cursor = reply->next_cursor;
        status = copy_ids(verifying, reply);
    }
    if (status != STATUS_OK) {
        request_internal(request, status);
    }
    if (request->answered) {
        request_end(request);
        return;
    }
    verify_next(verifying);
}

static void verify_member(struct request *request)
{
    struct verifying *verifying = request_state(request, sizeof(*verifying));
    if (verifying == NULL) {
        return;
    }
    verifying->request = request;
    loyalty__v1__verify_accounts_response__init(&verifying->response);
    verifying->ids = arena_alloc(&request->arena, sizeof(*verifying->ids));
    if (verifying->ids == NULL) {
        request_internal(request, STATUS_NO_MEMORY);
        request_end(request);
        return;
    }
    verifying->index = ((const Loyalty__V1__VerifyAccountsRequest *)request->message)->index;
    verifying->ids[0] = request_member(request);
    verifying->count = 1;
    verifying->partition = accounts_partition(request->service->accounts, verifying->ids[0]);
    verify_next(verifying);
}

static void verify_partition(struct request *request)
{
    const Loyalty__V1__VerifyAccountsRequest *message =
        (const Loyalty__V1__VerifyAccountsRequest *)request->message;
    if (message->partition >= lease_partitions(request->service->lease)) {
        request_fail(request, LOYALTY__V1__CODE__CODE_OUT_OF_RANGE, "NO_SUCH_PARTITION",
                     "partition", "There are fewer partitions than that.");
        request_end(request);
        return;
    }
    struct verifying *verifying = request_state(request, sizeof(*verifying));
    if (verifying == NULL) {
        return;
    }
    verifying->request = request;
    verifying->partition = message->partition;
    verifying->index = message->index;
    loyalty__v1__verify_accounts_response__init(&verifying->response);
    store_scan(request->service->options.store, message->partition, message->cursor,
               SERVICE_VERIFY_PAGE, on_ids, verifying);
}

void admin_verify_accounts(struct request *request)
{
    const Loyalty__V1__VerifyAccountsRequest *message =
        (const Loyalty__V1__VerifyAccountsRequest *)request->message;
    enum trouble trouble = lease_check(request->service->lease, false);
    if (trouble != TROUBLE_NONE) {
        request_trouble(request, trouble);
        request_end(request);
        return;
    }
    if (message->member != NULL) {
        request_resolve(request, message->member, verify_member);
    } else {
        verify_partition(request);
    }
}
