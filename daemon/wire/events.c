// What a record says is found first, as plain figures; then what is wanted of it is rendered.
#include "wire/events.h"

#include "wire/message.h"
#include "wire/replies.h"
#include "wire/statement.h"

typedef Loyalty__V1__EventType event_type;

#define TYPE(name) LOYALTY__V1__EVENT_TYPE__EVENT_TYPE_##name
#define NOTHING TYPE(UNSPECIFIED)

struct part {
    event_type type;
    int64_t points;
    const struct card *card;
    int64_t due_ms; // INSTANT_NEVER: none
};

struct parts {
    struct part items[EVENTS_A_RECORD];
    size_t count;
};

bool events_wants(const struct events_entry *entry, Loyalty__V1__EventType type)
{
    return entry->types == 0 || (entry->types >> (unsigned)type & 1) != 0;
}

// --- what a record says ---

static event_type opened_type(const struct record_opened *opened)
{
    return opened->kind == ACCOUNT_MEMBER || opened->kind == ACCOUNT_POOL ? TYPE(ENROLLED)
                                                                          : NOTHING;
}

// One that did nothing is remembered only so that its retry is answered the same.
static event_type reversed_type(const struct record_reversed *reversed)
{
    bool done =
        reversed->result == REVERSE_REVERSED || reversed->result == REVERSE_FURTHER_ACTIVITY;
    return done ? TYPE(REVERSED) : TYPE(OTHER);
}

// What is said first. Of a boundary nothing is: its lots and cards say it all.
static event_type main_type(const struct record *record)
{
    switch (record->type) {
    case RECORD_OPENED:
        return opened_type(&record->opened);
    case RECORD_AWARDED:
        return TYPE(AWARDED);
    case RECORD_REDEEMED:
    case RECORD_CAPTURED:
        return TYPE(REDEEMED);
    case RECORD_HELD:
        return TYPE(RESERVED);
    case RECORD_RELEASED:
    case RECORD_LAPSED:
        return TYPE(HOLD_ENDED);
    case RECORD_REVERSED:
        return reversed_type(&record->reversed);
    case RECORD_PERK_USED:
        return TYPE(PERK_USED);
    case RECORD_PERK_REVERSED:
        return record->perk_reversed.result == REVERSE_REVERSED ? TYPE(PERK_REVERSED) : TYPE(OTHER);
    case RECORD_CONTRIBUTED:
    case RECORD_CONTRIBUTION_REDUCED:
        return TYPE(SCORE_CHANGED);
    case RECORD_STATUS_CHANGED:
        return TYPE(STATUS_CHANGED);
    case RECORD_IDENTIFIERS_CHANGED:
        return TYPE(IDENTIFIERS_CHANGED);
    case RECORD_MERGED:
    case RECORD_ABSORBED:
        return TYPE(MERGED);
    case RECORD_BONUS:
        return TYPE(BONUS);
    case RECORD_ADJUSTED:
        return TYPE(ADJUSTED);
    case RECORD_CARD_GRANTED:
    case RECORD_CARD_REVOKED:
        return NOTHING; // their card says it
    default:
        return TYPE(OTHER);
    }
}

static int64_t freed_ended(const struct points_freed *freed, int64_t at_ms)
{
    return lot_moves_ended(freed->lots, freed->lot_count, at_ms);
}

// Points that are gone because their time, or the membership, is over.
static int64_t points_expired(const struct record *record)
{
    int64_t at_ms = record->at_ms;
    switch (record->type) {
    case RECORD_AWARDED:
        return record->awarded.lot_ends_ms <= at_ms ? record->awarded.points : 0;
    case RECORD_BONUS:
        return record->bonus.lot_ends_ms <= at_ms ? record->bonus.points : 0;
    case RECORD_CAPTURED:
        return freed_ended(&record->captured.freed, at_ms);
    case RECORD_RELEASED:
        return freed_ended(&record->released.freed, at_ms);
    case RECORD_LAPSED:
        return freed_ended(&record->lapsed.freed, at_ms);
    case RECORD_REVERSED: // of an award it is what had expired before
        return record->reversed.method == RECORD_AWARDED ? 0 : record->reversed.expired;
    case RECORD_BOUNDARY:
        return lot_moves_points(record->boundary.expired, record->boundary.expired_count);
    case RECORD_ABSORBED:
        return lot_moves_ended(record->absorbed.carried.lots, record->absorbed.carried.lot_count,
                               at_ms);
    case RECORD_STATUS_CHANGED:
        return record->status_changed.forfeited;
    default:
        return 0;
    }
}

// A card's end gives the tier of that instant's score: the same, a lower or a higher one. So may
// one that goes on, after a complimentary card.
static event_type card_end_type(const struct events_entry *entry, struct span before,
                                struct span after)
{
    if (span_equal(before, after)) {
        return TYPE(RENEWED);
    }
    const struct program *program = entry->program;
    bool higher =
        program != NULL && program_tier_rank(program, after) > program_tier_rank(program, before);
    return higher ? TYPE(UPGRADED) : TYPE(LOWERED);
}

static event_type card_type(const struct events_entry *entry, enum card_cause cause,
                            struct span before, struct span after)
{
    switch (cause) {
    case CARD_ENROLLED:
        return NOTHING;
    case CARD_END:
    case CARD_RESUMED:
        return card_end_type(entry, before, after);
    case CARD_REVOKED:
        return TYPE(LOWERED);
    case CARD_IMMEDIATE:
    case CARD_RESCORE: // an earned card may take the place of a complimentary one of its tier
        return span_equal(before, after) ? TYPE(RENEWED) : TYPE(UPGRADED);
    case CARD_OPENING:
        return span_equal(before, after) ? NOTHING : TYPE(UPGRADED);
    default:
        return TYPE(UPGRADED);
    }
}

static void add(struct parts *parts, struct part part)
{
    if (part.type != NOTHING) {
        parts->items[parts->count++] = part;
    }
}

static void add_cards(const struct events_entry *entry, const struct replies *replies,
                      const struct told *told, const struct record *record, struct parts *parts)
{
    struct span before =
        told->has_card ? names_text(&told->names, told->card.tier) : span_of("", 0);
    for (size_t i = 0; i < record->card_count; i++) {
        const struct card *card = &record->cards[i];
        struct span after = replies_name(replies, record, card->tier);
        add(parts, (struct part){.type = card_type(entry, card->cause, before, after),
                                 .card = card,
                                 .due_ms = INSTANT_NEVER});
        before = after;
    }
}

static void add_notice(const struct told *told, const struct record_noticed *noticed,
                       struct parts *parts)
{
    bool card = noticed->kind == NOTICE_CARD_ENDING;
    add(parts, (struct part){.type = card ? TYPE(CARD_ENDING) : TYPE(EXPIRING_SOON),
                             .points = card ? 0 : noticed->points,
                             .card = card && told->has_card ? &told->card : NULL,
                             .due_ms = noticed->due_ms});
}

static bool is_told(enum record_type type)
{
    return type != RECORD_RECEIPT && type != RECORD_SETTLED && type != RECORD_SNAPSHOT &&
           type != RECORD_PUBLISHED && type != RECORD_WITHDRAWN && type != RECORD_AUDITED;
}

static void find_parts(const struct events_entry *entry, const struct replies *replies,
                       const struct told *told, const struct record *record, struct parts *parts)
{
    const struct part none = {.due_ms = INSTANT_NEVER};
    if (!is_told(record->type)) {
        return;
    }
    if (record->type == RECORD_NOTICED) {
        add_notice(told, &record->noticed, parts);
        return;
    }
    if (record->type != RECORD_BOUNDARY) {
        struct part first = none;
        first.type = main_type(record);
        add(parts, first);
    }
    struct part expired = none;
    expired.points = points_expired(record);
    expired.type = expired.points > 0 ? TYPE(EXPIRED) : NOTHING;
    add(parts, expired);
    add_cards(entry, replies, told, record, parts);
    if (record->type == RECORD_BOUNDARY && parts->count == 0) {
        struct part other = none;
        other.type = TYPE(OTHER);
        add(parts, other);
    }
}

// --- rendering ---

static enum status make_event(const struct events_entry *entry, event_type type,
                              Loyalty__V1__Event **ret_event)
{
    Loyalty__V1__Event *event =
        (Loyalty__V1__Event *)message_new(&loyalty__v1__event__descriptor, entry->arena);
    Loyalty__V1__Place *place =
        (Loyalty__V1__Place *)message_new(&loyalty__v1__place__descriptor, entry->arena);
    if (event == NULL || place == NULL) {
        return STATUS_NO_MEMORY;
    }
    place->partition = entry->partition;
    place->epoch = entry->epoch;
    place->number = entry->number;
    event->place = place;
    event->type = type;
    TRY(replies_text(entry->arena, entry->member_id, &event->member_id));
    *ret_event = event;
    return STATUS_OK;
}

static enum status fill_part(const struct events_entry *entry, const struct replies *replies,
                             const struct record *record, const struct part *part,
                             Loyalty__V1__Event *event)
{
    event->points = part->points;
    TRY(replies_instant(entry->arena, record->at_ms, &event->at));
    TRY(replies_instant(entry->arena, part->due_ms, &event->due_at));
    return part->card == NULL ? STATUS_OK : replies_card(replies, record, part->card, &event->card);
}

enum status events_of_record(const struct events_entry *entry, const struct told *told,
                             const struct record *record, uint64_t seq,
                             Loyalty__V1__Event *ret_events[EVENTS_A_RECORD], size_t *ret_count)
{
    struct replies replies = {
        .arena = entry->arena, .names = &told->names, .member_id = entry->member_id};
    struct parts parts = {.count = 0};
    size_t count = 0;
    find_parts(entry, &replies, told, record, &parts);
    for (size_t i = 0; i < parts.count; i++) {
        const struct part *part = &parts.items[i];
        if (!events_wants(entry, part->type)) {
            continue;
        }
        Loyalty__V1__Event *event = NULL;
        TRY(make_event(entry, part->type, &event));
        event->seq = seq;
        event->part = (uint32_t)i;
        TRY(fill_part(entry, &replies, record, part, event));
        TRY(statement_activity(&replies, record, seq, false, &event->activity));
        ret_events[count++] = event;
    }
    *ret_count = count;
    return STATUS_OK;
}

enum status events_unreadable(const struct events_entry *entry, uint64_t seq,
                              Loyalty__V1__Event **ret_event)
{
    TRY(make_event(entry, TYPE(OTHER), ret_event));
    (*ret_event)->seq = seq;
    return STATUS_OK;
}

enum status events_birthday(const struct events_entry *entry, int32_t day, int64_t begun_ms,
                            Loyalty__V1__Event **ret_event)
{
    TRY(make_event(entry, TYPE(BIRTHDAY_DUE), ret_event));
    (*ret_event)->part = (uint32_t)day;
    return replies_instant(entry->arena, begun_ms, &(*ret_event)->at);
}
