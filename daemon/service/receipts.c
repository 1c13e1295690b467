// The way of a mutation with a receipt: one task of the request's after the other, each begun when
// the one before is released. Invariant: what a task on the member may write is covered by a claim
// of this very request, and lands by that claim's `not_after`, or not at all.
#include "service/receipts.h"

#include <string.h>

#include "base/check.h"
#include "service/bounds.h"

struct flow {
    struct request *request;
    struct receipts_intent intent;
    task_decide_fn *decide;
    task_result_fn *on_result;
    struct terminal_place day; // known from the first claim on
    bool whole_log;
    uint32_t rounds;
    // the member's last decision
    bool sure;            // on an account that was seen fresh, whatever it was
    bool uncovered;       // counts for more than is claimed: `wanted`
    bool without_receipt; // the guard wants one
    struct claim_figures wanted;
    // the claim
    struct claim_verdict verdict;
    uint32_t over; // another's step that may be taken over
    enum claim_fate fate;
    bool fate_sure; // another's request is to be looked for after it could land
    // what to do when the running task is released; NULL: the request is done
    void (*next)(struct flow *flow);
    struct claim_end end;
};

static void flow_member(struct flow *flow);
static void flow_claim(struct flow *flow);
static void flow_look(struct flow *flow);

static void on_released(void *context)
{
    struct flow *flow = context;
    void (*next)(struct flow * flow) = flow->next;
    flow->next = NULL;
    if (next == NULL) {
        request_end(flow->request);
        return;
    }
    next(flow);
}

// The next step towards an answer, unless time has given one meanwhile.
static void flow_go_on(struct flow *flow, void (*next)(struct flow *flow))
{
    flow->rounds++;
    if (flow->rounds > SERVICE_RECEIPT_ROUNDS) {
        request_trouble(flow->request, TROUBLE_TOO_MANY_CONFLICTS);
    }
    flow->next = flow->request->answered ? NULL : next;
}

// A no that comes of a decision on the account as it was cached might be told of what was done
// long ago: it is decided again on a fresh one first. False when that has been.
static bool flow_makes_sure(struct flow *flow)
{
    if (flow->sure) {
        return false;
    }
    flow->sure = true;
    flow_go_on(flow, flow_member);
    return true;
}

static void day_submit(struct flow *flow, task_decide_fn *decide, task_result_fn *on_result)
{
    struct request *request = flow->request;
    receipts_prepare(request, terminal_place_id(&flow->day), decide, flow, on_result, on_released);
    accounts_submit(request->service->accounts, &request->task);
}

// --- what became of the claim ---

static enum status decide_end(void *context, const struct decide *decide,
                              struct decision *ret_decision)
{
    const struct flow *flow = context;
    return decide_claim_ends(decide, &flow->end, 1, ret_decision);
}

static void on_ended(void *context, const struct task_result *result)
{
    (void)context;
    (void)result; // an open claim is left to whoever looks at it next
}

static void flow_end_claim(struct flow *flow)
{
    day_submit(flow, decide_end, on_ended);
}

static bool has_claim(const struct flow *flow)
{
    return flow->verdict.granted && claim_is_open(&flow->verdict.held);
}

// The request is decided for good: says so in the day where that is news.
static void end_claim_as(struct flow *flow, const struct record *record)
{
    const struct claim *held = &flow->verdict.held;
    struct claim_figures figures;
    bool applied = record != NULL && receipts_of_record(record, &figures);
    flow->end = (struct claim_end){.step = flow->verdict.step, .applied = applied};
    if (applied) {
        flow->end.points = figures.points;
        flow->end.amount_minor = figures.amount_minor;
        bool as_claimed =
            figures.points == held->points && figures.amount_minor == held->amount_minor;
        flow->next = as_claimed ? NULL : flow_end_claim;
        return;
    }
    flow->next = flow_end_claim;
}

static bool is_written(const struct task_result *result)
{
    return result->end == TASK_REPLAYED ||
           (result->end == TASK_DECIDED && (result->decision->outcome == OUTCOME_APPLIED ||
                                            result->decision->outcome == OUTCOME_REFUSED_RECORDED));
}

// A no without a trace is for good only if nobody else, who might still be told yes, has claimed
// for this very request.
static bool is_told_no(const struct flow *flow, const struct task_result *result)
{
    return result->end == TASK_REVERSED_BEFORE ||
           (result->end == TASK_DECIDED && result->decision->outcome == OUTCOME_REFUSED &&
            flow->verdict.held.times == 1);
}

// What the end of the member's task means for the claim; where it is left open the client will ask
// again.
static void judge_claim(struct flow *flow, const struct task_result *result)
{
    if (has_claim(flow) && is_written(result)) {
        end_claim_as(flow, result->record);
    } else if (has_claim(flow) && is_told_no(flow, result)) {
        end_claim_as(flow, NULL);
    }
}

// --- on the member ---

static bool covers(const struct flow *flow, const struct claim_figures *figures)
{
    const struct claim *held = &flow->verdict.held;
    // A member that was merged meanwhile is claimed for anew: a claim says whose log tells of it.
    bool same = span_is_text(request_member(flow->request), held->member_id);
    return flow->verdict.granted && same && held->operation == figures->key.operation &&
           held->number == figures->key.number && held->points >= figures->points &&
           held->amount_minor >= figures->amount_minor;
}

static bool guard_wants_receipt(const struct flow *flow, const struct decide *decide)
{
    const struct program_version *version =
        program_set_at(decide->writer->programs, decide->now_ms);
    return flow->intent.sale && version != NULL && version->program->guard_terminal_day > 0;
}

static enum status decide_member(void *context, const struct decide *decide,
                                 struct decision *ret_decision)
{
    struct flow *flow = context;
    flow->uncovered = false;
    flow->without_receipt = false;
    TRY(flow->decide(flow->request, decide, ret_decision));
    if (ret_decision->outcome != OUTCOME_APPLIED) {
        return STATUS_OK;
    }
    struct claim_figures figures;
    if (flow->intent.receipt.number == 0) {
        flow->without_receipt = guard_wants_receipt(flow, decide);
    } else if (receipts_of_record(&ret_decision->record, &figures) && !covers(flow, &figures)) {
        flow->uncovered = true;
        flow->wanted = figures;
    }
    if (flow->uncovered || flow->without_receipt) {
        ret_decision->outcome = OUTCOME_NOTHING;
    }
    return STATUS_OK;
}

// Days far from now would be accounts for nothing. Judged where a claim is to be made, so that the
// retry of what was applied long ago is still answered as it was.
static bool is_near(const struct request *request, const struct receipts_intent *intent)
{
    const struct lease *lease = request->service->lease;
    const struct program_version *version = NULL;
    if (lease_check(lease, false) == TROUBLE_NONE) {
        version = program_set_at(lease_set(lease), lease_now_ms(lease));
    }
    if (version == NULL) {
        return true; // the decision says why nothing can be done
    }
    int32_t today = civil_to_days(zone_date(version->zone, lease_now_ms(lease)));
    int32_t day = intent->receipt.business_day;
    return day <= today + SERVICE_RECEIPT_DAYS_AHEAD && day >= today - SERVICE_RECEIPT_DAYS_PAST;
}

// The member's decision counts for nothing as it is: a claim is needed first, or there is none.
static void take_nothing(struct flow *flow)
{
    if (flow->uncovered && is_near(flow->request, &flow->intent)) {
        flow_go_on(flow, flow_claim);
    } else if (flow_makes_sure(flow)) {
        return;
    } else if (flow->uncovered) {
        request_fail(flow->request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "BAD_RECEIPT",
                     flow->intent.field,
                     "A receipt's business date is at most a day ahead and some 400 days past; "
                     "check the till's calendar.");
    } else {
        request_fail(flow->request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "MISSING",
                     flow->intent.field,
                     "The program limits what a terminal gives a day: a sale needs its receipt.");
    }
}

static void on_member(void *context, const struct task_result *result)
{
    struct flow *flow = context;
    bool nothing = result->end == TASK_DECIDED && result->decision->outcome == OUTCOME_NOTHING;
    if (nothing && (flow->uncovered || flow->without_receipt)) {
        take_nothing(flow);
    } else {
        judge_claim(flow, result);
        flow->on_result(flow->request, result);
    }
}

// The instant by which whatever this request still writes has landed.
static int64_t flow_not_after_ms(const struct flow *flow)
{
    const struct request *request = flow->request;
    const struct service *service = request->service;
    int64_t left_ms = request->expires_ms - timers_now(service->options.timers);
    int64_t at_ms = lease_store_now_ms(service->lease) + left_ms;
    int64_t deadline_ms = request_deadline_ms(request);
    return deadline_ms != 0 && deadline_ms < at_ms ? deadline_ms : at_ms;
}

static void flow_member(struct flow *flow)
{
    struct request *request = flow->request;
    request->task = (struct account_task){.whole_log = flow->whole_log, .tentative = !flow->sure};
    request_prepare(request, decide_member, on_member, on_released);
    request->task.context = flow;
    int64_t claimed_ms = flow->verdict.held.not_after_ms;
    if (has_claim(flow) &&
        (request->task.deadline_ms == 0 || claimed_ms < request->task.deadline_ms)) {
        request->task.deadline_ms = claimed_ms;
    }
    accounts_submit(request->service->accounts, &request->task);
}

// --- in the terminal's day ---

static enum status decide_for_claim(void *context, const struct decide *decide,
                                    struct decision *ret_decision)
{
    struct flow *flow = context;
    const struct request *request = flow->request;
    struct claim_command command = {
        .account_id = terminal_place_id(&flow->day),
        .partition = flow->day.partition,
        .unit = flow->intent.unit,
        .day = flow->intent.receipt.business_day,
        .figures = flow->wanted,
        .request = request->header.id,
        .member_id = request_member(request),
        .not_after_ms = flow_not_after_ms(flow),
        .over = flow->over,
    };
    return decide_claim(decide, &command, &flow->verdict, ret_decision);
}

static void on_claim(void *context, const struct task_result *result)
{
    struct flow *flow = context;
    struct request *request = flow->request;
    if (result->end == TASK_IN_DOUBT) {
        request_trouble(request, TROUBLE_STORE_UNAVAILABLE); // of the claim; no more was begun
    } else if (request_answer_end(request, result) ||
               (!flow->verdict.granted && flow_makes_sure(flow))) {
        return;
    } else if (result->decision->outcome == OUTCOME_REFUSED) {
        struct refusal refusal = result->decision->refusal;
        refusal.field = flow->intent.field;
        request_refuse(request, &refusal);
    } else {
        flow_go_on(flow, flow->verdict.granted ? flow_member : flow_look);
    }
}

static void flow_claim(struct flow *flow)
{
    const struct receipts_intent *intent = &flow->intent;
    flow->day = receipts_place(flow->request->service, intent->unit, intent->receipt.business_day);
    day_submit(flow, decide_for_claim, on_claim);
}

// --- another request has it: is it in its member's log? ---

static void judge_other(struct flow *flow)
{
    if (flow->fate == CLAIM_APPLIED) {
        struct refusal refusal = {.reason = REFUSAL_RECEIPT_COUNTED, .field = flow->intent.field};
        request_refuse(flow->request, &refusal);
    } else if (flow->fate == CLAIM_ABSENT && !flow->fate_sure) {
        request_trouble(flow->request, TROUBLE_RECEIPT_BUSY);
    } else {
        flow->over = flow->verdict.step;
        flow_go_on(flow, flow_claim);
    }
}

static void on_other(void *context, const struct task_result *result)
{
    struct flow *flow = context;
    struct request *request = flow->request;
    if (result->end == TASK_TROUBLE) {
        request_trouble(request, result->trouble);
        return;
    }
    struct claim_figures figures;
    enum status status = STATUS_CORRUPT;
    if (result->end == TASK_READ) {
        status = receipts_fate(request->service, &flow->verdict.held, result->log, &flow->fate,
                               &figures);
    }
    if (status == STATUS_OK) {
        judge_other(flow);
    } else if (status == STATUS_NO_MEMORY) {
        request_trouble(request, TROUBLE_NO_MEMORY);
    } else {
        request_trouble(request, TROUBLE_RECEIPT_BUSY); // until that member's log is mended
    }
}

static void flow_look(struct flow *flow)
{
    struct request *request = flow->request;
    const struct claim *held = &flow->verdict.held;
    if (!claim_is_open(held)) {
        flow->fate = CLAIM_APPLIED; // settled
        judge_other(flow);
        request_end(request);
        return;
    }
    flow->fate_sure = receipts_is_past(request->service, held);
    receipts_prepare(request, span_of_text(held->member_id), NULL, flow, on_other, on_released);
    request->task.whole_log = true;
    accounts_submit(request->service->accounts, &request->task);
}

// --- the request ---

void receipts_submit(struct request *request, const struct receipts_intent *intent,
                     task_decide_fn *decide, task_result_fn *on_result)
{
    bool counted = intent->receipt.number != 0;
    if (!counted && !intent->sale) {
        request_submit(request, decide, on_result, NULL);
        return;
    }
    struct flow *flow = arena_alloc(&request->arena, sizeof(*flow));
    if (flow == NULL) {
        request_internal(request, STATUS_NO_MEMORY);
        request_end(request);
        return;
    }
    *flow = (struct flow){.request = request,
                          .intent = *intent,
                          .decide = decide,
                          .on_result = on_result,
                          .whole_log = request->task.whole_log};
    flow_member(flow);
}
