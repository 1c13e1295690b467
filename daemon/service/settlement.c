// ListSettlement: what a partner did in a month, read from that month's account. One walk over its
// log: the totals of all, and of what is before the page's end the last so many.
#include "core/settlement.h"

#include "core/ledger.h"
#include "loyalty/v1/perks.pb-c.h"
#include "service/handlers.h"
#include "service/perks.h"
#include "wire/perks.h"

struct settlement_list {
    char account[LIMIT_MEMBER_ID_BYTES + 1];
    struct page page;
    const struct names *names;
    struct settled_use last[LIMIT_PAGE_SIZE]; // round and round
    uint64_t seen;
    struct settled_total *totals;
    size_t total_count;
};

static enum status visit(void *context, uint64_t seq, const struct record *record)
{
    struct settlement_list *list = context;
    const struct record_settled *settled = &record->settled;
    if (record->type != RECORD_SETTLED) {
        return STATUS_OK;
    }
    struct settled_use use = {.seq = seq,
                              .perk = names_text(list->names, settled->perk),
                              .unit = names_text(list->names, settled->unit),
                              .used_at_ms = settled->used_at_ms,
                              .reversal = settled->reversal};
    memcpy(use.request, settled->request, sizeof use.request);
    if (seq < list->page.before_seq) {
        list->last[list->seen % list->page.size] = use;
        list->seen++;
    }
    size_t i = 0;
    while (i < list->total_count && !span_equal(list->totals[i].perk, use.perk)) {
        i++;
    }
    if (i == list->total_count) {
        list->totals[i] = (struct settled_total){.perk = use.perk};
        list->total_count++;
    }
    list->totals[i].count += use.reversal ? -1 : 1;
    return STATUS_OK;
}

static enum status read_list(struct request *request, const struct task_result *result,
                             Loyalty__V1__ListSettlementResponse **ret_response)
{
    struct settlement_list *list = request->state;
    const struct names *names = &result->account->names;
    list->names = names;
    list->totals = arena_alloc_array(&request->arena, names->places.count, sizeof *list->totals);
    struct settled_use *uses =
        arena_alloc_array(&request->arena, list->page.size, sizeof(struct settled_use));
    if (list->totals == NULL || uses == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(ledger_walk(result->log, &request->service->scratch, visit, list));
    uint64_t size = list->page.size;
    struct settled_page page = {.uses = uses,
                                .use_count = list->seen < size ? list->seen : size,
                                .more = list->seen > size,
                                .totals = list->totals,
                                .total_count = list->total_count};
    for (size_t i = 0; i < page.use_count; i++) {
        uses[i] = list->last[(list->seen - 1 - i) % size];
    }
    return perks_settlement_response(&request->arena, &page, ret_response);
}

static void on_log(void *context, const struct task_result *result)
{
    struct request *request = context;
    if (request_answer_end(request, result)) {
        return;
    }
    Loyalty__V1__ListSettlementResponse *response = NULL;
    enum status status = read_list(request, result, &response);
    arena_reset(&request->service->scratch);
    if (status == STATUS_OK) {
        request_reply(request, &response->base, false);
    } else {
        request_internal(request, status);
    }
}

// Whose month is meant; false when it was answered that it is not the caller's to see.
static bool find_partner(struct request *request, const char *named, struct span *ret_partner)
{
    struct span partner = span_of_text(named);
    struct span own = perks_partner(request);
    if (request->role == ROLE_PARTNER && partner.len > 0 && !span_equal(partner, own)) {
        request_fail(request, LOYALTY__V1__CODE__CODE_PERMISSION_DENIED, "NOT_THIS_PARTNER",
                     "partner", "A partner sees its own settlements; leave the field empty.");
        return false;
    }
    *ret_partner = partner.len > 0 ? partner : own;
    if (ret_partner->len > 0 && ret_partner->len <= LIMIT_PARTNER_BYTES) {
        return true;
    }
    request_fail(request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "MISSING", "partner",
                 "It is not said whose settlement is meant; name a partner of the program.");
    return false;
}

static enum status read_request(struct request *request, struct span partner,
                                struct settlement_list *list)
{
    const Loyalty__V1__ListSettlementRequest *message =
        (const Loyalty__V1__ListSettlementRequest *)request->message;
    int32_t year = 0;
    int32_t month = 0;
    struct span name;
    TRY(commands_text(&request->commands, message->partner, "partner", LIMIT_PARTNER_BYTES, &name));
    TRY(perks_read_month(&request->commands, message->month, &year, &month));
    TRY(commands_page(&request->commands, message->page_size, message->page_token, &list->page));
    return settlement_account(partner, year, month, list->account);
}

static void settlement_begin(struct request *request, struct span partner)
{
    struct settlement_list *list = request_state(request, sizeof(*list));
    if (list == NULL) {
        return;
    }
    enum status status = read_request(request, partner, list);
    if (status != STATUS_OK) {
        request_bad(request, status);
        request_end(request);
        return;
    }
    request_prepare(request, NULL, on_log, NULL);
    request->task.id = span_of_text(list->account);
    request->task.whole_log = true;
    accounts_submit(request->service->accounts, &request->task);
}

void perks_settlement(struct request *request)
{
    const Loyalty__V1__ListSettlementRequest *message =
        (const Loyalty__V1__ListSettlementRequest *)request->message;
    struct span partner;
    if (find_partner(request, message->partner, &partner)) {
        settlement_begin(request, partner);
    } else {
        request_end(request);
    }
}
