// TillsService.Reconcile: a terminal's business day against the till's own book. Where both agree
// the day is closed; where not, every claim that is still open is looked up in its member's log and
// settled or voided, a bounded number at a time, and only then the differences are told.
//
//     compare: equal ----------> DAY_CLOSED, in balance
//       |  ^   nothing open ----> the differences
//       |  |
//     look up each, settle and void   (one that may still come: RECEIPT_BUSY)
//
// What is settled stays so, whatever becomes of the request: its retry goes on from there.
#include <string.h>

#include "base/check.h"
#include "loyalty/v1/tills.pb-c.h"
#include "service/bounds.h"
#include "service/handlers.h"
#include "service/receipts.h"
#include "wire/tills.h"

// A claim as it was found open, and what its member's log says.
struct suspect {
    uint32_t step;
    struct claim claim;
};

struct reconciling {
    struct request *request;
    struct reconcile_request wanted;
    struct terminal_place day;
    bool balanced; // the last comparison: both books say the same
    struct suspect *suspects;
    struct claim_end *ends;
    size_t suspect_count;
    size_t end_count;
    size_t looked;
    bool sure; // of the one being looked up: read after it could land
    bool busy; // one of them may still come
    void (*next)(struct reconciling *reconciling);
};

static void compare(struct reconciling *reconciling);
static void look_up(struct reconciling *reconciling);

static void on_released(void *context)
{
    struct reconciling *reconciling = context;
    if (reconciling->request->answered) {
        request_end(reconciling->request);
        return;
    }
    reconciling->next(reconciling);
}

// --- comparing ---

static bool same_totals(const struct receipt_total *a, const struct receipt_total *b)
{
    for (size_t i = 0; i < RECEIPT_OPERATIONS; i++) {
        if (a[i].count != b[i].count || a[i].points != b[i].points ||
            a[i].amount_minor != b[i].amount_minor) {
            return false;
        }
    }
    return true;
}

// Whether the till's list, if it sent one, is the list of what stands here.
static enum status same_ids(struct arena *arena, const struct account *account,
                            const struct till_ids *ids, bool *ret_same)
{
    bool *last = arena_alloc_array(arena, account->claims.count, sizeof(*last));
    bool *known = arena_alloc_array(arena, ids->count, sizeof(*known));
    if (last == NULL || known == NULL) {
        return STATUS_NO_MEMORY;
    }
    receipts_mark_last(account, last);
    bool same = true;
    size_t found = 0;
    for (uint32_t i = 0; same && ids->count > 0 && i < account->claims.count; i++) {
        if (last[i] && claim_is_counted(&account->claims.items[i])) {
            size_t place = till_ids_find(ids, account->claims.items[i].request);
            same = place < ids->count;
            found += same && !known[place] ? 1 : 0;
            known[same ? place : 0] = true;
        }
    }
    *ret_same = same && found == ids->count;
    return STATUS_OK;
}

static enum status decide_compared(void *context, const struct decide *decide,
                                   struct decision *ret_decision)
{
    struct reconciling *reconciling = context;
    const struct account *account = decide->account;
    const struct reconcile_request *wanted = &reconciling->wanted;
    *ret_decision = (struct decision){.outcome = OUTCOME_NOTHING};
    reconciling->balanced = false;
    if (!same_totals(wanted->totals, account->terminal.totals)) {
        return STATUS_OK;
    }
    TRY(same_ids(decide->arena, account, &wanted->ids, &reconciling->balanced));
    bool news = account_exists(account) && !account->terminal.closed;
    return reconciling->balanced && news ? decide_close_day(decide, ret_decision) : STATUS_OK;
}

static void answer(struct request *request, Loyalty__V1__ReconcileResponse *response,
                   enum status status, bool replayed)
{
    if (status == STATUS_OK) {
        request_reply(request, &response->base, replayed);
    } else {
        request_internal(request, status);
    }
}

// The claims that are open, as many as are looked up at a time.
static enum status collect(struct reconciling *reconciling, const struct account *account)
{
    struct arena *scratch = &reconciling->request->service->scratch;
    reconciling->suspect_count = 0;
    reconciling->end_count = 0;
    reconciling->looked = 0;
    bool *last = arena_alloc_array(scratch, account->claims.count, sizeof(*last));
    if (last == NULL) {
        return STATUS_NO_MEMORY;
    }
    receipts_mark_last(account, last);
    for (uint32_t i = 0;
         i < account->claims.count && reconciling->suspect_count < SERVICE_RECONCILE_LOOKUPS; i++) {
        const struct claim *claim = &account->claims.items[i];
        if (last[i] && claim_is_open(claim)) {
            reconciling->suspects[reconciling->suspect_count] =
                (struct suspect){.step = i + 1, .claim = *claim};
            reconciling->suspect_count++;
        }
    }
    return STATUS_OK;
}

static void answer_compared(struct reconciling *reconciling, const struct account *account)
{
    struct request *request = reconciling->request;
    Loyalty__V1__ReconcileResponse *response = NULL;
    enum status status = STATUS_OK;
    if (reconciling->balanced) {
        status = tills_balanced(&request->arena, account->terminal.totals, &response);
        answer(request, response, status, false);
        return;
    }
    status = collect(reconciling, account);
    arena_reset(&request->service->scratch);
    if (status == STATUS_OK && reconciling->suspect_count > 0) {
        reconciling->next = look_up;
        return;
    }
    if (status == STATUS_OK) {
        status = tills_differences(&request->arena, account, &reconciling->wanted, &response);
    }
    answer(request, response, status, false);
}

static void on_compared(void *context, const struct task_result *result)
{
    struct reconciling *reconciling = context;
    struct request *request = reconciling->request;
    if (request_answer_end(request, result)) {
        return;
    }
    bool written = result->end == TASK_REPLAYED || result->decision->outcome == OUTCOME_APPLIED;
    if (!written) {
        answer_compared(reconciling, result->account);
        return;
    }
    request->landed = true;
    Loyalty__V1__ReconcileResponse *response = NULL;
    enum status status = tills_balanced(&request->arena, result->record->receipt.totals, &response);
    answer(request, response, status, result->end == TASK_REPLAYED);
}

static void compare(struct reconciling *reconciling)
{
    struct request *request = reconciling->request;
    receipts_prepare(request, terminal_place_id(&reconciling->day), decide_compared, reconciling,
                     on_compared, on_released);
    request->task.mark = request->mark;
    accounts_submit(request->service->accounts, &request->task);
}

// --- looking up ---

static enum status decide_ends(void *context, const struct decide *decide,
                               struct decision *ret_decision)
{
    const struct reconciling *reconciling = context;
    return decide_claim_ends(decide, reconciling->ends, reconciling->end_count, ret_decision);
}

static void on_settled(void *context, const struct task_result *result)
{
    struct reconciling *reconciling = context;
    struct request *request = reconciling->request;
    if (result->end == TASK_IN_DOUBT) {
        request_trouble(request, TROUBLE_STORE_UNAVAILABLE); // the day is not closed by it
    } else if (!request_answer_end(request, result) && reconciling->busy) {
        request_trouble(request, TROUBLE_RECEIPT_BUSY);
    }
    reconciling->next = compare;
}

static void settle(struct reconciling *reconciling)
{
    struct request *request = reconciling->request;
    receipts_prepare(request, terminal_place_id(&reconciling->day), decide_ends, reconciling,
                     on_settled, on_released);
    accounts_submit(request->service->accounts, &request->task);
}

static enum status judge_suspect(struct reconciling *reconciling, const struct suspect *suspect,
                                 struct span log)
{
    struct claim_figures figures = {0};
    enum claim_fate fate = CLAIM_ABSENT;
    TRY(receipts_fate(reconciling->request->service, &suspect->claim, log, &fate, &figures));
    if (fate == CLAIM_ABSENT && !reconciling->sure) {
        reconciling->busy = true;
        return STATUS_OK;
    }
    reconciling->ends[reconciling->end_count] = (struct claim_end){
        .step = suspect->step,
        .applied = fate == CLAIM_APPLIED,
        .points = figures.points,
        .amount_minor = figures.amount_minor,
    };
    reconciling->end_count++;
    return STATUS_OK;
}

static void on_member(void *context, const struct task_result *result)
{
    struct reconciling *reconciling = context;
    const struct suspect *suspect = &reconciling->suspects[reconciling->looked];
    if (request_answer_end(reconciling->request, result)) {
        return;
    }
    enum status status = judge_suspect(reconciling, suspect, result->log);
    if (status != STATUS_OK) {
        request_internal(reconciling->request, status);
        return;
    }
    reconciling->looked++;
    reconciling->next = look_up;
}

static void look_up(struct reconciling *reconciling)
{
    struct request *request = reconciling->request;
    if (reconciling->looked == reconciling->suspect_count) {
        settle(reconciling);
        return;
    }
    const struct claim *claim = &reconciling->suspects[reconciling->looked].claim;
    reconciling->sure = receipts_is_past(request->service, claim);
    receipts_prepare(request, span_of_text(claim->member_id), NULL, reconciling, on_member,
                     on_released);
    request->task.whole_log = true;
    accounts_submit(request->service->accounts, &request->task);
}

// --- the request ---

void tills_reconcile(struct request *request)
{
    struct reconciling *reconciling = request_state(request, sizeof(*reconciling));
    if (reconciling == NULL) {
        return;
    }
    reconciling->request = request;
    reconciling->suspects = arena_alloc_array(&request->arena, SERVICE_RECONCILE_LOOKUPS,
                                              sizeof(*reconciling->suspects));
    reconciling->ends =
        arena_alloc_array(&request->arena, SERVICE_RECONCILE_LOOKUPS, sizeof(*reconciling->ends));
    enum status status = STATUS_NO_MEMORY;
    if (reconciling->suspects != NULL && reconciling->ends != NULL) {
        status = commands_reconcile(&request->commands,
                                    (const Loyalty__V1__ReconcileRequest *)request->message,
                                    &reconciling->wanted);
    }
    if (status != STATUS_OK) {
        request_bad(request, status);
        request_end(request);
        return;
    }
    reconciling->day = receipts_place(request->service, reconciling->wanted.unit,
                                      reconciling->wanted.business_day);
    compare(reconciling);
}
