// Stored forms of records. Each type has one layout function, used for writing and reading alike.
// Flags come first: those every type shares in the low bits (so that an ordinary award needs few
// bytes), those of the type above.
#include "core/record.h"

#include "base/varint.h"
#include "core/codec.h"

enum {
    FLAG_MARK = 1 << 0,
    FLAG_ACTOR = 1 << 1,
    FLAG_FIGURES = 1 << 2,
    FLAG_NAMES = 1 << 3,
    FLAG_CARDS = 1 << 4,
    FLAG_SYSTEM = 1 << 5,
    FLAG_TYPE_0 = 1 << 6, // awarded: the score ends with the lot; others: see their layout
    FLAG_TYPE_1 = 1 << 7,
    FLAG_TYPE_2 = 1 << 8,
    FLAG_TYPE_3 = 1 << 9,
    FLAG_TYPE_4 = 1 << 10,
    FLAG_TYPE_5 = 1 << 11,
    FLAG_TYPE_6 = 1 << 12,
    FLAG_TYPE_7 = 1 << 13,
    FLAG_HELD = 1 << 14, // figures have pending or held points
    FLAG_ALL = (1 << 15) - 1,
};

enum {
    AWARDED_SAME_END = FLAG_TYPE_0,
    AWARDED_LATE = FLAG_TYPE_1, // occurred before the record's instant
    AWARDED_PENDING = FLAG_TYPE_2,
    AWARDED_LINES = FLAG_TYPE_3,
    AWARDED_RECEIPT = FLAG_TYPE_4, // receipt or unit
    AWARDED_COUNTED = FLAG_TYPE_5,
    AWARDED_PAID = FLAG_TYPE_6,
    AWARDED_BACKFILL = FLAG_TYPE_7,
    REDEEMED_COUNTED = FLAG_TYPE_0,
    REDEEMED_RECEIPT = FLAG_TYPE_1,
    BOUND_LOST = FLAG_TYPE_0,
};

static enum status layout_lots(struct codec *codec, struct lot_move **lots, size_t *count)
{
    TRY(codec_list(codec, (void **)lots, count, sizeof **lots, LIMIT_LOTS));
    for (size_t i = 0; i < *count; i++) {
        TRY(codec_instant(codec, &(*lots)[i].ends_ms));
        TRY(codec_amount(codec, &(*lots)[i].points));
    }
    return STATUS_OK;
}

static enum status layout_receipt(struct codec *codec, uint32_t *unit, struct receipt_ref *receipt)
{
    TRY(codec_u32(codec, unit));
    TRY(codec_u64(codec, &receipt->number));
    return codec_i32(codec, &receipt->business_day);
}

static enum status layout_identifier(struct codec *codec, struct identifier *identifier)
{
    TRY(codec_u32(codec, &identifier->kind));
    return codec_raw(codec, identifier->key, sizeof identifier->key);
}

static enum status layout_opened(struct codec *codec, struct record_opened *opened)
{
    uint32_t kind = (uint32_t)opened->kind;
    TRY(codec_u32(codec, &kind));
    if (kind < ACCOUNT_MEMBER || kind > ACCOUNT_POOL) {
        return STATUS_CORRUPT;
    }
    opened->kind = (enum account_kind)kind;
    TRY(codec_u32(codec, &opened->partition));
    TRY(codec_text(codec, &opened->id, LIMIT_MEMBER_ID_BYTES));
    TRY(codec_u32(codec, &opened->program));
    TRY(codec_u32(codec, &opened->currency));
    TRY(codec_list(codec, (void **)&opened->identifiers, &opened->identifier_count,
                   sizeof *opened->identifiers, LIMIT_IDENTIFIERS));
    for (size_t i = 0; i < opened->identifier_count; i++) {
        TRY(layout_identifier(codec, &opened->identifiers[i]));
    }
    return STATUS_OK;
}

static uint32_t awarded_flags(const struct record_awarded *awarded, int64_t at_ms)
{
    uint32_t flags = 0;
    flags |= awarded->score_until_ms == awarded->lot_ends_ms ? AWARDED_SAME_END : 0;
    flags |= awarded->occurred_ms != at_ms ? AWARDED_LATE : 0;
    flags |= awarded->spendable_ms != awarded->occurred_ms ? AWARDED_PENDING : 0;
    flags |= awarded->line_count > 0 ? AWARDED_LINES : 0;
    flags |= awarded->unit != 0 || awarded->receipt.number != 0 ? AWARDED_RECEIPT : 0;
    flags |= awarded->counted ? AWARDED_COUNTED : 0;
    flags |= awarded->paid_with_points_minor != 0 ? AWARDED_PAID : 0;
    flags |= awarded->backfill ? AWARDED_BACKFILL : 0;
    return flags;
}

// A single rule that gave everything needs no figure of its own: the bit says so.
static enum status layout_rules(struct codec *codec, struct record_awarded *awarded)
{
    TRY(codec_list(codec, (void **)&awarded->rules, &awarded->rule_count, sizeof *awarded->rules,
                   LIMIT_EARN_RULES));
    for (size_t i = 0; i < awarded->rule_count; i++) {
        struct rule_points *rule = &awarded->rules[i];
        bool whole = rule->points == awarded->points;
        uint64_t coded =
            ((uint64_t)rule->rule << 2) | (rule->counted ? 2U : 0U) | (whole ? 1U : 0U);
        TRY(codec_u64(codec, &coded));
        if (coded >> 2 > UINT32_MAX) {
            return STATUS_CORRUPT;
        }
        rule->rule = (uint32_t)(coded >> 2);
        rule->counted = (coded & 2) != 0;
        if ((coded & 1) != 0) {
            rule->points = awarded->points;
        } else {
            TRY(codec_amount(codec, &rule->points));
        }
    }
    return STATUS_OK;
}

static enum status layout_lines(struct codec *codec, struct record_awarded *awarded)
{
    TRY(codec_list(codec, (void **)&awarded->lines, &awarded->line_count, sizeof *awarded->lines,
                   LIMIT_SALE_LINES));
    for (size_t i = 0; i < awarded->line_count; i++) {
        TRY(codec_amount(codec, &awarded->lines[i].amount_minor));
        TRY(codec_amount(codec, &awarded->lines[i].points));
        TRY(codec_amount(codec, &awarded->lines[i].score));
    }
    return STATUS_OK;
}

// The instants of a sale: when it occurred, and the ends of what it gave.
static enum status layout_awarded_times(struct codec *codec, struct record_awarded *awarded,
                                        int64_t at_ms, uint32_t flags)
{
    if ((flags & AWARDED_LATE) != 0) {
        TRY(codec_instant(codec, &awarded->occurred_ms));
    } else {
        awarded->occurred_ms = at_ms;
    }
    awarded->spendable_ms = codec->writing ? awarded->spendable_ms : awarded->occurred_ms;
    if ((flags & AWARDED_PENDING) != 0) {
        TRY(codec_instant(codec, &awarded->spendable_ms));
    }
    TRY(codec_instant(codec, &awarded->lot_ends_ms));
    if ((flags & AWARDED_SAME_END) == 0) {
        TRY(codec_instant(codec, &awarded->score_until_ms));
    } else {
        awarded->score_until_ms = awarded->lot_ends_ms;
    }
    return STATUS_OK;
}

static enum status layout_awarded(struct codec *codec, struct record_awarded *awarded,
                                  int64_t at_ms, uint32_t flags)
{
    TRY(codec_u32(codec, &awarded->version));
    TRY(layout_awarded_times(codec, awarded, at_ms, flags));
    TRY(codec_amount(codec, &awarded->amount_minor));
    TRY(codec_amount(codec, &awarded->points));
    TRY(codec_amount(codec, &awarded->score));
    TRY(layout_rules(codec, awarded));
    if ((flags & AWARDED_LINES) != 0) {
        TRY(layout_lines(codec, awarded));
    }
    if ((flags & AWARDED_RECEIPT) != 0) {
        TRY(layout_receipt(codec, &awarded->unit, &awarded->receipt));
    }
    if ((flags & AWARDED_PAID) != 0) {
        TRY(codec_amount(codec, &awarded->paid_with_points_minor));
    }
    awarded->backfill = (flags & AWARDED_BACKFILL) != 0;
    awarded->counted = (flags & AWARDED_COUNTED) != 0;
    if (awarded->counted) {
        uint32_t day_counted = awarded->day_counted ? 1 : 0;
        TRY(codec_u32(codec, &day_counted));
        awarded->day_counted = day_counted != 0;
        TRY(codec_i32(codec, &awarded->day));
    }
    return STATUS_OK;
}

static uint32_t redeemed_flags(const struct record_redeemed *redeemed)
{
    uint32_t flags = redeemed->counted ? REDEEMED_COUNTED : 0;
    flags |= redeemed->unit != 0 || redeemed->receipt.number != 0 ? REDEEMED_RECEIPT : 0;
    return flags;
}

static enum status layout_redeemed(struct codec *codec, struct record_redeemed *redeemed,
                                   uint32_t flags)
{
    TRY(codec_u32(codec, &redeemed->version));
    TRY(codec_amount(codec, &redeemed->points));
    TRY(codec_amount(codec, &redeemed->value_minor));
    TRY(layout_lots(codec, &redeemed->lots, &redeemed->lot_count));
    redeemed->counted = (flags & REDEEMED_COUNTED) != 0;
    if (redeemed->counted) {
        TRY(codec_i32(codec, &redeemed->day));
    }
    if ((flags & REDEEMED_RECEIPT) != 0) {
        TRY(layout_receipt(codec, &redeemed->unit, &redeemed->receipt));
    }
    return STATUS_OK;
}

static enum status layout_refused(struct codec *codec, struct record_refused *refused)
{
    TRY(codec_u32(codec, &refused->method));
    TRY(codec_u32(codec, &refused->reason));
    TRY(codec_i64(codec, &refused->asked));
    return codec_i64(codec, &refused->limit);
}

static enum status layout_opening(struct codec *codec, struct record_opening *opening)
{
    TRY(layout_lots(codec, &opening->lots, &opening->lot_count));
    TRY(codec_list(codec, (void **)&opening->scores, &opening->score_count, sizeof *opening->scores,
                   LIMIT_OPENING_ITEMS));
    for (size_t i = 0; i < opening->score_count; i++) {
        TRY(codec_instant(codec, &opening->scores[i].from_ms));
        TRY(codec_instant(codec, &opening->scores[i].until_ms));
        TRY(codec_amount(codec, &opening->scores[i].score));
    }
    return STATUS_OK;
}

static enum status layout_published(struct codec *codec, struct record_published *published)
{
    TRY(codec_u32(codec, &published->number));
    TRY(codec_instant(codec, &published->effective_from_ms));
    TRY(codec_text(codec, &published->document, LIMIT_PROGRAM_BYTES));
    TRY(codec_text(codec, &published->by, LIMIT_UNIT_BYTES + LIMIT_NAME_BYTES));
    return codec_text(codec, &published->reason, LIMIT_TEXT_BYTES);
}

static enum status layout_names(struct codec *codec, struct record *record)
{
    TRY(codec_list(codec, (void **)&record->names, &record->name_count, sizeof *record->names,
                   RECORD_NAMES_MAX));
    for (size_t i = 0; i < record->name_count; i++) {
        TRY(codec_text(codec, &record->names[i], LIMIT_UNIT_BYTES + LIMIT_NAME_BYTES));
    }
    return STATUS_OK;
}

static enum status layout_cards(struct codec *codec, struct record *record)
{
    uint64_t count = record->card_count;
    TRY(codec_u64(codec, &count));
    if (count > RECORD_CARDS_MAX) {
        return STATUS_CORRUPT;
    }
    record->card_count = (size_t)count;
    for (size_t i = 0; i < record->card_count; i++) {
        struct card *card = &record->cards[i];
        uint32_t cause = (uint32_t)card->cause;
        TRY(codec_u32(codec, &card->tier));
        TRY(codec_instant(codec, &card->from_ms));
        TRY(codec_instant(codec, &card->until_ms));
        TRY(codec_u32(codec, &cause));
        if (cause < CARD_ENROLLED || cause > CARD_OPENING) {
            return STATUS_CORRUPT;
        }
        card->cause = (enum card_cause)cause;
    }
    return STATUS_OK;
}

static enum status layout_figures(struct codec *codec, struct figures *figures, uint32_t flags)
{
    TRY(codec_i64(codec, &figures->balance));
    TRY(codec_amount(codec, &figures->score));
    TRY(codec_u32(codec, &figures->tier));
    TRY(codec_u32(codec, &figures->next_tier));
    if (figures->next_tier != 0) {
        TRY(codec_amount(codec, &figures->missing));
    }
    if ((flags & FLAG_HELD) != 0) {
        TRY(codec_amount(codec, &figures->pending));
        TRY(codec_amount(codec, &figures->held));
    }
    return STATUS_OK;
}

static enum status layout_mark(struct codec *codec, struct mark *mark, uint32_t flags)
{
    mark->present = true;
    mark->system = (flags & FLAG_SYSTEM) != 0;
    TRY(codec_raw(codec, mark->id, sizeof mark->id));
    return codec_raw(codec, mark->digest, sizeof mark->digest);
}

static enum status layout_type(struct codec *codec, struct record *record, uint32_t flags)
{
    switch (record->type) {
    case RECORD_OPENED:
        return layout_opened(codec, &record->opened);
    case RECORD_AWARDED:
        return layout_awarded(codec, &record->awarded, record->at_ms, flags);
    case RECORD_REDEEMED:
        return layout_redeemed(codec, &record->redeemed, flags);
    case RECORD_REFUSED:
        return layout_refused(codec, &record->refused);
    case RECORD_BOUNDARY:
        return layout_lots(codec, &record->boundary.expired, &record->boundary.expired_count);
    case RECORD_OPENING:
        return layout_opening(codec, &record->opening);
    case RECORD_BOUND:
        record->bound.lost = (flags & BOUND_LOST) != 0;
        return layout_identifier(codec, &record->bound.identifier);
    case RECORD_PUBLISHED:
        return layout_published(codec, &record->published);
    default:
        return STATUS_UNKNOWN_TYPE;
    }
}

static enum status layout_record(struct codec *codec, struct record *record, uint32_t flags)
{
    TRY(codec_u32(codec, &flags));
    if ((flags & ~(uint32_t)FLAG_ALL) != 0) {
        return STATUS_CORRUPT;
    }
    uint64_t at = (uint64_t)record->at_ms;
    TRY(codec_u64(codec, &at));
    if (at >= (uint64_t)LIMIT_INSTANT_MAX_MS) {
        return codec->writing ? STATUS_RANGE : STATUS_CORRUPT;
    }
    record->at_ms = (int64_t)at;
    if ((flags & FLAG_MARK) != 0) {
        TRY(layout_mark(codec, &record->mark, flags));
    }
    if ((flags & FLAG_ACTOR) != 0) {
        TRY(codec_u32(codec, &record->actor));
    }
    if ((flags & FLAG_NAMES) != 0) {
        TRY(layout_names(codec, record));
    }
    if ((flags & FLAG_CARDS) != 0) {
        TRY(layout_cards(codec, record));
    }
    record->has_figures = (flags & FLAG_FIGURES) != 0;
    if (record->has_figures) {
        TRY(layout_figures(codec, &record->figures, flags));
    }
    return layout_type(codec, record, flags);
}

static uint32_t record_flags(const struct record *record)
{
    uint32_t flags = record->mark.present ? FLAG_MARK : 0;
    flags |= record->mark.present && record->mark.system ? FLAG_SYSTEM : 0;
    flags |= record->actor != 0 ? FLAG_ACTOR : 0;
    flags |= record->name_count != 0 ? FLAG_NAMES : 0;
    flags |= record->card_count != 0 ? FLAG_CARDS : 0;
    flags |= record->has_figures ? FLAG_FIGURES : 0;
    flags |= record->has_figures && (record->figures.pending != 0 || record->figures.held != 0)
                 ? FLAG_HELD
                 : 0;
    switch (record->type) {
    case RECORD_AWARDED:
        return flags | awarded_flags(&record->awarded, record->at_ms);
    case RECORD_REDEEMED:
        return flags | redeemed_flags(&record->redeemed);
    case RECORD_BOUND:
        return flags | (record->bound.lost ? BOUND_LOST : 0);
    default:
        return flags;
    }
}

// The length goes in front of what it counts: the payload is laid out behind room for the longest
// length and moved down to the one it needs.
enum status record_encode(const struct record *record, struct buffer *out)
{
    static const uint8_t room[VARINT_BYTES_MAX];
    size_t start = out->len;
    TRY(buffer_append(out, span_of(room, sizeof room)));
    struct record copy = *record; // layouts take what they may fill; writing changes nothing
    struct codec codec = {.writing = true, .out = out};
    enum status status = buffer_append_byte(out, (uint8_t)record->type);
    if (status == STATUS_OK) {
        status = layout_record(&codec, &copy, record_flags(record));
    }
    size_t body = out->len - start - sizeof room;
    if (status == STATUS_OK && body > LIMIT_RECORD_BYTES && record->type != RECORD_PUBLISHED) {
        status = STATUS_TOO_LARGE;
    }
    if (status != STATUS_OK) {
        buffer_truncate(out, start);
        return status;
    }
    size_t length = varint_write(out->data + start, body);
    memmove(out->data + start + length, out->data + start + sizeof room, body);
    buffer_truncate(out, start + length + body);
    return STATUS_OK;
}

// The types this format has. What others look like inside is not known, not even their flags.
static bool is_known(enum record_type type)
{
    return (type >= RECORD_OPENED && type <= RECORD_SNAPSHOT) || type == RECORD_PUBLISHED;
}

enum status record_decode(struct span body, struct arena *arena, struct record *ret_record)
{
    if (body.len == 0) {
        return STATUS_CORRUPT;
    }
    struct record record = {.type = (enum record_type)body.data[0]};
    if (record.type == RECORD_SNAPSHOT) {
        record.snapshot = span_from(body, 1);
        *ret_record = record;
        return STATUS_OK;
    }
    if (!is_known(record.type)) {
        return STATUS_UNKNOWN_TYPE;
    }
    struct codec codec = {.reader = {.rest = span_from(body, 1)}, .arena = arena};
    TRY(layout_record(&codec, &record, 0));
    if (codec.reader.rest.len != 0) {
        return STATUS_CORRUPT;
    }
    *ret_record = record;
    return STATUS_OK;
}

enum status record_next(struct record_cursor *cursor, struct record_place *ret_place)
{
    if (cursor->rest.len == 0) {
        return STATUS_NOT_FOUND;
    }
    struct reader reader = {.rest = cursor->rest};
    struct span body;
    TRY(reader_sized(&reader, LIMIT_LOG_BYTES, &body));
    size_t stored = cursor->rest.len - reader.rest.len;
    struct span hash;
    TRY(reader_bytes(&reader, CHAIN_HASH_BYTES, &hash));
    if (body.len == 0) {
        return STATUS_CORRUPT;
    }
    *ret_place = (struct record_place){
        .stored = span_of(cursor->rest.data, stored),
        .body = body,
        .hash = hash.data,
    };
    cursor->rest = reader.rest;
    return STATUS_OK;
}
