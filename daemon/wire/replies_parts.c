// The parts answers are put together from: instants, texts, cards, lots, and what says no.
#include "wire/replies.h"

#include "wire/instant.h"
#include "wire/message.h"
#include "wire/receipt.h"

struct replies replies_of_account(const struct account *account, struct arena *arena)
{
    return (struct replies){
        .arena = arena,
        .names = &account->names,
        .member_id = span_of_text(account->id),
        .currency = names_text(&account->names, account->currency),
    };
}

// Ends may lie beyond what can be written as far as arithmetic goes: they are shown as its border
// rather than failing a read for ever.
enum status replies_instant(struct arena *arena, int64_t instant_ms,
                            Google__Protobuf__Timestamp **ret_instant)
{
    if (instant_ms == INSTANT_NEVER) {
        *ret_instant = NULL;
        return STATUS_OK;
    }
    int64_t shown_ms = instant_ms;
    if (shown_ms < LIMIT_INSTANT_MIN_MS) {
        shown_ms = LIMIT_INSTANT_MIN_MS;
    }
    if (shown_ms >= INSTANT_WRITTEN_END_MS) {
        shown_ms = INSTANT_WRITTEN_END_MS - 1;
    }
    return instant_to_timestamp(shown_ms, arena, ret_instant);
}

enum status replies_text(struct arena *arena, struct span text, char **ret_text)
{
    struct span copy;
    TRY(arena_copy(arena, text, &copy));
    *ret_text = (char *)copy.data;
    return STATUS_OK;
}

struct span replies_name(const struct replies *replies, const struct record *record, uint32_t ref)
{
    uint32_t known = replies->names->places.count;
    if (ref <= known || record == NULL || ref - known > record->name_count) {
        return names_text(replies->names, ref);
    }
    return record->names[ref - known - 1];
}

enum status replies_card(const struct replies *replies, const struct record *record,
                         const struct card *card, Loyalty__V1__Card **ret_card)
{
    Loyalty__V1__Card *message =
        (Loyalty__V1__Card *)message_new(&loyalty__v1__card__descriptor, replies->arena);
    if (message == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct span tier = replies_name(replies, record, card->tier);
    TRY(replies_text(replies->arena, tier, &message->tier_id));
    TRY(replies_instant(replies->arena, card->from_ms, &message->from));
    TRY(replies_instant(replies->arena, card->until_ms, &message->until));
    message->cause = (Loyalty__V1__CardCause)card->cause;
    *ret_card = message;
    return STATUS_OK;
}

enum status replies_lot(struct arena *arena, int64_t points, int64_t ends_ms,
                        Loyalty__V1__Lot **ret_lot)
{
    Loyalty__V1__Lot *lot = (Loyalty__V1__Lot *)message_new(&loyalty__v1__lot__descriptor, arena);
    if (lot == NULL) {
        return STATUS_NO_MEMORY;
    }
    lot->points = points;
    TRY(replies_instant(arena, ends_ms, &lot->expires_at));
    *ret_lot = lot;
    return STATUS_OK;
}

enum status replies_lots(struct arena *arena, const struct lot_move *moves, size_t count,
                         size_t *ret_count, Loyalty__V1__Lot ***ret_lots)
{
    size_t shown = count < LIMIT_LOTS_SHOWN ? count : LIMIT_LOTS_SHOWN;
    Loyalty__V1__Lot **lots = arena_alloc_array(arena, shown, sizeof(Loyalty__V1__Lot *));
    if (lots == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < shown; i++) {
        TRY(replies_lot(arena, moves[i].points, moves[i].ends_ms, &lots[i]));
    }
    *ret_count = shown;
    *ret_lots = lots;
    return STATUS_OK;
}

static enum status make_standing(const struct replies *replies, const struct record *record,
                                 Loyalty__V1__Standing **ret_standing)
{
    Loyalty__V1__Standing *standing =
        (Loyalty__V1__Standing *)message_new(&loyalty__v1__standing__descriptor, replies->arena);
    if (standing == NULL) {
        return STATUS_NO_MEMORY;
    }
    const struct figures *figures = &record->figures;
    standing->balance = figures->balance;
    standing->pending = figures->pending;
    standing->held = figures->held;
    standing->score = figures->score;
    standing->missing_to_next = figures->missing;
    struct span tier = replies_name(replies, record, figures->tier);
    struct span next_tier = replies_name(replies, record, figures->next_tier);
    TRY(replies_text(replies->arena, tier, &standing->tier_id));
    TRY(replies_text(replies->arena, next_tier, &standing->next_tier_id));
    *ret_standing = standing;
    return STATUS_OK;
}

enum status replies_head(const struct replies *replies, const struct record *record,
                         struct reply_head *ret_head)
{
    struct reply_head head = {0};
    TRY(replies_text(replies->arena, replies->member_id, &head.member_id));
    TRY(replies_instant(replies->arena, record->at_ms, &head.recorded_at));
    if (record->has_figures) {
        TRY(make_standing(replies, record, &head.standing));
        TRY(receipt_lines(replies, record, &head.receipt_line_count, &head.receipt_lines));
    }
    *ret_head = head;
    return STATUS_OK;
}

enum status replies_money(const struct replies *replies, int64_t minor,
                          Loyalty__V1__Money **ret_money)
{
    Loyalty__V1__Money *money =
        (Loyalty__V1__Money *)message_new(&loyalty__v1__money__descriptor, replies->arena);
    if (money == NULL) {
        return STATUS_NO_MEMORY;
    }
    money->minor = minor;
    TRY(replies_text(replies->arena, replies->currency, &money->currency));
    *ret_money = money;
    return STATUS_OK;
}

enum status replies_by_rule(const struct replies *replies, const struct record *record,
                            size_t *ret_count, Loyalty__V1__RulePoints ***ret_rules)
{
    const struct record_awarded *awarded = &record->awarded;
    Loyalty__V1__RulePoints **rules =
        arena_alloc_array(replies->arena, awarded->rule_count, sizeof(Loyalty__V1__RulePoints *));
    if (rules == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < awarded->rule_count; i++) {
        rules[i] = (Loyalty__V1__RulePoints *)message_new(&loyalty__v1__rule_points__descriptor,
                                                          replies->arena);
        if (rules[i] == NULL) {
            return STATUS_NO_MEMORY;
        }
        struct span rule = replies_name(replies, record, awarded->rules[i].rule);
        TRY(replies_text(replies->arena, rule, &rules[i]->rule_id));
        rules[i]->points = awarded->rules[i].points;
    }
    *ret_count = awarded->rule_count;
    *ret_rules = rules;
    return STATUS_OK;
}

// Texts that outlive every arena, or live in this one, are borrowed; protobuf-c's own type for them
// is not const.
static char *borrow(const char *text)
{
    return (char *)text;
}

enum status replies_error(struct arena *arena, Loyalty__V1__Code code, const char *reason,
                          const char *message, Loyalty__V1__Error **ret_error)
{
    Loyalty__V1__Error *error =
        (Loyalty__V1__Error *)message_new(&loyalty__v1__error__descriptor, arena);
    if (error == NULL) {
        return STATUS_NO_MEMORY;
    }
    error->code = code;
    error->reason = borrow(reason);
    error->message = borrow(message);
    *ret_error = error;
    return STATUS_OK;
}

enum status replies_fault(struct arena *arena, const struct command_fault *fault,
                          Loyalty__V1__Error **ret_error)
{
    TRY(replies_error(arena, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, fault->reason,
                      fault->message, ret_error));
    (*ret_error)->field = borrow(fault->field);
    return STATUS_OK;
}

static enum status add_figure(struct arena *arena, const char *name, int64_t value,
                              Loyalty__V1__Error *error)
{
    if (name == NULL) {
        return STATUS_OK;
    }
    Loyalty__V1__Error__FiguresEntry *entry = (Loyalty__V1__Error__FiguresEntry *)message_new(
        &loyalty__v1__error__figures_entry__descriptor, arena);
    if (entry == NULL) {
        return STATUS_NO_MEMORY;
    }
    entry->key = borrow(name);
    entry->value = value;
    error->figures[error->n_figures] = entry;
    error->n_figures++;
    return STATUS_OK;
}

enum status replies_refusal(struct arena *arena, const struct refusal *refusal,
                            Loyalty__V1__Error **ret_error)
{
    const struct refusal_text *text = refusal_describe((uint32_t)refusal->reason);
    Loyalty__V1__Error *error = NULL;
    TRY(replies_error(arena, (Loyalty__V1__Code)text->code, text->name, text->message, &error));
    if (refusal->field != NULL) {
        error->field = borrow(refusal->field);
    }
    error->figures = arena_alloc_array(arena, 2, sizeof(Loyalty__V1__Error__FiguresEntry *));
    if (error->figures == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(add_figure(arena, text->asked, refusal->asked, error));
    TRY(add_figure(arena, text->limit, refusal->limit, error));
    *ret_error = error;
    return STATUS_OK;
}
