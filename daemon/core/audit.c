// The audit's months, and what is listed in them.
#include "core/audit.h"

#include <string.h>

#include "core/calendar.h"

enum status audit_account(int32_t year, int32_t month, char ret_id[LIMIT_MEMBER_ID_BYTES + 1])
{
    static const char prefix[] = "@audit-";
    if (!civil_is_month(year, month)) {
        return STATUS_RANGE;
    }
    memcpy(ret_id, prefix, sizeof prefix - 1);
    *civil_write_month(year, month, ret_id + sizeof prefix - 1) = '\0';
    return STATUS_OK;
}

static enum status by_hand(enum audit_act act, enum act_reason code, struct span reason,
                           struct record_audited *audited)
{
    audited->act = act;
    audited->reason_code = code;
    audited->reason = reason;
    return STATUS_OK;
}

static enum status note_act(const struct record *record, struct record_audited *audited)
{
    const struct record_adjusted *adjusted = &record->adjusted;
    switch (record->type) {
    case RECORD_ADJUSTED:
        return by_hand(adjusted->points != 0 ? AUDIT_POINTS_ADJUSTED : AUDIT_SCORE_ADJUSTED,
                       adjusted->reason_code, adjusted->reason, audited);
    case RECORD_CARD_GRANTED:
        return by_hand(AUDIT_TIER_GRANTED, record->granted.reason_code, record->granted.reason,
                       audited);
    case RECORD_CARD_REVOKED:
        return by_hand(AUDIT_TIER_REVOKED, record->revoked.reason_code, record->revoked.reason,
                       audited);
    case RECORD_STATUS_CHANGED:
        return by_hand(AUDIT_STATUS_CHANGED, 0, record->status_changed.reason, audited);
    case RECORD_MERGED:
        return by_hand(AUDIT_MERGED, 0, record->merged.reason, audited);
    default:
        return STATUS_CORRUPT;
    }
}

enum status audit_of(const struct account *account, const struct record *record, uint64_t seq,
                     struct record_audited *ret_audited)
{
    struct record_audited audited = {
        .acted_ms = record->at_ms,
        .subject = span_of_text(account->id),
        .actor = names_text(&account->names, record->actor),
        .seq = seq,
    };
    TRY(note_act(record, &audited));
    memcpy(audited.request, record->mark.id, sizeof audited.request);
    *ret_audited = audited;
    return STATUS_OK;
}
