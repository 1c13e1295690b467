// The audit between the wire and its months. A page's token holds both places in one number.
#include "wire/audit.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "wire/message.h"
#include "wire/perks.h"
#include "wire/replies.h"
#include "wire/uuid.h"

enum { PROGRAM_PLACES = 1024 };

static_assert(2 * LIMIT_PROGRAM_VERSIONS < PROGRAM_PLACES, "each version may be withdrawn");

// --- what is asked ---

enum status audit_read(struct commands *commands, const Loyalty__V1__ListAuditRequest *request,
                       struct audit_ask *ret_ask)
{
    struct audit_ask ask = {.has_month = *request->month != '\0'};
    struct page page;
    if (ask.has_month) {
        TRY(perks_read_month(commands, request->month, &ask.year, &ask.month));
    }
    TRY(commands_page(commands, request->page_size, request->page_token, &page));
    ask.size = page.size;
    if (*request->page_token != '\0') {
        ask.after_records = page.before_seq / PROGRAM_PLACES;
        ask.after_program = (uint32_t)(page.before_seq % PROGRAM_PLACES);
    }
    *ret_ask = ask;
    return STATUS_OK;
}

char *audit_page_token(struct arena *arena, uint64_t after_records, uint32_t after_program)
{
    return commands_page_token(arena, after_records * PROGRAM_PLACES + after_program);
}

// --- what is answered ---

static enum status request_id(struct arena *arena, const uint8_t *id, char **ret_text)
{
    static const uint8_t none[REQUEST_ID_BYTES];
    char text[UUID_TEXT_BYTES + 1];
    if (memcmp(id, none, sizeof(none)) == 0) {
        return STATUS_OK;
    }
    uuid_format(id, text);
    return replies_text(arena, span_of_text(text), ret_text);
}

enum status audit_entry(struct arena *arena, const struct record_audited *audited,
                        Loyalty__V1__AuditEntry **ret_entry)
{
    Loyalty__V1__AuditEntry *entry =
        (Loyalty__V1__AuditEntry *)message_new(&loyalty__v1__audit_entry__descriptor, arena);
    if (entry == NULL) {
        return STATUS_NO_MEMORY;
    }
    entry->act = (Loyalty__V1__AuditAct)audited->act;
    entry->seq = audited->seq;
    entry->reason_code = (Loyalty__V1__ActReason)audited->reason_code;
    TRY(replies_instant(arena, audited->acted_ms, &entry->at));
    TRY(replies_text(arena, audited->actor, &entry->actor));
    TRY(replies_text(arena, audited->subject, &entry->subject));
    TRY(replies_text(arena, audited->reason, &entry->reason));
    TRY(request_id(arena, audited->request, &entry->request_id));
    *ret_entry = entry;
    return STATUS_OK;
}

enum status audit_program_entry(struct arena *arena, const struct record *record,
                                Loyalty__V1__AuditEntry **ret_entry)
{
    bool published = record->type == RECORD_PUBLISHED;
    uint32_t number = published ? record->published.number : record->withdrawn.number;
    char *subject = arena_printf(arena, "program/%" PRIu32, number);
    if (subject == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct record_audited audited = {
        .act = published ? AUDIT_PROGRAM_PUBLISHED : AUDIT_PROGRAM_WITHDRAWN,
        .acted_ms = record->at_ms,
        .subject = span_of_text(subject),
        .actor = published ? record->published.by : record->withdrawn.by,
        .reason = published ? record->published.reason : record->withdrawn.reason,
    };
    if (record->mark.present) {
        memcpy(audited.request, record->mark.id, sizeof(audited.request));
    }
    return audit_entry(arena, &audited, ret_entry);
}
