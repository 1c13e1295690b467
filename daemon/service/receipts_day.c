// Where a terminal's day is, and what became of the requests that have claims in it.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "core/calendar.h"
#include "core/ledger.h"
#include "service/bounds.h"
#include "service/receipts.h"

struct terminal_place receipts_place(const struct service *service, struct span unit,
                                     int32_t business_day)
{
    struct civil_date date = civil_from_days(business_day);
    struct terminal_place place = {0};
    int len = snprintf(place.id, sizeof(place.id), "@%04d%02d%02d/", (int)date.year,
                       (int)date.month, (int)date.day);
    CHECK(len > 0 && (size_t)len < sizeof(place.id));
    size_t at = (size_t)len;
    if (at + unit.len < sizeof(place.id)) {
        memcpy(place.id + at, unit.data, unit.len);
        at += unit.len;
    } else {
        static const uint8_t nothing[CHAIN_HASH_BYTES];
        uint8_t hash[CHAIN_HASH_BYTES];
        service->options.chain_hash(nothing, unit, hash);
        place.id[at - 1] = '#';
        for (size_t i = 0; i < sizeof(hash); i++) {
            (void)snprintf(place.id + at + 2 * i, 3, "%02x", hash[i]);
        }
        at += 2 * sizeof(hash);
    }
    place.id_len = at;
    place.partition = accounts_partition(service->accounts, terminal_place_id(&place));
    return place;
}

void receipts_prepare(struct request *request, struct span id, task_decide_fn *decide,
                      void *context, task_result_fn *on_result, task_released_fn *on_released)
{
    request->task = (struct account_task){
        .id = id,
        .arena = &request->attempt,
        .expires_ms = request->expires_ms,
        .deadline_ms = request_deadline_ms(request),
        .decide = decide,
        .actor = request_actor(request),
        .trace = request_trace(request),
        .context = context,
        .on_result = on_result,
        .on_released = on_released,
    };
}

bool receipts_is_past(const struct service *service, const struct claim *claim)
{
    return lease_store_now_ms(service->lease) > claim->not_after_ms + SERVICE_TAKE_OVER_MARGIN_MS;
}

// Whether the record counts for this very claim.
static bool counts(const struct record *record, const struct claim *claim,
                   struct claim_figures *figures)
{
    return receipts_of_record(record, figures) && figures->key.operation == claim->operation &&
           figures->key.number == claim->number &&
           memcmp(figures->key.original, claim->original, sizeof(claim->original)) == 0;
}

// Whether its record may have been cut away (jobs/compact.c keeps the horizon, and a day).
static bool may_be_cut(const struct service *service, const struct claim *claim)
{
    return claim->not_after_ms < lease_store_now_ms(service->lease) - LIMIT_HORIZON_MS;
}

static enum status find_fate(const struct claim *claim, struct span log, struct arena *scratch,
                             enum claim_fate *ret_fate, struct claim_figures *ret_figures)
{
    struct mark mark = {.present = true};
    memcpy(mark.id, claim->request, sizeof(mark.id));
    struct record record;
    uint64_t seq = 0;
    TRY(ledger_find(log, &mark, scratch, &record, &seq));
    *ret_fate = counts(&record, claim, ret_figures) ? CLAIM_APPLIED : CLAIM_REFUSED;
    return STATUS_OK;
}

enum status receipts_fate(struct service *service, const struct claim *claim, struct span log,
                          enum claim_fate *ret_fate, struct claim_figures *ret_figures)
{
    enum status status = find_fate(claim, log, &service->scratch, ret_fate, ret_figures);
    arena_reset(&service->scratch);
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    *ret_fate = may_be_cut(service, claim) ? CLAIM_APPLIED : CLAIM_ABSENT;
    *ret_figures =
        (struct claim_figures){.points = claim->points, .amount_minor = claim->amount_minor};
    return STATUS_OK;
}
