// Settlements, read off records.
#include "core/settlement.h"

#include <assert.h>
#include <string.h>

#include "core/calendar.h"

static const char role[] = "partner/";

enum { ROLE_LEN = sizeof role - 1, PREFIX_LEN = sizeof "@2026-06/" - 1 };

static_assert((int)LIMIT_PARTNER_BYTES + (int)PREFIX_LEN <= (int)LIMIT_MEMBER_ID_BYTES,
              "a partner's month has an id that accounts may have");

enum status settlement_account(struct span partner, int32_t year, int32_t month,
                               char ret_id[LIMIT_MEMBER_ID_BYTES + 1])
{
    if (!civil_is_month(year, month) || partner.len == 0 || partner.len > LIMIT_PARTNER_BYTES) {
        return STATUS_RANGE;
    }
    char *at = ret_id;
    *at++ = '@';
    at = civil_write_month(year, month, at);
    *at++ = '/';
    memcpy(at, partner.data, partner.len);
    at[partner.len] = '\0';
    return STATUS_OK;
}

struct span settlement_partner(struct span actor)
{
    if (actor.len <= ROLE_LEN || memcmp(actor.data, role, ROLE_LEN) != 0) {
        return (struct span){0};
    }
    struct span unit = span_from(actor, ROLE_LEN);
    const uint8_t *slash = memchr(unit.data, '/', unit.len);
    return slash == NULL ? unit : span_of(unit.data, (size_t)(slash - unit.data));
}

enum status settlement_of(const struct names *names, const struct record *record,
                          struct settlement *ret_settlement)
{
    bool reversal = record->type == RECORD_PERK_REVERSED;
    const struct record_perk_used *used = &record->perk_used;
    const struct record_perk_reversed *reversed = &record->perk_reversed;
    if ((!reversal && record->type != RECORD_PERK_USED) || !record->mark.present ||
        !(reversal ? reversed->settled : used->settled)) {
        return STATUS_CORRUPT;
    }
    struct span actor = names_text(names, reversal ? reversed->used_by : record->actor);
    struct civil_date date = civil_from_days(reversal ? reversed->day : used->day);
    struct settlement settlement = {
        .partner = settlement_partner(actor),
        .year = date.year,
        .month = date.month,
        .perk = names_text(names, reversal ? reversed->perk : used->perk),
        .unit = names_text(names, reversal ? reversed->unit : used->unit),
        .used_at_ms = record->at_ms,
        .reversal = reversal,
    };
    if (settlement.partner.len == 0 || settlement.perk.len == 0) {
        return STATUS_CORRUPT;
    }
    if (settlement.unit.len == 0) {
        settlement.unit = span_from(actor, ROLE_LEN);
    }
    memcpy(settlement.request, record->mark.id, sizeof settlement.request);
    *ret_settlement = settlement;
    return STATUS_OK;
}
