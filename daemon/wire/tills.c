// Reconciliations in and out.
#include "wire/tills.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/check.h"
#include "core/receipts.h"
#include "wire/message.h"
#include "wire/replies.h"
#include "wire/shapes.h"
#include "wire/uuid.h"

// --- in ---

static enum status read_total(struct commands *commands, const Loyalty__V1__OperationTotal *message,
                              const struct path *path, struct receipt_total *totals, bool *given)
{
    struct path operation_path = shapes_step(path, "operation");
    struct path points_path = shapes_step(path, "points");
    struct path amount_path = shapes_step(path, "amount_minor");
    size_t index = (size_t)message->operation - 1;
    if (index >= RECEIPT_OPERATIONS) {
        return shapes_fail(commands, FAULT_BAD_OPERATION, &operation_path,
                           "The operation must be award, redeem, reverse award or reverse redeem.");
    }
    if (given[index]) {
        return shapes_fail(commands, FAULT_DUPLICATE_OPERATION, &operation_path,
                           "This operation is given twice; give the sum of each one once.");
    }
    if (message->points < 0) {
        return shapes_fail(commands, FAULT_POINTS_OUT_OF_BOUNDS, &points_path,
                           "A sum of points is 0 or more, whichever way they went.");
    }
    if (message->amount_minor < 0) {
        return shapes_fail(commands, FAULT_NEGATIVE_AMOUNT, &amount_path,
                           "A sum of amounts is 0 or more, of returns too.");
    }
    given[index] = true;
    totals[index] = (struct receipt_total){
        .count = message->count, .points = message->points, .amount_minor = message->amount_minor};
    return STATUS_OK;
}

static enum status read_totals(struct commands *commands,
                               const Loyalty__V1__ReconcileRequest *message,
                               struct reconcile_request *request)
{
    struct path path = shapes_step(NULL, "totals");
    bool given[RECEIPT_OPERATIONS] = {false};
    for (size_t i = 0; i < message->n_totals; i++) {
        struct path item_path = path_element(&path, i);
        TRY(read_total(commands, message->totals[i], &item_path, request->totals, given));
    }
    return STATUS_OK;
}

static int compare_ids(const void *a, const void *b)
{
    return memcmp(*(const uint8_t *const *)a, *(const uint8_t *const *)b, REQUEST_ID_BYTES);
}

static int compare_id(const void *id, const void *item)
{
    return memcmp(id, *(const uint8_t *const *)item, REQUEST_ID_BYTES);
}

size_t till_ids_find(const struct till_ids *ids, const uint8_t *id)
{
    const uint8_t **found =
        ids->count == 0 ? NULL
                        : bsearch(id, ids->sorted, ids->count, sizeof(*ids->sorted), compare_id);
    return found == NULL ? ids->count : (size_t)(*found - ids->items[0]) / (size_t)REQUEST_ID_BYTES;
}

static enum status read_ids(struct commands *commands, const Loyalty__V1__ReconcileRequest *message,
                            struct till_ids *ids)
{
    struct path path = shapes_step(NULL, "request_ids");
    size_t count = message->n_request_ids;
    if (count > LIMIT_RECONCILED_IDS) {
        return shapes_fail(commands, FAULT_TOO_MANY_ITEMS, &path,
                           arena_printf(commands->arena,
                                        "%zu request ids are given, but there may be at most %d; "
                                        "leave them out.",
                                        count, LIMIT_RECONCILED_IDS));
    }
    uint8_t(*items)[REQUEST_ID_BYTES] = arena_alloc_array(commands->arena, count, sizeof(*items));
    ids->sorted = arena_alloc_array(commands->arena, count, sizeof(*ids->sorted));
    if (items == NULL || ids->sorted == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        struct path item_path = path_element(&path, i);
        TRY(shapes_uuid(commands, message->request_ids[i], &item_path, items[i]));
        ids->sorted[i] = items[i];
    }
    ids->items = (const uint8_t(*)[REQUEST_ID_BYTES])items;
    ids->count = count;
    if (count > 0) {
        qsort(ids->sorted, count, sizeof(*ids->sorted), compare_ids);
    }
    for (size_t i = 1; i < count; i++) {
        if (memcmp(ids->sorted[i - 1], ids->sorted[i], REQUEST_ID_BYTES) == 0) {
            return shapes_fail(commands, FAULT_DUPLICATE_REQUEST_ID, &path,
                               "A request id is given twice; give each one once.");
        }
    }
    return STATUS_OK;
}

// The token of a page says how many differences were listed before it.
static enum status read_page(struct commands *commands, const char *token, uint64_t *ret_listed)
{
    struct page page;
    TRY(commands_page(commands, 0, token, &page));
    *ret_listed = page.before_seq == UINT64_MAX ? 0 : page.before_seq;
    return STATUS_OK;
}

enum status commands_reconcile(struct commands *commands,
                               const Loyalty__V1__ReconcileRequest *request,
                               struct reconcile_request *ret_request)
{
    struct reconcile_request wanted = {0};
    struct path unit_path = shapes_step(NULL, "unit");
    struct path date_path = shapes_step(NULL, "business_date");
    if (commands->any_unit && request->unit[0] == '\0') {
        return shapes_fail(commands, FAULT_MISSING, &unit_path,
                           "It is not said which terminal is meant; give its unit.");
    }
    TRY(shapes_unit(commands, request->unit, &unit_path, &wanted.unit));
    struct civil_date date;
    TRY(shapes_date(commands, request->business_date, &date_path, &date));
    wanted.business_day = civil_to_days(date);
    TRY(read_totals(commands, request, &wanted));
    TRY(read_ids(commands, request, &wanted.ids));
    TRY(read_page(commands, request->page_token, &wanted.listed));
    *ret_request = wanted;
    return STATUS_OK;
}

// --- out ---

enum status tills_terms(struct arena *arena, const struct program_version *version, int64_t now_ms,
                        Loyalty__V1__GetTermsResponse **ret_response)
{
    const struct program *program = version->program;
    Loyalty__V1__GetTermsResponse *response = (Loyalty__V1__GetTermsResponse *)message_new(
        &loyalty__v1__get_terms_response__descriptor, arena);
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(replies_text(arena, program->id, &response->program_id));
    TRY(replies_text(arena, program->currency, &response->currency));
    TRY(replies_text(arena, program->zone_name, &response->zone));
    TRY(replies_instant(arena, now_ms, &response->as_of));
    response->program_version = version->number;
    response->redeem_minimum_points = program->redeem_minimum;
    response->redeem_step_points = program->redeem_step;
    response->value_points = program->redeem_value.points;
    response->value_minor = program->redeem_value.money_minor;
    response->offline_floor_points = program->offline_floor;
    response->hold_seconds = program->hold_seconds;
    response->late_days = program->late_days;
    *ret_response = response;
    return STATUS_OK;
}

// An operation that has nothing is left out, as a till's book may do.
static enum status make_totals(struct arena *arena, const struct receipt_total *totals,
                               Loyalty__V1__ReconcileResponse *response)
{
    response->totals =
        arena_alloc_array(arena, RECEIPT_OPERATIONS, sizeof(Loyalty__V1__OperationTotal *));
    if (response->totals == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < RECEIPT_OPERATIONS; i++) {
        if (totals[i].count == 0) {
            continue;
        }
        Loyalty__V1__OperationTotal *total = (Loyalty__V1__OperationTotal *)message_new(
            &loyalty__v1__operation_total__descriptor, arena);
        if (total == NULL) {
            return STATUS_NO_MEMORY;
        }
        total->operation = (Loyalty__V1__Operation)(i + 1);
        total->count = totals[i].count;
        total->points = totals[i].points;
        total->amount_minor = totals[i].amount_minor;
        response->totals[response->n_totals] = total;
        response->n_totals++;
    }
    return STATUS_OK;
}

static enum status make_response(struct arena *arena, const struct receipt_total *totals,
                                 Loyalty__V1__ReconcileResponse **ret_response)
{
    Loyalty__V1__ReconcileResponse *response = (Loyalty__V1__ReconcileResponse *)message_new(
        &loyalty__v1__reconcile_response__descriptor, arena);
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(make_totals(arena, totals, response));
    *ret_response = response;
    return STATUS_OK;
}

enum status tills_balanced(struct arena *arena, const struct receipt_total *totals,
                           Loyalty__V1__ReconcileResponse **ret_response)
{
    TRY(make_response(arena, totals, ret_response));
    (*ret_response)->in_balance = true;
    (*ret_response)->closed = true;
    return STATUS_OK;
}

// One page being filled: differences pass by in their order, those of the page are kept.
struct listing {
    struct arena *arena;
    Loyalty__V1__ReconcileResponse *response;
    uint64_t listed; // before this page
    uint64_t passed;
};

// A place on the page for the next difference; NULL: it is of another page.
static enum status next_difference(struct listing *listing, Loyalty__V1__DifferenceSide side,
                                   const uint8_t *id, Loyalty__V1__Difference **ret_difference)
{
    Loyalty__V1__ReconcileResponse *response = listing->response;
    *ret_difference = NULL;
    bool on_page = listing->passed >= listing->listed && response->n_differences < LIMIT_PAGE_SIZE;
    listing->passed++;
    if (!on_page) {
        return STATUS_OK;
    }
    Loyalty__V1__Difference *difference = (Loyalty__V1__Difference *)message_new(
        &loyalty__v1__difference__descriptor, listing->arena);
    char text[UUID_TEXT_BYTES + 1];
    uuid_format(id, text);
    if (difference == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(replies_text(listing->arena, span_of_text(text), &difference->request_id));
    difference->side = side;
    response->differences[response->n_differences] = difference;
    response->n_differences++;
    *ret_difference = difference;
    return STATUS_OK;
}

static enum status list_claim(struct listing *listing, const struct claim *claim)
{
    Loyalty__V1__Difference *difference = NULL;
    TRY(next_difference(listing, LOYALTY__V1__DIFFERENCE_SIDE__DIFFERENCE_SIDE_SERVICE_ONLY,
                        claim->request, &difference));
    if (difference != NULL) {
        difference->operation = (Loyalty__V1__Operation)claim->operation;
        difference->receipt_number = claim->number;
        difference->points = claim->points;
        difference->amount_minor = claim->amount_minor;
    }
    return STATUS_OK;
}

// Claims that stand and are not in the till's list; `known` is set for each of the list that is.
static enum status list_claims(struct listing *listing, const struct account *account,
                               const struct till_ids *ids, bool *known)
{
    bool *last = arena_alloc_array(listing->arena, account->claims.count, sizeof(*last));
    if (last == NULL) {
        return STATUS_NO_MEMORY;
    }
    receipts_mark_last(account, last);
    for (uint32_t i = 0; i < account->claims.count; i++) {
        const struct claim *claim = &account->claims.items[i];
        if (!last[i] || !claim_is_counted(claim)) {
            continue;
        }
        size_t place = till_ids_find(ids, claim->request);
        if (place < ids->count) {
            known[place] = true;
        } else {
            TRY(list_claim(listing, claim));
        }
    }
    return STATUS_OK;
}

static enum status list_all(struct listing *listing, const struct account *account,
                            const struct till_ids *ids)
{
    bool *known = arena_alloc_array(listing->arena, ids->count, sizeof(*known));
    listing->response->differences =
        arena_alloc_array(listing->arena, LIMIT_PAGE_SIZE, sizeof(Loyalty__V1__Difference *));
    if (known == NULL || listing->response->differences == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(list_claims(listing, account, ids, known));
    for (size_t i = 0; i < ids->count; i++) {
        Loyalty__V1__Difference *difference;
        if (!known[i]) {
            TRY(next_difference(listing, LOYALTY__V1__DIFFERENCE_SIDE__DIFFERENCE_SIDE_TILL_ONLY,
                                ids->items[i], &difference));
        }
    }
    return STATUS_OK;
}

enum status tills_differences(struct arena *arena, const struct account *account,
                              const struct reconcile_request *wanted,
                              Loyalty__V1__ReconcileResponse **ret_response)
{
    Loyalty__V1__ReconcileResponse *response = NULL;
    TRY(make_response(arena, account->terminal.totals, &response));
    struct listing listing = {.arena = arena, .response = response, .listed = wanted->listed};
    TRY(list_all(&listing, account, &wanted->ids));
    uint64_t shown = listing.listed + response->n_differences;
    if (shown < listing.passed) {
        response->next_page_token = commands_page_token(arena, shown);
        if (response->next_page_token == NULL) {
            return STATUS_NO_MEMORY;
        }
    }
    *ret_response = response;
    return STATUS_OK;
}
