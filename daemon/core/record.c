// Stored forms of records. Each type has one layout function, used for writing and reading alike.
// Flags come first: those every type shares in the low bits (so that an ordinary award needs few
// bytes), those of the type above.
#include "core/record.h"

#include "base/varint.h"
#include "core/record_layout.h"

enum status record_layout_identifier(struct codec *codec, struct identifier *identifier)
{
    TRY(codec_u32(codec, &identifier->kind));
    return codec_raw(codec, identifier->key, sizeof identifier->key);
}

static enum status layout_opened(struct codec *codec, struct record_opened *opened)
{
    uint32_t kind = (uint32_t)opened->kind;
    TRY(codec_u32(codec, &kind));
    if (kind < ACCOUNT_MEMBER || kind > ACCOUNT_AUDIT) {
        return STATUS_CORRUPT;
    }
    opened->kind = (enum account_kind)kind;
    TRY(codec_u32(codec, &opened->partition));
    TRY(codec_text(codec, &opened->id, LIMIT_MEMBER_ID_BYTES));
    TRY(codec_u32(codec, &opened->program));
    TRY(codec_u32(codec, &opened->currency));
    if (opened->kind == ACCOUNT_TERMINAL_DAY) {
        TRY(codec_u32(codec, &opened->unit));
        TRY(codec_i32(codec, &opened->day));
    }
    TRY(codec_list(codec, (void **)&opened->identifiers, &opened->identifier_count,
                   sizeof *opened->identifiers, LIMIT_IDENTIFIERS));
    for (size_t i = 0; i < opened->identifier_count; i++) {
        TRY(record_layout_identifier(codec, &opened->identifiers[i]));
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
    TRY(record_layout_lots(codec, &opening->lots, &opening->lot_count));
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

static enum status layout_withdrawn(struct codec *codec, struct record_withdrawn *withdrawn)
{
    TRY(codec_u32(codec, &withdrawn->number));
    TRY(codec_text(codec, &withdrawn->by, LIMIT_UNIT_BYTES + LIMIT_NAME_BYTES));
    return codec_text(codec, &withdrawn->reason, LIMIT_TEXT_BYTES);
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
        if (cause < CARD_ENROLLED || cause > CARD_CAUSE_LAST) {
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

// What a member does besides buying, and what is done to one by hand.
static enum status layout_of_member(struct codec *codec, struct record *record, uint32_t flags)
{
    switch (record->type) {
    case RECORD_PERK_USED:
        return record_layout_perk_used(codec, &record->perk_used);
    case RECORD_PERK_REVERSED:
        return record_layout_perk_reversed(codec, &record->perk_reversed);
    case RECORD_CONTRIBUTED:
        return record_layout_contributed(codec, &record->contributed);
    case RECORD_CONTRIBUTION_REDUCED:
        return record_layout_contribution_reduced(codec, &record->contribution_reduced);
    case RECORD_NOTICED:
        return record_layout_noticed(codec, &record->noticed);
    case RECORD_STATUS_CHANGED:
        return record_layout_status_changed(codec, &record->status_changed, flags);
    case RECORD_IDENTIFIERS_CHANGED:
        return record_layout_identifiers_changed(codec, &record->identifiers_changed);
    case RECORD_DONE:
        return record_layout_done(codec, &record->done);
    case RECORD_MERGED:
        return record_layout_merged(codec, &record->merged);
    case RECORD_ABSORBED:
        return record_layout_absorbed(codec, &record->absorbed);
    case RECORD_BONUS:
        return record_layout_bonus(codec, &record->bonus);
    case RECORD_REFERRED:
        return codec_text(codec, &record->referred.by, LIMIT_MEMBER_ID_BYTES);
    case RECORD_POOL_MEMBER:
        return record_layout_pool_member(codec, &record->pool_member);
    case RECORD_POOL_SPENT:
        return record_layout_pool_spent(codec, &record->pool_spent);
    case RECORD_SETTLED:
        return record_layout_settled(codec, &record->settled);
    case RECORD_BIRTHDAYS:
        return record_layout_birthdays(codec, &record->birthdays);
    case RECORD_ADJUSTED:
        return record_layout_adjusted(codec, &record->adjusted);
    case RECORD_CARD_GRANTED:
        return record_layout_by_hand(codec, &record->granted);
    case RECORD_CARD_REVOKED:
        return record_layout_by_hand(codec, &record->revoked);
    case RECORD_AUDITED:
        return record_layout_audited(codec, &record->audited);
    default:
        return STATUS_UNKNOWN_TYPE;
    }
}

static enum status layout_type(struct codec *codec, struct record *record, uint32_t flags)
{
    switch (record->type) {
    case RECORD_OPENED:
        return layout_opened(codec, &record->opened);
    case RECORD_AWARDED:
        return record_layout_awarded(codec, &record->awarded, record->at_ms, flags);
    case RECORD_REDEEMED:
        return record_layout_redeemed(codec, &record->redeemed, flags);
    case RECORD_HELD:
        return record_layout_held(codec, &record->held, flags);
    case RECORD_CAPTURED:
        return record_layout_captured(codec, &record->captured, flags);
    case RECORD_RELEASED:
        return record_layout_released(codec, &record->released);
    case RECORD_LAPSED:
        return record_layout_lapsed(codec, &record->lapsed);
    case RECORD_REVERSED:
        return record_layout_reversed(codec, &record->reversed, flags);
    case RECORD_TOMBSTONE:
        return record_layout_tombstone(codec, &record->tombstone, flags);
    case RECORD_REFUSED:
        return layout_refused(codec, &record->refused);
    case RECORD_BOUNDARY:
        return record_layout_lots(codec, &record->boundary.expired,
                                  &record->boundary.expired_count);
    case RECORD_OPENING:
        return layout_opening(codec, &record->opening);
    case RECORD_BOUND:
        record->bound.lost = (flags & BOUND_LOST) != 0;
        return record_layout_identifier(codec, &record->bound.identifier);
    case RECORD_RECEIPT:
        return record_layout_day(codec, &record->receipt);
    case RECORD_PUBLISHED:
        return layout_published(codec, &record->published);
    case RECORD_WITHDRAWN:
        return layout_withdrawn(codec, &record->withdrawn);
    default:
        return layout_of_member(codec, record, flags);
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

static uint32_t type_flags(const struct record *record)
{
    switch (record->type) {
    case RECORD_AWARDED:
        return record_flags_awarded(&record->awarded, record->at_ms);
    case RECORD_REDEEMED:
        return record_flags_redeemed(&record->redeemed);
    case RECORD_HELD:
        return record_flags_redeemed(&record->held.taken);
    case RECORD_CAPTURED:
        return record_flags_redeemed(&record->captured.taken);
    case RECORD_REVERSED:
        return record_flags_advice(&record->reversed.advice);
    case RECORD_TOMBSTONE:
        return record_flags_advice(&record->tombstone.advice);
    case RECORD_BOUND:
        return record->bound.lost ? BOUND_LOST : 0;
    case RECORD_STATUS_CHANGED:
        return record->status_changed.listed ? STATUS_LISTED : 0;
    default:
        return 0;
    }
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
    return flags | type_flags(record);
}

// The length goes in front of what it counts: the payload is laid out behind room for the longest
// length and moved down to the one it needs.
enum status record_encode(const struct record *record, struct buffer *out)
{
    static const uint8_t room[VARINT_BYTES_MAX];
    size_t start = out->len;
    TRY(buffer_append(out, span_of(room, sizeof room)));
    // Layouts take what they may fill; writing puts back what was there, so no copy is made.
    struct record *same = (struct record *)record;
    struct codec codec = {.writing = true, .out = out};
    enum status status = buffer_append_byte(out, (uint8_t)record->type);
    if (status == STATUS_OK) {
        status = layout_record(&codec, same, record_flags(record));
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
    static const bool known[UINT8_MAX + 1] = {
        [RECORD_OPENED] = true,
        [RECORD_AWARDED] = true,
        [RECORD_REDEEMED] = true,
        [RECORD_REFUSED] = true,
        [RECORD_BOUNDARY] = true,
        [RECORD_OPENING] = true,
        [RECORD_BOUND] = true,
        [RECORD_SNAPSHOT] = true,
        [RECORD_HELD] = true,
        [RECORD_CAPTURED] = true,
        [RECORD_RELEASED] = true,
        [RECORD_REVERSED] = true,
        [RECORD_TOMBSTONE] = true,
        [RECORD_LAPSED] = true,
        [RECORD_PERK_USED] = true,
        [RECORD_PERK_REVERSED] = true,
        [RECORD_CONTRIBUTED] = true,
        [RECORD_CONTRIBUTION_REDUCED] = true,
        [RECORD_NOTICED] = true,
        [RECORD_STATUS_CHANGED] = true,
        [RECORD_IDENTIFIERS_CHANGED] = true,
        [RECORD_DONE] = true,
        [RECORD_MERGED] = true,
        [RECORD_ABSORBED] = true,
        [RECORD_BONUS] = true,
        [RECORD_REFERRED] = true,
        [RECORD_POOL_MEMBER] = true,
        [RECORD_POOL_SPENT] = true,
        [RECORD_RECEIPT] = true,
        [RECORD_SETTLED] = true,
        [RECORD_BIRTHDAYS] = true,
        [RECORD_PUBLISHED] = true,
        [RECORD_ADJUSTED] = true,
        [RECORD_CARD_GRANTED] = true,
        [RECORD_CARD_REVOKED] = true,
        [RECORD_AUDITED] = true,
        [RECORD_WITHDRAWN] = true,
    };
    return known[(uint8_t)type];
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
