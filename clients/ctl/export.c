// Partitions one after the other: a partition's pages are gathered, sorted by id, each id kept
// once, then visited. A log that a page had no room for is read in pieces when its turn comes.
#include "ctl/export.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/vec.h"
#include "core/ledger.h"
#include "ctl/chain_hash.h"
#include "loyalty/v1/admin.pb-c.h"

enum {
    ATTEMPTS_MAX = 40, // of one call, a RETRY_LATER each
    PAUSE_MS = 250,
    REQUEST_BYTES_MAX = 256,
    ROUNDS_MAX = 5,         // readings of one log
    ACCOUNTS_MAX = 1 << 24, // of a partition
    FOLD_ARENA_BYTES = 128 << 20,
};

struct found {
    char id[LIMIT_MEMBER_ID_BYTES + 1];
    struct export_log log; // no bytes: to be read yet
};

struct gathering {
    const struct export_walk *walk;
    struct arena arena; // for folding
    uint32_t partition;
    uint32_t partitions;
    VEC(struct found) found;
};

static int no_memory(void)
{
    (void)fprintf(stderr, "loyaltyctl: out of memory\n");
    return CTL_RETRY_LATER;
}

// A read, asked again while the service says that it may be. The answer is the caller's to free.
static int ask(struct session *session, const char *method, const ProtobufCMessage *request,
               const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret_answer)
{
    uint8_t bytes[REQUEST_BYTES_MAX]; // not the session's memory: there may be millions of calls
    size_t len = protobuf_c_message_get_packed_size(request);
    CHECK(len <= sizeof(bytes));
    (void)protobuf_c_message_pack(request, bytes);
    for (int attempt = 1;; attempt++) {
        struct loyalty_reply reply;
        int code = session_exit_code(loyalty_call(session->client, method, bytes, len,
                                                  session->globals->timeout_ms, &reply));
        bool again = (code == CTL_RETRY_LATER || code == CTL_UNKNOWN) && attempt < ATTEMPTS_MAX;
        if (code == CTL_OK) {
            *ret_answer = protobuf_c_message_unpack(type, NULL, reply.payload_bytes, reply.payload);
            code = *ret_answer == NULL ? no_memory() : CTL_OK;
        } else if (!again) {
            session_complain(session, &reply, NULL);
        }
        loyalty_reply_fini(&reply);
        if (!again) {
            return code;
        }
        const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
        (void)nanosleep(&pause, NULL);
    }
}

// --- one log, in pieces ---

static bool append(struct export_log *log, const ProtobufCBinaryData *piece)
{
    uint8_t *bytes = realloc(log->bytes, log->len + piece->len + 1);
    if (bytes == NULL) {
        return false;
    }
    log->bytes = bytes;
    if (piece->len > 0) {
        memcpy(bytes + log->len, piece->data, piece->len);
    }
    log->len += piece->len;
    return true;
}

static void log_fini(struct export_log *log)
{
    free(log->bytes);
    *log = (struct export_log){0};
}

enum export_joined export_join(struct export_log *log, const Loyalty__V1__ReadLogResponse *piece)
{
    bool shorter = piece->log_bytes < log->told_bytes;
    bool follows = piece->offset == log->len && piece->log.len <= piece->log_bytes - log->len;
    if (shorter || !follows) {
        return EXPORT_MOVED;
    }
    if (!append(log, &piece->log)) {
        return EXPORT_NO_MEMORY;
    }
    log->told_bytes = piece->log_bytes;
    if (log->len == piece->log_bytes) {
        return EXPORT_WHOLE;
    }
    return piece->log.len == 0 ? EXPORT_MOVED : EXPORT_MORE;
}

static int read_piece(struct session *session, const char *id, struct export_log *log,
                      enum export_joined *ret_joined)
{
    Loyalty__V1__MemberRef member = LOYALTY__V1__MEMBER_REF__INIT;
    member.by_case = LOYALTY__V1__MEMBER_REF__BY_MEMBER_ID;
    member.member_id = (char *)id;
    Loyalty__V1__ReadLogRequest request = LOYALTY__V1__READ_LOG_REQUEST__INIT;
    request.member = &member;
    request.offset = log->len;
    ProtobufCMessage *answer = NULL;
    int code = ask(session, "/loyalty.v1.AdminService/ReadLog", &request.base,
                   &loyalty__v1__read_log_response__descriptor, &answer);
    if (code == CTL_OK) {
        *ret_joined = export_join(log, (const Loyalty__V1__ReadLogResponse *)answer);
        protobuf_c_message_free_unpacked(answer, NULL);
    }
    return code == CTL_OK && *ret_joined == EXPORT_NO_MEMORY ? no_memory() : code;
}

int export_read_log(struct session *session, const char *id, struct export_log *ret_log)
{
    struct export_log log = {0};
    enum export_joined joined = EXPORT_MORE;
    int code = CTL_OK;
    for (int round = 1; code == CTL_OK && joined != EXPORT_WHOLE; round++) {
        log_fini(&log);
        do {
            code = read_piece(session, id, &log, &joined);
        } while (code == CTL_OK && joined == EXPORT_MORE);
        if (code == CTL_OK && joined == EXPORT_MOVED && round == ROUNDS_MAX) {
            (void)fprintf(stderr, "loyaltyctl: the log of %s changes faster than it is read\n", id);
            code = CTL_RETRY_LATER;
        }
    }
    if (code != CTL_OK) {
        log_fini(&log);
        return code;
    }
    *ret_log = log;
    return CTL_OK;
}

// --- a partition ---

static int compare_found(const void *left, const void *right)
{
    return strcmp(((const struct found *)left)->id, ((const struct found *)right)->id);
}

static bool keep(struct gathering *gathering, const Loyalty__V1__AccountLog *account)
{
    struct found found = {0};
    if (strlen(account->member_id) >= sizeof(found.id) || account->log_bytes == 0) {
        return true; // gone since it was listed
    }
    memcpy(found.id, account->member_id, strlen(account->member_id));
    if (account->log.len > 0 && !append(&found.log, &account->log)) {
        return false;
    }
    if (vec_reserve_one(&gathering->found, ACCOUNTS_MAX) != STATUS_OK) {
        log_fini(&found.log);
        return false;
    }
    gathering->found.items[gathering->found.count++] = found;
    return true;
}

static void forget_found(struct gathering *gathering)
{
    for (uint32_t i = 0; i < gathering->found.count; i++) {
        log_fini(&gathering->found.items[i].log);
    }
    gathering->found.count = 0;
}

static int gather(struct gathering *gathering)
{
    uint64_t cursor = 0;
    do {
        Loyalty__V1__ExportAccountsRequest request = LOYALTY__V1__EXPORT_ACCOUNTS_REQUEST__INIT;
        request.partition = gathering->partition;
        request.cursor = cursor;
        request.all_kinds = gathering->walk->all_kinds;
        ProtobufCMessage *answer = NULL;
        int code = ask(gathering->walk->session, "/loyalty.v1.AdminService/ExportAccounts",
                       &request.base, &loyalty__v1__export_accounts_response__descriptor, &answer);
        if (code != CTL_OK) {
            return code;
        }
        const Loyalty__V1__ExportAccountsResponse *page =
            (const Loyalty__V1__ExportAccountsResponse *)answer;
        bool kept = true;
        for (size_t i = 0; kept && i < page->n_accounts; i++) {
            kept = keep(gathering, page->accounts[i]);
        }
        gathering->partitions = page->partitions;
        cursor = page->next_cursor;
        protobuf_c_message_free_unpacked(answer, NULL);
        if (!kept) {
            return no_memory();
        }
    } while (cursor != 0);
    if (gathering->found.count > 0) {
        qsort(gathering->found.items, gathering->found.count, sizeof(struct found), compare_found);
    }
    return CTL_OK;
}

static int tell_broken(const char *id, const struct ledger_fault *fault)
{
    (void)fprintf(stderr, "fault: account %s, record %" PRIu64 ": %s\n", id, fault->record,
                  fault->what == NULL ? "it does not hold together" : fault->what);
    return CTL_REFUSED;
}

static enum status fold(struct gathering *gathering, const struct found *found,
                        struct account *account, struct ledger_fault *fault)
{
    arena_reset(&gathering->arena);
    return ledger_fold(account, span_of(found->log.bytes, found->log.len), span_of_text(found->id),
                       gathering->partition, chain_hash_sha256, &gathering->arena, fault);
}

// Reads the log, or reads it again, until it folds.
static int fold_whole(struct gathering *gathering, struct found *found, struct account *account)
{
    struct ledger_fault fault = {0};
    for (int round = 0; round < ROUNDS_MAX; round++) {
        if (round > 0 || found->log.bytes == NULL) {
            log_fini(&found->log);
            int code = export_read_log(gathering->walk->session, found->id, &found->log);
            if (code != CTL_OK) {
                return code;
            }
        }
        account_init(account);
        enum status status = fold(gathering, found, account, &fault);
        if (status == STATUS_OK) {
            return CTL_OK;
        }
        account_fini(account);
        account_init(account);
        if (status == STATUS_NO_MEMORY) {
            return no_memory();
        }
    }
    return tell_broken(found->id, &fault);
}

static int visit_all(struct gathering *gathering)
{
    const struct export_walk *walk = gathering->walk;
    int code = CTL_OK;
    for (uint32_t i = 0; code == CTL_OK && i < gathering->found.count; i++) {
        struct found *found = &gathering->found.items[i];
        if (i > 0 && compare_found(found, found - 1) == 0) {
            continue;
        }
        struct account account;
        account_init(&account);
        code = fold_whole(gathering, found, &account);
        if (code == CTL_OK) {
            const struct export_visit visit = {
                .partition = gathering->partition,
                .log = span_of(found->log.bytes, found->log.len),
                .account = &account,
            };
            code = walk->visit(walk->context, &visit);
        }
        account_fini(&account);
    }
    return code;
}

int export_run(const struct export_walk *walk)
{
    struct gathering gathering = {.walk = walk, .partitions = 1};
    arena_init(&gathering.arena, FOLD_ARENA_BYTES);
    int code = CTL_OK;
    while (code == CTL_OK && gathering.partition < gathering.partitions) {
        code = gather(&gathering);
        if (code == CTL_OK && walk->on_partition != NULL) {
            walk->on_partition(walk->context, gathering.partition, gathering.partitions);
        }
        if (code == CTL_OK) {
            code = visit_all(&gathering);
        }
        forget_found(&gathering);
        gathering.partition++;
    }
    if (code == CTL_OK && walk->on_partition != NULL) {
        walk->on_partition(walk->context, gathering.partitions, gathering.partitions);
    }
    vec_fini(&gathering.found);
    arena_fini(&gathering.arena);
    return code;
}
