// The index against the logs: the service reads pages of accounts again and says where the due
// index or an identifier's claim differs. A sample is a first page of partitions all over the
// store; in full it is every account.
#include <inttypes.h>
#include <string.h>

#include "ctl/doctor_parts.h"
#include "ctl/print.h"
#include "loyalty/v1/admin.pb-c.h"

enum {
    SAMPLE = 16,       // partitions of a sample
    FAULTS_SHOWN = 20, // of each kind; the rest is counted
    LOOKS = 40,        // at a page, a RETRY_LATER each
};

struct look {
    struct doctor *doctor;
    uint64_t accounts;
    uint64_t claims;
    uint64_t wrong_logs;
    uint64_t wrong_index;
    uint32_t partitions;
    bool failed;
};

static void note_due(const struct look *look, const Loyalty__V1__IndexFault *fault)
{
    char due[PRINT_TEXT_BYTES];
    char advice[DOCTOR_TEXT_BYTES];
    (void)snprintf(advice, sizeof(advice),
                   "loyaltyctl rescore run --full sets the whole index right; this one alone, so "
                   "that the sweeper looks at it: redis-cli ZADD 'ly:{%" PRIu32 "}:due' 0 '%s'",
                   fault->partition, fault->member_id);
    doctor_note(look->doctor, DOCTOR_FAULT, "ledger", "INDEX_DUE", advice,
                "Member %s is not in the due index of partition %" PRIu32
                " where its log asks for it: %s.",
                fault->member_id, fault->partition, print_instant(fault->due, due));
}

static void note_claim(const struct look *look, const Loyalty__V1__IndexFault *fault)
{
    if (fault->kind == LOYALTY__V1__INDEX_FAULT_KIND__INDEX_FAULT_KIND_UNCLAIMED) {
        doctor_note(look->doctor, DOCTOR_FAULT, "ledger", "INDEX_CLAIM",
                    "Give it anew, which claims it: loyaltyctl member identifier add MEMBER "
                    "KIND:VALUE (the card or phone that does not find the member)",
                    "An identifier of member %s does not find it: its claim is gone.",
                    fault->member_id);
    } else {
        doctor_note(
            look->doctor, DOCTOR_FAULT, "ledger", "INDEX_CLAIM_TAKEN",
            "Compare the two (loyaltyctl member log), then take it from the one that should "
            "not have it: loyaltyctl member identifier remove",
            "An identifier of member %s finds member %s.", fault->member_id,
            fault->other_member_id);
    }
}

static void note_fault(struct look *look, const Loyalty__V1__Fault *fault)
{
    if (look->wrong_logs++ < FAULTS_SHOWN) {
        doctor_note(look->doctor, DOCTOR_FAULT, "ledger", "LOG",
                    "Do not write to it. loyaltyctl verify MEMBER; restore the account from the "
                    "last backup: the runbook, Points do not add up.",
                    "The log of member %s does not hold from record %" PRIu64 " on: %s.",
                    fault->member_id, fault->record, fault->what);
    }
}

static void add_page(struct look *look, const Loyalty__V1__VerifyAccountsResponse *page)
{
    look->accounts += page->accounts;
    look->claims += page->claims;
    look->partitions = page->partitions;
    for (size_t i = 0; i < page->n_faults; i++) {
        note_fault(look, page->faults[i]);
    }
    for (size_t i = 0; i < page->n_index_faults; i++) {
        const Loyalty__V1__IndexFault *fault = page->index_faults[i];
        if (look->wrong_index++ >= FAULTS_SHOWN) {
            continue;
        }
        if (fault->kind == LOYALTY__V1__INDEX_FAULT_KIND__INDEX_FAULT_KIND_DUE) {
            note_due(look, fault);
        } else {
            note_claim(look, fault);
        }
    }
}

// One page; its cursor, 0 at the end or when there is no answer.
static uint64_t look_at_page(struct look *look, const Loyalty__V1__VerifyAccountsRequest *request)
{
    struct session *session = look->doctor->session;
    uint64_t cursor = 0;
    int code = CTL_RETRY_LATER;
    for (int attempt = 0; attempt < LOOKS && code == CTL_RETRY_LATER; attempt++) {
        struct loyalty_reply reply;
        code =
            session_ask(session, "/loyalty.v1.AdminService/VerifyAccounts", &request->base, &reply);
        if (code == CTL_OK) {
            Loyalty__V1__VerifyAccountsResponse *page =
                loyalty__v1__verify_accounts_response__unpack(NULL, reply.payload_bytes,
                                                              reply.payload);
            cursor = page == NULL ? 0 : page->next_cursor;
            look->failed = page == NULL;
            if (page != NULL) {
                add_page(look, page);
            }
            loyalty__v1__verify_accounts_response__free_unpacked(page, NULL);
        }
        loyalty_reply_fini(&reply);
    }
    look->failed = look->failed || code != CTL_OK;
    return look->failed ? 0 : cursor;
}

static void look_at_partition(struct look *look, uint32_t partition, bool full)
{
    Loyalty__V1__VerifyAccountsRequest request = LOYALTY__V1__VERIFY_ACCOUNTS_REQUEST__INIT;
    request.partition = partition;
    request.index = true;
    do {
        request.cursor = look_at_page(look, &request);
    } while (full && request.cursor != 0);
}

static void conclude(const struct look *look, bool full)
{
    struct doctor *doctor = look->doctor;
    if (look->failed) {
        doctor_note(doctor, DOCTOR_FAULT, "ledger", "VERIFY",
                    "Mend what is said above, then loyaltyctl doctor again.",
                    "The logs could not be read to the end.");
        return;
    }
    uint64_t wrong = look->wrong_index + look->wrong_logs;
    if (wrong == 0 && look->accounts == 0 && !full) {
        doctor_note(doctor, DOCTOR_GOOD, "ledger", "INDEX", "",
                    "No account is where the sample looked; doctor --full looks at all.");
    } else if (wrong == 0) {
        doctor_note(doctor, DOCTOR_GOOD, "ledger", "INDEX", "",
                    "Of %" PRIu64 " accounts (%s, %" PRIu64
                    " claims of identifiers) each log holds, and the index says what it does.",
                    look->accounts, full ? "all" : "a sample", look->claims);
    } else if (wrong > FAULTS_SHOWN) {
        doctor_note(doctor, DOCTOR_FAULT, "ledger", "INDEX_MORE",
                    "loyaltyctl rescore run --full; then loyaltyctl doctor --full",
                    "%" PRIu64 " logs and %" PRIu64 " entries of the index are wrong in all.",
                    look->wrong_logs, look->wrong_index);
    }
}

static void look_at_member(struct look *look, const struct loyalty_member *member)
{
    Loyalty__V1__VerifyAccountsRequest request = LOYALTY__V1__VERIFY_ACCOUNTS_REQUEST__INIT;
    request.member = session_member(look->doctor->session, member);
    request.index = true;
    (void)look_at_page(look, &request);
}

void doctor_ledger(struct doctor *doctor, bool full, const struct loyalty_member *member)
{
    struct look look = {.doctor = doctor};
    if (member->value != NULL) {
        look_at_member(&look, member);
        conclude(&look, false);
        return;
    }
    look_at_partition(&look, 0, full);
    uint32_t step = full || look.partitions <= SAMPLE ? 1 : look.partitions / SAMPLE;
    for (uint32_t at = step; at < look.partitions && !look.failed; at += step) {
        look_at_partition(&look, at, full);
    }
    conclude(&look, full);
}
