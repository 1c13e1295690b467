// What is answered about perks.
#include <assert.h>
#include <stddef.h>

#include "base/check.h"
#include "wire/message.h"
#include "wire/perks.h"
#include "wire/uuid.h"

// --- uses and reversals ---

enum status perks_used_response(const struct replies *replies, const struct record *record,
                                uint64_t seq, Loyalty__V1__UsePerkResponse **ret_response)
{
    CHECK(record->type == RECORD_PERK_USED);
    const struct record_perk_used *used = &record->perk_used;
    Loyalty__V1__UsePerkResponse *response = (Loyalty__V1__UsePerkResponse *)message_new(
        &loyalty__v1__use_perk_response__descriptor, replies->arena);
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct span tier = replies_name(replies, record, record->figures.tier);
    struct span perk = replies_name(replies, record, used->perk);
    TRY(replies_text(replies->arena, perk, &response->perk_id));
    TRY(replies_instant(replies->arena, record->at_ms, &response->recorded_at));
    TRY(replies_text(replies->arena, replies->member_id, &response->member_id));
    TRY(replies_text(replies->arena, tier, &response->tier_id));
    response->seq = seq;
    response->limited = used->limited;
    response->left = used->left;
    *ret_response = response;
    return STATUS_OK;
}

void perks_veil_used(Loyalty__V1__UsePerkResponse *response)
{
    Loyalty__V1__UsePerkResponse veiled = LOYALTY__V1__USE_PERK_RESPONSE__INIT;
    veiled.perk_id = response->perk_id;
    veiled.recorded_at = response->recorded_at;
    *response = veiled;
}

static Loyalty__V1__PerkReversal result_of(enum reverse_result result)
{
    switch (result) {
    case REVERSE_REVERSED:
        return LOYALTY__V1__PERK_REVERSAL__PERK_REVERSAL_REVERSED;
    case REVERSE_PREVIOUSLY_REVERSED:
        return LOYALTY__V1__PERK_REVERSAL__PERK_REVERSAL_PREVIOUSLY_REVERSED;
    default:
        return LOYALTY__V1__PERK_REVERSAL__PERK_REVERSAL_ORIGINAL_NOT_FOUND;
    }
}

enum status perks_not_found(struct arena *arena, Loyalty__V1__ReversePerkResponse **ret_response)
{
    Loyalty__V1__ReversePerkResponse *response = (Loyalty__V1__ReversePerkResponse *)message_new(
        &loyalty__v1__reverse_perk_response__descriptor, arena);
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    response->result = LOYALTY__V1__PERK_REVERSAL__PERK_REVERSAL_ORIGINAL_NOT_FOUND;
    *ret_response = response;
    return STATUS_OK;
}

enum status perks_reversed_response(const struct replies *replies, const struct record *record,
                                    Loyalty__V1__ReversePerkResponse **ret_response)
{
    CHECK(record->type == RECORD_PERK_REVERSED);
    Loyalty__V1__ReversePerkResponse *response = NULL;
    struct span perk = replies_name(replies, record, record->perk_reversed.perk);
    TRY(perks_not_found(replies->arena, &response));
    response->result = result_of(record->perk_reversed.result);
    TRY(replies_text(replies->arena, perk, &response->perk_id));
    TRY(replies_instant(replies->arena, record->at_ms, &response->recorded_at));
    *ret_response = response;
    return STATUS_OK;
}

// --- lists ---

typedef Loyalty__V1__PerkLeft__NamesEntry names_entry;

static_assert(sizeof(names_entry) == sizeof(Loyalty__V1__ServedPerk__NamesEntry) &&
                  offsetof(names_entry, key) ==
                      offsetof(Loyalty__V1__ServedPerk__NamesEntry, key) &&
                  offsetof(names_entry, value) ==
                      offsetof(Loyalty__V1__ServedPerk__NamesEntry, value),
              "maps of texts have entries of one shape");

// The entries of a map of names, of the type given.
static enum status fill_names(struct arena *arena, const struct local_names *names,
                              const ProtobufCMessageDescriptor *type, size_t *ret_count,
                              void **ret_entries)
{
    names_entry **entries = arena_alloc_array(arena, names->count, sizeof(names_entry *));
    if (entries == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < names->count; i++) {
        names_entry *entry = (names_entry *)message_new(type, arena);
        if (entry == NULL) {
            return STATUS_NO_MEMORY;
        }
        TRY(replies_text(arena, names->items[i].language, &entry->key));
        TRY(replies_text(arena, names->items[i].text, &entry->value));
        entries[i] = entry;
    }
    *ret_count = names->count;
    *ret_entries = entries;
    return STATUS_OK;
}

static enum status fill_partners(struct arena *arena, const struct span_list *partners,
                                 Loyalty__V1__PerkLeft *message)
{
    message->partners = arena_alloc_array(arena, partners->count, sizeof(char *));
    if (message->partners == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < partners->count; i++) {
        TRY(replies_text(arena, partners->items[i], &message->partners[i]));
    }
    message->n_partners = partners->count;
    return STATUS_OK;
}

static enum status make_left(struct arena *arena, const struct perk *perk,
                             const struct perk_left *left, Loyalty__V1__PerkLeft **ret_message)
{
    Loyalty__V1__PerkLeft *message =
        (Loyalty__V1__PerkLeft *)message_new(&loyalty__v1__perk_left__descriptor, arena);
    if (message == NULL) {
        return STATUS_NO_MEMORY;
    }
    message->limited = left->limited;
    message->count = (uint32_t)left->count;
    message->left = (uint32_t)left->left;
    TRY(replies_text(arena, perk->id, &message->perk_id));
    TRY(fill_names(arena, &perk->names, &loyalty__v1__perk_left__names_entry__descriptor,
                   &message->n_names, (void **)&message->names));
    if (left->from_ms != INT64_MIN) {
        TRY(replies_instant(arena, left->from_ms, &message->period_from));
    }
    TRY(replies_instant(arena, left->until_ms, &message->period_until));
    TRY(fill_partners(arena, &perk->partners, message));
    *ret_message = message;
    return STATUS_OK;
}

static enum status fill_left(struct arena *arena, const struct account *account,
                             const struct program_version *version,
                             Loyalty__V1__ListPerksResponse *response)
{
    const struct program *program = version->program;
    response->perks =
        arena_alloc_array(arena, program->perk_count, sizeof(Loyalty__V1__PerkLeft *));
    if (response->perks == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < program->perk_count; i++) {
        struct perk_left left;
        if (perk_left(account, version, &program->perks[i], &left)) {
            TRY(make_left(arena, &program->perks[i], &left, &response->perks[response->n_perks]));
            response->n_perks++;
        }
    }
    return STATUS_OK;
}

enum status perks_list_response(struct arena *arena, const struct account *account,
                                const struct program_set *programs,
                                Loyalty__V1__ListPerksResponse **ret_response)
{
    const struct program_version *version = program_set_at(programs, account->now_ms);
    if (version == NULL || account->cards.count == 0) {
        return STATUS_NOT_FOUND;
    }
    Loyalty__V1__ListPerksResponse *response = (Loyalty__V1__ListPerksResponse *)message_new(
        &loyalty__v1__list_perks_response__descriptor, arena);
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct span tier = names_text(&account->names, account_card(account)->tier);
    TRY(replies_text(arena, span_of_text(account->id), &response->member_id));
    TRY(replies_instant(arena, account->now_ms, &response->as_of));
    TRY(replies_text(arena, tier, &response->tier_id));
    TRY(fill_left(arena, account, version, response));
    *ret_response = response;
    return STATUS_OK;
}

enum status perks_served_response(struct arena *arena, const struct program *program,
                                  struct span partner,
                                  Loyalty__V1__ListServedPerksResponse **ret_response)
{
    Loyalty__V1__ListServedPerksResponse *response =
        (Loyalty__V1__ListServedPerksResponse *)message_new(
            &loyalty__v1__list_served_perks_response__descriptor, arena);
    Loyalty__V1__ServedPerk **perks =
        arena_alloc_array(arena, program->perk_count, sizeof(Loyalty__V1__ServedPerk *));
    if (response == NULL || perks == NULL) {
        return STATUS_NO_MEMORY;
    }
    response->perks = perks;
    for (size_t i = 0; i < program->perk_count; i++) {
        const struct perk *perk = &program->perks[i];
        if (!perk_is_served_by(perk, partner)) {
            continue;
        }
        Loyalty__V1__ServedPerk *served =
            (Loyalty__V1__ServedPerk *)message_new(&loyalty__v1__served_perk__descriptor, arena);
        if (served == NULL) {
            return STATUS_NO_MEMORY;
        }
        TRY(replies_text(arena, perk->id, &served->perk_id));
        TRY(fill_names(arena, &perk->names, &loyalty__v1__served_perk__names_entry__descriptor,
                       &served->n_names, (void **)&served->names));
        perks[response->n_perks] = served;
        response->n_perks++;
    }
    *ret_response = response;
    return STATUS_OK;
}

// --- a partner's month ---

static enum status make_use(struct arena *arena, const struct settled_use *use,
                            Loyalty__V1__SettledUse **ret_message)
{
    Loyalty__V1__SettledUse *message =
        (Loyalty__V1__SettledUse *)message_new(&loyalty__v1__settled_use__descriptor, arena);
    if (message == NULL) {
        return STATUS_NO_MEMORY;
    }
    char request[UUID_TEXT_BYTES + 1];
    uuid_format(use->request, request);
    TRY(replies_text(arena, span_of_text(request), &message->request_id));
    TRY(replies_text(arena, use->perk, &message->perk_id));
    TRY(replies_text(arena, use->unit, &message->unit));
    TRY(replies_instant(arena, use->used_at_ms, &message->used_at));
    message->reversal = use->reversal;
    *ret_message = message;
    return STATUS_OK;
}

static enum status make_total(struct arena *arena, const struct settled_total *total,
                              Loyalty__V1__SettledTotal **ret_message)
{
    Loyalty__V1__SettledTotal *message =
        (Loyalty__V1__SettledTotal *)message_new(&loyalty__v1__settled_total__descriptor, arena);
    if (message == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(replies_text(arena, total->perk, &message->perk_id));
    message->count = total->count < 0 ? 0 : (uint64_t)total->count;
    *ret_message = message;
    return STATUS_OK;
}

enum status perks_settlement_response(struct arena *arena, const struct settled_page *page,
                                      Loyalty__V1__ListSettlementResponse **ret_response)
{
    Loyalty__V1__ListSettlementResponse *response =
        (Loyalty__V1__ListSettlementResponse *)message_new(
            &loyalty__v1__list_settlement_response__descriptor, arena);
    Loyalty__V1__SettledUse **uses =
        arena_alloc_array(arena, page->use_count, sizeof(Loyalty__V1__SettledUse *));
    Loyalty__V1__SettledTotal **totals =
        arena_alloc_array(arena, page->total_count, sizeof(Loyalty__V1__SettledTotal *));
    if (response == NULL || uses == NULL || totals == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < page->use_count; i++) {
        TRY(make_use(arena, &page->uses[i], &uses[i]));
    }
    for (size_t i = 0; i < page->total_count; i++) {
        TRY(make_total(arena, &page->totals[i], &totals[i]));
    }
    response->uses = uses;
    response->n_uses = page->use_count;
    response->totals = totals;
    response->n_totals = page->total_count;
    if (page->more && page->use_count > 0) {
        response->next_page_token = commands_page_token(arena, page->uses[page->use_count - 1].seq);
    }
    if (response->next_page_token == NULL) {
        return STATUS_NO_MEMORY;
    }
    *ret_response = response;
    return STATUS_OK;
}
